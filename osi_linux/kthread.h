/*
 * kthread.h: the names of kernel threads, which are longer than what their
 * task_struct has of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_KTHREAD_H
#define OSI_KTHREAD_H

#include "osi_proc.h"
#include "view.h"

/*
 * The name that /proc/PID/comm shows of the kernel thread at @taskd, whose
 * task_struct.flags and comm are @flags and @comm.  Where the kernel has no
 * more, or it cannot be read, that is @comm.
 */
void osi_kthread_name(const OsiView *v, uint64_t taskd, uint64_t flags,
                      const char *comm, char name[OSI_NAME_LEN]);

#endif /* OSI_KTHREAD_H */
