/*
 * osi_maps.h: the memory of a guest's processes: reading it, and what is
 * mapped in it.  Part of osi_linux's face; system mode only.
 *
 * Unless said otherwise a function is called on the thread of a vCPU, from
 * any callback that may read registers; @vcpu_index is that vCPU.  It reads
 * the guest's kernel, and so needs a moment at which the kernel's memory can
 * be read: with page-table isolation that is the kernel's context, such as a
 * thread switch.  Unknown is said as NULL or false, never guessed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_OSI_MAPS_H
#define QPP_OSI_MAPS_H

#include "osi.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Copies @len bytes at the user address @addr of the process that @handle
 * names, whichever process runs.  False, with @buf of no use: the process is
 * gone, or one of the pages is not in memory (never touched, swapped out,
 * without any permission).
 */
QPP_FUN_PROTOTYPE(osi_linux, bool, read_process_memory,
                  unsigned int vcpu_index, const OsiProcHandle *handle,
                  uint64_t addr, void *buf, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* QPP_OSI_MAPS_H */
