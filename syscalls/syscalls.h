/*
 * syscalls: which system call a guest thread made, and what came of it.
 *
 * This is the plugin's face to other plugins.  Include it, name "syscalls"
 * in qemu_plugin_uses, and subscribe:
 *
 *     static void on_return(void *evdata, void *udata)
 *     {
 *         const SyscallsCall *call = evdata;
 *         ...
 *     }
 *     qemu_plugin_reg_callback("syscalls", "on_all_sys_return", on_return);
 *
 * Events (evdata is a SyscallsCall, udata is NULL):
 *
 *   on_all_sys_enter     a call is about to be made: the instruction that
 *                        makes it has not run yet, arguments are in place.
 *   on_all_sys_entered   the same call, at the first moment at which the
 *                        guest's kernel can be read (outcome still
 *                        SYSCALLS_PENDING): at once behind enter, or, where
 *                        user code cannot reach the kernel's memory, when the
 *                        kernel has been entered.  Exactly one for each enter,
 *                        and before the return.  The user's memory may be out
 *                        of reach then, and registers be the kernel's: what is
 *                        wanted of them, take at enter.
 *   on_all_sys_return    that call is over.  Exactly one for each enter, in
 *                        the order in which the calls end (but see
 *                        on_user_read); `outcome` says how.  A new child's
 *                        return from fork, vfork, clone or clone3
 *                        (SYSCALLS_CHILD) has no enter of its own.
 *   on_<name>_enter, on_<name>_entered, on_<name>_return
 *                        the same for one call, by the name it has in the
 *                        guest's table: on_openat_enter, on_read_return ...
 *
 *   on_thread_switch     evdata is a SyscallsSwitch: the guest's kernel is
 *                        switching a vCPU to another thread.  System mode
 *                        only; runs in the kernel's context, so its memory
 *                        can be read.
 *
 *   on_user_read         evdata is a SyscallsUserRead: how a call ended stands
 *                        in the user's memory, in a signal frame, and the
 *                        vCPU, on its way out of the kernel, does not show it
 *                        (PAN of ARMv8.1 and later).  Who can read it all the
 *                        same does; if nobody can, the call's return is told
 *                        at the thread's next call only.  System mode only.
 *
 *   on_reboot            evdata is a SyscallsReboot: the guest has begun anew,
 *                        with another kernel or the same: the machine was
 *                        reset, the kernel started another (kexec), or the
 *                        guest went to a snapshot of another boot.  System
 *                        mode only.  Told once for all vCPUs, at the new
 *                        kernel's first thread switch, before that is told.
 *                        No thread is known during it.  Behind it the calls
 *                        that the old kernel's threads were in end, with
 *                        SYSCALLS_NO_RETURN, and slots are emptied; that of
 *                        a thread that another vCPU runs, which has not been
 *                        reset, at that vCPU's next switch.
 *
 * All events run on the vCPU's thread and may overlap on different vCPUs.
 * Registers and memory of that vCPU can be read during them; the kernel's
 * memory at a return, but with page-table isolation not at an enter.
 * docs/SYSCALLS.md has the table.  The records passed are valid only during
 * the event.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_H
#define QPP_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qemu-plugin.h"
#include "plugin-qpp.h"
#include "info.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Most slots that syscalls_slot_new() gives out. */
#define SYSCALLS_MAX_SLOTS 8

/*
 * A guest thread.  Opaque; one for each live thread, the same pointer from
 * its first event to its last.
 */
typedef struct SyscallsThread SyscallsThread;

/* How a call ended. */
typedef enum SyscallsOutcome {
    /* Not yet (in enter and entered events). */
    SYSCALLS_PENDING,
    /*
     * It has a result, in `ret`: the thread got it where it made the call,
     * or in the frame of the signal handler that ran first; execve gave it
     * to the new program, rt_sigreturn to the interrupted code.
     */
    SYSCALLS_RETURNED,
    /* Interrupted, and made again by the kernel: a call of its own follows. */
    SYSCALLS_RESTARTED,
    /* Never: exit, killed while in it, a reboot, or QEMU's end. */
    SYSCALLS_NO_RETURN,
    /* A new thread's or process's first step out of its parent's call. */
    SYSCALLS_CHILD,
} SyscallsOutcome;

