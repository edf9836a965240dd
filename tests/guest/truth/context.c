/*
 * Truth scenarios: signals that interrupt code which is not in a call, the
 * ways back from a handler, and signals around a fork.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <sys/ucontext.h>
#include <sys/wait.h>

#include "truth.h"

static volatile int ticks;

static void on_tick(int sig)
{
    ticks++;
}

static void on_tick_calls(int sig)
{
    CALL(SYS_getppid);
    ticks++;
}

static void set_timer(long us)
{
    struct itimerval timer = {{0, us}, {0, us}};

    CALL(SYS_setitimer, ITIMER_REAL, &timer, NULL);
}

/*
 * Interrupted while the result register holds what could be the result of
 * a call: errors, the kernel's own codes for restarting, call numbers.
 */
static int run_spin(void)
{
    static const long values[] = {0,    -1,   -EINTR, -512, -513, -514,
                                  -516, -38,  39,     15,   219,  0x7fffffff,
                                  202,  -4095, -4096, 1L << 40};

    ticks = 0;
    set_handler(SIGALRM, on_tick, SA_RESTART);
    set_timer(1000);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        for (int round = 0; round < 4; round++) {
            CHECK(qpp_spin(values[i], 600000) == values[i]);
            CHECK(CALL(SYS_getpriority, 99, values[i], i) == -EINVAL);
        }
    }
    set_timer(0);
    CHECK(ticks > 3);
    return 0;
}

/* Interrupted while calling as fast as it can, at any instruction. */
static int run_busy(void)
{
    long pid = CALL(SYS_getpid);

    for (int pass = 0; pass < 2; pass++) {
        set_handler(SIGALRM, pass ? on_tick_calls : on_tick, SA_RESTART);
        set_timer(700);
        for (int i = 0; i < 1500; i++) {
            CHECK(CALL(SYS_getpid) == pid);
            CHECK(CALL(SYS_lseek, 999, i, 0) == -EBADF);
        }
        set_timer(0);
    }
    return 0;
}

/* The handler changes where, or with what result, the thread goes on. */
static volatile int change;

static void on_signal_changes(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
#ifdef __x86_64__
    unsigned long long *pc = (void *)&uc->uc_mcontext.gregs[REG_RIP];
    greg_t *result = &uc->uc_mcontext.gregs[REG_RAX];
#else
    unsigned long long *pc = &uc->uc_mcontext.pc;
    unsigned long long *result = &uc->uc_mcontext.regs[0];
#endif

    if (change == 1 && *pc == (uintptr_t)qpp_call_after) {
        *result = 4711;
        change = 0;
    } else if (change == 2 && *pc == (uintptr_t)qpp_call_insn) {
        /* It was to be made again; instead, past it. */
        *pc = (uintptr_t)qpp_call_after;
        *result = 4712;
        change = 0;
    }
}

static int run_changed(void)
{
    int fds[2];
    char byte;
    int status = 1;

    open_pipe(fds);
    for (int i = 0; i < 40; i++) {
        long pid;

        set_handler_info(SIGUSR1, on_signal_changes, i % 2 ? 0 : SA_RESTART);
        pid = do_fork();
        if (pid == 0) {
            long got;

            change = i % 2 ? 1 : 2;
            do {
                /* A signal that comes too early changes nothing. */
                got = CALL(SYS_read, fds[0], &byte, 1);
            } while (change);
            CALL(SYS_exit_group, got == (i % 2 ? 4711 : 4712) ? 0 : 1);
        }
        CHECK(pid > 0);
        do {
            nap_us(1000);
            CALL(SYS_kill, pid, SIGUSR1);
            nap_us(500);
        } while (CALL(SYS_wait4, pid, &status, WNOHANG, 0) == 0);
        CHECK(status == 0);
    }
    CALL(SYS_close, fds[0]);
    CALL(SYS_close, fds[1]);
    return 0;
}

/* rt_sigreturn without a frame: the kernel answers with SIGSEGV. */
static void on_segv(int sig, siginfo_t *info, void *context)
{
    CALL(SYS_gettid);
    CALL(SYS_exit_group, 9);
}

