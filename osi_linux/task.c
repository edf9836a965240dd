/*
 * task.c: reading what a task_struct says.
 *
 * One read fetches the part of the structure that holds all members of
 * interest; what they point to is read when the pointer has changed.
 * Everything is the guest's word: pids must be possible, names are cut and
 * terminated, and nothing is followed more than one pointer deep.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fields.h"
#include "task.h"

/* PID_MAX_LIMIT of 64-bit kernels (include/linux/threads.h). */
#define PID_MAX (4 * 1024 * 1024)

typedef struct Source {
    const OsiLayout *layout;
    OsiReader reader;
} Source;

static bool pid_is_possible(uint64_t pid)
{
    return pid <= PID_MAX;
}

static void read_parent(const Source *s, uint64_t parent, bool all,
                        OsiTask *task)
{
    uint64_t tgid;

    if (parent == task->parent && !all) {
        return;
    }
    task->parent = parent;
    task->identity.ppid =
        osi_read_field(&s->reader, parent, &s->layout->tgid, &tgid) &&
                pid_is_possible(tgid) ? (int32_t)tgid : 0;
}

static void read_cred(const Source *s, uint64_t cred, bool all, OsiTask *task)
{
    uint64_t uid;

    if (cred == task->cred && !all) {
        return;
    }
    task->cred = cred;
    task->identity.uid =
        osi_read_field(&s->reader, cred, &s->layout->uid, &uid)
            ? (uint32_t)uid : UINT32_MAX;
}

static void read_mm(const Source *s, uint64_t mm, bool all, OsiTask *task)
{
    if (mm == task->mm && !all) {
        return;
    }
    task->mm = mm;
    if (!osi_read_field(&s->reader, mm, &s->layout->pgd, &task->pgd)) {
        task->pgd = 0;
    }
}

static void read_leader(const Source *s, uint64_t leader, bool all,
                        OsiTask *task)
{
    if (leader == task->leader && !all) {
        return;
    }
    task->leader = leader;
    if (leader == task->identity.taskd) {
        task->leader_start = task->identity.start_time;
    } else if (!osi_read_field(&s->reader, leader, &s->layout->start_time,
                               &task->leader_start)) {
        task->leader_start = 0;
    }
}

static void copy_comm(const OsiLayout *layout, const OsiCopy *copy,
                      char comm[OSI_COMM_LEN])
{
    size_t len = MIN(layout->comm.size, OSI_COMM_LEN);

    memcpy(comm, osi_get_bytes(copy, &layout->comm), len);
    comm[MIN(len, OSI_COMM_LEN - 1)] = '\0';
    /* So that equal names are equal bytes. */
    memset(comm + strlen(comm), 0, OSI_COMM_LEN - strlen(comm));
}

/* A kernel without the member says nothing. */
static bool is_null(const OsiCopy *copy, const OsiField *field)
{
    return field->size && osi_get(copy, field) == 0;
}

bool osi_task_without_mm(const OsiLayout *layout, OsiReadFn read,
                         void *opaque, uint64_t taskd)
{
    const OsiReader reader = { read, opaque, layout->big_endian };
    uint64_t mm;

    return osi_read_field(&reader, taskd, &layout->mm, &mm) && mm == 0;
}

bool osi_task_read(const OsiLayout *layout, OsiReadFn read, void *opaque,
                   uint64_t taskd, bool all, OsiTask *task)
{
    const Source s = { layout, { read, opaque, layout->big_endian } };
    OsiCopy copy;
    OsiIdentity *id = &task->identity;
    uint64_t pid, tgid;

    if (!osi_read_struct(&s.reader, &layout->task_group, taskd, &copy)) {
        task->known = false;
        return false;
    }
    pid = osi_get(&copy, &layout->pid);
    tgid = osi_get(&copy, &layout->tgid);
    if (!pid_is_possible(pid) || !pid_is_possible(tgid)) {
        task->known = false;
        return false;
    }
    all = all || !task->known || id->taskd != taskd;
    id->taskd = taskd;
    id->tid = (int32_t)pid;
    id->pid = (int32_t)tgid;
    id->start_time = osi_get(&copy, &layout->start_time);
    task->gone = is_null(&copy, &layout->sighand) ||
                 is_null(&copy, &layout->thread_pid);
    copy_comm(layout, &copy, id->comm);
    read_parent(&s, osi_get(&copy, &layout->real_parent), all, task);
    read_cred(&s, osi_get(&copy, &layout->real_cred), all, task);
    read_mm(&s, osi_get(&copy, &layout->mm), all, task);
    read_leader(&s, osi_get(&copy, &layout->group_leader), all, task);
    task->known = true;
    return true;
}
