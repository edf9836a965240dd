/*
 * The BTF reader on bytes made for it, in both byte orders: every kind,
 * every question, and every way in which a blob can be wrong.  The search in
 * guest memory has its own test; real kernels are in btf-kernels.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "btf_synth.h"

#define BIG(data) GPOINTER_TO_INT(data)

static Btf *parse(const GByteArray *blob)
{
    g_autoptr(GError) err = NULL;
    Btf *btf = btf_new(blob->data, blob->len, &err);

    g_assert_no_error(err);
    g_assert_nonnull(btf);
    return btf;
}

static Btf *parse_synth(const BtfSynth *s)
{
    g_autoptr(GByteArray) blob = bs_blob(s);

    return parse(blob);
}

/* @blob must be refused in one line that contains @text. */
static void assert_refused(const void *data, size_t size, const char *text)
{
    g_autoptr(GError) err = NULL;
    /* Of exactly that size, for a sanitizer to see reads past the end. */
    g_autofree void *copy = g_memdup2(data, size);
    Btf *btf = btf_new(copy, size, &err);

    g_assert_null(btf);
    g_assert_nonnull(err);
    g_assert_true(err->domain == BTF_ERROR);
    g_assert_null(strchr(err->message, '\n'));
    if (!strstr(err->message, text)) {
        g_error("'%s' does not say '%s'", err->message, text);
    }
}

static void test_kernel(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    g_autoptr(Btf) btf = parse(blob);
    uint64_t size;

    g_assert_cmpint(btf_big_endian(btf), ==, BIG(data));
    g_assert_cmpuint(btf_pointer_size(btf), ==, 8);
    g_assert_cmpuint(btf_type_count(btf), ==, 27);
    g_assert_true(btf_type_size(btf, "task_struct", &size));
    g_assert_cmpuint(size, ==, 64);
    g_assert_true(btf_type_size(btf, "pid_t", &size));
    g_assert_cmpuint(size, ==, 4);
    g_assert_true(btf_type_size(btf, "wide", &size));
    g_assert_cmpuint(size, ==, 8);
    g_assert_true(btf_type_size(btf, "double", &size));
    g_assert_cmpuint(size, ==, 8);
    g_assert_false(btf_type_size(btf, "fwd", &size));
    g_assert_false(btf_type_size(btf, "function", &size));
    g_assert_false(btf_type_size(btf, "", &size));
    bs_exercise(btf);
}

static void test_members(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    g_autoptr(Btf) btf = parse(blob);
    BtfMember m;

    g_assert_true(btf_member(btf, "task_struct", "tgid", &m));
    g_assert_cmpuint(m.offset, ==, 8);
    g_assert_cmpuint(m.size, ==, 4);
    g_assert_true(m.class == BTF_CLASS_INT && m.is_signed);
    g_assert_cmpuint(m.bit_size, ==, 0);

    g_assert_true(btf_member(btf, "task_struct", "tasks", &m));
    g_assert_cmpuint(m.offset, ==, 24);
    g_assert_cmpuint(m.size, ==, 16);
    g_assert_true(m.class == BTF_CLASS_STRUCT);
    g_assert_true(btf_member_at(btf, m.type_id, "prev", &m));
    g_assert_cmpuint(m.offset, ==, 8);

    g_assert_true(btf_member(btf, "task_struct", "tasks.prev", &m));
    g_assert_cmpuint(m.offset, ==, 32);
    g_assert_cmpuint(m.size, ==, 8);
    g_assert_true(m.class == BTF_CLASS_POINTER && !m.is_signed);

    g_assert_true(btf_member(btf, "task_struct", "comm", &m));
    g_assert_cmpuint(m.offset, ==, 40);
    g_assert_cmpuint(m.size, ==, 16);
    g_assert_cmpuint(m.n_elems, ==, 16);
    g_assert_true(m.class == BTF_CLASS_ARRAY);

    g_assert_true(btf_member(btf, "task_struct", "cookie_low", &m));
    g_assert_cmpuint(m.offset, ==, 16);
    g_assert_cmpuint(m.size, ==, 4);

    g_assert_true(btf_member(btf, "either", "text", &m));
    g_assert_cmpuint(m.offset, ==, 0);
    g_assert_cmpuint(m.size, ==, 1);
}

