/*
 * tasks.c: walking the kernel's lists of processes and threads.
 *
 * Leaders of processes are a list through task_struct.tasks that begins at
 * the kernel's first task (init_task, pid 0); a process's threads one through
 * thread_node at signal_struct.thread_head; a thread's children one through
 * sibling at its children.  No symbol is needed: init_task is its own parent,
 * and everybody's ancestor.
 *
 * What a list leads to may be freed and used again while it is read.  So a
 * task counts only if it is one, is not gone, and belongs where it was found.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "klist.h"
#include "tasks.h"

/* Most generations between a task and the first one. */
#define MAX_DEPTH 65536

bool osi_tasks_is_root(const OsiView *v, uint64_t taskd)
{
    const OsiLayout *l = v->layout;
    uint64_t pid, tgid, parent, node, back;

    return osi_view_field(v, taskd, &l->pid, &pid) && pid == 0 &&
           osi_view_field(v, taskd, &l->tgid, &tgid) && tgid == 0 &&
           osi_view_field(v, taskd, &l->real_parent, &parent) &&
           parent == taskd && v->proc->task.tasks.size &&
           osi_view_pointer(v, taskd + v->proc->task.tasks.offset, &node) &&
           node && osi_view_pointer(v, node + l->pointer_size, &back) &&
           back == taskd + v->proc->task.tasks.offset;
}

uint64_t osi_tasks_root(const OsiView *v, uint64_t taskd)
{
    uint64_t parent;

    for (unsigned int i = 0; i < MAX_DEPTH; i++) {
        if (!osi_view_field(v, taskd, &v->layout->real_parent, &parent)) {
            return 0;
        }
        if (parent == taskd) {
            return osi_tasks_is_root(v, taskd) ? taskd : 0;
        }
        taskd = parent;
    }
    return 0;
}

bool osi_tasks_read(const OsiView *v, uint64_t taskd, uint64_t start_time,
                    OsiTask *task)
{
    *task = (OsiTask){ 0 };
    return osi_task_read(v->layout, v->reader.read, v->reader.opaque, taskd,
                         true, task) &&
           !task->gone && task->identity.start_time == start_time;
}

static GArray *nodes_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(uint64_t));
}

/* The task whose list node @link is the @i-th of @nodes. */
static bool read_node(const OsiView *v, const GArray *nodes, guint i,
                      const OsiField *link, OsiTask *task)
{
    *task = (OsiTask){ 0 };
    return osi_task_read(v->layout, v->reader.read, v->reader.opaque,
                         g_array_index(nodes, uint64_t, i) - link->offset,
                         true, task) &&
           !task->gone;
}

static bool is_leader(const OsiTask *task)
{
    return task->leader == task->identity.taskd &&
           task->identity.pid == task->identity.tid;
}

bool osi_tasks_processes(const OsiView *v, uint64_t root, GArray *tasks)
{
    const OsiField *link = &v->proc->task.tasks;
    g_autoptr(GArray) nodes = nodes_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_int64_hash,
                                                  g_int64_equal);
    bool complete;

    if (!root || !link->size) {
        return false;
    }
    complete = osi_klist_collect(v, root + link->offset, OSI_MAX_TASKS,
                                 nodes);
    for (guint i = 0; i < nodes->len; i++) {
        OsiTask task;

        /* The memory of one that ended may have become another's. */
        if (g_hash_table_add(seen, &g_array_index(nodes, uint64_t, i)) &&
            read_node(v, nodes, i, link, &task) && is_leader(&task)) {
            g_array_append_val(tasks, task);
        }
    }
    return complete;
}

bool osi_tasks_threads(const OsiView *v, uint64_t leader, GArray *tasks)
{
    const OsiField *link = &v->proc->task.thread_node;
    const OsiField *head = &v->proc->signal.thread_head;
    g_autoptr(GArray) nodes = nodes_new();
    uint64_t signal, tgid;
    bool complete;

    if (!link->size || !head->size ||
        !osi_view_field(v, leader, &v->layout->tgid, &tgid) ||
        !osi_view_field(v, leader, &v->proc->task.signal, &signal) ||
        !signal) {
        return false;
    }
    complete = osi_klist_collect(v, signal + head->offset, OSI_MAX_TASKS,
                                 nodes);
    for (guint i = 0; i < nodes->len; i++) {
        OsiTask task;

        if (read_node(v, nodes, i, link, &task) &&
            task.leader == leader && task.identity.pid == (int32_t)tgid) {
            g_array_append_val(tasks, task);
        }
    }
    return complete;
}

/* The children that the thread at @parent has itself. */
static bool children_of_thread(const OsiView *v, uint64_t parent,
                               GArray *tasks)
{
    const OsiField *link = &v->proc->task.sibling;
    const OsiField *head = &v->proc->task.children;
    g_autoptr(GArray) nodes = nodes_new();
    bool complete;

    if (!link->size || !head->size) {
        return false;
    }
    complete = osi_klist_collect(v, parent + head->offset, OSI_MAX_TASKS,
                                 nodes);
    for (guint i = 0; i < nodes->len; i++) {
        OsiTask task;

        if (read_node(v, nodes, i, link, &task) && is_leader(&task) &&
            task.parent == parent) {
            g_array_append_val(tasks, task);
        }
    }
    return complete;
}

bool osi_tasks_children(const OsiView *v, uint64_t leader, GArray *tasks)
{
    g_autoptr(GArray) threads = g_array_new(FALSE, FALSE, sizeof(OsiTask));
    bool complete = osi_tasks_threads(v, leader, threads);

    for (guint i = 0; i < threads->len && tasks->len < OSI_MAX_TASKS; i++) {
        complete = children_of_thread(
                       v, g_array_index(threads, OsiTask, i).identity.taskd,
                       tasks) && complete;
    }
    return complete && tasks->len < OSI_MAX_TASKS;
}
