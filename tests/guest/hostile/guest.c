/*
 * guest.c: the guest program of hostile-run: builds a small world with one of
 * each kind of thing that osi_linux reads, and then lets the plugin in, from
 * all CPUs at once, round after round: guest ROUNDS.  At the end the world
 * must be as it was made.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define MAX_CPUS 16
#define N_KINDS 6

#define CHECK(condition) \
    ((condition) ? (void)0 : fail(__LINE__, #condition))

typedef struct Shared {
    int ready;              /* children that have built their part */
    int arrived[MAX_CPUS];  /* the round that each CPU's process is at */
} Shared;

static Shared *shared;

static void fail(int line, const char *what)
{
    printf("hostile: failed: guest.c:%d: %s: %s\n", line, what,
           strerror(errno));
    fflush(stdout);
    _exit(2);
}

static void write_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0644);

    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

/* ---- The world ----------------------------------------------------------- */

static void *sleep_for_ever(void *name)
{
    prctl(PR_SET_NAME, name);
    for (;;) {
        pause();
    }
    return NULL;
}

static void be_threads(void)
{
    static char *const names[] = { "one", "two", "a)b (c", "\n\x01\xff" };
    pthread_t thread;

    for (int i = 0; i < 4; i++) {
        CHECK(pthread_create(&thread, NULL, sleep_for_ever, names[i]) == 0);
    }
}

static void be_container(void)
{
    CHECK(unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
                  CLONE_NEWPID) == 0);
    CHECK(mkdir("/tmp/root", 0755) == 0 && mkdir("/tmp/root/d", 0755) == 0);
    CHECK(mount("/tmp/root", "/tmp/root", NULL, MS_BIND, NULL) == 0);
    CHECK(mount("in", "/tmp/root/d", "tmpfs", 0, NULL) == 0);
    CHECK(chroot("/tmp/root") == 0 && chdir("/d") == 0);
    if (fork() != 0) {
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sleep_for_ever("inside");
}

static void be_mapper(void)
{
    int fd = open("/tmp/mapped", O_RDWR | O_CREAT, 0600);
    int mem = memfd_create("a memfd", 0);

    CHECK(fd >= 0 && ftruncate(fd, 1 << 20) == 0);
    CHECK(mem >= 0 && ftruncate(mem, 1 << 20) == 0);
    for (int i = 0; i < 150; i++) {
        int at = i % 3 == 0 ? fd : i % 3 == 1 ? mem : -1;

        CHECK(mmap(NULL, 8192, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE,
                   at < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, at,
                   at < 0 ? 0 : i * 4096) != MAP_FAILED);
    }
}

static void be_opener(void)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/tmp/s" };
    struct sockaddr_in in = { .sin_family = AF_INET };
    int fds[2], fd = socket(AF_UNIX, SOCK_STREAM, 0), other;

    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&un, sizeof(un)) == 0 &&
          listen(fd, 1) == 0);
    other = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(other, (struct sockaddr *)&un, sizeof(un)) == 0 &&
          accept(fd, NULL, NULL) >= 0);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0 &&
          listen(fd, 1) == 0);
    CHECK(socket(AF_INET6, SOCK_DGRAM, 0) >= 0 || errno == EAFNOSUPPORT);
    CHECK(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
    CHECK(pipe(fds) == 0 && eventfd(0, 0) >= 0);
    CHECK(mkdir("/tmp/deep", 0755) == 0 &&
          mkdir("/tmp/deep/er", 0755) == 0 &&
          mkdir("/tmp/deep/er/still", 0755) == 0);
    CHECK(open("/tmp/deep/er/still/here", O_RDWR | O_CREAT, 0600) >= 0);
    CHECK(open("/tmp/gone", O_RDWR | O_CREAT, 0600) >= 0 &&
          unlink("/tmp/gone") == 0);
    CHECK(open("/proc/self/status", O_RDONLY) >= 0);
    for (int i = 0; i < 100; i++) {
        CHECK(open("/dev/null", O_RDONLY) >= 0);
    }
}

