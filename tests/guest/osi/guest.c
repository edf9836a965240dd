/*
 * guest.c: the guest program of osi-run: its markers, its records, and its
 * main, which runs the scenarios one after the other and sends the records
 * out.
 *
 * Threads here have no libc of their own: they share the first thread's
 * TLS, so nothing that they call may use it for more than errno.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "guest.h"

#define RECORDS "/tmp/osi-records"
#define STACK_SIZE 65536

Shared *shared;
static int my_mm;
static const char *current_scene;

void quit(int status)
{
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}

void fail(const char *what)
{
    char line[200];
    int n = snprintf(line, sizeof(line), "osi: failed: %s in %s, pid %ld\n",
                     what, current_scene ? current_scene : "?",
                     syscall(SYS_getpid));

    if (write(2, line, n) != n) {
        quit(3);
    }
    quit(2);
}

/* ---- The guest's word ---------------------------------------------------- */

static int slurp(const char *path, char *buf, int size)
{
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
    int n;

    CHECK(fd >= 0);
    n = syscall(SYS_read, fd, buf, size - 1);
    syscall(SYS_close, fd);
    CHECK(n > 0);
    buf[n] = '\0';
    return n;
}

static void get_comm(const char *path, char comm[16])
{
    char buf[64];
    int n = slurp(path, buf, sizeof(buf)) - 1; /* without the newline */

    memset(comm, 0, 16);
    memcpy(comm, buf, n < 15 ? n : 15);
}

/* Field 22 of a stat file; the name before it may hold anything. */
static uint64_t get_start(const char *path)
{
    char buf[1024];
    char *p;

    slurp(path, buf, sizeof(buf));
    p = strrchr(buf, ')');
    CHECK(p);
    for (int field = 2; field < 22; field++) {
        p = strchr(p + 1, ' ');
        CHECK(p);
    }
    return strtoull(p, NULL, 10);
}

Record *mark_cmd(const char *scene, int cmd, int slot)
{
    int seq = __atomic_fetch_add(&shared->n_records, 1, __ATOMIC_SEQ_CST);
    Record *r = &shared->records[seq];

    syscall(OSI_MARKER, OSI_MAGIC, seq, cmd, slot, 0, 0);
    CHECK(seq < MAX_RECORDS);
    r->pid = syscall(SYS_getpid);
    r->tid = syscall(SYS_gettid);
    r->ppid = syscall(SYS_getppid);
    r->uid = syscall(SYS_getuid);
    r->start = get_start("/proc/thread-self/stat");
    r->leader_start = get_start("/proc/self/stat");
    get_comm("/proc/thread-self/comm", r->comm);
    get_comm("/proc/self/comm", r->leader_comm);
    r->mm = my_mm;
    r->cmd = cmd;
    r->slot = slot;
    strncpy(r->scene, scene, sizeof(r->scene) - 1);
    r->filled = 1;
    return r;
}

Record *mark(const char *scene)
{
    return mark_cmd(scene, OSI_CMD_NONE, OSI_SLOTS);
}

/* ---- Processes and threads ----------------------------------------------- */

static void new_mm(void)
{
    my_mm = __atomic_add_fetch(&shared->n_mms, 1, __ATOMIC_SEQ_CST);
}

int raw_fork(void)
{
    int pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

    if (pid == 0) {
        new_mm();
    }
    return pid;
}

static char *new_stack(void)
{
    char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(stack != MAP_FAILED);
    return stack;
}

typedef struct Child {
    int (*fn)(void *arg);
    void *arg;
} Child;

static int copied_child(void *arg)
{
    Child *child = arg;

    new_mm();
    return child->fn(child->arg);
}

int start_child(int flags, int (*fn)(void *arg), void *arg)
{
    char *stack = new_stack();
    Child child = { fn, arg };

    return flags & CLONE_VM
               ? clone(fn, stack + STACK_SIZE, flags, arg)
               : clone(copied_child, stack + STACK_SIZE, flags, &child);
}

int start_thread(Thread *thread, int (*fn)(void *arg), void *arg)
{
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID |
                CLONE_PARENT_SETTID;
    int tid;

    thread->stack = new_stack();
    tid = clone(fn, thread->stack + STACK_SIZE, flags, arg, &thread->tid,
                NULL, &thread->tid);
    CHECK(tid > 0);
    return tid;
}

void join_thread(Thread *thread)
{
    int tid;

    while ((tid = __atomic_load_n(&thread->tid, __ATOMIC_SEQ_CST)) != 0) {
        syscall(SYS_futex, &thread->tid, FUTEX_WAIT, tid, NULL, NULL, 0);
    }
    munmap(thread->stack, STACK_SIZE);
}

