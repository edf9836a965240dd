/*
 * catalog.c: what is kept of each call of the guest's table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "catalog.h"

typedef struct Entry {
    Special special;
    qemu_plugin_callback *on_enter;
    qemu_plugin_callback *on_entered;
    qemu_plugin_callback *on_return;
} Entry;

static const struct {
    const char *name;
    Special special;
} specials[] = {
    { "exit", SPECIAL_EXIT },
    { "exit_group", SPECIAL_EXIT },
    { "execve", SPECIAL_EXEC },
    { "execveat", SPECIAL_EXEC },
    { "rt_sigreturn", SPECIAL_SIGRETURN },
    { "sigreturn", SPECIAL_SIGRETURN },
};

static const SyscallsTable *table;
/* Beside each of the table's ranges, by the same index. */
static Entry *entries[SYSCALLS_TABLE_RANGES];

static Entry *find(const SyscallsInfo *info)
{
    for (int i = 0; info && i < SYSCALLS_TABLE_RANGES; i++) {
        const SyscallsRange *range = &table->ranges[i];

        if (info >= range->entries &&
            info < range->entries + range->n_entries) {
            return &entries[i][info - range->entries];
        }
    }
    return NULL;
}

static bool entry_init(qemu_plugin_id_t id, const SyscallsInfo *info)
{
    g_autofree char *enter = g_strdup_printf("on_%s_enter", info->name);
    g_autofree char *entered = g_strdup_printf("on_%s_entered", info->name);
    g_autofree char *ret = g_strdup_printf("on_%s_return", info->name);
    Entry *entry = find(info);

    for (size_t s = 0; s < G_N_ELEMENTS(specials); s++) {
        if (strcmp(info->name, specials[s].name) == 0) {
            entry->special = specials[s].special;
        }
    }
    entry->on_enter = qemu_plugin_create_callback_handle(id, enter);
    entry->on_entered = qemu_plugin_create_callback_handle(id, entered);
    entry->on_return = qemu_plugin_create_callback_handle(id, ret);
    return entry->on_enter && entry->on_entered && entry->on_return;
}

bool catalog_init(qemu_plugin_id_t id, const SyscallsTable *the_table)
{
    const SyscallsInfo *info = NULL;

    table = the_table;
    if (!table) {
        return true;
    }
    for (int i = 0; i < SYSCALLS_TABLE_RANGES; i++) {
        entries[i] = g_new0(Entry, table->ranges[i].n_entries);
    }
    while ((info = syscalls_table_next(table, info))) {
        if (!entry_init(id, info)) {
            return false;
        }
    }
    return true;
}

const SyscallsInfo *catalog_lookup(int64_t nr)
{
    return table ? syscalls_table_lookup(table, nr) : NULL;
}

Special catalog_special(const SyscallsInfo *info)
{
    Entry *entry = find(info);

    return entry ? entry->special : SPECIAL_NONE;
}

qemu_plugin_callback *catalog_on_enter(const SyscallsInfo *info)
{
    Entry *entry = find(info);

    return entry ? entry->on_enter : NULL;
}

qemu_plugin_callback *catalog_on_entered(const SyscallsInfo *info)
{
    Entry *entry = find(info);

    return entry ? entry->on_entered : NULL;
}

bool catalog_entered_wanted(void)
{
    const SyscallsInfo *info = NULL;

    while (table && (info = syscalls_table_next(table, info))) {
        if (qemu_plugin_callback_wanted(find(info)->on_entered)) {
            return true;
        }
    }
    return false;
}

qemu_plugin_callback *catalog_on_return(const SyscallsInfo *info)
{
    Entry *entry = find(info);

    return entry ? entry->on_return : NULL;
}
