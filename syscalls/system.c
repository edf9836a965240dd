/*
 * system.c: calls of a whole guest, seen by instrumenting instructions.
 *
 * Three kinds of instructions get a callback when QEMU translates them (see
 * abi/abi.h): the user's call, the kernel's return to user mode, and the
 * kernel's thread switch.  Here the registers are read; which call a return
 * belongs to is pair.c's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
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
} Vcpu;

static const SyscallsAbi *abi;
static struct qemu_plugin_register *regs[ABI_N_REGS];
static Vcpu *vcpus;
static unsigned int n_vcpus;
static qemu_plugin_callback *on_switch;

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
    for (int i = n; i < SYSCALLS_MAX_ARGS; i++) {
        call->args[i] = 0;
    }
    return true;
}

static void at_call(unsigned int vcpu_index, void *packed)
{
    SyscallsThread *thread = thread_on(vcpu_index);
    SyscallsCall *call = &thread->call;
    uint64_t nr;

    if (G_UNLIKELY(thread->in_call)) {
        /* Its end was not seen: no call is left without one. */
        pair_end(thread, vcpu_index, SYSCALLS_NO_RETURN, 0);
    }
    if (!read_reg(ABI_REG_NR, &nr)) {
        return;
    }
    call->nr = (int32_t)nr;
    call->info = catalog_lookup(call->nr);
    call->pc = pc_of((uintptr_t)packed & PAGE_OFFSET);
    call->vcpu = vcpu_index;
    thread->return_pc = call->pc + ((uintptr_t)packed >> PAGE_BITS);
    if (read_args(call)) {
        pair_enter(thread, read_reg);
    }
}

static void exit_to_user(unsigned int vcpu_index, AbiInsn insn)
{
    SyscallsThread *thread = thread_on(vcpu_index);
    AbiExit out;

    if ((thread->in_call || thread->is_child) &&
        abi->read_exit(read_reg, insn, &out) && out.to_user) {
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

static void at_switch(unsigned int vcpu_index, void *param)
{
    SyscallsSwitch event = { .vcpu = vcpu_index };
    AbiSwitch sw;

    if (!abi->read_switch(read_reg, (uintptr_t)param, &sw)) {
        return;
    }
    event.prev = vcpus[vcpu_index].thread;
    if (!event.prev || event.prev->task != sw.prev) {
        event.prev = thread_get(sw.prev);
    }
    if (event.prev) {
        event.prev->saved_sp = sw.prev_sp;
        event.prev->switched_out = true;
    }
    event.next = thread_get(sw.next);
    vcpus[vcpu_index].thread = event.next;
    if (!event.next) {
        return;
    }
    /*
     * A thread goes on where it was switched out.  One that does not is
     * another: a task_struct's memory is used again.
     */
    event.next_is_new = !event.next->switched_out ||
                        event.next->saved_sp != sw.next_sp;
    if (event.next_is_new) {
        take_over(event.next, vcpu_index, sw.next_sp);
    }
    event.next->switched_out = false;
    qemu_plugin_run_callback_handle(on_switch, &event, NULL);
}

/* ---- Finding the instructions -------------------------------------------- */

static void on_tb_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    static const qemu_plugin_vcpu_udata_cb_t callback_of[] = {
        [ABI_INSN_CALL] = at_call,
        [ABI_INSN_EXIT] = at_exit_insn,
        [ABI_INSN_EXIT_FRAME] = at_exit_frame_insn,
        [ABI_INSN_SWITCH] = at_switch,
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
        if (kind == ABI_INSN_OTHER) {
            continue;
        }
        if (kind == ABI_INSN_CALL) {
            if (!abi->is_native(read_reg)) {
                continue;
            }
            param = pack_call(&code);
        }
        qemu_plugin_register_vcpu_insn_exec_cb(insn, callback_of[kind],
                                               QEMU_PLUGIN_CB_R_REGS,
                                               (void *)(uintptr_t)param);
    }
}

/* ---- Start and end ------------------------------------------------------- */

static void end_thread(SyscallsThread *thread, void *data)
{
    if (thread->in_call) {
        pair_end(thread, thread->call.vcpu, SYSCALLS_NO_RETURN, 0);
    }
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    thread_foreach(end_thread, NULL);
    for (unsigned int i = 0; i < n_vcpus; i++) {
        end_thread(vcpus[i].own, NULL);
    }
}

SyscallsThread *system_current_thread(unsigned int vcpu_index)
{
    return vcpu_index < n_vcpus ? vcpus[vcpu_index].thread : NULL;
}

bool system_start(qemu_plugin_id_t id, const qemu_info_t *info,
                  const SyscallsAbi *the_abi)
{
    abi = the_abi;
    on_switch = qemu_plugin_create_callback_handle(id, "on_thread_switch");
    if (!on_switch) {
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
