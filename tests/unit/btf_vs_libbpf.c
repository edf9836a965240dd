/*
 * Compares what osi_linux reads in a kernel's BTF with what libbpf reads:
 * every member of every struct and union, every size, enumerator and per-CPU
 * variable, by the number of the type and by its name.  Prints TAP.
 *
 *     btf_vs_libbpf BTF...
 *
 * tests/unit/btf-kernels gets the blobs.  Nothing here is compared with what
 * a running kernel does; that is for the tests in tests/guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <bpf/btf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "btf.h"

/* libbpf's struct for bytes that we have handed to Btf too. */
typedef struct btf LibBtf;

typedef struct Compared {
    const Btf *ours;
    const LibBtf *theirs;
    GHashTable *compounds; /* name: number of the first struct or union */
    GHashTable *others;    /* the same of integers and enums */
    unsigned int members;
    unsigned int bit_fields;
    unsigned int sizes;
    unsigned int enumerators;
    unsigned int variables;
    bool has_percpu; /* Debian 11's 5.10 has no such section */
    unsigned int differences;
} Compared;

static void G_GNUC_PRINTF(2, 3) differ(Compared *c, const char *format, ...)
{
    va_list args;

    /* The first ones say enough. */
    if (c->differences++ < 20) {
        g_autofree char *text = NULL;

        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        g_print("# %s\n", text);
    }
}

static const struct btf_type *resolved(const LibBtf *btf, uint32_t id)
{
    const struct btf_type *t = btf__type_by_id(btf, id);

    while (btf_is_mod(t) || btf_is_typedef(t)) {
        t = btf__type_by_id(btf, t->type);
    }
    return t;
}

static const char *name_at(const Compared *c, uint32_t offset)
{
    return btf__name_by_offset(c->theirs, offset);
}

/* What libbpf's description of the member's type comes to in our terms. */
static void expect_type(const Compared *c, uint32_t type, BtfMember *want)
{
    const struct btf_type *t = resolved(c->theirs, type);
    int64_t size = btf__resolve_size(c->theirs, type);

    want->size = size < 0 ? 0 : (uint64_t)size;
    if (btf_is_int(t)) {
        want->class = BTF_CLASS_INT;
        want->is_signed = btf_int_encoding(t) & BTF_INT_SIGNED;
    } else if (btf_is_any_enum(t)) {
        want->class = BTF_CLASS_ENUM;
        want->is_signed = btf_kflag(t);
    } else if (btf_is_ptr(t)) {
        want->class = BTF_CLASS_POINTER;
    } else if (btf_is_array(t)) {
        want->class = BTF_CLASS_ARRAY;
        want->n_elems = btf_array(t)->nelems;
    } else if (btf_is_composite(t)) {
        want->class = BTF_CLASS_STRUCT;
    } else if (btf_is_float(t)) {
        want->class = BTF_CLASS_FLOAT;
    } else {
        want->class = BTF_CLASS_OTHER;
    }
}

static bool same(const BtfMember *a, const BtfMember *b)
{
    return a->offset == b->offset && a->size == b->size &&
           a->n_elems == b->n_elems && a->bit_size == b->bit_size &&
           a->bit_offset == b->bit_offset && a->class == b->class &&
           a->is_signed == b->is_signed;
}

/* libbpf's own look-up by name goes through all types, which takes minutes. */
static void note_names(Compared *c)
{
    /* From the last to the first, which stays. */
    for (uint32_t id = btf__type_cnt(c->theirs) - 1; id > 0; id--) {
        const struct btf_type *t = btf__type_by_id(c->theirs, id);
        char *name = (char *)name_at(c, t->name_off);

        if (*name && btf_is_composite(t)) {
            g_hash_table_insert(c->compounds, name, GUINT_TO_POINTER(id));
        } else if (*name && (btf_is_int(t) || btf_is_any_enum(t))) {
            g_hash_table_insert(c->others, name, GUINT_TO_POINTER(id));
        }
    }
}

