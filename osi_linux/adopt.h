/*
 * adopt.h: who runs on a vCPU whose first thread switch has not been seen: a
 * guest that was running before the plugin saw it, or was sent elsewhere in
 * time under its eyes (a snapshot).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_ADOPT_H
#define OSI_ADOPT_H

#include "task.h"

void osi_adopt_start(unsigned int n_vcpus);

/*
 * The vCPU, of which no thread is known, is about to go on with user code;
 * its registers and the kernel's memory can be read.  On its thread.
 */
void osi_adopt(unsigned int vcpu_index);

/* Who osi_adopt() has found to run there; NULL: unknown. */
const OsiTask *osi_adopted(unsigned int vcpu_index);

/*
 * The guest's memory and registers may have become others (loadvm): so the
 * threads that are known to run on its vCPUs.  Any thread.
 */
void osi_adopt_doubt(void);

/* Whether osi_adopt_moved() is to be asked: it rarely is. */
bool osi_adopt_is_due(unsigned int vcpu_index);

/*
 * At the moment that osi_adopt() is for, of a vCPU on which @taskd is known to
 * run: true if it is another since a doubt, which osi_adopted() then tells.
 */
bool osi_adopt_moved(unsigned int vcpu_index, uint64_t taskd);

/* Whether osi_adopt_moved() has found that, and no switch came since. */
bool osi_adopt_has_moved(unsigned int vcpu_index);

/* A switch was seen on the vCPU: what is known of it is right again. */
void osi_adopt_switched(unsigned int vcpu_index);

/* The guest has rebooted: nobody that is known runs anywhere. */
void osi_adopt_forget(void);

#endif /* OSI_ADOPT_H */
