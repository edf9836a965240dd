/*
 * paging.h: how an architecture's page tables are read: a const OsiPaging
 * for each, and a mode that its registers say.  The walk is memory.c's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_PAGING_H
#define OSI_PAGING_H

#include <stdbool.h>
#include <stdint.h>

/* More levels than any architecture has. */
#define OSI_MAX_LEVELS 5

/* The tables of user memory, as the system registers describe them. */
typedef struct OsiPagingMode {
    unsigned int page_shift; /* log2 of the page size */
    unsigned int index_bits; /* log2 of the entries of a table */
    unsigned int n_levels;
    unsigned int va_bits;    /* of a user address that can be translated */
    bool wide;               /* aarch64: addresses of 52 bits (TCR_EL1.DS) */
} OsiPagingMode;

typedef enum OsiEntryKind {
    OSI_ENTRY_ABSENT,
    OSI_ENTRY_TABLE, /* the next table is at the physical address */
    OSI_ENTRY_PAGE,  /* a page, or a block of many, begins there */
} OsiEntryKind;

typedef struct OsiPaging {
    /* The mode that the current vCPU is in; false: a register is missing. */
    bool (*mode)(OsiPagingMode *out);
    /* What @entry at @level says; level 0 is that of single pages. */
    OsiEntryKind (*entry)(const OsiPagingMode *mode, unsigned int level,
                          uint64_t entry, uint64_t *physical);
    /* Whether a process's tables map the kernel, too. */
    bool has_kernel;
} OsiPaging;

extern const OsiPaging osi_paging_x86_64;
extern const OsiPaging osi_paging_aarch64;

/* The lowest bit of what @entry at @level translates. */
static inline unsigned int osi_paging_shift(const OsiPagingMode *mode,
                                            unsigned int level)
{
    return mode->page_shift + level * mode->index_bits;
}

#endif /* OSI_PAGING_H */
