/*
 * Threads, processes and small helpers of the truth program, made of bare
 * system calls: what libc adds of its own would blur which call is whose.
 * Threads started here share the thread area of the one that started them,
 * so they call nothing of libc that keeps state.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "truth.h"

#define STACK_SIZE 65536
#define THREAD_FLAGS                                                          \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |       \
     CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

long do_fork(void)
{
    return fork_flavour(1);
}

long fork_flavour(unsigned int flavour)
{
    struct clone_args args = {.exit_signal = SIGCHLD};

    switch (flavour % FORK_FLAVOURS) {
#ifdef SYS_fork
    case 0:
        return CALL(SYS_fork);
#endif
    case 2:
        return CALL(SYS_clone3, &args, sizeof(args));
    default:
        return CALL(SYS_clone, SIGCHLD);
    }
}

static char *stack_new(void)
{
    long stack = CALL(SYS_mmap, 0, STACK_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return stack < 0 && stack > -4096 ? NULL : (char *)stack;
}

/* Prepares what the stub pops in the new task; the stack pointer for it. */
static char *stack_prepare(char *stack, long (*fn)(void *), void *arg)
{
    long *top = (long *)(stack + STACK_SIZE - 256);

#ifdef __x86_64__
    /* Three words: the function then finds its stack aligned. */
    *--top = (long)arg;
    *--top = (long)fn;
    *--top = (long)qpp_thread_entry;
#else
    *--top = (long)arg;
    *--top = (long)fn;
#endif
    return (char *)top;
}

static long newstack_call(long nr, long a, long b, long c, long d, long e)
{
#ifdef __aarch64__
    register long entry __asm__("x10") = (long)qpp_thread_entry;
    /* The stub goes to x10 in the new task; nothing on the way uses it. */
    __asm__ volatile("" : : "r"(entry));
    register long r0 __asm__("x0") = nr;
    register long r1 __asm__("x1") = a;
    register long r2 __asm__("x2") = b;
    register long r3 __asm__("x3") = c;
    register long r4 __asm__("x4") = d;
    register long r5 __asm__("x5") = e;
    register long r6 __asm__("x6") = 0;

    __asm__ volatile("bl qpp_call_newstack"
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3), "+r"(r4),
                       "+r"(r5), "+r"(r6)
                     : "r"(entry)
                     : "x7", "x8", "x9", "x30", "memory", "cc");
    return r0;
#else
    return qpp_call_newstack(nr, a, b, c, d, e, 0);
#endif
}

long task_start(Thread *thread, uint64_t flags, long (*fn)(void *arg),
                void *arg)
{
    static unsigned int turn;
    struct clone_args args = {0};
    char *top;
    long tid;

    thread->fn = fn;
    thread->arg = arg;
    thread->stack = stack_new();
    if (!thread->stack) {
        return -1;
    }
    top = stack_prepare(thread->stack, fn, arg);
    if (turn++ % 2 == 0) {
#ifdef __x86_64__
        tid = newstack_call(SYS_clone, flags, (long)top, (long)&thread->tid,
                            (long)&thread->tid, 0);
#else
        tid = newstack_call(SYS_clone, flags, (long)top, (long)&thread->tid,
                            0, (long)&thread->tid);
#endif
    } else {
        args.flags = flags & ~0xffull;
        args.exit_signal = flags & 0xff;
        args.parent_tid = (uint64_t)&thread->tid;
        args.child_tid = (uint64_t)&thread->tid;
        args.stack = (uint64_t)thread->stack;
        args.stack_size = (uint64_t)(top - thread->stack);
        tid = newstack_call(SYS_clone3, (long)&args, sizeof(args), 0, 0, 0);
    }
    if (tid < 0) {
        thread->tid = 0;
    }
    return tid;
}

bool thread_start(Thread *thread, long (*fn)(void *arg), void *arg)
{
    thread->tid = -1;
    return task_start(thread, THREAD_FLAGS, fn, arg) > 0;
}

