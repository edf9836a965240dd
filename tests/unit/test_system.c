/*
 * test_system.c: calls of a whole guest (syscalls/system.c): instructions
 * are translated and run on made-up vCPUs, by a made-up ABI whose
 * instructions are letters and whose facts are in registers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "catalog.h"
#include "pair.h"
#include "plugin_stub.h"
#include "system.h"

#define REG_EXIT_PC ABI_REG_EXTRA0
#define REG_TO_USER ABI_REG_EXTRA1
#define REG_PREV ABI_REG_EXTRA2
#define REG_NEXT ABI_REG_EXTRA3
#define REG_NEXT_SP ABI_REG_EXTRA4

#define PC 0x401000u
#define SIZE 4u
#define NR_READ 0
#define NR_CLONE 56
#define NR_EXIT 60
#define N_VCPUS 2

static bool native = true;
static bool real_mode; /* no user program runs */
static AbiInsn exit_insn; /* that read_exit was last called at */
static uint64_t child_sp; /* a new stack here holds a child's registers */

static AbiInsn classify(const AbiCode *code, uint64_t *param)
{
    switch (code->bytes[0]) {
    case 'C':
        return ABI_INSN_CALL;
    case 'X':
        return ABI_INSN_EXIT;
    case 'F':
        return ABI_INSN_EXIT_FRAME;
    case 'K':
        return ABI_INSN_ENTERED;
    case 'U':
        return ABI_INSN_UNMAP;
    case 'V':
        return ABI_INSN_UNMAP_FRAME;
    case 'S':
        *param = 0x55;
        return ABI_INSN_SWITCH;
    case 'R':
        return ABI_INSN_RESET;
    default:
        return ABI_INSN_OTHER;
    }
}

static bool is_native(AbiReadReg reg)
{
    return native;
}

static bool is_reset(AbiReadReg reg)
{
    return real_mode;
}

static bool read_exit(AbiReadReg reg, AbiInsn insn, AbiExit *out)
{
    uint64_t to_user;

    exit_insn = insn;
    if (!reg(REG_TO_USER, &to_user) || !reg(REG_EXIT_PC, &out->pc) ||
        !reg(ABI_REG_RET, &out->ret)) {
        return false;
    }
    out->to_user = to_user;
    out->has_sp = false;
    out->sp_reg = ABI_REG_SP;
    return true;
}

static bool read_switch(AbiReadReg reg, uint64_t param, AbiSwitch *sw)
{
    g_assert_cmpuint(param, ==, 0x55);
    return reg(REG_PREV, &sw->prev) && reg(REG_NEXT, &sw->next) &&
           reg(ABI_REG_SP, &sw->prev_sp) && reg(REG_NEXT_SP, &sw->next_sp);
}

static bool read_child(uint64_t sp, AbiChild *child)
{
    *child = (AbiChild){ PC + SIZE, NR_CLONE, { 1, 2, 3 } };
    return sp == child_sp;
}

static const SyscallsAbi fake_abi = {
    .name = "fake",
    .call_size = SIZE,
    .regs = { "nr", "a0", "a1", "a2", "a3", "a4", "a5", "ret", "sp", "pc",
              "exit_pc", "to_user", "prev", "next", "next_sp" },
    .classify = classify,
    .is_native = is_native,
    .is_reset = is_reset,
    .read_exit = read_exit,
    .read_switch = read_switch,
    .read_child = read_child,
};

/* ---- What is told -------------------------------------------------------- */

typedef struct Told {
    /* e: enter, k: entered, r: return, s: switch, b: reboot */
    char kind;
    SyscallsReboot reboot;
    SyscallsCall call;
    SyscallsSwitch sw;
} Told;

static const char *wanted; /* the event of entering that is registered for */
static Told told[64];
static unsigned int n_told;

