/*
 * Truth scenarios: execve and execveat, failing and succeeding, from any
 * thread, after vfork, through a script, and in chains; and what the
 * program does when it is the one executed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <string.h>

#include "truth.h"

static char *const no_environment[] = {NULL};

/* "executed", how many more, ...: ends with status 17. */
int exec_main(int argc, char **argv)
{
    char count[2] = {0, 0};
    char *next[] = {"truth", "executed", count, NULL};

    mark_identity();
    if (argc > 2 && argv[2][0] > '0') {
        count[0] = (char)(argv[2][0] - 1);
        CALL(SYS_execve, SELF_PATH, next, no_environment);
        return 1;
    }
    CALL(SYS_exit_group, 17);
    return 0;
}

static long exec_self(const char *path, char *count)
{
    char *arguments[] = {"truth", "executed", count, NULL};

    return CALL(SYS_execve, path, arguments, no_environment);
}

static int run_fails(void)
{
    char *arguments[] = {"x", NULL};

    put_file("/dev/null", "x");
    for (int i = 0; i < 25; i++) {
        CHECK(exec_self("/no/such/file", "0") == -ENOENT);
        CHECK(exec_self("/proc/self/maps", "0") == -EACCES);
        CHECK(exec_self("/proc", "0") == -EACCES);
        CHECK(exec_self("", "0") == -ENOENT);
        CHECK(exec_self((const char *)16, "0") == -EFAULT);
        CHECK(CALL(SYS_execve, SELF_PATH, 16, 0) == -EFAULT);
        CHECK(CALL(SYS_execve, SELF_PATH, arguments, -8) == -EFAULT);
        CHECK(exec_self("/qpp/truth/not-a-program", "0") == -ENOEXEC);
        CHECK(exec_self("/qpp/truth/no-interpreter", "0") == -ENOENT);
        CHECK(CALL(SYS_execveat, 999, "", arguments, no_environment,
                   AT_EMPTY_PATH) == -EBADF);
    }
    return 0;
}

static int run_chain(void)
{
    for (unsigned int i = 0; i < 12; i++) {
        long pid = fork_flavour(i);

        if (pid == 0) {
            /* A script's interpreter, and a link with another name. */
            exec_self(i % 3 == 0   ? "/qpp/truth/script"
                      : i % 3 == 1 ? "/qpp/truth/another-name-for-it"
                                   : SELF_PATH,
                      "3");
            CALL(SYS_exit_group, 1);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == 17);
    }
    return 0;
}

static int run_execveat(void)
{
    char *arguments[] = {"truth", "executed", "1", NULL};

    for (int i = 0; i < 12; i++) {
        long fd = CALL(SYS_openat, AT_FDCWD,
                       i % 2 ? SELF_PATH : "/qpp/truth", O_RDONLY);
        long pid = do_fork();

        if (pid == 0) {
            CALL(SYS_execveat, fd, i % 2 ? "" : "truth", arguments,
                 no_environment, i % 2 ? AT_EMPTY_PATH : 0);
            CALL(SYS_exit_group, 1);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == 17);
        CALL(SYS_close, fd);
    }
    return 0;
}

static int run_vfork_exec(void)
{
    for (volatile int i = 0; i < 20; i++) {
        long pid = VFORK();

        if (pid == 0) {
            if (i % 2) {
                exec_self("/no/such/file", "0");
            }
            exec_self(SELF_PATH, i % 4 == 0 ? "1" : "0");
            CALL(SYS_exit_group, 1);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == 17);
    }
    return 0;
}

static int never;

static long waiting_main(void *arg)
{
    static int fds[2];
    char byte;

    switch ((long)arg) {
    case 0:
        futex_wait(&never, 0);
        break;
    case 1:
        nap_us(20000000);
        break;
    case 2:
        open_pipe(fds);
        CALL(SYS_read, fds[0], &byte, 1);
        break;
    default:
        for (;;) {
            CALL(SYS_getpid);
            qpp_spin(0, 5000);
        }
    }
    return 0;
}

static long execing_main(void *arg)
{
    settle();
    mark_identity();
    if ((long)arg) {
        exec_self("/no/such/file", "0");
    }
    exec_self(SELF_PATH, "1");
    return 0;
}

/* Another thread than the first becomes the process, and takes its tid. */
static int run_thread_exec(void)
{
    Thread threads[5];

    for (long i = 0; i < 24; i++) {
        long pid = do_fork();

        if (pid == 0) {
            for (long j = 0; j < 3 + i % 2; j++) {
                thread_start(&threads[j], waiting_main, (void *)j);
            }
            if (i % 4 == 3) {
                /* The first thread's turn after all. */
                execing_main((void *)1);
            }
            thread_start(&threads[4], execing_main, (void *)(i % 3));
            if (i % 4 == 2) {
                CALL(SYS_exit, 0);
            }
            waiting_main((void *)(i % 2));
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == 17);
    }
    return 0;
}

/* Several threads execute at once: one wins, the others end in the call. */
static int run_exec_race(void)
{
    Thread threads[4];

    for (int i = 0; i < 16; i++) {
        long pid = do_fork();

        if (pid == 0) {
            for (int j = 0; j < 4; j++) {
                thread_start(&threads[j], execing_main, (void *)(long)(j % 2));
            }
            execing_main(NULL);
        }
        CHECK(pid > 0);
        CHECK(reap(pid) == 17);
    }
    return 0;
}

/* A process dies of its execve: past the point of no return. */
static int run_exec_dies(void)
{
    for (int i = 0; i < 10; i++) {
        long pid = do_fork();

        if (pid == 0) {
            exec_self("/qpp/truth/broken", "0");
            CALL(SYS_exit_group, 1);
        }
        CHECK(pid > 0);
        reap(pid);
    }
    return 0;
}

const Scenario exec_scenarios[] = {
    {"exec-fails", run_fails},
    {"exec-chain", run_chain},
    {"exec-at", run_execveat},
    {"exec-vfork", run_vfork_exec},
    {"exec-thread", run_thread_exec},
    {"exec-race", run_exec_race},
    {"exec-dies", run_exec_dies},
    {NULL, NULL},
};
