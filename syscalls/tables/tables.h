/*
 * The system-call tables of the guest ABIs: which number is which call, and
 * what arguments it takes.
 *
 * The tables are generated (tools/gen-syscall-tables), one file for each ABI;
 * tables.c looks things up in them.  How a guest's registers become a number
 * and arguments is the business of syscalls/abi.
 *
 * All of it is constant: every function may be called from any thread, and
 * what they return lives as long as the plugin.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_TABLES_H
#define QPP_SYSCALLS_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "../info.h"

/* Most runs of numbers a table has. */
#define SYSCALLS_TABLE_RANGES 3

/*
 * Numbers from @first on, in order, with holes: an entry whose name is NULL
 * is a number that no call has.
 */
typedef struct SyscallsRange {
    int64_t first;
    const SyscallsInfo *entries;
    uint32_t n_entries;
} SyscallsRange;

typedef struct SyscallsTable {
    const char *abi;   /* "x86_64" */
    uint8_t long_bits; /* of a C long: what LONG and ULONG arguments have */
    /*
     * Of a register that carries an argument.  More than long_bits for x32
     * and mipsn32, whose 64-bit offsets fit one register.
     */
    uint8_t reg_bits;
    SyscallsRange ranges[SYSCALLS_TABLE_RANGES]; /* ascending; rest empty */
} SyscallsTable;

/* A name that QEMU gives to a guest (target_name), and that guest's ABI. */
typedef struct SyscallsTarget {
    const char *name;
    const SyscallsTable *table;
} SyscallsTarget;

/* All tables, in list.c; both lists end with a NULL. */
extern const SyscallsTable *const syscalls_tables[];
extern const SyscallsTarget syscalls_targets[];
/* Of the Debian packages that the tables are made from. */
extern const char *const syscalls_tables_version;

/* The table of ABI @abi; NULL: there is none. */
const SyscallsTable *syscalls_table_find(const char *abi);

/*
 * The table of the 64-bit or only ABI of QEMU's target @target: "ppc64" for
 * ppc64le.  NULL: there is none.
 */
const SyscallsTable *syscalls_table_for_target(const char *target);

/* Call number @nr; NULL if no call has it.  A few comparisons. */
const SyscallsInfo *syscalls_table_lookup(const SyscallsTable *table,
                                          int64_t nr);

/* The call of that name; NULL: none.  Slow. */
const SyscallsInfo *syscalls_table_by_name(const SyscallsTable *table,
                                           const char *name);

/*
 * All calls in the order of their numbers: the first after @prev, the very
 * first for NULL; NULL after the last.
 */
const SyscallsInfo *syscalls_table_next(const SyscallsTable *table,
                                        const SyscallsInfo *prev);

#endif /* QPP_SYSCALLS_TABLES_H */
