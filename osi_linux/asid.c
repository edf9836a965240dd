/*
 * asid.c: the physical address of a process's page tables.  See asid.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>

#include "asid.h"
#include "registers.h"
#include "system.h"

/*
 * Where the linear map begins is a multiple of at least this much on every
 * supported kernel.  It tells the kernel's page tables from the pair that
 * page-table isolation puts beside them, 4 KiB off.
 */
#define LINEAR_MAP_ALIGN (2u << 20)

static const OsiArch *arch;
static _Atomic uint64_t linear_map; /* virtual minus physical; 0: unknown */
static GMutex learning_lock;
static bool is_learning; /* on_enter is registered */

static void on_enter(void *evdata, void *udata);

static bool start_learning(void)
{
    bool done;

    g_mutex_lock(&learning_lock);
    if (!is_learning) {
        is_learning = qemu_plugin_reg_callback("syscalls",
                                               "on_all_sys_enter", on_enter);
    }
    done = is_learning;
    g_mutex_unlock(&learning_lock);
    return done;
}

static void stop_learning(void)
{
    g_mutex_lock(&learning_lock);
    if (is_learning) {
        is_learning = false;
        qemu_plugin_unreg_callback("syscalls", "on_all_sys_enter", on_enter);
    }
    g_mutex_unlock(&learning_lock);
}

/* At a call the user's page tables are in use. */
static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    const OsiTask *task = osi_system_current(call->vcpu);
    uint64_t value, physical, start;

    if (!task || !task->pgd || !osi_register_read(OSI_REG_ROOT, &value)) {
        return;
    }
    physical = value & arch->root_mask;
    start = task->pgd - physical;
    if (start % LINEAR_MAP_ALIGN != 0) {
        physical ^= 0x1000; /* isolated: the user's half of the pair */
        start = task->pgd - physical;
    }
    if (start % LINEAR_MAP_ALIGN == 0) {
        atomic_store(&linear_map, start);
        stop_learning();
    }
}

bool osi_asid_start(const OsiArch *the_arch)
{
    arch = the_arch;
    return start_learning();
}

void osi_asid_forget(void)
{
    atomic_store(&linear_map, 0);
    start_learning();
}

bool osi_asid_linear_map(uint64_t *start)
{
    *start = atomic_load_explicit(&linear_map, memory_order_relaxed);
    return *start != 0;
}

uint64_t osi_asid_of(uint64_t pgd)
{
    uint64_t start = atomic_load_explicit(&linear_map, memory_order_relaxed);

    uint64_t physical = pgd - start;

    if (!pgd || !start) {
        return 0;
    }
    if (pgd < start || (physical & ~arch->root_mask)) {
        /*
         * Either the guest has gone to another boot unseen, and its map begins
         * elsewhere now: the next call shows.  Or this one process says
         * something impossible, which must not take what is known from all
         * others.
         */
        start_learning();
        return 0;
    }
    return physical;
}
