/*
 * osi_events.h: what happens to a guest's processes and threads, told once
 * each, when the guest's kernel does it.  Part of osi_linux's face; system
 * mode only.
 *
 * Events (qemu_plugin_reg_callback("osi_linux", ...)), with the place in the
 * kernel at which they are told and the tracepoint that they agree with:
 *
 *   on_process_start   evdata is an OsiStartEvent: a process was created; on
 *                      its creator's vCPU, before it runs (wake_up_new_task;
 *                      sched:sched_process_fork)
 *   on_thread_start    the same for a further thread of a process
 *   on_process_exec    evdata is an OsiExecEvent: a thread has become another
 *                      program; on its vCPU, before that runs
 *                      (proc_exec_connector; sched:sched_process_exec)
 *   on_thread_end      evdata is an OsiEndEvent: a thread ends; on its vCPU
 *                      (acct_collect; sched:sched_process_exit)
 *   on_process_end     the same, after on_thread_end, if it was the last of
 *                      its process
 *   on_task_change     evdata is an OsiTaskChange: a vCPU goes over to
 *                      another thread (sched:sched_switch)
 *
 *   on_mapping_added   evdata is an OsiMappingEvent: something is mapped that
 *   on_mapping_removed was not, or no longer is: the difference between what
 *                      /proc/PID/maps says before a call and after it; of
 *                      one that grows, shrinks or changes its permissions
 *                      the old is removed and the new added.  Also all that
 *                      a new program has mapped when it starts.  What ends
 *                      with an execve or a process is not told one by one,
 *                      nor what a fork copies, nor that a stack has grown
 *                      Its functions must not wait for another vCPU: threads
 *                      that share memory are told one after the other
 *   on_library_load    evdata is an OsiMappingEvent: the first executable
 *                      mapping of a file, after its on_mapping_added
 *
 * All run on the vCPU's thread in the kernel's context: registers and the
 * kernel's memory can be read, and what of the current process's memory is
 * present.  Records are valid during the event.
 *
 * Events begin when the kernel and its symbols are known, at the first thread
 * switch that osi_linux sees; nothing is told of what happened earlier.  The
 * same after a reboot (on_reboot in syscalls.h), which itself ends everything
 * without a word here.
 * Helpers that the kernel makes of a process for itself (io_uring's workers,
 * vhost) are told as threads, though sched_process_fork leaves them out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_OSI_EVENTS_H
#define QPP_OSI_EVENTS_H

#include "osi_maps.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Something was created. */
typedef struct OsiStartEvent {
    unsigned int vcpu;
    OsiIdentity creator; /* the thread that made it */
    OsiIdentity created; /* what it is, with the name of its creator still */
} OsiStartEvent;

/* Another program. */
typedef struct OsiExecEvent {
    unsigned int vcpu;
    OsiIdentity thread; /* as it is now */
    const char *path;   /* of the executable, as /proc/PID/exe; any bytes;
                           NULL: unknown */
    const char *args;   /* its arguments, each ended by a NUL; NULL: unknown */
    size_t args_len;    /* bytes at args, the last NUL included; at most
                           OSI_EXEC_ARGS_MAX */
} OsiExecEvent;

/* Longer argument lists are cut, and their last byte is a NUL. */
#define OSI_EXEC_ARGS_MAX 65536

/* A thread, or with the last of them a process, ends. */
typedef struct OsiEndEvent {
    unsigned int vcpu;
    OsiIdentity thread;
    int32_t code; /* status << 8, or the signal; a process's as waitpid() in
                     its parent will give it, but for the bit of a core
                     dump */
} OsiEndEvent;

/* A vCPU goes over to another thread. */
typedef struct OsiTaskChange {
    unsigned int vcpu;
    OsiIdentity from; /* all zero: not known */
    OsiIdentity to;
} OsiTaskChange;

/* A mapping. */
typedef struct OsiMappingEvent {
    unsigned int vcpu;
    OsiIdentity thread; /* that made the call, or one that shares its memory
                           and left the kernel earlier */
    const OsiModule *mapping;
} OsiMappingEvent;

#ifdef __cplusplus
}
#endif

#endif /* QPP_OSI_EVENTS_H */
