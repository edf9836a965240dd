/*
 * fields.h: reading structures of the guest's kernel by a table of the
 * members that are wanted of them.
 *
 * A reader of some structure lists its members once (OsiWanted); they are
 * looked up once, when the kernel has become known, and from then on one
 * read fetches the part of a structure that holds all of them.  What the
 * members mean is the readers' business: path.c, mapping.c, file.c ...
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_FIELDS_H
#define OSI_FIELDS_H

#include "reader.h"
#include "types.h"

/* A guest's memory, and the byte order of what is in it. */
typedef struct OsiReader {
    OsiReadFn read;
    void *opaque;
    bool big_endian;
} OsiReader;

/*
 * So many reads, and no more: when they are used up, nothing can be read any
 * more, and the answer is what was found so far.  What is followed is the
 * guest's word, and this bounds what a guest whose structures lead nowhere
 * for ever can make a question cost.  A read of any length counts once.
 */
typedef struct OsiBudget {
    OsiReader guest; /* who reads, as long as there are */
    unsigned int reads_left;
} OsiBudget;

/* An OsiReadFn; @budget is an OsiBudget, which one thread uses. */
bool osi_budget_read(void *budget, uint64_t addr, void *buf, size_t len);

/* @budget as a reader; it must stay as long. */
OsiReader osi_budget_reader(OsiBudget *budget);

/* The largest part of a structure that is read at once. */
#define OSI_STRUCT_MAX 8192

/* The part of a structure that holds the members wanted of it. */
typedef struct OsiStruct {
    uint64_t start;
    uint64_t size; /* 0: the kernel has none of the members */
} OsiStruct;

typedef struct OsiWanted {
    const char *type;
    const char *path;
    size_t field; /* offset of the OsiField in the reader's layout */
    size_t group; /* offset of the OsiStruct there that it belongs to */
    uint64_t max_size; /* a larger member is not what is meant */
    bool needed;  /* nothing works without it */
} OsiWanted;

/* As a group: the member is read alone, or its place is all that counts. */
#define OSI_ALONE SIZE_MAX

/*
 * Fills the fields and groups of @layout, which is all zero, in the order of
 * @wanted.  A member that the kernel does not have stays absent (size 0), as
 * does one that does not fit in: larger than is wanted, beyond its
 * structure's end, or too far from others of its group.  Where there are
 * several lines for one field, the first that exists counts.  Returns the
 * first line that is needed and absent; NULL: there is none.
 */
const OsiWanted *osi_wanted_fill(const OsiTypes *types,
                                 const OsiWanted *wanted, size_t n_wanted,
                                 void *layout);

/* A structure's bytes as they were when it was read. */
typedef struct OsiCopy {
    uint64_t start;
    uint64_t size;
    bool big_endian;
    uint8_t bytes[OSI_STRUCT_MAX];
} OsiCopy;

/* The number in the @size bytes (at most 8) at @p. */
uint64_t osi_number(const uint8_t *p, unsigned int size, bool big_endian);

/* Reads @len bytes, on whatever pages; any @len, 0 too. */
bool osi_read_bytes(const OsiReader *r, uint64_t addr, void *buf, size_t len);

/* Reads the structure at @addr.  False: not readable, NULL, or no members. */
bool osi_read_struct(const OsiReader *r, const OsiStruct *group,
                     uint64_t addr, OsiCopy *out);

/* The number in @field (bit-fields too); 0 if it is absent. */
uint64_t osi_get(const OsiCopy *copy, const OsiField *field);

/* The same, for members that are signed. */
int64_t osi_get_signed(const OsiCopy *copy, const OsiField *field);

/* The bytes of @field; NULL if it is absent. */
const uint8_t *osi_get_bytes(const OsiCopy *copy, const OsiField *field);

/* One pointer or number of @size bytes (1 to 8) at @addr. */
bool osi_read_number(const OsiReader *r, uint64_t addr, unsigned int size,
                     uint64_t *value);

/*
 * The number of up to 8 bytes in @field (bit-fields too) of the structure at
 * @base.  False if it is absent or larger, @base is NULL, or it cannot be
 * read.
 */
bool osi_read_field(const OsiReader *r, uint64_t base, const OsiField *field,
                    uint64_t *value);

/*
 * Copies the string at @addr with its NUL to @buf of @size bytes.  False if
 * it cannot be read or is longer.
 */
bool osi_read_string(const OsiReader *r, uint64_t addr, char *buf,
                     size_t size);

#endif /* OSI_FIELDS_H */
