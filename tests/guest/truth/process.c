/*
 * Truth scenarios: the ways to make processes and threads, all from one
 * instruction where the architecture allows it, and the ways to fail.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

#define FORKERS 4

/* Several threads fork at once, at one address, by all flavours. */
static long fork_worker(void *arg)
{
    long *errors = arg;

    for (unsigned int i = 0; i < 24; i++) {
        long pid = fork_flavour(i);

        if (pid == 0) {
            mark_identity();
            CALL(SYS_exit_group, i);
        }
        *errors += pid < 0 || reap(pid) != (int)i;
    }
    return 0;
}

static int run_forks(void)
{
    Thread threads[FORKERS];
    long errors[FORKERS] = {0};

    for (int i = 0; i < FORKERS; i++) {
        CHECK(thread_start(&threads[i], fork_worker, &errors[i]));
    }
    for (int i = 0; i < FORKERS; i++) {
        thread_join(&threads[i]);
        CHECK(errors[i] == 0);
    }
    return 0;
}

/* Children that fork on, five generations, each marked. */
static int run_generations(void)
{
    for (int round = 0; round < 8; round++) {
        long first = fork_flavour((unsigned int)round);

        if (first == 0) {
            int status = 0;

            for (int depth = 0; depth < 5; depth++) {
                long pid = fork_flavour((unsigned int)(round + depth));

                mark_identity();
                if (pid > 0) {
                    status = reap(pid);
                    break;
                }
            }
            CALL(SYS_exit_group, status);
        }
        CHECK(first > 0);
        CHECK(reap(first) == 0);
    }
    return 0;
}

/* Shared memory without being a thread; the parent's parent as parent. */
static long vm_child(void *arg)
{
    mark_identity();
    CALL(SYS_exit, (long)arg);
    return 0;
}

static int run_clone_vm(void)
{
    static const uint64_t flags[] = {
        CLONE_VM | SIGCHLD,
        CLONE_VM | CLONE_VFORK | SIGCHLD,
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD,
        CLONE_VM, /* no signal at its end */
    };
    Thread t;

    for (long i = 0; i < 80; i++) {
        long pid = task_start(&t, flags[i % 4], vm_child, (void *)(i + 1));

        CHECK(pid > 0);
        CHECK(reap(pid) == i + 1);
        thread_free(&t);
    }
    return 0;
}

static int run_clone_parent(void)
{
    for (int i = 0; i < 20; i++) {
        long middle = do_fork();

        if (middle == 0) {
            struct clone_args args = {.flags = CLONE_PARENT};
            long pid = i % 2 ? CALL(SYS_clone3, &args, sizeof(args))
                             : CALL(SYS_clone, CLONE_PARENT | SIGCHLD);

            mark_identity();
            CALL(SYS_exit_group, pid == 0 ? 21 : 22);
        }
        CHECK(middle > 0);
        CHECK(reap(middle) == 22);
        CHECK(CALL(SYS_wait4, -1, NULL, __WALL, 0) > 0);
    }
    return 0;
}

/* Where no child comes about. */
static int run_clone_fails(void)
{
    struct clone_args args = {.flags = CLONE_THREAD};
    int bad_tid = 1;
    struct clone_args set_tid = {
        .set_tid = (uint64_t)&bad_tid,
        .set_tid_size = 1,
        .exit_signal = SIGCHLD,
    };

    for (int i = 0; i < 20; i++) {
        CHECK(CALL(SYS_clone, CLONE_THREAD | SIGCHLD) == -EINVAL);
        CHECK(CALL(SYS_clone, CLONE_SIGHAND) == -EINVAL);
        CHECK(CALL(SYS_clone3, &args, sizeof(args)) == -EINVAL);
        CHECK(CALL(SYS_clone3, 8, sizeof(args)) == -EFAULT);
        CHECK(CALL(SYS_clone3, &args, 8) == -EINVAL);
        CHECK(CALL(SYS_clone3, &args, 1 << 20) == -E2BIG);
        CHECK(CALL(SYS_clone3, &set_tid, sizeof(set_tid)) == -EEXIST);
    }
    return 0;
}

/* libc's own: pthreads, fork, vfork, from libc's addresses. */
static void *pthread_main(void *arg)
{
    mark_identity();
    usleep(100);
    return arg;
}

static int run_libc(void)
{
    pthread_t threads[6];

    for (volatile int round = 0; round < 10; round++) {
        pid_t pid;

        for (size_t i = 0; i < 6; i++) {
            CHECK(pthread_create(&threads[i], NULL, pthread_main, NULL) == 0);
        }
        pid = fork();
        if (pid == 0) {
            mark_identity();
            _exit(round);
        }
        CHECK(pid > 0);
        for (size_t i = 0; i < 6; i++) {
            pthread_join(threads[i], NULL);
        }
        CHECK(reap(pid) == round);
        pid = vfork();
        if (pid == 0) {
            _exit(round + 1);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == round + 1);
    }
    return 0;
}

/* Many threads at once, all new, all gone soon. */
static long short_thread(void *arg)
{
    CALL(SYS_getpriority, 98, arg);
    return 0;
}

static int run_threads(void)
{
    Thread threads[12];

    for (int round = 0; round < 25; round++) {
        for (long i = 0; i < 12; i++) {
            CHECK(thread_start(&threads[i], short_thread, (void *)i));
        }
        for (int i = 0; i < 12; i++) {
            thread_join(&threads[i]);
        }
    }
    return 0;
}

/* vfork: the parent is blocked until the child ends, threads run on. */
static int run_vforks(void)
{
    for (volatile int i = 0; i < 60; i++) {
        long pid = VFORK();

        if (pid == 0) {
            CALL(SYS_getpid);
            if (i % 3 == 0) {
                settle();
            }
            CALL(SYS_exit_group, i);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == i);
    }
    return 0;
}

/* A child's number chosen: the same one, again and again. */
static int run_same_pid(void)
{
    int number = 0;
    struct clone_args args = {
        .set_tid = (uint64_t)&number,
        .set_tid_size = 1,
        .exit_signal = SIGCHLD,
    };
    long pid = do_fork();

    if (pid == 0) {
        CALL(SYS_exit_group, 0);
    }
    CHECK(pid > 0);
    number = (int)pid;
    CHECK(reap(pid) == 0);
    for (int i = 0; i < 60; i++) {
        long again = CALL(SYS_clone3, &args, sizeof(args));

        if (again == 0) {
            mark_identity();
            CALL(SYS_exit_group, i);
        }
        CHECK(again == pid);
        CHECK(reap(pid) == i);
    }
    return 0;
}

const Scenario process_scenarios[] = {
    {"forks", run_forks},
    {"generations", run_generations},
    {"clone-vm", run_clone_vm},
    {"clone-parent", run_clone_parent},
    {"clone-fails", run_clone_fails},
    {"libc", run_libc},
    {"threads", run_threads},
    {"vforks", run_vforks},
    {"same-pid", run_same_pid},
    {NULL, NULL},
};
