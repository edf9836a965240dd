/*
 * How the parsers of this folder read the guest: through a function that
 * their user supplies.  They thereby know no emulator, and tests and fuzz
 * targets give them a memory of their own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_READER_H
#define OSI_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies @len bytes at the guest's virtual address @addr to @buf.  False if
 * any of them cannot be read; @buf then holds nothing of use.  A caller asks
 * for bytes of one 4 KiB page at a time.
 */
typedef bool (*OsiReadFn)(void *opaque, uint64_t addr, void *buf, size_t len);

#endif /* OSI_READER_H */
