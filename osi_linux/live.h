/*
 * live.h: the readers of kernel structures, set up for the guest that runs,
 * once its kernel is known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_LIVE_H
#define OSI_LIVE_H

#include "arch/arch.h"
#include "kernel.h"
#include "memory.h"
#include "mapping.h"
#include "socket.h"
#include "task.h"

/* About a second of time; a process with 1,000 mappings takes 10,000. */
#define OSI_MAX_READS (2 * 1000 * 1000)

typedef struct OsiLive {
    const OsiKernel *kernel; /* whose they are */
    unsigned int number;     /* of that */
    OsiReader reader;
    OsiPaths paths;
    OsiFiles files;
    OsiMappings mappings;
    OsiSockets sockets;
} OsiLive;

/* At install. */
void osi_live_start(const OsiArch *arch);

/* The guest has rebooted. */
void osi_live_forget(void);

/*
 * Begins a query: the readers have a new budget on this thread, of
 * OSI_MAX_READS.  NULL: the kernel is not known (yet).  Any thread.
 */
const OsiLive *osi_live(void);

/*
 * The same on the thread of @vcpu_index: where the host can read physical
 * memory (plugin API 5), the readers then reach x86's kernel also while the
 * vCPU's page tables do not map it.
 */
const OsiLive *osi_live_on(unsigned int vcpu_index);

/*
 * Within a query: reads the leader of the process that @handle names.  False:
 * it is gone, it never was, or the kernel's memory cannot be read now.
 */
bool osi_live_task(const OsiProcHandle *handle, OsiTask *task);

/* The same of @proc; false also if that is NULL. */
static inline bool osi_live_proc(const OsiProc *proc, OsiTask *task)
{
    const OsiProcHandle handle = {
        .taskd = proc ? proc->taskd : 0,
        .asid = proc ? proc->asid : 0,
        .start_time = proc ? proc->create_time : 0,
    };

    return proc && osi_live_task(&handle, task);
}

/* The address that the vCPU executes, as exact as its registers say. */
bool osi_live_pc(uint64_t *pc);

/*
 * The size of a page, as a power of 2; false: not known yet.  On the thread
 * of a vCPU; the first time where its registers can be read.
 */
bool osi_live_page_shift(unsigned int *out);

/*
 * Within a query: user memory by the tables at @pgd (OsiTask.pgd).  See
 * osi_mmu_read().
 */
bool osi_live_read_user(uint64_t pgd, uint64_t addr, void *buf, size_t len);

/* In the same way: where it lies in physical memory. */
bool osi_live_translate(uint64_t pgd, uint64_t addr, uint64_t *physical);

#endif /* OSI_LIVE_H */
