/*
 * catalog.h: what the plugin keeps of each call of the guest's table: how
 * it is special for pairing, and its callbacks by name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_CATALOG_H
#define QPP_SYSCALLS_CATALOG_H

#include "syscalls.h"
#include "tables/tables.h"

/* Calls that end in ways of their own. */
typedef enum Special {
    SPECIAL_NONE,
    SPECIAL_EXIT,      /* never returns */
    SPECIAL_EXEC,      /* may return into a new program */
    SPECIAL_SIGRETURN, /* returns to what a signal interrupted */
} Special;

/*
 * For @table's calls; creates on_<name>_enter, on_<name>_entered and
 * on_<name>_return of plugin @id.  @table may be NULL: every call is unknown.
 */
bool catalog_init(qemu_plugin_id_t id, const SyscallsTable *table);

/* Call number @nr; NULL: not in the table. */
const SyscallsInfo *catalog_lookup(int64_t nr);

Special catalog_special(const SyscallsInfo *info);

/* The callbacks of @info by name; NULL for an unknown call. */
qemu_plugin_callback *catalog_on_enter(const SyscallsInfo *info);
qemu_plugin_callback *catalog_on_entered(const SyscallsInfo *info);
qemu_plugin_callback *catalog_on_return(const SyscallsInfo *info);

/* Whether anybody has registered for the on_<name>_entered of any call. */
bool catalog_entered_wanted(void);

#endif /* QPP_SYSCALLS_CATALOG_H */
