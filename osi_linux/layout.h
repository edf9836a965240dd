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

#include "types.h"

/* Largest window of a task_struct that is read at once. */
#define OSI_WINDOW_MAX 8192

typedef struct OsiLayout {
    /* of struct task_struct */
    OsiField pid, tgid, comm, real_parent, group_leader, mm, real_cred,
             start_time, sighand, thread_pid;
    /* of struct mm_struct */
    OsiField pgd;
    /* of struct cred */
    OsiField uid;
    /* the bytes of a task_struct that hold all of the above */
    uint64_t window_start;
    uint64_t window_size;
    bool big_endian;
    unsigned int pointer_size;
} OsiLayout;

/* False with @errp set if a member is missing without which nothing works. */
bool osi_layout_from_types(const OsiTypes *types, OsiLayout *out,
                           GError **errp);

/*
 * The number in @field of a structure of which @bytes holds what starts at
 * offset @start.  The field must be there.
 */
uint64_t osi_field_get(const OsiLayout *layout, const OsiField *field,
                       const uint8_t *bytes, uint64_t start);

#endif /* OSI_LAYOUT_H */
