/*
 * aarch64.c: the arm64 kernel.
 *
 * Every return from an exception (kernel_exit in arch/arm64/kernel/entry.S)
 * does `msr elr_el1, x21; msr spsr_el1, x22` while the kernel is still
 * mapped; where it is unmapped for user mode (CONFIG_UNMAP_KERNEL_AT_EL0),
 * the `eret` itself is too late.  SPSR.M[3:0] is 0 for user mode.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "arch.h"

static bool is_leaving(uint64_t vaddr, const uint8_t *bytes, size_t size)
{
    static const uint8_t msr_elr_x21[] = { 0x35, 0x40, 0x18, 0xd5 };
    static const uint8_t msr_spsr_x22[] = { 0x16, 0x40, 0x18, 0xd5 };
    uint8_t next[4];

    return size == 4 && memcmp(bytes, msr_elr_x21, size) == 0 &&
           qemu_plugin_read_memory(vaddr + size, next, sizeof(next)) &&
           memcmp(next, msr_spsr_x22, sizeof(next)) == 0;
}

const OsiArch osi_arch_aarch64 = {
    .target = "aarch64",
    .pc = "pc",
    .sp = "sp",
    .arguments = { "x0", "x1" }, /* AAPCS64, 6.8.2 */
    .root = "TTBR0_EL1",
    /*
     * BADDR, of 48 bits (Arm ARM, D19.2).  The kernel's root table may be
     * less than a page; it is aligned to 64 bytes at least.
     */
    .root_mask = 0x0000ffffffffffc0,
    .paging = &osi_paging_aarch64,
    .is_leaving = is_leaving,
    .mode = "x22",
    .mode_mask = 0xf,
};
