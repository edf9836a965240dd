/*
 * Truth scenarios: what identifies a thread changes: its name, from inside
 * and from outside, its session and user, its parent.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

static const char *const names[] = {
    "a",
    "fifteen-letters",
    "longer-than-fifteen-letters",
    "two words",
    "quote\"quote",
    "back\\slash",
    "it's, so",
    "gr\xc3\xbc\xc3\x9f",
    "not\xff\xfeutf8",
    "tab\there",
    "esc\x1b[31m",
    "</x>&amp;",
    "%s%n%d",
    "",
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static int run_prctl(void)
{
    for (size_t i = 0; i < 3 * NAMES; i++) {
        CALL(SYS_prctl, PR_SET_NAME, names[i % NAMES]);
        mark_identity();
    }
    return 0;
}

static int run_proc_comm(void)
{
    for (size_t i = 0; i < 3 * (NAMES - 1); i++) {
        long pid;

        CHECK(put_file("/proc/self/comm", names[i % (NAMES - 1)]));
        mark_identity();
        pid = fork_flavour((unsigned int)i);
        if (pid == 0) {
            mark_identity();
            CALL(SYS_exit_group, 0);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == 0);
    }
    return 0;
}

/* Named by another thread, while it calls and while it is blocked. */
static int stop;
static int generation;

static long named_main(void *arg)
{
    int seen = 0;

    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
        int now = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);

        if (now != seen) {
            seen = now;
            mark_identity();
        }
        if (arg) {
            futex_wait(&generation, now);
        } else {
            CALL(SYS_getpriority, 95, now);
            qpp_spin(0, 3000);
        }
    }
    return 0;
}

static int run_other_comm(void)
{
    Thread threads[2];
    char path[64];

    stop = 0;
    for (long i = 0; i < 2; i++) {
        CHECK(thread_start(&threads[i], named_main, (void *)i));
    }
    settle();
    for (int round = 0; round < 40; round++) {
        char name[16];

        for (int i = 0; i < 2; i++) {
            snprintf(path, sizeof(path), "/proc/self/task/%d/comm",
                     threads[i].tid);
            snprintf(name, sizeof(name), "named-%d-%d", i, round);
            CHECK(put_file(path, name));
        }
        __atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
        futex_wake(&generation, 8);
        settle();
    }
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
    futex_wake(&generation, 8);
    for (int i = 0; i < 2; i++) {
        thread_join(&threads[i]);
    }
    return 0;
}

static int run_ids(void)
{
    for (int i = 0; i < 12; i++) {
        long pid = fork_flavour((unsigned int)i);

        if (pid == 0) {
            mark_identity();
            CALL(SYS_setsid);
            mark_identity();
            CALL(SYS_getpgid, 0);
            CALL(SYS_setgid, 1000);
            CALL(SYS_setresuid, 1, 2, 3);
            CALL(SYS_setuid, 1234);
            CALL(SYS_setreuid, -1, 2);
            CALL(SYS_setfsuid, 2);
            CALL(SYS_getuid);
            CALL(SYS_geteuid);
            mark_identity();
            CALL(SYS_exit_group, 0);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == 0);
    }
    return 0;
}

/* The parent ends first; the child is init's, or the subreaper's. */
static int orphan(int subreaper)
{
    long middle = do_fork();

    if (middle == 0) {
        long ward;

        if (subreaper) {
            CALL(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
        }
        ward = do_fork();
        if (ward == 0) {
            long pid = do_fork();

            if (pid == 0) {
                long parent = CALL(SYS_getppid);

                mark_identity();
                for (int i = 0; i < 100; i++) {
                    if (CALL(SYS_getppid) != parent) {
                        break;
                    }
                    settle();
                }
                mark_identity();
                CALL(SYS_exit_group, 0);
            }
            settle();
            CALL(SYS_exit_group, 0);
        }
        reap(ward);
        if (subreaper) {
            CALL(SYS_wait4, -1, NULL, __WALL, 0);
        }
        CALL(SYS_exit_group, 0);
    }
    CHECK(middle > 0);
    return reap(middle);
}

static int run_orphans(void)
{
    for (int i = 0; i < 16; i++) {
        CHECK(orphan(i % 2) == 0);
    }
    return 0;
}

const Scenario name_scenarios[] = {
    {"name-prctl", run_prctl},
    {"name-proc", run_proc_comm},
    {"name-other", run_other_comm},
    {"ids", run_ids},
    {"orphans", run_orphans},
    {NULL, NULL},
};