static void on_run(const char *name, void *evdata)
{
    Told t = { 0 };

    if (strcmp(name, "on_all_sys_enter") == 0) {
        t.kind = 'e';
        t.call = *(SyscallsCall *)evdata;
    } else if (strcmp(name, wanted ? wanted : "") == 0) {
        t.kind = 'k';
        t.call = *(SyscallsCall *)evdata;
    } else if (strcmp(name, "on_all_sys_return") == 0) {
        t.kind = 'r';
        t.call = *(SyscallsCall *)evdata;
    } else if (strcmp(name, "on_thread_switch") == 0) {
        t.kind = 's';
        t.sw = *(SyscallsSwitch *)evdata;
    } else if (strcmp(name, "on_reboot") == 0) {
        t.kind = 'b';
        t.reboot = *(SyscallsReboot *)evdata;
        g_assert_null(system_current_thread(t.reboot.vcpu));
    } else {
        return; /* of one call by name */
    }
    g_assert_cmpuint(n_told, <, G_N_ELEMENTS(told));
    told[n_told++] = t;
}

/* What was told since the last call of this, as letters. */
static void check_told(const char *letters)
{
    char got[G_N_ELEMENTS(told) + 1] = { 0 };

    for (unsigned int i = 0; i < n_told; i++) {
        got[i] = told[i].kind;
    }
    g_assert_cmpstr(got, ==, letters);
    n_told = 0; /* told[] stays, to be looked at */
}

/* ---- A guest ------------------------------------------------------------- */

static StubExec *insn(char letter, uint64_t vaddr)
{
    const char bytes[SIZE] = { letter };

    return stub_translate(vaddr, bytes, sizeof(bytes));
}

static void call(unsigned int vcpu, int64_t nr)
{
    g_autofree StubExec *exec = insn('C', PC);

    stub_set_reg("nr", (uint64_t)nr);
    stub_set_reg("pc", PC);
    for (int i = 0; i < SYSCALLS_MAX_ARGS; i++) {
        g_autofree char *name = g_strdup_printf("a%d", i);

        stub_set_reg(name, 10 + i);
    }
    stub_exec(exec, vcpu);
}

static void leave(unsigned int vcpu, char letter, bool to_user, uint64_t ret)
{
    g_autofree StubExec *exec = insn(letter, 0xffffffff81000000);

    stub_set_reg("exit_pc", PC + SIZE);
    stub_set_reg("to_user", to_user);
    stub_set_reg("ret", ret);
    stub_exec(exec, vcpu);
}

static void reset(unsigned int vcpu)
{
    g_autofree StubExec *exec = insn('R', 0xfffffff0);

    stub_exec(exec, vcpu);
}

static void want(const char *event)
{
    wanted = event;
    stub_want(event);
}

/* The kernel's entry. */
static void entered(unsigned int vcpu)
{
    g_autofree StubExec *exec = insn('K', 0xffffffff81000200);

    g_assert_nonnull(exec);
    stub_exec(exec, vcpu);
}

/* @prev, on kernel stack @sp, gives way to @next, which was left at @at. */
static void switch_to(unsigned int vcpu, uint64_t prev, uint64_t sp,
                      uint64_t next, uint64_t at)
{
    g_autofree StubExec *exec = insn('S', 0xffffffff81000100);

    stub_set_reg("prev", prev);
    stub_set_reg("sp", sp);
    stub_set_reg("next", next);
    stub_set_reg("next_sp", at);
    stub_exec(exec, vcpu);
}

/* Each test has tasks of its own: records live as long as a boot. */
static uint64_t new_task(void)
{
    static uint64_t task = 0xffff888000000000;

    return task += 0x4000;
}

/* Who runs there; before the first switch, somebody. */
static uint64_t running(unsigned int vcpu)
{
    SyscallsThread *thread = system_current_thread(vcpu);

    return thread ? syscalls_thread_task(thread) : new_task();
}

/* ---- Tests --------------------------------------------------------------- */

