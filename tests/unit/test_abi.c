/*
 * test_abi.c: what syscalls/abi and osi_linux/arch know of architectures.
 *
 * Instructions are those of Debian's kernels: the bytes around
 * __switch_to_asm and cpu_switch_to, and on the ways out to user mode, of
 * the cloud flavours of 5.10, 6.1, 6.12 and 7.2.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#ifdef __x86_64__
#include <ucontext.h>
#endif

#include "abi/abi.h"
#include "arch/arch.h"
#include "plugin_stub.h"

#define KERNEL 0xffffffff81234560u
#define KERNEL_ARM 0xffffa4d7e1234560u
#define USER 0x401230u
#define STACK 0xffffc90000123e00u

static const SyscallsAbi *const x86 = &syscalls_abi_x86_64;
static const SyscallsAbi *const arm = &syscalls_abi_aarch64;

static uint64_t regs[ABI_N_REGS];
static int broken_reg = -1;

static bool read_reg(int reg, uint64_t *value)
{
    *value = regs[reg];
    return reg != broken_reg;
}

static void reset(void)
{
    memset(regs, 0, sizeof(regs));
    broken_reg = -1;
    stub_unmap_all();
}

static AbiInsn classify(const SyscallsAbi *abi, uint64_t vaddr,
                        const void *bytes, size_t size, uint64_t *param)
{
    AbiCode code = { .vaddr = vaddr, .size = size };

    memcpy(code.bytes, bytes, size);
    return abi->classify(&code, param);
}

/* ---- x86_64: instructions ------------------------------------------------ */

/* push %r15; mov %rsp,N(%rdi); mov N(%rsi),%rsp; mov M(%rsi),%rbx */
static const struct {
    uint8_t bytes[23];
    uint32_t offset;
} x86_switches[] = {
    { { 0x41, 0x57, 0x48, 0x89, 0xa7, 0x98, 0x13, 0, 0, 0x48, 0x8b, 0xa6,
        0x98, 0x13, 0, 0, 0x48, 0x8b, 0x9e, 0xc0, 0x08, 0, 0 }, 0x1398 },
    { { 0x41, 0x57, 0x48, 0x89, 0xa7, 0xd8, 0x14, 0, 0, 0x48, 0x8b, 0xa6,
        0xd8, 0x14, 0, 0, 0x48, 0x8b, 0x9e, 0x78, 0x09, 0, 0 }, 0x14d8 },
    { { 0x41, 0x57, 0x48, 0x89, 0xa7, 0x18, 0x15, 0, 0, 0x48, 0x8b, 0xa6,
        0x18, 0x15, 0, 0, 0x48, 0x8b, 0x9e, 0x88, 0x09, 0, 0 }, 0x1518 },
    { { 0x41, 0x57, 0x48, 0x89, 0xa7, 0xf8, 0x16, 0, 0, 0x48, 0x8b, 0xa6,
        0xf8, 0x16, 0, 0, 0x48, 0x8b, 0x9e, 0x00, 0x0b, 0, 0 }, 0x16f8 },
};

static void test_x86_switch(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(x86_switches); i++) {
        const uint8_t *b = x86_switches[i].bytes;
        uint8_t other[7];
        uint64_t param = 0;

        reset();
        stub_map(KERNEL, b, 23);
        g_assert_cmpint(classify(x86, KERNEL, b, 2, &param), ==,
                        ABI_INSN_OTHER);
        g_assert_cmpint(classify(x86, KERNEL + 2, b + 2, 7, &param), ==,
                        ABI_INSN_OTHER);
        g_assert_cmpint(classify(x86, KERNEL + 9, b + 9, 7, &param), ==,
                        ABI_INSN_SWITCH);
        g_assert_cmpuint(param, ==, x86_switches[i].offset);
        g_assert_cmpint(classify(x86, KERNEL + 16, b + 16, 7, &param), ==,
                        ABI_INSN_OTHER);
        /* another displacement, another place, nothing to be read there */
        memcpy(other, b + 9, 7);
        other[3] ^= 8;
        g_assert_cmpint(classify(x86, KERNEL + 9, other, 7, &param), ==,
                        ABI_INSN_OTHER);
        g_assert_cmpint(classify(x86, KERNEL + 8, b + 9, 7, &param), ==,
                        ABI_INSN_OTHER);
        stub_unmap_all();
        g_assert_cmpint(classify(x86, KERNEL + 9, b + 9, 7, &param), ==,
                        ABI_INSN_OTHER);
        /* a user's program may have the same bytes */
        stub_map(USER, b, 23);
        g_assert_cmpint(classify(x86, USER + 9, b + 9, 7, &param), ==,
                        ABI_INSN_OTHER);
    }
}

