/*
 * osi_maps.c: the imports of osi_maps.h, for the guest that runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "kernel.h"
#include "live.h"
#include "osi_maps.h"
#include "system.h"

/*
 * What the vCPU's own thread can see of its own process while it runs user
 * code with the kernel's memory out of reach.
 */
static bool read_current(unsigned int vcpu_index, const OsiProcHandle *handle,
                         uint64_t addr, void *buf, size_t len)
{
    const OsiTask *task = osi_system_current(vcpu_index);
    const OsiReader r = { osi_kernel_read, NULL, false };
    uint8_t byte;

    return task && handle->taskd == task->leader &&
           handle->start_time == task->leader_start &&
           !osi_kernel_read(NULL, handle->taskd, &byte, 1) &&
           !(addr >> 63) && len < UINT64_MAX / 2 - addr &&
           osi_read_bytes(&r, addr, buf, len);
}

QEMU_PLUGIN_EXPORT bool read_process_memory(unsigned int vcpu_index,
                                            const OsiProcHandle *handle,
                                            uint64_t addr, void *buf,
                                            size_t len)
{
    OsiTask task;

    if (!osi_kernel() || !handle) {
        return false;
    }
    return osi_live_task(handle, &task)
               ? osi_live_read_user(task.pgd, addr, buf, len)
               : read_current(vcpu_index, handle, addr, buf, len);
}
