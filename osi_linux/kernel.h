/*
 * kernel.h: the kernel that the guest runs: what is known of its types, and
 * how its memory is read.  Found out once, as soon as it is known where to
 * look; from then on it does not change, until the guest reboots: then it is
 * found out anew.  Where it comes from: sources.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_KERNEL_H
#define OSI_KERNEL_H

#include "facts.h"
#include "layout.h"
#include "plugin-qpp.h"
#include "proc_layout.h"
#include "reader.h"

typedef struct OsiKernel {
    unsigned int number; /* no two have the same, even at one address */
    OsiTypes *types;
    OsiLayout layout;   /* of what is read of each thread */
    OsiProcLayout proc; /* of what is read when somebody asks */
    OsiFacts *facts;
} OsiKernel;

/*
 * NULL: not known (yet).  Any thread; between two calls it may become another,
 * if another vCPU notices a reboot.  Good until the caller's callback returns.
 */
const OsiKernel *osi_kernel(void);

/* At install. */
void osi_kernel_start(qemu_plugin_id_t id);

/* The guest has rebooted: nothing is known of its kernel. */
void osi_kernel_forget(void);

/*
 * @data, made of what was known of a kernel, is nobody's any more.  It is freed
 * after osi_kernel_free_disposed(), as soon as no vCPU can be using it.
 */
void osi_kernel_dispose(void *data, GDestroyNotify destroy);
void osi_kernel_free_disposed(void);

/*
 * Looks for what there is to know of the kernel, if it is time to.  On the
 * thread of a vCPU that executes the kernel; @task is the address of a
 * task_struct.
 */
void osi_kernel_discover(uint64_t task);

/* An OsiReadFn: the guest as the current vCPU sees it. */
bool osi_kernel_read(void *opaque, uint64_t addr, void *buf, size_t len);

#endif /* OSI_KERNEL_H */
