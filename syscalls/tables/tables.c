/*
 * Looking things up in the system-call tables.  The tables themselves are
 * generated files beside this one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "tables.h"

#include <string.h>

const SyscallsTable *syscalls_table_find(const char *abi)
{
    for (size_t i = 0; syscalls_tables[i]; i++) {
        if (strcmp(syscalls_tables[i]->abi, abi) == 0) {
            return syscalls_tables[i];
        }
    }
    return NULL;
}

const SyscallsTable *syscalls_table_for_target(const char *target)
{
    for (size_t i = 0; syscalls_targets[i].name; i++) {
        if (strcmp(syscalls_targets[i].name, target) == 0) {
            return syscalls_targets[i].table;
        }
    }
    return NULL;
}

const SyscallsInfo *syscalls_table_lookup(const SyscallsTable *table,
                                          int64_t nr)
{
    for (size_t i = 0; i < SYSCALLS_TABLE_RANGES; i++) {
        const SyscallsRange *range = &table->ranges[i];
        /* Unsigned, so that no number the guest makes up overflows. */
        uint64_t at = (uint64_t)nr - (uint64_t)range->first;

        if (at < range->n_entries) {
            const SyscallsInfo *info = &range->entries[at];
            return info->name ? info : NULL;
        }
    }
    return NULL;
}

const SyscallsInfo *syscalls_table_by_name(const SyscallsTable *table,
                                           const char *name)
{
    const SyscallsInfo *info = NULL;

    while ((info = syscalls_table_next(table, info))) {
        if (strcmp(info->name, name) == 0) {
            return info;
        }
    }
    return NULL;
}

const SyscallsInfo *syscalls_table_next(const SyscallsTable *table,
                                        const SyscallsInfo *prev)
{
    for (size_t i = 0; i < SYSCALLS_TABLE_RANGES; i++) {
        const SyscallsRange *range = &table->ranges[i];
        int64_t at = prev ? prev->nr + INT64_C(1) - range->first : 0;

        for (at = at < 0 ? 0 : at; at < (int64_t)range->n_entries; at++) {
            if (range->entries[at].name) {
                return &range->entries[at];
            }
        }
    }
    return NULL;
}
