/*
 * osi_maps.c: the imports of osi_maps.h, for the guest that runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "kernel.h"
#include "libraries.h"
#include "live.h"
#include "system.h"

/* ---- Which process ------------------------------------------------------- */

/*
 * Mappings are good only if they were still the process's afterwards: an
 * execve or its end gives the mm_struct to somebody else.
 */
static bool is_still_its(const OsiProc *proc, const OsiTask *before)
{
    OsiTask now;

    return osi_live_proc(proc, &now) && now.mm == before->mm;
}

static GArray *read_mappings(unsigned int vcpu_index, const OsiProc *proc,
                             const uint64_t *addr, OsiTask *task)
{
    const OsiLive *live = osi_live_on(vcpu_index);
    unsigned int page_shift;
    GArray *modules;

    if (!live || !osi_live_proc(proc, task)) {
        return NULL;
    }
    if (!task->mm) {
        return osi_modules_new();
    }
    if (!osi_live_page_shift(&page_shift)) {
        return NULL;
    }
    modules = addr ? osi_mappings_read_at(&live->mappings, task->mm,
                                          page_shift, *addr)
                   : osi_mappings_read(&live->mappings, task->mm, page_shift);
    if (modules && !is_still_its(proc, task)) {
        g_clear_pointer(&modules, g_array_unref);
    }
    return modules;
}

/* ---- Mappings ------------------------------------------------------------ */

QEMU_PLUGIN_EXPORT GArray *get_mappings(unsigned int vcpu_index,
                                        const OsiProc *proc)
{
    OsiTask task;

    return read_mappings(vcpu_index, proc, NULL, &task);
}

/* Those whose kind is among @kinds, a set of bits. */
static GArray *filter(GArray *all, unsigned int kinds)
{
    GArray *some;

    if (!all) {
        return NULL;
    }
    some = osi_modules_new();
    for (guint i = 0; i < all->len; i++) {
        const OsiModule *module = &g_array_index(all, OsiModule, i);

        if (kinds & 1u << module->kind) {
            OsiModule copy;

            osi_module_copy(module, &copy);
            g_array_append_val(some, copy);
        }
    }
    g_array_unref(all);
    return some;
}

QEMU_PLUGIN_EXPORT GArray *get_file_mappings(unsigned int vcpu_index,
                                             const OsiProc *proc)
{
    return filter(get_mappings(vcpu_index, proc),
                  1u << OSI_MAPPING_FILE | 1u << OSI_MAPPING_SHARED);
}

QEMU_PLUGIN_EXPORT GArray *get_heap_mappings(unsigned int vcpu_index,
                                             const OsiProc *proc)
{
    return filter(get_mappings(vcpu_index, proc), 1u << OSI_MAPPING_HEAP);
}

QEMU_PLUGIN_EXPORT GArray *get_stack_mappings(unsigned int vcpu_index,
                                              const OsiProc *proc)
{
    return filter(get_mappings(vcpu_index, proc), 1u << OSI_MAPPING_STACK);
}

QEMU_PLUGIN_EXPORT GArray *get_unknown_mappings(unsigned int vcpu_index,
                                                const OsiProc *proc)
{
    return filter(get_mappings(vcpu_index, proc),
                  1u << OSI_MAPPING_ANONYMOUS | 1u << OSI_MAPPING_VDSO |
                  1u << OSI_MAPPING_VVAR | 1u << OSI_MAPPING_SPECIAL);
}

static bool read_user(void *opaque, uint64_t addr, void *buf, size_t len)
{
    const OsiTask *task = opaque;

    return osi_live_read_user(task->pgd, addr, buf, len);
}

QEMU_PLUGIN_EXPORT GArray *get_libraries(unsigned int vcpu_index,
                                         const OsiProc *proc)
{
    OsiTask task;
    g_autoptr(GArray) all = read_mappings(vcpu_index, proc, NULL, &task);

    return all ? osi_libraries_from(all, read_user, &task) : NULL;
}

/* Number @i of @modules, taken out; the rest is freed. */
static OsiModule *take(GArray *modules, guint i)
{
    OsiModule *module = NULL;

    if (modules && i < modules->len) {
        module = g_new(OsiModule, 1);
        osi_module_copy(&g_array_index(modules, OsiModule, i), module);
    }
    cleanup_garray(modules);
    return module;
}

QEMU_PLUGIN_EXPORT OsiModule *get_mapping_by_addr(unsigned int vcpu_index,
                                                  const OsiProc *proc,
                                                  uint64_t addr)
{
    OsiTask task;

    return take(read_mappings(vcpu_index, proc, &addr, &task), 0);
}

