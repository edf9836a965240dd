/*
 * system.c: calls of a whole guest, seen by instrumenting instructions.
 *
 * Some kinds of instructions get a callback when QEMU translates them (see
 * abi/abi.h): the user's call, the kernel's entry if somebody wants to know,
 * its return to user mode, its thread switch, and what the machine runs first
 * after a reset.  Here the registers are read; which call a return belongs to
 * is pair.c's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "catalog.h"
#include "pair.h"
#include "system.h"

/* The smallest page of any guest. */
#define PAGE_BITS 12
#define PAGE_OFFSET ((1u << PAGE_BITS) - 1)

typedef struct Vcpu {
    _Atomic(SyscallsThread *) thread; /* NULL: no switch seen yet; written
                                         by this vCPU, read by all */
    SyscallsThread *own;    /* for calls until then */
    bool was_reset;         /* and has not switched threads since */
} Vcpu;

static const SyscallsAbi *abi;
static struct qemu_plugin_register *regs[ABI_N_REGS];
static Vcpu *vcpus;
static unsigned int n_vcpus;
static qemu_plugin_callback *on_switch, *on_reboot;
static atomic_bool undecided; /* a vCPU was_reset: who runs is not known */
static qemu_plugin_id_t plugin_id;
static atomic_bool entry_skipped; /* an ENTERED instruction was translated
                                     without a callback */

static bool read_reg(int reg, uint64_t *value)
{
    return qemu_plugin_read_register_u64(regs[reg], value);
}

static void find_registers(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        for (int i = 0; i < ABI_N_REGS; i++) {
            if (abi->regs[i]) {
                regs[i] = qemu_plugin_find_register(abi->regs[i]);
            }
        }
        g_once_init_leave(&done, 1);
    }
}

/* ---- What happens at the instructions ------------------------------------ */

static SyscallsThread *thread_on(unsigned int vcpu_index)
{
    Vcpu *vcpu = &vcpus[vcpu_index];
    SyscallsThread *thread = vcpu->thread;

    return G_LIKELY(thread) ? thread : vcpu->own;
}

/*
 * Where the call instruction really is.  A block may be shared by all
 * addresses that its page is mapped at (QEMU's CF_PCREL), so the address at
 * its translation is good for the offset in the page only.  The program
 * counter is good for the page: within a block QEMU brings it up to date now
 * and then only, but it never is ahead, and a block spans at most two pages.
 */
static uint64_t pc_of(uint64_t offset)
{
    uint64_t counter, pc;

    if (!read_reg(ABI_REG_PC, &counter)) {
        return 0;
    }
    pc = (counter & ~(uint64_t)PAGE_OFFSET) | offset;
    return pc < counter ? pc + PAGE_OFFSET + 1 : pc;
}

/* What at_call needs to know of its instruction: where in its page, size. */
static uint64_t pack_call(const AbiCode *code)
{
    return (code->vaddr & PAGE_OFFSET) | code->size << PAGE_BITS;
}

/* Reading a register costs more than all else here: only those needed. */
static bool read_args(SyscallsCall *call)
{
    int n = call->info ? call->info->n_args : SYSCALLS_MAX_ARGS;

    for (int i = 0; i < n; i++) {
        if (!read_reg(ABI_REG_ARG0 + i, &call->args[i])) {
            return false;
        }
    }
    return true;
}

/* Whether the kernel's memory can be read now.  Of no thread: not known. */
static bool is_kernel_in_reach(const SyscallsThread *thread)
{
    uint64_t word;

    return thread->task &&
           qemu_plugin_read_memory(thread->task, &word, sizeof(word));
}

/*
 * Somebody wants to know when the kernel can be read in @thread's call: now,
 * or at its entry.  An entry that was translated when nobody wanted to know
 * has no callback; that is made good.
 */
static void await_entry(SyscallsThread *thread)
{
    if (is_kernel_in_reach(thread)) {
        pair_entered(thread);
    } else if (G_UNLIKELY(atomic_load_explicit(&entry_skipped,
                                               memory_order_relaxed)) &&
               atomic_exchange(&entry_skipped, false)) {
        qemu_plugin_retranslate(plugin_id, NULL);
    }
}

static void at_call(unsigned int vcpu_index, void *packed)
{
    SyscallsThread *thread = thread_on(vcpu_index);
    SyscallsCall *call = &thread->call;
    uint64_t nr;

    if (G_UNLIKELY(thread->in_call)) {
        pair_make_good(thread, vcpu_index);
    }
    if (!read_reg(ABI_REG_NR, &nr)) {
        return;
    }
    call->nr = (int32_t)nr;
    call->info = catalog_lookup(call->nr);
    call->pc = pc_of((uintptr_t)packed & PAGE_OFFSET);
    call->vcpu = vcpu_index;
    thread->return_pc = call->pc + ((uintptr_t)packed >> PAGE_BITS);
    if (read_args(call) && pair_enter(thread, read_reg)) {
        await_entry(thread);
    }
}

static void at_entered(unsigned int vcpu_index, void *udata)
{
    pair_entered(thread_on(vcpu_index));
}

