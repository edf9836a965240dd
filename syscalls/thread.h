/*
 * thread.h: the guest's threads as syscalls sees them.
 *
 * In system mode a thread is what the kernel's switch says: a task_struct.
 * A record is found under a lock at each switch and then kept by the vCPU,
 * so that a call needs no look-up.  A record is changed only by the vCPU
 * that runs its thread; the lock at the switch hands it on to the next.
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
    bool is_child;        /* will return from `call`, which its parent made,
                             when it goes to user mode for the first time */
    bool in_call;         /* `call` has been entered and not ended */
    uint64_t return_pc;   /* behind the call instruction */
    bool has_resume;      /* the call is rt_sigreturn, and so: */
    uint64_t resume_ret;  /* is what it will restore as the result */
    SyscallsCall call;
    void *slots[SYSCALLS_MAX_SLOTS];
};

/* A vCPU's own record, for when no thread is known. */
SyscallsThread *thread_new(uint64_t task);

/*
 * The thread of @task, made if there is none; NULL if there are too many.
 * A vCPU that holds it keeps it valid.
 */
SyscallsThread *thread_get(uint64_t task);

/* Runs @fn on every thread: at exit, when no vCPU runs. */
void thread_foreach(void (*fn)(SyscallsThread *thread, void *data),
                    void *data);

/* Empties the slots: another thread has taken over the record. */
void thread_reset(SyscallsThread *thread);

#endif /* QPP_SYSCALLS_THREAD_H */
