/*
 * The BTF reader on bytes made for it, in both byte orders: every kind and
 * every question.  What is wrong with a blob is in test_btf_bad.c, the search
 * in guest memory in test_btf_find.c; real kernels are in btf-kernels.
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
    /* The older way: 3 bits, 2 bits into where the member is. */
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
    /* 2^98 bytes: no such size, rather than what is left of it. */
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

/* A section may say that anything is in it; only variables count. */
static void test_odd_section(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(Btf) btf = NULL;
    uint64_t offset;

    bs_type(s, "first", BS_VAR, 0, 0);
    bs_word(s, 1);
    bs_int(s, "int", 4, true);
    bs_type(s, ".data..percpu", BS_DATASEC, 2, 64);
    bs_word(s, 0); /* void */
    bs_word(s, 8);
    bs_word(s, 8);
    bs_word(s, 2);
    bs_word(s, 16);
    bs_word(s, 8);
    btf = parse_synth(s);
    g_assert_false(btf_percpu_var(btf, "first", &offset));
    g_assert_false(btf_percpu_var(btf, "int", &offset));
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
        { "odd-section", test_odd_section },
        { "pointer-size", test_pointer_size },
        { "layout", test_layout },
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