QEMU_PLUGIN_EXPORT OsiModule *get_mapping_by_name(unsigned int vcpu_index,
                                                  const OsiProc *proc,
                                                  const char *name)
{
    GArray *all = name ? get_mappings(vcpu_index, proc) : NULL;
    guint i;

    for (i = 0; all && i < all->len; i++) {
        const OsiModule *module = &g_array_index(all, OsiModule, i);

        if (g_str_equal(module->name, name) ||
            g_strcmp0(module->file, name) == 0) {
            break;
        }
    }
    return take(all, i);
}

QEMU_PLUGIN_EXPORT uint64_t
get_mapping_base_address_by_name(unsigned int vcpu_index, const OsiProc *proc,
                                 const char *name)
{
    OsiModule *module = get_mapping_by_name(vcpu_index, proc, name);
    uint64_t base = module ? module->base : 0;

    free_osimodule(module);
    return base;
}

QEMU_PLUGIN_EXPORT bool has_mapping_prefix(unsigned int vcpu_index,
                                           const OsiProc *proc,
                                           const char *prefix)
{
    g_autoptr(GArray) all = prefix ? get_mappings(vcpu_index, proc) : NULL;

    for (guint i = 0; all && i < all->len; i++) {
        if (g_str_has_prefix(g_array_index(all, OsiModule, i).name, prefix)) {
            return true;
        }
    }
    return false;
}

QEMU_PLUGIN_EXPORT bool in_shared_object(unsigned int vcpu_index,
                                         const OsiProc *proc)
{
    const OsiTask *current = osi_system_current(vcpu_index);
    g_autofree OsiProcMem *bounds = NULL;
    OsiModule *here = NULL, *program = NULL;
    bool answer = false;
    uint64_t pc;

    if (current && proc && current->leader == proc->taskd &&
        osi_live_pc(&pc)) {
        bounds = get_proc_mem(vcpu_index, proc);
        here = get_mapping_by_addr(vcpu_index, proc, pc);
    }
    if (bounds && here && here->kind == OSI_MAPPING_FILE) {
        program = get_mapping_by_addr(vcpu_index, proc, bounds->start_code);
        answer = program && (program->inode != here->inode ||
                             program->dev_major != here->dev_major ||
                             program->dev_minor != here->dev_minor);
    }
    free_osimodule(here);
    free_osimodule(program);
    return answer;
}

QEMU_PLUGIN_EXPORT OsiProcMem *get_proc_mem(unsigned int vcpu_index,
                                            const OsiProc *proc)
{
    const OsiLive *live = osi_live_on(vcpu_index);
    OsiProcMem bounds;
    OsiTask task;

    if (!live || !osi_live_proc(proc, &task) || !task.mm ||
        !osi_mappings_bounds(&live->mappings, task.mm, &bounds) ||
        !is_still_its(proc, &task)) {
        return NULL;
    }
    return g_memdup2(&bounds, sizeof(bounds));
}

QEMU_PLUGIN_EXPORT void free_osimodule(OsiModule *module)
{
    if (module) {
        osi_module_deinit(module);
        g_free(module);
    }
}

QEMU_PLUGIN_EXPORT void cleanup_garray(GArray *array)
{
    if (array) {
        g_array_unref(array);
    }
}

/* ---- Memory -------------------------------------------------------------- */

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
           !(addr >> 63) && len < INT64_MAX - addr &&
           osi_read_bytes(&r, addr, buf, len);
}

QEMU_PLUGIN_EXPORT uint64_t walk_page_table(unsigned int vcpu_index,
                                            const OsiProc *proc,
                                            uint64_t virtual_address)
{
    uint64_t physical;
    OsiTask task;

    return osi_live_on(vcpu_index) && osi_live_proc(proc, &task) &&
                   osi_live_translate(task.pgd, virtual_address, &physical)
               ? physical : OSI_INVALID_ADDRESS;
}

QEMU_PLUGIN_EXPORT OsiModule *get_one_module(GArray *modules,
                                             unsigned int index)
{
    return modules && index < modules->len
               ? &g_array_index(modules, OsiModule, index) : NULL;
}

QEMU_PLUGIN_EXPORT bool read_process_memory(unsigned int vcpu_index,
                                            const OsiProcHandle *handle,
                                            uint64_t addr, void *buf,
                                            size_t len)
{
    OsiTask task;

    if (!handle || !osi_live_on(vcpu_index)) {
        return false;
    }
    return osi_live_task(handle, &task)
               ? osi_live_read_user(task.pgd, addr, buf, len)
               : read_current(vcpu_index, handle, addr, buf, len);
}
