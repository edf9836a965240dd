/*
 * switches.c: a workload of tools/bench: two processes that pass a byte to
 * and fro, so that each is switched to as often as `switches N` says, between
 * two lines at which the host takes its times.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void pass(int from, int to, long n, char byte)
{
    while (n-- > 0) {
        if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1) {
            _exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 100000;
    int there[2], back[2], status = 1;
    cpu_set_t set;

    /* On one CPU each byte is a switch. */
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    sched_setaffinity(0, sizeof(set), &set);
    if (pipe(there) || pipe(back)) {
        return 1;
    }
    if (fork() == 0) {
        pass(there[0], back[1], n, 0);
        _exit(0);
    }
    printf("QPP-BENCH-BEGIN\n");
    fflush(stdout);
    if (write(there[1], "x", 1) != 1) {
        return 1;
    }
    pass(back[0], there[1], n - 1, 0);
    if (read(back[0], &status, 1) != 1) {
        return 1;
    }
    printf("QPP-BENCH-END\n");
    fflush(stdout);
    wait(&status);
    return status != 0;
}
