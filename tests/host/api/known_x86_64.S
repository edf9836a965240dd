/*
 * known_x86_64.S: known(), the places that the plugin watches in user mode.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
    .macro label name
    .globl \name
\name:
    .endm

    .text
    label known
    movl $1000, %ecx
    jmp known_loop
    .type known_loop, %function
    label known_loop
    decl %ecx
    jnz known_loop
    .size known_loop, . - known_loop

    label do_load
    movq known_value(%rip), %rax
    label do_store
    movw $0xbeef, stored(%rip)
    label do_signed
    movsbl known_value(%rip), %eax

    movl $0x11223344, %eax
    jmp at_regs
    label at_regs
    nop
    jmp at_write
    label at_write
    nop
    jmp pc_from
    label pc_from
    nop
    jmp 1f
    label pc_to
    nop
1:
    jmp at_time
    label at_time
    nop
    jmp at_end
    label at_end
    ret

    .data
    .align 8
    label known_value
    .long 0x55667788, 0x11223344
    label stored
    .long 0
    label written
    .long 0

    .section .note.GNU-stack, "", %progbits
