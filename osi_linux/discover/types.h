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
#include "kallsyms.h"
#include "model.h"

typedef struct OsiTypes OsiTypes;

/* Takes over @btf. */
OsiTypes *osi_types_from_btf(Btf *btf);
/* Takes over @model. */
OsiTypes *osi_types_from_model(OsiModel *model);
/* Takes over @symbols: from now on they answer for symbols. */
void osi_types_take_symbols(OsiTypes *types, Kallsyms *symbols);
void osi_types_free(OsiTypes *types);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OsiTypes, osi_types_free)

/* What is behind it; NULL: something else is. */
OsiModel *osi_types_model(const OsiTypes *types);
/* Frees @types alone and gives back what it was made of. */
OsiModel *osi_types_release_model(OsiTypes *types);
Btf *osi_types_release_btf(OsiTypes *types);

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

/*
 * The address of a symbol in the running kernel.  False if it has none of
 * that name, several that do not tell which, or a kernel that lists no
 * variables is asked for one.
 */
bool osi_types_symbol(const OsiTypes *types, const char *name,
                      uint64_t *address);
/* Behind osi_types_symbol; NULL: the kernel's own were not found. */
const Kallsyms *osi_types_kallsyms(const OsiTypes *types);

#endif /* OSI_TYPES_H */