static void test_x86_insns(void)
{
    static const struct {
        uint64_t vaddr;
        AbiInsn insn;
        size_t size;
        uint8_t bytes[8];
    } cases[] = {
        { USER, ABI_INSN_CALL, 2, { 0x0f, 0x05 } },
        { USER, ABI_INSN_CALL, 3, { 0x48, 0x0f, 0x05 } },
        { USER, ABI_INSN_CALL, 4, { 0xf3, 0x2e, 0x0f, 0x05 } },
        { USER, ABI_INSN_OTHER, 3, { 0xf0, 0x0f, 0x05 } }, /* lock: #UD */
        { USER, ABI_INSN_OTHER, 2, { 0x0f, 0x34 } },       /* sysenter */
        { USER, ABI_INSN_OTHER, 2, { 0x0f, 0x0b } },       /* ud2 */
        { USER, ABI_INSN_OTHER, 2, { 0xcd, 0x80 } },       /* int $0x80 */
        { USER, ABI_INSN_OTHER, 1, { 0x90 } },
        { USER, ABI_INSN_OTHER, 0, { 0 } },
        { USER, ABI_INSN_OTHER, 5, { 0xb8, 0, 0, 0x0f, 0x05 } }, /* mov */
        { USER, ABI_INSN_OTHER, 3, { 0x48, 0x0f, 0x07 } },
        { USER, ABI_INSN_OTHER, 2, { 0x48, 0xcf } },
        { KERNEL, ABI_INSN_OTHER, 2, { 0x0f, 0x05 } },
        { KERNEL, ABI_INSN_EXIT, 3, { 0x48, 0x0f, 0x07 } },
        { KERNEL, ABI_INSN_EXIT_FRAME, 2, { 0x48, 0xcf } },
        { KERNEL, ABI_INSN_OTHER, 2, { 0x0f, 0x07 } }, /* sysretl */
        { KERNEL, ABI_INSN_OTHER, 1, { 0xcf } },       /* iret */
        { KERNEL, ABI_INSN_OTHER, 3, { 0x48, 0x89, 0xe7 } },
        { KERNEL, ABI_INSN_OTHER, 3, { 0x0f, 0x01, 0xf8 } },
        { KERNEL, ABI_INSN_OTHER, 0, { 0 } },
    };

    reset();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t param = 0;

        g_test_message("case %zu", i);
        g_assert_cmpint(classify(x86, cases[i].vaddr, cases[i].bytes,
                                 cases[i].size, &param), ==, cases[i].insn);
    }
}

/*
 * Where the user's page tables are loaded: on the way to sysretq, to iretq in
 * 5.10 and 6.1, to iretq in 6.12 and 7.2; and loads that are something else:
 * for an iretq by a frame of 16 bits, and at an exception's entry.
 */
static void test_x86_unmap(void)
{
    static const struct {
        uint8_t bytes[8];
        AbiInsn insn;
    } cases[] = {
        { { 0x0f, 0x22, 0xdf, 0x58, 0x5f, 0x5c, 0x0f, 0x01 },
          ABI_INSN_UNMAP },
        { { 0x0f, 0x22, 0xdf, 0x58, 0x5f, 0x0f, 0x01, 0xf8 },
          ABI_INSN_UNMAP_FRAME },
        { { 0x0f, 0x22, 0xdf, 0x58, 0x5f, 0xe9, 0x6e, 0xff },
          ABI_INSN_UNMAP_FRAME },
        { { 0x0f, 0x22, 0xdf, 0x58, 0x0f, 0x01, 0xf8, 0x5f },
          ABI_INSN_OTHER },
        { { 0x0f, 0x22, 0xdf, 0x90, 0x90, 0x90, 0x90, 0x90 },
          ABI_INSN_OTHER },
        { { 0x0f, 0x22, 0xd8, 0x58, 0x5f, 0x5c, 0x0f, 0x01 },
          ABI_INSN_OTHER },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const uint8_t *b = cases[i].bytes;
        uint64_t param = 0;

        g_test_message("case %zu", i);
        reset();
        stub_map(KERNEL, b, sizeof(cases[i].bytes));
        g_assert_cmpint(classify(x86, KERNEL, b, 3, &param), ==,
                        cases[i].insn);
        /* what follows cannot be read; user code, which may not run it */
        g_assert_cmpint(classify(x86, KERNEL + 0x1000, b, 3, &param), ==,
                        ABI_INSN_OTHER);
        stub_map(USER, b, sizeof(cases[i].bytes));
        g_assert_cmpint(classify(x86, USER, b, 3, &param), ==,
                        ABI_INSN_OTHER);
    }
}