/* Runs first: no switch has been seen yet. */
static void test_without_thread(void)
{
    g_assert_null(system_current_thread(0));
    g_assert_null(system_current_thread(N_VCPUS));
    call(0, NR_READ);
    leave(0, 'X', true, 7);
    check_told("er");
    g_assert_cmpint(told[1].call.ret, ==, 7);
    g_assert_cmpint(told[1].call.outcome, ==, SYSCALLS_RETURNED);
    g_assert_nonnull(told[0].call.thread);
    g_assert_cmpuint(syscalls_thread_task(told[0].call.thread), ==, 0);
    /* each vCPU has a record of its own */
    call(1, NR_READ);
    g_assert_true(told[0].call.thread != NULL);
    check_told("e");
    leave(0, 'X', true, 0);
    check_told("");
    leave(1, 'F', true, 0);
    check_told("r");
}

static void test_call(void)
{
    uint64_t a = new_task();

    switch_to(0, running(0), 0x100, a, 0x200);
    check_told("s");
    call(0, 0x100000000 + NR_READ); /* 32 bits count */
    check_told("e");
    g_assert_cmpint(told[0].call.nr, ==, NR_READ);
    g_assert_cmpstr(told[0].call.info->name, ==, "read");
    g_assert_cmpuint(told[0].call.args[2], ==, 12);
    g_assert_cmpuint(told[0].call.args[3], ==, 0); /* it takes three */
    g_assert_cmpuint(told[0].call.pc, ==, PC);
    g_assert_cmpuint(syscalls_thread_task(told[0].call.thread), ==, a);
    g_assert_true(system_current_thread(0) == told[0].call.thread);
    leave(0, 'F', false, 1); /* an interrupt returns into the kernel */
    check_told("");
    leave(0, 'F', true, 2);
    check_told("r");
    g_assert_cmpint(told[0].call.ret, ==, 2);
    leave(0, 'X', true, 3); /* an interrupt returns to the user */
    check_told("");
    call(0, -1);
    check_told("e");
    g_assert_cmpint(told[0].call.nr, ==, -1);
    g_assert_cmpuint(told[0].call.args[5], ==, 15); /* unknown: all */
    leave(0, 'X', true, 0);
    check_told("r");
}

/* The way out takes the kernel's memory away first: that is the return. */
static void test_isolated(void)
{
    static const struct {
        char first, second;
        AbiInsn insn;
    } ways[] = { { 'U', 'X', ABI_INSN_UNMAP },
                 { 'V', 'F', ABI_INSN_UNMAP_FRAME } };

    switch_to(0, running(0), 0x100, new_task(), 0x200);
    check_told("s");
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        call(0, NR_READ);
        check_told("e");
        leave(0, ways[i].first, true, 2);
        check_told("r");
        g_assert_cmpint(exit_insn, ==, ways[i].insn);
        g_assert_cmpint(told[0].call.ret, ==, 2);
        leave(0, ways[i].second, true, 3);
        check_told("");
        g_assert_cmpint(exit_insn, ==, ways[i].insn);
    }
}

/* The kernel can be read at the call: it is told at once that it can. */
static void test_entered_at_once(void)
{
    const uint64_t task = new_task(), word = 1;

    want("on_all_sys_entered");
    stub_map(task, &word, sizeof(word));
    switch_to(0, running(0), 0x100, task, 0x200);
    check_told("s");
    call(0, NR_READ);
    check_told("ek");
    g_assert_cmpuint(told[1].call.id, ==, told[0].call.id);
    g_assert_cmpint(told[1].call.outcome, ==, SYSCALLS_PENDING);
    entered(0);
    check_told("");
    leave(0, 'X', true, 0);
    check_told("r");
    call(0, NR_EXIT);
    check_told("ekr");
    stub_unmap_all();
    want(NULL);
}

