/*
 * arch.h: what osi_linux needs to know of a guest's architecture.
 *
 * An architecture is a const OsiArch in a file of its own.  How the current
 * task is found is not here: `syscalls` sees every thread switch, and names
 * threads by their task_struct.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_ARCH_H
#define OSI_ARCH_H

#include "paging.h"
#include "plugin-qpp.h"

typedef struct OsiArch {
    const char *target;  /* QEMU's name */
    const char *pc;      /* gdb's name of the program counter */
    const char *sp;      /* of the stack pointer */
    const char *arguments[2]; /* registers of a function's first arguments */
    const char *root;    /* of the register with the page tables' root */
    uint64_t root_mask;  /* the bits of it that are an address */
    const OsiPaging *paging; /* what the tables look like */

    /*
     * Whether @size bytes at kernel address @vaddr are an instruction that
     * the kernel runs on its way back to user mode, after all its work for
     * the thread, and with its own memory still mapped.  On every such way
     * there must be one.  Runs for every instruction translated.
     */
    bool (*is_leaving)(uint64_t vaddr, const uint8_t *bytes, size_t size);

    /*
     * If the kernel runs it on ways back into itself too: the register that
     * tells there, and which of its bits are clear for user mode.  Else NULL.
     */
    const char *mode;
    uint64_t mode_mask;
} OsiArch;

/* NULL: not supported. */
const OsiArch *osi_arch_find(const char *target);

extern const OsiArch osi_arch_x86_64;
extern const OsiArch osi_arch_aarch64;

#endif /* OSI_ARCH_H */
