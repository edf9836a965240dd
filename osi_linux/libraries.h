/*
 * libraries.h: ELF objects among a process's mappings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_LIBRARIES_H
#define OSI_LIBRARIES_H

#include "osi_maps.h"

/* Reads user memory of the process; false: not present. */
typedef bool (*OsiUserReadFn)(void *opaque, uint64_t addr, void *buf,
                              size_t len);

/*
 * The ELF objects in @mappings (OsiModules in the order of addresses): see
 * get_libraries().
 */
GArray *osi_libraries_from(const GArray *mappings, OsiUserReadFn read,
                           void *opaque);

#endif /* OSI_LIBRARIES_H */