static int run_bad_frame(void)
{
    static char other_stack[65536];
    stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof(other_stack)};

    for (int i = 0; i < 20; i++) {
        long pid = do_fork();

        if (pid == 0) {
            if (i % 2) {
                CALL(SYS_sigaltstack, &stack, NULL);
                set_handler_info(SIGSEGV, on_segv, SA_ONSTACK);
            }
            CALL(SYS_getpid);
#ifdef __x86_64__
            __asm__ volatile("mov $16, %rsp\n\tmov $15, %eax\n\tsyscall");
#else
            __asm__ volatile("mov x8, #139\n\tmov x0, #16\n\t"
                             "mov sp, x0\n\tsvc #0");
#endif
            CALL(SYS_exit_group, 1);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == (i % 2 ? 9 : -SIGSEGV));
    }
    return 0;
}

/* fork while a timer ticks: the kernel begins it again (ERESTARTNOINTR). */
static int run_fork_ticks(void)
{
    set_handler(SIGALRM, on_tick_calls, SA_RESTART);
    for (int i = 0; i < 60; i++) {
        long pid;

        set_timer(120 + i * 5);
        pid = fork_flavour((unsigned int)i);
        if (pid == 0) {
            CALL(SYS_getppid);
            CALL(SYS_exit_group, i);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == i);
        set_timer(0);
    }
    return 0;
}

/* A child whose first step is a handler, or that never takes one. */
static int run_fork_kill(void)
{
    for (int i = 0; i < 60; i++) {
        int sig = i % 3 == 0 ? SIGKILL : i % 3 == 1 ? SIGUSR1 : SIGTERM;
        long pid;
        int status;

        set_handler(SIGUSR1, on_tick_calls, i % 2 ? SA_RESTART : 0);
        pid = fork_flavour((unsigned int)(i / 3));
        if (pid == 0) {
            CALL(SYS_gettid);
            CALL(SYS_exit_group, 3);
        }
        CHECK(pid > 0);
        CALL(SYS_kill, pid, sig);
        status = reap(pid);
        CHECK(status == 3 || status == -sig);
    }
    return 0;
}

/* A handler that forks, and one that ends its process. */
static void on_signal_forks(int sig)
{
    long pid = do_fork();

    if (pid == 0) {
        CALL(SYS_getppid);
        if (sig == SIGUSR2) {
            CALL(SYS_exit_group, 5);
        }
        return; /* through rt_sigreturn, into the interrupted call */
    }
    reap(pid);
}

static int run_fork_in_handler(void)
{
    for (int i = 0; i < 20; i++) {
        int fds[2];
        char byte;
        long pid;

        open_pipe(fds);
        set_handler(SIGUSR1, on_signal_forks, i % 2 ? SA_RESTART : 0);
        set_handler(SIGUSR2, on_signal_forks, i % 2 ? SA_RESTART : 0);
        pid = do_fork();
        if (pid == 0) {
            CALL(SYS_read, fds[0], &byte, 1);
            CALL(SYS_exit_group, 0);
        }
        CHECK(pid > 0);
        settle();
        CALL(SYS_kill, pid, i % 4 < 2 ? SIGUSR1 : SIGUSR2);
        nap_us(2500);
        CALL(SYS_write, fds[1], "ab", 2);
        nap_us(500);
        CALL(SYS_write, fds[1], "ab", 2);
        CHECK(reap(pid) == 0);
        CALL(SYS_close, fds[0]);
        CALL(SYS_close, fds[1]);
    }
    return 0;
}

const Scenario context_scenarios[] = {
    {"signal-spin", run_spin},
    {"signal-busy", run_busy},
    {"signal-changed", run_changed},
    {"signal-bad-frame", run_bad_frame},
    {"signal-fork-ticks", run_fork_ticks},
    {"signal-fork-kill", run_fork_kill},
    {"signal-fork-handler", run_fork_in_handler},
    {NULL, NULL},
};
