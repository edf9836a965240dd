/*
 * Truth scenarios: threads and processes that end while others are blocked
 * in calls, that are killed in them, and new ones in their place: the
 * kernel uses the memory of a dead thread's task_struct for the next.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <string.h>

#include "truth.h"

#define BLOCKED 5

static int never;

/* Blocks for good, each kind in another call. */
static long blocked_main(void *arg)
{
    static int fds[2];
    char byte;

    mark_identity();
    switch ((long)arg % 3) {
    case 0:
        futex_wait(&never, 0);
        break;
    case 1:
        nap_us(20000000);
        break;
    default:
        open_pipe(fds);
        CALL(SYS_read, fds[0], &byte, 1);
    }
    return 0;
}

static long spinning_main(void *arg)
{
    for (;;) {
        CALL(SYS_getpriority, 97, arg);
        qpp_spin(0, 20000);
    }
    return 0;
}

/* The threads are never joined: their process ends under them. */
static bool start_blocked(int count, bool spin)
{
    static Thread threads[BLOCKED + 1];

    for (long i = 0; i < count; i++) {
        if (!thread_start(&threads[i], spin ? spinning_main : blocked_main,
                          (void *)i)) {
            return false;
        }
    }
    return true;
}

static long ending_main(void *arg)
{
    settle();
    CALL(SYS_exit_group, (long)arg);
    return 0;
}

/* exit_group by the first thread or by another, the others blocked. */
static int run_exit_group(void)
{
    Thread t;

    for (long i = 0; i < 24; i++) {
        long pid = fork_flavour((unsigned int)i);

        if (pid == 0) {
            if (!start_blocked(BLOCKED, i % 3 == 2)) {
                CALL(SYS_exit_group, 99);
            }
            if (i % 2) {
                thread_start(&t, ending_main, (void *)i);
                nap_us(20000000);
            }
            settle();
            CALL(SYS_exit_group, i);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == i);
    }
    return 0;
}

/* The first thread ends alone: the process lives on in the others. */
static long outliving_main(void *arg)
{
    for (int i = 0; i < 5; i++) {
        mark_identity();
        settle();
    }
    return 0;
}

static int run_leader_exits(void)
{
    Thread threads[2];

    for (int i = 0; i < 20; i++) {
        long pid = do_fork();

        if (pid == 0) {
            thread_start(&threads[0], outliving_main, NULL);
            thread_start(&threads[1], outliving_main, NULL);
            CALL(SYS_exit, 0);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == 0);
    }
    return 0;
}

static int run_killed(void)
{
    for (int i = 0; i < 24; i++) {
        int sig = i % 2 ? SIGKILL : SIGTERM;
        long pid = do_fork();

        if (pid == 0) {
            start_blocked(BLOCKED, i % 3 == 2);
            nap_us(20000000);
        }
        CHECK(pid > 0);
        nap_us(1500);
        CALL(SYS_kill, pid, sig);
        CHECK(reap(pid) == -sig);
    }
    return 0;
}

static long quick_main(void *arg)
{
    CALL(SYS_gettid);
    CALL(SYS_getpriority, 96, arg);
    return 0;
}

/* Killed while blocked; at once many new threads and processes. */
static int run_kill_reuse(void)
{
    Thread threads[8];

    for (int round = 0; round < 20; round++) {
        long victims[3];
        long pids[6];

        for (int i = 0; i < 3; i++) {
            victims[i] = fork_flavour((unsigned int)i);
            if (victims[i] == 0) {
                start_blocked(3, false);
                nap_us(20000000);
            }
        }
        nap_us(1500);
        for (int i = 0; i < 3; i++) {
            CALL(SYS_kill, victims[i], SIGKILL);
        }
        for (int i = 0; i < 3; i++) {
            CHECK(reap(victims[i]) == -SIGKILL);
        }
        for (long i = 0; i < 8; i++) {
            CHECK(thread_start(&threads[i], quick_main, (void *)i));
        }
        for (int i = 0; i < 6; i++) {
            pids[i] = fork_flavour((unsigned int)i);
            if (pids[i] == 0) {
                CALL(SYS_getppid);
                CALL(SYS_exit_group, i);
            }
        }
        for (int i = 0; i < 8; i++) {
            thread_join(&threads[i]);
        }
        for (int i = 0; i < 6; i++) {
            CHECK(reap(pids[i]) == i);
        }
    }
    return 0;
}

