/*
 * The search for BTF in guest memory, on a memory made for it: holes,
 * decoys, copies cut off, modules' BTF, the ends of the address space, and
 * what a search may cost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "btf_find.h"
#include "btf_synth.h"

#define PAGE 4096u
#define BIG(data) GPOINTER_TO_INT(data)
/* Where kernels of x86_64 are. */
#define BASE UINT64_C(0xffffffff81000000)
#define N_PAGES 64u

/* Pages from base on; there is nothing else. */
typedef struct Memory {
    uint64_t base;
    uint8_t *bytes;
    uint32_t n_pages;
    bool hole[N_PAGES];
    unsigned int whole[N_PAGES]; /* reads of the whole page */
    uint64_t bytes_read;
    uint64_t lowest; /* address that was asked for */
} Memory;

static void memory_init(Memory *m, uint64_t base)
{
    memset(m, 0, sizeof(*m));
    m->base = base;
    m->lowest = UINT64_MAX;
    m->n_pages = N_PAGES;
    m->bytes = g_malloc0(N_PAGES * PAGE);
}

static void memory_put(Memory *m, uint32_t at, const GByteArray *blob)
{
    g_assert_cmpuint(at + blob->len, <=, N_PAGES * PAGE);
    memcpy(m->bytes + at, blob->data, blob->len);
}

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    Memory *m = opaque;
    uint64_t page = (addr - m->base) / PAGE;

    /* The promise of reader.h. */
    g_assert_cmpuint(len, >, 0);
    g_assert_cmpuint(addr % PAGE + len, <=, PAGE);
    m->lowest = MIN(m->lowest, addr);
    if (addr < m->base || page >= m->n_pages || m->hole[page]) {
        return false;
    }
    m->whole[page] += len == PAGE;
    m->bytes_read += len;
    memcpy(buf, m->bytes + (addr - m->base), len);
    return true;
}

static const BtfFindLimits near_only = {
    .up = N_PAGES * PAGE,
    .down = N_PAGES * PAGE,
};

/* A search from page @from must find a kernel at @at; frees the memory. */
static void assert_found(Memory *m, uint32_t from, uint32_t at)
{
    g_autoptr(GError) err = NULL;
    uint64_t addr = 0;
    g_autoptr(Btf) btf = btf_find(memory_read, m, m->base + from * PAGE + 123,
                                  &near_only, &addr, &err);

    g_assert_no_error(err);
    g_assert_nonnull(btf);
    g_assert_cmphex(addr, ==, m->base + at);
    bs_exercise(btf);
    g_free(m->bytes);
}

static void assert_none(Memory *m, uint32_t from, const BtfFindLimits *limits)
{
    g_autoptr(GError) err = NULL;
    uint64_t addr = 1;
    Btf *btf = btf_find(memory_read, m, m->base + from * PAGE, limits, &addr,
                        &err);

    g_assert_null(btf);
    g_assert_error(err, BTF_ERROR, BTF_ERROR_NOT_FOUND);
    g_assert_null(strchr(err->message, '\n'));
    g_assert_cmphex(addr, ==, 1);
    g_free(m->bytes);
}

/* Above, below, and in the page where the search starts, anywhere in it. */
static void test_places(const void *data)
{
    static const uint32_t starts[] = {
        0, 1, 2, 3, 4, 500, PAGE - 25, PAGE - 24, PAGE - 5, PAGE - 4,
        PAGE - 3, PAGE - 2, PAGE - 1,
    };
    static const uint32_t pages[] = { 0, 10, 31, 32, 33, 62 };
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));

    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(pages); j++) {
            uint32_t at = pages[j] * PAGE + starts[i];
            Memory m;

            memory_init(&m, BASE);
            memory_put(&m, at, blob);
            assert_found(&m, 32, at);
        }
    }
}

