/*
 * system.h: telling system.c that what it knows of threads is out of date.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_SYSTEM_H
#define OSI_SYSTEM_H

#include "source.h"

/* The thread on @vcpu_index may have changed; on that vCPU's thread. */
void osi_mark_stale(unsigned int vcpu_index);

/* That thread is going to end, and its children with it get another parent. */
void osi_mark_exiting(unsigned int vcpu_index);

/* It is in a call after which any thread may have changed. */
void osi_mark_concerns_others(unsigned int vcpu_index);

/* What is known of the thread on @vcpu_index; NULL: nothing. */
const OsiTask *osi_system_current(unsigned int vcpu_index);

#endif /* OSI_SYSTEM_H */
