/*
 * life_guest.c: the program that runs while plugins go: four threads that run
 * marks (see life.c) and system calls that no kernel has, and, meanwhile,
 * forks whose children do the same with the other mark and call.
 *
 * life_guest MARKS FORKS [ROUNDS]: each thread's marks; the number of forks;
 * in how many threads, one after the other, each of the four does its marks
 * (0: itself).  An eighth as many system calls; a child makes 500 marks and 50
 * calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_THREADS 4
#define CALL_0 4242

#if defined(__x86_64__)
#define MARK(n, to)                                                           \
    __asm__ volatile(".p2align 6\n"                                           \
                     ".byte 0x0f, 0x1f, 0x84, 0, 0x50, 0x51, 0x4c, " #n "\n"  \
                     "movl $1, (%0)" : : "r"(to) : "memory")
#elif defined(__aarch64__)
#define MARK(n, to)                                                           \
    __asm__ volatile(".p2align 6\n"                                           \
                     "movz x9, #0x514c + " #n "\n"                            \
                     "str w9, [%0]" : : "r"(to) : "x9", "memory")
#endif

static long n_marks, n_rounds;

static void __attribute__((noinline)) mark_0(volatile int *to)
{
    MARK(0, to);
}

static void __attribute__((noinline)) mark_1(volatile int *to)
{
    MARK(1, to);
}

static void *work(void *marks)
{
    volatile int to = 0;

    for (long i = 0; i < (long)marks; i++) {
        mark_0(&to);
        if (i % 8 == 0) {
            syscall(CALL_0);
        }
        if (i % 1000 == 999) {
            usleep(1000); /* so that vCPUs are idle now and then */
        }
    }
    return NULL;
}

static void *work_in_rounds(void *unused)
{
    for (long i = 0; i < n_rounds; i++) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, work,
                           (void *)(n_marks / n_rounds)) != 0) {
            abort();
        }
        pthread_join(thread, NULL);
    }
    return NULL;
}

static void child(void)
{
    volatile int to = 0;

    for (int i = 0; i < 500; i++) {
        mark_1(&to);
        if (i % 10 == 0) {
            syscall(CALL_0 + 1);
        }
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    pthread_t threads[N_THREADS];
    int n_forks = argc > 2 ? atoi(argv[2]) : 0;
    int good = 0;

    n_marks = argc > 1 ? atol(argv[1]) : 1000;
    n_rounds = argc > 3 ? atol(argv[3]) : 0;
    for (int i = 0; i < N_THREADS; i++) {
        pthread_create(&threads[i], NULL, n_rounds ? work_in_rounds : work,
                       (void *)n_marks);
    }
    for (int i = 0; i < n_forks; i++) {
        int status = 1;
        pid_t pid = fork();

        if (pid == 0) {
            child();
        }
        good += waitpid(pid, &status, 0) == pid && status == 0;
        usleep(2000);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("guest: %d of %d children ended well\n", good, n_forks);
    return 0;
}
