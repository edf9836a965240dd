/*
 * namespaces.c: pid numbers and namespaces of a task.
 *
 * A struct pid has a number for each pid namespace from the initial one down
 * to that in which it was made (numbers[0] to numbers[level]).  The other
 * namespaces hang on task_struct.nsproxy, the user namespace on the
 * credentials.  All are told by the inode number in struct ns_common, as
 * /proc/PID/ns shows it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "namespaces.h"

/* PID_MAX_LIMIT of 64-bit kernels (include/linux/threads.h). */
#define PID_MAX (4 * 1024 * 1024)

static bool number_at(const OsiView *v, uint64_t pid, unsigned int level,
                      int32_t *number)
{
    uint64_t upid = pid + v->proc->pid.numbers.offset +
                    level * v->proc->pid.upid_size;
    uint64_t value;

    if (!pid || !v->proc->pid.numbers.size ||
        !osi_view_field(v, upid, &v->proc->pid.nr, &value) ||
        value > PID_MAX) {
        return false;
    }
    *number = (int32_t)value;
    return true;
}

int32_t osi_namespaces_number(const OsiView *v, uint64_t pid)
{
    int32_t number;

    return number_at(v, pid, 0, &number) ? number : -1;
}

uint32_t osi_namespaces_inode(const OsiView *v, OsiNamespace kind,
                              uint64_t addr)
{
    uint64_t inode;

    return osi_view_field(v, addr, &v->proc->ns_inum[kind], &inode)
               ? (uint32_t)inode : 0;
}

void osi_namespaces_pids(const OsiView *v, uint64_t pid, int32_t tid,
                         OsiTaskInfo *info)
{
    int32_t numbers[OSI_MAX_PID_NS];
    uint64_t level, ns;

    if (!osi_view_field(v, pid, &v->proc->pid.level, &level) ||
        level >= OSI_MAX_PID_NS) {
        return;
    }
    for (unsigned int i = 0; i <= level; i++) {
        if (!number_at(v, pid, i, &numbers[i])) {
            return;
        }
    }
    if (numbers[0] != tid) {
        return; /* it is another's by now */
    }
    for (unsigned int i = 0; i <= level; i++) {
        info->ns_pids[i] = numbers[i];
    }
    info->n_ns_pids = level + 1;
    if (osi_view_field(v, pid + v->proc->pid.numbers.offset +
                              level * v->proc->pid.upid_size,
                       &v->proc->pid.ns, &ns)) {
        info->ns[OSI_NS_PID] = osi_namespaces_inode(v, OSI_NS_PID, ns);
    }
}

void osi_namespaces_proxy(const OsiView *v, uint64_t proxy,
                          OsiTaskInfo *info)
{
    for (unsigned int kind = 0; kind < OSI_NS_COUNT; kind++) {
        uint64_t ns;

        if (osi_view_field(v, proxy, &v->proc->ns_in_proxy[kind], &ns)) {
            info->ns[kind] = osi_namespaces_inode(v, kind, ns);
        }
    }
}
