/*
 * system.c: identities of a guest system's threads, kept up to date.
 *
 * `syscalls` says which thread a vCPU runs.  What its task_struct says is
 * read when the thread is switched to, and again on its way out of a call
 * that may have changed it (exec, prctl, setuid ...).  Both are places where
 * the kernel's memory can be read, page-table isolation or not; at a system
 * call itself it often cannot, and need not.  What one thread does to
 * another that is running is elsewhere.h's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "adopt.h"
#include "arch/arch.h"
#include "asid.h"
#include "elsewhere.h"
#include "events.h"
#include "kernel.h"
#include "live.h"
#include "registers.h"
#include "remap.h"
#include "rename.h"
#include "source.h"
#include "system.h"

typedef struct SystemTask {
    OsiTask task;
    unsigned int marks;  /* OsiMark; kept until the thread leaves the kernel:
                            only a reading there is final */
    unsigned int epoch;  /* when it was read */
} SystemTask;

static const OsiArch *arch;
static int slot;
static qemu_plugin_callback *on_process_change;
static struct {
    OsiIdentity process;
    unsigned int boot;     /* in which that was */
} *last;                   /* of each vCPU */
static unsigned int n_vcpus;

/*
 * Begins whenever the guest may have gone to a snapshot (adopt.h): what is
 * known of threads from before is to be read again.
 */
static atomic_uint epoch;

/* ---- Keeping up ---------------------------------------------------------- */

static SystemTask *task_of(SyscallsThread *thread)
{
    SystemTask **t = (SystemTask **)syscalls_slot_qpp(thread, slot);

    if (!*t) {
        *t = g_new0(SystemTask, 1);
        (*t)->marks = OSI_MARK_STALE;
    }
    return *t;
}

static void refresh(unsigned int vcpu_index, SyscallsThread *thread,
                    SystemTask *t)
{
    const OsiKernel *kernel = osi_kernel();
    bool known = t->task.known;

    osi_elsewhere_forget(vcpu_index);
    if (!kernel ||
        !osi_task_read(&kernel->layout, osi_kernel_read, NULL,
                       syscalls_thread_task_qpp(thread),
                       t->marks & OSI_MARK_STALE,
                       &t->task)) {
        /* Nothing has happened that would make the last reading wrong. */
        t->task.known = known && !(t->marks & OSI_MARK_STALE);
    }
}

void osi_mark(unsigned int vcpu_index, OsiMark mark)
{
    SyscallsThread *thread = syscalls_current_thread_qpp(vcpu_index);

    if (thread) {
        task_of(thread)->marks |= mark;
    }
}

/* Same process: the leader's task_struct may be used again, so its pid too. */
static bool same_process(const OsiIdentity *a, const OsiIdentity *b)
{
    return a->pid == b->pid && a->taskd && b->taskd;
}

static void tell_change(unsigned int vcpu, const OsiTask *task)
{
    OsiProcessChange change = { .vcpu = vcpu, .to = task->identity };
    unsigned int boot = syscalls_boot_qpp();

    if (vcpu >= n_vcpus) {
        return;
    }
    if (last[vcpu].boot != boot) {
        last[vcpu].process = (OsiIdentity){ 0 };
        last[vcpu].boot = boot;
    }
    change.to.asid = osi_asid_of(task->pgd);
    if (!same_process(&last[vcpu].process, &change.to)) {
        change.from = last[vcpu].process;
        qemu_plugin_run_callback_handle(on_process_change, &change, NULL);
    }
    last[vcpu].process = change.to;
}

/*
 * A thread that is killed makes no call that would say so; but it gives up
 * its address space before its children get another parent.  In between it
 * may be switched out any number of times, so it is kept in mind.
 */
static bool is_exiting(const OsiKernel *kernel, SystemTask *t)
{
    if (!(t->marks & OSI_MARK_EXITING) && t->task.known && t->task.mm &&
        osi_task_without_mm(&kernel->layout, osi_kernel_read, NULL,
                            t->task.identity.taskd)) {
        t->marks |= OSI_MARK_EXITING;
    }
    return t->marks & OSI_MARK_EXITING;
}

static void on_thread_switch(void *evdata, void *udata)
{
    const OsiKernel *kernel = osi_kernel();
    const SyscallsSwitch *sw = evdata;
    SystemTask *t;

    if (G_UNLIKELY(!kernel)) {
        osi_kernel_discover(syscalls_thread_task_qpp(sw->next));
        kernel = osi_kernel();
        if (!kernel) {
            return;
        }
    }
    if (sw->prev && is_exiting(kernel, task_of(sw->prev))) {
        osi_elsewhere_tell(sw->vcpu, &kernel->layout, osi_kernel_read);
    }
    t = task_of(sw->next);
    if (sw->next_is_new) {
        /* A kernel thread may become a program without any call. */
        t->marks |= OSI_MARK_STALE;
    }
    if (G_UNLIKELY(t->epoch != atomic_load_explicit(&epoch,
                                                    memory_order_relaxed))) {
        t->epoch = atomic_load(&epoch);
        t->marks |= OSI_MARK_STALE;
    }
    osi_adopt_switched(sw->vcpu);
    refresh(sw->vcpu, sw->next, t);
    if (t->task.known) {
        tell_change(sw->vcpu, &t->task);
    }
}

static bool is_to_user(void)
{
    uint64_t value;

    return !arch->mode || (osi_register_read(OSI_REG_MODE, &value) &&
                           (value & arch->mode_mask) == 0);
}

