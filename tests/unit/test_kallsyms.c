/*
 * Kallsyms tables made up in every form that kernels have had, and such as
 * no kernel would have.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "kallsyms.h"
#include "kallsyms_synth.h"

#define PAGE 4096u
#define BASE UINT64_C(0xffffffff81000000)
#define BASE32 UINT64_C(0xc0100000)
#define N 1000u

typedef struct Memory {
    uint64_t start;
    GByteArray *bytes;
    uint64_t hole; /* address of a page that cannot be read */
    unsigned int reads;
} Memory;

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    Memory *m = opaque;
    uint64_t at = addr - m->start;

    m->reads++;
    g_assert_cmpuint(addr % PAGE + len, <=, PAGE);
    if (addr < m->start || at + len > m->bytes->len ||
        addr - addr % PAGE == m->hole) {
        return false;
    }
    memcpy(buf, m->bytes->data + at, len);
    return true;
}

typedef struct Made {
    KsSynth s;
    Memory m;
    uint64_t near;
    KsSymbol *symbols;
    GStringChunk *names;
} Made;

/* The tables @shift bytes into the 3rd page behind the symbols' addresses. */
static void make(Made *made, KsForm form, bool big_endian, unsigned int ptr,
                 unsigned int align, unsigned int shift)
{
    bool percpu = form == KS_OLD_PERCPU || form == KS_NEW_PERCPU;
    uint64_t base = ptr == 8 ? BASE : BASE32;
    g_autoptr(GByteArray) tables = NULL;

    memset(made, 0, sizeof(*made));
    made->names = g_string_chunk_new(4096);
    made->symbols = ks_symbols(base, percpu, N, made->names);
    made->s = (KsSynth){
        .big_endian = big_endian, .pointer_size = ptr, .form = form,
        .align = align, .base = base, .address = base + 10 * PAGE + shift,
        .symbols = made->symbols, .n = N,
    };
    tables = ks_synth(&made->s);
    made->m.start = base;
    made->m.bytes = g_byte_array_new();
    g_byte_array_set_size(made->m.bytes, 10 * PAGE + shift);
    memset(made->m.bytes->data, 0x90, made->m.bytes->len);
    g_byte_array_append(made->m.bytes, tables->data, tables->len);
    while (made->m.bytes->len % PAGE) {
        g_byte_array_append(made->m.bytes, (const uint8_t *)"", 1);
    }
    made->near = made->symbols[2].address + 8;
}

static void unmake(Made *made)
{
    g_byte_array_unref(made->m.bytes);
    g_string_chunk_free(made->names);
    g_free(made->symbols);
}

static Kallsyms *find(Made *made)
{
    const KallsymsLimits limits = { .up = 64 * PAGE, .down = 64 * PAGE };
    g_autoptr(GError) error = NULL;
    Kallsyms *ks = kallsyms_find(memory_read, &made->m, made->near, &limits,
                                 &error);

    g_assert_true((ks == NULL) == (error != NULL));
    return ks;
}

static void check_all(const Made *made, const Kallsyms *ks)
{
    char name[KALLSYMS_NAME_LEN];
    KallsymsSymbol symbol;

    g_assert_cmpuint(kallsyms_count(ks), ==, N);
    g_assert_cmpuint(kallsyms_pointer_size(ks), ==, made->s.pointer_size);
    g_assert_true(kallsyms_big_endian(ks) == made->s.big_endian);
    g_assert_true(kallsyms_has_data(ks));
    g_assert_cmphex(kallsyms_where(ks), ==,
                    made->s.address + made->s.index);
    for (uint32_t i = 0; i < N; i++) {
        const KsSymbol *want = &made->symbols[i];

        kallsyms_get(ks, i, name, &symbol);
        g_assert_cmpstr(name, ==, want->name + 1);
        g_assert_cmpint(symbol.type, ==, want->name[0]);
        g_assert_cmphex(symbol.address, ==, want->address);
        g_assert_true(kallsyms_lookup(ks, want->name + 1, &symbol));
        g_assert_cmpuint(symbol.count, ==, strstr(name, "twice") ? 2 : 1);
    }
}

static void test_forms(void)
{
    for (int form = 0; form < KS_N_FORMS; form++) {
        for (int big = 0; big < 2; big++) {
            for (unsigned int ptr = 4; ptr <= 8; ptr += 4) {
                for (unsigned int shift = 0; shift < PAGE; shift += 1000) {
                    g_autoptr(Kallsyms) ks = NULL;
                    Made made;

                    make(&made, form, big, ptr,
                         form == KS_PLACE ? 4 : ptr, shift);
                    ks = find(&made);
                    g_assert_nonnull(ks);
                    check_all(&made, ks);
                    unmake(&made);
                }
            }
        }
    }
}

