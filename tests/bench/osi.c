/*
 * osi.c: what osi_linux costs, measured inside a QEMU: the time until it
 * knows the kernel, and a query of each kind.  Lines go to stderr:
 * "qpp-bench: <nanoseconds> <guest reads> <how many> <what>", "qpp-bench:
 * end" last.  What they are compared with is left to tools/bench.
 *
 * Compiled with BENCH_FIRST it is another plugin, bench_first, which takes
 * the time of the first thread switch before osi_linux sees it; it must be
 * installed before.  Option began=NS: when QEMU was started, by
 * CLOCK_MONOTONIC.  Option watch=on: does nothing but be told of each thread
 * switch.  The queries are made when the guest sets its host name.
 *
 * Guest reads are known if tests/guest/hostile/preload.c is loaded, which
 * makes times wrong: so one run is for the one, and others for the other.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static double now_ns(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* When it was, in ns of each clock. */
typedef struct FirstSwitch {
    double wall, process_cpu, thread_cpu;
} FirstSwitch;

#ifdef BENCH_FIRST

QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "bench_first";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls", NULL };
QPP_FUN_PROTOTYPE(bench_first, const FirstSwitch *, bench_first_switch, void);

static FirstSwitch first_switch;

const FirstSwitch *bench_first_switch(void)
{
    return &first_switch;
}

static void on_thread_switch(void *evdata, void *udata)
{
    if (!first_switch.wall) {
        first_switch.wall = now_ns(CLOCK_MONOTONIC);
        first_switch.process_cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
        first_switch.thread_cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    return qemu_plugin_reg_callback("syscalls", "on_thread_switch",
                                    on_thread_switch) ? 0 : -1;
}

#else /* !BENCH_FIRST */

#include "btf_find.h"
#include "kallsyms.h"
#include "osi.h"
#include "osi_files.h"
#include "osi_kernel.h"
#include "osi_maps.h"
#include "../guest/hostile/counts.h"

QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "bench_osi";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "bench_first",
                                                      "osi_linux", NULL };
QPP_FUN_PROTOTYPE(bench_first, const FirstSwitch *, bench_first_switch, void);

#define ROUNDS 21 /* of a query; the median counts */

static double began;
static bool is_ready;
static unsigned int vcpu;       /* where the queries are made */
static OsiProcHandle *handle;   /* of the process that is asked about */
static OsiProc *proc;
static HostileCounts *(*counts)(void); /* NULL: reads are not counted */

static void say(double ns, uint64_t reads, uint64_t n, const char *what)
{
    fprintf(stderr, "qpp-bench: %.0f %" PRIu64 " %" PRIu64 " %s\n", ns,
            reads, n, what);
}

/* ---- Becoming ready ------------------------------------------------------ */

static uint64_t own_reads;

static bool read_counted(void *opaque, uint64_t addr, void *buf, size_t len)
{
    own_reads++;
    return qemu_plugin_read_memory(addr, buf, len);
}

/* What osi_linux has just done, once more and in parts. */
static void measure_discovery(void)
{
    struct qemu_plugin_register *reg = qemu_plugin_find_register("rip");
    double start = now_ns(CLOCK_THREAD_CPUTIME_ID);
    uint64_t pc, addr, n;
    Kallsyms *symbols;
    Btf *btf;

    reg = reg ? reg : qemu_plugin_find_register("pc");
    if (!reg || !qemu_plugin_read_register_u64(reg, &pc)) {
        return;
    }
    own_reads = 0;
    btf = btf_find(read_counted, NULL, pc, NULL, &addr, NULL);
    say(now_ns(CLOCK_THREAD_CPUTIME_ID) - start, own_reads, btf ? 1 : 0,
        "BTF: found and checked");
    btf_free(btf);
    own_reads = 0;
    start = now_ns(CLOCK_THREAD_CPUTIME_ID);
    symbols = kallsyms_find(read_counted, NULL, pc, NULL, NULL);
    n = symbols ? kallsyms_count(symbols) : 0;
    say(now_ns(CLOCK_THREAD_CPUTIME_ID) - start, own_reads, n,
        "kallsyms: found and read");
    kallsyms_free(symbols);
}

static void on_thread_switch(void *evdata, void *udata)
{
    const SyscallsSwitch *sw = evdata;
    double now = now_ns(CLOCK_THREAD_CPUTIME_ID);
    const FirstSwitch *first = bench_first_switch_qpp();
    OsiIdentity id;

    if (is_ready || !osi_current_identity_qpp(sw->vcpu, &id)) {
        return;
    }
    is_ready = true;
    say(first->wall - began, 0, 0, "first thread switch, from QEMU's start");
    say(first->process_cpu, 0, 0, "the same, CPU time of all of QEMU");
    say(now - first->thread_cpu, 0, 0, "ready, from the first thread switch");
    measure_discovery();
}

/* ---- Queries ------------------------------------------------------------- */

static uint64_t count_and_free(GArray *array)
{
    uint64_t n = array ? array->len : 0;

    cleanup_garray_qpp(array);
    return n;
}

static uint64_t ask_identity(void)
{
    OsiIdentity id;

    return osi_current_identity_qpp(vcpu, &id);
}

static uint64_t ask_current(void)
{
    OsiProc *p = get_current_process_qpp(vcpu);

    free_osiproc_qpp(p);
    return p != NULL;
}

static uint64_t ask_processes(void)
{
    return count_and_free(get_processes_qpp(vcpu));
}

static uint64_t ask_threads(void)
{
    return count_and_free(get_threads_qpp(vcpu, NULL));
}