/* It cannot: that is told where the kernel is entered. */
static void test_entered(void)
{
    uint64_t a = new_task();

    want("on_all_sys_entered");
    switch_to(0, running(0), 0x100, a, 0x200);
    entered(0); /* it has made no call */
    check_told("s");
    call(0, NR_READ);
    check_told("e");
    entered(1); /* another's */
    check_told("");
    entered(0);
    check_told("k");
    g_assert_cmpuint(told[0].call.args[2], ==, 12);
    g_assert_cmpuint(syscalls_thread_task(told[0].call.thread), ==, a);
    entered(0); /* an interrupt's, on its way out */
    check_told("");
    leave(0, 'U', true, 0);
    check_told("r");
    /* an exit is over when the kernel has been entered */
    call(0, NR_EXIT);
    check_told("e");
    entered(0);
    check_told("kr");
    g_assert_cmpint(told[1].call.outcome, ==, SYSCALLS_NO_RETURN);
    want(NULL);
}

/* The entry is not found: exactly one all the same, before the return. */
static void test_entry_not_found(void)
{
    want("on_read_entered");
    switch_to(0, running(0), 0x100, new_task(), 0x200);
    check_told("s");
    call(0, NR_READ);
    check_told("e");
    leave(0, 'X', true, 9);
    check_told("kr");
    g_assert_cmpint(told[0].call.outcome, ==, SYSCALLS_PENDING);
    g_assert_cmpint(told[1].call.ret, ==, 9);
    call(0, NR_CLONE); /* of another name */
    leave(0, 'X', true, 9);
    check_told("er");
    want(NULL);
}

/* Nobody wants to know, and then somebody does. */
static void test_entered_later(void)
{
    unsigned int before = stub_retranslations();

    switch_to(0, running(0), 0x100, new_task(), 0x200);
    check_told("s");
    g_assert_null(insn('K', 0xffffffff81000200));
    call(0, NR_READ);
    leave(0, 'X', true, 0);
    check_told("er");
    g_assert_cmpuint(stub_retranslations(), ==, before);
    want("on_all_sys_entered");
    call(0, NR_READ);
    g_assert_cmpuint(stub_retranslations(), ==, before + 1);
    leave(0, 'X', true, 0);
    check_told("ekr");
    call(0, NR_READ);
    g_assert_cmpuint(stub_retranslations(), ==, before + 1);
    entered(0);
    check_told("ek");
    leave(0, 'X', true, 0);
    check_told("r");
    want(NULL);
}

/* In a call when it is switched out, and goes on elsewhere. */
static void test_migrates(void)
{
    uint64_t a = new_task(), b = new_task(), c = new_task();
    SyscallsThread *thread;

    switch_to(0, running(0), 0x100, a, 0x200);
    g_assert_true(told[0].sw.next_is_new);
    thread = told[0].sw.next;
    check_told("s");
    call(0, NR_READ);
    switch_to(0, a, 0x250, b, 0x300);
    check_told("es");
    g_assert_true(told[1].sw.prev == thread);
    g_assert_cmpuint(told[1].sw.vcpu, ==, 0);
    leave(0, 'X', true, 5); /* that is b, which made no call */
    check_told("");
    call(0, NR_READ);
    switch_to(1, c, 0x400, a, 0x250);
    check_told("es");
    g_assert_false(told[1].sw.next_is_new);
    g_assert_true(told[1].sw.next == thread);
    leave(1, 'X', true, 6);
    check_told("r");
    g_assert_cmpint(told[0].call.ret, ==, 6);
    g_assert_cmpuint(told[0].call.vcpu, ==, 0);
    g_assert_cmpuint(told[0].call.return_vcpu, ==, 1);
    g_assert_true(told[0].call.thread == thread);
    leave(0, 'X', true, 8);
    check_told("r");
    g_assert_cmpuint(syscalls_thread_task(told[0].call.thread), ==, b);
}

static int n_destroyed;

static void destroy(void *value)
{
    n_destroyed++;
}

