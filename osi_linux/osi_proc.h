/*
 * osi_proc.h: the processes and threads of a guest: which there are, and
 * what each is.  Part of osi_linux's face; osi.h includes it.
 *
 * These functions read guest memory when they are called, through the vCPU
 * @vcpu_index on whose thread they are called: from a callback that may read
 * registers, at a moment when the kernel's memory is in reach.  It always is
 * in osi_linux's events, and in syscalls' switch events, entered events and
 * returns (but SYSCALLS_NO_RETURN); with page-table isolation, and on
 * aarch64, never while the vCPU runs user code, as at a system call's enter.
 * When it is not, they answer NULL, false or -1.
 *
 * The guest goes on meanwhile on its other vCPUs.  A process or thread that
 * lives during the whole call is listed, once; one that begins or ends during
 * it may be listed or not.  What is said of one was so at some moment of the
 * call, and it is still the same process or thread at the end; two facts may
 * be of different moments.
 *
 * Where the kernel's lists are broken, an array has what could be read, and
 * @complete (NULL is allowed) is set to false.  At most 65,536 processes or
 * threads are looked at.
 *
 * In user mode the guest's process is QEMU's own, which the handle names that
 * is all zero (get_current_process_handle gives it); what the host's /proc
 * says of it is said, and of no other process anything.  Which threads are
 * the guest's, its arguments and its environment are unknown.
 *
 * A GArray is freed with g_array_unref, or osi_maps.h's cleanup_garray, which
 * frees what its elements hold, too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_OSI_PROC_H
#define QPP_OSI_PROC_H

#include <glib.h>

#include "osi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds of namespaces, in the order of /proc/PID/ns's usual listing. */
typedef enum OsiNamespace {
    OSI_NS_CGROUP,
    OSI_NS_IPC,
    OSI_NS_MNT,
    OSI_NS_NET,
    OSI_NS_PID,
    OSI_NS_TIME,
    OSI_NS_USER,
    OSI_NS_UTS,
    OSI_NS_COUNT
} OsiNamespace;

/* Pid namespaces nest 32 deep below the initial one. */
#define OSI_MAX_PID_NS 33
#define OSI_NICE_UNKNOWN INT32_MIN
/* The longest name that /proc/PID/comm shows, with the NUL. */
#define OSI_NAME_LEN 64

/*
 * What is known of one thread, and through its leader of a process: what
 * /proc/PID/stat and status show.  g_free it.
 */
typedef struct OsiTaskInfo {
    uint64_t taskd;       /* address of its task_struct */
    uint64_t leader;      /* of its process's leader */
    uint64_t asid;        /* as OsiIdentity's */
    int32_t pid;
    int32_t tid;
    int32_t ppid;
    int32_t pgid;         /* process group; -1: unknown */
    int32_t sid;          /* session; -1: unknown */
    uint32_t uid, euid, suid, fsuid; /* UINT32_MAX: unknown */
    uint32_t gid, egid, sgid, fsgid;
    uint32_t n_threads;   /* of its process; 0: unknown */
    int32_t nice;         /* -20 to 19; OSI_NICE_UNKNOWN */
    int32_t priority;     /* as stat shows it; OSI_NICE_UNKNOWN */
    int32_t policy;       /* SCHED_...; -1: unknown */
    uint32_t rt_priority; /* 1 to 99; 0: none, or unknown */
    uint64_t start_time;  /* ns since boot, without time asleep; 0: unknown */
    uint64_t start_boottime; /* the same with time asleep: stat's field 22 */
    char comm[OSI_COMM_LEN];
    char state;           /* R S D T t Z X P I, as stat shows it; ?: unknown */
    bool kernel_thread;
    bool exiting;
    uint32_t n_ns_pids;   /* 0: unknown */
    int32_t ns_pids[OSI_MAX_PID_NS]; /* its tid in each pid namespace, from
                                        the initial one inwards */
    uint32_t ns[OSI_NS_COUNT]; /* inode numbers; 0: unknown, or it has none
                                  any more (a zombie) */
    char name[OSI_NAME_LEN]; /* comm; of a kernel thread its whole name, and
                                of a workqueue's what it does (+) or did last
                                (-), as /proc/PID/comm shows it:
                                "kworker/0:1-events" */
} OsiTaskInfo;