/* It was reset, and goes on with what it did before. */
static void woke_up(unsigned int vcpu_index)
{
    vcpus[vcpu_index].was_reset = false;
    atomic_store(&undecided, false);
}

/*
 * A way out has one such instruction or two: if the first takes the kernel's
 * memory away, the call is over when the second is reached.
 */
static void exit_to_user(unsigned int vcpu_index, AbiInsn insn)
{
    SyscallsThread *thread = thread_on(vcpu_index);
    AbiExit out;

    if ((thread->in_call || thread->is_child) &&
        abi->read_exit(read_reg, insn, &out) && out.to_user) {
        if (G_UNLIKELY(vcpus[vcpu_index].was_reset)) {
            woke_up(vcpu_index);
        }
        pair_exit(thread, vcpu_index, &out, read_reg);
    }
}

static void at_exit_insn(unsigned int vcpu_index, void *udata)
{
    exit_to_user(vcpu_index, ABI_INSN_EXIT);
}

static void at_exit_frame_insn(unsigned int vcpu_index, void *udata)
{
    exit_to_user(vcpu_index, ABI_INSN_EXIT_FRAME);
}

static void at_unmap_insn(unsigned int vcpu_index, void *udata)
{
    exit_to_user(vcpu_index, ABI_INSN_UNMAP);
}

static void at_unmap_frame_insn(unsigned int vcpu_index, void *udata)
{
    exit_to_user(vcpu_index, ABI_INSN_UNMAP_FRAME);
}

/* A new thread has been given @thread's task_struct, or its first one. */
static void take_over(SyscallsThread *thread, unsigned int vcpu_index,
                      uint64_t sp)
{
    AbiChild child;

    if (thread->in_call) {
        pair_end(thread, vcpu_index, SYSCALLS_NO_RETURN, 0);
    }
    thread_reset(thread);
    if (abi->read_child(sp, &child)) {
        pair_child(thread, &child);
    }
}

/* ---- Another boot -------------------------------------------------------- */

static void end_thread(SyscallsThread *thread, void *data)
{
    if (thread->in_call) {
        pair_end(thread, thread->call.vcpu, SYSCALLS_NO_RETURN, 0);
    }
}

/* Its boot is over, and no vCPU runs it. */
static void forget(SyscallsThread *thread)
{
    end_thread(thread, NULL);
    thread_reset(thread);
    thread_recycle(thread);
}

/* The machine begins as after a reset.  What with is not known yet. */
static void at_reset(unsigned int vcpu_index, void *udata)
{
    const SyscallsThread *current = vcpus[vcpu_index].thread;

    if (current && current->boot == thread_boot() &&
        abi->is_reset(read_reg)) {
        vcpus[vcpu_index].was_reset = true;
        atomic_store(&undecided, true);
    }
}

/* A thread goes on where it was switched out. */
static bool goes_on(const SyscallsThread *thread, const AbiSwitch *sw)
{
    return thread->switched_out && thread->saved_sp == sw->next_sp;
}

/*
 * Whether the switch @sw of a vCPU, which ran @current, is another boot's.
 * After a reset it is, unless the vCPU goes on with the thread that it ran and
 * then one that is known: the guest had been suspended to memory.  (Its first
 * switch is to the kernel's first child, and so to no known one, even if the
 * old kernel had the same addresses.)  Without a reset it is if a thread gives
 * way that was never seen to run.
 */
static bool is_another_boot(const Vcpu *vcpu, const SyscallsThread *current,
                            const AbiSwitch *sw)
{
    if (vcpu->was_reset) {
        const SyscallsThread *next = thread_find(sw->next);

        return current->task != sw->prev || !next || !goes_on(next, sw);
    }
    return G_UNLIKELY(current->task != sw->prev) && !thread_find(sw->prev);
}

/* True if this vCPU is the one to notice that a boot is over. */
static bool begin_boot(unsigned int vcpu_index, SyscallsThread *current)
{
    bool all_stand = vcpus[vcpu_index].was_reset;
    g_autoptr(GPtrArray) gone = thread_next_boot(current, all_stand);
    SyscallsReboot event = { vcpu_index, thread_boot() };

    if (!gone) {
        return false;
    }
    for (unsigned int i = 0; i < n_vcpus; i++) {
        if (all_stand || i == vcpu_index) {
            vcpus[i].thread = NULL;
            vcpus[i].was_reset = false;
        }
    }
    if (all_stand) {
        atomic_store(&undecided, false);
    }
    fprintf(stderr, "syscalls: the guest has rebooted: this is boot %u; what "
            "was known of its threads is forgotten\n", event.boot);
    qemu_plugin_run_callback_handle(on_reboot, &event, NULL);
    g_ptr_array_foreach(gone, (GFunc)(void (*)(void))forget, NULL);
    for (unsigned int i = 0; i < n_vcpus; i++) {
        if (all_stand || i == vcpu_index) {
            end_thread(vcpus[i].own, NULL);
            thread_reset(vcpus[i].own);
            vcpus[i].own->boot = event.boot;
        }
    }
    return true;
}

/*
 * What the vCPU ran until now, the thread of @sw, as far as it is of this
 * boot; NULL: not known.
 */
