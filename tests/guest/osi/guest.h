/*
 * guest.h: what the guest program of osi-run and the plugin osi_check agree
 * on, and what the parts of the program share.
 *
 * The program makes markers, and beside each writes down what the guest's
 * own kernel says of the thread (a Record).  The marker comes first: it is
 * a child's or a new program's very first call where that matters.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_OSI_GUEST_H
#define QPP_OSI_GUEST_H

#define OSI_MARKER 2100 /* a call number that no kernel has */
#define OSI_MAGIC 0x05105105
/* In place of a record's number: the first call of a program. */
#define OSI_FIRST_CALL (-1)

/* What the plugin shall do beside writing down what it is told. */
#define OSI_CMD_NONE 0
#define OSI_CMD_KEEP 1 /* keep a handle of this process in the slot */
#define OSI_CMD_ASK 2  /* ask about the slot's handle */
#define OSI_CMD_DEAD 3 /* its process has been waited for */
#define OSI_CMD_NEW 4  /* nothing; its program's very first call was told */
#define OSI_SLOTS 8

#if !defined(QEMU_PLUGIN_EXPORT) && !defined(__ASSEMBLER__)
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the guest says of itself at a marker. */
typedef struct Record {
    int filled;
    char scene[28];
    int pid, tid, ppid;
    unsigned int uid;
    uint64_t start;        /* of the thread, clock ticks since boot */
    uint64_t leader_start;
    int mm;                /* a number for each address space */
    int cmd, slot;
    int expect;            /* OSI_CMD_ASK: the pid; 0: none */
    char comm[16];         /* no NUL if 16 long, which never happens */
    char leader_comm[16];
} Record;

#define MAX_RECORDS 8192

/* Shared by all processes of the program, also after exec. */
typedef struct Shared {
    int n_records;
    int n_mms;
    int words[16]; /* for scenarios to wait on */
    Record records[MAX_RECORDS];
} Shared;

extern Shared *shared;

/* A marker, then the truth of this thread, which the caller may correct. */
Record *mark(const char *scene);
Record *mark_cmd(const char *scene, int cmd, int slot);

/* A child that has made no call yet; in the child 0. */
int raw_fork(void);
/* The same without a new address space, by clone; the child runs @fn. */
int start_child(int flags, int (*fn)(void *arg), void *arg);
/* A thread that has made no call yet; freed never. */
typedef struct Thread {
    int tid; /* cleared, and its futex woken, by the kernel at its end */
    char *stack;
} Thread;
int start_thread(Thread *thread, int (*fn)(void *arg), void *arg);
void join_thread(Thread *thread);

/* Replaces the program by this program under the name @path. */
void exec_self(const char *path, const char *role);
void quit(int status) __attribute__((noreturn));
int reap(int pid);
void nap_ms(long ms);
void spin_ms(long ms);
/* Wait until @word is @value: sleeping, or without any call. */
void await(int *word, int value);
void spin_until(int *word, int value);
/* Wakes those that await it, too. */
void set(int *word, int value);
int put_file(const char *path, const char *text);
int n_cpus(void);
void pin_to(int cpu);
void fail(const char *what);
#define CHECK(condition)                                                      \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fail(#condition);                                                 \
        }                                                                     \
    } while (0)

#define PROGRAM "/qpp/osi/osi"

typedef struct Scenario {
    const char *name;
    void (*run)(void);
} Scenario;
/* Each part's list, ended by a NULL name. */
extern const Scenario process_scenarios[], thread_scenarios[],
    name_scenarios[], parent_scenarios[], handle_scenarios[];
/* What the program does when a scenario executes it. */
void exec_role(const char *role);
#endif

#endif