/* The kernel is done with the thread's call, and its memory is in reach. */
static void on_leaving(unsigned int vcpu_index, void *udata)
{
    SyscallsThread *thread = syscalls_current_thread_qpp(vcpu_index);
    const OsiKernel *kernel = osi_kernel();
    SystemTask *t;

    if (G_UNLIKELY(!thread)) {
        if (is_to_user()) {
            osi_adopt(vcpu_index);
        }
        return;
    }
    if (!kernel ||
        (osi_adopt_is_due(vcpu_index) && is_to_user() &&
         osi_adopt_moved(vcpu_index, syscalls_thread_task_qpp(thread)))) {
        return;
    }
    t = task_of(thread);
    if (G_LIKELY(!(t->marks & ~OSI_MARK_EXITING)) || !is_to_user()) {
        return;
    }
    if (t->marks & OSI_MARK_STALE) {
        refresh(vcpu_index, thread, t);
        t->marks &= ~OSI_MARK_STALE;
    }
    if (t->marks & OSI_MARK_CONCERNS_OTHERS) {
        t->marks &= ~OSI_MARK_CONCERNS_OTHERS;
        osi_elsewhere_tell(vcpu_index, &kernel->layout, osi_kernel_read);
    }
    if ((t->marks & OSI_MARK_REMAPS) && osi_remap_tell(vcpu_index, &t->task)) {
        t->marks &= ~OSI_MARK_REMAPS;
    }
}

static void on_tb_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    if (!(qemu_plugin_tb_vaddr(tb) >> 63)) {
        return; /* user code does not return to user mode */
    }
    osi_events_translate(tb);
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint8_t bytes[16];
        size_t size = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

        if (arch->is_leaving(qemu_plugin_insn_vaddr(insn), bytes, size)) {
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, on_leaving, QEMU_PLUGIN_CB_R_REGS, NULL);
        }
    }
}

/* QEMU drops all translations: because memory has become another, maybe. */
static void on_flush(qemu_plugin_id_t id)
{
    atomic_fetch_add(&epoch, 1);
    osi_adopt_doubt();
}

/* What the kernel's way out keeps from the vCPU, the page tables tell. */
static void on_user_read(void *evdata, void *udata)
{
    SyscallsUserRead *wanted = evdata;
    const OsiTask *task = osi_system_current(wanted->vcpu);

    if (!wanted->done && task && osi_live()) {
        wanted->done = osi_live_read_user(task->pgd, wanted->addr,
                                          wanted->buf, wanted->len);
    }
}

/* All that is known is another kernel's. */
static void on_reboot(void *evdata, void *udata)
{
    osi_kernel_forget();
    osi_live_forget();
    osi_queries_forget();
    osi_asid_forget();
    osi_adopt_forget();
    osi_elsewhere_forget_all();
    osi_events_forget();
    osi_remap_forget();
    osi_kernel_free_disposed();
}

/* ---- Answers ------------------------------------------------------------- */

const OsiTask *osi_system_current(unsigned int vcpu_index)
{
    SyscallsThread *thread = syscalls_current_thread_qpp(vcpu_index);
    SystemTask *t = thread ? *(SystemTask **)syscalls_slot_qpp(thread, slot)
                           : NULL;

    if (!thread || G_UNLIKELY(osi_adopt_has_moved(vcpu_index))) {
        return osi_adopted(vcpu_index);
    }
    if (!t || !t->task.known) {
        return NULL;
    }
    osi_elsewhere_apply(vcpu_index, &t->task);
    t->task.identity.asid = osi_asid_of(t->task.pgd);
    return &t->task;
}

static bool process(const OsiProcHandle *handle, OsiTask *task)
{
    if (!osi_live() || !osi_live_task(handle, task)) {
        return false;
    }
    task->identity.asid = osi_asid_of(task->pgd);
    return true;
}

const OsiSource *osi_system_start(qemu_plugin_id_t id,
                                  const qemu_info_t *info)
{
    static const OsiSource system = { osi_system_current, process };

    arch = osi_arch_find(info->target_name);
    if (!arch) {
        fprintf(stderr, "osi_linux: guest architecture '%s' is not supported "
                "in system mode; use x86_64 or aarch64\n",
                info->target_name);
        return NULL;
    }
    n_vcpus = MAX(info->system.max_vcpus, 1);
    last = g_malloc0_n(n_vcpus, sizeof(*last));
    osi_kernel_start(id);
    osi_registers_start(id, arch);
    osi_adopt_start(n_vcpus);
    osi_elsewhere_start(n_vcpus);
    slot = syscalls_slot_new_qpp(g_free);
    on_process_change = qemu_plugin_create_callback_handle(
        id, "on_process_change");
    if (slot < 0 || !on_process_change ||
        !qemu_plugin_reg_callback("syscalls", "on_thread_switch",
                                  on_thread_switch) ||
        !qemu_plugin_reg_callback("syscalls", "on_user_read", on_user_read) ||
        !qemu_plugin_reg_callback("syscalls", "on_reboot", on_reboot) ||
        !osi_asid_start(arch) || !osi_rename_start() ||
        !osi_events_start(id) || !osi_remap_start(id)) {
        return NULL;
    }
    osi_live_start(arch);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb_trans);
    qemu_plugin_register_flush_cb(id, on_flush);
    return &system;
}