static SyscallsThread *leave_boot(unsigned int vcpu_index, const AbiSwitch *sw)
{
    Vcpu *vcpu = &vcpus[vcpu_index];
    SyscallsThread *current = vcpu->thread;

    if (!current) {
        return NULL;
    }
    if (G_UNLIKELY(current->boot != thread_boot())) {
        /* Another vCPU has noticed it. */
        vcpu->thread = NULL;
        vcpu->was_reset = false;
        forget(current);
        return NULL;
    }
    if (is_another_boot(vcpu, current, sw) &&
        begin_boot(vcpu_index, current)) {
        current = NULL;
    }
    if (G_UNLIKELY(vcpu->was_reset)) {
        woke_up(vcpu_index);
    }
    return current;
}

static void at_switch(unsigned int vcpu_index, void *param)
{
    SyscallsSwitch event = { .vcpu = vcpu_index };
    SyscallsThread *records[2];
    AbiSwitch sw;

    if (!abi->read_switch(read_reg, (uintptr_t)param, &sw)) {
        return;
    }
    thread_switch(leave_boot(vcpu_index, &sw), sw.prev, sw.next, records);
    event.prev = records[0];
    event.next = records[1];
    if (event.prev) {
        event.prev->saved_sp = sw.prev_sp;
        event.prev->switched_out = true;
    }
    vcpus[vcpu_index].thread = event.next;
    if (!event.next) {
        return;
    }
    /* One that does not go on is another: its memory is used again. */
    event.next_is_new = !goes_on(event.next, &sw);
    if (event.next_is_new) {
        take_over(event.next, vcpu_index, sw.next_sp);
    }
    event.next->switched_out = false;
    qemu_plugin_run_callback_handle(on_switch, &event, NULL);
}

/* ---- Finding the instructions -------------------------------------------- */

/* Whether an instruction of @kind is to have a callback. */
static bool is_wanted(AbiInsn kind)
{
    switch (kind) {
    case ABI_INSN_OTHER:
        return false;
    case ABI_INSN_CALL:
        return abi->is_native(read_reg);
    case ABI_INSN_ENTERED:
        if (!pair_entered_wanted()) {
            atomic_store(&entry_skipped, true);
            return false;
        }
        return true;
    default:
        return true;
    }
}

static void on_tb_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    static const qemu_plugin_vcpu_udata_cb_t callback_of[] = {
        [ABI_INSN_CALL] = at_call,
        [ABI_INSN_ENTERED] = at_entered,
        [ABI_INSN_EXIT] = at_exit_insn,
        [ABI_INSN_EXIT_FRAME] = at_exit_frame_insn,
        [ABI_INSN_UNMAP] = at_unmap_insn,
        [ABI_INSN_UNMAP_FRAME] = at_unmap_frame_insn,
        [ABI_INSN_SWITCH] = at_switch,
        [ABI_INSN_RESET] = at_reset,
    };
    size_t n = qemu_plugin_tb_n_insns(tb);

    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        AbiCode code;
        AbiInsn kind;
        uint64_t param = 0;

        code.size = qemu_plugin_insn_data(insn, code.bytes,
                                          sizeof(code.bytes));
        code.vaddr = qemu_plugin_insn_vaddr(insn);
        kind = abi->classify(&code, &param);
        if (G_LIKELY(!is_wanted(kind))) {
            continue;
        }
        if (kind == ABI_INSN_CALL) {
            param = pack_call(&code);
        }
        qemu_plugin_register_vcpu_insn_exec_cb(insn, callback_of[kind],
                                               QEMU_PLUGIN_CB_R_REGS,
                                               (void *)(uintptr_t)param);
    }
}

/* ---- Start and end ------------------------------------------------------- */

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    thread_foreach(end_thread, NULL);
    for (unsigned int i = 0; i < n_vcpus; i++) {
        end_thread(vcpus[i].own, NULL);
        if (vcpus[i].thread) {
            end_thread(vcpus[i].thread, NULL); /* of an earlier boot */
        }
    }
}

SyscallsThread *system_current_thread(unsigned int vcpu_index)
{
    return vcpu_index < n_vcpus &&
           !atomic_load_explicit(&undecided, memory_order_relaxed)
               ? vcpus[vcpu_index].thread : NULL;
}

bool system_start(qemu_plugin_id_t id, const qemu_info_t *info,
                  const SyscallsAbi *the_abi)
{
    abi = the_abi;
    plugin_id = id;
    on_switch = qemu_plugin_create_callback_handle(id, "on_thread_switch");
    on_reboot = qemu_plugin_create_callback_handle(id, "on_reboot");
    if (!on_switch || !on_reboot) {
        return false;
    }
    n_vcpus = MAX(info->system.max_vcpus, 1);
    vcpus = g_new0(Vcpu, n_vcpus);
    for (unsigned int i = 0; i < n_vcpus; i++) {
        vcpus[i].own = thread_new(0);
    }
    qemu_plugin_register_vcpu_init_cb(id, find_registers);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb_trans);
    qemu_plugin_register_atexit_cb(id, on_atexit, NULL);
    return true;
}
