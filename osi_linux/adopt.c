/*
 * adopt.c: who runs on a vCPU whose first thread switch has not been seen.
 * See adopt.h.
 *
 * `syscalls` knows threads from the kernel's switches.  Until the first, the
 * thread is known by its kernel stack, which the stack pointer is in on the
 * way out of the kernel: all threads are looked through for the one whose
 * stack that is.
 *
 * The same is done if a guest has gone to a snapshot while it ran.  No host
 * says so, but QEMU must then drop its translations, and tells that.  It
 * does so for other reasons as well, so a thread that is still on its own
 * stack is left alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>

#include "adopt.h"
#include "asid.h"
#include "kernel.h"
#include "registers.h"
#include "tasks.h"

/* Stacks are of 16 KiB, with KASAN of 32 or 64 (THREAD_SIZE). */
#define MAX_STACK (64u << 10)
#define MIN_STACK (16u << 10)
/* What one search may read: some seconds. */
#define MAX_READS (2u << 20)
/* Between searches that find nothing: this, and each time twice as long. */
#define PAUSE (G_USEC_PER_SEC / 10)
#define MAX_PAUSE (60 * G_USEC_PER_SEC)

typedef struct Adopted {
    OsiTask task;
    uint64_t stack;   /* where its stack begins */
    gint64 next_try;
    unsigned int n_doubts; /* as many have been looked into */
    bool moved;
    gint64 pause;
    unsigned int boot; /* as n_boots was */
} Adopted;

static Adopted *adopted; /* of each vCPU, used by it alone */
static unsigned int n;
static atomic_uint n_doubts;
static atomic_uint n_boots; /* that are over */

/* What is kept of the vCPU, in this boot. */
static Adopted *adopted_on(unsigned int vcpu_index)
{
    Adopted *a = vcpu_index < n ? &adopted[vcpu_index] : NULL;
    unsigned int boot = atomic_load_explicit(&n_boots, memory_order_relaxed);

    if (G_UNLIKELY(a && a->boot != boot)) {
        *a = (Adopted){ .n_doubts = atomic_load(&n_doubts), .boot = boot };
    }
    return a;
}

void osi_adopt_start(unsigned int n_vcpus)
{
    n = n_vcpus;
    adopted = g_new0(Adopted, n);
}

/* Whether the stack that holds @sp is @task's; the closest one is it. */
static void compare(const OsiView *v, const OsiTask *task, uint64_t sp,
                    Adopted *a)
{
    uint64_t stack;

    if (osi_view_field(v, task->identity.taskd, &v->proc->task.stack,
                       &stack) &&
        stack <= sp && sp - stack < MAX_STACK && stack > a->stack) {
        a->task = *task;
        a->stack = stack;
    }
}

/*
 * What is known stays if nobody's stack has it: the way out may be on one of
 * the CPU's own (with page-table isolation, behind an interrupt).
 */
static void search(const OsiKernel *kernel, uint64_t sp, Adopted *a)
{
    Adopted found = { 0 };
    g_autoptr(GArray) leaders = g_array_new(FALSE, TRUE, sizeof(OsiTask));
    OsiBudget budget = {
        { osi_kernel_read, NULL, kernel->layout.big_endian }, MAX_READS,
    };
    OsiView v = {
        .reader = osi_budget_reader(&budget),
        .layout = &kernel->layout,
        .proc = &kernel->proc,
    };
    uint64_t root;

    if (!osi_types_symbol(kernel->types, "init_task", &root)) {
        return;
    }
    osi_tasks_processes(&v, root, leaders);
    for (guint i = 0; i < leaders->len; i++) {
        const OsiTask *leader = &g_array_index(leaders, OsiTask, i);
        g_autoptr(GArray) threads = g_array_new(FALSE, TRUE,
                                                sizeof(OsiTask));

        compare(&v, leader, sp, &found);
        osi_tasks_threads(&v, leader->identity.taskd, threads);
        for (guint k = 0; k < threads->len; k++) {
            compare(&v, &g_array_index(threads, OsiTask, k), sp, &found);
        }
    }
    if (found.task.known) {
        a->task = found.task;
        a->stack = found.stack;
    }
}

void osi_adopt(unsigned int vcpu_index)
{
    Adopted *a = adopted_on(vcpu_index);
    gint64 now = g_get_monotonic_time();
    const OsiKernel *kernel;
    uint64_t sp;

    if (!osi_kernel()) {
        osi_kernel_discover(0);
    }
    kernel = osi_kernel();
    if (!a || !kernel ||
        !osi_register_read(OSI_REG_SP, &sp)) {
        return;
    }
    if (a->task.known && sp - a->stack < MAX_STACK) {
        /* The same; it may have changed meanwhile. */
        osi_task_read(&kernel->layout, osi_kernel_read, NULL,
                      a->task.identity.taskd, true, &a->task);
    } else if (now >= a->next_try) {
        search(kernel, sp, a);
        a->pause = CLAMP(2 * a->pause, PAUSE, MAX_PAUSE);
        a->next_try = g_get_monotonic_time() + a->pause;
    }
}

void osi_adopt_doubt(void)
{
    atomic_fetch_add(&n_doubts, 1);
}

void osi_adopt_forget(void)
{
    atomic_fetch_add(&n_boots, 1);
}

bool osi_adopt_is_due(unsigned int vcpu_index)
{
    const Adopted *a = adopted_on(vcpu_index);

    return a && (a->moved ||
                 a->n_doubts != atomic_load_explicit(&n_doubts,
                                                     memory_order_relaxed));
}

/* Whether the stack pointer is in the stack of the thread at @taskd. */
static bool is_on_stack_of(const OsiKernel *kernel, uint64_t taskd)
{
    const OsiReader reader = { osi_kernel_read, NULL,
                               kernel->layout.big_endian };
    uint64_t sp, stack;

    return osi_register_read(OSI_REG_SP, &sp) &&
           osi_read_field(&reader, taskd, &kernel->proc.task.stack, &stack) &&
           stack <= sp && sp - stack < MIN_STACK;
}

bool osi_adopt_moved(unsigned int vcpu_index, uint64_t taskd)
{
    Adopted *a = adopted_on(vcpu_index);
    const OsiKernel *kernel = osi_kernel();
    unsigned int doubts = atomic_load(&n_doubts);

    if (!a || !kernel) {
        return false;
    }
    if (a->n_doubts != doubts) {
        a->n_doubts = doubts;
        a->moved = false;
        a->task.known = false;
        a->next_try = a->pause = 0;
        if (!is_on_stack_of(kernel, taskd)) {
            osi_adopt(vcpu_index);
            a->moved = a->task.known && a->task.identity.taskd != taskd;
        }
    } else if (a->moved) {
        osi_adopt(vcpu_index);
    }
    return a->moved;
}

bool osi_adopt_has_moved(unsigned int vcpu_index)
{
    const Adopted *a = adopted_on(vcpu_index);

    return a && a->moved;
}

void osi_adopt_switched(unsigned int vcpu_index)
{
    Adopted *a = adopted_on(vcpu_index);

    if (a) {
        a->moved = false;
        a->n_doubts = atomic_load(&n_doubts);
        a->task.known = false; /* the switch's thread is it */
    }
}

const OsiTask *osi_adopted(unsigned int vcpu_index)
{
    Adopted *a = adopted_on(vcpu_index);

    if (!a || !a->task.known) {
        return NULL;
    }
    a->task.identity.asid = osi_asid_of(a->task.pgd);
    return &a->task;
}
