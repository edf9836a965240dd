/*
 * x86_64.c: 64-bit system calls of x86-64 Linux.
 *
 * Facts and where they are from:
 *   `syscall` takes nr in eax, which entry_SYSCALL_64 sign-extends (Debian
 *   11's 5.10 still looked at all of rax), arguments in rdi, rsi, rdx, r10,
 *   r8, r9, and leaves the return address in rcx (Intel SDM, SYSCALL).
 *   The kernel returns to 64-bit user code by `sysretq` (target in rcx) or
 *   `iretq` (target in the frame at rsp: rip, cs, rflags, rsp, ss).  Under
 *   page-table isolation the frame is on the entry stack, which both page
 *   tables map, so it can be read there.
 *   Before, under page-table isolation only (SWITCH_TO_USER_CR3_STACK in
 *   arch/x86/entry/calling.h, since Linux 4.15), the user's tables are loaded
 *   by `mov %rdi,%cr3`.  Of the user's registers all but three are back;
 *   these are popped next: rax, rdi, and for sysretq rsp; for iretq there is
 *   its frame instead.
 *   entry_SYSCALL_64 takes its stack pointer from a per-CPU variable right
 *   behind `mov %rsp,%cr3`, which an isolated kernel runs and others jump
 *   over (SWITCH_TO_KERNEL_CR3, since Linux 4.15).
 *   __switch_to_asm (arch/x86/entry/entry_64.S, since Linux 4.9) saves rsp
 *   to prev (rdi) and loads it from next (rsi) in two adjacent instructions
 *   with the same displacement.
 *   The boot processor begins at f000:fff0, with a base of ffff0000, in real
 *   mode (CR0.PE is 0): after a reset, and when it wakes up from suspend to
 *   memory.  Others are started by the kernel, at an address below 1 MiB
 *   (SDM 3, 10.1.4, 9.4).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "abi.h"

#define RESET_VECTOR 0xfffffff0u
#define CR0_PE 1u

/* 64-bit user code's selectors (arch/x86/include/asm/segment.h). */
#define USER_CS 0x33
#define USER_DS 0x2b

#define REG_RCX ABI_REG_EXTRA0
#define REG_CS ABI_REG_EXTRA1
#define REG_CR0 ABI_REG_EXTRA2
#define REG_RSI (ABI_REG_ARG0 + 1)
#define REG_RDI ABI_REG_ARG0

static const char *const targets[] = { "x86_64", NULL };

static bool is_kernel(uint64_t vaddr)
{
    return vaddr >> 63;
}

/*
 * Prefixes that `syscall` may have and ignores: REX, operand size, segments,
 * rep (SDM 2, 2.1.1 and 2.2.1).  LOCK makes it undefined.
 */
static bool is_prefix(uint8_t byte)
{
    static const uint8_t legacy[] = { 0x66, 0xf2, 0xf3, 0x26, 0x2e, 0x36,
                                      0x3e, 0x64, 0x65, 0x67 };

    return (byte & 0xf0) == 0x40 || memchr(legacy, byte, sizeof(legacy));
}

static bool x86_64_is_call(const AbiCode *code)
{
    size_t n = code->size;

    if (n < 2 || code->bytes[n - 2] != 0x0f || code->bytes[n - 1] != 0x05) {
        return false;
    }
    for (size_t i = 0; i < n - 2; i++) {
        if (!is_prefix(code->bytes[i])) {
            return false;
        }
    }
    return true;
}

/*
 * `mov disp32(%rsi),%rsp` right behind `mov %rsp,disp32(%rdi)`.  The two may
 * be in different blocks, so the first is read from memory.
 */
static bool is_switch(const AbiCode *code, uint64_t *param)
{
    static const uint8_t save[] = { 0x48, 0x89, 0xa7 };
    static const uint8_t load[] = { 0x48, 0x8b, 0xa6 };
    uint8_t before[7];
    uint32_t disp;

    if (code->size != 7 || memcmp(code->bytes, load, sizeof(load)) != 0) {
        return false;
    }
    if (!qemu_plugin_read_memory(code->vaddr - sizeof(before), before,
                                 sizeof(before)) ||
        memcmp(before, save, sizeof(save)) != 0 ||
        memcmp(before + 3, code->bytes + 3, 4) != 0) {
        return false;
    }
    memcpy(&disp, code->bytes + 3, sizeof(disp));
    *param = GUINT32_FROM_LE(disp);
    return true;
}