static void test_absent(const void *data)
{
    static const char *const absent[][2] = {
        { "task_struct", "no_such" },   { "no_such", "pid" },
        { "task_struct", "" },          { "task_struct", "." },
        { "task_struct", "tasks." },    { "task_struct", ".tasks" },
        { "task_struct", "tasks..next" }, { "task_struct", "task" },
        { "task_struct", "tasksx" },    { "task_struct", "pid.x" },
        /* A pointer is not gone through: it needs the guest's memory. */
        { "task_struct", "tasks.next.next" },
        { "int", "pid" },               { "pid_t", "pid" },
        { "", "cookie" },               { "function", "argument" },
        { "colour", "RED" },            { "fwd", "x" },
    };
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    g_autoptr(Btf) btf = parse(blob);
    BtfMember m;

    for (size_t i = 0; i < G_N_ELEMENTS(absent); i++) {
        g_assert_false(btf_member(btf, absent[i][0], absent[i][1], &m));
    }
    g_assert_false(btf_member_at(btf, 0, "pid", &m));
    g_assert_false(btf_member_at(btf, UINT32_MAX, "pid", &m));
}

static void test_bit_fields(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(Btf) btf = NULL;
    uint32_t three;
    BtfMember m;

    bs_int(s, "int", 4, true);
    /* As before kernel 4.20: 3 bits, 2 bits into where the member is. */
    three = bs_type(s, "int", BS_INT, 0, 4);
    bs_word(s, 1u << 24 | 2u << 16 | 3);
    bs_type(s, "old", BS_STRUCT, 2, 8);
    bs_named2(s, "whole", 1, 0);
    bs_named2(s, "part", three, 35);
    bs_type(s, "new", BS_STRUCT | BS_FLAG, 3, 8);
    bs_named2(s, "a", 1, 1u << 24 | 0);
    bs_named2(s, "b", 1, 7u << 24 | 39);
    bs_named2(s, "c", 1, 32);
    btf = parse_synth(s);

    g_assert_true(btf_member(btf, "old", "whole", &m));
    g_assert_cmpuint(m.bit_size, ==, 0);
    g_assert_true(btf_member(btf, "old", "part", &m));
    g_assert_cmpuint(m.offset, ==, 4);
    g_assert_cmpuint(m.bit_offset, ==, 5);
    g_assert_cmpuint(m.bit_size, ==, 3);
    g_assert_true(btf_member(btf, "new", "a", &m));
    g_assert_cmpuint(m.bit_size, ==, 1);
    g_assert_cmpuint(m.bit_offset, ==, 0);
    g_assert_true(btf_member(btf, "new", "b", &m));
    g_assert_cmpuint(m.offset, ==, 4);
    g_assert_cmpuint(m.bit_offset, ==, 7);
    g_assert_cmpuint(m.bit_size, ==, 7);
    g_assert_cmpuint(m.size, ==, 4);
    g_assert_true(btf_member(btf, "new", "c", &m));
    g_assert_cmpuint(m.bit_size, ==, 0);
    g_assert_cmpuint(m.offset, ==, 4);
}

/* struct { const volatile struct { union { tag typedef struct {x} }; }; } */
static void test_nesting(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(Btf) btf = NULL;
    uint32_t id;
    BtfMember m;

    bs_int(s, "unsigned int", 4, false);
    id = bs_type(s, "named", BS_STRUCT, 2, 8);
    bs_named2(s, "pad", 1, 0);
    bs_named2(s, "x", 1, 32);
    id = bs_type(s, "named_t", BS_TYPEDEF, 0, id);
    id = bs_type(s, "tag", BS_TYPE_TAG, 0, id);
    bs_type(s, NULL, BS_UNION, 1, 8);
    bs_named2(s, NULL, id, 0);
    id = bs_type(s, NULL, BS_VOLATILE, 0, id + 1);
    id = bs_type(s, NULL, BS_CONST, 0, id);
    bs_type(s, "outer", BS_STRUCT, 3, 24);
    bs_named2(s, "first", 1, 0);
    bs_named2(s, NULL, id, 64);
    bs_named2(s, "m", id, 128);
    bs_type(s, "outer_t", BS_TYPEDEF, 0, id + 1);
    btf = parse_synth(s);

    g_assert_true(btf_member(btf, "outer", "x", &m));
    g_assert_cmpuint(m.offset, ==, 12);
    g_assert_true(btf_member(btf, "outer_t", "m.x", &m));
    g_assert_cmpuint(m.offset, ==, 20);
    g_assert_false(m.is_signed);
    g_assert_false(btf_member(btf, "outer", "named", &m));
}

