/*
 * BTF in a guest's memory: finding the kernel's blob and reading it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_BTF_FIND_H
#define OSI_BTF_FIND_H

#include "btf.h"
#include "reader.h"

/*
 * How far to look.  0 in a member stands for the default.  The bounds on
 * candidates are what a hostile guest can make a search cost.
 */
typedef struct BtfFindLimits {
    uint64_t up;            /* bytes above the start; default 64 MiB */
    uint64_t down;          /* bytes below it; default 64 MiB */
    uint32_t max_headers;   /* magic numbers looked at; default 65,536 */
    uint64_t max_blob_bytes; /* bytes of blobs read; default 256 MiB */
} BtfFindLimits;

/*
 * Reads and validates the blob at @addr.  NULL with @errp set if it cannot
 * be read or is not valid.
 */
Btf *btf_read(OsiReadFn read, void *opaque, uint64_t addr, GError **errp);

/*
 * Looks for the kernel's BTF: from the page of @near, an address in the
 * kernel's text, upwards, and then downwards; pages that cannot be read are
 * passed over.  Answers the first blob that is valid and complete (it
 * describes struct task_struct), its address in @addr (may be NULL), or NULL
 * with @errp set.  @limits may be NULL.
 *
 * Where there is none this reads all of the range: at 1 us a page, 33 ms.
 */
Btf *btf_find(OsiReadFn read, void *opaque, uint64_t near,
              const BtfFindLimits *limits, uint64_t *addr, GError **errp);

#endif /* OSI_BTF_FIND_H */
