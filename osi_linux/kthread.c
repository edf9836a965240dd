/*
 * kthread.c: the names of kernel threads.
 *
 * Each has a struct kthread, to which task_struct.worker_private points (up
 * to 5.16 set_child_tid, which kernel threads have no other use for).  Since
 * 5.17 its full_name is what comm is too short for.
 *
 * A thread of a workqueue has a struct worker in kthread.data, and adds what
 * it does (+) or did last (-).  The name in front of that is comm; since 6.10
 * it is the full one, and of a rescuer it has the whole name of its queue.
 * Kernels that do so have WORKER_ID_LEN among their constants.
 *
 * All of it may change while it is read: a description may then be mixed of
 * two, and is cut where it makes no sense.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "kthread.h"

#define FLAG_WQ_WORKER 0x00000020 /* PF_WQ_WORKER */

/* Longer names than the kernel shows, before they are cut. */
#define MAX_FULL_NAME 256

/* The text in @field, an array of characters in the structure at @base. */
static bool get_text(const OsiView *v, uint64_t base, const OsiField *field,
                     char text[OSI_NAME_LEN])
{
    size_t size = MIN(field->size, OSI_NAME_LEN - 1);

    text[0] = '\0';
    if (!base || !size ||
        !osi_read_bytes(&v->reader, base + field->offset, text, size)) {
        return false;
    }
    text[size] = '\0';
    return text[0] != '\0';
}

static void put_full_name(const OsiView *v, uint64_t kthread,
                          char name[OSI_NAME_LEN])
{
    char full[MAX_FULL_NAME];
    uint64_t text;

    if (osi_view_field(v, kthread, &v->proc->kthread.full_name, &text) &&
        text && osi_read_string(&v->reader, text, full, sizeof(full))) {
        g_strlcpy(name, full, OSI_NAME_LEN);
    }
}

static void put_worker_name(const OsiView *v, uint64_t kthread,
                            char name[OSI_NAME_LEN])
{
    uint64_t worker, pool, work, queue;
    char text[OSI_NAME_LEN];

    if (!osi_view_field(v, kthread, &v->proc->kthread.data, &worker) ||
        !osi_view_field(v, worker, &v->proc->kthread.pool, &pool)) {
        return;
    }
    if (v->proc->kthread.whole_ids) {
        if (osi_view_field(v, worker, &v->proc->kthread.rescue_wq, &queue) &&
            queue) {
            if (get_text(v, queue, &v->proc->kthread.wq_name, text)) {
                g_strlcpy(name, "kworker/R-", OSI_NAME_LEN);
                g_strlcat(name, text, OSI_NAME_LEN);
            }
        } else if (!pool) {
            g_strlcpy(name, "kworker/dying", OSI_NAME_LEN);
        } else {
            put_full_name(v, kthread, name);
        }
    }
    if (pool && get_text(v, worker, &v->proc->kthread.desc, text) &&
        osi_view_field(v, worker, &v->proc->kthread.current_work, &work)) {
        g_strlcat(name, work ? "+" : "-", OSI_NAME_LEN);
        g_strlcat(name, text, OSI_NAME_LEN);
    }
}

void osi_kthread_name(const OsiView *v, uint64_t taskd, uint64_t flags,
                      const char *comm, char name[OSI_NAME_LEN])
{
    uint64_t kthread;

    g_strlcpy(name, comm, OSI_NAME_LEN);
    if (!osi_view_field(v, taskd, &v->proc->kthread.of_task, &kthread)) {
        return;
    }
    if (flags & FLAG_WQ_WORKER) {
        put_worker_name(v, kthread, name);
    } else {
        put_full_name(v, kthread, name);
    }
}