static void test_arrays(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(Btf) btf = NULL;
    uint32_t rows;
    uint32_t flexible;
    uint32_t huge;
    BtfMember m;

    bs_int(s, "int", 4, true);
    rows = bs_array(s, bs_array(s, 1, 3), 5);
    flexible = bs_array(s, 1, 0);
    huge = bs_array(s, 1, UINT32_MAX);
    huge = bs_array(s, huge, UINT32_MAX);
    bs_type(s, "holder", BS_STRUCT, 3, 60);
    bs_named2(s, "matrix", rows, 0);
    bs_named2(s, "tail", flexible, 480);
    bs_named2(s, "huge", huge, 0);
    btf = parse_synth(s);

    g_assert_true(btf_member(btf, "holder", "matrix", &m));
    g_assert_cmpuint(m.size, ==, 60);
    g_assert_cmpuint(m.n_elems, ==, 5);
    g_assert_true(btf_member(btf, "holder", "tail", &m));
    g_assert_cmpuint(m.offset, ==, 60);
    g_assert_cmpuint(m.size, ==, 0);
    g_assert_cmpuint(m.n_elems, ==, 0);
    /* 2^66 bytes: no such size, rather than what is left of it. */
    g_assert_true(btf_member(btf, "holder", "huge", &m));
    g_assert_cmpuint(m.size, ==, 0);
}

static void test_variables(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    g_autoptr(Btf) btf = parse(blob);
    uint64_t offset;
    int64_t value;

    /* It is also in another section, at 8. */
    g_assert_true(btf_percpu_var(btf, "current_task", &offset));
    g_assert_cmpuint(offset, ==, 129920);
    g_assert_true(btf_percpu_var(btf, "this_cpu_off", &offset));
    g_assert_cmpuint(offset, ==, 16);
    g_assert_false(btf_percpu_var(btf, "function", &offset));
    g_assert_false(btf_percpu_var(btf, "", &offset));

    g_assert_true(btf_enum_value(btf, "GREEN", &value));
    g_assert_cmpint(value, ==, 0xfffffffe);
    g_assert_true(btf_enum_value(btf, "DARK", &value));
    g_assert_cmpint(value, ==, -3);
    g_assert_true(btf_enum_value(btf, "HUGE_VALUE", &value));
    g_assert_cmpint(value, ==, 0x0123456789abcdef);
    g_assert_false(btf_enum_value(btf, "colour", &value));
}

static void test_pointer_size(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(Btf) btf = NULL;
    BtfMember m;

    bs_int(s, "unsigned long", 4, false);
    bs_type(s, NULL, BS_PTR, 0, 0);
    bs_type(s, "holder", BS_STRUCT, 1, 4);
    bs_named2(s, "p", 2, 0);
    btf = parse_synth(s);
    g_assert_cmpuint(btf_pointer_size(btf), ==, 4);
    g_assert_true(btf_member(btf, "holder", "p", &m));
    g_assert_cmpuint(m.size, ==, 4);
}

