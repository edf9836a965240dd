/*
 * live.c: the readers, set up for the guest that runs.  See live.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <string.h>

#include "asid.h"
#include "kernel.h"
#include "live.h"
#include "registers.h"
#include "system.h"

static const OsiArch *arch;
static GMutex lock; /* guards these: */
static _Atomic(OsiLive *) current; /* but for reading */
static OsiPagingMode paging_mode;
static bool mode_known;

void osi_live_start(const OsiArch *the_arch)
{
    arch = the_arch;
}

/* Which vCPU's tables lead to the kernel's memory; -1: none that is known. */
static _Thread_local int table_vcpu = -1;

static bool get_mode(OsiPagingMode *out);

static bool read_physical(uint64_t physical, void *buf, size_t len)
{
    static _Thread_local GByteArray *bytes;

    if (!bytes) {
        bytes = g_byte_array_new();
    }
    if (qemu_plugin_read_memory_hwaddr(physical, bytes, len) !=
            QEMU_PLUGIN_HWADDR_OPERATION_OK || bytes->len != len) {
        return false;
    }
    memcpy(buf, bytes->data, len);
    return true;
}

static bool can_read_physical(void)
{
    static gsize answer; /* 1: no, 2: yes */

    if (g_once_init_enter(&answer)) {
        g_once_init_leave(&answer, 1 + (arch->paging->has_kernel &&
            qemu_plugin_available("qemu_plugin_read_memory_hwaddr")));
    }
    return answer == 2;
}

/*
 * Kernel memory that the vCPU's own tables do not show now (page-table
 * isolation): by the kernel's tables of the process that it runs.
 */
static bool read_out_of_reach(uint64_t addr, void *buf, size_t len)
{
    const OsiTask *task;
    OsiMmu mmu;

    if (table_vcpu < 0 || !(addr >> 63) || !can_read_physical()) {
        return false;
    }
    task = osi_system_current(table_vcpu);
    mmu = (OsiMmu){ .read_physical = read_physical, .paging = arch->paging };
    return task && task->pgd && osi_asid_linear_map(&mmu.linear_map) &&
           get_mode(&mmu.mode) &&
           osi_mmu_read_kernel(&mmu, task->pgd, addr, buf, len);
}

static bool read_any(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return osi_kernel_read(NULL, addr, buf, len) ||
           read_out_of_reach(addr, buf, len);
}

/* Of the query on this thread. */
static _Thread_local OsiBudget budget = { { read_any } };

static bool read_counted(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return osi_budget_read(&budget, addr, buf, len);
}

static OsiLive *live_new(const OsiKernel *kernel)
{
    OsiLive *l = g_new0(OsiLive, 1);

    l->kernel = kernel;
    l->number = kernel->number;
    l->reader = (OsiReader){ read_counted, NULL,
                             osi_types_big_endian(kernel->types) };
    osi_paths_init(&l->paths, kernel->types, &l->reader);
    osi_files_init(&l->files, kernel->types, &l->reader, &l->paths);
    osi_mappings_init(&l->mappings, kernel->types, &l->reader, &l->files);
    osi_sockets_init(&l->sockets, kernel->types, &l->reader, &l->paths);
    return l;
}

static bool is_of(const OsiLive *l, const OsiKernel *kernel)
{
    return l && l->kernel == kernel && l->number == kernel->number;
}

/* The readers, in the query that is under way. */
static const OsiLive *get_live(void)
{
    const OsiKernel *kernel = osi_kernel();
    OsiLive *l = atomic_load_explicit(&current, memory_order_acquire);

    if (!kernel || G_LIKELY(is_of(l, kernel))) {
        return kernel ? l : NULL;
    }
    g_mutex_lock(&lock);
    l = atomic_load(&current);
    if (!is_of(l, kernel)) {
        osi_kernel_dispose(l, g_free);
        l = live_new(kernel);
        atomic_store_explicit(&current, l, memory_order_release);
    }
    g_mutex_unlock(&lock);
    return l;
}

void osi_live_forget(void)
{
    g_mutex_lock(&lock);
    osi_kernel_dispose(atomic_exchange(&current, NULL), g_free);
    mode_known = false;
    g_mutex_unlock(&lock);
}

static const OsiLive *begin(int vcpu)
{
    budget.reads_left = OSI_MAX_READS;
    table_vcpu = vcpu;
    return get_live();
}

const OsiLive *osi_live(void)
{
    return begin(-1);
}

const OsiLive *osi_live_on(unsigned int vcpu_index)
{
    return begin((int)vcpu_index);
}

bool osi_live_task(const OsiProcHandle *handle, OsiTask *task)
{
    const OsiKernel *kernel = osi_kernel();

    *task = (OsiTask){ 0 };
    return kernel && handle &&
           osi_task_read(&kernel->layout, read_counted, NULL,
                         handle->taskd, true, task) &&
           !task->gone && task->leader == handle->taskd &&
           task->leader_start == handle->start_time;
}

bool osi_live_pc(uint64_t *pc)
{
    return osi_register_read(OSI_REG_PC, pc);
}

/* It is the same on all vCPUs, and does not change once there are users. */
static bool get_mode(OsiPagingMode *out)
{
    bool answer;

    g_mutex_lock(&lock);
    mode_known = mode_known || arch->paging->mode(&paging_mode);
    *out = paging_mode;
    answer = mode_known;
    g_mutex_unlock(&lock);
    return answer;
}

/* How page tables are followed; false: not known yet. */
static bool get_mmu(OsiMmu *out)
{
    const OsiLive *live = get_live();

    if (!live || !arch) {
        return false;
    }
    *out = (OsiMmu){ .kernel = live->reader, .paging = arch->paging };
    return osi_asid_linear_map(&out->linear_map) && get_mode(&out->mode);
}

bool osi_live_page_shift(unsigned int *out)
{
    OsiPagingMode mode;

    if (!get_live() || !arch || !get_mode(&mode)) {
        return false;
    }
    *out = mode.page_shift;
    return true;
}

bool osi_live_read_user(uint64_t pgd, uint64_t addr, void *buf, size_t len)
{
    OsiMmu mmu;

    return get_mmu(&mmu) && osi_mmu_read(&mmu, pgd, addr, buf, len);
}

bool osi_live_translate(uint64_t pgd, uint64_t addr, uint64_t *physical)
{
    uint64_t left;
    OsiMmu mmu;

    return get_mmu(&mmu) &&
           osi_mmu_translate(&mmu, pgd, addr, physical, &left);
}
