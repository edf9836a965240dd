/*
 * user.c: calls of one program, seen by QEMU's user-mode emulation.
 *
 * QEMU tells of a call and of its result, on any architecture; a thread is
 * a vCPU.  It does not tell where the call was made: that is noted by
 * instrumenting the call instruction, where the architecture is known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>
#include <unistd.h>

#include "catalog.h"
#include "pair.h"
#include "user.h"

/*
 * What QEMU's emulation answers internally and a program never sees (QEMU's
 * linux-user/generic/target_errno_defs.h): the call will be made again, and
 * rt_sigreturn has put the registers back.
 */
#define QEMU_ERESTARTSYS 512
#define QEMU_ESIGRETURN 513

typedef struct Vcpu {
    SyscallsThread *thread;
    uint64_t pc;  /* of the last call instruction; 0: not known */
    pid_t pid;    /* of the process that made the call in progress */
} Vcpu;

static const SyscallsAbi *abi; /* NULL: only what QEMU tells */
static unsigned int reg_bits;  /* of a register that carries an argument */
static GRWLock lock;           /* guards the array, not what it points to */
static GPtrArray *vcpus;

static Vcpu *vcpu_get(unsigned int index)
{
    Vcpu *vcpu = NULL;

    g_rw_lock_reader_lock(&lock);
    if (index < vcpus->len) {
        vcpu = vcpus->pdata[index];
    }
    g_rw_lock_reader_unlock(&lock);
    return vcpu;
}

static Vcpu *vcpu_make(unsigned int index)
{
    Vcpu *vcpu;

    g_rw_lock_writer_lock(&lock);
    while (vcpus->len <= index) {
        vcpu = g_new0(Vcpu, 1);
        vcpu->thread = thread_new(0);
        g_ptr_array_add(vcpus, vcpu);
    }
    vcpu = vcpus->pdata[index];
    g_rw_lock_writer_unlock(&lock);
    return vcpu;
}

static void end_call(Vcpu *vcpu, unsigned int index)
{
    if (!vcpu || !vcpu->thread->in_call) {
        return;
    }
    if (vcpu->pid == getpid()) {
        pair_end(vcpu->thread, index, SYSCALLS_NO_RETURN, 0);
    } else {
        /* A copy that fork made: the call is another process's. */
        vcpu->thread->in_call = false;
    }
}

static void on_vcpu_init(qemu_plugin_id_t id, unsigned int index)
{
    Vcpu *vcpu = vcpu_make(index);

    /* An index is used again when its thread has gone. */
    end_call(vcpu, index);
    thread_reset(vcpu->thread);
    vcpu->pc = 0;
}

static void on_vcpu_exit(qemu_plugin_id_t id, unsigned int index)
{
    end_call(vcpu_get(index), index);
}

/* QEMU sign-extends the registers of 32-bit guests, addresses too. */
static void take_args(SyscallsCall *call,
                      const uint64_t args[SYSCALLS_MAX_ARGS])
{
    for (int i = 0; i < SYSCALLS_MAX_ARGS; i++) {
        int kind = call->info ? call->info->args[i].kind : SYSCALLS_ARG_ULONG;
        bool is_signed = kind == SYSCALLS_ARG_INT ||
                         kind == SYSCALLS_ARG_LONG || kind == SYSCALLS_ARG_FD;

        call->args[i] = reg_bits == 32 && !is_signed ? (uint32_t)args[i]
                                                     : args[i];
    }
}

static void on_syscall(qemu_plugin_id_t id, unsigned int index, int64_t num,
                       uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                       uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    Vcpu *vcpu = vcpu_get(index);
    const uint64_t args[SYSCALLS_MAX_ARGS] = { a1, a2, a3, a4, a5, a6 };
    SyscallsCall *call;

    if (!vcpu) {
        vcpu = vcpu_make(index);
    }
    end_call(vcpu, index);
    call = &vcpu->thread->call;
    call->nr = (int32_t)num;
    call->info = catalog_lookup(call->nr);
    take_args(call, args);
    call->pc = vcpu->pc;
    call->vcpu = index;
    vcpu->pid = getpid();
    if (pair_enter(vcpu->thread, NULL)) {
        pair_entered(vcpu->thread); /* there is no kernel to be read */
    }
}

static void on_syscall_ret(qemu_plugin_id_t id, unsigned int index,
                           int64_t num, int64_t ret)
{
    Vcpu *vcpu = vcpu_get(index);
    SyscallsOutcome outcome = SYSCALLS_RETURNED;

    if (!vcpu || !vcpu->thread->in_call) {
        return;
    }
    if (ret == -QEMU_ERESTARTSYS) {
        outcome = SYSCALLS_RESTARTED;
    } else if (ret == -QEMU_ESIGRETURN) {
        outcome = SYSCALLS_NO_RETURN; /* QEMU does not tell the result */
    } else if (vcpu->pid != getpid()) {
        outcome = SYSCALLS_CHILD; /* fork has copied the call, and us */
    }
    pair_end(vcpu->thread, index, outcome, ret);
}

static void at_call(unsigned int index, void *vaddr)
{
    Vcpu *vcpu = vcpu_get(index);

    if (vcpu) {
        vcpu->pc = (uintptr_t)vaddr;
    }
}

static void on_tb_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    struct qemu_plugin_insn *insn;
    AbiCode code;

    if (n == 0) {
        return;
    }
    /* A call ends its block: the program counter moves. */
    insn = qemu_plugin_tb_get_insn(tb, n - 1);
    code.size = qemu_plugin_insn_data(insn, code.bytes, sizeof(code.bytes));
    code.vaddr = qemu_plugin_insn_vaddr(insn);
    if (abi->is_call(&code)) {
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, at_call, QEMU_PLUGIN_CB_NO_REGS,
            (void *)(uintptr_t)code.vaddr);
    }
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    for (guint i = 0; i < vcpus->len; i++) {
        end_call(vcpu_get(i), i);
    }
}

SyscallsThread *user_current_thread(unsigned int vcpu_index)
{
    Vcpu *vcpu = vcpu_get(vcpu_index);

    return vcpu ? vcpu->thread : NULL;
}

bool user_start(qemu_plugin_id_t id, const SyscallsAbi *the_abi,
                const SyscallsTable *table)
{
    abi = the_abi;
    reg_bits = table ? table->reg_bits : 64;
    vcpus = g_ptr_array_new();
    qemu_plugin_register_vcpu_init_cb(id, on_vcpu_init);
    qemu_plugin_register_vcpu_exit_cb(id, on_vcpu_exit);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    qemu_plugin_register_vcpu_syscall_ret_cb(id, on_syscall_ret);
    qemu_plugin_register_atexit_cb(id, on_atexit, NULL);
    if (abi->is_call) {
        qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb_trans);
    }
    return true;
}
