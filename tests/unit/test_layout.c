/*
 * test_layout.c: where things lie in the kernel's structures
 * (osi_linux/layout.c), from BTF made for it: whole, with members missing,
 * and with members that cannot be what they say.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "btf_synth.h"
#include "layout_from.h"

/* A member of the made-up task_struct: offset in bytes, type by name. */
typedef struct Member {
    const char *name;
    uint32_t offset;
    char type; /* i: int, l: long, p: pointer, c: char[16], b: bits of int,
                  0: char[0], h: char[300], v: void */
} Member;

static const Member ordinary[] = {
    { "start_time", 1200, 'l' }, { "mm", 900, 'p' }, { "pid", 1000, 'i' },
    { "tgid", 1004, 'i' }, { "real_parent", 1016, 'p' },
    { "group_leader", 1040, 'p' }, { "thread_pid", 1048, 'p' },
    { "real_cred", 1304, 'p' }, { "comm", 1320, 'c' },
    { "sighand", 1400, 'p' },
};
#define N_ORDINARY G_N_ELEMENTS(ordinary)

#define TASK_SIZE 4096

static uint32_t type_of(char type, const uint32_t types[256])
{
    return types[(uint8_t)type];
}

static Btf *make(const Member *members, size_t n, uint32_t task_size,
                 bool big_endian)
{
    g_autoptr(BtfSynth) s = bs_new(big_endian);
    g_autoptr(GByteArray) blob = NULL;
    g_autoptr(GError) error = NULL;
    uint32_t types[256] = { 0 };
    bool bits = false;
    Btf *btf;

    types['i'] = types['b'] = bs_int(s, "int", 4, true);
    types['l'] = bs_int(s, "long unsigned int", 8, false);
    types['k'] = bs_int(s, "char", 1, true);
    types['p'] = bs_type(s, NULL, BS_PTR, 0, 0);
    types['c'] = bs_array(s, types['k'], 16);
    types['0'] = bs_array(s, types['k'], 0);
    types['h'] = bs_array(s, types['k'], 300);
    for (size_t i = 0; i < n; i++) {
        bits |= members[i].type == 'b';
    }
    bs_type(s, "task_struct", BS_STRUCT | (bits ? BS_FLAG : 0), (uint32_t)n,
            task_size);
    for (size_t i = 0; i < n; i++) {
        uint32_t size = members[i].type == 'b' ? 5u << 24 : 0;

        bs_named2(s, members[i].name, type_of(members[i].type, types),
                  size | members[i].offset * 8);
    }
    bs_type(s, "mm_struct", BS_STRUCT, 1, 1024);
    bs_named2(s, "pgd", types['p'], 72 * 8);
    bs_type(s, "cred", BS_STRUCT, 1, 176);
    bs_named2(s, "uid", types['i'], 8 * 8);
    blob = bs_blob(s);
    btf = btf_new(blob->data, blob->len, &error);
    g_assert_no_error(error);
    return btf;
}

static void check_field(const OsiField *field, uint64_t offset, uint64_t size)
{
    g_assert_cmpuint(field->offset, ==, offset);
    g_assert_cmpuint(field->size, ==, size);
}

static void test_ordinary(void)
{
    for (int big_endian = 0; big_endian <= 1; big_endian++) {
        g_autoptr(Btf) btf = make(ordinary, N_ORDINARY, TASK_SIZE,
                                  big_endian);
        g_autoptr(GError) error = NULL;
        OsiLayout layout;

        g_assert_true(layout_from(&btf, &layout, &error));
        g_assert_no_error(error);
        check_field(&layout.pid, 1000, 4);
        check_field(&layout.tgid, 1004, 4);
        check_field(&layout.comm, 1320, 16);
        check_field(&layout.real_parent, 1016, 8);
        check_field(&layout.group_leader, 1040, 8);
        check_field(&layout.thread_pid, 1048, 8);
        check_field(&layout.sighand, 1400, 8);
        check_field(&layout.mm, 900, 8);
        check_field(&layout.real_cred, 1304, 8);
        check_field(&layout.start_time, 1200, 8);
        check_field(&layout.pgd, 72, 8);
        check_field(&layout.uid, 8, 4);
        g_assert_cmpuint(layout.task_group.start, ==, 900);
        g_assert_cmpuint(layout.task_group.size, ==, 1408 - 900);
        g_assert_cmpint(layout.big_endian, ==, big_endian);
        g_assert_cmpuint(layout.pointer_size, ==, 8);
    }
}

