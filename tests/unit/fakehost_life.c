/*
 * fakehost_life.c: vCPU threads of the fake host.  See fakehost_life.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fakehost_life.h"

typedef uint64_t Id;
typedef void (*Fn)(void);

typedef struct FakeReset {
    Id id;
    Fn fn;
    void *userdata;
} FakeReset;

/* ---- Running translated code, and being alone ---------------------------- */

static pthread_mutex_t exclusive_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t exclusive_cond = PTHREAD_COND_INITIALIZER;
static unsigned int n_running;
static bool is_exclusive;

static pthread_mutex_t cpus_lock = PTHREAD_MUTEX_INITIALIZER;
static FakeCpu *cpus;
static __thread FakeCpu *current_cpu;

static void exec_start(void)
{
    pthread_mutex_lock(&exclusive_lock);
    while (is_exclusive) {
        pthread_cond_wait(&exclusive_cond, &exclusive_lock);
    }
    n_running++;
    pthread_mutex_unlock(&exclusive_lock);
}

static void exec_end(void)
{
    pthread_mutex_lock(&exclusive_lock);
    n_running--;
    pthread_cond_broadcast(&exclusive_cond);
    pthread_mutex_unlock(&exclusive_lock);
}

static void start_exclusive(void)
{
    pthread_mutex_lock(&exclusive_lock);
    while (is_exclusive) {
        pthread_cond_wait(&exclusive_cond, &exclusive_lock);
    }
    is_exclusive = true;
    while (n_running > 0) {
        pthread_cond_wait(&exclusive_cond, &exclusive_lock);
    }
    pthread_mutex_unlock(&exclusive_lock);
}

static void end_exclusive(void)
{
    pthread_mutex_lock(&exclusive_lock);
    is_exclusive = false;
    pthread_cond_broadcast(&exclusive_cond);
    pthread_mutex_unlock(&exclusive_lock);
}

/* ---- Reset --------------------------------------------------------------- */

static Id resetting[16]; /* under fake_lock; 0: free */
unsigned long fake_n_resets;

static Id *resetting_slot(Id id)
{
    for (size_t i = 0; i < G_N_ELEMENTS(resetting); i++) {
        if (resetting[i] == id) {
            return &resetting[i];
        }
    }
    return NULL;
}

static void flush(void)
{
    pthread_mutex_lock(&cpus_lock);
    for (FakeCpu *cpu = cpus; cpu; cpu = cpu->next) {
        g_assert_false(cpu->freed);
        for (int i = 0; i < FAKE_N_TBS; i++) {
            cpu->translated[i] = false;
            g_array_set_size(cpu->tbs[i].all, 0);
        }
    }
    pthread_mutex_unlock(&cpus_lock);
    fake_flush();
}

static void do_reset(FakeReset *reset)
{
    pthread_mutex_lock(&fake_lock);
    fake_forget_events(reset->id);
#if FAKE_API >= 7
    ((void (*)(void *))reset->fn)(reset->userdata);
#else
    ((void (*)(Id))reset->fn)(reset->id);
#endif
    *resetting_slot(reset->id) = 0;
    fake_n_resets++;
    pthread_mutex_unlock(&fake_lock);
    g_free(reset);
}

static void reset_plugin(Id id, Fn fn, void *userdata)
{
    FakeReset *reset = g_new0(FakeReset, 1);
    bool ignored;

    pthread_mutex_lock(&fake_lock);
    ignored = resetting_slot(id) != NULL;
    if (!ignored) {
        *resetting_slot(0) = id;
    }
    pthread_mutex_unlock(&fake_lock);
    reset->id = id;
    reset->fn = fn;
    reset->userdata = userdata;
    if (ignored) {
        g_free(reset);
    } else if (current_cpu) {
        g_queue_push_tail(&current_cpu->work, reset);
    } else {
        do_reset(reset);
    }
}