/* A cgroup that a process is in: a line of /proc/PID/cgroup. */
typedef struct OsiCgroup {
    int32_t hierarchy; /* 0: the unified one, version 2 */
    char *controllers; /* of version 1: "cpu,cpuacct", "name=systemd" */
    char *path;        /* from the root of the hierarchy; any bytes */
    bool deleted;      /* the cgroup is gone (a zombie's; version 2 only) */
} OsiCgroup;

/* ---- Lists --------------------------------------------------------------- */

/* All processes, as OsiProc; kernel threads are processes, too. */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_processes,
                  unsigned int vcpu_index);

/* All processes, as OsiProcHandle. */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_process_handles,
                  unsigned int vcpu_index);

/* The same, telling whether it is all of them. */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_process_handles_checked,
                  unsigned int vcpu_index, bool *complete);

/* All threads of the system, as OsiThread. */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_threads, unsigned int vcpu_index,
                  bool *complete);

/* The threads of the process that @handle names, as OsiThread. */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_process_threads,
                  unsigned int vcpu_index, const OsiProcHandle *handle,
                  bool *complete);

/* The processes whose parent it is, as OsiProcHandle. */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_process_children,
                  unsigned int vcpu_index, const OsiProcHandle *handle,
                  bool *complete);

/* Element @index of what get_processes gave; borrowed.  NULL: no such. */
QPP_FUN_PROTOTYPE(osi_linux, OsiProc *, get_one_proc, GArray *processes,
                  unsigned int index);

/* ---- Looking up ---------------------------------------------------------- */

/* The process @pid; g_free it.  NULL: none, or unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiProcHandle *, get_process_handle_by_pid,
                  unsigned int vcpu_index, int32_t pid);

/* The thread @tid; free it with free_osithread.  NULL: none, or unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiThread *, get_thread_by_tid,
                  unsigned int vcpu_index, int32_t tid);

/* ---- One process or thread ----------------------------------------------- */

/* The pid of the process that @handle names; -1: gone, or unknown. */
QPP_FUN_PROTOTYPE(osi_linux, int32_t, get_process_pid,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

/* Its parent's; 0 if the kernel started it. */
QPP_FUN_PROTOTYPE(osi_linux, int32_t, get_process_ppid,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

/* What its leader is; g_free it.  NULL: gone, or unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiTaskInfo *, get_process_info,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

/* What @thread is; g_free it.  NULL: gone, or unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiTaskInfo *, get_thread_info,
                  unsigned int vcpu_index, const OsiThread *thread);

/*
 * The path of its executable, as /proc/PID/exe names it, with " (deleted)"
 * behind one that is; any bytes but NUL.  g_free it.  NULL: it has none (a
 * kernel thread, a zombie), it is gone, or unknown.
 */
QPP_FUN_PROTOTYPE(osi_linux, char *, get_process_exe,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

/* Its working directory, in the same way. */
QPP_FUN_PROTOTYPE(osi_linux, char *, get_process_cwd,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

/* The directory that it sees as its root, in the same way. */
QPP_FUN_PROTOTYPE(osi_linux, char *, get_process_root,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

/*
 * Its arguments as /proc/PID/cmdline shows them: strings, each with its NUL,
 * as they are in its memory now.  Free it with g_byte_array_unref.  Empty: it
 * has none (a kernel thread, a zombie).  NULL: gone, too long (8 MiB), not in
 * memory, or unknown (before the guest's first system call).
 */
QPP_FUN_PROTOTYPE(osi_linux, GByteArray *, get_process_cmdline,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

/* The environment that it was started with, in the same way. */
QPP_FUN_PROTOTYPE(osi_linux, GByteArray *, get_process_environment,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

/*
 * Its cgroups, as OsiCgroup, one for each hierarchy that there is, by falling
 * number.  Every process is in the unified one, also where the guest has not
 * mounted it (/proc shows it from the first mount on).  NULL: gone, unknown.
 */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_process_cgroups,
                  unsigned int vcpu_index, const OsiProcHandle *handle);

#ifdef __cplusplus
}
#endif

#endif /* QPP_OSI_PROC_H */
