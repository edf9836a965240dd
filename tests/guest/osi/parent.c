/*
 * parent.c: markers of children whose parent goes.
 *
 * What is promised is that the new parent is known when the old one's CPU
 * has gone over to another thread.  A child on another CPU can see its new
 * parent a little earlier, so that is waited for here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "guest.h"

enum { BY_EXIT, BY_KILL, BY_FAULT, BY_KILL_BIG, N_DEATHS };
enum { SLEEPING, SAME_CPU, OTHER_CPU, N_PLACES };

/*
 * Between giving up its memory and its children it is switched out, again
 * and again.
 */
static void die_slowly(void)
{
    const int big = 48 << 20;
    char *memory = mmap(NULL, big, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(memory != MAP_FAILED);
    memset(memory, 1, big);
    if (raw_fork() == 0) {
        syscall(SYS_munmap, memory, big);
        set(&shared->words[6], 1);
        spin_until(&shared->words[6], 2);
        quit(0);
    }
    await(&shared->words[6], 1);
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
}

static void die(int how)
{
    switch (how) {
    case BY_EXIT:
        quit(0);
    case BY_KILL:
        syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
        break;
    case BY_FAULT:
        __builtin_trap();
    case BY_KILL_BIG:
        die_slowly();
        break;
    }
    fail("die");
}

static void orphan(int place, int how)
{
    static const char *const scenes[N_PLACES][N_DEATHS] = {
        { "orphan-sleeping", "orphan-sleeping-k", "orphan-sleeping-f",
          "orphan-sleeping-b" },
        { "orphan-same-cpu", "orphan-same-cpu-k", "orphan-same-cpu-f",
          "orphan-same-cpu-b" },
        { "orphan-other-cpu", "orphan-other-cpu-k", "orphan-other-cpu-f",
          "orphan-other-cpu-b" },
    };
    int parent = syscall(SYS_getppid);

    mark("orphan-before");
    set(&shared->words[0], 1);
    while (syscall(SYS_getppid) == parent) {
        if (place == SLEEPING) {
            nap_ms(5);
        }
    }
    if (place == OTHER_CPU) {
        spin_until(&shared->words[5], 1); /* without any call */
    }
    mark(scenes[place][how]);
    set(&shared->words[1], 1);
    quit(0);
}

/* Three generations; the middle one goes.  Run in a process of its own. */
static void generations(int place, int how)
{
    int pid;

    if (place != SLEEPING) {
        pin_to(0);
    }
    pid = raw_fork();
    if (pid == 0) {
        if (raw_fork() == 0) {
            if (place == OTHER_CPU) {
                pin_to(1);
            }
            orphan(place, how);
        }
        await(&shared->words[0], 1);
        nap_ms(5);
        die(how);
    }
    reap(pid);
    shared->words[6] = 2;
    /* On the same CPU, which therefore has gone over from the dead. */
    set(&shared->words[5], 1);
    await(&shared->words[1], 1);
}

static void run_orphans(void)
{
    enum { KINDS = N_PLACES * N_DEATHS };

    for (int i = 0; i < 6 * KINDS; i++) {
        int place = i % KINDS / N_DEATHS;
        int reaper;

        memset(shared->words, 0, sizeof(shared->words));
        if (place == OTHER_CPU && n_cpus() == 1) {
            continue;
        }
        reaper = raw_fork();
        if (reaper == 0) {
            if (i / KINDS % 2) {
                syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
            }
            generations(place, i % N_DEATHS);
            quit(0);
        }
        CHECK(reap(reaper) == 0);
    }
}

static int make_child(void *arg)
{
    int pid = raw_fork();

    if (pid == 0) {
        mark("thread-child");
        set(&shared->words[2], 1);
        await(&shared->words[3], 1);
        mark("thread-child");
        quit(0);
    }
    shared->words[4] = pid;
    await(&shared->words[2], 1);
    return 0;
}

/* The thread that made it goes, the process does not: the same parent. */
static void run_thread_parent(void)
{
    for (int i = 0; i < 5; i++) {
        Thread thread;

        shared->words[2] = shared->words[3] = 0;
        start_thread(&thread, make_child, NULL);
        join_thread(&thread);
        nap_ms(5);
        set(&shared->words[3], 1);
        CHECK(reap(shared->words[4]) == 0);
    }
}

const Scenario parent_scenarios[] = {
    { "orphans", run_orphans },
    { "thread-parent", run_thread_parent },
    { NULL, NULL },
};
