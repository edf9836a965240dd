/*
 * BTF: validation of a blob; btf_query.c answers questions about it, and
 * btf_find.c gets it out of a guest.
 *
 * The blob is a header, a section of type records and a section of strings,
 * in the byte order of the guest.  A type record is three words (name, kind
 * and count, size or type) and a tail whose length follows from kind and
 * count, so that the section can only be read from its start: validation
 * walks it once, checks every string and type number in it, notes where each
 * type begins and indexes the names.  Sums and products are made in 64 bits
 * of values that have 32, so none can wrap around.
 *
 * What cannot be seen in that one walk (types that contain themselves, names
 * looked for in vain) is btf_query.c's to bound.
 *
 * Since 2026 a header may be longer and name a third section, the layout: the
 * tail's length for each kind.  With it, kinds not known here can be skipped.
 * The same kernels use bits of the second word that were zero before (count:
 * 24 bits, kind: 7), which reads older blobs alike.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "btf_priv.h"

#include <inttypes.h>

#define MAGIC 0xeb9fu
#define VERSION 1u
/* The kernel's own limit; it bounds our tables to a few megabytes. */
#define MAX_TYPES 0xfffffu
/* Headers grow, but not to this. */
#define MAX_HEADER 4096u

#define LAYOUT_ENTRY 4u

/* What follows the three words of a record, and what is to be checked. */
typedef struct KindShape {
    uint8_t fixed;     /* bytes once */
    uint8_t elem;      /* bytes for each of the count */
    bool refers;       /* the third word is a type, not a size */
    bool elem_named;   /* an element's first word is a string */
    int8_t elem_type;  /* the element's word that is a type, or -1 */
} KindShape;

static const KindShape shapes[N_KINDS] = {
    [KIND_INT] = { 4, 0, false, false, -1 },
    [KIND_PTR] = { 0, 0, true, false, -1 },
    [KIND_ARRAY] = { 12, 0, false, false, -1 },
    [KIND_STRUCT] = { 0, 12, false, true, 1 },
    [KIND_UNION] = { 0, 12, false, true, 1 },
    [KIND_ENUM] = { 0, 8, false, true, -1 },
    [KIND_FWD] = { 0, 0, false, false, -1 },
    [KIND_TYPEDEF] = { 0, 0, true, false, -1 },
    [KIND_VOLATILE] = { 0, 0, true, false, -1 },
    [KIND_CONST] = { 0, 0, true, false, -1 },
    [KIND_RESTRICT] = { 0, 0, true, false, -1 },
    [KIND_FUNC] = { 0, 0, true, false, -1 },
    [KIND_FUNC_PROTO] = { 0, 8, true, true, 1 },
    [KIND_VAR] = { 4, 0, true, false, -1 },
    [KIND_DATASEC] = { 0, 12, false, false, 0 },
    [KIND_FLOAT] = { 0, 0, false, false, -1 },
    [KIND_DECL_TAG] = { 4, 0, true, false, -1 },
    [KIND_TYPE_TAG] = { 0, 0, true, false, -1 },
    [KIND_ENUM64] = { 0, 12, false, true, -1 },
};

/* The largest type number that the types mention, and where. */
typedef struct LargestRef {
    uint32_t id;
    uint64_t at;
} LargestRef;

G_DEFINE_QUARK(btf-error-quark, btf_error)

/* --- the header ------------------------------------------------------- */

static bool parse_magic(const uint8_t *p, Header *h, GError **errp)
{
    if (p[0] == (MAGIC & 0xff) && p[1] == MAGIC >> 8) {
        h->big_endian = false;
    } else if (p[0] == MAGIC >> 8 && p[1] == (MAGIC & 0xff)) {
        h->big_endian = true;
    } else {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: no magic number at offset 0");
        return false;
    }
    if (p[2] != VERSION || p[3] != 0) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: version %u, flags %#x at offset 2; this reads "
                    "version 1 without flags", p[2], p[3]);
        return false;
    }
    return true;
}

