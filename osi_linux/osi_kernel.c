/*
 * osi_kernel.c: the imports of osi_kernel.h, for the guest that runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "facts.h"
#include "kernel.h"
#include "mapping.h"
#include "osi_kernel.h"

G_STATIC_ASSERT(OSI_SYMBOL_LEN == KALLSYMS_NAME_LEN);

static const OsiFacts *facts(void)
{
    const OsiKernel *kernel = osi_kernel();

    return kernel ? kernel->facts : NULL;
}

/* What is promised to live as long as the plugin outlives its kernel. */
static const char *kept(const char *string)
{
    return g_intern_string(string);
}

QEMU_PLUGIN_EXPORT const char *osi_kernel_version(void)
{
    const OsiFacts *f = facts();

    return f ? kept(f->version) : NULL;
}

QEMU_PLUGIN_EXPORT const char *osi_kernel_release(void)
{
    const OsiFacts *f = facts();

    return f ? kept(f->release) : NULL;
}

QEMU_PLUGIN_EXPORT const char *osi_kernel_command_line(void)
{
    const OsiFacts *f = facts();

    return f ? kept(f->command_line) : NULL;
}

QEMU_PLUGIN_EXPORT bool osi_kernel_boot_time(unsigned int vcpu_index,
                                             int64_t *ns)
{
    const OsiFacts *f = facts();

    return f && osi_facts_boot_time(f, ns);
}

QEMU_PLUGIN_EXPORT OsiKernelModules *
osi_kernel_modules(unsigned int vcpu_index)
{
    const OsiFacts *f = facts();

    return f ? osi_facts_modules(f) : NULL;
}

QEMU_PLUGIN_EXPORT void free_osikernelmodules(OsiKernelModules *modules)
{
    if (modules) {
        g_free(modules->modules);
        g_free(modules);
    }
}

QEMU_PLUGIN_EXPORT GArray *get_modules(unsigned int vcpu_index)
{
    OsiKernelModules *modules = osi_kernel_modules(vcpu_index);
    GArray *array = modules ? osi_modules_new() : NULL;

    for (uint32_t i = 0; modules && i < modules->n; i++) {
        OsiModule module = {
            .modd = modules->modules[i].module,
            .base = modules->modules[i].base,
            .size = modules->modules[i].size,
            .name = g_strdup(modules->modules[i].name),
        };

        g_array_append_val(array, module);
    }
    free_osikernelmodules(modules);
    return array;
}

QEMU_PLUGIN_EXPORT bool osi_kernel_symbol(const char *name, uint64_t *address)
{
    const OsiKernel *kernel = osi_kernel();

    return kernel && osi_types_symbol(kernel->types, name, address);
}

QEMU_PLUGIN_EXPORT bool osi_kernel_symbol_at(uint64_t address,
                                             char name[OSI_SYMBOL_LEN],
                                             uint64_t *offset)
{
    const OsiKernel *kernel = osi_kernel();
    const Kallsyms *ks = kernel ? osi_types_kallsyms(kernel->types) : NULL;
    KallsymsSymbol symbol;
    uint32_t i;

    if (!ks || !kallsyms_below(ks, address, &i)) {
        return false;
    }
    kallsyms_get(ks, i, name, &symbol);
    *offset = address - symbol.address;
    return true;
}

QEMU_PLUGIN_EXPORT bool osi_kernel_member(const char *type, const char *path,
                                          OsiKernelMember *member)
{
    const OsiKernel *kernel = osi_kernel();
    OsiField field;

    if (!kernel || !osi_types_member(kernel->types, type, path, &field)) {
        return false;
    }
    *member = (OsiKernelMember){ field.offset, field.size, field.bit_size,
                                 field.bit_offset };
    return true;
}