/* @name becomes @with (its type, NUL: it is missing). */
static bool try_with(const char *name, char type, uint32_t offset,
                     OsiLayout *layout)
{
    Member members[N_ORDINARY];
    g_autoptr(Btf) btf = NULL;
    g_autoptr(GError) error = NULL;
    size_t n = 0;
    bool good;

    for (size_t i = 0; i < N_ORDINARY; i++) {
        members[n] = ordinary[i];
        if (strcmp(ordinary[i].name, name) == 0) {
            if (!type) {
                continue;
            }
            members[n].type = type;
            members[n].offset = offset;
        }
        n++;
    }
    btf = make(members, n, TASK_SIZE, false);
    good = layout_from(&btf, layout, &error);
    g_assert_true(good == !error);
    if (!good) {
        g_assert_nonnull(strstr(error->message, name));
    }
    return good;
}

static void test_missing(void)
{
    OsiLayout layout;

    g_assert_false(try_with("pid", 0, 0, &layout));
    g_assert_false(try_with("tgid", 0, 0, &layout));
    g_assert_false(try_with("comm", 0, 0, &layout));
    g_assert_true(try_with("mm", 0, 0, &layout));
    check_field(&layout.mm, 0, 0);
    g_assert_cmpuint(layout.task_group.start, ==, 1000);
    g_assert_true(try_with("sighand", 0, 0, &layout));
    check_field(&layout.sighand, 0, 0);
    g_assert_cmpuint(layout.task_group.size, ==, 1336 - 900);
}

/* Too large, empty, bits: as good as missing. */
static void test_odd(void)
{
    OsiLayout layout;

    g_assert_false(try_with("pid", 'l', 1000, &layout));
    g_assert_false(try_with("pid", '0', 1000, &layout));
    g_assert_false(try_with("pid", 'v', 1000, &layout));
    g_assert_false(try_with("comm", 'h', 1320, &layout));
    g_assert_true(try_with("mm", 'c', 900, &layout));
    check_field(&layout.mm, 0, 0);
    g_assert_true(try_with("start_time", 'i', 1200, &layout));
    check_field(&layout.start_time, 1200, 4);
    /* beyond the structure's end */
    g_assert_false(try_with("comm", 'c', TASK_SIZE - 15, &layout));
    g_assert_true(try_with("mm", 'p', TASK_SIZE - 7, &layout));
    check_field(&layout.mm, 0, 0);
    g_assert_true(try_with("mm", 'p', TASK_SIZE - 8, &layout));
    check_field(&layout.mm, TASK_SIZE - 8, 8);
}