/* Sections lie behind the header and do not overlap. */
static bool check_sections(const Header *h, GError **errp)
{
    if (h->type_off % 4 || h->type_len % 4) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: type section at offset %#" PRIx64 ", length %#"
                    PRIx64 " is not in words", h->type_off, h->type_len);
        return false;
    }
    if (h->str_len == 0) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: no string section");
        return false;
    }
    if (h->type_off < h->str_off + h->str_len &&
        h->str_off < h->type_off + h->type_len) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: type section at offset %#" PRIx64 " and string "
                    "section at offset %#" PRIx64 " overlap",
                    h->type_off, h->str_off);
        return false;
    }
    if (h->end > BTF_MAX_SIZE) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_TOO_LARGE,
                    "BTF: %" PRIu64 " bytes, more than %u", h->end,
                    BTF_MAX_SIZE);
        return false;
    }
    return true;
}

bool btf_parse_header(const uint8_t *p, size_t len, Header *h, GError **errp)
{
    uint32_t hdr_len;

    memset(h, 0, sizeof(*h));
    if (len < BTF_HEADER_MIN) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: header of %zu bytes is cut short", len);
        return false;
    }
    if (!parse_magic(p, h, errp)) {
        return false;
    }
    hdr_len = load32(p + 4, h->big_endian);
    if (hdr_len < BTF_HEADER_MIN || hdr_len > MAX_HEADER || hdr_len % 4) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: header length %u at offset 4", hdr_len);
        return false;
    }
    h->type_off = (uint64_t)hdr_len + load32(p + 8, h->big_endian);
    h->type_len = load32(p + 12, h->big_endian);
    h->str_off = (uint64_t)hdr_len + load32(p + 16, h->big_endian);
    h->str_len = load32(p + 20, h->big_endian);
    if (hdr_len >= BTF_HEADER_MAX && len >= BTF_HEADER_MAX) {
        h->layout_off = (uint64_t)hdr_len + load32(p + 24, h->big_endian);
        h->layout_len = load32(p + 28, h->big_endian);
    }
    h->end = MAX(h->type_off + h->type_len, h->str_off + h->str_len);
    h->end = MAX(h->end, h->layout_off + h->layout_len);
    return check_sections(h, errp);
}

/* --- validation ------------------------------------------------------- */

static uint64_t blob_offset(const Btf *btf, const uint8_t *p)
{
    return (uint64_t)(p - btf->data);
}

static bool check_strings(Btf *btf, GError **errp)
{
    const char *p = btf->strings;
    const char *end = p + btf->hdr.str_len;

    /* A module's strings continue its kernel's: their first is not empty. */
    if (*p != '\0') {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: first string at offset %#" PRIx64 " is not empty: "
                    "a module's, or none", btf->hdr.str_off);
        return false;
    }
    if (end[-1] != '\0') {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: last string is not terminated at offset %#" PRIx64,
                    btf->hdr.str_off + btf->hdr.str_len);
        return false;
    }
    for (; p < end; p += strlen(p) + 1) {
        btf->n_strings++;
    }
    return true;
}

/* The bytes that follow the three words of @t; false: unknown kind. */
static bool tail_length(const Btf *btf, const Type *t, uint64_t *len)
{
    const uint8_t *entry;

    if (t->kind == 0) {
        return false;
    }
    if (t->kind < N_KINDS) {
        *len = shapes[t->kind].fixed +
               (uint64_t)shapes[t->kind].elem * t->count;
        return true;
    }
    if (LAYOUT_ENTRY * (t->kind + 1) > btf->hdr.layout_len) {
        return false;
    }
    entry = btf->data + btf->hdr.layout_off + LAYOUT_ENTRY * t->kind;
    *len = entry[0] + (uint64_t)entry[1] * t->count;
    return *len % 4 == 0;
}

