/*
 * `work` for aarch64, included by user_aarch64.S and boot_aarch64.S:
 * 3 + 12 * ROUNDS instructions in 2 + ROUNDS blocks.  x1: 64 bytes of the
 * thread's own.  A round reads 1, 4, 4, 8, 8 bytes and writes 1, 1, 2, 8, 8.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
    .globl work, loop, loop_end
    .type work, @function
work:
    mov w9, #ROUNDS
    b loop
loop:
    ldrb w0, [x1]
    strb w0, [x1, #1]
    strb w0, [x1, #2]
    strh w0, [x1, #4]
    ldr w3, [x1, #8]
    ldr w4, [x1, #12]
    ldr x5, [x1, #16]
    str x5, [x1, #24]
    add x7, x1, #32
    ldaddal x5, x6, [x7]        /* reads and writes */
    subs w9, w9, #1
loop_end:
    b.ne loop
    ret
    .size work, . - work