/* A call: evdata of all events that are about calls. */
typedef struct SyscallsCall {
    uint64_t id;         /* unique in this process; same at enter and return */
    uint64_t time_ns;    /* CLOCK_MONOTONIC of the host, at enter */
    uint64_t pc;         /* address of the instruction; 0: not known */
    const char *abi;     /* "x86_64", "aarch64" ... */
    const SyscallsInfo *info; /* NULL: not in the table */
    int64_t nr;          /* as the kernel sees it: 32 bits, sign-extended */
    uint64_t args[SYSCALLS_MAX_ARGS]; /* as many as info->n_args says, the
                                         rest 0; all if info is NULL */
    int64_t ret;         /* valid for SYSCALLS_RETURNED and SYSCALLS_CHILD */
    SyscallsOutcome outcome;
    unsigned int vcpu;        /* where it was made */
    unsigned int return_vcpu; /* where its end is told */
    SyscallsThread *thread;
    unsigned int boot;   /* 1; one more each time that the guest reboots */
} SyscallsCall;

/* Evdata of on_thread_switch. */
typedef struct SyscallsSwitch {
    unsigned int vcpu;
    SyscallsThread *prev; /* NULL: not known (first switch of this vCPU) */
    SyscallsThread *next;
    bool next_is_new;     /* its first time on any vCPU */
} SyscallsSwitch;

/* Evdata of on_user_read. */
typedef struct SyscallsUserRead {
    unsigned int vcpu; /* whose thread's memory is meant */
    uint64_t addr;
    size_t len;        /* bytes, at most a few hundred */
    void *buf;         /* where to write them */
    bool done;         /* set it when they are all there */
} SyscallsUserRead;

/* Evdata of on_reboot. */
typedef struct SyscallsReboot {
    unsigned int vcpu; /* on which it was noticed */
    unsigned int boot; /* what calls have from here on: 2 at the first */
} SyscallsReboot;

/*
 * The thread that runs on @vcpu_index now; NULL before the first switch, and
 * from the machine's reset to the new kernel's.
 * Of another vCPU than the caller's it is a snapshot, good only to ask for
 * its task.
 */
QPP_FUN_PROTOTYPE(syscalls, SyscallsThread *, syscalls_current_thread,
                  unsigned int vcpu_index);

/*
 * What the guest's kernel calls this thread: in system mode the address of
 * its task_struct, in user mode 0.  Any context.
 */
QPP_FUN_PROTOTYPE(syscalls, uint64_t, syscalls_thread_task,
                  const SyscallsThread *thread);

/*
 * A place for a pointer in every guest thread, for a plugin to keep what it
 * knows of the thread.  @destroy (may be NULL) runs on the value when the
 * thread is gone, and when a new thread takes over its task_struct.
 *
 * Returns the slot's number, or -1 if all SYSCALLS_MAX_SLOTS are taken.
 * Call it in qemu_plugin_install.
 */
QPP_FUN_PROTOTYPE(syscalls, int, syscalls_slot_new, void (*destroy)(void *));

/*
 * The address of @thread's pointer in @slot; NULL at first.  No lock: to be
 * used on the vCPU that runs the thread.  Valid as long as the thread.
 */
QPP_FUN_PROTOTYPE(syscalls, void **, syscalls_slot, SyscallsThread *thread,
                  int slot);

/* The call of that name in the guest's table; NULL: it has none. */
QPP_FUN_PROTOTYPE(syscalls, const SyscallsInfo *, syscalls_by_name,
                  const char *name);

/* The guest's boot that runs now, as in SyscallsCall.  Any context. */
QPP_FUN_PROTOTYPE(syscalls, unsigned int, syscalls_boot, void);

/* Whether the guest is a whole system (true) or a user-mode program. */
QPP_FUN_PROTOTYPE(syscalls, bool, syscalls_system_mode, void);

#ifdef __cplusplus
}
#endif

#endif /* QPP_SYSCALLS_H */
