/*
 * Truth scenarios: signals that interrupt calls, and what the kernel does
 * with the call then: made again, given up with EINTR, continued as
 * restart_syscall, cut off by a jump out of the handler.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <string.h>

#include "truth.h"

static volatile int handled;
static int inner_pipe[2];

static void on_signal(int sig)
{
    handled++;
}

/* Makes the interrupted call's own call, at the same address. */
static void on_signal_calls(int sig)
{
    char byte;

    CALL(SYS_getpid);
    if (sig == SIGUSR2) {
        CALL(SYS_read, inner_pipe[0], &byte, 1);
    } else {
        nap_us(100);
    }
    CALL(SYS_gettid);
    handled++;
}

typedef struct Sleeper {
    Thread thread;
    int fds[2];
    int rounds;
    int done;
    int kind;
    int last;
} Sleeper;

/* The calls that block, each with another way to be restarted. */
enum { KIND_READ, KIND_NAP, KIND_POLL, KIND_FUTEX, KIND_WAIT, KINDS };

static long block_once(Sleeper *me)
{
    struct timespec limit = {0, 30000000};
    struct pollfd fd = {me->fds[0], POLLIN, 0};
    char buffer[8];
    int word = 0;

    switch (me->kind) {
    case KIND_READ:
        return CALL(SYS_read, me->fds[0], buffer, sizeof(buffer));
    case KIND_NAP:
        return CALL(SYS_nanosleep, &limit, &limit);
    case KIND_POLL:
        return CALL(SYS_ppoll, &fd, 1, &limit, NULL, 8);
    case KIND_FUTEX:
        return CALL(SYS_futex, &word, 0, 0, &limit);
    default:
        /* No child: nothing to wait for but the pipe, by epoll or poll. */
#ifdef SYS_poll
        return CALL(SYS_poll, &fd, 1, 30);
#else
        return CALL(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &limit, NULL);
#endif
    }
}