void exec_self(const char *path, const char *role)
{
    const char *argv[] = { path, role, NULL };
    const char *envp[] = { NULL };

    syscall(SYS_execve, path, argv, envp);
    fail("execve");
}

int reap(int pid)
{
    int status = 0;

    CHECK(syscall(SYS_wait4, pid, &status, __WALL, NULL) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- Waiting ------------------------------------------------------------- */

void nap_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    syscall(SYS_nanosleep, &t, NULL);
}

void spin_ms(long ms)
{
    struct timespec now, start;
    long passed;

    clock_gettime(CLOCK_MONOTONIC, &start); /* in the vDSO: no call */
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
        passed = (now.tv_sec - start.tv_sec) * 1000 +
                 (now.tv_nsec - start.tv_nsec) / 1000000;
    } while (passed < ms);
}

void await(int *word, int value)
{
    int now;

    while ((now = __atomic_load_n(word, __ATOMIC_SEQ_CST)) != value) {
        syscall(SYS_futex, word, FUTEX_WAIT, now, NULL, NULL, 0);
    }
}

void spin_until(int *word, int value)
{
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) {
    }
}

void set(int *word, int value)
{
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, word, FUTEX_WAKE, 1000, NULL, NULL, 0);
}

int put_file(const char *path, const char *text)
{
    int fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY, 0);
    int n;

    if (fd < 0) {
        return 0;
    }
    n = syscall(SYS_write, fd, text, strlen(text));
    syscall(SYS_close, fd);
    return n == (int)strlen(text);
}

int n_cpus(void)
{
    return sysconf(_SC_NPROCESSORS_ONLN);
}

void pin_to(int cpu)
{
    unsigned long mask = 1ul << (cpu % n_cpus());

    CHECK(syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask) == 0);
}

/* ---- Start and end ------------------------------------------------------- */

static void map_records(int flags)
{
    int fd = open(RECORDS, O_RDWR | O_CLOEXEC | flags, 0666);

    if (fd < 0 || (flags && (ftruncate(fd, sizeof(*shared)) != 0 ||
                             fchmod(fd, 0666) != 0))) {
        fail("open " RECORDS);
    }
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
                  fd, 0);
    CHECK(shared != MAP_FAILED);
    close(fd);
    new_mm();
}

static void put_hex(FILE *f, const char comm[16])
{
    fputc(' ', f);
    fputc('=', f);
    for (int i = 0; i < 16 && comm[i]; i++) {
        fprintf(f, "%02x", (uint8_t)comm[i]);
    }
}

static void send_records(void)
{
    FILE *f = fopen("/dev/qpp-out", "w");

    CHECK(f);
    for (int i = 0; i < shared->n_records; i++) {
        const Record *r = &shared->records[i];

        fprintf(f, "%d %d %s %d %d %d %u %llu %llu %d %d %d %d", i, r->filled,
                r->filled ? r->scene : "?", r->pid, r->tid, r->ppid, r->uid,
                (unsigned long long)r->start,
                (unsigned long long)r->leader_start, r->mm, r->cmd, r->slot,
                r->expect);
        put_hex(f, r->comm);
        put_hex(f, r->leader_comm);
        fputc('\n', f);
    }
    fprintf(f, "end %d\n", shared->n_records);
    CHECK(fclose(f) == 0);
}

static void run_all(char **names)
{
    const Scenario *lists[] = { process_scenarios, thread_scenarios,
                                name_scenarios, parent_scenarios,
                                handle_scenarios };

    for (unsigned int i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (const Scenario *s = lists[i]; s->name; s++) {
            int wanted = !names[0];

            for (char **n = names; *n; n++) {
                wanted |= strcmp(*n, s->name) == 0;
            }
            if (wanted) {
                current_scene = s->name;
                memset(shared->words, 0, sizeof(shared->words));
                s->run();
            }
        }
    }
}

int main(int argc, char **argv)
{
    const char *base = strrchr(argv[0], '/');

    base = base ? base + 1 : argv[0];
    if (argc < 2 || strcmp(argv[1], "run-all") != 0) {
        map_records(0);
        exec_role(strcmp(base, "osi-helper") == 0 || argc < 2 ? "helper"
                                                              : argv[1]);
        return 0;
    }
    map_records(O_CREAT | O_TRUNC);
    current_scene = "main";
    mark("main");
    run_all(argv + 2);
    send_records();
    printf("osi: %d records\n", shared->n_records);
    return 0;
}
