/*
 * Kallsyms as kallsyms_parse.c leaves the tables when they are validated, and
 * as kallsyms.c asks them.  For these files and kallsyms_find.c only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_KALLSYMS_PRIV_H
#define OSI_KALLSYMS_PRIV_H

#include "kallsyms.h"

#include <string.h>

#define N_TOKENS 256u
#define TOKEN_INDEX_SIZE (N_TOKENS * 2)

/* Kernels with everything have 600,000; Debian's 100,000 to 200,000. */
#define KALLSYMS_MAX_SYMBOLS (1u << 20)
#define KALLSYMS_MIN_SYMBOLS 16u

/* So much of the guest is copied around a token_index. */
#define KALLSYMS_BELOW (16u << 20)
#define KALLSYMS_ABOVE (6u << 20)

struct Kallsyms {
    bool big_endian;
    unsigned int pointer_size;
    uint64_t where;
    uint32_t n;
    uint8_t *names;       /* each: length, then so many bytes (tokens) */
    uint32_t *name_at;    /* [n]: where its length is in names */
    uint64_t *address;    /* [n], ascending */
    char *tokens;         /* the table of tokens, each with a NUL */
    uint16_t token_at[N_TOKENS];
    uint16_t token_len[N_TOKENS];
    uint32_t *bucket;     /* [n_buckets]: first symbol of a hash, or n */
    uint32_t *chain;      /* [n]: next symbol of that hash, or n */
    uint32_t n_buckets;   /* a power of two */
    bool has_data;
};

/* Bytes of the guest around a token_index. */
typedef struct KallsymsImage {
    const uint8_t *bytes;
    size_t size;
    uint64_t start;  /* address of bytes[0]; a multiple of 8 */
    size_t index;    /* where in bytes the token_index is */
    bool big_endian;
} KallsymsImage;

static inline uint16_t ks_u16(const uint8_t *p, bool big_endian)
{
    return big_endian ? p[0] << 8 | p[1] : p[1] << 8 | p[0];
}

static inline uint32_t ks_u32(const uint8_t *p, bool big_endian)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return big_endian ? GUINT32_FROM_BE(v) : GUINT32_FROM_LE(v);
}

static inline uint64_t ks_u64(const uint8_t *p, bool big_endian)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return big_endian ? GUINT64_FROM_BE(v) : GUINT64_FROM_LE(v);
}

/* Takes the length of a name apart; how many bytes it takes itself. */
static inline unsigned int ks_name_len(const uint8_t *p, uint32_t *len)
{
    if (*p & 0x80) {
        *len = (p[0] & 0x7f) | p[1] << 7;
        return 2;
    }
    *len = *p;
    return 1;
}

/* Whether TOKEN_INDEX_SIZE bytes at @p are a token_index in that order. */
bool kallsyms_is_token_index(const uint8_t *p, bool big_endian);

/*
 * The tables around a token_index; NULL if what is there is not all of them
 * or they do not agree.  @near is an address of a kernel's function.
 */
Kallsyms *kallsyms_parse(const KallsymsImage *image, uint64_t near);

/* Makes the index of names. */
bool kallsyms_index(Kallsyms *ks);

#endif /* OSI_KALLSYMS_PRIV_H */
