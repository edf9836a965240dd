/*
 * aarch64.c: 64-bit system calls of arm64 Linux.
 *
 * Facts and where they are from:
 *   `svc` with any immediate is a system call (arch/arm64/kernel/entry*),
 *   nr in w8, arguments in x0 to x5, result in x0.
 *   Each entry from user mode, and none from the kernel, clears x0 to x29 in
 *   this order once they are saved (clear_gp_regs in kernel_entry,
 *   arch/arm64/kernel/entry.S, since Linux 4.17); with page-table isolation
 *   the kernel's tables are back by then.
 *   `eret` returns from EL1 to the exception level in SPSR_EL1.M, at ELR_EL1
 *   (Arm ARM, D1.11).  M[3:0] is 0 for EL0t; M[4] set is AArch32.
 *   Under page-table isolation the kernel goes there through a trampoline
 *   (tramp_exit in arch/arm64/kernel/entry.S), which takes the kernel's
 *   tables away by `msr ttbr1_el1, x29` and then restores x29 from far_el1.
 *   All other registers, also SPSR_EL1 and ELR_EL1, are as at its `eret`.
 *   cpu_switch_to (arch/arm64/kernel/entry.S) has prev in x0, next in x1,
 *   and moves its stack by `mov sp, x9` directly before `msr sp_el0, x1`.
 *   After a reset the boot processor begins at 0, where firmware is, or,
 *   under QEMU's -kernel, with QEMU's own few instructions that load the
 *   kernel's arguments: `ldr x0, .+24; mov x1, xzr; mov x2, xzr`, at the start
 *   of a page (hw/arm/boot.c).  Others are started by the kernel, through
 *   PSCI, at an address of its choice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "abi.h"

#define REG_X9 ABI_REG_EXTRA0
#define REG_ELR ABI_REG_EXTRA1
#define REG_SPSR ABI_REG_EXTRA2
#define REG_SP_EL0 ABI_REG_EXTRA3
#define REG_CPSR ABI_REG_EXTRA4

#define INSN_SVC 0xd4000001u
#define INSN_SVC_MASK 0xffe0001fu
#define INSN_ERET 0xd69f03e0u
#define INSN_MOV_X0_XZR 0xaa1f03e0u
#define INSN_MSR_TTBR1_X29 0xd518203du
#define INSN_MRS_X29_FAR 0xd538601du
#define INSN_MOV_SP_X9 0x9100013fu
#define INSN_MSR_SP_EL0_X1 0xd5184101u
#define INSN_LDR_X0_24 0x580000c0u
#define INSN_MOV_X1_XZR 0xaa1f03e1u
#define INSN_MOV_X2_XZR 0xaa1f03e2u

static const char *const targets[] = { "aarch64", NULL };

static uint32_t word(const uint8_t *bytes)
{
    uint32_t w;

    memcpy(&w, bytes, sizeof(w));
    return GUINT32_FROM_LE(w);
}

static bool aarch64_is_call(const AbiCode *code)
{
    return code->size == 4 &&
           (word(code->bytes) & INSN_SVC_MASK) == INSN_SVC;
}

/* Whether @code is @insn, and @next the instruction behind it. */
static bool is_pair(const AbiCode *code, uint32_t insn, uint32_t next)
{
    uint8_t bytes[4];

    return word(code->bytes) == insn &&
           qemu_plugin_read_memory(code->vaddr + 4, bytes, sizeof(bytes)) &&
           word(bytes) == next;
}

static bool is_reset_entry(const AbiCode *code)
{
    uint8_t next[8];

    return code->vaddr == 0 ||
           (word(code->bytes) == INSN_LDR_X0_24 &&
            (code->vaddr & 0xfff) == 0 &&
            qemu_plugin_read_memory(code->vaddr + 4, next, sizeof(next)) &&
            word(next) == INSN_MOV_X1_XZR &&
            word(next + 4) == INSN_MOV_X2_XZR);
}

static AbiInsn aarch64_classify(const AbiCode *code, uint64_t *param)
{
    bool kernel = code->vaddr >> 63;

    if (code->size != 4) {
        return ABI_INSN_OTHER;
    }
    if (!kernel) {
        return aarch64_is_call(code) ? ABI_INSN_CALL
               : is_reset_entry(code) ? ABI_INSN_RESET : ABI_INSN_OTHER;
    }
    if (word(code->bytes) == INSN_ERET) {
        return ABI_INSN_EXIT;
    }
    if (is_pair(code, INSN_MOV_X0_XZR, INSN_MOV_X1_XZR)) {
        return ABI_INSN_ENTERED;
    }
    if (is_pair(code, INSN_MSR_TTBR1_X29, INSN_MRS_X29_FAR)) {
        return ABI_INSN_UNMAP;
    }
    return is_pair(code, INSN_MOV_SP_X9, INSN_MSR_SP_EL0_X1)
               ? ABI_INSN_SWITCH : ABI_INSN_OTHER;
}

