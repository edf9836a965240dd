/*
 * busy.c: the guest program of hostile_events: makes processes, threads and
 * mappings, starts programs, and ends all of them, again and again: busy
 * REPETITIONS.  First so that osi_linux can be seen to tell all of it, then
 * while the kernel's memory is spoiled whenever osi_linux looks at it, and
 * then undisturbed again.  All must go as if nothing were the matter.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define CHECK(condition) \
    ((condition) ? (void)0 : fail(__LINE__, #condition))

static void fail(int line, const char *what)
{
    printf("hostile: failed: busy.c:%d: %s: %s\n", line, what,
           strerror(errno));
    fflush(stdout);
    _exit(2);
}

static void *map(void)
{
    void *p = mmap((void *)BUSY_ADDRESS, 8192, PROT_READ,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    CHECK(p == (void *)BUSY_ADDRESS);
    return p;
}

static void *be_thread(void *name)
{
    prctl(PR_SET_NAME, name);
    usleep(1000);
    return NULL;
}

/* In a process of its own: threads, mappings, and then another program. */
static void be_child(void)
{
    static char *const argv[] = { "busy", "child", "of several words", NULL };
    pthread_t threads[BUSY_THREADS];

    for (int i = 0; i < BUSY_THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, be_thread, "a thread") == 0);
    }
    for (int i = 0; i < BUSY_THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    CHECK(mprotect(map(), 8192, PROT_READ | PROT_WRITE) == 0);
    CHECK(munmap((void *)BUSY_ADDRESS, 8192) == 0);
    execv("/proc/self/exe", argv);
    fail(__LINE__, "execv");
}

static void repeat(int n)
{
    for (int i = 0; i < n; i++) {
        int status, pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
            be_child();
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    }
}

static void phase(int which, int n)
{
    syscall(HOSTILE_MARKER, (long)HOSTILE_BUSY, (long)which, (long)n,
            (long)getpid());
    repeat(n);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "child") == 0) {
        CHECK(argc == 3 && strcmp(argv[2], "of several words") == 0);
        map();
        _exit(7);
    }
    CHECK(argc > 1);
    phase(BUSY_CALM, 2);
    phase(BUSY_SPOILED, atoi(argv[1]));
    phase(BUSY_CALM, 5);
    phase(BUSY_END, 0);
    printf("hostile: the world is as it was\n");
    return 0;
}