/* Numbers of some bits are numbers like others. */
static void test_bits(void)
{
    static const Member members[] = {
        { "pid", 0, 'b' }, { "tgid", 4, 'i' }, { "comm", 8, 'c' },
    };
    g_autoptr(Btf) btf = make(members, G_N_ELEMENTS(members), 64, false);
    g_autoptr(GError) error = NULL;
    OsiLayout layout;

    g_assert_true(layout_from(&btf, &layout, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(layout.pid.bit_size, ==, 5);
    g_assert_cmpuint(layout.task_group.size, ==, 24);
}

/* Members so far apart that nobody wants to read what is between. */
static void test_window(void)
{
    static const Member members[] = {
        { "pid", 0, 'i' }, { "tgid", 4, 'i' }, { "comm", 0, 'c' },
    };
    static const struct {
        uint32_t comm;
        bool good;
    } cases[] = {
        { 8, true }, { OSI_STRUCT_MAX - 16, true },
        { OSI_STRUCT_MAX - 15, false }, { 1u << 24, false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Member changed[G_N_ELEMENTS(members)];
        g_autoptr(Btf) btf = NULL;
        g_autoptr(GError) error = NULL;
        OsiLayout layout;

        memcpy(changed, members, sizeof(members));
        changed[2].offset = cases[i].comm;
        btf = make(changed, G_N_ELEMENTS(changed), 1u << 25, false);
        g_assert_cmpint(layout_from(&btf, &layout, &error), ==,
                        cases[i].good);
        if (!cases[i].good) {
            g_assert_error(error, BTF_ERROR, BTF_ERROR_NOT_FOUND);
        }
    }
}

static void test_no_task(void)
{
    g_autoptr(BtfSynth) s = bs_new(false);
    g_autoptr(GByteArray) blob = NULL;
    g_autoptr(Btf) btf = NULL;
    g_autoptr(GError) error = NULL;
    OsiLayout layout;

    bs_int(s, "int", 4, true);
    blob = bs_blob(s);
    btf = btf_new(blob->data, blob->len, NULL);
    g_assert_nonnull(btf);
    g_assert_false(layout_from(&btf, &layout, &error));
    g_assert_error(error, BTF_ERROR, BTF_ERROR_NOT_FOUND);
}

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

/* An OsiReadFn: @bytes lie at 0x1000. */
static bool read_at(void *opaque, uint64_t addr, void *buf, size_t len)
{
    if (addr < 0x1000 || addr + len > 0x1000 + sizeof(bytes)) {
        return false;
    }
    memcpy(buf, bytes + addr - 0x1000, len);
    return true;
}

/* The same by a copy of the structure, and of the member alone. */
static void test_get(void)
{
    static const struct {
        OsiField field;
        uint64_t little, big;
    } cases[] = {
        { { 100, 1 }, 0x01, 0x01 },
        { { 101, 2 }, 0x0302, 0x0203 },
        { { 102, 4 }, 0x06050403, 0x03040506 },
        { { 102, 8 }, 0x0a09080706050403, 0x030405060708090a },
        { { 100, 3 }, 0x030201, 0x010203 },
        { { 101, 2, 5, 4 }, 0x0302 >> 4 & 0x1f, 0x0203 >> 7 & 0x1f },
        { { 102, 8, 64, 0 }, 0x0a09080706050403, 0x030405060708090a },
    };
    static const OsiField bad[] = { { 100, 0 }, { 100, 9 }, { 107, 4 } };
    const OsiStruct all = { 100, sizeof(bytes) };

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        const OsiReader reader = { read_at, NULL, i % 2 };
        const OsiField *field = &cases[i / 2].field;
        uint64_t want = i % 2 ? cases[i / 2].big : cases[i / 2].little;
        uint64_t value;
        OsiCopy copy;

        g_assert_true(osi_read_struct(&reader, &all, 0x1000 - 100, &copy));
        g_assert_cmphex(osi_get(&copy, field), ==, want);
        g_assert_true(osi_read_field(&reader, 0x1000 - 100, field, &value));
        g_assert_cmphex(value, ==, want);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        const OsiReader reader = { read_at };
        uint64_t value;

        g_assert_false(osi_read_field(&reader, 0x1000 - 100, &bad[i],
                                      &value));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/layout/ordinary", test_ordinary);
    g_test_add_func("/layout/missing", test_missing);
    g_test_add_func("/layout/odd", test_odd);
    g_test_add_func("/layout/bits", test_bits);
    g_test_add_func("/layout/window", test_window);
    g_test_add_func("/layout/no-task", test_no_task);
    g_test_add_func("/layout/get", test_get);
    return g_test_run();
}
