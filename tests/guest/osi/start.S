/*
 * start.S: the program's entry point: a marker before anything else, so
 * that the first call of a new program is one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "guest.h"

    .text
    .globl osi_start
osi_start:
#ifdef __x86_64__
    mov %rdx, %rbx
    mov $OSI_MARKER, %eax
    mov $OSI_MAGIC, %edi
    mov $OSI_FIRST_CALL, %rsi
    xor %edx, %edx
    mov $OSI_SLOTS, %r10
    syscall
    mov %rbx, %rdx
    jmp _start
#else
    mov x19, x0
    mov x8, OSI_MARKER
    ldr x0, =OSI_MAGIC
    mov x1, OSI_FIRST_CALL
    mov x2, 0
    mov x3, OSI_SLOTS
    svc 0
    mov x0, x19
    b _start
#endif
    .section .note.GNU-stack, "", %progbits
