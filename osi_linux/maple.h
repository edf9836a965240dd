/*
 * maple.h: what a maple tree of the guest's kernel holds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_MAPLE_H
#define OSI_MAPLE_H

#include "fields.h"

typedef struct OsiMapleLayout {
    OsiStruct range_group, arange_group;
    OsiField root; /* of struct maple_tree */
    OsiField range_parent, range_pivot, range_slot;
    OsiField arange_parent, arange_pivot, arange_slot;
    int64_t leaf_64, range_64, arange_64; /* enum maple_type */
    bool usable; /* the kernel has maple trees, as they are known here */
} OsiMapleLayout;

void osi_maple_layout(const OsiTypes *types, OsiMapleLayout *out);

typedef enum OsiMapleStatus {
    OSI_MAPLE_DONE,
    OSI_MAPLE_STOPPED, /* the function has said false */
    OSI_MAPLE_CHANGED, /* a node is dead or implausible: being changed, or
                          nonsense; worth another try */
    OSI_MAPLE_TOO_LARGE,
} OsiMapleStatus;

/* An entry that is there, for the indices @first to @last. */
typedef bool (*OsiMapleFn)(void *opaque, uint64_t first, uint64_t last,
                           uint64_t entry);

/*
 * Calls @fn for each entry of the tree at @tree whose indices reach to @from
 * or beyond, in ascending order; no index comes twice.  Reads at most
 * @max_leaves leaves, and on the way to each at most as many nodes as a tree
 * is high.
 */
OsiMapleStatus osi_maple_walk(const OsiReader *r, const OsiMapleLayout *l,
                              uint64_t tree, uint64_t from,
                              unsigned int max_leaves, OsiMapleFn fn,
                              void *opaque);

#endif /* OSI_MAPLE_H */
