/*
 * process.c: markers of new processes, new programs, and processes that
 * become somebody else's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "guest.h"

static int marking_child(void *scene)
{
    mark(scene);
    return 0;
}

static void run_fork(void)
{
    for (int i = 0; i < 20; i++) {
        int pid = raw_fork();

        if (pid == 0) {
            mark("fork");
            quit(0);
        }
        mark("forked");
        CHECK(reap(pid) == 0);
        pid = start_child(SIGCHLD, marking_child, "clone");
        CHECK(reap(pid) == 0);
        pid = start_child(SIGCHLD | CLONE_VM | CLONE_VFORK, marking_child,
                          "vfork");
        mark("vforked");
        CHECK(reap(pid) == 0);
        pid = start_child(SIGCHLD | CLONE_VM, marking_child, "clone-vm");
        CHECK(reap(pid) == 0);
    }
}

/* The new process is not its maker's child. */
static void run_clone_parent(void)
{
    for (int i = 0; i < 10; i++) {
        int *sibling = &shared->words[0];
        int pid = raw_fork();

        if (pid == 0) {
            *sibling = start_child(SIGCHLD | CLONE_PARENT, marking_child,
                                   "clone-parent");
            mark("clone-parent-maker");
            quit(0);
        }
        CHECK(reap(pid) == 0);
        CHECK(reap(*sibling) == 0);
    }
}

/* ---- New programs -------------------------------------------------------- */

static void exec_by_descriptor(void)
{
    const char *argv[] = { "x", "exec", NULL };
    const char *envp[] = { NULL };
    int fd = syscall(SYS_openat, AT_FDCWD, PROGRAM, O_RDONLY, 0);

    syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
    fail("execveat");
}

static void exec_in_vain(void)
{
    const char *argv[] = { "x", NULL };
    const char *envp[] = { NULL };

    CHECK(syscall(SYS_execve, "/qpp/osi/nowhere", argv, envp) != 0);
    mark("exec-failed");
    CHECK(syscall(SYS_execve, "/qpp/osi/not-a-program", argv, envp) != 0);
    mark("exec-failed");
    quit(0);
}

static int exec_child(void *path)
{
    exec_self(path, "exec");
    return 0;
}

static void run_exec(void)
{
    static const char *const paths[] = {
        PROGRAM, "/qpp/osi/fifteen-letters", "/qpp/osi/sixteen-letters-",
        "/qpp/osi/a-very-long-name-of-a-program-indeed",
        "/qpp/osi/two words", "/qpp/osi/not\xff\xfeutf8", "/qpp/osi/script",
    };

    for (unsigned int i = 0; i < 3 * sizeof(paths) / sizeof(paths[0]); i++) {
        const char *path = paths[i % (sizeof(paths) / sizeof(paths[0]))];
        int pid = raw_fork();

        if (pid == 0) {
            mark("before-exec");
            exec_self(path, "exec");
        }
        CHECK(reap(pid) == 0);
        pid = start_child(SIGCHLD | CLONE_VM | CLONE_VFORK, exec_child,
                          (void *)path);
        mark("after-vfork-exec");
        CHECK(reap(pid) == 0);
    }
    for (int i = 0; i < 5; i++) {
        int pid = raw_fork();

        if (pid == 0) {
            exec_by_descriptor();
        }
        CHECK(reap(pid) == 0);
        pid = raw_fork();
        if (pid == 0) {
            exec_in_vain();
        }
        CHECK(reap(pid) == 0);
        pid = raw_fork();
        if (pid == 0) {
            mark("before-exec");
            exec_self("/qpp/osi/fifteen-letters", "exec-again");
        }
        CHECK(reap(pid) == 0);
    }
}

void exec_role(const char *role)
{
    mark_cmd(role, OSI_CMD_NEW, OSI_SLOTS);
    if (strcmp(role, "exec-again") == 0) {
        CHECK(prctl(PR_SET_NAME, "renamed") == 0);
        mark("before-exec");
        exec_self(PROGRAM, "exec");
    }
}

static int exec_thread(void *arg)
{
    mark("exec-thread-before");
    exec_self("/qpp/osi/fifteen-letters", "exec-by-thread");
    return 0;
}

/* A thread that executes gets its leader's id. */
static void run_exec_thread(void)
{
    for (int i = 0; i < 10; i++) {
        int pid = raw_fork();

        if (pid == 0) {
            Thread thread;

            mark("exec-thread-leader");
            start_thread(&thread, exec_thread, NULL);
            await(&shared->words[0], 1);
        }
        CHECK(reap(pid) == 0);
    }
}

/* ---- Others -------------------------------------------------------------- */

static void run_ids(void)
{
    for (int i = 0; i < 10; i++) {
        int pid = raw_fork();

        if (pid == 0) {
            CHECK(syscall(SYS_setgid, 77) == 0);
            mark("ids");
            CHECK(syscall(SYS_setresuid, 1, 0, 0) == 0);
            mark("ids");
            CHECK(syscall(SYS_setresuid, 3, 0, 0) == 0);
            mark("ids");
            CHECK(syscall(SYS_setreuid, 4, -1) == 0);
            mark("ids");
            CHECK(syscall(SYS_setuid, 70000) == 0);
            mark("ids");
            exec_self(PROGRAM, "exec");
        }
        CHECK(reap(pid) == 0);
    }
}