static long sleeper_main(void *arg)
{
    Sleeper *me = arg;

    for (int i = 0; i < me->rounds; i++) {
        me->last = (int)block_once(me);
        __atomic_add_fetch(&me->done, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

/* One thread blocks, another sends it signals; then lets it go. */
static int interrupt_thread(int flags, void (*handler)(int), int rounds)
{
    Sleeper s;
    long pid = CALL(SYS_getpid);

    handled = 0;
    set_handler(SIGUSR1, handler, flags);
    for (int kind = 0; kind < KINDS; kind++) {
        memset(&s, 0, sizeof(s));
        s.kind = kind;
        s.rounds = rounds;
        open_pipe(s.fds);
        CHECK(thread_start(&s.thread, sleeper_main, &s));
        for (int i = 0; i < rounds; i++) {
            settle();
            CALL(SYS_tgkill, pid, s.thread.tid, SIGUSR1);
            settle();
            if (s.kind == KIND_READ && flags & SA_RESTART) {
                CALL(SYS_write, s.fds[1], "abc", 1 + i % 3);
            }
            /* It may not have been in the call yet. */
            while (s.kind == KIND_READ &&
                   __atomic_load_n(&s.done, __ATOMIC_SEQ_CST) <= i) {
                if (!(flags & SA_RESTART)) {
                    CALL(SYS_tgkill, pid, s.thread.tid, SIGUSR1);
                }
                settle();
            }
        }
        thread_join(&s.thread);
        CALL(SYS_close, s.fds[0]);
        CALL(SYS_close, s.fds[1]);
    }
    CHECK(handled > 0);
    return 0;
}

static int run_restart(void)
{
    return interrupt_thread(SA_RESTART, on_signal, 30);
}

static int run_eintr(void)
{
    return interrupt_thread(0, on_signal, 30);
}

static int run_handler_calls(void)
{
    return interrupt_thread(SA_RESTART, on_signal_calls, 15) ||
           interrupt_thread(0, on_signal_calls, 15);
}

/* A handler that is itself interrupted in a call, in several layers. */
static int run_layers(void)
{
    Sleeper s;
    long pid = CALL(SYS_getpid);

    open_pipe(inner_pipe);
    set_handler(SIGUSR2, on_signal_calls, SA_RESTART);
    set_handler(SIGUSR1, on_signal, SA_RESTART);
    set_handler(SIGHUP, on_signal, 0);
    memset(&s, 0, sizeof(s));
    s.rounds = 40;
    open_pipe(s.fds);
    CHECK(thread_start(&s.thread, sleeper_main, &s));
    for (int i = 0; i < s.rounds; i++) {
        settle();
        CALL(SYS_tgkill, pid, s.thread.tid, SIGUSR2);
        settle();
        CALL(SYS_tgkill, pid, s.thread.tid, i % 2 ? SIGUSR1 : SIGHUP);
        settle();
        CALL(SYS_write, inner_pipe[1], "i", 1);
        settle();
        CALL(SYS_write, s.fds[1], "outer", 5);
        await(&s.done, i + 1);
    }
    thread_join(&s.thread);
    return 0;
}

/* Stopped and continued without a handler: the kernel restarts silently. */
static int run_stop(void)
{
    Sleeper s;

    for (int kind = 0; kind < KINDS; kind++) {
        long pid;

        memset(&s, 0, sizeof(s));
        s.kind = kind;
        s.rounds = 6;
        open_pipe(s.fds);
        pid = do_fork();
        if (pid == 0) {
            Sleeper other = s;

            /* The process has a second thread, blocked beside the first. */
            if (!thread_start(&other.thread, sleeper_main, &other)) {
                CALL(SYS_exit_group, 1);
            }
            sleeper_main(&s);
            thread_join(&other.thread);
            CALL(SYS_exit_group, 0);
        }
        CHECK(pid > 0);
        for (int i = 0; i < 12; i++) {
            settle();
            CALL(SYS_kill, pid, i % 3 ? SIGSTOP : SIGTSTP);
            settle();
            CALL(SYS_kill, pid, SIGCONT);
            settle();
            if (i % 4 == 0) {
                CALL(SYS_kill, pid, SIGWINCH);
            }
            CALL(SYS_write, s.fds[1], "x", 1);
        }
        if (kind == KIND_READ) {
            CALL(SYS_close, s.fds[1]);
            CALL(SYS_kill, pid, SIGKILL);
            reap(pid); /* it may have had enough to read */
        } else {
            CHECK(reap(pid) == 0);
            CALL(SYS_close, s.fds[1]);
        }
        CALL(SYS_close, s.fds[0]);
    }
    return 0;
}

/* Two signals at once: the call sees both handlers before its own return. */
static int run_nested(void)
{
    uint64_t set = 1ull << (SIGUSR1 - 1) | 1ull << (SIGUSR2 - 1);
    uint64_t none = 0;
    long pid = CALL(SYS_getpid);
    long tid = CALL(SYS_gettid);
    struct timespec limit = {0, 1000000};

    handled = 0;
    set_handler(SIGUSR1, on_signal, SA_RESTART);
    set_handler(SIGUSR2, on_signal, 0);
    for (int i = 0; i < 60; i++) {
        CALL(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
        CALL(SYS_tgkill, pid, tid, SIGUSR1);
        CALL(SYS_tgkill, pid, tid, SIGUSR2);
        switch (i % 3) {
        case 0:
            CALL(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
            break;
        case 1:
            CHECK(CALL(SYS_rt_sigsuspend, &none, 8) == -EINTR);
            break;
        default:
            CHECK(CALL(SYS_ppoll, NULL, 0, &limit, &none, 8) == -EINTR);
        }
        CALL(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
    }
    CHECK(handled == 120);
    return 0;
}

/* Signals pile up on a stopped process that is blocked in a read. */
static int run_pile(void)
{
    for (int i = 0; i < 20; i++) {
        int fds[2];
        char byte;
        long pid;

        open_pipe(fds);
        set_handler(SIGUSR1, i % 2 ? on_signal : on_signal_calls, SA_RESTART);
        set_handler(SIGHUP, on_signal, SA_RESTART);
        set_handler(SIGUSR2, on_signal, i % 4 < 2 ? 0 : SA_RESTART);
        pid = do_fork();
        if (pid == 0) {
            CALL(SYS_close, fds[1]);
            while (CALL(SYS_read, fds[0], &byte, 1) != 0) {
                mark_identity();
            }
            CALL(SYS_exit_group, handled);
        }
        CHECK(pid > 0);
        settle();
        CALL(SYS_kill, pid, SIGSTOP);
        settle();
        CALL(SYS_kill, pid, SIGUSR1);
        CALL(SYS_kill, pid, SIGUSR2);
        CALL(SYS_kill, pid, SIGHUP);
        CALL(SYS_kill, pid, SIGCONT);
        nap_us(1500);
        CALL(SYS_close, fds[1]);
        CALL(SYS_close, fds[0]);
        CHECK(reap(pid) == 3);
    }
    return 0;
}

/* Out of the handler by a jump: the interrupted call never returns. */
static sigjmp_buf jump_buffer;
static int *steps; /* shared with the child */

static void on_signal_jumps(int sig)
{
    CALL(SYS_getppid);
    siglongjmp(jump_buffer, 1);
}

static int run_jump(void)
{
    CHECK((steps = shared_word()) != NULL);
    for (volatile int i = 0; i < 40; i++) {
        volatile int jumps = 0;
        Sleeper s;
        volatile long pid;

        memset(&s, 0, sizeof(s));
        s.kind = i % KINDS;
        open_pipe(s.fds);
        set_handler(SIGUSR1, on_signal_jumps, i % 2 ? 0 : SA_RESTART);
        __atomic_store_n(steps, 0, __ATOMIC_SEQ_CST);
        pid = do_fork();
        if (pid == 0) {
            if (sigsetjmp(jump_buffer, 1) != 0) {
                jumps++;
                /* The same call again, as after a restart. */
            }
            __atomic_store_n(steps, jumps + 1, __ATOMIC_SEQ_CST);
            if (jumps < 2) {
                s.kind = jumps == 0 ? s.kind : KIND_READ;
                for (;;) {
                    block_once(&s);
                }
            }
            CALL(SYS_exit_group, 0);
        }
        CHECK(pid > 0);
        await(steps, 1);
        settle();
        CALL(SYS_kill, pid, SIGUSR1);
        await(steps, 2);
        settle();
        CALL(SYS_kill, pid, SIGUSR1);
        CHECK(reap(pid) == 0);
        CALL(SYS_close, s.fds[0]);
        CALL(SYS_close, s.fds[1]);
    }
    return 0;
}

/* Signals end what waits for them. */
static int run_sigwait(void)
{
    uint64_t set = 1ull << (SIGUSR1 - 1);
    uint64_t other = 1ull << (SIGUSR2 - 1);
    uint64_t none = 0;

    set_handler(SIGUSR2, on_signal, SA_RESTART);
    /* Not before the child waits for it. */
    CALL(SYS_rt_sigprocmask, SIG_BLOCK, &other, NULL, 8);
    CALL(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
    for (int i = 0; i < 30; i++) {
        long pid = do_fork();

        if (pid == 0) {
            struct timespec limit = {2, 0};

            if (i % 2) {
                CALL(SYS_rt_sigprocmask, SIG_UNBLOCK, &other, NULL, 8);
                while (CALL(SYS_rt_sigtimedwait, &set, NULL, &limit, 8) !=
                       SIGUSR1) {
                }
            } else {
                CALL(SYS_rt_sigsuspend, &none, 8);
            }
            CALL(SYS_exit_group, 7);
        }
        CHECK(pid > 0);
        nap_us(1500);
        CALL(SYS_kill, pid, SIGUSR2);
        settle();
        if (i % 2) {
            CALL(SYS_kill, pid, SIGUSR1);
        }
        CHECK(reap(pid) == 7);
    }
    return 0;
}

const Scenario signal_scenarios[] = {
    {"signal-restart", run_restart},
    {"signal-eintr", run_eintr},
    {"signal-handler-calls", run_handler_calls},
    {"signal-layers", run_layers},
    {"signal-stop", run_stop},
    {"signal-nested", run_nested},
    {"signal-pile", run_pile},
    {"signal-jump", run_jump},
    {"signal-wait", run_sigwait},
    {NULL, NULL},
};