/* Whether the @size bytes before @code are @bytes. */
static bool is_behind(const AbiCode *code, const uint8_t *bytes, size_t size)
{
    uint8_t before[8];

    return qemu_plugin_read_memory(code->vaddr - size, before, size) &&
           memcmp(before, bytes, size) == 0;
}

/*
 * `mov %gs:...,%rsp`: of 9 bytes absolute, of 8 relative to %rip; behind
 * `mov %rsp,%cr3`.
 */
static bool is_entered(const AbiCode *code)
{
    static const uint8_t cr3[] = { 0x0f, 0x22, 0xdc };
    const uint8_t *b = code->bytes;

    return code->size >= 8 && b[1] == 0x48 && b[2] == 0x8b &&
           ((b[3] == 0x24 && b[4] == 0x25) || b[3] == 0x25) &&
           is_behind(code, cr3, sizeof(cr3));
}

/* `mov %rdi,%cr3`, and behind it `pop %rax; pop %rdi`, perhaps `pop %rsp`. */
static AbiInsn classify_cr3(const AbiCode *code)
{
    static const uint8_t load[] = { 0x0f, 0x22, 0xdf };
    static const uint8_t pops[] = { 0x58, 0x5f };
    uint8_t next[3];

    if (code->size != sizeof(load) ||
        memcmp(code->bytes, load, sizeof(load)) != 0 ||
        !qemu_plugin_read_memory(code->vaddr + code->size, next,
                                 sizeof(next)) ||
        memcmp(next, pops, sizeof(pops)) != 0) {
        return ABI_INSN_OTHER;
    }
    return next[2] == 0x5c ? ABI_INSN_UNMAP : ABI_INSN_UNMAP_FRAME;
}

static AbiInsn classify_rex(const AbiCode *code, uint64_t *param)
{
    const uint8_t *b = code->bytes;

    if (code->size == 3 && b[1] == 0x0f && b[2] == 0x07) {
        return ABI_INSN_EXIT; /* sysretq */
    }
    if (code->size == 2 && b[1] == 0xcf) {
        return ABI_INSN_EXIT_FRAME; /* iretq */
    }
    return is_switch(code, param) ? ABI_INSN_SWITCH : ABI_INSN_OTHER;
}

static AbiInsn x86_64_classify(const AbiCode *code, uint64_t *param)
{
    const uint8_t *b = code->bytes;

    if (!is_kernel(code->vaddr)) {
        return x86_64_is_call(code) ? ABI_INSN_CALL
               : code->vaddr == RESET_VECTOR ? ABI_INSN_RESET
                                             : ABI_INSN_OTHER;
    }
    switch (b[0]) {
    case 0x0f:
        return classify_cr3(code);
    case 0x65:
        return is_entered(code) ? ABI_INSN_ENTERED : ABI_INSN_OTHER;
    case 0x48:
        return classify_rex(code, param);
    default:
        return ABI_INSN_OTHER;
    }
}

/* No other selector of Linux has the long-mode bit. */
static bool x86_64_is_native(AbiReadReg reg)
{
    uint64_t cs;

    return reg(REG_CS, &cs) && (cs & 0xffff) == USER_CS;
}

static bool x86_64_is_reset(AbiReadReg reg)
{
    uint64_t cr0;

    return reg(REG_CR0, &cr0) && !(cr0 & CR0_PE);
}

static bool read_stack(AbiReadReg reg, uint64_t *words, size_t size)
{
    uint64_t rsp;

    return reg(ABI_REG_SP, &rsp) && qemu_plugin_read_memory(rsp, words, size);
}

/* The frame of iretq: rip, cs, rflags, rsp. */
static void take_frame(const uint64_t *frame, AbiExit *out)
{
    out->pc = GUINT64_FROM_LE(frame[0]);
    out->to_user = (GUINT64_FROM_LE(frame[1]) & 3) == 3;
    out->has_sp = true;
    out->sp = GUINT64_FROM_LE(frame[3]);
}

static bool x86_64_read_exit(AbiReadReg reg, AbiInsn insn, AbiExit *out)
{
    uint64_t words[6];

    switch (insn) {
    case ABI_INSN_EXIT_FRAME:
        if (!read_stack(reg, words, 4 * sizeof(words[0]))) {
            return false;
        }
        take_frame(words, out);
        return reg(ABI_REG_RET, &out->ret);
    case ABI_INSN_UNMAP: /* rax, rdi, rsp */
        if (!read_stack(reg, words, 3 * sizeof(words[0]))) {
            return false;
        }
        out->to_user = true;
        out->ret = GUINT64_FROM_LE(words[0]);
        out->has_sp = true;
        out->sp = GUINT64_FROM_LE(words[2]);
        return reg(REG_RCX, &out->pc);
    case ABI_INSN_UNMAP_FRAME: /* rax, rdi, the frame */
        if (!read_stack(reg, words, sizeof(words))) {
            return false;
        }
        take_frame(words + 2, out);
        out->ret = GUINT64_FROM_LE(words[0]);
        return true;
    default:
        out->to_user = true;
        out->has_sp = false;
        out->sp_reg = ABI_REG_SP;
        return reg(REG_RCX, &out->pc) && reg(ABI_REG_RET, &out->ret);
    }
}

