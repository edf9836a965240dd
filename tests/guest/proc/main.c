/*
 * main.c: the guest program of proc-run: builds a world of processes, waits
 * until it stands still, and has it looked at from inside (/proc, before and
 * after) and from outside (the marker).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"

/* How many should be ready, and how many are; in a file, for execve. */
typedef struct Shared {
    int expected;
    int ready;
} Shared;

static Shared *shared;

void fail(const char *file, int line, const char *what)
{
    printf("proc: failed: %s:%d: %s: %s\n", file, line, what,
           strerror(errno));
    fflush(stdout);
    _exit(2);
}

static void nap_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static void open_shared(void)
{
    int fd = open("/tmp/proc-shared", O_RDWR | O_CREAT | O_CLOEXEC, 0666);

    CHECK(fd >= 0);
    fchmod(fd, 0666);
    CHECK(ftruncate(fd, sizeof(Shared)) == 0);
    shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED,
                  fd, 0);
    CHECK(shared != MAP_FAILED);
    close(fd);
}

void expect(int n)
{
    __atomic_fetch_add(&shared->expected, n, __ATOMIC_SEQ_CST);
}

int spawn(void)
{
    int pid;

    expect(1);
    pid = fork();
    CHECK(pid >= 0);
    return pid == 0;
}

void ready(void)
{
    __atomic_fetch_add(&shared->ready, 1, __ATOMIC_SEQ_CST);
}

void stay(void)
{
    ready();
    for (;;) {
        pause();
    }
}

/* What is executed may see no file of this one's: it gets its memory. */
#define SHARED_FD "99"

void exec_stay(const char *path, char *const argv[], char *const envp[])
{
    int fd = open("/tmp/proc-shared", O_RDWR);

    CHECK(fd >= 0);
    CHECK(dup2(fd, atoi(SHARED_FD)) >= 0);
    close(fd);
    execve(path, argv, envp);
    fail(__FILE__, __LINE__, path);
}

/* Executed to stay, with whatever arguments; they are not to be touched. */
static void stay_executed(void)
{
    shared = mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED,
                  atoi(SHARED_FD), 0);
    CHECK(shared != MAP_FAILED);
    close(atoi(SHARED_FD));
    stay();
}

void put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

void put_program(const char *path)
{
    int from = open(PROGRAM, O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    struct stat st;

    CHECK(from >= 0 && to >= 0 && fstat(from, &st) == 0);
    while (sendfile(to, from, NULL, st.st_size) > 0) {
    }
    close(from);
    close(to);
}

void await_all(void)
{
    for (int i = 0; shared->ready != shared->expected; i++) {
        if (i == 600) {
            printf("proc: %d of %d are ready\n", shared->ready,
                   shared->expected);
            fail(__FILE__, __LINE__, "the world is not ready");
        }
        nap_ms(50);
    }
}

int main(void)
{
    if (fcntl(atoi(SHARED_FD), F_GETFD) >= 0) {
        stay_executed();
    }
    open_shared();
    setvbuf(stdout, NULL, _IONBF, 0);
    world_names();
    world_threads();
    world_states();
    world_ids();
    world_trees();
    world_files();
    world_args();
    world_cgroups();
    world_namespaces();
    await_all();
    nap_ms(500); /* those who are ready also have to fall asleep */
    printf("proc: %d tasks\n", shared->expected);
    read_all('A');
    syscall(PROC_MARKER, PROC_MAGIC, 0);
    nap_ms(PROC_STILL_MS);
    read_all('B');
    syscall(PROC_MARKER, PROC_MAGIC, PROC_STORM);
    storm();
    syscall(PROC_MARKER, PROC_MAGIC, PROC_CALM);
    show_all();
    return 0;
}
