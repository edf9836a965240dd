/*
 * disas.h: disassembly of one instruction, where QEMU cannot.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_CORE_DISAS_H
#define QPP_CORE_DISAS_H

#include "core.h"

/*
 * The instruction of @n bytes at @vaddr as text; the caller g_frees it.  NULL
 * if Capstone is not installed, does not know the target or the instruction,
 * or if the target has several modes and nothing says which one it is in.
 */
char *qpp_disas(const qemu_info_t *info, const uint8_t *bytes, size_t n,
                uint64_t vaddr);

#endif /* QPP_CORE_DISAS_H */
