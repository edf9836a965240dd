/*
 * Kallsyms: from a token_index to all tables, validated.
 *
 * The tables have no header and no magic number; they are recognized by
 * agreeing with each other.  Two orders of them are known (scripts/kallsyms.c
 * of the kernel):
 *
 *   up to 6.3   offsets, relative_base, num_syms, names, markers,
 *               [seqs_of_names since 6.2], token_table, token_index
 *   since 6.4   num_syms, names, markers, token_table, token_index, offsets,
 *               [relative_base up to 6.19], seqs_of_names
 *
 * and four meanings of an offset, of which the one is taken that makes all
 * addresses ascend and has a function where the kernel is known to run:
 *
 *   relative to relative_base, unsigned;
 *   of kernels with absolute per-CPU symbols (x86_64 up to 6.14): a negative
 *   one -1 - x is x bytes above relative_base, others are the value itself;
 *   since 7.0 relative to its own place; or, on 32 bits, the value itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "kallsyms_priv.h"

/* Bytes of names looked at before giving up; Debian's kernels have 3 MB. */
#define MAX_STEPS (1u << 26)
/* Symbols looked at before a walk through all. */
#define N_PROBED 4u
/* Of a token; a token is a part of a name. */
#define MAX_TOKEN 255u
/* A function may be so long; it is to be at @near. */
#define MAX_FUNCTION (1u << 20)

typedef struct Parser {
    const KallsymsImage *image;
    uint64_t near;
    Kallsyms *ks;
    uint32_t steps_left;
    size_t token_table; /* offsets in the image's bytes */
    size_t num_syms;
    size_t names;
    size_t names_end;
} Parser;

typedef enum Meaning {
    BASE_RELATIVE,
    ABSOLUTE_PERCPU,
    PLACE_RELATIVE,
    N_MEANINGS
} Meaning;

static uint32_t u32_at(const Parser *p, size_t at)
{
    return ks_u32(p->image->bytes + at, p->image->big_endian);
}

bool kallsyms_is_token_index(const uint8_t *p, bool big_endian)
{
    unsigned int last = 0;

    if (p[0] | p[1]) {
        return false;
    }
    for (unsigned int i = 1; i < N_TOKENS; i++) {
        unsigned int at = ks_u16(p + 2 * i, big_endian);

        if (at <= last || at - last > MAX_TOKEN + 1) {
            return false;
        }
        last = at;
    }
    return true;
}

/* ---- Tokens -------------------------------------------------------------- */

/* Whether the token at @p is @len printable characters and a NUL. */
static bool is_token(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isgraph(p[i])) {
            return false;
        }
    }
    return p[len] == '\0';
}

/* Whether the table begins at @table; its last token is @last_len long. */
static bool tokens_begin_at(Parser *p, size_t table, size_t last_len)
{
    Kallsyms *ks = p->ks;

    for (unsigned int i = 0; i < N_TOKENS; i++) {
        size_t len = i + 1 < N_TOKENS
                         ? ks->token_at[i + 1] - ks->token_at[i] - 1u
                         : last_len;

        if (!is_token(p->image->bytes + table + ks->token_at[i], len)) {
            return false;
        }
        ks->token_len[i] = len;
    }
    return true;
}

/*
 * The table ends where the index begins, but for the bytes that align it;
 * its start follows from the length of the last token, which the index does
 * not say.
 */
static bool find_tokens(Parser *p)
{
    const KallsymsImage *im = p->image;
    Kallsyms *ks = p->ks;
    size_t end = im->index;
    size_t last;

    for (unsigned int i = 0; i < N_TOKENS; i++) {
        ks->token_at[i] = ks_u16(im->bytes + im->index + 2 * i,
                                 im->big_endian);
    }
    last = ks->token_at[N_TOKENS - 1];
    /* Back over the padding, and one NUL that is the last token's. */
    for (unsigned int pad = 0; pad < 8 && end > last; pad++, end--) {
        if (im->bytes[end - 1] != '\0') {
            break;
        }
        for (size_t len = 0; len <= MAX_TOKEN && end >= last + len + 1;
             len++) {
            size_t table = end - 1 - len - last;

            if (tokens_begin_at(p, table, len)) {
                p->token_table = table;
                ks->tokens = g_memdup2(im->bytes + table, end - table);
                return true;
            }
        }
    }
    return false;
}

/* ---- Names --------------------------------------------------------------- */

static bool is_type(char c)
{
    return g_ascii_isalpha(c) || c == '?' || c == '-';
}

/*
 * Whether a name is at @at, before @limit: a type and at least one more
 * character.  Gives the place behind it.
 */
