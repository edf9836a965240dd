/*
 * thread.c: markers of threads.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/prctl.h>

#include "guest.h"

static int marking_thread(void *scene)
{
    mark(scene);
    mark(scene);
    return 0;
}

static void run_threads(void)
{
    for (int i = 0; i < 20; i++) {
        Thread thread;

        start_thread(&thread, marking_thread, "thread");
        mark("thread-leader");
        join_thread(&thread);
    }
}

static int one_of_many(void *arg)
{
    char name[16];

    mark("many");
    snprintf(name, sizeof(name), "many-%d", (int)(long)arg);
    syscall(SYS_prctl, PR_SET_NAME, name);
    await(&shared->words[0], 1);
    mark("many-named");
    return 0;
}

/* 64 threads, alive at once, each with a name of its own. */
static void run_many(void)
{
    enum { N = 64 };
    static Thread threads[N];

    for (int i = 0; i < N; i++) {
        start_thread(&threads[i], one_of_many, (void *)(long)i);
    }
    nap_ms(300);
    mark("many-leader");
    set(&shared->words[0], 1);
    for (int i = 0; i < N; i++) {
        join_thread(&threads[i]);
    }
}

static int moving_thread(void *arg)
{
    for (int i = 0; i < 20; i++) {
        pin_to(i + (int)(long)arg);
        mark("moving");
    }
    return 0;
}

static void run_moving(void)
{
    static Thread threads[6];

    for (long i = 0; i < 6; i++) {
        start_thread(&threads[i], moving_thread, (void *)i);
    }
    for (int i = 0; i < 6; i++) {
        join_thread(&threads[i]);
    }
}

static int survivor(void *arg)
{
    nap_ms(30);
    mark("leader-gone");
    syscall(SYS_prctl, PR_SET_NAME, "survivor");
    mark("leader-gone");
    quit(0);
}

/* The first thread ends, its process does not. */
static void run_leader_gone(void)
{
    for (int i = 0; i < 5; i++) {
        int pid = raw_fork();

        if (pid == 0) {
            Thread thread;

            start_thread(&thread, survivor, NULL);
            syscall(SYS_exit, 0);
        }
        CHECK(reap(pid) == 0);
    }
}

const Scenario thread_scenarios[] = {
    { "threads", run_threads },
    { "many", run_many },
    { "moving", run_moving },
    { "leader-gone", run_leader_gone },
    { NULL, NULL },
};
