/*
 * adopt.h: who runs on a vCPU whose first thread switch has not been seen: a
 * guest that was running before the plugin saw it (a snapshot).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_ADOPT_H
#define OSI_ADOPT_H

#include "arch/arch.h"
#include "task.h"

void osi_adopt_start(const OsiArch *arch, unsigned int n_vcpus);

/*
 * The vCPU, of which no thread is known, is about to go on with user code;
 * its registers and the kernel's memory can be read.  On its thread.
 */
void osi_adopt(unsigned int vcpu_index);

/* Who osi_adopt() has found to run there; NULL: unknown. */
const OsiTask *osi_adopted(unsigned int vcpu_index);

#endif /* OSI_ADOPT_H */
