/*
 * check.h: whether what a profile says fits the kernel that runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_CHECK_H
#define OSI_CHECK_H

#include "fields.h"
#include "profile.h"

typedef enum OsiCheckError {
    OSI_CHECK_ERROR_WRONG,   /* it does not fit */
    OSI_CHECK_ERROR_NOT_NOW, /* that could not be seen: try again */
} OsiCheckError;

#define OSI_CHECK_ERROR (osi_check_error_quark())
GQuark osi_check_error_quark(void);

/*
 * Whether the profile is of the kernel with that linux_banner (NULL: not
 * known).  What a profile does not name fits any.
 */
bool osi_check_banner(const OsiProfile *profile, const char *banner,
                      GError **errp);

/* Whether members of which both know are at the same places. */
bool osi_check_btf(const OsiProfile *profile, const OsiTypes *btf,
                   GError **errp);

/*
 * Whether by what @types say the structure at @task is a task, and one in a
 * circle of tasks, of which one is the first (pid 0).  Reads 65,536 tasks at
 * most.  Its address is put in @init_task.
 */
bool osi_check_tasks(const OsiTypes *types, const OsiReader *reader,
                     uint64_t task, uint64_t *init_task, GError **errp);

#endif /* OSI_CHECK_H */
