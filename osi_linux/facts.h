/*
 * facts.h: what the guest's kernel says of itself: version, command line,
 * boot time, modules.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_FACTS_H
#define OSI_FACTS_H

#include "fields.h"
#include "osi_kernel.h"

/* Where things lie, and what does not change. */
typedef struct OsiFacts {
    OsiReader reader;
    OsiStruct module_group, memory_group, timekeeper_group, uts_group;
    OsiField next, prev, name, state, core_base, core_size, init_size,
             data_size, mem;
    OsiField mem_base, mem_size;
    OsiField wall_sec, wall_nsec, offs_real, offs_boot;
    OsiField uts_release;
    uint64_t mem_stride;  /* size of a struct module_memory */
    int64_t mem_text;     /* MOD_TEXT */
    int64_t unformed;     /* MODULE_STATE_UNFORMED; -1: there is none */
    uint64_t modules;     /* address of the list's head; 0: unknown */
    uint64_t timekeepers; /* address near the timekeeper; 0: unknown */
    char *version;        /* these three may be NULL */
    char *release;
    char *command_line;
} OsiFacts;

/* Looks up what is needed, and reads what does not change. */
OsiFacts *osi_facts_new(const OsiTypes *types, const OsiReader *reader);
void osi_facts_free(OsiFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OsiFacts, osi_facts_free)

/* As osi_kernel.h says. */
bool osi_facts_boot_time(const OsiFacts *facts, int64_t *ns);
OsiKernelModules *osi_facts_modules(const OsiFacts *facts);

#endif /* OSI_FACTS_H */
