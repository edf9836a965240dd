/*
 * process.h: everything about one task that fits in numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_PROCESS_H
#define OSI_PROCESS_H

#include "osi_proc.h"
#include "task.h"
#include "view.h"

/*
 * Fills in @info with what the task_struct that @task was read from says.
 * False if it is another's by now.
 */
bool osi_process_info(const OsiView *v, const OsiTask *task,
                      OsiTaskInfo *info);

#endif /* OSI_PROCESS_H */
