/*
 * BTF as btf.c leaves it when it has validated a blob, and as btf_query.c
 * finds it: the tables, and the words of a type record taken apart; and the
 * header, which btf_find.c also looks at.  For these files only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_BTF_PRIV_H
#define OSI_BTF_PRIV_H

#include "btf.h"

#include <string.h>

/* So much of a name is hashed: hostile ones are megabytes long. */
#define MAX_HASHED 64u
#define RECORD_SIZE 12u

enum {
    KIND_INT = 1,
    KIND_PTR = 2,
    KIND_ARRAY = 3,
    KIND_STRUCT = 4,
    KIND_UNION = 5,
    KIND_ENUM = 6,
    KIND_FWD = 7,
    KIND_TYPEDEF = 8,
    KIND_VOLATILE = 9,
    KIND_CONST = 10,
    KIND_RESTRICT = 11,
    KIND_FUNC = 12,
    KIND_FUNC_PROTO = 13,
    KIND_VAR = 14,
    KIND_DATASEC = 15,
    KIND_FLOAT = 16,
    KIND_DECL_TAG = 17,
    KIND_TYPE_TAG = 18,
    KIND_ENUM64 = 19,
    N_KINDS
};

#define BIT(kind) (1u << (kind))
#define COMPOUND (BIT(KIND_STRUCT) | BIT(KIND_UNION))
#define MODIFIERS                                                            \
    (BIT(KIND_TYPEDEF) | BIT(KIND_VOLATILE) | BIT(KIND_CONST) |              \
     BIT(KIND_RESTRICT) | BIT(KIND_TYPE_TAG))
/* Kinds that are looked through for what is in them. */
#define SETS (BIT(KIND_ENUM) | BIT(KIND_ENUM64) | BIT(KIND_DATASEC))
/* Kinds that are looked up by name. */
#define INDEXED                                                              \
    (COMPOUND | BIT(KIND_INT) | BIT(KIND_ENUM) | BIT(KIND_ENUM64) |          \
     BIT(KIND_TYPEDEF) | BIT(KIND_FLOAT))

#define BTF_HEADER_MIN 24u /* as long as headers were at first */
#define BTF_HEADER_MAX 32u /* with all that is known here */

/* The header, in the host's byte order; offsets from the blob's start. */
typedef struct Header {
    bool big_endian;
    uint64_t type_off;
    uint64_t type_len;
    uint64_t str_off;
    uint64_t str_len;
    uint64_t layout_off;
    uint64_t layout_len;
    uint64_t end;
} Header;

struct Btf {
    uint8_t *data;
    const uint8_t *types;
    const char *strings;
    Header hdr;
    uint32_t n_types;
    uint32_t n_strings;
    unsigned int pointer_size;
    uint32_t *offset;  /* [1..n_types]: where a type begins in types */
    uint32_t *bucket;  /* [n_buckets]: first type of a hash, 0: none */
    uint32_t *chain;   /* [1..n_types]: next type of that hash, 0: none */
    uint32_t n_buckets; /* a power of two */
    uint32_t *sets;    /* [0..n_sets): the enums and sections, ascending */
    uint32_t n_sets;
};

/* A type record's three words, taken apart. */
typedef struct Type {
    uint32_t name;
    uint32_t kind;
    uint32_t count;
    bool flag;
    uint32_t size_or_type;
    const uint8_t *tail;
} Type;

static inline uint32_t load32(const uint8_t *p, bool big_endian)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return big_endian ? GUINT32_FROM_BE(v) : GUINT32_FROM_LE(v);
}

static inline uint32_t word(const Btf *btf, const uint8_t *p, unsigned int i)
{
    return load32(p + 4 * i, btf->hdr.big_endian);
}

static inline void decode(const Btf *btf, const uint8_t *p, Type *t)
{
    uint32_t info = word(btf, p, 1);

    t->name = word(btf, p, 0);
    t->kind = info >> 24 & 0x7f;
    t->count = info & 0xffffff;
    t->flag = info >> 31;
    t->size_or_type = word(btf, p, 2);
    t->tail = p + RECORD_SIZE;
}

/* @id is one that validation has seen, and not 0 (void). */
static inline void get_type(const Btf *btf, uint32_t id, Type *t)
{
    decode(btf, btf->types + btf->offset[id], t);
}

static inline bool is_kind(const Type *t, uint32_t kinds)
{
    return t->kind < N_KINDS && (kinds & BIT(t->kind));
}

static inline const char *name_of(const Btf *btf, uint32_t name)
{
    return btf->strings + name;
}

static inline uint32_t btf_hash_name(const char *s)
{
    uint32_t h = 2166136261u;

    for (unsigned int i = 0; i < MAX_HASHED && s[i]; i++) {
        h = (h ^ (uint8_t)s[i]) * 16777619u;
    }
    return h ^ h >> 15;
}

/*
 * Takes the header apart, of which @len bytes are at @p (at least
 * BTF_HEADER_MIN, better BTF_HEADER_MAX), and checks that it is plausible.
 */
bool btf_parse_header(const uint8_t *p, size_t len, Header *h, GError **errp);

/* The first type of that name and of one of @kinds, or 0. */
uint32_t btf_find_type(const Btf *btf, const char *name, uint32_t kinds);

#endif /* OSI_BTF_PRIV_H */
