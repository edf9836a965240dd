/*
 * process.c: the facts about a task that fit in numbers, as /proc/PID/stat
 * and /proc/PID/status show them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "kthread.h"
#include "namespaces.h"
#include "process.h"
#include "tasks.h"

/* Bits of the kernel's task states (include/linux/sched.h); not in BTF. */
enum {
    STATE_SLEEPING = 0x01,
    STATE_DISK = 0x02,
    STATE_REPORTED = 0x7f, /* up to TASK_PARKED */
    STATE_NOLOAD = 0x400,
    STATE_IDLE = STATE_DISK | STATE_NOLOAD,
    STATE_RTLOCK_WAIT = 0x1000, /* since 5.15 */
    STATE_FROZEN = 0x8000,      /* since 6.1 */
};

#define FLAG_EXITING 0x00000004 /* PF_EXITING */
#define FLAG_KTHREAD 0x00200000 /* PF_KTHREAD */

/* MAX_RT_PRIO, and where nice 0 lies (include/linux/sched/prio.h). */
#define PRIO_FIRST_NORMAL 100
#define PRIO_NICE_0 120
/* SCHED_EXT (include/uapi/linux/sched.h) is 7; room for some to come. */
#define POLICY_MAX 15

static uint64_t get(const OsiView *v, uint64_t base, const OsiField *field,
                    uint64_t unknown)
{
    uint64_t value;

    return osi_view_field(v, base, field, &value) ? value : unknown;
}

/* The letter that /proc/PID/stat shows. */
static char state_letter(const OsiView *v, uint64_t taskd)
{
    static const char letters[] = "RSDTtXZP";
    uint64_t state, exit_state;
    unsigned int n = 0;

    if (!osi_view_field(v, taskd, &v->proc->task.state, &state) ||
        !osi_view_field(v, taskd, &v->proc->task.exit_state, &exit_state)) {
        return '?';
    }
    if (state & (STATE_RTLOCK_WAIT | STATE_FROZEN)) {
        return 'D';
    }
    if ((state & STATE_IDLE) == STATE_IDLE) {
        return 'I';
    }
    for (state = (state | exit_state) & STATE_REPORTED; state; state >>= 1) {
        n++;
    }
    return letters[n];
}

static void read_cred(const OsiView *v, uint64_t cred, OsiTaskInfo *info)
{
    info->uid = get(v, cred, &v->layout->uid, UINT32_MAX);
    info->euid = get(v, cred, &v->proc->cred.euid, UINT32_MAX);
    info->suid = get(v, cred, &v->proc->cred.suid, UINT32_MAX);
    info->fsuid = get(v, cred, &v->proc->cred.fsuid, UINT32_MAX);
    info->gid = get(v, cred, &v->proc->cred.gid, UINT32_MAX);
    info->egid = get(v, cred, &v->proc->cred.egid, UINT32_MAX);
    info->sgid = get(v, cred, &v->proc->cred.sgid, UINT32_MAX);
    info->fsgid = get(v, cred, &v->proc->cred.fsgid, UINT32_MAX);
    info->ns[OSI_NS_USER] = osi_namespaces_inode(
        v, OSI_NS_USER, get(v, cred, &v->proc->cred.user_ns, 0));
}

static int32_t number_of(const OsiView *v, uint64_t signal, int64_t type)
{
    uint64_t pid;

    if (!signal || type < 0 ||
        (uint64_t)(type + 1) * v->layout->pointer_size >
            v->proc->signal.pids.size ||
        !osi_view_pointer(v, signal + v->proc->signal.pids.offset +
                                 type * v->layout->pointer_size, &pid)) {
        return -1;
    }
    return osi_namespaces_number(v, pid);
}

static void read_signal(const OsiView *v, uint64_t signal, OsiTaskInfo *info)
{
    info->n_threads = get(v, signal, &v->proc->signal.nr_threads, 0);
    info->pgid = number_of(v, signal, v->proc->pid.pgid);
    info->sid = number_of(v, signal, v->proc->pid.sid);
}

/* The number there less @origin, if it is possible at all. */
static int32_t number_in(const OsiView *v, uint64_t taskd,
                         const OsiField *field, int64_t origin, int64_t min,
                         int64_t max, int32_t unknown)
{
    uint64_t value;
    int64_t number;

    if (!osi_view_field(v, taskd, field, &value)) {
        return unknown;
    }
    number = (int64_t)(int32_t)value - origin;
    return number >= min && number <= max ? (int32_t)number : unknown;
}

static void read_schedule(const OsiView *v, uint64_t taskd, OsiTaskInfo *info)
{
    info->policy = number_in(v, taskd, &v->proc->task.policy, 0, 0,
                             POLICY_MAX, -1);
    info->nice = number_in(v, taskd, &v->proc->task.static_prio, PRIO_NICE_0,
                           -20, 19, OSI_NICE_UNKNOWN);
    /* Down to the deadline class, whose prio is -1. */
    info->priority = number_in(v, taskd, &v->proc->task.prio,
                               PRIO_FIRST_NORMAL, -101, 40,
                               OSI_NICE_UNKNOWN);
    info->rt_priority = number_in(v, taskd, &v->proc->task.rt_priority, 0, 0,
                                  99, 0);
}

bool osi_process_info(const OsiView *v, const OsiTask *task,
                      OsiTaskInfo *info)
{
    const OsiIdentity *id = &task->identity;
    uint64_t flags;
    OsiTask again;

    *info = (OsiTaskInfo){
        .taskd = id->taskd, .leader = task->leader, .pid = id->pid,
        .tid = id->tid, .ppid = id->ppid, .asid = id->asid,
        .start_time = id->start_time, .nice = OSI_NICE_UNKNOWN,
        .priority = OSI_NICE_UNKNOWN,
    };
    memcpy(info->comm, id->comm, sizeof(info->comm));
    info->state = state_letter(v, id->taskd);
    info->start_boottime = get(v, id->taskd, &v->proc->task.start_boottime,
                               0);
    flags = get(v, id->taskd, &v->proc->task.flags, 0);
    info->kernel_thread = flags & FLAG_KTHREAD;
    info->exiting = flags & FLAG_EXITING;
    if (info->kernel_thread) {
        osi_kthread_name(v, id->taskd, flags, id->comm, info->name);
    } else {
        g_strlcpy(info->name, id->comm, sizeof(info->name));
    }
    read_cred(v, task->cred, info);
    read_signal(v, get(v, id->taskd, &v->proc->task.signal, 0), info);
    read_schedule(v, id->taskd, info);
    osi_namespaces_pids(v, get(v, id->taskd, &v->layout->thread_pid, 0),
                        id->tid, info);
    osi_namespaces_proxy(v, get(v, id->taskd, &v->proc->task.nsproxy, 0),
                         info);
    return osi_tasks_read(v, id->taskd, id->start_time, &again) &&
           again.identity.tid == id->tid;
}
