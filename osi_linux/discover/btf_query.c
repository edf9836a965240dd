/*
 * BTF: questions about a validated blob.
 *
 * Every string and type number in it is known to be good.  What validation
 * cannot see in its one walk is bounded here: chains of typedefs and arrays
 * by MAX_CHAIN (they may run in a circle), nested anonymous structs by
 * MAX_NESTING, and the members looked at for one question by MAX_MEMBERS
 * (structs that hold each other many times over would make them
 * exponentially many).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "btf_priv.h"

/* Typedefs of const typedefs of ...; kernels have less than 10. */
#define MAX_CHAIN 32u
/* Anonymous structs in each other; kernels have less than 10. */
#define MAX_NESTING 16u
/* Members visited for one question; kernels' largest struct has 2,000. */
#define MAX_MEMBERS (1u << 16)

/* A search for a member by name, through anonymous structs. */
typedef struct Search {
    const Btf *btf;
    const char *name; /* not terminated: a part of a path */
    size_t name_len;
    uint32_t budget;  /* members that may still be looked at */
    /* What it found. */
    uint32_t type_id;
    uint64_t bits;    /* from the start of the outermost struct */
    uint32_t bit_size;
} Search;

uint32_t btf_find_type(const Btf *btf, const char *name, uint32_t kinds)
{
    uint32_t id = btf->bucket[btf_hash_name(name) & (btf->n_buckets - 1)];
    Type t;

    for (; id != 0; id = btf->chain[id]) {
        get_type(btf, id, &t);
        if (is_kind(&t, kinds) && strcmp(name_of(btf, t.name), name) == 0) {
            return id;
        }
    }
    return 0;
}

/* What @id is behind typedefs, const and the like; false: void, a circle. */
static bool resolve(const Btf *btf, uint32_t id, uint32_t *out, Type *t)
{
    for (unsigned int i = 0; i < MAX_CHAIN && id != 0; i++) {
        get_type(btf, id, t);
        if (!is_kind(t, MODIFIERS)) {
            *out = id;
            return true;
        }
        id = t->size_or_type;
    }
    return false;
}

/* The size of a value of type @id. */
static bool size_of(const Btf *btf, uint32_t id, uint64_t *size)
{
    uint64_t n = 1;
    uint64_t one;
    Type t;

    for (unsigned int i = 0; i < MAX_CHAIN; i++) {
        if (!resolve(btf, id, &id, &t)) {
            return false;
        }
        switch (t.kind) {
        case KIND_ARRAY:
            if (__builtin_mul_overflow(n, word(btf, t.tail, 2), &n)) {
                return false;
            }
            id = word(btf, t.tail, 0);
            continue;
        case KIND_PTR:
            one = btf->pointer_size;
            break;
        case KIND_INT:
        case KIND_STRUCT:
        case KIND_UNION:
        case KIND_ENUM:
        case KIND_ENUM64:
        case KIND_FLOAT:
            one = t.size_or_type;
            break;
        default:
            return false;
        }
        return !__builtin_mul_overflow(n, one, size);
    }
    return false;
}

static bool name_matches(const Search *s, const char *name)
{
    return strncmp(name, s->name, s->name_len) == 0 &&
           name[s->name_len] == '\0';
}

/* Looks for the member in @t, which begins @base bits into the outermost. */
static bool search_struct(Search *s, const Type *t, uint64_t base,
                          unsigned int depth)
{
    const uint8_t *p = t->tail;

    for (uint32_t i = 0; i < t->count; i++, p += 12) {
        const char *name = name_of(s->btf, word(s->btf, p, 0));
        uint32_t id = word(s->btf, p, 1);
        uint32_t where = word(s->btf, p, 2);
        uint64_t bits = base + (t->flag ? where & 0xffffff : where);

        if (s->budget == 0) {
            return false;
        }
        s->budget--;
        if (*name != '\0') {
            if (name_matches(s, name)) {
                s->type_id = id;
                s->bits = bits;
                s->bit_size = t->flag ? where >> 24 : 0;
                return true;
            }
        } else if (depth < MAX_NESTING) {
            Type inner;

            if (resolve(s->btf, id, &id, &inner) &&
                is_kind(&inner, COMPOUND) &&
                search_struct(s, &inner, bits, depth + 1)) {
                return true;
            }
        }
    }
    return false;
}

/*
 * Without the struct's flag, members cannot say their width: a bit-field is
 * then a member of an integer type of its own that says it.
 */
static void apply_old_bit_field(const Btf *btf, const Type *t, Search *s)
{
    uint32_t info = word(btf, t->tail, 0);
    uint32_t n_bits = info & 0xff;

    if (s->bit_size == 0 && n_bits != 0 && n_bits < 8ull * t->size_or_type) {
        s->bits += info >> 16 & 0xff;
        s->bit_size = n_bits;
    }
}

