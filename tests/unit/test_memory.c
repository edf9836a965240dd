/*
 * test_memory.c: following page tables (osi_linux/memory.c, arch/) of each
 * architecture, number of levels and page size, in a made-up memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "arch/arch.h"
#include "memory.h"
#include "plugin_stub.h"
#include "world_synth.h"

/* A way of paging, and how its entries are written. */
typedef struct Paging {
    const OsiPaging *paging;
    const char *reg;
    uint64_t value;     /* of the register that says the mode */
    unsigned int page_shift, n_levels, va_bits;
    uint64_t table, page, block; /* what is or-ed to an address */
    unsigned int block_levels;   /* bits: levels that can have blocks */
} Paging;

#define CR4_PAE 0x20
#define TCR(t0sz, tg0) ((t0sz) | (tg0) << 14)

static const Paging pagings[] = {
    { &osi_paging_x86_64, "cr4", CR4_PAE, 12, 4, 47, 0x67, 0x25, 0xa5, 6 },
    { &osi_paging_x86_64, "cr4", CR4_PAE | 1 << 12, 12, 5, 56, 0x67,
      1ull << 63 | 0x25, 1ull << 63 | 0xa5, 6 },
    { &osi_paging_aarch64, "TCR_EL1", TCR(16, 0), 12, 4, 48, 3,
      0x60000000000743, 0x60000000000741, 6 },
    { &osi_paging_aarch64, "TCR_EL1", TCR(25, 0), 12, 3, 39, 3, 0x743, 0x741,
      6 },
    { &osi_paging_aarch64, "TCR_EL1", TCR(16, 2), 14, 4, 48, 3, 0x743, 0x741,
      2 },
    { &osi_paging_aarch64, "TCR_EL1", TCR(17, 2), 14, 3, 47, 3, 0x743, 0x741,
      2 },
    { &osi_paging_aarch64, "TCR_EL1", TCR(22, 1), 16, 2, 42, 3, 0x743, 0x741,
      2 },
    { &osi_paging_aarch64, "TCR_EL1", TCR(12, 1), 16, 3, 52, 3, 0x743, 0x741,
      2 },
};

typedef struct Space {
    const Paging *p;
    World *w;
    OsiMmu mmu;
    uint64_t pgd;
} Space;

static Space space_new(const Paging *p)
{
    Space s = { .p = p, .w = world_new(false, false, NULL) };

    s.mmu = (OsiMmu){ .kernel = s.w->reader, .linear_map = WORLD_BASE,
                      .paging = p->paging };
    stub_set_reg(p->reg, p->value);
    g_assert_true(p->paging->mode(&s.mmu.mode));
    g_assert_cmpuint(s.mmu.mode.page_shift, ==, p->page_shift);
    g_assert_cmpuint(s.mmu.mode.n_levels, ==, p->n_levels);
    g_assert_cmpuint(s.mmu.mode.va_bits, ==, p->va_bits);
    s.pgd = world_alloc(s.w, 1ull << p->page_shift, 1ull << p->page_shift);
    return s;
}

static uint64_t *entry_of(Space *s, uint64_t table, uint64_t addr,
                          unsigned int level)
{
    unsigned int shift = osi_paging_shift(&s->mmu.mode, level);
    uint64_t index = addr >> shift & ((1u << (s->p->page_shift - 3)) - 1);

    return (uint64_t *)(s->w->bytes + (table - WORLD_BASE) + 8 * index);
}

/* Makes @addr lead to @physical by an entry at @level. */
static void map_at(Space *s, uint64_t addr, uint64_t physical,
                   unsigned int level)
{
    uint64_t page = 1ull << s->p->page_shift, table = s->pgd;

    for (unsigned int l = s->p->n_levels - 1; l > level; l--) {
        uint64_t *entry = entry_of(s, table, addr, l);

        if (!*entry) {
            *entry = (world_alloc(s->w, page, page) - WORLD_BASE) |
                     s->p->table;
        }
        table = WORLD_BASE + (*entry & 0xfffffffff000);
    }
    *entry_of(s, table, addr, level) =
        physical | (level ? s->p->block : s->p->page);
}

static void assert_at(Space *s, uint64_t addr, uint64_t physical,
                      uint64_t left)
{
    uint64_t got, got_left;

    g_assert_true(osi_mmu_translate(&s->mmu, s->pgd, addr, &got, &got_left));
    g_assert_cmphex(got, ==, physical);
    g_assert_cmphex(got_left, ==, left);
}

static void assert_absent(Space *s, uint64_t addr)
{
    uint64_t physical, left;
    uint8_t byte;

    g_assert_false(osi_mmu_translate(&s->mmu, s->pgd, addr, &physical,
                                     &left));
    g_assert_false(osi_mmu_read(&s->mmu, s->pgd, addr, &byte, 1));
}

