/*
 * Truth scenarios: threads that block at the very same instruction, wake in
 * other orders than they slept, move between vCPUs, and call in parallel.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

#define THREADS 8

typedef struct Worker {
    Thread thread;
    int index;
    int rounds;
    int fds[2];
    int word; /* futex: rounds granted */
    int done; /* rounds finished */
    int bad;
} Worker;

static Worker workers[THREADS];

static bool start_workers(long (*fn)(void *arg), int count, int rounds)
{
    memset(workers, 0, sizeof(workers));
    for (int i = 0; i < count; i++) {
        workers[i].index = i;
        workers[i].rounds = rounds;
        if (open_pipe(workers[i].fds) < 0 ||
            !thread_start(&workers[i].thread, fn, &workers[i])) {
            return false;
        }
    }
    return true;
}

static int join_workers(int count)
{
    int bad = 0;

    for (int i = 0; i < count; i++) {
        thread_join(&workers[i].thread);
        CALL(SYS_close, workers[i].fds[0]);
        CALL(SYS_close, workers[i].fds[1]);
        bad += workers[i].bad;
    }
    return bad ? fail("a thread got another result than its own") : 0;
}

static void shuffle(int *order, int count, uint32_t *seed)
{
    for (int i = 0; i < count; i++) {
        order[i] = i;
    }
    for (int i = count - 1; i > 0; i--) {
        int j = (int)(random_next(seed) % (uint32_t)(i + 1));
        int swap = order[i];

        order[i] = order[j];
        order[j] = swap;
    }
}

