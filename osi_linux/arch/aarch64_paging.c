/*
 * aarch64_paging.c: page tables of Armv8-A (Arm ARM, D8.3): granules of 4,
 * 16 and 64 KiB; the number of levels follows from the size of addresses
 * (TCR_EL1.T0SZ); with FEAT_LPA and FEAT_LPA2 physical addresses of 52 bits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "arch.h"
#include "paging.h"

#define TCR_T0SZ(tcr) ((tcr) & 0x3f)
#define TCR_TG0(tcr) ((tcr) >> 14 & 3)
#define TCR_DS(tcr) ((tcr) >> 59 & 1)

#define ENTRY_VALID (1u << 0)
#define ENTRY_TABLE_OR_PAGE (1u << 1)

/* Bits @high to @low of @value, at their places. */
static uint64_t bits(uint64_t value, unsigned int high, unsigned int low)
{
    return value & ((2ull << high) - 1) & ~((1ull << low) - 1);
}

static bool mode(OsiPagingMode *out)
{
    /* by TG0 */
    static const unsigned int shifts[] = { 12, 16, 14, 0 };
    struct qemu_plugin_register *reg = qemu_plugin_find_register("TCR_EL1");
    unsigned int shift, va_bits;
    uint64_t tcr;

    if (!reg || !qemu_plugin_read_register_u64(reg, &tcr)) {
        return false;
    }
    shift = shifts[TCR_TG0(tcr)];
    va_bits = 64 - TCR_T0SZ(tcr);
    if (!shift || va_bits <= shift || va_bits > 52) {
        return false;
    }
    *out = (OsiPagingMode){
        .page_shift = shift,
        .index_bits = shift - 3,
        .n_levels = (va_bits - shift + shift - 4) / (shift - 3),
        .va_bits = va_bits,
        .wide = shift != 16 && TCR_DS(tcr),
    };
    return out->n_levels <= OSI_MAX_LEVELS;
}

/* What @value points to, a multiple of 1 << @low. */
static uint64_t address(const OsiPagingMode *m, uint64_t value,
                        unsigned int low)
{
    if (m->page_shift == 16) {
        /* FEAT_LPA: bits 51 to 48 are in bits 15 to 12, else these are 0. */
        return bits(value, 47, low) | bits(value, 15, 12) << 36;
    }
    if (m->wide) {
        return bits(value, 49, low) | bits(value, 9, 8) << 42;
    }
    return bits(value, 47, low);
}

static OsiEntryKind entry(const OsiPagingMode *m, unsigned int level,
                          uint64_t value, uint64_t *physical)
{
    if (!(value & ENTRY_VALID)) {
        return OSI_ENTRY_ABSENT;
    }
    if (level == 0) {
        *physical = address(m, value, m->page_shift);
        return value & ENTRY_TABLE_OR_PAGE ? OSI_ENTRY_PAGE
                                           : OSI_ENTRY_ABSENT;
    }
    if (value & ENTRY_TABLE_OR_PAGE) {
        *physical = address(m, value, m->page_shift);
        return OSI_ENTRY_TABLE;
    }
    *physical = address(m, value, osi_paging_shift(m, level));
    /* 512 GiB blocks exist only with addresses of 52 bits. */
    return level < 3 || m->wide ? OSI_ENTRY_PAGE : OSI_ENTRY_ABSENT;
}

const OsiPaging osi_paging_aarch64 = { mode, entry, false };
