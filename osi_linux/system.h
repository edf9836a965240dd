/*
 * system.h: telling system.c that what it knows of threads is out of date.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_SYSTEM_H
#define OSI_SYSTEM_H

#include "source.h"

/* What a call that a thread is in may do. */
typedef enum OsiMark {
    OSI_MARK_STALE = 1,   /* the thread itself may have changed */
    OSI_MARK_EXITING = 2, /* it ends, and its children get another parent */
    OSI_MARK_CONCERNS_OTHERS = 4, /* any thread may have changed */
    OSI_MARK_REMAPS = 8,  /* its mappings may have changed */
} OsiMark;

/* Marks the thread on @vcpu_index; on that vCPU's thread. */
void osi_mark(unsigned int vcpu_index, OsiMark mark);

/* What is known of the thread on @vcpu_index; NULL: nothing. */
const OsiTask *osi_system_current(unsigned int vcpu_index);

/* queries.c: the guest has rebooted. */
void osi_queries_forget(void);

#endif /* OSI_SYSTEM_H */
