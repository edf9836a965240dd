/*
 * plugin.c: the syscalls plugin: chooses the guest's architecture and the
 * way in which its calls are seen.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "catalog.h"
#include "pair.h"
#include "system.h"
#include "user.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "syscalls";

/* The plugin API that can read registers (3) and memory (4). */
#define MIN_SYSTEM_API 4

static bool system_mode;
static const SyscallsTable *the_table;

QEMU_PLUGIN_EXPORT bool syscalls_system_mode(void)
{
    return system_mode;
}

QEMU_PLUGIN_EXPORT unsigned int syscalls_boot(void)
{
    return thread_boot();
}

QEMU_PLUGIN_EXPORT SyscallsThread *
syscalls_current_thread(unsigned int vcpu_index)
{
    return system_mode ? system_current_thread(vcpu_index)
                       : user_current_thread(vcpu_index);
}

QEMU_PLUGIN_EXPORT const SyscallsInfo *syscalls_by_name(const char *name)
{
    return the_table ? syscalls_table_by_name(the_table, name) : NULL;
}

/* An architecture of which only QEMU's user mode tells anything. */
static const SyscallsAbi *user_only_abi(const char *target,
                                        const SyscallsTable *table)
{
    SyscallsAbi *abi = g_new0(SyscallsAbi, 1);

    abi->name = table ? table->abi : g_strdup(target);
    return abi;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    const SyscallsAbi *abi = syscalls_abi_find(info->target_name);
    const SyscallsTable *table = syscalls_table_for_target(info->target_name);

    if (argc > 0) {
        fprintf(stderr, "syscalls: unknown option '%s'; it takes none\n",
                argv[0]);
        return -1;
    }
    system_mode = info->system_emulation;
    the_table = table;
    if (!abi && !system_mode) {
        abi = user_only_abi(info->target_name, table);
    }
    if (!abi || (system_mode && !abi->classify)) {
        fprintf(stderr, "syscalls: guest architecture '%s' is not supported "
                "in system mode; use x86_64 or aarch64\n",
                info->target_name);
        return -1;
    }
    if (system_mode && info->version.cur < MIN_SYSTEM_API) {
        fprintf(stderr, "syscalls: this QEMU cannot read a guest's registers "
                "and memory (plugin API %d); use QEMU 9.2 or later\n",
                info->version.cur);
        return -1;
    }
    if (!catalog_init(id, table) || !pair_init(id, abi)) {
        return -1;
    }
    return (system_mode ? system_start(id, info, abi)
                        : user_start(id, abi, table)) ? 0 : -1;
}
