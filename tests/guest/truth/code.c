/*
 * Truth scenarios: unusual numbers, arguments and instructions: unknown
 * calls, bad pointers, code that is made at run time, that goes away under
 * the call, that straddles pages, that has two calls in a row.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>

#include "truth.h"

#define PAGE 4096
#define PTR(x) ((long)(x))

static int run_unknown(void)
{
    static const long numbers[] = {
        1000,       0xfff,       -1,         -2,         512,
        513,        519,         531,        546,        547,
        548,        600,         0x7fffffff, -0x7fffffff - 1L,
        0x12345678, 0x100000000 + 9999,      1L << 62 | 8888,
        -4096,      -100000,     0x40000000 + 9999,
    };

    for (int round = 0; round < 25; round++) {
        for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
            CHECK(CALL(numbers[i], round, -1, 1L << 63, 0x123456789abcdef,
                       -round, ~0L) < 0);
        }
    }
    return 0;
}

/* A known call whose number has something in the upper half. */
static int run_upper_half(void)
{
    long pid = CALL(SYS_getpid);

    for (long i = 1; i < 60; i++) {
        CHECK(CALL(SYS_getpid | i << 32) == pid);
        CHECK(CALL(SYS_lseek | i << 40, 998, i << 33, i) == -EBADF);
    }
    return 0;
}

static int run_bad_pointers(void)
{
    static const long bad[] = {8, -1, -4096, 1L << 63, 1L << 47, 0xdead0000};

    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            CHECK(CALL(SYS_openat, -100, bad[i], 0, 0) == -EFAULT);
            CHECK(CALL(SYS_pipe2, bad[i], 0) == -EFAULT);
            CHECK(CALL(SYS_nanosleep, bad[i], 0) == -EFAULT);
            CHECK(CALL(SYS_readlinkat, -100, bad[i], bad[i], 10) < 0);
            CHECK(CALL(SYS_newfstatat, -100, "/", bad[i], 0) == -EFAULT);
            CHECK(CALL(SYS_prctl, 15, bad[i]) == -EFAULT);
            CHECK(CALL(SYS_rt_sigaction, 10, bad[i], 0, 8) == -EFAULT);
            CHECK(CALL(SYS_clone3, bad[i], 88) == -EFAULT);
            CHECK(CALL(SYS_mmap, 0, -1, 3, 0x22, -1, 0) == -ENOMEM);
            CHECK(CALL(SYS_munmap, 1, 1) == -EINVAL);
        }
    }
    return 0;
}

typedef long (*CodeCall)(long nr, long a, long b, long c);

static char *map_code(long pages)
{
    long at = CALL(SYS_mmap, 0, pages * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return at < 0 && at > -4096 ? NULL : (char *)at;
}

static CodeCall put_code(char *at)
{
    memcpy(at, qpp_code, (size_t)(qpp_code_end - qpp_code));
    __builtin___clear_cache(at, at + (qpp_code_end - qpp_code));
    return (CodeCall)(uintptr_t)at;
}

/* The instruction at every place around the end of a page. */
static int run_straddle(void)
{
    char *code = map_code(2);
    long insn = qpp_code_insn - qpp_code;
    long pid = CALL(SYS_getpid);

    CHECK(code);
#ifdef __x86_64__
    for (int round = 0; round < 8; round++) {
        for (int shift = -6; shift <= 6; shift++) {
            CodeCall call = put_code(code + PAGE - insn + shift);

            CHECK(call(SYS_getpid, 0, 0, 0) == pid);
            CHECK(call(SYS_lseek, 997, shift, round) == -EBADF);
        }
    }
#else
    for (int round = 0; round < 30; round++) {
        for (int shift = -8; shift <= 8; shift += 4) {
            CodeCall call = put_code(code + PAGE - insn + shift);

            CHECK(call(SYS_getpid, 0, 0, 0) == pid);
            CHECK(call(SYS_lseek, 997, shift, round) == -EBADF);
        }
    }
#endif
    CALL(SYS_munmap, code, 2 * PAGE);
    return 0;
}

/* Code comes and goes at one address; a child has other code there. */
static int run_new_code(void)
{
    for (int i = 0; i < 60; i++) {
        char *code = map_code(1);
        CodeCall call;

        CHECK(code);
        call = put_code(code + 16 * (i % 3));
        CHECK(call(SYS_lseek, 996, i, 0) == -EBADF);
        if (i % 6 == 0) {
            long pid = do_fork();

            if (pid == 0) {
                memset(code, 0, PAGE);
                call = put_code(code + 16 * ((i + 1) % 3));
                call(SYS_getppid, 0, 0, 0);
                call(SYS_exit_group, 3, 0, 0);
            }
            CHECK(pid > 0);
            CHECK(reap(pid) == 3);
        }
        CHECK(CALL(SYS_munmap, code, PAGE) == 0);
    }
    return 0;
}

/* The call takes away the page that it would return to. */
static sigjmp_buf escape;

static void on_segv(int sig)
{
    CALL(SYS_getpid);
    siglongjmp(escape, 1);
}

static int run_vanish(void)
{
    for (volatile int i = 0; i < 40; i++) {
        char *volatile code = map_code(1);

        CHECK(code);
        set_handler(SIGSEGV, on_segv, 0);
        if (sigsetjmp(escape, 1) == 0) {
            CodeCall call = put_code(code + 32);

            if (i % 2) {
                call(SYS_munmap, PTR(code), PAGE, 0);
            } else {
                call(SYS_mprotect, PTR(code), PAGE, PROT_NONE);
            }
            return fail("code went on that was gone");
        }
        CALL(SYS_munmap, code, PAGE);
    }
    return 0;
}

/* Ends the process with the last call that its code page sees. */
static int run_adjacent(void)
{
    long pid = CALL(SYS_getpid);

    for (int i = 0; i < 50; i++) {
#ifdef __x86_64__
        /* lseek's result, 39, is the number of getpid. */
        long fd = CALL(SYS_memfd_create, "x", 0);

        CHECK(qpp_call_twice(SYS_lseek, fd, SYS_getpid, 0) == pid);
        CALL(SYS_close, fd);
        CHECK(qpp_call_rex(SYS_getpid) == pid);
        CHECK(qpp_call_rep(SYS_getpid) == pid);
#else
        CHECK(qpp_call_twice(SYS_getpid, 0, 0, 0) == pid);
        CHECK(qpp_call_twice(SYS_lseek, 995, i, 0) == -EBADF);
#endif
    }
    return 0;
}

/* Arrives where calls return to without having made one. */
static int run_no_call(void)
{
    for (int i = 0; i < 400; i++) {
        CHECK(qpp_no_call(i) == i);
        if (i % 50 == 0) {
            CALL(SYS_sched_yield);
        }
    }
    return 0;
}

const Scenario code_scenarios[] = {
    {"unknown", run_unknown},
    {"upper-half", run_upper_half},
    {"bad-pointers", run_bad_pointers},
    {"straddle", run_straddle},
    {"new-code", run_new_code},
    {"vanish", run_vanish},
    {"adjacent", run_adjacent},
    {"no-call", run_no_call},
    {NULL, NULL},
};
