/*
 * asid.h: the physical address of a process's page tables.
 *
 * The kernel keeps their virtual address (mm_struct.pgd), in its linear map
 * of memory.  Where that map begins is random; it is learned once from a
 * user program whose page tables are in the vCPU's register.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_ASID_H
#define OSI_ASID_H

#include "arch/arch.h"

/* Starts learning.  False after a line on stderr. */
bool osi_asid_start(const OsiArch *arch);

/* Where the linear map begins: virtual minus physical.  False: not known. */
bool osi_asid_linear_map(uint64_t *start);

/* The physical address of @pgd; 0: none (a kernel thread), not known yet. */
uint64_t osi_asid_of(uint64_t pgd);

/* The guest has rebooted: it is to be learned again. */
void osi_asid_forget(void);

#endif /* OSI_ASID_H */