/* Kinds to come can be skipped if the blob says how long they are. */
static void test_layout(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(Btf) btf = NULL;
    g_autoptr(GByteArray) blob = NULL;
    uint64_t size;

    bs_type(s, "future", 20, 2, 99999);
    for (int i = 0; i < 1 + 2 * 3; i++) {
        bs_word(s, 0xffffffff);
    }
    bs_int(s, "after", 2, true);
    blob = bs_blob(s);
    assert_refused(blob->data, blob->len, "unknown kind 20");

    for (int kind = 0; kind < 20; kind++) {
        bs_layout(s, 0, 0);
    }
    g_byte_array_unref(blob);
    blob = bs_blob(s);
    assert_refused(blob->data, blob->len, "unknown kind 20");
    bs_layout(s, 4, 12);
    btf = parse_synth(s);
    g_assert_true(btf_type_size(btf, "after", &size));
    g_assert_cmpuint(size, ==, 2);
    g_assert_cmpuint(btf_type_count(btf), ==, 2);
    bs_exercise(btf);

    /* A length that would break the words' alignment. */
    s->layout->data[4 * 20] = 3;
    g_byte_array_unref(blob);
    blob = bs_blob(s);
    assert_refused(blob->data, blob->len, "unknown kind 20");
    /* A layout section past the end. */
    s->layout->data[4 * 20] = 4;
    g_byte_array_unref(blob);
    blob = bs_blob(s);
    bs_poke(blob, 28, 0x1000, s->big_endian);
    assert_refused(blob->data, blob->len, "sections end at offset");
}

/* One change to a good blob and the words that must be in the complaint. */
typedef struct Fault {
    const char *name;
    bool in_types;  /* whether @at counts from the type section */
    uint32_t at;    /* the word changed */
    uint32_t value;
    const char *text;
} Fault;

static const Fault faults[] = {
    { "magic", false, 0, 0, "no magic number at offset 0" },
    { "short header", false, 4, 20, "header length 20 at offset 4" },
    { "odd header", false, 4, 26, "header length 26" },
    { "long header", false, 4, 0x10000, "header length 65536" },
    { "types far away", false, 8, 0x00ffffc0, "sections end at offset" },
    { "types not in words", false, 8, 2, "is not in words" },
    { "types over the limit", false, 8, 0xf0000000, "more than 67108864" },
    { "types of 4 GB", false, 12, 0xfffffff0, "overlap" },
    { "length not in words", false, 12, 101, "is not in words" },
    { "strings in types", false, 16, 0, "overlap" },
    { "strings wrap around", false, 16, 0xffffffff, "more than 67108864" },
    { "strings too long", false, 20, 0x00100000, "sections end at offset" },
    { "strings of 4 GB", false, 20, 0xffffffff, "more than 67108864" },
    { "no strings", false, 20, 0, "no string section" },
    /* Type 1 is at 0 and type 2 at 0x10: integers. */
    { "name", true, 0x00, 0x00fffff0, "is outside the string section" },
    { "largest name", true, 0x10, 0xffffffff, "is outside the string" },
    { "kind 0", true, 0x04, 0, "is of unknown kind 0" },
    { "kind 127", true, 0x04, 0x7f000000, "is of unknown kind 127" },
    { "count", true, 0x04, 0x04ffffff, "runs past the type section" },
    /* 4 is char[16], 5 a pointer, 6 struct list_head; there are 27. */
    { "array's element", true, 0x3c, 28, "type 28 at offset" },
    { "array's index", true, 0x40, 0xffffffff, "type 4294967295 at offset" },
    { "pointer's target", true, 0x50, 0x00100000, "type 1048576 at offset" },
    { "member's name", true, 0x60, 0x01000000, "is outside the string" },
    { "member's type", true, 0x64, 28, "type 28 at offset" },
    { "member's offset", true, 0x68, 129, "lies outside its struct" },
};

static void test_faults(const void *data)
{
    bool big = BIG(data);

    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        const Fault *f = &faults[i];
        g_autoptr(GByteArray) blob = bs_kernel(big);

        g_test_message("%s", f->name);
        bs_poke(blob, f->at + (f->in_types ? 24 : 0), f->value, big);
        assert_refused(blob->data, blob->len, f->text);
    }
}

