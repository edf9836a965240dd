/*
 * libFuzzer target for the kallsyms reader: the input is the guest's memory,
 * with a hole, that a search goes through; what it finds is asked
 * everything.  Without libFuzzer's main it writes the seeds:
 *
 *     fuzz_kallsyms_seeds FOLDER
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "kallsyms.h"
#include "kallsyms_synth.h"

#define PAGE 4096u
#define BASE UINT64_C(0xffffffff81000000)

/* The input behind the page at `base`; the page `hole` cannot be read. */
typedef struct Memory {
    uint64_t base;
    const uint8_t *data;
    size_t size;
    uint64_t hole;
} Memory;

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    const Memory *m = opaque;
    uint64_t at = addr - m->base - PAGE;

    g_assert_cmpuint(len, >, 0);
    g_assert_cmpuint(addr % PAGE + len, <=, PAGE);
    if (addr < m->base + PAGE || at / PAGE == m->hole ||
        at / PAGE > m->size / PAGE) {
        return false;
    }
    memset(buf, 0, len);
    if (at < m->size) {
        memcpy(buf, m->data + at, MIN(len, m->size - at));
    }
    return true;
}

static unsigned int n_found;

static void ask(const Kallsyms *ks)
{
    char name[KALLSYMS_NAME_LEN];
    KallsymsSymbol symbol;
    uint64_t last = 0;

    n_found++;
    for (uint32_t i = 0; i < kallsyms_count(ks); i++) {
        uint32_t below;

        kallsyms_get(ks, i, name, &symbol);
        g_assert_cmpuint(strlen(name), <, KALLSYMS_NAME_LEN);
        g_assert_cmphex(symbol.address, >=, last);
        g_assert_cmpuint(symbol.count, >=, 1);
        last = symbol.address;
        g_assert_true(kallsyms_below(ks, last, &below) && below >= i);
    }
    kallsyms_lookup(ks, "", &symbol);
    kallsyms_lookup(ks, "_stext", &symbol);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int dice = size ? data[size - 1] : 0;
    uint64_t base = dice & 128 ? (uint32_t)BASE : BASE;
    Memory m = { base, data, size, dice % 32 };
    KallsymsLimits limits = { .up = 16 * PAGE, .down = 16 * PAGE };
    g_autoptr(GError) err = NULL;
    g_autoptr(Kallsyms) ks = kallsyms_find(
        memory_read, &m, base + dice / 32 % 4 * 64, &limits, &err);

    g_assert_true((ks == NULL) == (err != NULL));
    if (ks) {
        ask(ks);
    }
    return 0;
}

#ifdef WRITE_SEEDS
int main(int argc, char **argv)
{
    if (argc != 2) {
        g_printerr("usage: fuzz_kallsyms_seeds FOLDER\n");
        return 2;
    }
    for (int i = 0; i < KS_N_FORMS * 4; i++) {
        bool percpu = i / 4 == KS_OLD_PERCPU || i / 4 == KS_NEW_PERCPU;
        uint64_t base = i & 2 ? BASE : (uint32_t)BASE;
        g_autoptr(GStringChunk) names = g_string_chunk_new(4096);
        g_autofree KsSymbol *symbols = ks_symbols(base, percpu, 40, names);
        KsSynth s = {
            .big_endian = i & 1, .pointer_size = i & 2 ? 8 : 4,
            .form = i / 4, .align = i & 2 ? 8 : 4, .address = base + PAGE,
            .base = base, .symbols = symbols, .n = 40,
        };
        g_autoptr(GByteArray) bytes = ks_synth(&s);
        g_autofree char *name = g_strdup_printf("%s/kallsyms-%d", argv[1], i);
        const uint8_t dice = 31 | 1 << 5 | (i & 2 ? 0 : 128);

        g_byte_array_append(bytes, &dice, 1);
        n_found = 0;
        LLVMFuzzerTestOneInput(bytes->data, bytes->len);
        /* From a seed that is refused a fuzzer would not get far. */
        if (!n_found ||
            !g_file_set_contents(name, (char *)bytes->data, bytes->len,
                                 NULL)) {
            g_printerr("fuzz_kallsyms_seeds: cannot make %s\n", name);
            return 1;
        }
    }
    return 0;
}
#endif
