/*
 * elsewhere.h: changes that a thread's own vCPU does not see.
 *
 * A thread may be renamed by another, and get another parent when its own
 * dies, while it runs and without entering the kernel.  The vCPU on which
 * that happens reads the threads that run on the others then, from the
 * kernel's context, and leaves what it found for their vCPUs to pick up.  A
 * thread that is not running needs no such care: it is read when it is
 * switched to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_ELSEWHERE_H
#define OSI_ELSEWHERE_H

#include "task.h"

void osi_elsewhere_start(unsigned int n_vcpus);

/* On @self, in the kernel's context: reads what the other vCPUs run. */
void osi_elsewhere_tell(unsigned int self, const OsiLayout *layout,
                        OsiReadFn read);

/* On @self: forgets what was left for it; before a reading of its own. */
void osi_elsewhere_forget(unsigned int self);

/* On @self, which runs @task: brings that up to date. */
void osi_elsewhere_apply(unsigned int self, OsiTask *task);

/* The guest has rebooted: what was left is about nobody. */
void osi_elsewhere_forget_all(void);

#endif /* OSI_ELSEWHERE_H */