/* Its task_struct is another thread's before its call has ended. */
static void test_taken_over(void)
{
    uint64_t a = new_task(), b = running(0);
    int slot = syscalls_slot_new(destroy);
    SyscallsThread *thread;

    switch_to(0, b, 0x100, a, 0x200);
    thread = told[0].sw.next;
    check_told("s");
    *syscalls_slot(thread, slot) = &n_destroyed;
    call(0, NR_READ);
    switch_to(0, a, 0x250, b, 0x100);
    check_told("es");
    switch_to(0, b, 0x100, a, 0x700);
    check_told("rs");
    g_assert_cmpint(told[0].call.outcome, ==, SYSCALLS_NO_RETURN);
    g_assert_true(told[1].sw.next_is_new);
    g_assert_true(told[1].sw.next == thread);
    g_assert_cmpint(n_destroyed, ==, 1);
    g_assert_null(*syscalls_slot(thread, slot));
    leave(0, 'X', true, 0);
    check_told("");
}

/* Never seen to be switched out, wherever it goes on. */
static void test_new(void)
{
    uint64_t a = new_task();

    switch_to(0, running(0), 0x100, a, 0);
    g_assert_true(told[0].sw.next_is_new);
    switch_to(1, running(1), 0x100, a, 0);
    g_assert_true(told[1].sw.next_is_new);
    check_told("ss");
}

static void test_child(void)
{
    uint64_t a = running(0), b = new_task(), c = new_task();

    child_sp = 0x900;
    switch_to(0, a, 0x100, b, child_sp);
    check_told("s");
    leave(0, 'F', true, 44);
    check_told("r");
    g_assert_cmpint(told[0].call.outcome, ==, SYSCALLS_CHILD);
    g_assert_cmpint(told[0].call.ret, ==, 0);
    g_assert_cmpuint(told[0].call.pc, ==, PC);
    g_assert_cmpuint(told[0].call.args[2], ==, 3);
    leave(0, 'F', true, 0);
    check_told("");
    /* killed before it got there: its record is another child's */
    switch_to(0, b, 0x150, c, child_sp);
    switch_to(0, c, 0x160, b, 0x150);
    switch_to(0, b, 0x150, c, 0x170);
    check_told("sss");
    child_sp = 0;
    leave(0, 'F', true, 0);
    check_told("");
}

/* Its end was not seen: it is told before the next call. */
static void test_end_not_seen(void)
{
    switch_to(0, running(0), 0x100, new_task(), 0x200);
    check_told("s");
    call(0, NR_READ);
    call(0, NR_READ);
    check_told("ere");
    g_assert_cmpint(told[1].call.outcome, ==, SYSCALLS_NO_RETURN);
    g_assert_cmpuint(told[1].call.id, ==, told[0].call.id);
    g_assert_cmpuint(told[2].call.id, !=, told[0].call.id);
    leave(0, 'X', true, 0);
    check_told("r");
}

static void test_exit(void)
{
    switch_to(0, running(0), 0x100, new_task(), 0x200);
    check_told("s");
    call(0, NR_EXIT);
    check_told("er");
    leave(0, 'X', true, 0);
    check_told("");
}

static void test_unreadable(void)
{
    switch_to(0, running(0), 0x100, new_task(), 0x200);
    check_told("s");
    stub_break_regs();
    switch_to(0, running(0), 0x100, new_task(), 0x200);
    call(0, NR_READ);
    check_told("");
    stub_mend_regs();
    call(0, NR_READ);
    check_told("e");
    stub_break_regs();
    leave(0, 'X', true, 0);
    check_told("");
    stub_mend_regs();
    leave(0, 'X', true, 0);
    check_told("r");
}

