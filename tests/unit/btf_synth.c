/*
 * Makes BTF for tests: see btf_synth.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "btf_synth.h"

#include <string.h>

BtfSynth *bs_new(bool big_endian)
{
    BtfSynth *s = g_new0(BtfSynth, 1);

    s->big_endian = big_endian;
    s->types = g_byte_array_new();
    s->strings = g_byte_array_new();
    s->layout = g_byte_array_new();
    g_byte_array_append(s->strings, (const uint8_t *)"", 1);
    return s;
}

void bs_free(BtfSynth *s)
{
    g_byte_array_unref(s->types);
    g_byte_array_unref(s->strings);
    g_byte_array_unref(s->layout);
    g_free(s);
}

static void put32(GByteArray *to, uint32_t v, bool big_endian)
{
    v = big_endian ? GUINT32_TO_BE(v) : GUINT32_TO_LE(v);
    g_byte_array_append(to, (const uint8_t *)&v, 4);
}

static uint32_t put_string(BtfSynth *s, const char *name)
{
    uint32_t at = s->strings->len;

    if (!name) {
        return 0;
    }
    g_byte_array_append(s->strings, (const uint8_t *)name, strlen(name) + 1);
    return at;
}

void bs_word(BtfSynth *s, uint32_t word)
{
    put32(s->types, word, s->big_endian);
}

void bs_named(BtfSynth *s, const char *name, uint32_t a)
{
    bs_word(s, put_string(s, name));
    bs_word(s, a);
}

void bs_named2(BtfSynth *s, const char *name, uint32_t a, uint32_t b)
{
    bs_named(s, name, a);
    bs_word(s, b);
}

uint32_t bs_type(BtfSynth *s, const char *name, uint32_t kind, uint32_t count,
                 uint32_t size_or_type)
{
    bs_named2(s, name, (kind & BS_FLAG) | (kind & ~BS_FLAG) << 24 | count,
              size_or_type);
    return ++s->n_types;
}

uint32_t bs_int(BtfSynth *s, const char *name, uint32_t size, bool is_signed)
{
    uint32_t id = bs_type(s, name, BS_INT, 0, size);

    bs_word(s, (is_signed ? 1u << 24 : 0) | 8 * size);
    return id;
}

uint32_t bs_array(BtfSynth *s, uint32_t type, uint32_t n)
{
    uint32_t id = bs_type(s, NULL, BS_ARRAY, 0, 0);

    bs_word(s, type);
    bs_word(s, 1);
    bs_word(s, n);
    return id;
}

void bs_layout(BtfSynth *s, uint8_t fixed, uint8_t element)
{
    const uint8_t entry[4] = { fixed, element, 0, 0 };

    g_byte_array_append(s->layout, entry, sizeof(entry));
}

GByteArray *bs_blob(const BtfSynth *s)
{
    GByteArray *blob = g_byte_array_new();
    uint8_t magic[4] = { 0x9f, 0xeb, 1, 0 };
    uint32_t n_types = s->types->len;
    uint32_t n_strings = s->strings->len;

    if (s->big_endian) {
        magic[0] = 0xeb;
        magic[1] = 0x9f;
    }
    g_byte_array_append(blob, magic, 4);
    put32(blob, s->layout->len ? 32 : 24, s->big_endian);
    put32(blob, 0, s->big_endian);
    put32(blob, n_types, s->big_endian);
    put32(blob, n_types + s->layout->len, s->big_endian);
    put32(blob, n_strings, s->big_endian);
    if (s->layout->len) {
        put32(blob, n_types, s->big_endian);
        put32(blob, s->layout->len, s->big_endian);
    }
    g_byte_array_append(blob, s->types->data, n_types);
    g_byte_array_append(blob, s->layout->data, s->layout->len);
    g_byte_array_append(blob, s->strings->data, n_strings);
    return blob;
}

uint32_t bs_peek(const GByteArray *blob, uint32_t offset, bool big_endian)
{
    uint32_t v;

    g_assert_cmpuint(offset + 4, <=, blob->len);
    memcpy(&v, blob->data + offset, 4);
    return big_endian ? GUINT32_FROM_BE(v) : GUINT32_FROM_LE(v);
}

void bs_poke(GByteArray *blob, uint32_t offset, uint32_t value,
             bool big_endian)
{
    value = big_endian ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);
    g_assert_cmpuint(offset + 4, <=, blob->len);
    memcpy(blob->data + offset, &value, 4);
}

/* The numbers of these types are written out below: 1 to 6. */
static void add_basics(BtfSynth *s)
{
    bs_int(s, "int", 4, true);                  /* 1 */
    bs_int(s, "long unsigned int", 8, false);   /* 2 */
    bs_int(s, "char", 1, true);                 /* 3 */
    bs_array(s, 3, 16);                         /* 4: char[16] */
    bs_type(s, NULL, BS_PTR, 0, 6);             /* 5: struct list_head * */
    bs_type(s, "list_head", BS_STRUCT, 2, 16);  /* 6 */
    bs_named2(s, "next", 5, 0);
    bs_named2(s, "prev", 5, 64);
}