/* `mov %rsp,%cr3`, and the stack pointer from a per-CPU variable. */
static void test_x86_entered(void)
{
    static const struct {
        size_t size;
        bool entered;
        uint8_t bytes[12];
    } cases[] = {
        { 9, true, { 0x0f, 0x22, 0xdc, 0x65, 0x48, 0x8b, 0x24, 0x25, 0x0c,
                     0x60, 0, 0 } }, /* 5.10, 6.1 */
        { 8, true, { 0x0f, 0x22, 0xdc, 0x65, 0x48, 0x8b, 0x25, 0x2d, 0x51,
                     0x23, 0x7e } }, /* 6.12, 7.2 */
        { 8, false, { 0x48, 0x89, 0xe7, 0x65, 0x48, 0x8b, 0x25, 0x92, 0x5e,
                      0x20, 0x7e } }, /* on the way out */
        { 8, false, { 0x0f, 0x22, 0xdc, 0x65, 0x48, 0x8b, 0x15, 0x2d, 0x51,
                      0x23, 0x7e } }, /* to rdx */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const uint8_t *b = cases[i].bytes;
        uint64_t param = 0;

        g_test_message("case %zu", i);
        reset();
        stub_map(KERNEL - 3, b, sizeof(cases[i].bytes));
        g_assert_cmpint(classify(x86, KERNEL, b + 3, cases[i].size, &param),
                        ==, cases[i].entered ? ABI_INSN_ENTERED
                                             : ABI_INSN_OTHER);
        stub_unmap_all();
        g_assert_cmpint(classify(x86, KERNEL, b + 3, cases[i].size, &param),
                        ==, ABI_INSN_OTHER);
    }
}

/* ---- x86_64: state ------------------------------------------------------- */

enum { RAX = ABI_REG_RET, RDI = ABI_REG_ARG0, RSI, RSP = ABI_REG_SP,
       RCX = ABI_REG_EXTRA0, CS = ABI_REG_EXTRA1 };

static void test_x86_exit(void)
{
    const uint64_t to_user[] = { USER, 0x33, 0x246, 0x7ffc1000, 0x2b };
    const uint64_t to_kernel[] = { KERNEL, 0x10, 0x246, STACK, 0x18 };
    AbiExit out;

    reset();
    regs[RSP] = 0x7ffc2000;
    regs[RAX] = (uint64_t)-ENOENT;
    regs[RCX] = USER;
    g_assert_true(x86->read_exit(read_reg, ABI_INSN_EXIT, &out));
    g_assert_true(out.to_user);
    g_assert_cmphex(out.pc, ==, USER);
    g_assert_false(out.has_sp);
    g_assert_cmphex(regs[out.sp_reg], ==, 0x7ffc2000);
    g_assert_cmpint((int64_t)out.ret, ==, -ENOENT);

    regs[RSP] = STACK;
    g_assert_false(x86->read_exit(read_reg, ABI_INSN_EXIT_FRAME, &out));
    stub_map(STACK, to_user, sizeof(to_user));
    g_assert_true(x86->read_exit(read_reg, ABI_INSN_EXIT_FRAME, &out));
    g_assert_true(out.to_user);
    g_assert_cmphex(out.pc, ==, USER);
    g_assert_true(out.has_sp);
    g_assert_cmphex(out.sp, ==, 0x7ffc1000);
    stub_map(STACK, to_kernel, sizeof(to_kernel));
    g_assert_true(x86->read_exit(read_reg, ABI_INSN_EXIT_FRAME, &out));
    g_assert_false(out.to_user);
    broken_reg = RSP;
    g_assert_false(x86->read_exit(read_reg, ABI_INSN_EXIT_FRAME, &out));
}