void thread_free(Thread *thread)
{
    CALL(SYS_munmap, thread->stack, STACK_SIZE);
    thread->stack = NULL;
}

void thread_join(Thread *thread)
{
    int tid;

    while ((tid = __atomic_load_n(&thread->tid, __ATOMIC_SEQ_CST)) != 0) {
        CALL(SYS_futex, &thread->tid, FUTEX_WAIT, tid, 0);
    }
    thread_free(thread);
}

void mark_identity(void)
{
    uint64_t comm[2] = {0, 0};
    long tid = CALL(SYS_gettid);
    long pid = CALL(SYS_getpid);
    long ppid = CALL(SYS_getppid);

    CALL(SYS_prctl, PR_GET_NAME, comm);
    CALL(NR_IDENTITY, tid, pid, ppid, comm[0], comm[1],
         tid ^ pid ^ ppid ^ 0x515050);
}

void nap_us(long us)
{
    struct timespec ts = {us / 1000000, us % 1000000 * 1000};

    CALL(SYS_nanosleep, &ts, NULL);
}

void settle(void)
{
    nap_us(400);
}

void futex_wait(int *word, int value)
{
    CALL(SYS_futex, word, FUTEX_WAIT, value, 0);
}

void futex_wake(int *word, int count)
{
    CALL(SYS_futex, word, FUTEX_WAKE, count);
}

void await(int *word, int value)
{
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) < value) {
        nap_us(200);
    }
}

int reap(long pid)
{
    int status = 0;
    long got;

    do {
        got = CALL(SYS_wait4, pid, &status, __WALL, 0);
    } while (got == -4);
    if (got != pid) {
        return 999;
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

void set_handler(int sig, void (*handler)(int), int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(sig, &action, NULL);
}

void set_handler_info(int sig, void (*handler)(int, siginfo_t *, void *),
                      int flags)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = handler;
    action.sa_flags = flags | SA_SIGINFO;
    sigaction(sig, &action, NULL);
}

int open_pipe(int fds[2])
{
    return (int)CALL(SYS_pipe2, fds, 0);
}

int *shared_word(void)
{
    long at = CALL(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return at < 0 && at > -4096 ? NULL : (int *)at;
}

uint32_t random_next(uint32_t *state)
{
    uint32_t x = *state ? *state : 2463534242u;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

unsigned int count_cpus(void)
{
    uint64_t mask[16] = {0};
    long size = CALL(SYS_sched_getaffinity, 0, sizeof(mask), mask);
    unsigned int n = 0;

    for (long i = 0; i < size / 8; i++) {
        n += (unsigned int)__builtin_popcountl(mask[i]);
    }
    return n ? n : 1;
}

long pin_to(long tid, unsigned int cpu)
{
    uint64_t mask[16] = {0};

    mask[cpu / 64] = 1ull << cpu % 64;
    return CALL(SYS_sched_setaffinity, tid, sizeof(mask), mask);
}

bool put_file(const char *path, const char *text)
{
    long fd = CALL(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
    long size = (long)strlen(text);
    long written;

    if (fd < 0) {
        return false;
    }
    written = CALL(SYS_write, fd, text, size);
    CALL(SYS_close, fd);
    return written == size;
}

long get_file_number(const char *path)
{
    char text[32] = {0};
    long fd = CALL(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    long value = 0;

    if (fd < 0) {
        return -1;
    }
    CALL(SYS_read, fd, text, sizeof(text) - 1);
    CALL(SYS_close, fd);
    for (const char *p = text; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (*p - '0');
    }
    return value;
}

bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

int fail(const char *what)
{
    static const char head[] = "truth: failed: ";

    CALL(SYS_write, 1, head, sizeof(head) - 1);
    CALL(SYS_write, 1, what, strlen(what));
    CALL(SYS_write, 1, "\n", 1);
    return 1;
}
