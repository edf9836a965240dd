/*
 * memory.h: the user memory of a process that need not be the one that runs:
 * by its page tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_MEMORY_H
#define OSI_MEMORY_H

#include "arch/paging.h"
#include "fields.h"

/* What is needed to follow page tables. */
typedef struct OsiMmu {
    OsiReader kernel;   /* the kernel's memory, by virtual address */
    /* Physical memory; NULL: through the kernel's linear map of it. */
    bool (*read_physical)(uint64_t physical, void *buf, size_t len);
    uint64_t linear_map; /* where that map begins: virtual minus physical */
    const OsiPaging *paging;
    OsiPagingMode mode;
} OsiMmu;

/*
 * Where the user address @addr lies, by the tables at @pgd (a virtual
 * address, mm_struct.pgd); @left is how many bytes follow there, up to the
 * end of its page.  False: not present, or the tables cannot be read.
 */
bool osi_mmu_translate(const OsiMmu *mmu, uint64_t pgd, uint64_t addr,
                       uint64_t *physical, uint64_t *left);

/* False if any of the bytes is not present; @buf is then of no use. */
bool osi_mmu_read(const OsiMmu *mmu, uint64_t pgd, uint64_t addr, void *buf,
                  size_t len);

/* The same for the kernel's memory, where tables at @pgd map that, too. */
bool osi_mmu_read_kernel(const OsiMmu *mmu, uint64_t pgd, uint64_t addr,
                         void *buf, size_t len);

#endif /* OSI_MEMORY_H */
