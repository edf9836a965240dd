/*
 * task.h: reading what a task_struct says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_TASK_H
#define OSI_TASK_H

#include "layout.h"
#include "osi.h"
#include "reader.h"

/* What is kept of a thread, so that it need not be read again. */
typedef struct OsiTask {
    bool known;            /* identity is good */
    bool gone;             /* it has been waited for: only its memory is left */
    OsiIdentity identity;
    uint64_t leader;       /* task_struct of the thread-group leader */
    uint64_t leader_start; /* its start_time, ns since boot; 0: unknown */
    uint64_t parent;       /* task_struct that ppid was read from */
    uint64_t mm;
    uint64_t pgd;          /* kernel's virtual address of the page tables */
    uint64_t cred;         /* struct cred that uid was read from */
} OsiTask;

/*
 * Reads the task_struct at @taskd into @task.  What hangs on pointers that
 * have not changed since the last time is not read again, unless @all.
 * False, and @task->known is false, if it cannot be read or is no task.
 * identity.asid is left to the caller.
 */
bool osi_task_read(const OsiLayout *layout, OsiReadFn read, void *opaque,
                   uint64_t taskd, bool all, OsiTask *task);

/*
 * Whether the task_struct at @taskd has no address space: of a thread that
 * had one it says that it is at its end.  False if that cannot be read.
 */
bool osi_task_without_mm(const OsiLayout *layout, OsiReadFn read,
                         void *opaque, uint64_t taskd);

#endif /* OSI_TASK_H */
