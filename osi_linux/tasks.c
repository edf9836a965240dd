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
#include "hash64.h"
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

static bool is_leader(const OsiTask *task)
{
    return task->leader == task->identity.taskd &&
           task->identity.pid == task->identity.tid;
}

/* Whether @task, found in a list, belongs to it; what of is @owner. */
typedef bool (*BelongsFn)(const OsiTask *task, uint64_t owner);

/* Adds the tasks of the list at @head, which are linked by @link. */
static bool collect(const OsiView *v, uint64_t head, const OsiField *link,
                    BelongsFn belongs, uint64_t owner, GArray *tasks)
{
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autoptr(GHashTable) seen = g_hash_table_new(hash64, g_int64_equal);
    bool complete = osi_klist_collect(v, head, OSI_MAX_TASKS, nodes);

    for (guint i = 0; i < nodes->len; i++) {
        uint64_t node = g_array_index(nodes, uint64_t, i);
        OsiTask task = { 0 };

        /* The memory of one that ended may be another's, further on. */
        if (g_hash_table_add(seen, &g_array_index(nodes, uint64_t, i)) &&
            osi_task_read(v->layout, v->reader.read, v->reader.opaque,
                          node - link->offset, true, &task) &&
            !task.gone && belongs(&task, owner)) {
            g_array_append_val(tasks, task);
        }
    }
    return complete;
}

static bool is_process(const OsiTask *task, uint64_t unused)
{
    return is_leader(task);
}

bool osi_tasks_processes(const OsiView *v, uint64_t root, GArray *tasks)
{
    const OsiField *link = &v->proc->task.tasks;

    return root && link->size &&
           collect(v, root + link->offset, link, is_process, 0, tasks);
}

static bool is_thread_of(const OsiTask *task, uint64_t leader)
{
    return task->leader == leader;
}

bool osi_tasks_threads(const OsiView *v, uint64_t leader, GArray *tasks)
{
    const OsiField *link = &v->proc->task.thread_node;
    const OsiField *head = &v->proc->signal.thread_head;
    uint64_t signal;

    return link->size && head->size &&
           osi_view_field(v, leader, &v->proc->task.signal, &signal) &&
           signal &&
           collect(v, signal + head->offset, link, is_thread_of, leader,
                   tasks);
}

static bool is_child_of(const OsiTask *task, uint64_t parent)
{
    return is_leader(task) && task->parent == parent;
}

/* The children that the thread at @parent has itself. */
static bool children_of_thread(const OsiView *v, uint64_t parent,
                               GArray *tasks)
{
    const OsiField *link = &v->proc->task.sibling;
    const OsiField *head = &v->proc->task.children;

    return link->size && head->size &&
           collect(v, parent + head->offset, link, is_child_of, parent,
                   tasks);
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
