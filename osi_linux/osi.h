/*
 * osi_linux: which process and thread a vCPU runs, read from the guest's
 * kernel from outside.  The words are PANDA's (osi, OsiProc, taskd, asid).
 *
 * Events (qemu_plugin_reg_callback("osi_linux", ...)):
 *
 *   on_process_change    evdata is an OsiProcessChange: a vCPU goes over to
 *                        another process.  In the kernel's context.  After a
 *                        reboot (on_reboot in syscalls.h) from unknown, as at
 *                        the start.
 *
 * Lists of processes and threads, and all that is known of one, are in
 * osi_proc.h, which is included at the end; memory is in osi_maps.h.
 *
 * Unless said otherwise a function may be called on the thread of the vCPU
 * that it is about, from any callback that may read registers, and answers
 * from what was last seen of the thread: it costs no guest memory access.
 * Unknown is said as NULL or false, never guessed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_OSI_H
#define QPP_OSI_H

#include <stdbool.h>
#include <stdint.h>

#include "qemu-plugin.h"
#include "plugin-qpp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kernel's TASK_COMM_LEN, with the NUL. */
#define OSI_COMM_LEN 16

/* A thread and its process, as plain values to copy. */
typedef struct OsiIdentity {
    uint64_t taskd;       /* address of the thread's task_struct */
    uint64_t asid;        /* physical root of its page tables; 0: a kernel
                             thread, or user mode */
    int32_t pid;          /* thread group: what users call the pid */
    int32_t tid;          /* the thread's own id */
    int32_t ppid;         /* thread group of the parent */
    uint32_t uid;         /* real user id; UINT32_MAX: unknown */
    uint64_t start_time;  /* of the thread, ns since the guest's boot
                             (its monotonic clock); 0: unknown */
    char comm[OSI_COMM_LEN]; /* name; always terminated, any bytes inside */
} OsiIdentity;

/* PANDA's view of a process. */
typedef struct OsiProc {
    uint64_t taskd;       /* task_struct of the thread-group leader */
    uint64_t asid;
    int32_t pid;
    int32_t ppid;
    uint32_t uid;
    char *name;           /* of the thread that was asked about */
    uint64_t create_time; /* of the leader, ns since the guest's boot */
} OsiProc;

/* PANDA's view of a thread; it also names the thread, to be asked about. */
typedef struct OsiThread {
    int32_t pid;          /* of its process */
    int32_t tid;
    uint64_t start_time;  /* ns since the guest's boot */
    uint64_t taskd;       /* its task_struct */
} OsiThread;

/*
 * What names a process cheaply, to be asked about later.  The kernel uses
 * addresses of both kinds again, so the time of its start is in it, too.
 */
typedef struct OsiProcHandle {
    uint64_t taskd;
    uint64_t asid;        /* when the handle was made */
    uint64_t start_time;  /* of the leader, ns since the guest's boot */
} OsiProcHandle;

/* Evdata of on_process_change. */
typedef struct OsiProcessChange {
    unsigned int vcpu;
    OsiIdentity from;     /* all zero: nothing was known to run there */
    OsiIdentity to;
} OsiProcessChange;

/*
 * The thread on @vcpu_index, copied to @out without allocating: the form
 * for hot paths.  False if nothing is known of it (yet).
 */
QPP_FUN_PROTOTYPE(osi_linux, bool, osi_current_identity,
                  unsigned int vcpu_index, OsiIdentity *out);

/* The process on @vcpu_index; free it with free_osiproc.  NULL: unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiProc *, get_current_process,
                  unsigned int vcpu_index);

/* The thread on @vcpu_index; free it with free_osithread.  NULL: unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiThread *, get_current_thread,
                  unsigned int vcpu_index);

/* The handle of the process on @vcpu_index; g_free it.  NULL: unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiProcHandle *, get_current_process_handle,
                  unsigned int vcpu_index);

/*
 * The process that @handle names, read from guest memory through the vCPU
 * whose thread this is called on; free it with free_osiproc.  NULL if it is
 * gone (waited for, or taken over by another thread's execve), if the handle
 * never named one, or if the kernel's memory cannot be read now (with
 * page-table isolation: while the vCPU runs user code).  What its leader
 * says: the leader's name, and asid 0 if that has ended.
 */
QPP_FUN_PROTOTYPE(osi_linux, OsiProc *, get_process,
                  const OsiProcHandle *handle);

/* Any context; NULL is allowed. */
QPP_FUN_PROTOTYPE(osi_linux, void, free_osiproc, OsiProc *proc);
QPP_FUN_PROTOTYPE(osi_linux, void, free_osithread, OsiThread *thread);
QPP_FUN_PROTOTYPE(osi_linux, void, free_osiprochandle, OsiProcHandle *handle);

#ifdef __cplusplus
}
#endif

#include "osi_proc.h"

#endif /* QPP_OSI_H */