static void test_names(void)
{
    g_autoptr(Kallsyms) ks = NULL;
    KallsymsSymbol symbol;
    uint64_t address;
    uint32_t i;
    Made made;

    make(&made, KS_NEW_PERCPU, false, 8, 8, 0);
    ks = find(&made);
    g_assert_true(kallsyms_address(ks, "_stext", &address));
    g_assert_cmphex(address, ==, BASE + 64);
    g_assert_true(kallsyms_address(ks, "current_task", &address));
    g_assert_cmphex(address, ==, 0x1fbc0);
    /* Of two, the global one; of two local ones, none. */
    g_assert_true(kallsyms_address(ks, "twice", &address));
    g_assert_cmphex(address, ==, made.symbols[4].address);
    g_assert_false(kallsyms_address(ks, "local_twice", &address));
    g_assert_true(kallsyms_lookup(ks, "local_twice", &symbol));
    g_assert_cmphex(symbol.address, ==, made.symbols[5].address);
    g_assert_cmpuint(symbol.count, ==, 2);
    g_assert_false(kallsyms_address(ks, "_stex", &address));
    g_assert_false(kallsyms_address(ks, "", &address));
    g_assert_true(kallsyms_below(ks, BASE + 65, &i));
    g_assert_cmpuint(i, ==, 2);
    g_assert_true(kallsyms_below(ks, UINT64_MAX, &i));
    g_assert_cmpuint(i, ==, N - 1);
    unmake(&made);
}

/* A table that is not at peace with the others makes none of them good. */
static void test_disagreeing(void)
{
    for (int what = 0; what < 8; what++) {
        g_autoptr(Kallsyms) ks = NULL;
        uint8_t *tables;
        Made made;

        make(&made, KS_NEW, false, 8, 8, 16);
        tables = made.m.bytes->data + 10 * PAGE + 16;
        switch (what) {
        case 0: /* nothing: is found */
            break;
        case 1: /* the first three bytes of a name: its length */
            tables[made.s.names] ^= 1;
            break;
        case 2:
            ks_poke(&made.s, made.m.bytes,
                    10 * PAGE + 16 + made.s.markers + 4, 12345);
            break;
        case 3: /* one more than there are */
            ks_poke(&made.s, made.m.bytes, 10 * PAGE + 16 + made.s.num_syms,
                    N + 1);
            break;
        case 4: /* a token's end */
            memset(tables + made.s.tokens + 128, 'y', 16);
            break;
        case 5: /* order of addresses */
            ks_poke(&made.s, made.m.bytes,
                    10 * PAGE + 16 + made.s.offsets + 400, 0x7fffffff);
            break;
        case 6: /* the base of another kernel */
            tables[made.s.base_at + 4] ^= 1;
            break;
        case 7: /* the page behind the tokens is gone */
            made.m.hole = (made.s.address + made.s.base_at) / PAGE * PAGE;
            break;
        }
        ks = find(&made);
        g_assert_cmpint(ks ? 0 : what, ==, what);
        g_assert_true(ks || what > 0);
        unmake(&made);
    }
}

/* Where the kernel runs there must be a function. */
static void test_near(void)
{
    Made made;

    make(&made, KS_NEW, false, 8, 8, 0);
    made.near = BASE - 1;
    g_assert_null(find(&made));
    made.near = BASE + 0x200000;
    g_assert_null(find(&made));
    made.near = made.symbols[4].address; /* data */
    g_assert_null(find(&made));
    unmake(&made);
}

/* A search ends, and says what it has seen. */
static void test_bounds(void)
{
    const KallsymsLimits limits = { 100 * PAGE, 100 * PAGE, 1 };
    g_autoptr(GError) error = NULL;
    Made made;

    make(&made, KS_NEW, false, 8, 8, 0);
    memset(made.m.bytes->data, 0, made.m.bytes->len);
    g_assert_null(kallsyms_find(memory_read, &made.m, made.near, &limits,
                                &error));
    g_assert_cmpuint(made.m.reads, <=, 202);
    g_assert_nonnull(strstr(error->message, "0 candidates"));
    /* At the ends of memory. */
    g_clear_error(&error);
    g_assert_null(kallsyms_find(memory_read, &made.m, UINT64_MAX, &limits,
                                &error));
    g_clear_error(&error);
    g_assert_null(kallsyms_find(memory_read, &made.m, 0, &limits, &error));
    unmake(&made);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kallsyms/forms", test_forms);
    g_test_add_func("/kallsyms/names", test_names);
    g_test_add_func("/kallsyms/disagreeing", test_disagreeing);
    g_test_add_func("/kallsyms/near", test_near);
    g_test_add_func("/kallsyms/bounds", test_bounds);
    return g_test_run();
}
