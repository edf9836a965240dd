/*
 * The same as user_x86_64.S, line by line where its comments count.
 * Differences: calls and returns do not access memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define STACK 4096
#define THREAD_FLAGS_HIGH 0x35
#define THREAD_FLAGS_LOW 0x0f00

    .arch armv8.1-a
    .text
    .balign 4096
    .globl start_one, start_threads, start_fork, dup, close, exit

#include "work_aarch64.S"

start_one:
    adr x1, area
    bl work
dup:
    mov x8, #23                 /* dup(0): the number is the exit status */
    mov x0, #0
    svc #0
close:
    mov w19, w0
    mov x8, #57                 /* close(1), as programs do at their end */
    mov x0, #1
    svc #0
exit:
    mov x8, #94                 /* exit_group(what dup returned) */
    mov w0, w19
    svc #0

start_threads:
    mov w19, #THREADS
    adr x20, stacks
    adr x21, tids
1:  add x20, x20, #STACK
    mov x8, #220                /* clone */
    movz x0, #THREAD_FLAGS_LOW
    movk x0, #THREAD_FLAGS_HIGH, lsl #16
    mov x1, x20
    mov x2, x21
    mov x3, #0
    mov x4, x21
    svc #0
    nop
    cbz x0, thread
    str w0, [x21, #4]
    add x21, x21, #8
    subs w19, w19, #1
    b.ne 1b
    adr x1, area
    bl work
    mov w19, #THREADS
    adr x21, tids
    b 2f
2:  mov x8, #98                 /* futex(&tid, FUTEX_WAIT, tid, NULL) */
    mov x0, x21
    mov x1, #0
    ldr w2, [x21, #4]
    mov x3, #0
    svc #0
    add x21, x21, #8
    subs w19, w19, #1
    b.ne 2b
    mov x8, #94                 /* exit_group(0) */
    mov x0, #0
    svc #0

thread:
    mov x1, sp
    bl work
    mov x8, #93                 /* exit(0) */
    mov x0, #0
    svc #0

start_fork:
    adr x1, area
    bl work
    mov w19, #2
1:  mov x8, #220                /* clone(SIGCHLD) */
    mov x0, #17
    mov x1, #0
    svc #0
    nop
    cbz x0, child
    mov x8, #260                /* wait4(-1, NULL, 0, NULL) */
    mov x0, #-1
    mov x1, #0
    mov x2, #0
    mov x3, #0
    svc #0
    subs w19, w19, #1
    b.ne 1b
    adr x1, area
    bl work
    mov x8, #94                 /* exit_group(0) */
    mov x0, #0
    svc #0

child:
    adr x1, area
    bl work
    bl work
    mov x8, #94                 /* exit_group(0) */
    mov x0, #0
    svc #0

    .data
    .balign 64
area:
    .word 0x11, 0, 0x22222222, 0x33333333
    .quad 0x4444444444444444, 0, 1, 0, 0, 0

    .bss
tids:
    .skip 8 * THREADS
    .balign 64
stacks:
    .skip STACK * THREADS + 64
    .section .note.GNU-stack, "", @progbits
