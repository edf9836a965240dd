/*
 * Truth scenarios: everything at once, in an order that nobody thought of:
 * threads that block, call and fork while others send them signals.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <poll.h>
#include <string.h>

#include "truth.h"

#define ACTORS 5

typedef struct Actor {
    Thread thread;
    uint32_t seed;
    int fds[2];
    int rounds;
    int done;
} Actor;

static int meeting;

static void on_plain(int sig)
{
}

static void on_calls(int sig)
{
    CALL(SYS_getpriority, 94, sig);
    nap_us(50);
}

static void act_fork(Actor *me)
{
    long pid = fork_flavour(random_next(&me->seed));

    if (pid == 0) {
        CALL(SYS_getppid);
        CALL(SYS_exit_group, 0);
    }
    if (pid > 0) {
        reap(pid);
    }
}

static long actor_main(void *arg)
{
    Actor *me = arg;
    char byte[4];

    for (int i = 0; i < me->rounds; i++) {
        struct timespec limit = {0, random_next(&me->seed) % 600000};
        struct pollfd fd = {me->fds[0], POLLIN, 0};

        switch (random_next(&me->seed) % 8) {
        case 0:
            CALL(SYS_write, me->fds[1], "abc", 1 + i % 3);
            CALL(SYS_read, me->fds[0], byte, sizeof(byte));
            break;
        case 1:
            CALL(SYS_nanosleep, &limit, &limit);
            break;
        case 2:
            CALL(SYS_ppoll, &fd, 1, &limit, NULL, 8);
            break;
        case 3:
            CALL(SYS_futex, &meeting, 0, 0, &limit);
            break;
        case 4:
            CALL(SYS_futex, &meeting, 1, 2);
            break;
        case 5:
            CALL(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &limit, NULL);
            break;
        case 6:
            if (i % 8 == 0) {
                act_fork(me);
            }
            break;
        default:
            CALL(SYS_getpriority, 93, i);
            pin_to(0, random_next(&me->seed) % count_cpus());
        }
    }
    __atomic_store_n(&me->done, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void install_handlers(void)
{
    set_handler(SIGUSR1, on_plain, SA_RESTART);
    set_handler(SIGUSR2, on_plain, 0);
    set_handler(SIGHUP, on_calls, SA_RESTART);
    set_handler(SIGTERM, on_calls, 0);
    set_handler(SIGWINCH, SIG_IGN, 0);
}

static int play(uint32_t seed, int rounds)
{
    static const int signals[] = {SIGUSR1, SIGUSR2, SIGHUP,
                                  SIGTERM, SIGWINCH, SIGURG};
    Actor actors[ACTORS];
    long pid = CALL(SYS_getpid);
    int left = ACTORS;

    memset(actors, 0, sizeof(actors));
    for (int i = 0; i < ACTORS; i++) {
        actors[i].seed = seed + (uint32_t)i * 7919;
        actors[i].rounds = rounds;
        open_pipe(actors[i].fds);
        CHECK(thread_start(&actors[i].thread, actor_main, &actors[i]));
    }
    while (left > 0) {
        int tid = actors[random_next(&seed) % ACTORS].thread.tid;

        if (tid > 0) {
            CALL(SYS_tgkill, pid, tid, signals[random_next(&seed) % 6]);
        }
        nap_us(100 + random_next(&seed) % 500);
        left = 0;
        for (int i = 0; i < ACTORS; i++) {
            left += !__atomic_load_n(&actors[i].done, __ATOMIC_SEQ_CST);
        }
    }
    for (int i = 0; i < ACTORS; i++) {
        thread_join(&actors[i].thread);
    }
    return 0;
}

/* The outer process stops and continues the inner one meanwhile. */
static int run_soak(void)
{
    install_handlers();
    for (uint32_t round = 0; round < 4; round++) {
        uint32_t seed = 77 + round;
        long pid = do_fork();

        if (pid == 0) {
            CALL(SYS_exit_group, play(99 + round, 200));
        }
        CHECK(pid > 0);
        for (int i = 0; i < 25; i++) {
            nap_us((long)(1000 + random_next(&seed) % 3000));
            CALL(SYS_kill, pid, SIGSTOP);
            nap_us((long)(100 + random_next(&seed) % 500));
            CALL(SYS_kill, pid, SIGCONT);
            CALL(SYS_kill, pid, i % 2 ? SIGUSR1 : SIGTERM);
        }
        CHECK(reap(pid) == 0);
    }
    return 0;
}

/* Killed in the midst of it, again and again. */
static int run_soak_killed(void)
{
    install_handlers();
    for (uint32_t round = 0; round < 20; round++) {
        long pid = do_fork();

        if (pid == 0) {
            CALL(SYS_exit_group, play(1234 + round, 100000));
        }
        CHECK(pid > 0);
        nap_us(6000 + (long)round * 100);
        CALL(SYS_kill, pid, SIGKILL);
        CHECK(reap(pid) == -SIGKILL);
    }
    return 0;
}

const Scenario soak_scenarios[] = {
    {"soak", run_soak},
    {"soak-killed", run_soak_killed},
    {NULL, NULL},
};
