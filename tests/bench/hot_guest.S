/*
 * hot_guest.S: a machine's firmware that is one loop: COUNT times ten
 * instructions, then the end of QEMU (isa-debug-exit at port 0xf4).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
        .code16
        .text
        movl    $COUNT, %ecx
loop:
        .rept 8
        addl    %ecx, %eax
        .endr
        decl    %ecx
        jnz     loop
        xorw    %ax, %ax
        outb    %al, $0xf4
        hlt

        .org 0xfff0             /* where the processor begins */
        ljmp    $0xf000, $0
        .org 0x10000