static void describe(const Btf *btf, Search *s, BtfMember *out)
{
    Type t;

    memset(out, 0, sizeof(*out));
    out->type_id = s->type_id;
    if (!size_of(btf, s->type_id, &out->size)) {
        out->size = 0;
    }
    if (resolve(btf, s->type_id, &out->type_id, &t)) {
        switch (t.kind) {
        case KIND_INT:
            out->class = BTF_CLASS_INT;
            out->is_signed = word(btf, t.tail, 0) >> 24 & 1;
            apply_old_bit_field(btf, &t, s);
            break;
        case KIND_ENUM:
        case KIND_ENUM64:
            out->class = BTF_CLASS_ENUM;
            out->is_signed = t.flag;
            break;
        case KIND_PTR:
            out->class = BTF_CLASS_POINTER;
            break;
        case KIND_ARRAY:
            out->class = BTF_CLASS_ARRAY;
            out->n_elems = word(btf, t.tail, 2);
            break;
        case KIND_STRUCT:
        case KIND_UNION:
            out->class = BTF_CLASS_STRUCT;
            break;
        case KIND_FLOAT:
            out->class = BTF_CLASS_FLOAT;
            break;
        }
    }
    out->offset = s->bits / 8;
    out->bit_size = s->bit_size;
    out->bit_offset = s->bit_size ? s->bits % 8 : 0;
}

bool btf_member_at(const Btf *btf, uint32_t type_id, const char *path,
                   BtfMember *out)
{
    Search s = { .btf = btf, .budget = MAX_MEMBERS };
    const char *rest = path;
    Type t;

    if (type_id == 0 || type_id > btf->n_types) {
        return false;
    }
    s.type_id = type_id;
    do {
        s.name = rest;
        s.name_len = strcspn(rest, ".");
        rest += s.name_len;
        if (!resolve(btf, s.type_id, &s.type_id, &t) ||
            !is_kind(&t, COMPOUND) || !search_struct(&s, &t, s.bits, 0)) {
            return false;
        }
    } while (*rest++ == '.');
    describe(btf, &s, out);
    return true;
}

bool btf_member(const Btf *btf, const char *type, const char *path,
                BtfMember *out)
{
    uint32_t id = btf_find_type(btf, type, COMPOUND);

    if (id == 0) {
        id = btf_find_type(btf, type, BIT(KIND_TYPEDEF));
    }
    return btf_member_at(btf, id, path, out);
}

bool btf_type_size(const Btf *btf, const char *type, uint64_t *size)
{
    uint32_t id = btf_find_type(btf, type, COMPOUND);

    if (id == 0) {
        id = btf_find_type(btf, type, INDEXED);
    }
    return id != 0 && size_of(btf, id, size);
}

bool btf_percpu_var(const Btf *btf, const char *name, uint64_t *offset)
{
    for (uint32_t n = 0; n < btf->n_sets; n++) {
        Type sec;

        get_type(btf, btf->sets[n], &sec);
        if (sec.kind != KIND_DATASEC ||
            strcmp(name_of(btf, sec.name), ".data..percpu") != 0) {
            continue;
        }
        for (uint32_t i = 0; i < sec.count; i++) {
            const uint8_t *p = sec.tail + (size_t)12 * i;
            uint32_t var_id = word(btf, p, 0);
            Type var;

            if (var_id == 0) {
                continue;
            }
            get_type(btf, var_id, &var);
            if (var.kind == KIND_VAR &&
                strcmp(name_of(btf, var.name), name) == 0) {
                *offset = word(btf, p, 1);
                return true;
            }
        }
    }
    return false;
}

/* The value of element @i of an enum. */
static int64_t enum_value(const Btf *btf, const Type *t, const uint8_t *p)
{
    uint32_t low = word(btf, p, 1);

    if (t->kind == KIND_ENUM64) {
        return (int64_t)((uint64_t)word(btf, p, 2) << 32 | low);
    }
    return t->flag ? (int64_t)(int32_t)low : (int64_t)low;
}

bool btf_enum_value(const Btf *btf, const char *enumerator, int64_t *value)
{
    for (uint32_t n = 0; n < btf->n_sets; n++) {
        const uint8_t *p;
        size_t step;
        Type t;

        get_type(btf, btf->sets[n], &t);
        if (!is_kind(&t, BIT(KIND_ENUM) | BIT(KIND_ENUM64))) {
            continue;
        }
        step = t.kind == KIND_ENUM ? 8 : 12;
        p = t.tail;
        for (uint32_t i = 0; i < t.count; i++, p += step) {
            if (strcmp(name_of(btf, word(btf, p, 0)), enumerator) == 0) {
                *value = enum_value(btf, &t, p);
                return true;
            }
        }
    }
    return false;
}

unsigned int btf_pointer_size(const Btf *btf)
{
    return btf->pointer_size;
}

bool btf_big_endian(const Btf *btf)
{
    return btf->hdr.big_endian;
}

uint32_t btf_type_count(const Btf *btf)
{
    return btf->n_types;
}

uint32_t btf_string_count(const Btf *btf)
{
    return btf->n_strings;
}