/* The same where the user's page tables are loaded: three are on the stack. */
static void test_x86_unmap_state(void)
{
    const uint64_t for_sysret[] = { (uint64_t)-ENOENT, 0x11, 0x7ffc2000 };
    const uint64_t for_iret[] = { 17, 0x11, USER, 0x33, 0x246, 0x7ffc1000,
                                  0x2b };
    const uint64_t to_kernel[] = { 17, 0x11, KERNEL, 0x10, 0x246, STACK };
    AbiExit out;

    reset();
    regs[RSP] = STACK;
    regs[RAX] = 0x123; /* the kernel's */
    regs[RCX] = USER;
    g_assert_false(x86->read_exit(read_reg, ABI_INSN_UNMAP, &out));
    stub_map(STACK, for_sysret, sizeof(for_sysret));
    g_assert_true(x86->read_exit(read_reg, ABI_INSN_UNMAP, &out));
    g_assert_true(out.to_user);
    g_assert_cmphex(out.pc, ==, USER);
    g_assert_true(out.has_sp);
    g_assert_cmphex(out.sp, ==, 0x7ffc2000);
    g_assert_cmpint((int64_t)out.ret, ==, -ENOENT);
    broken_reg = RCX;
    g_assert_false(x86->read_exit(read_reg, ABI_INSN_UNMAP, &out));

    reset();
    regs[RSP] = STACK;
    g_assert_false(x86->read_exit(read_reg, ABI_INSN_UNMAP_FRAME, &out));
    stub_map(STACK, for_iret, sizeof(for_iret));
    g_assert_true(x86->read_exit(read_reg, ABI_INSN_UNMAP_FRAME, &out));
    g_assert_true(out.to_user);
    g_assert_cmphex(out.pc, ==, USER);
    g_assert_true(out.has_sp);
    g_assert_cmphex(out.sp, ==, 0x7ffc1000);
    g_assert_cmpuint(out.ret, ==, 17);
    stub_map(STACK, to_kernel, sizeof(to_kernel));
    g_assert_true(x86->read_exit(read_reg, ABI_INSN_UNMAP_FRAME, &out));
    g_assert_false(out.to_user);
    broken_reg = RSP;
    g_assert_false(x86->read_exit(read_reg, ABI_INSN_UNMAP_FRAME, &out));
}

static void test_x86_switch_state(void)
{
    const uint64_t prev = 0xffff888001000000, next = 0xffff888002000000;
    const uint64_t sp = STACK + 0x4000;
    AbiSwitch sw;

    reset();
    regs[RDI] = prev;
    regs[RSI] = next;
    regs[RSP] = STACK;
    g_assert_false(x86->read_switch(read_reg, 0x1518, &sw));
    stub_map(next + 0x1518, &sp, sizeof(sp));
    g_assert_true(x86->read_switch(read_reg, 0x1518, &sw));
    g_assert_cmphex(sw.prev, ==, prev);
    g_assert_cmphex(sw.next, ==, next);
    g_assert_cmphex(sw.prev_sp, ==, STACK);
    g_assert_cmphex(sw.next_sp, ==, sp);
    broken_reg = RSI;
    g_assert_false(x86->read_switch(read_reg, 0x1518, &sw));
}

static void test_x86_native(void)
{
    static const struct {
        uint64_t cs;
        bool native;
    } cases[] = { { 0x33, true }, { 0x23, false }, { 0x10, false },
                  { 0, false }, { 0x7, false } };

    reset();
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        regs[CS] = cases[i].cs;
        g_assert_cmpint(x86->is_native(read_reg), ==, cases[i].native);
    }
    regs[CS] = 0x33;
    broken_reg = CS;
    g_assert_false(x86->is_native(read_reg));
}

/* A new stack: @popped words for the switch, then the user's registers. */
static void put_x86_child(int popped, uint64_t rip, uint64_t cs)
{
    uint64_t words[8 + 21];

    for (int i = 0; i < 29; i++) {
        words[i] = 1000 + i;
    }
    for (int i = 0; i < 21; i++) {
        words[popped + i] = 100 + i; /* r15 is 100 ... */
    }
    words[popped + 15] = 0xffffffff00000038; /* orig_rax */
    words[popped + 16] = rip;
    words[popped + 17] = cs;
    words[popped + 20] = 0x2b;
    stub_unmap_all();
    stub_map(STACK, words, (popped + 21) * 8);
}