/* PSTATE.nRW, which says AArch32 (Arm ARM, C5.2.18). */
static bool aarch64_is_native(AbiReadReg reg)
{
    uint64_t cpsr;

    return reg(REG_CPSR, &cpsr) && !(cpsr & 0x10);
}

/* PSTATE.EL: not user mode. */
static bool aarch64_is_reset(AbiReadReg reg)
{
    uint64_t cpsr;

    return reg(REG_CPSR, &cpsr) && (cpsr & 0xc);
}

static bool aarch64_read_exit(AbiReadReg reg, AbiInsn insn, AbiExit *out)
{
    uint64_t spsr;

    if (!reg(REG_SPSR, &spsr)) {
        return false;
    }
    out->to_user = (spsr & 0xf) == 0;
    out->has_sp = false;
    out->sp_reg = REG_SP_EL0;
    return !out->to_user ||
           (reg(REG_ELR, &out->pc) && reg(ABI_REG_RET, &out->ret));
}

static bool aarch64_read_switch(AbiReadReg reg, uint64_t param, AbiSwitch *sw)
{
    return reg(ABI_REG_ARG0, &sw->prev) && reg(ABI_REG_ARG0 + 1, &sw->next) &&
           reg(ABI_REG_SP, &sw->prev_sp) && reg(REG_X9, &sw->next_sp);
}

/*
 * The stack is nothing but the pt_regs (copy_thread sets the saved sp to
 * them): x0 to x30, sp, pc, pstate, orig_x0, syscallno in 32 bits.
 */
static bool aarch64_read_child(uint64_t sp, AbiChild *child)
{
    enum { PC = 32, PSTATE = 33, ORIG_X0 = 34, SYSCALLNO = 35, N_REGS = 36 };
    uint64_t regs[N_REGS];
    uint64_t pstate;

    if (!qemu_plugin_read_memory(sp, regs, sizeof(regs))) {
        return false;
    }
    child->pc = GUINT64_FROM_LE(regs[PC]);
    pstate = GUINT64_FROM_LE(regs[PSTATE]);
    if ((pstate & 0x1f) != 0 || child->pc >> 63 || !child->pc) {
        return false;
    }
    child->nr = (int32_t)GUINT64_FROM_LE(regs[SYSCALLNO]);
    child->args[0] = GUINT64_FROM_LE(regs[ORIG_X0]);
    for (int i = 1; i < SYSCALLS_MAX_ARGS; i++) {
        child->args[i] = GUINT64_FROM_LE(regs[i]);
    }
    return true;
}

/*
 * struct rt_sigframe: a siginfo (128 bytes), then a ucontext: flags, link,
 * stack (40 bytes), a sigset padded to 128 bytes, and 16-byte aligned the
 * sigcontext: fault_address, x0 to x30, sp, pc (uapi/asm/sigcontext.h).
 */
static bool aarch64_read_signal_frame(AbiReadUser read, unsigned int vcpu,
                                      uint64_t sp, AbiFrame *frame)
{
    const uint64_t context = sp + 128 + 176;
    uint64_t x0, regs[2]; /* sp, pc */

    if (!read(vcpu, context + 8, &x0, sizeof(x0)) ||
        !read(vcpu, context + 8 + 31 * 8, regs, sizeof(regs))) {
        return false;
    }
    frame->ret = GUINT64_FROM_LE(x0);
    frame->sp = GUINT64_FROM_LE(regs[0]);
    frame->pc = GUINT64_FROM_LE(regs[1]);
    return true;
}

const SyscallsAbi syscalls_abi_aarch64 = {
    .targets = targets,
    .name = "aarch64",
    .call_size = 4,
    .regs = { "x8", "x0", "x1", "x2", "x3", "x4", "x5", "x0", "sp", "pc", "x9",
              "ELR_EL1", "SPSR_EL1", "SP_EL0", "cpsr" },
    .is_call = aarch64_is_call,
    .classify = aarch64_classify,
    .is_native = aarch64_is_native,
    .is_reset = aarch64_is_reset,
    .read_exit = aarch64_read_exit,
    .read_switch = aarch64_read_switch,
    .read_child = aarch64_read_child,
    .read_signal_frame = aarch64_read_signal_frame,
    .sigreturn_sp_offset = 0,
};
