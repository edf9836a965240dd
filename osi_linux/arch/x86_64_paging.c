/*
 * x86_64_paging.c: page tables of x86-64 (Intel SDM 3, 4.5): 4 or 5 levels
 * of 512 entries; 2 MiB and 1 GiB pages.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "arch.h"
#include "paging.h"

#define CR4_LA57 (1u << 12)

#define ENTRY_PRESENT (1u << 0)
#define ENTRY_PAGE_SIZE (1u << 7)
#define ENTRY_ADDRESS 0x000ffffffffff000u

static bool mode(OsiPagingMode *out)
{
    struct qemu_plugin_register *cr4 = qemu_plugin_find_register("cr4");
    uint64_t value;
    bool la57;

    if (!cr4 || !qemu_plugin_read_register_u64(cr4, &value)) {
        return false;
    }
    la57 = value & CR4_LA57;
    *out = (OsiPagingMode){ .page_shift = 12, .index_bits = 9,
                            .n_levels = la57 ? 5 : 4,
                            .va_bits = la57 ? 56 : 47 };
    return true;
}

static OsiEntryKind entry(const OsiPagingMode *m, unsigned int level,
                          uint64_t value, uint64_t *physical)
{
    uint64_t below = (1ull << osi_paging_shift(m, level)) - 1;

    if (!(value & ENTRY_PRESENT)) {
        return OSI_ENTRY_ABSENT;
    }
    *physical = value & ENTRY_ADDRESS;
    if (level == 0) {
        return OSI_ENTRY_PAGE;
    }
    if (!(value & ENTRY_PAGE_SIZE)) {
        return OSI_ENTRY_TABLE;
    }
    /* Above 1 GiB the bit is reserved; below the address are other bits. */
    *physical &= ~below;
    return level <= 2 ? OSI_ENTRY_PAGE : OSI_ENTRY_ABSENT;
}

const OsiPaging osi_paging_x86_64 = { mode, entry, true };