static void test_x86_child(void)
{
    AbiChild child;

    reset();
    g_assert_false(x86->read_child(STACK, &child));
    for (int popped = 7; popped <= 8; popped++) {
        put_x86_child(popped, USER, 0x33);
        g_assert_true(x86->read_child(STACK, &child));
        g_assert_cmphex(child.pc, ==, USER);
        g_assert_cmpint(child.nr, ==, 56);
        g_assert_cmpuint(child.args[0], ==, 114); /* rdi */
        g_assert_cmpuint(child.args[1], ==, 113);
        g_assert_cmpuint(child.args[2], ==, 112);
        g_assert_cmpuint(child.args[3], ==, 107); /* r10 */
        g_assert_cmpuint(child.args[4], ==, 109);
        g_assert_cmpuint(child.args[5], ==, 108);
    }
    /* a kernel thread, a 32-bit program, kernel code */
    put_x86_child(7, 0, 0);
    g_assert_false(x86->read_child(STACK, &child));
    put_x86_child(7, USER, 0x23);
    g_assert_false(x86->read_child(STACK, &child));
    put_x86_child(7, KERNEL, 0x33);
    g_assert_false(x86->read_child(STACK, &child));
}

static bool read_user(unsigned int vcpu, uint64_t addr, void *buf, size_t len)
{
    return qemu_plugin_read_memory(addr, buf, len);
}

#ifdef __x86_64__
/* libc's description of what the kernel leaves on a stack. */
static void test_x86_frame(void)
{
    struct {
        uint64_t restorer;
        ucontext_t context;
    } frame;
    AbiFrame got;

    reset();
    memset(&frame, 0x5a, sizeof(frame));
    frame.context.uc_mcontext.gregs[REG_RAX] = -EINTR;
    frame.context.uc_mcontext.gregs[REG_RSP] = 0x7ffc3000;
    frame.context.uc_mcontext.gregs[REG_RIP] = USER;
    g_assert_false(x86->read_signal_frame(read_user, 0, 0x7ffc1000, &got));
    stub_map(0x7ffc1000, &frame, sizeof(frame));
    g_assert_true(x86->read_signal_frame(read_user, 0, 0x7ffc1000, &got));
    g_assert_cmphex(got.pc, ==, USER);
    g_assert_cmphex(got.sp, ==, 0x7ffc3000);
    g_assert_cmpint((int64_t)got.ret, ==, -EINTR);
}
#endif

/* ---- aarch64 ------------------------------------------------------------- */

enum { X0 = ABI_REG_ARG0, SP = ABI_REG_SP, X9 = ABI_REG_EXTRA0, ELR, SPSR,
       SP_EL0, CPSR };

static AbiInsn classify_word(uint64_t vaddr, uint32_t word)
{
    uint32_t le = GUINT32_TO_LE(word);
    uint64_t param = 0;

    return classify(arm, vaddr, &le, sizeof(le), &param);
}

static void test_arm_insns(void)
{
    /* cpu_switch_to from its `ldr x30,[x8]` on, the same in 6.12 and 7.2 */
    static const uint32_t code[] = { 0xf940011e, 0x9100013f, 0xd5184101,
                                     0xd503201f };

    reset();
    g_assert_cmpint(classify_word(USER, 0xd4000001), ==, ABI_INSN_CALL);
    g_assert_cmpint(classify_word(USER, 0xd41fffe1), ==, ABI_INSN_CALL);
    g_assert_cmpint(classify_word(USER, 0xd4000002), ==, ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(USER, 0xd4200001), ==, ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(USER, 0xd69f03e0), ==, ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(KERNEL_ARM, 0xd4000001), ==,
                    ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(KERNEL_ARM, 0xd69f03e0), ==,
                    ABI_INSN_EXIT);
    g_assert_cmpint(classify_word(KERNEL_ARM, 0xd503379f), ==,
                    ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(KERNEL_ARM + 4, code[1]), ==,
                    ABI_INSN_OTHER); /* cannot see what follows */
    for (size_t i = 0; i < G_N_ELEMENTS(code); i++) {
        uint32_t le = GUINT32_TO_LE(code[i]);

        stub_map(KERNEL_ARM + 4 * i, &le, sizeof(le));
    }
    g_assert_cmpint(classify_word(KERNEL_ARM, code[0]), ==, ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(KERNEL_ARM + 4, code[1]), ==,
                    ABI_INSN_SWITCH);
    g_assert_cmpint(classify_word(KERNEL_ARM + 8, code[2]), ==,
                    ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(KERNEL_ARM + 8, code[1]), ==,
                    ABI_INSN_OTHER); /* followed by something else */
}

