/*
 * callbacks.c: what the runtime's parts cost, measured inside a QEMU.
 *
 * Without arguments it does nothing: the cost of being loaded.  With
 * `measure` it takes its times when the first vCPU starts, on that vCPU's
 * thread, which is where callbacks run, and writes a line each to stderr:
 * "qpp-bench: <nanoseconds> <what>", "qpp-bench: end" last.  What the lines
 * are compared with is left to tools/bench.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "plugin-qpp.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "bench_callbacks";

/* Imported from this very plugin: the way to it is that of any other's. */
QPP_FUN_PROTOTYPE(bench_callbacks, void, bench_imported, void *, void *);

#define BATCH 200000 /* operations between two looks at the clock */
#define ROUNDS 15

typedef struct Op {
    const char *what;
    void (*batch)(const struct Op *op);
    const char *name;               /* of the callback to run */
    qemu_plugin_callback *callback;
    const char *reg;
    struct qemu_plugin_register *handle;
} Op;

static qemu_plugin_id_t own_id;
static uint64_t value; /* what registers are read into */

/* Of this thread: other work on the machine is not counted. */
static double cpu_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
    return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* ---- What is called ------------------------------------------------------ */

/* The compiler may drop neither the call nor, by merging, any of the four. */
#define SUBSCRIBER(n)                                                         \
    static void __attribute__((noinline))                                     \
    subscriber_##n(gpointer evdata, gpointer udata)                           \
    {                                                                         \
        __asm__ volatile("" : : "r"(evdata), "i"(n));                         \
    }
SUBSCRIBER(1)
SUBSCRIBER(2)
SUBSCRIBER(3)
SUBSCRIBER(4)

void bench_imported(void *evdata, void *udata)
{
    __asm__ volatile("" : : "r"(evdata));
}

/* ---- What is measured ---------------------------------------------------- */

static void batch_direct(const Op *op)
{
    for (int i = 0; i < BATCH; i++) {
        subscriber_1(&own_id, NULL);
    }
}

static void batch_import(const Op *op)
{
    for (int i = 0; i < BATCH; i++) {
        bench_imported_qpp(&own_id, NULL);
        __asm__ volatile("" : : : "memory"); /* load the pointer again */
    }
}

static void batch_handle(const Op *op)
{
    for (int i = 0; i < BATCH; i++) {
        qemu_plugin_run_callback_handle(op->callback, &own_id, NULL);
    }
}

static void batch_name(const Op *op)
{
    for (int i = 0; i < BATCH; i++) {
        qemu_plugin_run_callback(own_id, op->name, &own_id, NULL);
    }
}

static void batch_register(const Op *op)
{
    for (int i = 0; i < BATCH; i++) {
        qemu_plugin_read_register_u64(op->handle, &value);
    }
}

static void batch_clock(const Op *op)
{
    struct timespec ts;

    for (int i = 0; i < BATCH; i++) {
        clock_gettime(CLOCK_MONOTONIC, &ts);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double measure(const Op *op)
{
    double ns[ROUNDS];

    op->batch(op); /* to warm up */
    for (int i = 0; i < ROUNDS; i++) {
        double start = cpu_ns();

        op->batch(op);
        ns[i] = (cpu_ns() - start) / BATCH;
    }
    qsort(ns, ROUNDS, sizeof(ns[0]), by_size);
    return ns[ROUNDS / 2];
}

/* ---- Two threads at once ------------------------------------------------- */

typedef struct Pair {
    const Op *op;
    atomic_int running; /* both are to have started before either measures */
    double ns[2];
} Pair;

static void meet(Pair *pair)
{
    atomic_fetch_add(&pair->running, 1);
    while (atomic_load(&pair->running) < 2) {
        /* the other is on its way */
    }
}

static gpointer second_thread(gpointer opaque)
{
    Pair *pair = opaque;

    meet(pair);
    pair->ns[1] = measure(pair->op);
    return NULL;
}

static double measure_two(const Op *op)
{
    Pair pair = { .op = op };
    GThread *thread = g_thread_new("qpp-bench", second_thread, &pair);

    meet(&pair);
    pair.ns[0] = measure(op);
    g_thread_join(thread);
    return MAX(pair.ns[0], pair.ns[1]);
}

/* ---- The list ------------------------------------------------------------ */

static Op ops[] = {
    { "direct call", batch_direct },
    { "import call", batch_import },
    { "clock_gettime", batch_clock },
    { "by handle, 0 subscribers", batch_handle, .name = "none" },
    { "by handle, 1 subscriber", batch_handle, .name = "one" },
    { "by handle, 4 subscribers", batch_handle, .name = "four" },
    { "by name, 0 subscribers", batch_name, .name = "none" },
    { "by name, 1 subscriber", batch_name, .name = "one" },
    { "by name, 4 subscribers", batch_name, .name = "four" },
    { "read a register", batch_register },
};

/* A general register, of whichever architecture this is. */
static struct qemu_plugin_register *some_register(void)
{
    static const char *const names[] = { "rdi", "x0", "r0", "a0" };
    struct qemu_plugin_register *handle = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(names) && !handle; i++) {
        handle = qemu_plugin_find_register(names[i]);
    }
    return handle;
}

static void on_vcpu_init(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    if (vcpu_index != 0) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ops); i++) {
        if (ops[i].batch == batch_register) {
            ops[i].handle = some_register();
            if (!ops[i].handle) {
                continue; /* a host that cannot */
            }
        }
        fprintf(stderr, "qpp-bench: %.2f %s\n", measure(&ops[i]),
                ops[i].what);
        if (ops[i].batch == batch_handle) {
            fprintf(stderr, "qpp-bench: %.2f %s, 2 threads\n",
                    measure_two(&ops[i]), ops[i].what);
        }
    }
    fprintf(stderr, "qpp-bench: end\n");
}

static bool create_callbacks(qemu_plugin_id_t id)
{
    static const cb_func_t all[] = {
        subscriber_1, subscriber_2, subscriber_3, subscriber_4
    };
    static const struct {
        const char *name;
        size_t n;
    } wanted[] = { { "none", 0 }, { "one", 1 }, { "four", 4 } };

    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        qemu_plugin_callback *callback =
            qemu_plugin_create_callback_handle(id, wanted[i].name);

        if (!callback) {
            return false;
        }
        for (size_t j = 0; j < wanted[i].n; j++) {
            if (!qemu_plugin_reg_callback(qemu_plugin_name, wanted[i].name,
                                          all[j])) {
                return false;
            }
        }
        for (size_t j = 0; j < G_N_ELEMENTS(ops); j++) {
            if (g_strcmp0(ops[j].name, wanted[i].name) == 0) {
                ops[j].callback = callback;
            }
        }
    }
    return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (argc == 0) {
        return 0;
    }
    if (argc > 1 || !g_str_has_prefix(argv[0], "measure")) {
        fprintf(stderr, "bench_callbacks: unknown option '%s'; it takes "
                "'measure' alone\n", argv[argc - 1]);
        return -1;
    }
    own_id = id;
    qemu_plugin_register_vcpu_init_cb(id, on_vcpu_init);
    return create_callbacks(id) ? 0 : -1;
}
