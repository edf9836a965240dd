/*
 * kernel.h: the kernel that the guest runs: what is known of its types, and
 * how its memory is read.  Found out once, at the first thread switch that
 * allows it; from then on it does not change.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_KERNEL_H
#define OSI_KERNEL_H

#include "facts.h"
#include "layout.h"
#include "reader.h"

typedef struct OsiKernel {
    OsiTypes *types;
    OsiLayout layout; /* of what is read of each thread */
    OsiFacts *facts;
} OsiKernel;

/* NULL: not known (yet).  Any thread. */
const OsiKernel *osi_kernel(void);

/*
 * Looks for what the kernel says of itself, now and then; @pc_register holds
 * the address that the current vCPU executes, in the kernel.
 */
void osi_kernel_discover(const char *pc_register);

/* An OsiReadFn: the guest as the current vCPU sees it. */
bool osi_kernel_read(void *opaque, uint64_t addr, void *buf, size_t len);

#endif /* OSI_KERNEL_H */