/* `msr ttbr1_el1,x29; mrs x29,far_el1; eret`, the same in 6.12 and 7.2. */
static void test_arm_unmap(void)
{
    static const uint32_t code[] = { 0xd518203d, 0xd538601d, 0xd69f03e0 };

    reset();
    g_assert_cmpint(classify_word(KERNEL_ARM, code[0]), ==, ABI_INSN_OTHER);
    for (size_t i = 0; i < G_N_ELEMENTS(code); i++) {
        uint32_t le = GUINT32_TO_LE(code[i]);

        stub_map(KERNEL_ARM + 4 * i, &le, sizeof(le));
    }
    g_assert_cmpint(classify_word(KERNEL_ARM, code[0]), ==, ABI_INSN_UNMAP);
    g_assert_cmpint(classify_word(KERNEL_ARM + 4, code[1]), ==,
                    ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(KERNEL_ARM + 8, code[2]), ==,
                    ABI_INSN_EXIT);
    /* the entry's: `msr ttbr1_el1,x30` */
    g_assert_cmpint(classify_word(KERNEL_ARM, 0xd518203e), ==,
                    ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(KERNEL_ARM + 4, code[0]), ==,
                    ABI_INSN_OTHER);
}

/* `mov x0,xzr; mov x1,xzr; mov x2,xzr`: the first of them. */
static void test_arm_entered(void)
{
    static const uint32_t code[] = { 0xaa1f03e0, 0xaa1f03e1, 0xaa1f03e2 };

    reset();
    g_assert_cmpint(classify_word(KERNEL_ARM, code[0]), ==, ABI_INSN_OTHER);
    for (size_t i = 0; i < G_N_ELEMENTS(code); i++) {
        uint32_t le = GUINT32_TO_LE(code[i]);

        stub_map(KERNEL_ARM + 4 * i, &le, sizeof(le));
    }
    g_assert_cmpint(classify_word(KERNEL_ARM, code[0]), ==,
                    ABI_INSN_ENTERED);
    g_assert_cmpint(classify_word(KERNEL_ARM + 4, code[1]), ==,
                    ABI_INSN_OTHER);
    g_assert_cmpint(classify_word(USER, code[0]), ==, ABI_INSN_OTHER);
}

static void test_arm_exit(void)
{
    static const struct {
        uint64_t spsr;
        bool to_user;
    } cases[] = { { 0, true }, { 0x60000000, true }, { 0x10, true },
                  { 0x5, false }, { 0x4, false }, { 0x9, false } };
    AbiExit out;

    reset();
    regs[ELR] = USER;
    regs[SP_EL0] = 0x7ffc1000;
    regs[ABI_REG_RET] = 17;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        regs[SPSR] = cases[i].spsr;
        g_assert_true(arm->read_exit(read_reg, ABI_INSN_EXIT, &out));
        g_assert_cmpint(out.to_user, ==, cases[i].to_user);
    }
    regs[SPSR] = 0x80000000;
    g_assert_true(arm->read_exit(read_reg, ABI_INSN_EXIT, &out));
    g_assert_cmphex(out.pc, ==, USER);
    g_assert_false(out.has_sp);
    g_assert_cmphex(regs[out.sp_reg], ==, 0x7ffc1000);
    g_assert_cmpuint(out.ret, ==, 17);
    broken_reg = SPSR;
    g_assert_false(arm->read_exit(read_reg, ABI_INSN_EXIT, &out));
}

static void test_arm_switch_state(void)
{
    AbiSwitch sw;

    reset();
    regs[X0] = 0xffff000001000000;
    regs[X0 + 1] = 0xffff000002000000;
    regs[SP] = STACK;
    regs[X9] = STACK + 0x8000;
    g_assert_true(arm->read_switch(read_reg, 0, &sw));
    g_assert_cmphex(sw.prev, ==, 0xffff000001000000);
    g_assert_cmphex(sw.next, ==, 0xffff000002000000);
    g_assert_cmphex(sw.prev_sp, ==, STACK);
    g_assert_cmphex(sw.next_sp, ==, STACK + 0x8000);
    broken_reg = X9;
    g_assert_false(arm->read_switch(read_reg, 0, &sw));
}