/* A type of each kind that add_basics() has not, mostly to be skipped. */
static void add_other_kinds(BtfSynth *s)
{
    uint32_t proto;
    uint32_t func;

    bs_type(s, "fwd", BS_FWD, 0, 0);
    bs_type(s, NULL, BS_VOLATILE, 0, 1);
    bs_type(s, NULL, BS_CONST, 0, 1);
    bs_type(s, NULL, BS_RESTRICT, 0, 5);
    proto = bs_type(s, NULL, BS_FUNC_PROTO, 2, 1);
    bs_named(s, "argument", 1);
    bs_named(s, NULL, 0);
    func = bs_type(s, "function", BS_FUNC, 1, proto);
    bs_type(s, "double", BS_FLOAT, 0, 8);
    bs_type(s, "tag", BS_DECL_TAG, 0, func);
    bs_word(s, 0);
    bs_type(s, "user", BS_TYPE_TAG, 0, 1);
    bs_type(s, "colour", BS_ENUM, 2, 4);
    bs_named(s, "RED", 1);
    bs_named(s, "GREEN", 0xfffffffe);
    bs_type(s, "shade", BS_ENUM | BS_FLAG, 1, 4);
    bs_named(s, "DARK", (uint32_t)-3);
    bs_type(s, "wide", BS_ENUM64, 1, 8);
    bs_named2(s, "HUGE_VALUE", 0x89abcdef, 0x01234567);
    bs_type(s, "either", BS_UNION, 2, 8);
    bs_named2(s, "number", 2, 0);
    bs_named2(s, "text", 3, 0);
}

static void add_task(BtfSynth *s)
{
    uint32_t flags = bs_type(s, "task_flags", BS_STRUCT | BS_FLAG, 2, 4);
    uint32_t pid_t;
    uint32_t anon;

    bs_named2(s, "in_execve", 1, 1u << 24 | 0);
    bs_named2(s, "state", 1, 5u << 24 | 9);
    pid_t = bs_type(s, "pid_t", BS_TYPEDEF, 0, 1);
    anon = bs_type(s, NULL, BS_UNION, 2, 8);
    bs_named2(s, "cookie", 2, 0);
    bs_named2(s, "cookie_low", 1, 0);
    bs_type(s, "task_struct", BS_STRUCT, 6, 64);
    bs_named2(s, "flags", flags, 0);
    bs_named2(s, "pid", pid_t, 32);
    bs_named2(s, "tgid", pid_t, 64);
    bs_named2(s, NULL, anon, 128);
    bs_named2(s, "tasks", 6, 192);
    bs_named2(s, "comm", 4, 320);
}

static void add_percpu(BtfSynth *s)
{
    uint32_t a = bs_type(s, "this_cpu_off", BS_VAR, 0, 2);
    uint32_t b;

    bs_word(s, 1);
    b = bs_type(s, "current_task", BS_VAR, 0, 5);
    bs_word(s, 1);
    bs_type(s, ".data..other", BS_DATASEC, 1, 64);
    bs_word(s, b);
    bs_word(s, 8);
    bs_word(s, 8);
    bs_type(s, ".data..percpu", BS_DATASEC, 2, 4096);
    bs_word(s, a);
    bs_word(s, 16);
    bs_word(s, 8);
    bs_word(s, b);
    bs_word(s, 129920);
    bs_word(s, 8);
}

GByteArray *bs_kernel_filled(bool big_endian, unsigned int filler)
{
    g_autoptr(BtfSynth) s = bs_new(big_endian);

    add_basics(s);
    add_other_kinds(s);
    add_task(s);
    add_percpu(s);
    for (unsigned int i = 0; i < filler; i++) {
        g_autofree char *name = g_strdup_printf("filler_%u", i);

        bs_type(s, name, BS_TYPEDEF, 0, 1 + i % 6);
    }
    return bs_blob(s);
}

GByteArray *bs_kernel(bool big_endian)
{
    return bs_kernel_filled(big_endian, 0);
}

void bs_exercise(const Btf *btf)
{
    static const char *const types[] = {
        "task_struct", "list_head", "int", "pid_t", "either", "task_flags",
        "user", "colour", "wide", "double", "", "no such type",
    };
    static const char *const paths[] = {
        "pid", "tasks.next", "tasks.prev.next", "cookie", "cookie_low",
        "comm", "flags.state", "flags.in_execve", "text", "next", "absent",
        "", ".", "tasks.", ".tasks", "tasks..next",
    };
    static const char *const names[] = {
        "RED", "GREEN", "DARK", "HUGE_VALUE", "this_cpu_off",
        "current_task", "", "absent",
    };
    uint32_t n = btf_type_count(btf);
    uint64_t size;
    int64_t value;
    BtfMember m;

    g_assert_true(btf_pointer_size(btf) == 4 || btf_pointer_size(btf) == 8);
    g_assert_cmpuint(btf_string_count(btf), >=, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        btf_type_size(btf, types[i], &size);
        for (size_t j = 0; j < G_N_ELEMENTS(paths); j++) {
            if (btf_member(btf, types[i], paths[j], &m)) {
                g_assert_cmpuint(m.bit_offset, <, 8);
                g_assert_cmpuint(m.bit_size, <=, 255);
                g_assert_cmpuint(m.type_id, <=, n);
            }
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        btf_enum_value(btf, names[i], &value);
        btf_percpu_var(btf, names[i], &size);
    }
    /* By number, one out of range included; not all of a huge blob. */
    for (uint32_t id = 0; id <= MIN(n + 1, 200); id++) {
        btf_member_at(btf, id, "next", &m);
        btf_member_at(btf, id, "absent", &m);
    }
    g_assert_false(btf_member_at(btf, n + 1, "next", &m));
}
