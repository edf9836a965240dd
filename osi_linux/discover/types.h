/*
 * types.h: what is known of a kernel's types and symbols, whatever it is
 * known from: the kernel's own BTF, a profile, kallsyms, inference.  Readers
 * of kernel structures ask here, and test what they ask for: a member that a
 * kernel does not have is absent, and what depends on it is unknown.  Nothing
 * is decided by a kernel's version.
 *
 * An OsiTypes never changes once it is shown to others: any thread may ask.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_TYPES_H
#define OSI_TYPES_H

#include "btf.h"

typedef struct OsiTypes OsiTypes;

/* One member; size 0: the kernel has none. */
typedef struct OsiField {
    uint64_t offset;     /* bytes */
    uint64_t size;       /* bytes, of its type */
    uint32_t bit_size;   /* of a bit-field, in bits; else 0 */
    uint32_t bit_offset; /* as BtfMember's */
} OsiField;

/* Takes over @btf. */
OsiTypes *osi_types_from_btf(Btf *btf);
void osi_types_free(OsiTypes *types);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OsiTypes, osi_types_free)

bool osi_types_big_endian(const OsiTypes *types);
unsigned int osi_types_pointer_size(const OsiTypes *types); /* bytes */

/*
 * The member @path ("tasks.next") of the struct or union @type.  False, and
 * @out is all zero, if there is none or it has no size.
 */
bool osi_types_member(const OsiTypes *types, const char *type,
                      const char *path, OsiField *out);
/* The size of @type in bytes. */
bool osi_types_size(const OsiTypes *types, const char *type, uint64_t *size);
/* The value of an enumerator, of whichever enum it is part. */
bool osi_types_enum(const OsiTypes *types, const char *enumerator,
                    int64_t *value);

#endif /* OSI_TYPES_H */