static void test_arm_native(void)
{
    reset();
    regs[CPSR] = 0x60000000;
    g_assert_true(arm->is_native(read_reg));
    regs[CPSR] = 0x60000010;
    g_assert_false(arm->is_native(read_reg));
    broken_reg = CPSR;
    g_assert_false(arm->is_native(read_reg));
}

static void test_arm_child(void)
{
    uint64_t words[36];
    AbiChild child;

    reset();
    g_assert_false(arm->read_child(STACK, &child));
    for (int i = 0; i < 36; i++) {
        words[i] = 100 + i;
    }
    words[32] = USER;
    words[33] = 0x80000000;
    words[35] = 0x1234567800000000 | 220; /* what is above is another's */
    stub_map(STACK, words, sizeof(words));
    g_assert_true(arm->read_child(STACK, &child));
    g_assert_cmphex(child.pc, ==, USER);
    g_assert_cmpint(child.nr, ==, 220);
    g_assert_cmpuint(child.args[0], ==, 134);
    g_assert_cmpuint(child.args[5], ==, 105);
    words[33] = 5; /* EL1: a kernel thread */
    stub_map(STACK, words, sizeof(words));
    g_assert_false(arm->read_child(STACK, &child));
    words[33] = 0x10; /* 32 bits */
    stub_map(STACK, words, sizeof(words));
    g_assert_false(arm->read_child(STACK, &child));
    words[33] = 0;
    words[32] = KERNEL_ARM;
    stub_map(STACK, words, sizeof(words));
    g_assert_false(arm->read_child(STACK, &child));
}

/* uapi's structures of arm64, in these words. */
static void test_arm_frame(void)
{
    struct {
        uint8_t siginfo[128];
        struct {
            uint64_t flags, link;
            uint64_t stack[3];
            uint64_t mask[16]; /* 1024 bits with what is reserved */
            struct __attribute__((aligned(16))) {
                uint64_t fault_address, x[31], sp, pc, pstate;
            } context;
        } uc;
    } frame;
    AbiFrame got;

    reset();
    memset(&frame, 0x5a, sizeof(frame));
    frame.uc.context.x[0] = (uint64_t)-EINTR;
    frame.uc.context.sp = 0x7ffc3000;
    frame.uc.context.pc = USER;
    g_assert_false(arm->read_signal_frame(read_user, 0, 0x7ffc1000, &got));
    stub_map(0x7ffc1000, &frame, sizeof(frame));
    g_assert_true(arm->read_signal_frame(read_user, 0, 0x7ffc1000, &got));
    g_assert_cmphex(got.pc, ==, USER);
    g_assert_cmphex(got.sp, ==, 0x7ffc3000);
    g_assert_cmpint((int64_t)got.ret, ==, -EINTR);
}

/* ---- Ways out of the kernel ---------------------------------------------- */

typedef struct Way {
    const char *what;
    size_t before; /* bytes before the instruction */
    size_t size;
    uint8_t bytes[16];
} Way;

static const Way x86_ways[] = {
    { "5.10, 6.1: sysret", 3, 9,
      { 0x48, 0x89, 0xe7, 0x65, 0x48, 0x8b, 0x24, 0x25, 0x04, 0x60, 0, 0 } },
    { "6.12: sysret", 3, 8,
      { 0x48, 0x89, 0xe7, 0x65, 0x48, 0x8b, 0x25, 0x92, 0x5e, 0x20, 0x7e } },
    { "7.2: sysret", 3, 8,
      { 0x48, 0x89, 0xe7, 0x65, 0x48, 0x8b, 0x25, 0x92, 0xce, 0xca, 0x02 } },
    { "6.12, 7.2: iret", 4, 3,
      { 0x48, 0x83, 0xc4, 0x08, 0x0f, 0x01, 0xf8 } },
};

static const Way x86_no_ways[] = {
    { "entry: swapgs, then a per-CPU store", 3, 9,
      { 0x0f, 0x01, 0xf8, 0x65, 0x48, 0x89, 0x24, 0x25, 0x14, 0x60, 0, 0 } },
    { "entry: cr3 to rsp, per-CPU load", 3, 9,
      { 0x0f, 0x22, 0xdc, 0x65, 0x48, 0x8b, 0x24, 0x25, 0x0c, 0x60, 0, 0 } },
    { "sysret's swapgs behind pop %rsp", 3, 3,
      { 0x58, 0x5f, 0x5c, 0x0f, 0x01, 0xf8 } },
    { "per-CPU load of another register", 3, 9,
      { 0x48, 0x89, 0xe7, 0x65, 0x48, 0x8b, 0x04, 0x25, 0x04, 0x60, 0, 0 } },
};

