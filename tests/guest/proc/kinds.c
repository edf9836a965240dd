/*
 * kinds.c: the world's processes that differ in names, states, ids, and
 * relations; and a storm of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"

/* ---- Names --------------------------------------------------------------- */

void world_names(void)
{
    static const char *const names[] = {
        "", "a", "two words", "new\nline", "quote\"'`", "back\\slash",
        "par) S 1 2", "((", "tab\there", "fifteen-letters", "\xff\xfe\x80",
        "caf\xc3\xa9", "cut\xe2\x82",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (spawn()) {
            prctl(PR_SET_NAME, names[i]);
            stay();
        }
    }
}

/* ---- Threads ------------------------------------------------------------- */

typedef struct Thread {
    const char *name;
    int kind;
} Thread;

/* A thread without libc's help: it only makes system calls. */
static int thread_main(void *arg)
{
    const Thread *t = arg;

    if (t->name) {
        prctl(PR_SET_NAME, t->name);
    }
    switch (t->kind) {
    case 1: /* ids of its own: only libc gives them to all threads */
        syscall(SYS_setresuid, 11, 12, 13);
        break;
    case 2:
        syscall(SYS_setpriority, PRIO_PROCESS, 0, 7);
        break;
    case 3:
        unshare(CLONE_FS);
        CHECK(chdir("/tmp") == 0);
        break;
    case 4:
        CHECK(unshare(CLONE_NEWUTS) == 0);
        break;
    }
    stay();
}

static void start_thread(Thread *t)
{
    enum { SIZE = 32768 };
    char *stack = malloc(SIZE);

    CHECK(stack);
    expect(1);
    CHECK(clone(thread_main, stack + SIZE - 64,
                CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                    CLONE_THREAD | CLONE_SYSVSEM, t) > 0);
}

/* Has a child of its own, which the process has, then. */
static int parent_thread(void *arg)
{
    if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
        prctl(PR_SET_NAME, "threads-child");
        stay();
    }
    return thread_main(arg);
}

void world_threads(void)
{
    static Thread kinds[] = { { "worker", 0 }, { "own ids", 1 },
                              { "own nice", 2 }, { "own cwd", 3 },
                              { "own uts", 4 }, { "w\n\xff", 0 },
                              { NULL, 0 } };
    static Thread parent = { "parent", 0 };

    if (spawn()) {
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
            start_thread(&kinds[i]);
        }
        stay();
    }
    if (spawn()) { /* many */
        for (int i = 0; i < 40; i++) {
            start_thread(&kinds[6]);
        }
        stay();
    }
    if (spawn()) { /* the leader ends before the others */
        start_thread(&kinds[0]);
        start_thread(&kinds[3]);
        prctl(PR_SET_NAME, "ended-leader");
        ready();
        syscall(SYS_exit, 0);
    }
    if (spawn()) {
        char *stack = malloc(32768);

        expect(2);
        CHECK(clone(parent_thread, stack + 32768 - 64,
                    CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                        CLONE_THREAD | CLONE_SYSVSEM, &parent) > 0);
        stay();
    }
}

/* ---- States -------------------------------------------------------------- */

static void zombie(int signal)
{
    if (spawn()) {
        prctl(PR_SET_NAME, "zombie");
        ready();
        if (signal) {
            raise(signal);
        }
        _exit(3);
    }
}

static void spin_for_ever(void)
{
    prctl(PR_SET_NAME, "spinner");
    setpriority(PRIO_PROCESS, 0, 19);
    ready();
    for (;;) {
        __asm__ volatile("" ::: "memory");
    }
}

void world_states(void)
{
    zombie(0);
    zombie(SIGKILL);
    zombie(0);
    for (int i = 0; i < 2; i++) {
        if (spawn()) {
            prctl(PR_SET_NAME, "stopped");
            ready();
            raise(SIGSTOP);
            _exit(0);
        }
    }
    if (spawn()) { /* stopped for its tracer */
        prctl(PR_SET_NAME, "traced");
        CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
        ready();
        raise(SIGSTOP);
        _exit(0);
    }
    if (spawn()) { /* waits for its child where no signal comes through */
        expect(1);
        prctl(PR_SET_NAME, "vfork-parent");
        ready();
        if (vfork() == 0) {
            stay();
        }
        _exit(0);
    }
    if (spawn()) {
        spin_for_ever();
    }
}