static bool x86_64_read_switch(AbiReadReg reg, uint64_t param, AbiSwitch *sw)
{
    uint64_t next_sp;

    if (!reg(REG_RDI, &sw->prev) || !reg(REG_RSI, &sw->next) ||
        !reg(ABI_REG_SP, &sw->prev_sp) ||
        !qemu_plugin_read_memory(sw->next + param, &next_sp,
                                 sizeof(next_sp))) {
        return false;
    }
    sw->next_sp = GUINT64_FROM_LE(next_sp);
    return true;
}

/*
 * The stack begins with what __switch_to_asm pops (struct
 * inactive_task_frame: 7 words, 8 in kernels that save the flags too, 5.1 to
 * 5.7), and ends with the pt_regs: r15 to r12, rbp, rbx, r11 to r8, rax, rcx,
 * rdx, rsi, rdi, orig_rax, rip, cs, rflags, rsp, ss.
 */
static bool x86_64_read_child(uint64_t sp, AbiChild *child)
{
    enum { R10 = 7, R9 = 8, R8 = 9, RDX = 12, RSI = 13, RDI = 14,
           ORIG_RAX = 15, RIP = 16, CS = 17, SS = 20, N_REGS = 21 };
    uint64_t regs[N_REGS];
    bool found = false;

    for (int popped = 7; popped <= 8 && !found; popped++) {
        found = qemu_plugin_read_memory(sp + popped * 8, regs,
                                        sizeof(regs)) &&
                GUINT64_FROM_LE(regs[CS]) == USER_CS &&
                GUINT64_FROM_LE(regs[SS]) == USER_DS;
    }
    if (!found || !regs[RIP] || is_kernel(GUINT64_FROM_LE(regs[RIP]))) {
        return false;
    }
    child->pc = GUINT64_FROM_LE(regs[RIP]);
    child->nr = (int32_t)GUINT64_FROM_LE(regs[ORIG_RAX]);
    child->args[0] = GUINT64_FROM_LE(regs[RDI]);
    child->args[1] = GUINT64_FROM_LE(regs[RSI]);
    child->args[2] = GUINT64_FROM_LE(regs[RDX]);
    child->args[3] = GUINT64_FROM_LE(regs[R10]);
    child->args[4] = GUINT64_FROM_LE(regs[R8]);
    child->args[5] = GUINT64_FROM_LE(regs[R9]);
    return true;
}

/*
 * struct rt_sigframe: the restorer's address (8 bytes), then a ucontext,
 * whose uc_mcontext is at 40 (uapi/asm/sigcontext.h, ucontext.h): r8 to r15,
 * rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip.
 */
static bool x86_64_read_signal_frame(AbiReadUser read, unsigned int vcpu,
                                     uint64_t sp, AbiFrame *frame)
{
    uint64_t regs[4]; /* rax, rcx, rsp, rip */

    if (!read(vcpu, sp + 8 + 40 + 13 * 8, regs, sizeof(regs))) {
        return false;
    }
    frame->ret = GUINT64_FROM_LE(regs[0]);
    frame->sp = GUINT64_FROM_LE(regs[2]);
    frame->pc = GUINT64_FROM_LE(regs[3]);
    return true;
}

const SyscallsAbi syscalls_abi_x86_64 = {
    .targets = targets,
    .name = "x86_64",
    .call_size = 2,
    .regs = { "rax", "rdi", "rsi", "rdx", "r10", "r8", "r9", "rax", "rsp",
              "rip", "rcx", "cs", "cr0" },
    .is_call = x86_64_is_call,
    .classify = x86_64_classify,
    .is_native = x86_64_is_native,
    .is_reset = x86_64_is_reset,
    .read_exit = x86_64_read_exit,
    .read_switch = x86_64_read_switch,
    .read_child = x86_64_read_child,
    .read_signal_frame = x86_64_read_signal_frame,
    .sigreturn_sp_offset = -8, /* the handler's `ret` popped the restorer */
};