/*
 * A parent that is blocked in vfork is killed; new ones call vfork at the
 * same address, in what may be the same task_struct.
 */
static int run_vfork_killed(void)
{
    int *there = shared_word();

    CHECK(there);
    for (volatile int round = 0; round < 30; round++) {
        int lifeline[2];
        int gate[2];
        char byte;
        long first;

        open_pipe(lifeline);
        open_pipe(gate);
        __atomic_store_n(there, 0, __ATOMIC_SEQ_CST);
        first = do_fork();
        if (first == 0) {
            CALL(SYS_close, gate[1]);
            if (VFORK() == 0) {
                __atomic_store_n(there, 1, __ATOMIC_SEQ_CST);
                CALL(SYS_read, gate[0], &byte, 1);
                CALL(SYS_exit_group, 0);
            }
            CALL(SYS_exit_group, 1);
        }
        CHECK(first > 0);
        CALL(SYS_close, lifeline[1]);
        await(there, 1);
        CALL(SYS_kill, first, SIGKILL);
        CHECK(reap(first) == -SIGKILL);
        for (volatile int i = 0; i < 3; i++) {
            long pid = do_fork();

            if (pid == 0) {
                long inner = VFORK();

                if (inner == 0) {
                    CALL(SYS_getppid);
                    CALL(SYS_exit_group, 0);
                }
                CALL(SYS_exit_group, reap(inner) == 0 ? i : 99);
            }
            CHECK(pid > 0);
            CHECK(reap(pid) == i);
        }
        /* The vfork's child outlives its parent. */
        CALL(SYS_close, gate[1]);
        CALL(SYS_read, lifeline[0], &byte, 1);
        CALL(SYS_close, lifeline[0]);
        CALL(SYS_close, gate[0]);
    }
    return 0;
}

/* A thread is blocked in vfork while its whole group is ended by another. */
static long vfork_main(void *arg)
{
    static int fds[2];

    if (VFORK() == 0) {
        nap_us(3000);
        CALL(SYS_exit_group, 0);
    }
    CALL(SYS_read, fds[0], 1, 1);
    return 0;
}

static int run_vfork_thread(void)
{
    for (int i = 0; i < 20; i++) {
        long pid = do_fork();

        if (pid == 0) {
            Thread threads[2];

            thread_start(&threads[0], vfork_main, NULL);
            thread_start(&threads[1], quick_main, NULL);
            nap_us(i % 2 ? 1000 : 6000);
            CALL(SYS_exit_group, i);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == i);
    }
    return 0;
}

/* Ends by a fault, in code and in a handler. */
static int *volatile no_memory = (int *)16;

static void on_fault(int sig)
{
    CALL(SYS_getpid);
    *no_memory = 0;
}

static int run_faults(void)
{
    for (int i = 0; i < 20; i++) {
        long pid = do_fork();

        if (pid == 0) {
            if (i % 2) {
                set_handler(SIGSEGV, on_fault, SA_RESETHAND);
            }
            CALL(SYS_gettid);
            *no_memory = 0;
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == -SIGSEGV);
    }
    return 0;
}

/* The number of a dead process is soon another's. */
static int run_pid_reuse(void)
{
    static const char path[] = "/proc/sys/kernel/pid_max";
    Thread t;

    CHECK(put_file(path, "420"));
    for (int i = 0; i < 160; i++) {
        long pid;

        if (i % 2) {
            CHECK(thread_start(&t, quick_main, (void *)(long)i));
            thread_join(&t);
            continue;
        }
        pid = fork_flavour((unsigned int)i);
        if (pid == 0) {
            mark_identity();
            CALL(SYS_exit_group, i % 100);
        }
        CHECK(pid > 0 && pid < 420);
        CHECK(reap(pid) == i % 100);
    }
    CHECK(put_file(path, "32768"));
    return 0;
}

const Scenario death_scenarios[] = {
    {"exit-group", run_exit_group},
    {"leader-exits", run_leader_exits},
    {"killed", run_killed},
    {"kill-reuse", run_kill_reuse},
    {"vfork-killed", run_vfork_killed},
    {"vfork-thread", run_vfork_thread},
    {"faults", run_faults},
    {"pid-reuse", run_pid_reuse},
    {NULL, NULL},
};