static bool check_name(const Btf *btf, const uint8_t *p, uint32_t name,
                       GError **errp)
{
    if (name >= btf->hdr.str_len) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: string %#x at offset %#" PRIx64
                    " is outside the string section", name,
                    blob_offset(btf, p));
        return false;
    }
    return true;
}

/* Types may be mentioned before they come: compared when all are known. */
static void note_ref(const Btf *btf, const uint8_t *p, uint32_t id,
                     LargestRef *ref)
{
    if (id > ref->id) {
        ref->id = id;
        ref->at = blob_offset(btf, p);
    }
}

static bool check_elements(const Btf *btf, const Type *t, LargestRef *ref,
                           GError **errp)
{
    const KindShape *shape = &shapes[t->kind];
    const uint8_t *p = t->tail + shape->fixed;

    if (shape->elem == 0) {
        return true;
    }
    for (uint32_t i = 0; i < t->count; i++, p += shape->elem) {
        if (shape->elem_named && !check_name(btf, p, word(btf, p, 0), errp)) {
            return false;
        }
        if (shape->elem_type >= 0) {
            note_ref(btf, p, word(btf, p, shape->elem_type), ref);
        }
        if (is_kind(t, COMPOUND)) {
            uint64_t bits = word(btf, p, 2) & (t->flag ? 0xffffff : ~0u);

            if (bits > 8 * (uint64_t)t->size_or_type) {
                g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                            "BTF: member at offset %#" PRIx64 " lies outside "
                            "its struct", blob_offset(btf, p));
                return false;
            }
        }
    }
    return true;
}

/* One record; its tail is known to lie in the section. */
static bool check_type(const Btf *btf, const uint8_t *p, const Type *t,
                       LargestRef *ref, GError **errp)
{
    if (!check_name(btf, p, t->name, errp)) {
        return false;
    }
    if (t->kind >= N_KINDS) {
        return true;
    }
    if (shapes[t->kind].refers) {
        note_ref(btf, p, t->size_or_type, ref);
    }
    if (t->kind == KIND_ARRAY) {
        note_ref(btf, t->tail, word(btf, t->tail, 0), ref);
        note_ref(btf, t->tail, word(btf, t->tail, 1), ref);
    }
    return check_elements(btf, t, ref, errp);
}

/* The length of the record at @p, or 0 if it does not fit before @end. */
static uint64_t record_length(const Btf *btf, const uint8_t *p,
                              const uint8_t *end, Type *t, GError **errp)
{
    uint64_t room = (uint64_t)(end - p);
    uint64_t tail;

    if (room < RECORD_SIZE) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: type at offset %#" PRIx64 " is cut short",
                    blob_offset(btf, p));
        return 0;
    }
    decode(btf, p, t);
    if (!tail_length(btf, t, &tail)) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: type at offset %#" PRIx64 " is of unknown kind %u",
                    blob_offset(btf, p), t->kind);
        return 0;
    }
    if (tail > room - RECORD_SIZE) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: type at offset %#" PRIx64 ", kind %u, count %u "
                    "runs past the type section", blob_offset(btf, p),
                    t->kind, t->count);
        return 0;
    }
    return RECORD_SIZE + tail;
}

static bool check_types(Btf *btf, GError **errp)
{
    const uint8_t *p = btf->types;
    const uint8_t *end = p + btf->hdr.type_len;
    LargestRef ref = { 0, 0 };
    uint64_t len;
    Type t;

    for (; p < end; p += len) {
        len = record_length(btf, p, end, &t, errp);
        if (len == 0 || !check_type(btf, p, &t, &ref, errp)) {
            return false;
        }
        if (btf->n_types == MAX_TYPES) {
            g_set_error(errp, BTF_ERROR, BTF_ERROR_TOO_LARGE,
                        "BTF: more than %u types", MAX_TYPES);
            return false;
        }
        btf->offset[++btf->n_types] = (uint32_t)(p - btf->types);
        if (is_kind(&t, SETS)) {
            btf->sets[btf->n_sets++] = btf->n_types;
        }
    }
    if (ref.id > btf->n_types) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: type %u at offset %#" PRIx64 " does not exist: "
                    "there are %u", ref.id, ref.at, btf->n_types);
        return false;
    }
    return true;
}

