/*
 * live.c: the readers, set up for the guest that runs.  See live.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "asid.h"
#include "kernel.h"
#include "live.h"

static const OsiArch *arch;

void osi_live_start(const OsiArch *the_arch)
{
    arch = the_arch;
}

/* What is left of the query on this thread. */
static _Thread_local unsigned int n_reads_left;

static bool read_counted(void *opaque, uint64_t addr, void *buf, size_t len)
{
    if (n_reads_left == 0) {
        return false;
    }
    n_reads_left--;
    return osi_kernel_read(NULL, addr, buf, len);
}

static OsiLive *live_new(const OsiKernel *kernel)
{
    OsiLive *live = g_new0(OsiLive, 1);

    live->reader = (OsiReader){ read_counted, NULL,
                                osi_types_big_endian(kernel->types) };
    osi_paths_init(&live->paths, kernel->types, &live->reader);
    osi_files_init(&live->files, kernel->types, &live->reader, &live->paths);
    osi_mappings_init(&live->mappings, kernel->types, &live->reader,
                      &live->files);
    osi_sockets_init(&live->sockets, kernel->types, &live->reader);
    return live;
}

const OsiLive *osi_live(void)
{
    static gsize live;
    const OsiKernel *kernel = osi_kernel();

    if (!kernel) {
        return NULL;
    }
    n_reads_left = OSI_MAX_READS;
    if (g_once_init_enter(&live)) {
        g_once_init_leave(&live, (gsize)live_new(kernel));
    }
    return (const OsiLive *)live;
}

bool osi_live_task(const OsiProcHandle *handle, OsiTask *task)
{
    const OsiKernel *kernel = osi_kernel();

    *task = (OsiTask){ 0 };
    return kernel && handle &&
           osi_task_read(&kernel->layout, osi_kernel_read, NULL,
                         handle->taskd, true, task) &&
           !task->gone && task->leader == handle->taskd &&
           task->leader_start == handle->start_time;
}

bool osi_live_pc(uint64_t *pc)
{
    struct qemu_plugin_register *reg;

    reg = arch ? qemu_plugin_find_register(arch->pc) : NULL;
    return reg && qemu_plugin_read_register_u64(reg, pc);
}

/* It is the same on all vCPUs, and does not change once there are users. */
static bool get_mode(OsiPagingMode *out)
{
    static GMutex lock;
    static OsiPagingMode mode;
    static bool known;
    bool answer;

    g_mutex_lock(&lock);
    known = known || arch->paging->mode(&mode);
    *out = mode;
    answer = known;
    g_mutex_unlock(&lock);
    return answer;
}

bool osi_live_mmu(OsiMmu *out)
{
    const OsiLive *live = osi_live();

    if (!live || !arch) {
        return false;
    }
    *out = (OsiMmu){ .kernel = live->reader, .paging = arch->paging };
    return osi_asid_linear_map(&out->linear_map) && get_mode(&out->mode);
}

bool osi_live_read_user(uint64_t pgd, uint64_t addr, void *buf, size_t len)
{
    OsiMmu mmu;

    return osi_live_mmu(&mmu) && osi_mmu_read(&mmu, pgd, addr, buf, len);
}