static void test_long(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel_filled(BIG(data), 3000);
    Memory m;

    g_assert_cmpuint(blob->len, >, 16 * PAGE);
    memory_init(&m, BASE);
    memory_put(&m, 3 * PAGE + 20, blob);
    assert_found(&m, 0, 3 * PAGE + 20);
    memory_init(&m, BASE);
    memory_put(&m, 3 * PAGE + 20, blob);
    assert_found(&m, 60, 3 * PAGE + 20);
}

static void test_holes(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    Memory m;

    memory_init(&m, BASE);
    memory_put(&m, 40 * PAGE + 77, blob);
    for (int i = 0; i < 40; i++) {
        m.hole[i] = i % 3 != 1;
    }
    assert_found(&m, 0, 40 * PAGE + 77);

    memory_init(&m, BASE);
    memory_put(&m, 40 * PAGE + 77, blob);
    for (int i = 42; i < 64; i++) {
        m.hole[i] = i != 50;
    }
    assert_found(&m, 63, 40 * PAGE + 77);

    /* A magic number across a hole's edges is none. */
    memory_init(&m, BASE);
    memory_put(&m, 12 * PAGE - 2, blob);
    m.hole[11] = true;
    assert_none(&m, 0, &near_only);
    memory_init(&m, BASE);
    memory_put(&m, 12 * PAGE - 2, blob);
    m.hole[12] = true;
    assert_none(&m, 20, &near_only);
}

/* Bytes that begin like BTF, all over, before the real one. */
static void test_decoys(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    g_autoptr(GByteArray) other = bs_kernel(!BIG(data));
    Memory m;

    memory_init(&m, BASE);
    for (uint32_t at = 0; at + 64 < 30 * PAGE; at += 61) {
        const GByteArray *from = at % 2 ? blob : other;

        /* Of some the magic number, of some the header, of some more. */
        memcpy(m.bytes + at, from->data, 4 + at % 57);
    }
    memory_put(&m, 31 * PAGE + 1, blob);
    assert_found(&m, 0, 31 * PAGE + 1);
}

/* Copies whose pages were used for something else since. */
static void test_copies(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel_filled(BIG(data), 400);
    Memory m;

    g_assert_cmpuint(blob->len, >, 2 * PAGE);
    memory_init(&m, BASE);
    memory_put(&m, 5 * PAGE, blob);
    m.hole[6] = true; /* its middle */
    memory_put(&m, 10 * PAGE, blob);
    memset(m.bytes + 11 * PAGE, 0xaa, PAGE); /* its middle */
    memory_put(&m, 20 * PAGE, blob);
    memset(m.bytes + 20 * PAGE + blob->len - 1, 0xaa, 1); /* its end */
    memory_put(&m, 30 * PAGE + 5, blob);
    assert_found(&m, 0, 30 * PAGE + 5);

    /* Cut by the end of what there is. */
    memory_init(&m, BASE);
    memory_put(&m, 60 * PAGE, blob);
    m.n_pages = 61;
    assert_none(&m, 0, &near_only);
}

/* A module's: its strings and types go on where the kernel's end. */
static GByteArray *split_btf(bool big)
{
    g_autoptr(BtfSynth) s = bs_new(big);

    g_byte_array_set_size(s->strings, 0);
    bs_type(s, "module_type", BS_STRUCT, 1, 8);
    bs_named2(s, "pid", 107005, 0);
    return bs_blob(s);
}

/* One that is valid and whole, but not a kernel's. */
static GByteArray *program_btf(bool big)
{
    g_autoptr(BtfSynth) s = bs_new(big);

    bs_int(s, "int", 4, true);
    /* What programs for tracing declare of it. */
    bs_type(s, "task_struct", BS_STRUCT, 2, 8);
    bs_named2(s, "pid", 1, 0);
    bs_named2(s, "tgid", 1, 32);
    return bs_blob(s);
}