static uint32_t first_of(GHashTable *names, const char *name)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(names, name));
}

static void compare_member(Compared *c, uint32_t outer, const char *name,
                           const BtfMember *want)
{
    const char *outer_name = name_at(
        c, btf__type_by_id(c->theirs, outer)->name_off);
    BtfMember got;

    c->members++;
    c->bit_fields += want->bit_size != 0;
    if (!btf_member_at(c->ours, outer, name, &got)) {
        differ(c, "[%u] %s.%s: not found", outer, outer_name, name);
    } else if (!same(&got, want)) {
        differ(c, "[%u] %s.%s: offset %" PRIu64 " size %" PRIu64 ", libbpf %"
               PRIu64 " and %" PRIu64, outer, outer_name, name, got.offset,
               got.size, want->offset, want->size);
    }
    /* By name only the first of a name can be meant. */
    if (first_of(c->compounds, outer_name) == outer &&
        (!btf_member(c->ours, outer_name, name, &got) || !same(&got, want))) {
        differ(c, "%s.%s: differs by name", outer_name, name);
    }
}

/* The members of struct @id, which begins @base bits into @outer. */
static void compare_struct(Compared *c, uint32_t outer, uint32_t id,
                           uint64_t base)
{
    const struct btf_type *t = btf__type_by_id(c->theirs, id);
    const struct btf_member *m = btf_members(t);

    for (uint32_t i = 0; i < btf_vlen(t); i++, m++) {
        const char *name = name_at(c, m->name_off);
        const struct btf_type *inner = resolved(c->theirs, m->type);
        uint64_t bits = base + btf_member_bit_offset(t, i);
        BtfMember want = { .offset = bits / 8 };

        if (*name) {
            want.bit_size = btf_member_bitfield_size(t, i);
            want.bit_offset = want.bit_size ? bits % 8 : 0;
            expect_type(c, m->type, &want);
            compare_member(c, outer, name, &want);
        } else if (btf_is_composite(inner)) {
            uint32_t inner_id = m->type;

            while (btf__type_by_id(c->theirs, inner_id) != inner) {
                inner_id = btf__type_by_id(c->theirs, inner_id)->type;
            }
            compare_struct(c, outer, inner_id, bits);
        }
    }
}

static void compare_enum(Compared *c, const struct btf_type *t,
                         GHashTable *seen)
{
    for (uint32_t i = 0; i < btf_vlen(t); i++) {
        const char *name;
        int64_t want;
        int64_t got;

        if (btf_is_enum64(t)) {
            name = name_at(c, btf_enum64(t)[i].name_off);
            want = (int64_t)btf_enum64_value(&btf_enum64(t)[i]);
        } else {
            name = name_at(c, btf_enum(t)[i].name_off);
            want = btf_kflag(t) ? btf_enum(t)[i].val
                                : (int64_t)(uint32_t)btf_enum(t)[i].val;
        }
        /* One name may stand in several files' enums: the first counts. */
        if (!g_hash_table_add(seen, (void *)name)) {
            continue;
        }
        c->enumerators++;
        if (!btf_enum_value(c->ours, name, &got) || got != want) {
            differ(c, "enumerator %s is not %" PRId64, name, want);
        }
    }
}

static void compare_percpu(Compared *c, const struct btf_type *t)
{
    const struct btf_var_secinfo *s = btf_var_secinfos(t);

    c->has_percpu = true;
    for (uint32_t i = 0; i < btf_vlen(t); i++, s++) {
        const char *name = name_at(
            c, btf__type_by_id(c->theirs, s->type)->name_off);
        uint64_t got;

        c->variables++;
        if (!btf_percpu_var(c->ours, name, &got) || got != s->offset) {
            differ(c, "per-CPU variable %s is not at %u", name, s->offset);
        }
    }
}