static void test_headers(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    uint32_t strings = bs_peek(blob, 16, BIG(data)) + 24;

    blob->data[2] = 2;
    assert_refused(blob->data, blob->len, "version 2, flags 0 at offset 2");
    blob->data[2] = 1;
    blob->data[3] = 8;
    assert_refused(blob->data, blob->len, "version 1, flags 0x8");
    blob->data[3] = 0;
    blob->data[strings] = 'x';
    assert_refused(blob->data, blob->len, "is not empty");
    blob->data[strings] = 0;
    blob->data[blob->len - 1] = 'x';
    assert_refused(blob->data, blob->len, "is not terminated");
    assert_refused(blob->data, 0, "cut short");
    assert_refused(blob->data, 23, "cut short");
}

/* Whatever is missing at the end, it is missed. */
static void test_truncated(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));

    for (size_t size = 0; size < blob->len; size++) {
        assert_refused(blob->data, size,
                       size < 24 ? "cut short" : "sections end at offset");
    }
}

/* The same with the type section cut, so that the last type is cut. */
static void test_truncated_types(const void *data)
{
    bool big = BIG(data);
    g_autoptr(GByteArray) blob = bs_kernel(big);
    uint32_t len = bs_peek(blob, 12, big);

    /* Types refer to later ones, so no prefix of them is valid. */
    for (uint32_t cut = 4; cut < len; cut += 4) {
        g_autoptr(GError) err = NULL;
        Btf *btf;

        bs_poke(blob, 12, len - cut, big);
        btf = btf_new(blob->data, blob->len, &err);
        g_assert_true((btf == NULL) == (err != NULL));
        if (btf) {
            g_assert_cmpuint(btf_type_count(btf), <, 27);
            bs_exercise(btf);
            btf_free(btf);
        }
    }
}

/* Types that are made of themselves: no answer, and soon. */
static void test_circles(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(Btf) btf = NULL;
    uint64_t size;
    BtfMember m;

    bs_type(s, "self", BS_TYPEDEF, 0, 1);       /* 1 */
    bs_type(s, "ping", BS_TYPEDEF, 0, 3);       /* 2 */
    bs_type(s, NULL, BS_CONST, 0, 2);           /* 3 */
    bs_array(s, 4, 2);                          /* 4: an array of itself */
    bs_type(s, "array_t", BS_TYPEDEF, 0, 4);    /* 5 */
    bs_type(s, "knot", BS_STRUCT, 4, 8);        /* 6 */
    bs_named2(s, NULL, 6, 0);
    bs_named2(s, NULL, 3, 0);
    bs_named2(s, "me", 6, 32);
    bs_named2(s, "ping", 2, 32);
    btf = parse_synth(s);
    g_assert_false(btf_type_size(btf, "self", &size));
    g_assert_false(btf_type_size(btf, "ping", &size));
    g_assert_false(btf_type_size(btf, "array_t", &size));
    g_assert_false(btf_member(btf, "ping", "x", &m));
    g_assert_false(btf_member(btf, "knot", "absent", &m));
    g_assert_true(btf_member(btf, "knot", "me.me.me", &m));
    g_assert_true(btf_member(btf, "knot", "ping", &m));
    g_assert_true(m.class == BTF_CLASS_OTHER);
    g_assert_cmpuint(m.size, ==, 0);
    bs_exercise(btf);
}

/*
 * 12 structs, each holding the next 1,000 times: 10^36 members.  And one
 * name of half a megabyte that 20,000 types share.
 */
static void test_expensive(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autofree char *name = g_strnfill(512 * 1024, 'x');
    g_autoptr(Btf) btf = NULL;
    int64_t start = g_get_monotonic_time();
    uint32_t shared;
    BtfMember m;

    for (uint32_t id = 1; id <= 12; id++) {
        bs_type(s, id == 1 ? "deep" : NULL, BS_STRUCT, 1000, 8);
        for (int i = 0; i < 1000; i++) {
            bs_named2(s, NULL, MIN(id + 1, 12), 0);
        }
    }
    shared = s->strings->len;
    bs_type(s, name, BS_STRUCT, 0, 8);
    for (int i = 0; i < 20000; i++) {
        bs_word(s, shared);
        bs_word(s, BS_STRUCT << 24);
        bs_word(s, 8);
    }
    btf = parse_synth(s);
    g_assert_false(btf_member(btf, "deep", "absent", &m));
    g_assert_true(btf_type_size(btf, name, &m.size));
    name[0] = 'y';
    g_assert_false(btf_type_size(btf, name, &m.size));
    /* Seconds even with sanitizers on a busy machine: unbounded is years. */
    g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);
}