static void test_others(const void *data)
{
    g_autoptr(GByteArray) kernel = bs_kernel(BIG(data));
    g_autoptr(GByteArray) module = split_btf(BIG(data));
    g_autoptr(GByteArray) program = program_btf(BIG(data));
    g_autoptr(Btf) btf = NULL;
    Memory m;

    btf = btf_new(module->data, module->len, NULL);
    g_assert_null(btf);
    btf = btf_new(program->data, program->len, NULL);
    g_assert_nonnull(btf);

    memory_init(&m, BASE);
    memory_put(&m, 2 * PAGE, module);
    memory_put(&m, 3 * PAGE, program);
    memory_put(&m, 9 * PAGE + 9, kernel);
    assert_found(&m, 0, 9 * PAGE + 9);

    memory_init(&m, BASE);
    memory_put(&m, 2 * PAGE, module);
    memory_put(&m, 3 * PAGE, program);
    assert_none(&m, 0, &near_only);

    /* A module's, which may be long, is not even read whole. */
    memory_init(&m, BASE);
    memory_put(&m, 2 * PAGE, module);
    assert_none(&m, 0, &near_only);
    g_assert_cmpuint(m.bytes_read, <=, N_PAGES * PAGE + 32 + 1);
}

/* Each page is read once, above first, and not beyond the limits. */
static void test_cost(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    BtfFindLimits limits = { .up = 8 * PAGE, .down = 4 * PAGE };
    Memory m;

    memory_init(&m, BASE);
    memory_put(&m, 28 * PAGE, blob);
    memory_put(&m, 15 * PAGE - blob->len, blob);
    assert_none(&m, 20, &limits);
    for (unsigned int i = 0; i < N_PAGES; i++) {
        g_assert_cmpuint(m.whole[i], ==, i >= 16 && i < 28 ? 1 : 0);
    }
    g_assert_cmpuint(m.bytes_read, ==, 12 * PAGE);

    memory_init(&m, BASE);
    memory_put(&m, 22 * PAGE, blob);
    assert_found(&m, 20, 22 * PAGE);
    for (unsigned int i = 0; i < N_PAGES; i++) {
        g_assert_cmpuint(m.whole[i], ==, i >= 20 && i <= 22 ? 1 : 0);
    }
}

/* A guest full of blobs that look good until they are read whole. */
static void test_limits(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    BtfFindLimits limits = near_only;
    Memory m;

    /* The last word of the types: not a type. */
    memory_init(&m, BASE);
    bs_poke(blob, 24 + 0x64, 0xffff, BIG(data));
    for (uint32_t at = 0; at + blob->len < N_PAGES * PAGE; at += blob->len) {
        memory_put(&m, at, blob);
    }
    limits.max_blob_bytes = 10 * blob->len;
    assert_none(&m, 0, &limits);
    g_assert_cmpuint(m.bytes_read, <,
                     N_PAGES * PAGE + 11 * blob->len + 40 * 4096);

    /* Headers alone. */
    memory_init(&m, BASE);
    for (uint32_t at = 0; at + 4 < N_PAGES * PAGE; at += 4) {
        memcpy(m.bytes + at, blob->data, 4);
    }
    limits.max_headers = 100;
    assert_none(&m, 0, &limits);
    g_assert_cmpuint(m.bytes_read, <=, PAGE + 100 * 2 * 32);
}

/* The ends of the address space: nothing wraps around. */
static void test_ends(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    uint64_t top = UINT64_MAX - N_PAGES * PAGE + 1;
    Memory m;

    memory_init(&m, top);
    memory_put(&m, N_PAGES * PAGE - blob->len, blob);
    assert_found(&m, 0, N_PAGES * PAGE - blob->len);
    memory_init(&m, top);
    memory_put(&m, N_PAGES * PAGE - blob->len, blob);
    assert_found(&m, N_PAGES - 1, N_PAGES * PAGE - blob->len);

    memory_init(&m, 0);
    memory_put(&m, 0, blob);
    assert_found(&m, N_PAGES - 1, 0);
    memory_init(&m, 0);
    assert_none(&m, 5, NULL);
    memory_init(&m, top);
    assert_none(&m, 5, NULL);
    g_assert_cmphex(m.lowest, ==, top + 5 * PAGE - (64 << 20));

    /* A blob that says it goes on past the last address. */
    memory_init(&m, top);
    memory_put(&m, N_PAGES * PAGE - 64, g_byte_array_set_size(blob, 64));
    assert_none(&m, 5, NULL);
}