/* Where QEMU's counter stands is a hint to the page only. */
static void test_pc(void)
{
    static const struct {
        uint64_t translated, counter, pc;
    } cases[] = {
        { 0x401ffe, 0x401000, 0x401ffe },
        { 0x401ffe, 0x401ffe, 0x401ffe },
        { 0x7f0000001100, 0x55550100, 0x55550100 },
        { 0x7f0000001100, 0x555550fc, 0x55555100 },
        { 0x402004, 0x401ff0, 0x402004 }, /* on the block's second page */
        { 0x7f0000002004, 0x55551ff0, 0x55552004 },
        { 0x402000, 0x401fff, 0x402000 },
    };

    switch_to(0, running(0), 0x100, new_task(), 0x200);
    check_told("s");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree StubExec *exec = insn('C', cases[i].translated);

        stub_set_reg("nr", NR_READ);
        stub_set_reg("pc", cases[i].counter);
        stub_exec(exec, 0);
        check_told("e");
        g_assert_cmphex(told[0].call.pc, ==, cases[i].pc);
        stub_set_reg("exit_pc", cases[i].pc + SIZE);
        {
            g_autofree StubExec *out = insn('X', 0xffffffff81000000);

            stub_set_reg("to_user", 1);
            stub_exec(out, 0);
        }
        check_told("r");
        g_assert_cmpint(told[0].call.outcome, ==, SYSCALLS_RETURNED);
    }
}

static void test_translation(void)
{
    g_autofree StubExec *exec = NULL;

    g_assert_null(insn('?', PC));
    native = false;
    g_assert_null(insn('C', PC));
    exec = insn('X', 0xffffffff81000000);
    g_assert_nonnull(exec);
    native = true;
}

/*
 * The machine is reset: three threads are in calls, on two vCPUs and on none.
 * The new kernel has the addresses of the old one.
 */
static void test_reset(void)
{
    uint64_t a = running(0), b = running(1), c = new_task();
    unsigned int boot = thread_boot();

    call(0, NR_READ);
    switch_to(0, a, 0x250, c, 0x300);
    call(0, NR_READ);
    call(1, NR_READ);
    check_told("esee");
    real_mode = false; /* a program that looks like firmware */
    reset(0);
    g_assert_nonnull(system_current_thread(0));
    real_mode = true;
    reset(0);
    reset(0);
    g_assert_null(system_current_thread(0));
    g_assert_null(system_current_thread(1));
    check_told("");
    switch_to(0, c, 0x310, a, 0x700);
    check_told("brrrs");
    g_assert_cmpuint(told[0].reboot.vcpu, ==, 0);
    g_assert_cmpuint(told[0].reboot.boot, ==, boot + 1);
    for (int i = 1; i <= 3; i++) {
        g_assert_cmpint(told[i].call.outcome, ==, SYSCALLS_NO_RETURN);
        g_assert_cmpuint(told[i].call.boot, ==, boot);
    }
    g_assert_true(told[4].sw.next_is_new);
    /* the other vCPU begins */
    g_assert_null(system_current_thread(1));
    switch_to(1, b, 0x100, new_task(), 0x200);
    call(0, NR_READ);
    check_told("se");
    g_assert_cmpuint(told[1].call.boot, ==, boot + 1);
    g_assert_cmpuint(syscalls_thread_task(told[1].call.thread), ==, a);
    leave(0, 'X', true, 5);
    check_told("r");
    g_assert_cmpint(told[0].call.ret, ==, 5);
}

/* A kernel that has other addresses. */
static void test_reset_elsewhere(void)
{
    real_mode = true;
    reset(0);
    switch_to(0, new_task(), 0x100, new_task(), 0x200);
    check_told("bs");
}

/* The machine wakes up: its kernel goes on, by a switch or by a return. */
static void test_wakes_up(void)
{
    uint64_t a = running(0), b = new_task();
    SyscallsThread *thread = system_current_thread(0);

    switch_to(0, a, 0x100, b, 0x200);
    call(0, NR_READ);
    real_mode = true;
    reset(0);
    switch_to(0, b, 0x300, a, 0x100);
    check_told("ses");
    g_assert_true(system_current_thread(0) == thread);
    switch_to(0, a, 0x100, b, 0x300);
    reset(0);
    leave(0, 'X', true, 9);
    check_told("sr");
    g_assert_cmpint(told[1].call.outcome, ==, SYSCALLS_RETURNED);
    g_assert_nonnull(system_current_thread(0));
    switch_to(0, b, 0x300, new_task(), 0x200);
    check_told("s");
}

/*
 * Without a reset (kexec): noticed when a thread gives way that was never
 * seen, told once, and what another vCPU runs is left to it.
 */
