/*
 * known_aarch64.S: known(), the places that the plugin watches in user mode.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
    .macro label name
    .globl \name
\name:
    .endm

    .text
    label known
    mov x1, #1000
    b known_loop
    .type known_loop, %function
    label known_loop
    subs x1, x1, #1
    b.ne known_loop
    .size known_loop, . - known_loop

    adr x2, known_value
    adrp x3, stored
    add x3, x3, :lo12:stored
    mov w4, #0xbeef
    label do_load
    ldr x0, [x2]
    label do_store
    strh w4, [x3]
    label do_signed
    ldrsb w0, [x2]

    movz x0, #0x3344
    movk x0, #0x1122, lsl #16
    b at_regs
    label at_regs
    nop
    b at_write
    label at_write
    nop
    b pc_from
    label pc_from
    nop
    b 1f
    label pc_to
    nop
1:
    b at_time
    label at_time
    nop
    b at_end
    label at_end
    ret

    .align 3
    label known_value
    .word 0x55667788, 0x11223344

    .data
    .align 3
    label stored
    .word 0
    label written
    .word 0

    .section .note.GNU-stack, "", %progbits
