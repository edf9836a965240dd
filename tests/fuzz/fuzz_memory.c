/*
 * libFuzzer target for following page tables (memory.c, arch/): tables are
 * made as the input says in a small physical memory, and addresses looked up
 * in them and read.  Without libFuzzer's main it writes the seeds:
 *
 *     fuzz_memory_seeds FOLDER
 *
 * The input:
 *   0     the way of paging
 *   1     bit 0: the kernel's half is asked about; 1 to 3: the root table
 *   2 - 9 the address; 10, 11: how many bytes are read
 *   then entries of seven bytes each: the table's page; which entry (two
 *   bytes); the page that it leads to; bits that are or-ed to that (two
 *   bytes, of which the low 12 are the entry's low 12 bits and the high 4 its
 *   bits 52 to 55); bits 32 to 39 of the address
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "memory.h"

#define HEADER 12
#define ENTRY 7
#define LINEAR_MAP UINT64_C(0xffff888000000000)
#define PAGE 4096u
#define N_PAGES 64u

static const struct {
    const OsiPaging *paging;
    OsiPagingMode mode;
    uint16_t table, page, block; /* low bits of entries */
} ways[] = {
    { &osi_paging_x86_64, { 12, 9, 4, 47, false }, 0x67, 0x25, 0xa5 },
    { &osi_paging_x86_64, { 12, 9, 5, 56, false }, 0x67, 0x25, 0xa5 },
    { &osi_paging_aarch64, { 12, 9, 4, 48, false }, 3, 0x743, 0x741 },
    { &osi_paging_aarch64, { 12, 9, 3, 39, false }, 3, 0x743, 0x741 },
    { &osi_paging_aarch64, { 12, 9, 5, 52, true }, 3, 0x743, 0x741 },
    { &osi_paging_aarch64, { 14, 11, 4, 48, false }, 3, 0x743, 0x741 },
    { &osi_paging_aarch64, { 16, 13, 3, 52, false }, 3, 0x743, 0x741 },
};

static uint8_t memory[N_PAGES * PAGE];
static uint64_t n_reads;

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    uint64_t at = addr - LINEAR_MAP;

    n_reads++;
    g_assert_cmpuint(len, >, 0);
    g_assert_cmpuint(addr % PAGE + len, <=, PAGE);
    if (at >= sizeof(memory) || len > sizeof(memory) - at) {
        return false;
    }
    memcpy(buf, memory + at, len);
    return true;
}

static void put_entry(const OsiPagingMode *mode, const uint8_t *e)
{
    uint64_t table = (e[0] % N_PAGES * PAGE) >> mode->page_shift
                         << mode->page_shift;
    uint64_t index = (e[1] | e[2] << 8) & ((1u << mode->index_bits) - 1);
    uint64_t bits = e[4] | e[5] << 8;
    uint64_t value = (uint64_t)e[3] * PAGE | (bits & 0xfff) |
                     (bits >> 12) << 52 | (uint64_t)e[6] << 32;

    value = GUINT64_TO_LE(value);
    memcpy(memory + (table + 8 * index) % sizeof(memory), &value, 8);
}

static void ask(const OsiMmu *mmu, uint64_t pgd, uint64_t addr, size_t len,
                bool kernel)
{
    const uint64_t max_reads = (len / PAGE + 2) * (mmu->mode.n_levels + 2);
    static uint8_t bytes[65536];
    uint64_t physical, left;
    bool done;

    n_reads = 0;
    done = kernel ? osi_mmu_read_kernel(mmu, pgd, addr, bytes, len)
                  : osi_mmu_read(mmu, pgd, addr, bytes, len);
    g_assert_cmpuint(n_reads, <=, max_reads);
    for (size_t at = 0; done && !kernel && at < len; at++) {
        if (at % 512 == 0) {
            g_assert_true(osi_mmu_translate(mmu, pgd, addr + at, &physical,
                                            &left));
            g_assert_cmpuint(left, >, 0);
            g_assert_cmpuint((physical + left) % PAGE, ==, 0);
            g_assert_cmpuint(bytes[at], ==, memory[physical]);
        }
    }
    if (kernel) {
        g_assert_true(!done || (mmu->paging->has_kernel && addr >> 63));
    } else if (len && done) {
        g_assert_cmpuint(addr >> mmu->mode.va_bits, ==, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OsiMmu mmu = { .kernel = { memory_read, NULL, false },
                   .linear_map = LINEAR_MAP };
    uint64_t addr, pgd;
    size_t len;

    if (size < HEADER) {
        return 0;
    }
    mmu.paging = ways[data[0] % G_N_ELEMENTS(ways)].paging;
    mmu.mode = ways[data[0] % G_N_ELEMENTS(ways)].mode;
    pgd = LINEAR_MAP + ((uint64_t)(data[1] >> 1 & 7) << mmu.mode.page_shift);
    addr = osi_number(data + 2, 8, false);
    len = data[10] | data[11] << 8;
    memset(memory, 0, sizeof(memory));
    for (size_t i = HEADER; i + ENTRY <= size; i += ENTRY) {
        put_entry(&mmu.mode, data + i);
    }
    ask(&mmu, pgd, addr, len, data[1] & 1);
    ask(&mmu, pgd, addr & ((1ull << mmu.mode.va_bits) - 1), len, false);
    return 0;
}

#ifdef WRITE_SEEDS
/* Tables one behind the other, and pages behind them; or a block at @level. */
static size_t make_seed(uint8_t *seed, unsigned int way, unsigned int level,
                        bool kernel)
{
    const OsiPagingMode *mode = &ways[way].mode;
    const unsigned int step = 1u << (mode->page_shift - 12);
    size_t size = HEADER;

    memset(seed, 0, HEADER);
    seed[0] = way;
    seed[1] = kernel;
    memset(seed + 8, kernel ? 0xff : 0, 2);
    seed[11] = 0x14; /* bytes: more than a page */
    for (unsigned int l = mode->n_levels; l-- > level;) {
        unsigned int table = (mode->n_levels - 1 - l) * step;
        unsigned int n = l == level ? 4 : 1;

        for (unsigned int i = 0; i < n; i++) {
            uint16_t low = l > level ? ways[way].table
                         : l ? ways[way].block : ways[way].page;
            uint8_t to = l > level ? table + step : l ? 0 : table + i * step;
            uint8_t entry[ENTRY] = { table, i, 0, to, low & 0xff, low >> 8 };

            memcpy(seed + size, entry, ENTRY);
            size += ENTRY;
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    uint8_t seed[HEADER + 16 * ENTRY];

    if (argc != 2) {
        g_printerr("usage: fuzz_memory_seeds FOLDER\n");
        return 2;
    }
    for (unsigned int i = 0; i < G_N_ELEMENTS(ways) * 3; i++) {
        g_autofree char *path = g_strdup_printf("%s/memory-%u", argv[1], i);
        size_t size = make_seed(seed, i / 3, i % 3 == 1, i % 3 == 2);

        LLVMFuzzerTestOneInput(seed, size);
        if (!g_file_set_contents(path, (const char *)seed, size, NULL)) {
            g_printerr("%s: cannot be written\n", path);
            return 1;
        }
    }
    return 0;
}
#endif
