/*
 * What the parts of the truth program share: calls through the one stub,
 * threads without a libc, identity markers, the list of scenarios.
 *
 * A scenario runs in a process group of its own, under a watchdog, and
 * returns 0, or says with fail() what went otherwise than expected.  It
 * checks only that it exercised what it was written for; whether the log is
 * right is decided outside, against the kernel's trace.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_TRUTH_H
#define QPP_TRUTH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

/*
 * Call numbers that no kernel has: they return -ENOSYS, and what they carry
 * stands in the trace and in the log.  tests/guest/truth-compare knows them.
 */
#define NR_BEGIN 2001    /* the comparison begins here ... */
#define NR_END 2002      /* ... and ends here */
#define NR_IDENTITY 2003 /* tid, pid, ppid, comm (two words), check */
#define NR_SCENARIO 2004 /* number of the scenario that begins */

long qpp_call(long nr, long a, long b, long c, long d, long e, long f);
long qpp_call_newstack(long nr, long a, long b, long c, long d, long e,
                       long f);
long qpp_call_twice(long nr, long a, long b, long c);
long qpp_spin(long value, long rounds);
long qpp_no_call(long value);
void qpp_thread_entry(void);
extern const char qpp_call_insn[], qpp_call_after[];
extern const char qpp_code[], qpp_code_insn[], qpp_code_end[];
#ifdef __x86_64__
long qpp_vfork(void) __attribute__((returns_twice));
#define VFORK() qpp_vfork()
long qpp_call_rex(long nr);
long qpp_call_rep(long nr);
#else
#define VFORK() CALL(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD)
#endif

#define CALL_6(nr, a, b, c, d, e, f, ...)                                     \
    qpp_call((long)(nr), (long)(a), (long)(b), (long)(c), (long)(d),          \
             (long)(e), (long)(f))
/* CALL(nr, up to six arguments): the result as the kernel gives it. */
#define CALL(...) CALL_6(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* fork and vfork as every architecture can do them. */
long do_fork(void);
#define FORK_FLAVOURS 3
/* By fork (where there is one), clone, clone3, as @flavour says. */
long fork_flavour(unsigned int flavour);

typedef struct Thread {
    int tid; /* cleared, and its futex woken, by the kernel at the end */
    int started;
    long (*fn)(void *arg);
    void *arg;
    char *stack;
} Thread;

/* False if it could not be started, as while another thread executes. */
bool thread_start(Thread *thread, long (*fn)(void *arg), void *arg);
void thread_join(Thread *thread);
/* A task on a stack of its own with just these flags; its tid or -errno. */
long task_start(Thread *thread, uint64_t flags, long (*fn)(void *arg),
                void *arg);
void thread_free(Thread *thread);

void mark_identity(void);
void nap_us(long us);
/* Long enough for another thread to block, on one vCPU too. */
void settle(void);
void futex_wait(int *word, int value);
void futex_wake(int *word, int count);
/* Wait until @word is at least @value, sleeping. */
void await(int *word, int value);
/* The child's exit status, -signal if one killed it. */
int reap(long pid);
void set_handler(int sig, void (*handler)(int), int flags);
void set_handler_info(int sig, void (*handler)(int, siginfo_t *, void *),
                      int flags);
int open_pipe(int fds[2]);
/* A word, zero, that children share with their parent; NULL if none. */
int *shared_word(void);
uint32_t random_next(uint32_t *state);
unsigned int count_cpus(void);
long pin_to(long tid, unsigned int cpu);
/* Writes to a file of /proc; false if that failed. */
bool put_file(const char *path, const char *text);
long get_file_number(const char *path);
int fail(const char *what);
bool same(const char *a, const char *b);
#define CHECK(condition)                                                      \
    do {                                                                      \
        if (!(condition)) {                                                   \
            return fail(#condition);                                          \
        }                                                                     \
    } while (0)

typedef struct Scenario {
    const char *name;
    int (*run)(void);
} Scenario;

/* Each part's list, ended by a NULL name. */
extern const Scenario block_scenarios[], signal_scenarios[],
    context_scenarios[], process_scenarios[], death_scenarios[],
    exec_scenarios[], name_scenarios[], code_scenarios[], soak_scenarios[];

/* What the program does when a scenario executes it: argv[1] "exec-...". */
int exec_main(int argc, char **argv);
#define SELF_PATH "/qpp/truth/truth"

#endif