/* ---- Ids and priorities -------------------------------------------------- */

static void set_policy(int policy, int priority)
{
    struct sched_param param = { .sched_priority = priority };

    CHECK(sched_setscheduler(0, policy, &param) == 0);
}

void world_ids(void)
{
    static const int nice[] = { -20, -1, 5, 19 };

    if (spawn()) {
        CHECK(setresgid(2001, 2002, 2003) == 0);
        setfsgid(2004);
        CHECK(setresuid(1001, 1002, 1003) == 0);
        stay();
    }
    if (spawn()) {
        CHECK(setresuid(0, 65534, 0) == 0);
        stay();
    }
    if (spawn()) {
        setfsuid(4294967294);
        stay();
    }
    if (spawn()) {
        CHECK(setresgid(4294967294, 0, 0) == 0);
        CHECK(setresuid(4294967294, 4294967294, 4294967294) == 0);
        stay();
    }
    for (size_t i = 0; i < sizeof(nice) / sizeof(nice[0]); i++) {
        if (spawn()) {
            CHECK(setpriority(PRIO_PROCESS, 0, nice[i]) == 0);
            stay();
        }
    }
    for (int i = 0; i < 4; i++) {
        if (spawn()) {
            static const int policy[] = { SCHED_FIFO, SCHED_RR, SCHED_BATCH,
                                          SCHED_IDLE };
            static const int priority[] = { 1, 99, 0, 0 };

            set_policy(policy[i], priority[i]);
            stay();
        }
    }
}

/* ---- Relations ----------------------------------------------------------- */

static void chain(int depth)
{
    if (depth > 0 && spawn()) {
        if (depth % 3 == 0) {
            CHECK(setsid() > 0);
        } else if (depth % 3 == 1) {
            CHECK(setpgid(0, 0) == 0);
        }
        chain(depth - 1);
        stay();
    }
}

/* Gets another parent when its own has ended. */
static void orphan(int below_subreaper)
{
    if (spawn()) {
        if (below_subreaper) {
            prctl(PR_SET_CHILD_SUBREAPER, 1);
        }
        if (fork() == 0) {
            if (spawn()) {
                prctl(PR_SET_NAME, "orphan");
                stay();
            }
            _exit(0);
        }
        wait(NULL);
        stay();
    }
}

void world_trees(void)
{
    chain(9);
    orphan(0);
    orphan(1);
    if (spawn()) {
        for (int i = 0; i < 12; i++) {
            if (spawn()) {
                stay();
            }
        }
        stay();
    }
    if (spawn()) { /* a group whose leader is gone */
        CHECK(setpgid(0, 0) == 0);
        if (spawn()) {
            stay();
        }
        ready();
        _exit(0);
    }
}

/* ---- Storm --------------------------------------------------------------- */

static int short_thread(void *arg)
{
    (void)arg;
    syscall(SYS_exit, 0);
    return 0;
}

/* A process with threads, and a child that loses its parent. */
static void short_process(void)
{
    static char stacks[3][8192] __attribute__((aligned(16)));

    for (int i = 0; i < 3; i++) {
        clone(short_thread, stacks[i] + sizeof(stacks[i]),
              CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                  CLONE_THREAD | CLONE_SYSVSEM, NULL);
    }
    if (fork() == 0) {
        _exit(0);
    }
    _exit(0);
}

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void storm(void)
{
    long end = now_ms() + PROC_STORM_MS;
    int pids[6];

    for (int i = 0; i < 6; i++) {
        pids[i] = fork();
        CHECK(pids[i] >= 0);
        if (pids[i] == 0) {
            while (now_ms() < end) {
                int pid = fork();

                if (pid == 0) {
                    short_process();
                }
                waitpid(pid, NULL, 0);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < 6; i++) {
        CHECK(waitpid(pids[i], NULL, 0) == pids[i]);
    }
}