/* Each reads from a pipe of its own, and gets a length of its own. */
static long read_worker(void *arg)
{
    Worker *me = arg;
    char buffer[THREADS + 2];

    for (int i = 0; i < me->rounds; i++) {
        long got = CALL(SYS_read, me->fds[0], buffer, sizeof(buffer));

        if (got != me->index + 1) {
            me->bad++;
        }
        __atomic_add_fetch(&me->done, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

static int run_read(void)
{
    static const char bytes[THREADS + 1];
    uint32_t seed = 1;
    int order[THREADS];

    CHECK(start_workers(read_worker, THREADS, 100));
    for (int round = 0; round < 100; round++) {
        if (round % 4 != 3) {
            settle();
        }
        shuffle(order, THREADS, &seed);
        for (int i = 0; i < THREADS; i++) {
            await(&workers[order[i]].done, round);
            CALL(SYS_write, workers[order[i]].fds[1], bytes, order[i] + 1);
        }
    }
    return join_workers(THREADS);
}

/* Each waits on a futex of its own. */
static long futex_worker(void *arg)
{
    Worker *me = arg;

    for (int i = 0; i < me->rounds; i++) {
        while (__atomic_load_n(&me->word, __ATOMIC_SEQ_CST) <= i) {
            futex_wait(&me->word, i);
        }
        __atomic_add_fetch(&me->done, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

static int run_futex(void)
{
    uint32_t seed = 2;
    int order[THREADS];

    CHECK(start_workers(futex_worker, THREADS, 100));
    for (int round = 0; round < 100; round++) {
        settle();
        shuffle(order, THREADS, &seed);
        for (int i = 0; i < THREADS; i++) {
            __atomic_add_fetch(&workers[order[i]].word, 1, __ATOMIC_SEQ_CST);
            futex_wake(&workers[order[i]].word, 1);
        }
    }
    return join_workers(THREADS);
}

/* All wait on one futex, some are woken, some time out. */
static int herd_word;

static long herd_worker(void *arg)
{
    Worker *me = arg;

    for (int i = 0; i < me->rounds; i++) {
        struct timespec limit = {0, 200000 * (1 + (me->index + i) % 7)};

        CALL(SYS_futex, &herd_word, 0 /* FUTEX_WAIT */, 0, &limit);
    }
    return 0;
}

static int run_herd(void)
{
    CHECK(start_workers(herd_worker, THREADS, 80));
    for (int i = 0; i < 80; i++) {
        settle();
        futex_wake(&herd_word, 1 + i % 3);
    }
    return join_workers(THREADS);
}

/* Sleeps of different lengths overlap; polls give different answers. */
static long sleep_worker(void *arg)
{
    Worker *me = arg;
    uint32_t seed = (uint32_t)me->index + 10;
    struct pollfd fd = {me->fds[0], POLLIN, 0};

    for (int i = 0; i < me->rounds; i++) {
        struct timespec limit = {0, random_next(&seed) % 900000};

        if (i % 3 == 0) {
            CALL(SYS_ppoll, &fd, 1, &limit, NULL, 8);
        } else {
            CALL(SYS_nanosleep, &limit, NULL);
        }
    }
    return 0;
}

static int run_sleep(void)
{
    CHECK(start_workers(sleep_worker, THREADS, 100));
    for (int i = 0; i < THREADS; i++) {
        nap_us(1000);
        CALL(SYS_write, workers[i].fds[1], "x", 1);
    }
    return join_workers(THREADS);
}

/* A call begins on one vCPU and returns on another. */
static int run_migrate(void)
{
    static const char bytes[THREADS + 1];
    unsigned int cpus = count_cpus();
    uint32_t seed = 3;
    int order[THREADS];

    CHECK(start_workers(read_worker, THREADS, 60));
    for (int round = 0; round < 60; round++) {
        settle();
        shuffle(order, THREADS, &seed);
        for (int i = 0; i < THREADS; i++) {
            Worker *w = &workers[order[i]];

            await(&w->done, round);
            pin_to(w->thread.tid, random_next(&seed) % cpus);
            CALL(SYS_write, w->fds[1], bytes, order[i] + 1);
        }
        /* The call that moves its own thread. */
        pin_to(0, random_next(&seed) % cpus);
    }
    return join_workers(THREADS);
}

/* Nothing but calls on all vCPUs, each thread with results of its own. */
static long hammer_worker(void *arg)
{
    Worker *me = arg;
    long fd = me->fds[0];

    for (int i = 0; i < me->rounds; i++) {
        switch (i % 4) {
        case 0:
            me->bad += CALL(SYS_gettid) != me->thread.tid;
            break;
        case 1:
            me->bad += CALL(SYS_fcntl, fd, 1 /* F_GETFD */) != 0;
            break;
        case 2:
            me->bad += CALL(SYS_lseek, 1000 + me->index, i, 0) != -9;
            break;
        default:
            me->bad += CALL(SYS_getpriority, 99, me->index, i) != -22;
        }
    }
    return 0;
}

static int run_parallel(void)
{
    CHECK(start_workers(hammer_worker, THREADS, 500));
    return join_workers(THREADS);
}

/* The same by processes: their address spaces differ, the pc does not. */
static int run_parallel_processes(void)
{
    long pids[4];

    for (int i = 0; i < 4; i++) {
        pids[i] = fork_flavour((unsigned int)i);
        if (pids[i] == 0) {
            Worker me = {.index = i, .rounds = 400};

            me.thread.tid = (int)CALL(SYS_gettid);
            me.fds[0] = 0;
            hammer_worker(&me);
            CALL(SYS_exit_group, me.bad != 0);
        }
        CHECK(pids[i] > 0);
    }
    for (int i = 0; i < 4; i++) {
        CHECK(reap(pids[i]) == 0);
    }
    return 0;
}

/* Two threads that hand over to each other, and two that yield. */
static long yield_worker(void *arg)
{
    Worker *me = arg;
    Worker *other = &workers[me->index ^ 1];

    for (int i = 0; i < me->rounds; i++) {
        if (me->index >= 2) {
            CALL(SYS_sched_yield);
            continue;
        }
        __atomic_add_fetch(&other->word, 1, __ATOMIC_SEQ_CST);
        futex_wake(&other->word, 1);
        while (__atomic_load_n(&me->word, __ATOMIC_SEQ_CST) <= i) {
            futex_wait(&me->word, i);
        }
    }
    return 0;
}

static int run_yield(void)
{
    CHECK(start_workers(yield_worker, 4, 250));
    return join_workers(4);
}

const Scenario block_scenarios[] = {
    {"same-pc-read", run_read},
    {"same-pc-futex", run_futex},
    {"same-futex", run_herd},
    {"same-pc-sleep", run_sleep},
    {"migrate", run_migrate},
    {"parallel", run_parallel},
    {"parallel-processes", run_parallel_processes},
    {"yield", run_yield},
    {NULL, NULL},
};
