/*
 * places.c: the world's processes that differ in executable, folders,
 * arguments, cgroups and namespaces.
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
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

/* ---- Files --------------------------------------------------------------- */

static void exec_as(const char *path, int and_remove)
{
    char *const argv[] = { (char *)"x", NULL }, *const envp[] = { NULL };

    put_program(path);
    if (spawn()) {
        exec_stay(path, argv, envp);
    }
    if (and_remove) {
        await_all();
        CHECK(unlink(path) == 0);
    }
}

static void exec_memfd(void)
{
    char *const argv[] = { (char *)"m", NULL }, *const envp[] = { NULL };
    char path[40];
    int fd = syscall(SYS_memfd_create, "in \"memory\"", 0);

    CHECK(fd >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    put_program(path);
    if (spawn()) {
        exec_stay(path, argv, envp);
    }
    close(fd);
}

static void in_folder(const char *path, int and_remove, int and_chroot)
{
    CHECK(mkdir(path, 0755) == 0);
    if (spawn()) {
        CHECK(chdir(path) == 0);
        if (and_chroot) {
            CHECK(chroot(".") == 0);
        }
        if (and_remove) {
            CHECK(rmdir(path) == 0);
        }
        stay();
    }
}

void world_files(void)
{
    CHECK(mkdir("/tmp/w", 0755) == 0);
    exec_as("/tmp/w/two words", 0);
    exec_as("/tmp/w/new\nline", 0);
    exec_as("/tmp/w/n\xff\xfet utf8 \\040", 0);
    exec_as("/tmp/w/a-very-long-name-of-a-program-that-has-no-end-"
            "a-very-long-name-of-a-program-that-has-no-end", 0);
    exec_as("/tmp/w/removed", 1);
    exec_as("/tmp/w/has (deleted) in it", 0);
    exec_as("/exec-on-root", 1);
    exec_memfd();
    in_folder("/tmp/w/folder with\nodd\tname", 0, 0);
    in_folder("/tmp/w/gone", 1, 0);
    in_folder("/tmp/w/jail", 0, 1);
    CHECK(mkdir("/tmp/w/mnt", 0755) == 0);
    CHECK(mkdir("/tmp/w/from", 0755) == 0);
    CHECK(mount("x", "/tmp/w/mnt", "tmpfs", 0, NULL) == 0);
    in_folder("/tmp/w/mnt/inside", 0, 0);
    exec_as("/tmp/w/mnt/program", 0);
    CHECK(mkdir("/tmp/w/bound", 0755) == 0);
    CHECK(mount("/tmp/w/mnt/inside", "/tmp/w/bound", NULL, MS_BIND, NULL) ==
          0);
    in_folder("/tmp/w/bound/deeper", 0, 0);
}

/* ---- Arguments ----------------------------------------------------------- */

static void exec_with(char *const argv[], char *const envp[])
{
    if (spawn()) {
        exec_stay(PROGRAM, argv, envp);
    }
}

/* Overwrites its own arguments, as setproctitle(3) does. */
static void retitle(size_t len, char with)
{
    char buf[4096], *p = buf;
    unsigned long start;
    int fd;

    if (!spawn()) {
        return;
    }
    fd = open("/proc/self/stat", O_RDONLY);
    CHECK(fd >= 0 && read(fd, buf, sizeof(buf)) > 0);
    close(fd);
    p = strrchr(buf, ')');
    for (int field = 2; field < 48; field++) {
        p = strchr(p + 1, ' ');
        CHECK(p);
    }
    start = strtoul(p, NULL, 10);
    CHECK(start);
    memset((void *)start, with, len);
    stay();
}

void world_args(void)
{
    static char big[100000];
    char *none[] = { NULL };
    char *odd[] = { (char *)"odd", (char *)"", (char *)"two words",
                    (char *)"new\nline", (char *)"\xff\xfe", (char *)"\"'\\",
                    (char *)"", NULL };
    char *odd_env[] = { (char *)"A=1", (char *)"EMPTY=", (char *)"novalue",
                        (char *)"NL=a\nb", (char *)"BIN=\xff\x01",
                        (char *)"", (char *)"A=2", NULL };
    char *long_args[] = { (char *)"long", big, (char *)"end", NULL };

    memset(big, 'x', sizeof(big) - 1);
    exec_with(odd, odd_env);
    exec_with(long_args, odd_env);
    exec_with(odd, none);
    exec_with(none, odd_env);
    retitle(1, 'T');    /* within them */
    retitle(45, 'T');   /* over their end, into the environment */
}

/* ---- Cgroups ------------------------------------------------------------- */

static void join(const char *cgroup)
{
    char path[200], pid[20];
    int fd;

    snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
    snprintf(pid, sizeof(pid), "%d\n", getpid());
    fd = open(path, O_WRONLY);
    CHECK(fd >= 0);
    CHECK(write(fd, pid, strlen(pid)) > 0);
    close(fd);
}

static void in_cgroup(const char *path)
{
    CHECK(mkdir(path, 0755) == 0);
    if (spawn()) {
        join(path);
        stay();
    }
}

/* Ends, and its cgroup is removed before it is waited for. */
static void zombie_in_cgroup(const char *path)
{
    CHECK(mkdir(path, 0755) == 0);
    if (spawn()) {
        join(path);
        ready();
        _exit(0);
    }
    await_all();
    for (int i = 0; rmdir(path) != 0; i++) {
        CHECK(i < 100);
        usleep(50000);
    }
}

void world_cgroups(void)
{
    CHECK(mkdir("/tmp/cg", 0755) == 0);
    CHECK(mount("cg", "/tmp/cg", "cgroup2", 0, NULL) == 0);
    in_cgroup("/tmp/cg/one");
    in_cgroup("/tmp/cg/one/two");
    in_cgroup("/tmp/cg/odd \"name\" \xff");
    in_cgroup("/tmp/cg/machine.slice");
    in_cgroup("/tmp/cg/machine.slice/"
              "docker-0123456789abcdef0123456789abcdef0123456789abcdef"
              "0123456789abcdef.scope");
    zombie_in_cgroup("/tmp/cg/one/removed");
    in_cgroup("/tmp/cg/frozen");
    await_all();
    put_file("/tmp/cg/frozen/cgroup.freeze", "1");
    CHECK(mkdir("/tmp/cg1", 0755) == 0);
    CHECK(mount("cg1", "/tmp/cg1", "cgroup", 0, "none,name=qpp") == 0);
    in_cgroup("/tmp/cg1/first");
    in_cgroup("/tmp/cg1/first/second");
    if (spawn()) { /* /proc has no more than the root for it */
        join("/tmp/cg1/first");
        ready();
        _exit(0);
    }
    /* A hierarchy with a controller, where the kernel still has that. */
    CHECK(mkdir("/tmp/cgf", 0755) == 0);
    if (mount("cgf", "/tmp/cgf", "cgroup", 0, "freezer,devices") == 0) {
        in_cgroup("/tmp/cgf/cold");
    } else {
        printf("proc: no cgroup v1 controllers here\n");
    }
}

/* ---- Namespaces ---------------------------------------------------------- */

static void in_own(int flags)
{
    if (spawn()) {
        CHECK(unshare(flags) == 0);
        stay();
    }
}

/* The first process of a pid namespace, and one more; and deeper ones. */
static void nested(int depth)
{
    if (!spawn()) {
        return;
    }
    CHECK(unshare(CLONE_NEWPID) == 0);
    if (spawn()) {
        if (spawn()) {
            stay();
        }
        if (depth > 0) {
            nested(depth - 1);
        }
        stay();
    }
    stay();
}

/* As containers have it: everything of its own, and another root. */
static void container(void)
{
    if (!spawn()) {
        return;
    }
    CHECK(mkdir("/tmp/w/container", 0755) == 0);
    CHECK(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
                  CLONE_NEWNET | CLONE_NEWCGROUP) == 0);
    CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mount("root", "/tmp/w/container", "tmpfs", 0, NULL) == 0);
    if (spawn()) {
        char *const argv[] = { (char *)"/init", NULL };
        char *const envp[] = { (char *)"container=qpp", NULL };

        CHECK(sethostname("container", 9) == 0);
        put_program("/tmp/w/container/init");
        CHECK(dup2(open("/tmp/proc-shared", O_RDWR), 99) == 99);
        CHECK(chroot("/tmp/w/container") == 0);
        CHECK(chdir("/") == 0);
        execve("/init", argv, envp);
        fail(__FILE__, __LINE__, "execve");
    }
    stay();
}

void world_namespaces(void)
{
    in_own(CLONE_NEWUTS);
    in_own(CLONE_NEWIPC);
    in_own(CLONE_NEWNET);
    in_own(CLONE_NEWCGROUP);
    in_own(CLONE_NEWNS);
    in_own(CLONE_NEWUSER);
    in_own(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);
    if (spawn()) { /* a time namespace is entered by execve or by a child */
        CHECK(unshare(CLONE_NEWTIME) == 0);
        if (spawn()) {
            stay();
        }
        stay();
    }
    nested(3);
    container();
}