static void for_all(void (*test)(Space *s))
{
    for (size_t i = 0; i < G_N_ELEMENTS(pagings); i++) {
        Space s = space_new(&pagings[i]);

        test(&s);
        world_free(s.w);
    }
}

static void pages_once(Space *s)
{
    uint64_t page = 1ull << s->p->page_shift;
    uint64_t top = (1ull << s->p->va_bits) - 2 * page;
    uint64_t a = world_alloc(s->w, page, page);
    uint64_t b = world_alloc(s->w, page, page);
    uint8_t bytes[64];

    map_at(s, 0x7654 * page, a - WORLD_BASE, 0);
    map_at(s, 0x7655 * page, b - WORLD_BASE, 0);
    map_at(s, top, b - WORLD_BASE, 0);
    assert_at(s, 0x7654 * page, a - WORLD_BASE, page);
    assert_at(s, 0x7654 * page + 7, a - WORLD_BASE + 7, page - 7);
    assert_at(s, top + page - 1, b - WORLD_BASE + page - 1, 1);
    assert_absent(s, 0x7653 * page);
    assert_absent(s, 0);
    assert_absent(s, top + page);
    assert_absent(s, 1ull << s->p->va_bits);
    assert_absent(s, UINT64_MAX);
    assert_absent(s, 0x7654 * page | 1ull << 63);
    /* across two pages that are not neighbours, and out of the second */
    memset(bytes, 'x', sizeof(bytes));
    world_copy(s->w, a + page - 3, "abc", 3);
    world_copy(s->w, b, "def", 3);
    g_assert_true(osi_mmu_read(&s->mmu, s->pgd, 0x7655 * page - 3, bytes, 6));
    g_assert_cmpmem(bytes, 6, "abcdef", 6);
    g_assert_true(osi_mmu_read(&s->mmu, s->pgd, 0x7655 * page, bytes, 0));
    g_assert_false(osi_mmu_read(&s->mmu, s->pgd, 0x7656 * page - 3, bytes,
                                6));
}

static void test_pages(void)
{
    for_all(pages_once);
}

static void blocks_once(Space *s)
{
    for (unsigned int level = 1; level < s->p->n_levels; level++) {
        unsigned int shift = osi_paging_shift(&s->mmu.mode, level);
        uint64_t size = 1ull << shift, addr = 3 * size;

        if (shift + 2 > s->p->va_bits) {
            continue;
        }
        map_at(s, addr, size, level);
        if (s->p->block_levels & 1u << level) {
            assert_at(s, addr, size, size);
            assert_at(s, addr + size - 1, 2 * size - 1, 1);
            assert_at(s, addr + size / 2 + 5, size + size / 2 + 5,
                      size / 2 - 5);
        } else if (s->p->paging == &osi_paging_x86_64) {
            assert_absent(s, addr);
        }
        assert_absent(s, addr + size);
    }
}

static void test_blocks(void)
{
    for_all(blocks_once);
}

/* Entries that are not there, at each level; tables that are nowhere. */
static void hostile_once(Space *s)
{
    uint64_t page = 1ull << s->p->page_shift, addr = 0x123 * page;
    uint64_t a = world_alloc(s->w, page, page), table = s->pgd;
    uint8_t byte;

    map_at(s, addr, a - WORLD_BASE, 0);
    for (unsigned int l = s->p->n_levels; l-- > 0;) {
        uint64_t *entry = entry_of(s, table, addr, l), good = *entry;

        *entry = 0;
        assert_absent(s, addr);
        *entry = good & ~1ull; /* swapped out, or without permissions */
        assert_absent(s, addr);
        *entry = good | 0xfff000000000; /* beyond all memory */
        g_assert_false(osi_mmu_read(&s->mmu, s->pgd, addr, &byte, 1));
        if (l > 0) {
            uint64_t physical, left;

            /* a table that leads to itself: as many steps as levels */
            *entry = (table - WORLD_BASE) | s->p->table;
            s->w->n_reads = 0;
            osi_mmu_translate(&s->mmu, s->pgd, addr, &physical, &left);
            g_assert_cmpuint(s->w->n_reads, <=, s->p->n_levels);
        }
        *entry = good;
        assert_at(s, addr, a - WORLD_BASE, page);
        table = WORLD_BASE + (good & 0xfffffffff000);
    }
    g_assert_false(osi_mmu_read(&s->mmu, 0, addr, &byte, 1));
    g_assert_false(osi_mmu_read(&s->mmu, 8, addr, &byte, 1));
    g_assert_false(osi_mmu_read(&s->mmu, UINT64_MAX, addr, &byte, 1));
    s->w->hole = s->pgd;
    assert_absent(s, addr);
}

static void test_hostile(void)
{
    for_all(hostile_once);
}

