/*
 * aarch64.c: the arm64 kernel.
 *
 * Every way back to user mode ends in `eret`, where the kernel's half of
 * the address space (TTBR1_EL1) is still in use, unless the kernel is
 * unmapped for user mode (CONFIG_UNMAP_KERNEL_AT_EL0 on a CPU that needs
 * it); then nothing can be read there, and what was last known stands.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "arch.h"

static bool is_leaving(uint64_t vaddr, const uint8_t *bytes, size_t size)
{
    static const uint8_t eret[] = { 0xe0, 0x03, 0x9f, 0xd6 };

    return size == 4 && memcmp(bytes, eret, sizeof(eret)) == 0;
}

const OsiArch osi_arch_aarch64 = {
    .target = "aarch64",
    .pc = "pc",
    .root = "TTBR0_EL1",
    .root_mask = 0x0000fffffffff000, /* BADDR, 48 bits (Arm ARM, D19.2) */
    .is_leaving = is_leaving,
};