/* Memory whose last address is followed by its first. */
static bool wrapping_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    Memory *m = opaque;

    memcpy(buf, m->bytes + (addr - m->base), len);
    return true;
}

static void test_wrap(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    uint32_t at = 32 * PAGE - blob->len;
    g_autoptr(GError) err = NULL;
    Memory m;
    Btf *btf;

    for (uint32_t over = 0; over < 2; over++) {
        memory_init(&m, UINT64_MAX - 32 * PAGE + 1);
        memory_put(&m, at + over, blob);
        btf = btf_read(wrapping_read, &m, m.base + at + over, &err);
        g_assert_true((btf == NULL) == (over != 0));
        btf_free(btf);
        g_free(m.bytes);
    }
    g_assert_error(err, BTF_ERROR, BTF_ERROR_INVALID);
}

static void test_read(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel_filled(BIG(data), 1000);
    g_autoptr(GError) err = NULL;
    Memory m;
    Btf *btf;

    memory_init(&m, BASE);
    memory_put(&m, 2 * PAGE - 10, blob);
    btf = btf_read(memory_read, &m, BASE + 2 * PAGE - 10, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(btf_type_count(btf), ==, 1027);
    btf_free(btf);

    m.hole[4] = true;
    btf = btf_read(memory_read, &m, BASE + 2 * PAGE - 10, &err);
    g_assert_null(btf);
    g_assert_error(err, BTF_ERROR, BTF_ERROR_UNREADABLE);
    g_clear_error(&err);

    btf = btf_read(memory_read, &m, BASE + 4 * PAGE, &err);
    g_assert_null(btf);
    g_assert_error(err, BTF_ERROR, BTF_ERROR_UNREADABLE);
    g_clear_error(&err);

    btf = btf_read(memory_read, &m, BASE, &err);
    g_assert_null(btf);
    g_assert_error(err, BTF_ERROR, BTF_ERROR_INVALID);
    g_clear_error(&err);

    /* 4 GB of strings are not asked for. */
    bs_poke(blob, 20, 0xfffffff0, BIG(data));
    memory_put(&m, 8 * PAGE, blob);
    m.bytes_read = 0;
    btf = btf_read(memory_read, &m, BASE + 8 * PAGE, &err);
    g_assert_null(btf);
    g_assert_error(err, BTF_ERROR, BTF_ERROR_TOO_LARGE);
    g_assert_cmpuint(m.bytes_read, <=, 64);
    g_free(m.bytes);
}

/* The shortest header, at the end of memory that can be read. */
static void test_tiny(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(GByteArray) blob = bs_blob(s);
    g_autoptr(GError) err = NULL;
    uint32_t at = 3 * PAGE - blob->len;
    Memory m;
    Btf *btf;

    g_assert_cmpuint(blob->len, <, 32);
    memory_init(&m, BASE);
    memory_put(&m, at, blob);
    m.hole[3] = true;
    btf = btf_read(memory_read, &m, BASE + at, &err);
    g_assert_no_error(err);
    g_assert_cmpuint(btf_type_count(btf), ==, 0);
    btf_free(btf);
    g_free(m.bytes);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        GTestDataFunc run;
    } tests[] = {
        { "places", test_places }, { "long", test_long },
        { "holes", test_holes },   { "decoys", test_decoys },
        { "copies", test_copies }, { "others", test_others },
        { "cost", test_cost },     { "limits", test_limits },
        { "ends", test_ends },     { "read", test_read },
        { "tiny", test_tiny },     { "wrap", test_wrap },
    };

    g_test_init(&argc, &argv, NULL);
    for (int big = 0; big < 2; big++) {
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
            g_autofree char *path = g_strdup_printf(
                "/btf-find/%s/%s", big ? "big" : "little", tests[i].name);

            g_test_add_data_func(path, GINT_TO_POINTER(big), tests[i].run);
        }
    }
    return g_test_run();
}