static void be_member(void)
{
    CHECK(mkdir("/tmp/cg", 0755) == 0);
    CHECK(mount("cg", "/tmp/cg", "cgroup2", 0, NULL) == 0);
    CHECK(mkdir("/tmp/cg/a", 0755) == 0 && mkdir("/tmp/cg/a/b", 0755) == 0);
    write_to("/tmp/cg/a/b/cgroup.procs", "0");
    CHECK(setsid() >= 0 && nice(5) >= 0);
    CHECK(setgid(1000) == 0 && setuid(1000) == 0);
}

/* Runs from a file that has no name any more. */
static void be_deleted(void)
{
    static char *const env[] = { "A=1", "B=two words", NULL };
    static char *const argv[] = { "a name", "deleted", "", "x", NULL };
    char buf[65536];
    int from = open("/proc/self/exe", O_RDONLY), to;
    ssize_t n;

    to = open("/tmp/copy", O_WRONLY | O_CREAT, 0755);
    CHECK(from >= 0 && to >= 0);
    while ((n = read(from, buf, sizeof(buf))) > 0) {
        CHECK(write(to, buf, n) == n);
    }
    close(from);
    close(to);
    execve("/tmp/copy", argv, env);
    fail(__LINE__, "execve");
}

static int start(int kind)
{
    static void (*const be[N_KINDS])(void) = {
        be_threads, be_container, be_mapper, be_opener, be_member, be_deleted,
    };
    /* By which the plugin knows them. */
    static char *const names[N_KINDS] = { "threads", "container", "mapper",
                                          "opener", "member", "deleted" };
    int pid = fork();

    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_NAME, names[kind]);
        be[kind]();
        __atomic_fetch_add(&shared->ready, 1, __ATOMIC_SEQ_CST);
        sleep_for_ever(names[kind]);
    }
    return pid;
}

/* ---- The rounds ---------------------------------------------------------- */

/* All are in user mode, on CPUs of their own, when the first one goes on. */
static void meet(int cpu, int n_cpus, int round)
{
    __atomic_store_n(&shared->arrived[cpu], round, __ATOMIC_SEQ_CST);
    for (int i = 0; i < n_cpus; i++) {
        while (__atomic_load_n(&shared->arrived[i], __ATOMIC_SEQ_CST) <
               round) {
        }
    }
}

static void run_rounds(int cpu, int n_cpus, int rounds)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
    for (int i = 1; i <= rounds; i++) {
        meet(cpu, n_cpus, i);
        syscall(HOSTILE_MARKER, (long)HOSTILE_MAGIC, (long)n_cpus, (long)i);
    }
}

static void end_children(const int *pids)
{
    int status;

    for (int i = 0; i < N_KINDS; i++) {
        CHECK(kill(pids[i], SIGTERM) == 0);
        CHECK(waitpid(pids[i], &status, 0) == pids[i]);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    }
}

int main(int argc, char **argv)
{
    int n_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), pids[N_KINDS], status;

    if (argc > 1 && strcmp(argv[1], "deleted") == 0) {
        int fd = open("/tmp/shared", O_RDWR);

        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED, fd, 0);
        CHECK(shared != MAP_FAILED && unlink("/tmp/copy") == 0);
        __atomic_fetch_add(&shared->ready, 1, __ATOMIC_SEQ_CST);
        sleep_for_ever("deleted");
    }
    CHECK(argc > 1 && n_cpus <= MAX_CPUS);
    int fd = open("/tmp/shared", O_RDWR | O_CREAT, 0666);
    CHECK(fd >= 0 && ftruncate(fd, sizeof(*shared)) == 0);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
                  fd, 0);
    CHECK(shared != MAP_FAILED);
    for (int i = 0; i < N_KINDS; i++) {
        pids[i] = start(i);
    }
    while (__atomic_load_n(&shared->ready, __ATOMIC_SEQ_CST) < N_KINDS) {
        usleep(10000);
    }
    for (int i = 1; i < n_cpus; i++) {
        if (fork() == 0) {
            run_rounds(i, n_cpus, atoi(argv[1]));
            _exit(0);
        }
    }
    run_rounds(0, n_cpus, atoi(argv[1]));
    for (int i = 1; i < n_cpus; i++) {
        CHECK(wait(&status) > 0 && status == 0);
    }
    end_children(pids);
    printf("hostile: the world is as it was\n");
    return 0;
}