static void test_other_kernel(void)
{
    static const int slot = 0; /* test_taken_over's */
    SyscallsThread *thread;

    switch_to(1, running(1), 0x100, new_task(), 0x200);
    check_told("s");
    thread = system_current_thread(1);
    call(0, NR_READ);
    call(1, NR_READ);
    *syscalls_slot(thread, slot) = &n_destroyed;
    n_destroyed = 0;
    switch_to(0, new_task(), 0x100, new_task(), 0x200);
    check_told("eebrs");
    g_assert_cmpuint(told[3].call.vcpu, ==, 0);
    g_assert_cmpint(n_destroyed, ==, 0);
    g_assert_true(system_current_thread(1) == thread);
    switch_to(1, new_task(), 0x100, new_task(), 0x200);
    check_told("rs");
    g_assert_cmpuint(told[0].call.vcpu, ==, 1);
    g_assert_cmpint(told[0].call.outcome, ==, SYSCALLS_NO_RETURN);
    g_assert_cmpint(n_destroyed, ==, 1);
    g_assert_cmpuint(told[1].sw.vcpu, ==, 1);
    call(1, NR_READ);
    leave(1, 'X', true, 3);
    check_told("er");
}

/* Runs last: QEMU ends while calls are in progress, on all vCPUs. */
static void test_end(void)
{
    uint64_t a = new_task(), b = new_task();

    switch_to(0, running(0), 0x100, a, 0x200);
    switch_to(1, running(1), 0x100, b, 0x200);
    check_told("ss");
    call(0, NR_READ);
    call(1, NR_READ);
    switch_to(1, b, 0x300, new_task(), 0x400);
    check_told("ees");
    stub_atexit(1, NULL);
    check_told("rr");
    g_assert_cmpint(told[0].call.outcome, ==, SYSCALLS_NO_RETURN);
    g_assert_cmpint(told[1].call.outcome, ==, SYSCALLS_NO_RETURN);
    g_assert_cmpuint(told[0].call.vcpu + told[1].call.vcpu, ==, 1);
    stub_atexit(1, NULL);
    check_told("");
}

int main(int argc, char **argv)
{
    const qemu_info_t info = {
        .target_name = "fake",
        .system_emulation = true,
        .system = { N_VCPUS, N_VCPUS },
    };

    g_test_init(&argc, &argv, NULL);
    stub_on_run = on_run;
    g_assert_true(catalog_init(1, syscalls_table_find("x86_64")));
    g_assert_true(pair_init(1, &fake_abi));
    g_assert_true(system_start(1, &info, &fake_abi));
    stub_vcpu_init(1, 0);
    stub_vcpu_init(1, 1);
    g_test_add_func("/system/without-thread", test_without_thread);
    g_test_add_func("/system/call", test_call);
    g_test_add_func("/system/isolated", test_isolated);
    g_test_add_func("/system/entered-at-once", test_entered_at_once);
    g_test_add_func("/system/entered", test_entered);
    g_test_add_func("/system/entry-not-found", test_entry_not_found);
    g_test_add_func("/system/entered-later", test_entered_later);
    g_test_add_func("/system/migrates", test_migrates);
    g_test_add_func("/system/taken-over", test_taken_over);
    g_test_add_func("/system/new", test_new);
    g_test_add_func("/system/child", test_child);
    g_test_add_func("/system/end-not-seen", test_end_not_seen);
    g_test_add_func("/system/exit", test_exit);
    g_test_add_func("/system/unreadable", test_unreadable);
    g_test_add_func("/system/pc", test_pc);
    g_test_add_func("/system/translation", test_translation);
    g_test_add_func("/system/reset", test_reset);
    g_test_add_func("/system/reset-elsewhere", test_reset_elsewhere);
    g_test_add_func("/system/wakes-up", test_wakes_up);
    g_test_add_func("/system/other-kernel", test_other_kernel);
    g_test_add_func("/system/end", test_end);
    return g_test_run();
}