/* All alive at the same time: as many address spaces. */
static void run_live(void)
{
    enum { N = 24 };
    int *go = &shared->words[0];
    int pids[N];

    for (int i = 0; i < N; i++) {
        pids[i] = raw_fork();
        if (pids[i] == 0) {
            mark("live");
            await(go, 1);
            mark("live");
            quit(0);
        }
    }
    nap_ms(200);
    set(go, 1);
    for (int i = 0; i < N; i++) {
        CHECK(reap(pids[i]) == 0);
    }
}

/* Several processes are given the same pid, one after the other. */
static void run_pid_reuse(void)
{
    enum { FORKS = 400, PID_MAX = 500 };
    static int seen[PID_MAX];
    int twice = 0;
    char old[32] = { 0 };
    int fd = open("/proc/sys/kernel/pid_max", O_RDONLY);

    CHECK(read(fd, old, sizeof(old) - 1) > 0);
    close(fd);
    CHECK(put_file("/proc/sys/kernel/pid_max", "500"));
    for (int i = 0; i < FORKS; i++) {
        int pid = raw_fork();

        if (pid == 0) {
            char name[16];

            mark("reuse");
            snprintf(name, sizeof(name), "reuse-%d", i);
            CHECK(syscall(SYS_prctl, PR_SET_NAME, name) == 0);
            if (i % 5 == 0) {
                exec_self(PROGRAM, "exec-reuse");
            }
            mark("reuse-named");
            quit(0);
        }
        CHECK(pid > 0 && pid < PID_MAX);
        twice += seen[pid]++ != 0;
        CHECK(reap(pid) == 0);
    }
    CHECK(twice > 50);
    CHECK(put_file("/proc/sys/kernel/pid_max", old));
}

/* Programs that the kernel itself starts. */
static void run_helper(void)
{
    CHECK(put_file("/proc/sys/kernel/modprobe", "/qpp/osi/osi-helper"));
    CHECK(put_file("/proc/sys/kernel/core_pattern",
                   "|/qpp/osi/osi-helper"));
    for (int i = 0; i < 5; i++) {
        struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
        int before = __atomic_load_n(&shared->n_records, __ATOMIC_SEQ_CST);
        int pid;

        CHECK(syscall(SYS_socket, 30 + i, SOCK_STREAM, 0) < 0);
        CHECK(__atomic_load_n(&shared->n_records, __ATOMIC_SEQ_CST) > before);
        mark("after-modprobe");
        pid = raw_fork();
        if (pid == 0) {
            CHECK(setrlimit(RLIMIT_CORE, &limit) == 0);
            signal(SIGSEGV, SIG_DFL);
            syscall(SYS_kill, syscall(SYS_getpid), SIGSEGV);
            quit(0);
        }
        CHECK(reap(pid) == -SIGSEGV);
        nap_ms(20);
    }
    CHECK(put_file("/proc/sys/kernel/core_pattern", "core"));
}

static void run_migrate(void)
{
    for (int i = 0; i < 40; i++) {
        int pid = 0;

        pin_to(i);
        mark("migrate");
        pid = raw_fork();
        if (pid == 0) {
            pin_to(i + 1);
            mark("migrate-child");
            quit(0);
        }
        CHECK(reap(pid) == 0);
    }
}

/* The kernel's pid counts, not the one that the process sees. */
static void run_pid_namespace(void)
{
    int pid = raw_fork();

    if (pid == 0) {
        int inner;

        if (syscall(SYS_unshare, CLONE_NEWPID) != 0) {
            fail("unshare");
        }
        inner = raw_fork();
        if (inner == 0) {
            Record *r = mark("pid-namespace");

            CHECK(r->pid == 1);
            quit(0);
        }
        CHECK(reap(inner) == 0);
        for (int i = 0; i < shared->n_records; i++) {
            Record *r = &shared->records[i];

            if (strcmp(r->scene, "pid-namespace") == 0) {
                r->pid = r->tid = inner;
                r->ppid = syscall(SYS_getpid);
            }
        }
        quit(0);
    }
    CHECK(reap(pid) == 0);
}

static void handler(int sig)
{
    mark("in-handler");
}

static void run_signal(void)
{
    signal(SIGUSR1, handler);
    for (int i = 0; i < 5; i++) {
        syscall(SYS_kill, syscall(SYS_getpid), SIGUSR1);
        mark("after-handler");
    }
}

const Scenario process_scenarios[] = {
    { "fork", run_fork },
    { "clone-parent", run_clone_parent },
    { "exec", run_exec },
    { "exec-thread", run_exec_thread },
    { "ids", run_ids },
    { "live", run_live },
    { "helper", run_helper },
    { "migrate", run_migrate },
    { "pid-namespace", run_pid_namespace },
    { "signal", run_signal },
    { "pid-reuse", run_pid_reuse },
    { NULL, NULL },
};
