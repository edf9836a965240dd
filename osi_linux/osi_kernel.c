/*
 * osi_kernel.c: the imports of osi_kernel.h, for the guest that runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "facts.h"
#include "kernel.h"
#include "osi_kernel.h"

G_STATIC_ASSERT(OSI_SYMBOL_LEN == KALLSYMS_NAME_LEN);

static const OsiFacts *facts(void)
{
    const OsiKernel *kernel = osi_kernel();

    return kernel ? kernel->facts : NULL;
}

QEMU_PLUGIN_EXPORT const char *osi_kernel_version(void)
{
    return facts() ? facts()->version : NULL;
}

QEMU_PLUGIN_EXPORT const char *osi_kernel_release(void)
{
    return facts() ? facts()->release : NULL;
}

QEMU_PLUGIN_EXPORT const char *osi_kernel_command_line(void)
{
    return facts() ? facts()->command_line : NULL;
}

QEMU_PLUGIN_EXPORT bool osi_kernel_boot_time(unsigned int vcpu_index,
                                             int64_t *ns)
{
    return facts() && osi_facts_boot_time(facts(), ns);
}

QEMU_PLUGIN_EXPORT OsiKernelModules *
osi_kernel_modules(unsigned int vcpu_index)
{
    return facts() ? osi_facts_modules(facts()) : NULL;
}

QEMU_PLUGIN_EXPORT void free_osikernelmodules(OsiKernelModules *modules)
{
    if (modules) {
        g_free(modules->modules);
        g_free(modules);
    }
}

QEMU_PLUGIN_EXPORT bool osi_kernel_symbol(const char *name, uint64_t *address)
{
    return osi_kernel() &&
           osi_types_symbol(osi_kernel()->types, name, address);
}

QEMU_PLUGIN_EXPORT bool osi_kernel_symbol_at(uint64_t address,
                                             char name[OSI_SYMBOL_LEN],
                                             uint64_t *offset)
{
    const Kallsyms *ks = osi_kernel() ? osi_types_kallsyms(osi_kernel()->types)
                                      : NULL;
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
    OsiField field;

    if (!osi_kernel() ||
        !osi_types_member(osi_kernel()->types, type, path, &field)) {
        return false;
    }
    *member = (OsiKernelMember){ field.offset, field.size, field.bit_size,
                                 field.bit_offset };
    return true;
}
