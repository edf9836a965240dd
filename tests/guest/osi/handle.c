/*
 * handle.c: handles of processes: of living ones, of dead ones, and of ones
 * whose memory in the kernel may have been used again.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/prctl.h>

#include "guest.h"

static void ask(const char *scene, int slot, int pid)
{
    Record *r = mark_cmd(scene, OSI_CMD_ASK, slot);

    r->expect = pid;
}

/* Of processes that live, asked for by another. */
static void run_alive(void)
{
    enum { N = 4 };
    int pids[N];

    mark_cmd("keep-own", OSI_CMD_KEEP, 7);
    ask("ask-own", 7, syscall(SYS_getpid));
    for (int i = 0; i < N; i++) {
        pids[i] = raw_fork();
        if (pids[i] == 0) {
            mark_cmd("keep", OSI_CMD_KEEP, i);
            set(&shared->words[i], 1);
            await(&shared->words[i + N], 1);
            mark("kept");
            quit(0);
        }
        await(&shared->words[i], 1);
    }
    for (int i = 0; i < N; i++) {
        ask("ask-alive", i, pids[i]);
        nap_ms(1);
    }
    for (int i = 0; i < N; i++) {
        set(&shared->words[i + N], 1);
        CHECK(reap(pids[i]) == 0);
        mark_cmd("dead", OSI_CMD_DEAD, i);
        ask("ask-dead", i, 0);
    }
    nap_ms(50);
    for (int i = 0; i < N; i++) {
        ask("ask-dead", i, 0);
    }
}

/* A dead process's task_struct and page tables are soon somebody else's. */
static void run_reused(void)
{
    for (int i = 0; i < 60; i++) {
        int pid = raw_fork();

        if (pid == 0) {
            mark_cmd("keep-reused", OSI_CMD_KEEP, 6);
            quit(0);
        }
        CHECK(reap(pid) == 0);
        mark_cmd("dead", OSI_CMD_DEAD, 6);
        ask("ask-reused", 6, 0);
        for (int k = 0; k < 3; k++) {
            pid = raw_fork();
            if (pid == 0) {
                ask("ask-reused", 6, 0);
                quit(0);
            }
            CHECK(reap(pid) == 0);
            nap_ms(1);
        }
    }
}

const Scenario handle_scenarios[] = {
    { "alive", run_alive },
    { "reused", run_reused },
    { NULL, NULL },
};