static bool check_name(Parser *p, size_t at, size_t limit, size_t *next)
{
    const uint8_t *bytes = p->image->bytes;
    const Kallsyms *ks = p->ks;
    uint32_t len, chars = 0;
    unsigned int head;
    char type = '\0';

    if (at + 2 > limit) {
        return false;
    }
    head = ks_name_len(bytes + at, &len);
    at += head;
    if (len == 0 || len > limit - at || len > p->steps_left) {
        return false;
    }
    p->steps_left -= len;
    for (uint32_t i = 0; i < len; i++) {
        uint8_t token = bytes[at + i];

        if (chars == 0 && ks->token_len[token] > 0) {
            type = ks->tokens[ks->token_at[token]];
        }
        chars += ks->token_len[token];
    }
    *next = at + len;
    return chars >= 2 && chars <= KALLSYMS_NAME_LEN && is_type(type);
}

/* Walks through all of @n names from p->names on. */
static bool walk_names(Parser *p, uint32_t n, uint32_t *name_at)
{
    size_t at = p->names;

    for (uint32_t i = 0; i < n; i++) {
        name_at[i] = at - p->names;
        if (!check_name(p, at, p->token_table, &at)) {
            return false;
        }
    }
    p->names_end = at;
    return true;
}

/*
 * What is between the markers and the tokens: so many bytes for each symbol
 * (seqs_of_names has 3 or 4, and is not always there), and fewer than `slack`
 * besides.
 */
static const struct {
    unsigned int per_symbol, slack;
} behind_markers[] = { { 0, 8 }, { 3, 16 }, { 4, 16 } };

/*
 * Whether behind the names, aligned to @align, there are the markers, the
 * place of every 256th name, and then nothing but what may be before the
 * tokens.
 */
static bool check_markers(const Parser *p, uint32_t n,
                          const uint32_t *name_at, size_t align)
{
    uint32_t n_markers = (n + 255) / 256;
    size_t at = (p->names_end + align - 1) & ~(align - 1);
    size_t end = at + 4ull * n_markers;
    size_t rest;

    if (end > p->token_table) {
        return false;
    }
    for (uint32_t i = 0; i < n_markers; i++) {
        if (u32_at(p, at + 4ull * i) != name_at[256 * i]) {
            return false;
        }
    }
    rest = p->token_table - end;
    for (size_t i = 0; i < G_N_ELEMENTS(behind_markers); i++) {
        uint64_t least = (uint64_t)behind_markers[i].per_symbol * n;

        if (rest >= least && rest < least + behind_markers[i].slack) {
            return true;
        }
    }
    return false;
}

/* The first two of @n's markers, if they are where @rest bytes follow them. */
static bool markers_begin(const Parser *p, size_t names, uint32_t n,
                          uint64_t rest)
{
    uint32_t n_markers = (n + 255) / 256;
    uint64_t room = rest + 4ull * n_markers;
    size_t at;

    if (room > p->token_table) {
        return false;
    }
    at = (p->token_table - (size_t)room) & ~(size_t)3;
    return at >= names + 2ull * n && u32_at(p, at) == 0 &&
           (n_markers < 2 || (u32_at(p, at + 4) >= 512 &&
                              u32_at(p, at + 4) <= at - names));
}

/*
 * Whether the markers may be where check_markers() wants them: known before
 * the names are, of which many more are walked through in vain otherwise.
 */
static bool may_have_markers(const Parser *p, size_t names, uint32_t n)
{
    for (size_t i = 0; i < G_N_ELEMENTS(behind_markers); i++) {
        uint64_t least = (uint64_t)behind_markers[i].per_symbol * n;

        for (unsigned int pad = 0; pad <= behind_markers[i].slack; pad += 4) {
            if (markers_begin(p, names, n, least + pad)) {
                return true;
            }
        }
    }
    return false;
}

/* Whether num_syms is at @at and says @n, and the names begin at @names. */
static bool names_begin_at(Parser *p, size_t at, size_t names, uint32_t n)
{
    g_autofree uint32_t *name_at = NULL;
    size_t next = names;

    if (!may_have_markers(p, names, n)) {
        return false;
    }
    for (unsigned int i = 0; i < N_PROBED; i++) {
        if (!check_name(p, next, p->token_table, &next)) {
            return false;
        }
    }
    name_at = g_try_new(uint32_t, n);
    p->names = names;
    if (!name_at || !walk_names(p, n, name_at) ||
        (!check_markers(p, n, name_at, 4) &&
         !check_markers(p, n, name_at, 8))) {
        return false;
    }
    p->num_syms = at;
    p->ks->n = n;
    p->ks->name_at = g_steal_pointer(&name_at);
    p->ks->names = g_memdup2(p->image->bytes + names, p->names_end - names);
    return true;
}

/* From the tokens downwards: the number of symbols, in front of the names. */
static bool find_names(Parser *p)
{
    for (size_t at = p->token_table & ~(size_t)3; at >= 4;) {
        uint32_t n;

        at -= 4;
        n = u32_at(p, at);
        /* A name has two bytes at least. */
        if (n < KALLSYMS_MIN_SYMBOLS || n > KALLSYMS_MAX_SYMBOLS ||
            2ull * n > p->token_table - at) {
            continue;
        }
        if (names_begin_at(p, at, at + 4, n) ||
            (u32_at(p, at + 4) == 0 && names_begin_at(p, at, at + 8, n))) {
            return true;
        }
    }
    return false;
}

