/*
 * memory.c: a process's user memory, by its page tables.  See memory.h.
 *
 * The tables hold physical addresses; the kernel maps all of the physical
 * memory at a fixed distance (asid.c learns it), and so tables and pages can
 * be read at any moment at which the kernel's own memory can.  What entries
 * look like is arch/'s.
 *
 * A page that is swapped out, not yet touched, or without any permission is
 * not present.  Entries are the guest's word: whatever they say, a walk
 * reads one entry a level.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "memory.h"

static bool read_physical(const OsiMmu *mmu, uint64_t physical, void *buf,
                          size_t len)
{
    if (mmu->read_physical) {
        return mmu->read_physical(physical, buf, len);
    }
    return osi_read_bytes(&mmu->kernel, mmu->linear_map + physical, buf, len);
}

static bool read_entry(const OsiMmu *mmu, uint64_t physical, uint64_t *entry)
{
    uint8_t bytes[8];

    if (!read_physical(mmu, physical, bytes, sizeof(bytes))) {
        return false;
    }
    *entry = osi_number(bytes, sizeof(bytes), mmu->kernel.big_endian);
    return true;
}

/* osi_mmu_translate(), of addresses in either half. */
static bool walk(const OsiMmu *mmu, uint64_t pgd, uint64_t addr,
                 uint64_t *physical, uint64_t *left)
{
    const OsiPagingMode *m = &mmu->mode;
    uint64_t table = pgd - mmu->linear_map;

    for (unsigned int level = m->n_levels; level-- > 0;) {
        unsigned int shift = osi_paging_shift(m, level);
        uint64_t index = addr >> shift & ((1u << m->index_bits) - 1);
        uint64_t inside = addr & ((1ull << shift) - 1);
        uint64_t entry;

        if (!read_entry(mmu, table + 8 * index, &entry)) {
            return false;
        }
        switch (mmu->paging->entry(m, level, entry, &table)) {
        case OSI_ENTRY_ABSENT:
            return false;
        case OSI_ENTRY_PAGE:
            *physical = table + inside;
            *left = (1ull << shift) - inside;
            return true;
        case OSI_ENTRY_TABLE:
            break;
        }
    }
    return false;
}

bool osi_mmu_translate(const OsiMmu *mmu, uint64_t pgd, uint64_t addr,
                       uint64_t *physical, uint64_t *left)
{
    return pgd && mmu->mode.va_bits < 64 && !(addr >> mmu->mode.va_bits) &&
           walk(mmu, pgd, addr, physical, left);
}

static bool read_any(const OsiMmu *mmu, uint64_t pgd, bool kernel,
                     uint64_t addr, void *buf, size_t len)
{
    uint8_t *p = buf;

    while (len > 0) {
        uint64_t physical, left;
        size_t part;

        if (kernel ? !walk(mmu, pgd, addr, &physical, &left)
                   : !osi_mmu_translate(mmu, pgd, addr, &physical, &left)) {
            return false;
        }
        part = MIN(len, left);
        if (!read_physical(mmu, physical, p, part)) {
            return false;
        }
        addr += part;
        p += part;
        len -= part;
    }
    return true;
}

bool osi_mmu_read(const OsiMmu *mmu, uint64_t pgd, uint64_t addr, void *buf,
                  size_t len)
{
    return read_any(mmu, pgd, false, addr, buf, len);
}

bool osi_mmu_read_kernel(const OsiMmu *mmu, uint64_t pgd, uint64_t addr,
                         void *buf, size_t len)
{
    return mmu->paging->has_kernel && pgd && addr >> 63 &&
           read_any(mmu, pgd, true, addr, buf, len);
}