static uint64_t ask_by_pid(void)
{
    OsiProcHandle *h = get_process_handle_by_pid_qpp(vcpu, proc->pid);
    uint64_t n = h != NULL;

    g_free(h);
    return n;
}

static uint64_t ask_info(void)
{
    OsiTaskInfo *info = get_process_info_qpp(vcpu, handle);
    uint64_t n = info != NULL;

    g_free(info);
    return n;
}

static uint64_t ask_exe(void)
{
    char *path = get_process_exe_qpp(vcpu, handle);
    uint64_t n = path ? strlen(path) : 0;

    g_free(path);
    return n;
}

static uint64_t ask_cmdline(void)
{
    GByteArray *bytes = get_process_cmdline_qpp(vcpu, handle);
    uint64_t n = bytes ? bytes->len : 0;

    g_clear_pointer(&bytes, g_byte_array_unref);
    return n;
}

static uint64_t ask_cgroups(void)
{
    return count_and_free(get_process_cgroups_qpp(vcpu, handle));
}

static uint64_t ask_mappings(void)
{
    return count_and_free(get_mappings_qpp(vcpu, proc));
}

static uint64_t ask_mapping_at(void)
{
    OsiModule *m = get_mapping_by_name_qpp(vcpu, proc, "[stack]");
    OsiModule *at = m ? get_mapping_by_addr_qpp(vcpu, proc, m->base) : NULL;
    uint64_t n = at != NULL;

    free_osimodule_qpp(m);
    free_osimodule_qpp(at);
    return n;
}

static uint64_t ask_libraries(void)
{
    return count_and_free(get_libraries_qpp(vcpu, proc));
}

static uint64_t ask_files(void)
{
    return count_and_free(get_open_files_qpp(vcpu, proc));
}

static uint64_t ask_file(void)
{
    char *path = osi_linux_fd_to_filename_qpp(vcpu, proc, 1);
    uint64_t n = path ? strlen(path) : 0;

    g_free(path);
    return n;
}

static uint64_t ask_modules(void)
{
    OsiKernelModules *modules = osi_kernel_modules_qpp(vcpu);
    uint64_t n = modules ? modules->n : 0;

    free_osikernelmodules_qpp(modules);
    return n;
}

static uint64_t ask_symbol(void)
{
    uint64_t addr;

    return osi_kernel_symbol_qpp("schedule", &addr);
}

/* How many one of them finds: processes, bytes of a path ... */
static const struct Query {
    const char *what;
    uint64_t (*ask)(void);
    unsigned int times;
} queries[] = {
    { "current identity", ask_identity, 100000 },
    { "current process (OsiProc)", ask_current, 20000 },
    { "all processes", ask_processes, 100 },
    { "all threads", ask_threads, 50 },
    { "a process by pid", ask_by_pid, 100 },
    { "a process's facts", ask_info, 1000 },
    { "path of its executable (bytes)", ask_exe, 1000 },
    { "its arguments (bytes)", ask_cmdline, 1000 },
    { "its cgroups", ask_cgroups, 1000 },
    { "its mappings", ask_mappings, 200 },
    { "its stack, by name and by address", ask_mapping_at, 200 },
    { "its libraries", ask_libraries, 200 },
    { "its open files", ask_files, 1000 },
    { "path of one descriptor (bytes)", ask_file, 1000 },
    { "kernel modules", ask_modules, 1000 },
    { "a kernel symbol by name", ask_symbol, 100000 },
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(const struct Query *q)
{
    double ns[ROUNDS];
    uint64_t n = 0, reads = 0;

    if (counts) {
        counts()->reads = 0;
        n = q->ask();
        reads = counts()->reads;
        say(0, reads, n, q->what);
        return;
    }
    for (int r = 0; r < ROUNDS; r++) {
        double start = now_ns(CLOCK_THREAD_CPUTIME_ID);

        for (unsigned int i = 0; i < q->times; i++) {
            n = q->ask();
        }
        ns[r] = (now_ns(CLOCK_THREAD_CPUTIME_ID) - start) / q->times;
    }
    qsort(ns, ROUNDS, sizeof(ns[0]), by_size);
    say(ns[ROUNDS / 2], 0, n, q->what);
}

static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (handle || !call->info || strcmp(call->info->name, "sethostname")) {
        return;
    }
    vcpu = call->vcpu;
    handle = get_current_process_handle_qpp(vcpu);
    proc = handle ? get_process_qpp(handle) : NULL;
    if (!proc) {
        fprintf(stderr, "bench_osi: the kernel's memory cannot be read at a "
                "call; take a CPU without page-table isolation\n");
        return;
    }
    counts = (HostileCounts *(*)(void))dlsym(RTLD_DEFAULT, "hostile_counts");
    for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
        measure(&queries[i]);
    }
    fprintf(stderr, "qpp-bench: end\n");
}

static void on_task_change(void *evdata, void *udata)
{
    __asm__ volatile("" : : "r"(evdata));
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "watch=on") == 0) {
            return qemu_plugin_reg_callback("osi_linux", "on_task_change",
                                            on_task_change) ? 0 : -1;
        } else if (g_str_has_prefix(argv[i], "began=")) {
            began = strtod(strchr(argv[i], '=') + 1, NULL);
        }
    }
    return qemu_plugin_reg_callback("syscalls", "on_thread_switch",
                                    on_thread_switch) &&
                   qemu_plugin_reg_callback("syscalls", "on_all_sys_enter",
                                            on_enter) ? 0 : -1;
}

#endif /* !BENCH_FIRST */
