/*
 * x86_64.c: the x86-64 kernel.
 *
 * Ways back to user mode (arch/x86/entry/entry_64.S):
 *   by the entry stack, always for sysretq since Linux 4.15, for iretq where
 *   page tables are isolated, and before 6.8 always: `mov %rsp,%rdi` and then
 *   a load of %rsp from a per-CPU variable, before the page tables are
 *   switched;
 *   directly, for iretq without isolation since commit c516213726fb
 *   ("x86/entry: Optimize common_interrupt_return()"): `add $8,%rsp` over the
 *   saved call number, then `swapgs`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "arch.h"

/* Whether the @size bytes before @vaddr are @bytes. */
static bool is_before(uint64_t vaddr, const uint8_t *bytes, size_t size)
{
    uint8_t before[8];

    return qemu_plugin_read_memory(vaddr - size, before, size) &&
           memcmp(before, bytes, size) == 0;
}

static bool is_leaving(uint64_t vaddr, const uint8_t *b, size_t size)
{
    static const uint8_t mov_rsp_rdi[] = { 0x48, 0x89, 0xe7 };
    static const uint8_t add_8_rsp[] = { 0x48, 0x83, 0xc4, 0x08 };

    /* mov %gs:...,%rsp: of 9 bytes absolute, of 8 relative to %rip */
    if (size >= 8 && b[0] == 0x65 && b[1] == 0x48 && b[2] == 0x8b &&
        ((b[3] == 0x24 && b[4] == 0x25) || b[3] == 0x25)) {
        return is_before(vaddr, mov_rsp_rdi, sizeof(mov_rsp_rdi));
    }
    /* swapgs */
    if (size == 3 && b[0] == 0x0f && b[1] == 0x01 && b[2] == 0xf8) {
        return is_before(vaddr, add_8_rsp, sizeof(add_8_rsp));
    }
    return false;
}

const OsiArch osi_arch_x86_64 = {
    .target = "x86_64",
    .pc = "rip",
    .sp = "rsp",
    .arguments = { "rdi", "rsi" }, /* System V psABI, 3.2.3 */
    .root = "cr3",
    .root_mask = 0x000ffffffffff000, /* bits 51 to 12 (Intel SDM 3, 4.5) */
    .paging = &osi_paging_x86_64,
    .is_leaving = is_leaving,
};