/* Physical addresses of 52 bits, where they are kept on aarch64. */
static void test_wide(void)
{
    OsiPagingMode mode;
    uint64_t physical;

    /* 64 KiB pages: bits 51 to 48 are in 15 to 12 */
    stub_set_reg("TCR_EL1", TCR(12, 1));
    g_assert_true(osi_paging_aarch64.mode(&mode));
    g_assert_cmpint(osi_paging_aarch64.entry(&mode, 0, 0x123456b743,
                                             &physical), ==, OSI_ENTRY_PAGE);
    g_assert_cmphex(physical, ==, 0xb001234560000);
    /* 4 KiB pages: bits 51 and 50 are in 9 and 8, with TCR_EL1.DS */
    stub_set_reg("TCR_EL1", TCR(12, 0) | 1ull << 59);
    g_assert_true(osi_paging_aarch64.mode(&mode));
    g_assert_cmpuint(mode.n_levels, ==, 5);
    g_assert_cmpint(osi_paging_aarch64.entry(&mode, 0, 0x3001234567b43,
                                             &physical), ==, OSI_ENTRY_PAGE);
    g_assert_cmphex(physical, ==, 0xf001234567000);
    stub_set_reg("TCR_EL1", TCR(16, 0));
    g_assert_true(osi_paging_aarch64.mode(&mode));
    g_assert_cmpint(osi_paging_aarch64.entry(&mode, 0, 0x1234567b43,
                                             &physical), ==, OSI_ENTRY_PAGE);
    g_assert_cmphex(physical, ==, 0x1234567000);
}

/* Registers that cannot be read, or say what cannot be. */
static void test_modes(void)
{
    static const uint64_t bad[] = { TCR(16, 3), TCR(0, 0), TCR(11, 0),
                                    TCR(56, 0), TCR(63, 1) };
    OsiPagingMode mode;

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        stub_set_reg("TCR_EL1", bad[i]);
        g_assert_false(osi_paging_aarch64.mode(&mode));
    }
    stub_set_reg("TCR_EL1", TCR(16, 0));
    stub_break_regs();
    g_assert_false(osi_paging_aarch64.mode(&mode));
    g_assert_false(osi_paging_x86_64.mode(&mode));
    stub_mend_regs();
    g_assert_true(osi_paging_aarch64.mode(&mode));
}

/* The kernel's half, where a process's tables have it. */
static void kernel_once(Space *s)
{
    uint64_t page = 1ull << s->p->page_shift;
    uint64_t a = world_alloc(s->w, page, page);
    uint64_t addr = 0ull - 0x123 * page;
    char bytes[3];

    map_at(s, addr, a - WORLD_BASE, 0);
    world_copy(s->w, a + 7, "ker", 3);
    if (s->p->paging == &osi_paging_x86_64) {
        g_assert_true(osi_mmu_read_kernel(&s->mmu, s->pgd, addr + 7, bytes,
                                          3));
        g_assert_cmpmem(bytes, 3, "ker", 3);
        g_assert_false(osi_mmu_read_kernel(&s->mmu, s->pgd, addr + page,
                                           bytes, 3));
        g_assert_false(osi_mmu_read_kernel(&s->mmu, 0, addr, bytes, 3));
    } else {
        g_assert_false(osi_mmu_read_kernel(&s->mmu, s->pgd, addr + 7, bytes,
                                           3));
    }
    g_assert_false(osi_mmu_read(&s->mmu, s->pgd, addr + 7, bytes, 3));
    g_assert_false(osi_mmu_read_kernel(&s->mmu, s->pgd, 0x1000, bytes, 3));
}

static void test_kernel(void)
{
    for_all(kernel_once);
}

static World *physical_world;

static bool read_physical(uint64_t physical, void *buf, size_t len)
{
    memcpy(buf, physical_world->bytes + physical, len);
    return true;
}

/* A host that reads physical memory needs the linear map for nothing else. */
static void test_physical(void)
{
    Space s = space_new(&pagings[0]);
    uint64_t a = world_alloc(s.w, 4096, 4096);
    uint8_t bytes[3];

    map_at(&s, 0x5000, a - WORLD_BASE, 0);
    world_copy(s.w, a + 5, "xyz", 3);
    physical_world = s.w;
    s.mmu.read_physical = read_physical;
    s.w->n_reads = 0;
    g_assert_true(osi_mmu_read(&s.mmu, s.pgd, 0x5005, bytes, 3));
    g_assert_cmpmem(bytes, 3, "xyz", 3);
    g_assert_cmpuint(s.w->n_reads, ==, 0);
    world_free(s.w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/pages", test_pages);
    g_test_add_func("/memory/blocks", test_blocks);
    g_test_add_func("/memory/hostile", test_hostile);
    g_test_add_func("/memory/wide", test_wide);
    g_test_add_func("/memory/modes", test_modes);
    g_test_add_func("/memory/kernel", test_kernel);
    g_test_add_func("/memory/physical", test_physical);
    return g_test_run();
}