/* ---- Addresses ----------------------------------------------------------- */

static uint64_t address_of(const Parser *p, size_t offsets, uint32_t i,
                           uint64_t base, Meaning meaning)
{
    size_t at = offsets + 4ull * i;
    uint32_t offset = u32_at(p, at);
    uint64_t address;

    switch (meaning) {
    case ABSOLUTE_PERCPU:
        address = (int32_t)offset < 0 ? base + (uint32_t)~offset : offset;
        break;
    case PLACE_RELATIVE:
        address = p->image->start + at + (uint64_t)(int64_t)(int32_t)offset;
        break;
    default:
        address = base + offset;
    }
    return p->ks->pointer_size == 4 ? (uint32_t)address : address;
}

static char type_of(const Kallsyms *ks, uint32_t i)
{
    const uint8_t *p = ks->names + ks->name_at[i];
    uint32_t len;

    p += ks_name_len(p, &len);
    for (; len > 0; len--, p++) {
        if (ks->token_len[*p]) {
            return ks->tokens[ks->token_at[*p]];
        }
    }
    return '?';
}

/* Several symbols may have the address; one must be a function. */
static bool has_function_at(const Kallsyms *ks, uint64_t near)
{
    uint32_t last, i;

    if (!kallsyms_below(ks, near, &last) ||
        near - ks->address[last] > MAX_FUNCTION || last + 1 == ks->n) {
        return false;
    }
    for (i = last; ks->address[i] == ks->address[last]; i--) {
        if (strchr("tTwW", type_of(ks, i))) {
            return true;
        }
        if (i == 0) {
            break;
        }
    }
    return false;
}

static bool try_meaning(Parser *p, size_t offsets, uint64_t base,
                        Meaning meaning)
{
    Kallsyms *ks = p->ks;

    for (uint32_t i = 0; i < ks->n; i++) {
        ks->address[i] = address_of(p, offsets, i, base, meaning);
        if (i > 0 && ks->address[i] < ks->address[i - 1]) {
            return false;
        }
    }
    return has_function_at(ks, p->near);
}

/* @base_at: where relative_base is. */
static bool try_offsets(Parser *p, size_t offsets, size_t base_at)
{
    const KallsymsImage *im = p->image;
    unsigned int ptr = p->ks->pointer_size;
    uint64_t base = 0;
    bool has_base = base_at + ptr <= im->size;

    if (offsets > im->size || 4ull * p->ks->n > im->size - offsets) {
        return false;
    }
    if (has_base) {
        base = ptr == 8 ? ks_u64(im->bytes + base_at, im->big_endian)
                        : u32_at(p, base_at);
    }
    for (Meaning m = 0; m < N_MEANINGS; m++) {
        if ((m == PLACE_RELATIVE || has_base) &&
            try_meaning(p, offsets, base, m)) {
            return true;
        }
    }
    /* 32 bits since 7.0: the address itself. */
    return ptr == 4 && try_meaning(p, offsets, 0, BASE_RELATIVE);
}

static bool find_addresses_for(Parser *p, unsigned int ptr)
{
    size_t after = p->image->index + TOKEN_INDEX_SIZE;
    uint64_t bytes = 4ull * p->ks->n;

    p->ks->pointer_size = ptr;
    /* Since 6.4, behind the token_index. */
    for (unsigned int align = 4; align <= ptr; align += 4) {
        size_t at = (after + align - 1) & ~(size_t)(align - 1);

        if (try_offsets(p, at, (at + bytes + ptr - 1) & ~(size_t)(ptr - 1))) {
            return true;
        }
    }
    /* Before, in front of num_syms. */
    for (unsigned int pad = 0; pad < ptr; pad += 4) {
        if (p->num_syms >= ptr + bytes + pad &&
            try_offsets(p, p->num_syms - ptr - bytes - pad,
                        p->num_syms - ptr)) {
            return true;
        }
    }
    return false;
}

static bool find_addresses(Parser *p)
{
    p->ks->address = g_try_new(uint64_t, p->ks->n);
    return p->ks->address &&
           (find_addresses_for(p, 8) || find_addresses_for(p, 4));
}

Kallsyms *kallsyms_parse(const KallsymsImage *image, uint64_t near)
{
    g_autoptr(Kallsyms) ks = g_new0(Kallsyms, 1);
    Parser p = {
        .image = image, .near = near, .ks = ks, .steps_left = MAX_STEPS,
    };

    if (image->size < image->index ||
        image->size - image->index < TOKEN_INDEX_SIZE) {
        return NULL;
    }
    ks->big_endian = image->big_endian;
    ks->where = image->start + image->index;
    if (!find_tokens(&p) || !find_names(&p) || !find_addresses(&p) ||
        !kallsyms_index(ks)) {
        return NULL;
    }
    return g_steal_pointer(&ks);
}