#if FAKE_API >= 7
FAKE_EXPORT void qemu_plugin_reset(Id id, Fn fn, void *userdata);
void qemu_plugin_reset(Id id, Fn fn, void *userdata)
{
    reset_plugin(id, fn, userdata);
}
#else
FAKE_EXPORT void qemu_plugin_reset(Id id, Fn fn);
void qemu_plugin_reset(Id id, Fn fn)
{
    reset_plugin(id, fn, NULL);
}
#endif

/* ---- vCPUs --------------------------------------------------------------- */

FakeCpu *fake_cpu_start(unsigned int index)
{
    FakeCpu *cpu = g_new0(FakeCpu, 1);

    cpu->index = index;
    g_queue_init(&cpu->work);
    for (int i = 0; i < FAKE_N_TBS; i++) {
        cpu->tbs[i].all = g_array_new(false, false, sizeof(FakeExec));
        cpu->tbs[i].n = 1;
        cpu->tbs[i].insns = g_new0(FakeInsn, 1);
    }
    pthread_mutex_lock(&cpus_lock);
    cpu->next = cpus;
    cpus = cpu;
    pthread_mutex_unlock(&cpus_lock);
    /* In user mode before API 2: on another thread, before it is a vCPU's. */
#if FAKE_API < 2
    fake_vcpu(FAKE_VCPU_INIT, index);
    current_cpu = cpu;
#else
    current_cpu = cpu;
    fake_vcpu(FAKE_VCPU_INIT, index);
#endif
    return cpu;
}

void fake_cpu_end(FakeCpu *cpu)
{
    FakeCpu **link = &cpus;

    fake_vcpu(FAKE_VCPU_EXIT, cpu->index);
    current_cpu = NULL;
#if FAKE_API < 2
    pthread_mutex_lock(&cpus_lock);
    cpu->freed = true;
    pthread_mutex_unlock(&cpus_lock);
    g_usleep(200);
#endif
    pthread_mutex_lock(&cpus_lock);
    while (*link != cpu) {
        link = &(*link)->next;
    }
    *link = cpu->next;
    pthread_mutex_unlock(&cpus_lock);
    g_queue_clear_full(&cpu->work, g_free);
    for (int i = 0; i < FAKE_N_TBS; i++) {
        g_array_unref(cpu->tbs[i].all);
        g_free(cpu->tbs[i].insns);
    }
    g_free(cpu);
}

void fake_cpu_set(FakeCpu *cpu)
{
    current_cpu = cpu;
}

void fake_cpu_work(FakeCpu *cpu)
{
    FakeReset *reset;

    while ((reset = g_queue_pop_head(&cpu->work))) {
        start_exclusive();
        flush();
        do_reset(reset);
        end_exclusive();
    }
}

void fake_cpu_run(FakeCpu *cpu, unsigned int i)
{
    exec_start();
    if (!cpu->translated[i]) {
        cpu->translated[i] = true;
        cpu->n_trans++;
        fake_tb_trans(&cpu->tbs[i]);
    }
    /* What was asked for meanwhile is done before the block is entered. */
    if (g_queue_is_empty(&cpu->work)) {
        cpu->n_exec++;
        fake_exec(&cpu->tbs[i], cpu->index);
    }
    exec_end();
    fake_cpu_work(cpu);
}

void fake_cpu_sleep(FakeCpu *cpu)
{
    fake_vcpu(FAKE_VCPU_IDLE, cpu->index);
    /* It sleeps until it is woken by somebody: not by what it was asked. */
    fake_vcpu(FAKE_VCPU_RESUME, cpu->index);
    cpu->n_resume++;
    fake_cpu_work(cpu);
}

void fake_cpu_syscall(FakeCpu *cpu)
{
    static const uint64_t none[8];

    fake_syscall(cpu->index, 1, none);
    cpu->n_syscall++;
    fake_syscall_ret(cpu->index, 1, 0);
    cpu->n_syscall_ret++;
    fake_cpu_work(cpu);
}