/* The first struct or union has the name; if none, what else has it. */
static void compare_size(Compared *c, uint32_t id, const struct btf_type *t)
{
    const char *name = name_at(c, t->name_off);
    uint32_t first = first_of(c->compounds, name);
    uint64_t got;

    if (id != (first ? first : first_of(c->others, name))) {
        return;
    }
    c->sizes++;
    if (!btf_type_size(c->ours, name, &got) ||
        (int64_t)got != btf__resolve_size(c->theirs, id)) {
        differ(c, "size of %s is not %" PRId64, name,
               (int64_t)btf__resolve_size(c->theirs, id));
    }
}

static void compare_all(Compared *c)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    uint32_t n = btf__type_cnt(c->theirs);

    if (btf_type_count(c->ours) != n - 1) {
        differ(c, "%u types, libbpf %u", btf_type_count(c->ours), n - 1);
        return;
    }
    if (btf_pointer_size(c->ours) != btf__pointer_size(c->theirs) ||
        btf_big_endian(c->ours) !=
            (btf__endianness(c->theirs) == BTF_BIG_ENDIAN)) {
        differ(c, "pointer size or byte order");
    }
    for (uint32_t id = 1; id < n; id++) {
        const struct btf_type *t = btf__type_by_id(c->theirs, id);

        if (btf_is_composite(t)) {
            compare_struct(c, id, id, 0);
            compare_size(c, id, t);
        } else if (btf_is_any_enum(t)) {
            compare_enum(c, t, seen);
            compare_size(c, id, t);
        } else if (btf_is_int(t)) {
            compare_size(c, id, t);
        } else if (btf_is_datasec(t) &&
                   strcmp(name_at(c, t->name_off), ".data..percpu") == 0) {
            compare_percpu(c, t);
        }
    }
}

static bool compare_file(const char *path, unsigned int test)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Btf) ours = NULL;
    g_autofree char *data = NULL;
    LibBtf *theirs;
    Compared c = { 0 };
    int64_t start;
    gsize size;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_print("ok %u - %s # SKIP not there\n", test, path);
        return true;
    }
    if (!g_file_get_contents(path, &data, &size, &err)) {
        g_print("not ok %u - %s\n", test, err->message);
        return false;
    }
    start = g_get_monotonic_time();
    ours = btf_new(data, size, &err);
    if (!ours) {
        g_print("not ok %u - %s: %s\n", test, path, err->message);
        return false;
    }
    g_print("# %s: validated and indexed in %.1f ms\n", path,
            (g_get_monotonic_time() - start) / 1000.0);
    theirs = btf__parse_raw(path);
    if (!theirs) {
        g_print("not ok %u - %s: libbpf: %s\n", test, path, strerror(errno));
        return false;
    }
    c.ours = ours;
    c.theirs = theirs;
    c.compounds = g_hash_table_new(g_str_hash, g_str_equal);
    c.others = g_hash_table_new(g_str_hash, g_str_equal);
    note_names(&c);
    compare_all(&c);
    g_hash_table_unref(c.compounds);
    g_hash_table_unref(c.others);
    g_print("# %u types, %u members (%u bit-fields), %u sizes, %u "
            "enumerators, %u per-CPU variables\n", btf_type_count(ours),
            c.members, c.bit_fields, c.sizes, c.enumerators, c.variables);
    btf__free(theirs);
    /* Kernels have far more: fewer means that little was compared. */
    if (c.members < 10000 || c.enumerators < 1000 ||
        (c.has_percpu && c.variables < 50)) {
        differ(&c, "too little was compared");
    }
    g_print("%s %u - %s: %u differences\n", c.differences ? "not ok" : "ok",
            test, path, c.differences);
    return c.differences == 0;
}

int main(int argc, char **argv)
{
    bool ok = argc > 1;

    g_print("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        ok = compare_file(argv[i], i) && ok;
    }
    return ok ? 0 : 1;
}
