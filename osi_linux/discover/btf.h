/*
 * BTF, the description of its own types that a Linux kernel carries: parsing
 * and questions.  docs/BTF.md describes the format.
 *
 * A blob comes from the guest and is not to be trusted.  It is validated
 * whole, once, when the Btf is made; nothing that it says can then make a
 * question read out of bounds, run for long, or recurse deeply.  A Btf never
 * changes: any thread may ask it.  Questions take names and give false for
 * what the kernel does not have; that is how its features are detected.
 *
 * btf_find.h finds and reads the blob in a guest's memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_BTF_H
#define OSI_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

/* Larger blobs are refused.  Kernels' are 3 to 12 MB. */
#define BTF_MAX_SIZE (64u << 20)

typedef enum BtfError {
    BTF_ERROR_INVALID,    /* the bytes are no usable BTF */
    BTF_ERROR_TOO_LARGE,  /* over BTF_MAX_SIZE, or no memory for it */
    BTF_ERROR_UNREADABLE, /* guest memory could not be read */
    BTF_ERROR_NOT_FOUND,  /* the range searched holds none */
} BtfError;

#define BTF_ERROR (btf_error_quark())
GQuark btf_error_quark(void);

typedef struct Btf Btf;

/* What a type is, seen through typedef, const, volatile and tags. */
typedef enum BtfClass {
    BTF_CLASS_OTHER, /* void, function ... : nothing with a size */
    BTF_CLASS_INT,   /* an integer, a character, a boolean */
    BTF_CLASS_ENUM,
    BTF_CLASS_POINTER,
    BTF_CLASS_ARRAY,
    BTF_CLASS_STRUCT, /* or a union */
    BTF_CLASS_FLOAT,
} BtfClass;

/* Where a member lies in the type that it was asked of, and what it is. */
typedef struct BtfMember {
    uint64_t offset;     /* in bytes; of a bit-field: of its first bit */
    uint64_t size;       /* in bytes, of its type; 0: none, as of x[] */
    uint64_t n_elems;    /* of an array (outermost dimension), else 0 */
    uint32_t bit_size;   /* of a bit-field, in bits; else 0 */
    uint32_t bit_offset; /* 0-7, of a bit-field's first bit in the byte at
                            offset: counted from the least significant bit
                            on a little-endian guest, from the most
                            significant on a big-endian one */
    BtfClass class;
    bool is_signed;      /* an integer or enum */
    uint32_t type_id;    /* for btf_member_at() */
} BtfMember;

/*
 * Validates and copies @size bytes at @data; bytes after the blob's end are
 * ignored.  NULL with @errp set if they are no BTF, or are one that needs
 * another to be complete (a module's).
 */
Btf *btf_new(const void *data, size_t size, GError **errp);

/* The same, but takes over @data, which was g_malloc()ed, in any case. */
Btf *btf_new_take(void *data, size_t size, GError **errp);

void btf_free(Btf *btf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Btf, btf_free)

/*
 * The member @path of the struct or union @type (or of a typedef of one).
 * The path may descend: "tasks.next".  Members of anonymous structs and
 * unions are found as in C, without naming these.  False if there is none.
 */
bool btf_member(const Btf *btf, const char *type, const char *path,
                BtfMember *out);

/* The same of a type that a BtfMember has named. */
bool btf_member_at(const Btf *btf, uint32_t type_id, const char *path,
                   BtfMember *out);

/* The size of a struct, union, typedef, integer or enum, in bytes. */
bool btf_type_size(const Btf *btf, const char *type, uint64_t *size);

/*
 * Where a per-CPU variable lies in the section of per-CPU variables.  On
 * x86_64 up to 6.12 that is also its distance from the CPU's gs_base; in 7.2,
 * and elsewhere, the section's own address comes in: docs/BTF.md.
 */
bool btf_percpu_var(const Btf *btf, const char *name, uint64_t *offset);

/* The value of an enumerator, of whichever enum it is part. */
bool btf_enum_value(const Btf *btf, const char *enumerator, int64_t *value);

/* The size of a guest's pointer in bytes, 4 or 8. */
unsigned int btf_pointer_size(const Btf *btf);
bool btf_big_endian(const Btf *btf);

/* Types are numbered from 1 to this. */
uint32_t btf_type_count(const Btf *btf);
/* Strings in the string section, the empty first one included. */
uint32_t btf_string_count(const Btf *btf);

#endif /* OSI_BTF_H */
