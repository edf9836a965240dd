/*
 * cgroup.h: the cgroups that a task is in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_CGROUP_H
#define OSI_CGROUP_H

#include "osi_proc.h"
#include "view.h"

/*
 * Of OsiCgroup, one for each hierarchy, sorted by falling number; freed with
 * g_array_unref.  NULL: unknown.
 */
GArray *osi_cgroups_of(const OsiView *v, uint64_t taskd);

#endif /* OSI_CGROUP_H */