static bool leaves(const OsiArch *arch, uint64_t vaddr, const Way *way)
{
    g_test_message("%s", way->what);
    stub_unmap_all();
    stub_map(vaddr - way->before, way->bytes, sizeof(way->bytes));
    return arch->is_leaving(vaddr, way->bytes + way->before, way->size);
}

static void test_x86_leaving(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(x86_ways); i++) {
        const Way *way = &x86_ways[i];

        g_assert_true(leaves(&osi_arch_x86_64, KERNEL, way));
        stub_unmap_all();
        g_assert_false(osi_arch_x86_64.is_leaving(
            KERNEL, way->bytes + way->before, way->size));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(x86_no_ways); i++) {
        g_assert_false(leaves(&osi_arch_x86_64, KERNEL, &x86_no_ways[i]));
    }
}

static void test_arm_leaving(void)
{
    /* msr elr_el1,x21; msr spsr_el1,x22, the same in 6.12 and 7.2 */
    static const Way way = { "kernel_exit", 0, 4,
                             { 0x35, 0x40, 0x18, 0xd5, 0x16, 0x40, 0x18,
                               0xd5 } };
    static const Way other = { "msr elr_el1,x21; msr spsr_el1,x1", 0, 4,
                               { 0x35, 0x40, 0x18, 0xd5, 0x01, 0x40, 0x18,
                                 0xd5 } };
    static const Way eret = { "eret", 0, 4, { 0xe0, 0x03, 0x9f, 0xd6 } };

    g_assert_true(leaves(&osi_arch_aarch64, KERNEL_ARM, &way));
    g_assert_false(leaves(&osi_arch_aarch64, KERNEL_ARM, &other));
    g_assert_false(leaves(&osi_arch_aarch64, KERNEL_ARM, &eret));
}

static void test_names(void)
{
    g_assert_true(syscalls_abi_find("x86_64") == x86);
    g_assert_true(syscalls_abi_find("aarch64") == arm);
    g_assert_null(syscalls_abi_find("i386"));
    g_assert_null(syscalls_abi_find("aarch64_be"));
    g_assert_null(syscalls_abi_find(""));
    g_assert_true(osi_arch_find("x86_64") == &osi_arch_x86_64);
    g_assert_true(osi_arch_find("aarch64") == &osi_arch_aarch64);
    g_assert_null(osi_arch_find("riscv64"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/abi/x86_64/switch", test_x86_switch);
    g_test_add_func("/abi/x86_64/insns", test_x86_insns);
    g_test_add_func("/abi/x86_64/unmap", test_x86_unmap);
    g_test_add_func("/abi/x86_64/entered", test_x86_entered);
    g_test_add_func("/abi/x86_64/exit", test_x86_exit);
    g_test_add_func("/abi/x86_64/unmap-state", test_x86_unmap_state);
    g_test_add_func("/abi/x86_64/switch-state", test_x86_switch_state);
    g_test_add_func("/abi/x86_64/native", test_x86_native);
    g_test_add_func("/abi/x86_64/child", test_x86_child);
#ifdef __x86_64__
    g_test_add_func("/abi/x86_64/frame", test_x86_frame);
#endif
    g_test_add_func("/abi/aarch64/insns", test_arm_insns);
    g_test_add_func("/abi/aarch64/unmap", test_arm_unmap);
    g_test_add_func("/abi/aarch64/entered", test_arm_entered);
    g_test_add_func("/abi/aarch64/exit", test_arm_exit);
    g_test_add_func("/abi/aarch64/switch-state", test_arm_switch_state);
    g_test_add_func("/abi/aarch64/native", test_arm_native);
    g_test_add_func("/abi/aarch64/child", test_arm_child);
    g_test_add_func("/abi/aarch64/frame", test_arm_frame);
    g_test_add_func("/abi/x86_64/leaving", test_x86_leaving);
    g_test_add_func("/abi/aarch64/leaving", test_arm_leaving);
    g_test_add_func("/abi/names", test_names);
    return g_test_run();
}