static void test_too_many_types(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(GByteArray) blob = NULL;
    g_autoptr(Btf) btf = NULL;
    size_t end;

    for (uint32_t i = 0; i < 0xfffff; i++) {
        bs_type(s, NULL, BS_PTR, 0, 0);
    }
    btf = parse_synth(s);
    g_assert_cmpuint(btf_type_count(btf), ==, 0xfffff);
    bs_type(s, NULL, BS_PTR, 0, 0);
    blob = bs_blob(s);
    end = blob->len;
    assert_refused(blob->data, end, "more than 1048575 types");
}

/* Blobs with some bytes changed: never a crash, whatever is answered. */
static void test_mutations(const void *data)
{
    g_autoptr(GByteArray) good = bs_kernel(BIG(data));
    GRand *rand = g_rand_new_with_seed(20261121);
    unsigned int accepted = 0;
    unsigned int rounds = 20000;

    for (unsigned int i = 0; i < rounds; i++) {
        uint32_t size = i % 4 ? good->len : g_rand_int(rand) % good->len;
        g_autofree uint8_t *bytes = g_memdup2(good->data, size);
        unsigned int changes = 1 + g_rand_int(rand) % 4;
        Btf *btf;

        for (unsigned int j = 0; j < changes && size > 0; j++) {
            uint32_t at = g_rand_int(rand) % size;

            /* Bits, then bytes that are often the edge of something. */
            bytes[at] = g_rand_boolean(rand)
                            ? bytes[at] ^ 1u << g_rand_int(rand) % 8
                            : (uint8_t)(g_rand_int(rand) % 3 - 1);
        }
        btf = btf_new(bytes, size, NULL);
        if (btf) {
            accepted++;
            bs_exercise(btf);
            btf_free(btf);
        }
    }
    g_test_message("%u of %u accepted", accepted, rounds);
    /* Both sides must have been tried. */
    g_assert_cmpuint(accepted, >, rounds / 50);
    g_assert_cmpuint(accepted, <, rounds - rounds / 50);
    g_rand_free(rand);
}

/* Bytes after the end do not matter, nor does an empty type section. */
static void test_edges(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(GByteArray) blob = bs_blob(s);
    g_autoptr(Btf) empty = parse(blob);
    g_autoptr(Btf) longer = NULL;

    g_assert_cmpuint(btf_type_count(empty), ==, 0);
    g_assert_cmpuint(btf_string_count(empty), ==, 1);
    bs_exercise(empty);
    g_byte_array_set_size(blob, blob->len + 100);
    longer = parse(blob);
    g_assert_cmpuint(btf_type_count(longer), ==, 0);
    btf_free(NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        GTestDataFunc run;
    } tests[] = {
        { "kernel", test_kernel },
        { "members", test_members },
        { "absent", test_absent },
        { "bit-fields", test_bit_fields },
        { "nesting", test_nesting },
        { "arrays", test_arrays },
        { "variables", test_variables },
        { "pointer-size", test_pointer_size },
        { "layout", test_layout },
        { "faults", test_faults },
        { "headers", test_headers },
        { "truncated", test_truncated },
        { "truncated-types", test_truncated_types },
        { "circles", test_circles },
        { "expensive", test_expensive },
        { "too-many-types", test_too_many_types },
        { "mutations", test_mutations },
        { "edges", test_edges },
    };

    g_test_init(&argc, &argv, NULL);
    for (int big = 0; big < 2; big++) {
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
            g_autofree char *path = g_strdup_printf(
                "/btf/%s/%s", big ? "big" : "little", tests[i].name);

            g_test_add_data_func(path, GINT_TO_POINTER(big), tests[i].run);
        }
    }
    return g_test_run();
}
