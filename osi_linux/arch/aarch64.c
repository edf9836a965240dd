/*
 * aarch64.c: the arm64 kernel.
 *
 * Every way back to user mode (kernel_exit in arch/arm64/kernel/entry.S)
 * sets ELR_EL1 while the kernel is still mapped; where it is unmapped for
 * user mode (CONFIG_UNMAP_KERNEL_AT_EL0), the `eret` itself is too late.
 * Returns into the kernel do so too, which does no harm.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "arch.h"

#define INSN_MSR_ELR_EL1 0xd5184020u /* the register in the low 5 bits */

static bool is_leaving(uint64_t vaddr, const uint8_t *bytes, size_t size)
{
    uint32_t word;

    if (size != sizeof(word)) {
        return false;
    }
    memcpy(&word, bytes, sizeof(word));
    return (GUINT32_FROM_LE(word) & ~0x1fu) == INSN_MSR_ELR_EL1;
}

const OsiArch osi_arch_aarch64 = {
    .target = "aarch64",
    .pc = "pc",
    .root = "TTBR0_EL1",
    .root_mask = 0x0000fffffffff000, /* BADDR, 48 bits (Arm ARM, D19.2) */
    .is_leaving = is_leaving,
};