/* --- names ------------------------------------------------------------ */

/* From the last type to the first, so that a chain has the first in front. */
static void index_names(Btf *btf)
{
    for (uint32_t id = btf->n_types; id > 0; id--) {
        uint32_t *bucket;
        Type t;

        get_type(btf, id, &t);
        if (t.name == 0 || !is_kind(&t, INDEXED)) {
            continue;
        }
        bucket = &btf->bucket[btf_hash_name(name_of(btf, t.name)) &
                              (btf->n_buckets - 1)];
        btf->chain[id] = *bucket;
        *bucket = id;
    }
}

/*
 * BTF does not say how large a pointer is, but on every Linux it is as large
 * as a long, whose name depends on who made the BTF.
 */
static unsigned int guess_pointer_size(const Btf *btf)
{
    static const char *const names[] = {
        "long unsigned int", "unsigned long", "long int", "long",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        uint32_t id = btf_find_type(btf, names[i], BIT(KIND_INT));
        Type t;

        if (id != 0) {
            get_type(btf, id, &t);
            return t.size_or_type == 4 ? 4 : 8;
        }
    }
    return 8;
}

/* --- making and freeing ----------------------------------------------- */

static bool allocate_tables(Btf *btf, GError **errp)
{
    uint32_t most = MIN(btf->hdr.type_len / RECORD_SIZE, MAX_TYPES);

    btf->n_buckets = 1;
    while (btf->n_buckets < most / 2) {
        btf->n_buckets *= 2;
    }
    btf->offset = g_try_new0(uint32_t, most + 1);
    btf->chain = g_try_new0(uint32_t, most + 1);
    btf->bucket = g_try_new0(uint32_t, btf->n_buckets);
    btf->sets = g_try_new(uint32_t, most + 1);
    if (!btf->offset || !btf->chain || !btf->bucket || !btf->sets) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_TOO_LARGE,
                    "BTF: no memory for tables of %u types", most);
        return false;
    }
    return true;
}

Btf *btf_new_take(void *data, size_t size, GError **errp)
{
    g_autoptr(Btf) btf = g_new0(Btf, 1);

    btf->data = data;
    if (!btf_parse_header(data, size, &btf->hdr, errp)) {
        return NULL;
    }
    if (btf->hdr.end > size) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: sections end at offset %#" PRIx64 ", the data at "
                    "%#zx", btf->hdr.end, size);
        return NULL;
    }
    btf->types = btf->data + btf->hdr.type_off;
    btf->strings = (const char *)btf->data + btf->hdr.str_off;
    if (!allocate_tables(btf, errp) || !check_strings(btf, errp) ||
        !check_types(btf, errp)) {
        return NULL;
    }
    index_names(btf);
    btf->pointer_size = guess_pointer_size(btf);
    return g_steal_pointer(&btf);
}

Btf *btf_new(const void *data, size_t size, GError **errp)
{
    Header h;
    size_t used;
    void *copy;

    if (!btf_parse_header(data, size, &h, errp)) {
        return NULL;
    }
    used = MIN(h.end, size);
    copy = g_try_malloc(used);
    if (!copy) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_TOO_LARGE,
                    "BTF: no memory for %zu bytes", used);
        return NULL;
    }
    memcpy(copy, data, used);
    return btf_new_take(copy, used, errp);
}

void btf_free(Btf *btf)
{
    if (!btf) {
        return;
    }
    g_free(btf->data);
    g_free(btf->offset);
    g_free(btf->chain);
    g_free(btf->bucket);
    g_free(btf->sets);
    g_free(btf);
}
