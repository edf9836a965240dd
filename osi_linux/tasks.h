/*
 * tasks.h: which processes and threads there are: walking the kernel's lists
 * of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_TASKS_H
#define OSI_TASKS_H

#include "task.h"
#include "view.h"

/* Most processes, and most threads, that one question looks at. */
#define OSI_MAX_TASKS 65536

/*
 * The kernel's first task, which heads the list of all: the ancestor of
 * @taskd, any task that is not gone.  0: not found.
 */
uint64_t osi_tasks_root(const OsiView *v, uint64_t taskd);
/* Whether @taskd is such a task: one found before may be kept. */
bool osi_tasks_is_root(const OsiView *v, uint64_t taskd);

/*
 * Adds the OsiTask of each process's leader to @tasks.  False if there may be
 * more.
 */
bool osi_tasks_processes(const OsiView *v, uint64_t root, GArray *tasks);

/* The same for the threads of the process whose leader is at @leader. */
bool osi_tasks_threads(const OsiView *v, uint64_t leader, GArray *tasks);

/* The same for its children: their leaders. */
bool osi_tasks_children(const OsiView *v, uint64_t leader, GArray *tasks);

/*
 * The task at @taskd, if it is the one that started at @start_time (ns) and
 * has not been waited for.
 */
bool osi_tasks_read(const OsiView *v, uint64_t taskd, uint64_t start_time,
                    OsiTask *task);

#endif /* OSI_TASKS_H */
