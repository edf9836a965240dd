/*
 * layout.c: where in the kernel's structures things lie.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "layout.h"

#define AT(name) offsetof(OsiLayout, name)
#define WANT_TASK(name, size, needed)                                        \
    { "task_struct", #name, AT(name), AT(task_group), size, needed }

static const OsiWanted wanted[] = {
    WANT_TASK(pid, 4, true),
    WANT_TASK(tgid, 4, true),
    WANT_TASK(comm, 256, true),
    WANT_TASK(real_parent, 8, false),
    WANT_TASK(group_leader, 8, false),
    WANT_TASK(mm, 8, false),
    WANT_TASK(real_cred, 8, false),
    WANT_TASK(start_time, 8, false), /* ns of CLOCK_MONOTONIC */
    /* Both become NULL when the task is waited for (release_task). */
    WANT_TASK(sighand, 8, false),
    WANT_TASK(thread_pid, 8, false),
    { "mm_struct", "pgd", AT(pgd), OSI_ALONE, 8 },
    { "cred", "uid", AT(uid), OSI_ALONE, 4 },
};

bool osi_layout_from_types(const OsiTypes *types, OsiLayout *out,
                           GError **errp)
{
    const OsiWanted *missing;

    *out = (OsiLayout){ .big_endian = osi_types_big_endian(types),
                        .pointer_size = osi_types_pointer_size(types) };
    missing = osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), out);
    if (missing) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_NOT_FOUND,
                    "the kernel has no usable %s.%s", missing->type,
                    missing->path);
    }
    return !missing;
}
