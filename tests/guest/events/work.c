/*
 * work.c: what events-run's guest does while its kernel traces: processes
 * and threads begin and end in every way.  Says of each end what it is to be
 * ("expect TID CODE"), as waitpid() has it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int ok, const char *what)
{
    if (!ok) {
        printf("events: %s failed: %s\n", what, strerror(errno));
        exit(1);
    }
}

static void await(pid_t pid)
{
    int status;

    check(waitpid(pid, &status, __WALL) == pid, "waitpid");
    printf("expect %d %d\n", pid, status);
    fflush(stdout);
}

/* A child that runs @function. */
static pid_t start(void (*function)(void))
{
    pid_t pid;

    fflush(stdout);
    pid = fork();
    check(pid >= 0, "fork");
    if (pid == 0) {
        function();
        _exit(0);
    }
    return pid;
}

static void exit_7(void)
{
    _exit(7);
}

static void die_of_signal(void)
{
    signal(SIGSEGV, SIG_DFL);
    raise(SIGKILL);
}

static void fault(void)
{
    static volatile int *volatile nowhere;

    *nowhere = 1;
}

static void *thread(void *arg)
{
    usleep(1000);
    return arg;
}

static void threads(void)
{
    pthread_t t[8];

    for (int i = 0; i < 8; i++) {
        check(pthread_create(&t[i], NULL, thread, NULL) == 0, "thread");
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(t[i], NULL);
    }
    _exit(3);
}

/* All threads at once, by exit_group, while others still begin. */
static void threads_killed(void)
{
    pthread_t t;

    for (int i = 0; i < 8; i++) {
        check(pthread_create(&t, NULL, thread, NULL) == 0, "thread");
    }
    _exit(4);
}

static void *leader_is_gone(void *arg)
{
    usleep(5000);
    syscall(SYS_exit, 5);
    return NULL;
}

static void leader_ends_first(void)
{
    pthread_t t;

    check(pthread_create(&t, NULL, leader_is_gone, NULL) == 0, "thread");
    syscall(SYS_exit, 6);
}

static void *thread_execs(void *arg)
{
    execl("/bin/busybox", "from a thread", "true", NULL);
    return NULL;
}

static void exec_in_thread(void)
{
    pthread_t t;

    check(pthread_create(&t, NULL, thread_execs, NULL) == 0, "thread");
    pause();
}

static void exec_odd(void)
{
    execl("/bin/busybox", "sh", "-c", "exit 9", "odd \n \xff arguments", "",
          NULL);
}

static void exec_fails(void)
{
    execl("/nonexistent", "x", NULL);
    execl("/proc/version", "x", NULL);
    _exit(11);
}

static void exec_script(void)
{
    execl("/qpp/script", "/qpp/script", "one", NULL);
}

/* Its own file is gone when it is executed by its descriptor. */
static void exec_deleted(void)
{
    static const char source[] = "/bin/busybox";
    char *const argv[] = { "true", NULL };
    char *const env[] = { NULL };
    char buf[65536];
    int from = open(source, O_RDONLY), to, fd;
    ssize_t n;

    to = open("/tmp/deleted", O_WRONLY | O_CREAT, 0755);
    check(from >= 0 && to >= 0, "open");
    while ((n = read(from, buf, sizeof(buf))) > 0) {
        check(write(to, buf, n) == n, "write");
    }
    close(to);
    fd = open("/tmp/deleted", O_RDONLY);
    unlink("/tmp/deleted");
    syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
    _exit(12); /* Linux 5.10 says ENOENT */
}

static int clone_child(void *arg)
{
    return 13;
}

static void raw_clones(void)
{
    static const int flags[] = {
        SIGCHLD, CLONE_VM | SIGCHLD, CLONE_VFORK | CLONE_VM | SIGCHLD,
        CLONE_PARENT, CLONE_FILES | CLONE_FS | SIGCHLD, 0,
    };
    static char stack[65536] __attribute__((aligned(16)));

    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        pid_t pid = clone(clone_child, stack + sizeof(stack), flags[i], NULL);

        check(pid > 0, "clone");
        if (flags[i] & CLONE_PARENT) {
            usleep(2000); /* another's to wait for */
        } else {
            await(pid);
        }
    }
}

/* Parents end before their children, which another gets. */
static void orphans(void)
{
    for (int i = 0; i < 5; i++) {
        if (fork() == 0) {
            if (fork() == 0) {
                usleep(3000);
                _exit(1);
            }
            _exit(2);
        }
    }
}

/* As /qpp/begin and /qpp/end it does nothing: they bound the trace. */
int main(int argc, char **argv)
{
    static void (*const all[])(void) = {
        exit_7, die_of_signal, fault, threads, threads_killed,
        leader_ends_first, exec_in_thread, exec_odd, exec_fails,
        exec_script, exec_deleted, orphans,
    };
    const size_t n = sizeof(all) / sizeof(*all);
    pid_t pids[64];

    if (argc > 0 && !strstr(argv[0], "work")) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        await(start(all[i]));
    }
    raw_clones();
    /* The same side by side, several times. */
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < n; i++) {
            pids[i] = start(all[i]);
        }
        for (size_t i = 0; i < n; i++) {
            await(pids[i]);
        }
    }
    return 0;
}
