/*
 * sources.h: where the knowledge of the guest's kernel comes from: a profile
 * that the user gives, the kernel's own BTF, its kallsyms, inference.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_SOURCES_H
#define OSI_SOURCES_H

#include "fields.h"

/*
 * At install: @profile is a file or NULL; @btf false: the kernel's own is
 * not looked at, as a test.  False after a line on stderr.
 */
bool osi_sources_start(const char *profile, bool btf);

/*
 * What is known of the kernel that executes @pc, where @task is a task.  Says
 * in a line for each source what came from it.  NULL with @errp set if
 * nothing is known; then @again says whether that may change as the guest
 * goes on.  Not by two threads at once.
 */
OsiTypes *osi_sources_types(const OsiReader *reader, uint64_t pc,
                            uint64_t task, bool *again, GError **errp);

/* Another kernel runs.  Not while one is looked for. */
void osi_sources_forget(void);

#endif /* OSI_SOURCES_H */
