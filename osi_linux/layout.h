/*
 * layout.h: where in the kernel's structures the things lie that OSI reads.
 *
 * A member that a kernel does not have is absent, and what depends on it is
 * unknown.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_LAYOUT_H
#define OSI_LAYOUT_H

#include "fields.h"

typedef struct OsiLayout {
    OsiStruct task_group;
    OsiField pid, tgid, comm, real_parent, group_leader, mm, real_cred,
             start_time, sighand, thread_pid;
    OsiField pgd; /* of struct mm_struct */
    OsiField uid; /* of struct cred */
    bool big_endian;
    unsigned int pointer_size;
} OsiLayout;

/* False with @errp set if a member is missing without which nothing works. */
bool osi_layout_from_types(const OsiTypes *types, OsiLayout *out,
                           GError **errp);

#endif /* OSI_LAYOUT_H */
