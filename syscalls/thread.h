/*
 * thread.h: the guest's threads as syscalls sees them.
 *
 * In system mode a thread is what the kernel's switch says: a task_struct.
 * A record is found under a lock at each switch and then kept by the vCPU,
 * so that a call needs no look-up.  A record is changed only by the vCPU
 * that runs its thread; the lock at the switch hands it on to the next.
 *
 * A guest that reboots has other threads, which may have the same
 * task_structs: a record is of one boot.  Those of an earlier one are handed
 * back to whoever ends them, and then made use of again; no record is freed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_THREAD_H
#define QPP_SYSCALLS_THREAD_H

#include "syscalls.h"

/* Most threads that are kept; later ones share their vCPU's record. */
#define THREADS_MAX (1u << 18)

struct SyscallsThread {
    uint64_t task;        /* 0: a vCPU's own record */
    uint64_t saved_sp;    /* kernel stack when it was switched out */
    bool switched_out;    /* saved_sp is valid */
    unsigned int n_vcpus; /* that run it; guarded by the lock */
    unsigned int boot;    /* of the guest; 0: the record is spare */
    bool is_child;        /* will return from `call`, which its parent made,
                             when it goes to user mode for the first time */
    bool in_call;         /* `call` has been entered and not ended */
    bool entered_due;     /* `call` is still to be told as entered */
    uint64_t return_pc;   /* behind the call instruction */
    uint64_t frame_sp;    /* `call` is over, how is in the signal frame here,
                             which could not be read yet; 0: it is not */
    bool has_resume;      /* the call is rt_sigreturn, and so: */
    uint64_t resume_ret;  /* is what it will restore as the result */
    SyscallsCall call;
    void *slots[SYSCALLS_MAX_SLOTS];
};

/* A vCPU's own record, for when no thread is known. */
SyscallsThread *thread_new(uint64_t task);

/* The guest's boots so far, as QEMU has seen them: 1, until it reboots. */
unsigned int thread_boot(void);

/* The record of @task in this boot; NULL: there is none. */
SyscallsThread *thread_find(uint64_t task);

/* The same, made if there is none; NULL if there are too many. */
SyscallsThread *thread_get(uint64_t task);

/*
 * A vCPU, which ran @current (NULL: not known), goes from @prev to @next:
 * their records, made if need be, NULL if there are too many.
 */
void thread_switch(SyscallsThread *current, uint64_t prev,
                   uint64_t next, SyscallsThread *records[2]);

/*
 * Another boot begins, and no thread is known any more; @current, on the
 * vCPU that noticed it, says of which boot: NULL if that is over already.
 * Else the records of threads that no other vCPU may be using now; with
 * @all_stand all, since no vCPU has run anything since the machine's reset.
 * What is left is found by its vCPU to be of an earlier boot.
 */
GPtrArray *thread_next_boot(const SyscallsThread *current, bool all_stand);

/* The record, of an earlier boot, may be another thread's. */
void thread_recycle(SyscallsThread *thread);

/* Runs @fn on every thread: at exit, when no vCPU runs. */
void thread_foreach(void (*fn)(SyscallsThread *thread, void *data),
                    void *data);

/* Empties the slots: another thread has taken over the record. */
void thread_reset(SyscallsThread *thread);

#endif /* QPP_SYSCALLS_THREAD_H */
