/*
 * A guest of its own for `qemu-system-aarch64 -M virt -kernel`: each vCPU
 * runs `work` of work_aarch64.S, the first one `device` too, and then the
 * machine is switched off.  With one vCPU that is 21 instructions, work and
 * device.  With more, the first one waits for the others in a loop outside
 * of `work`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
    .arch armv8.1-a
    .text
    .balign 4096
    .globl _start, device, device_end

#include "work_aarch64.S"

/* 3 + 5 * ROUNDS instructions; a round reads from the UART 1, writes 2. */
    .type device, @function
device:
    mov w9, #ROUNDS
    movz x10, #0x0900, lsl #16
1:  ldr w0, [x10, #0x18]
    str wzr, [x10, #0x38]       /* no interrupts */
    str wzr, [x10, #0x38]
    subs w9, w9, #1
    b.ne 1b
device_end:
    ret
    .size device, . - device

_start:
    adr x20, areas
    mov x19, #0
    /* Starts vCPUs 1, 2 ... until there is none of that number. */
1:  add x19, x19, #1
    movz x0, #0x0003            /* PSCI CPU_ON(vCPU, where, its x0) */
    movk x0, #0xc400, lsl #16
    mov x1, x19
    adr x2, other
    add x3, x20, x19, lsl #6
    hvc #0
    cbz x0, 1b
    mov x1, x20
    bl work
    bl device
    adr x1, done
2:  ldr w0, [x1]
    add w0, w0, #1
    cmp w0, w19
    b.ne 2b
    movz x0, #0x0008            /* PSCI SYSTEM_OFF */
    movk x0, #0x8400, lsl #16
    hvc #0

other:
    mov x1, x0
    bl work
    adr x1, done
    mov w0, #1
    staddl w0, [x1]
3:  wfi
    b 3b

    /* A page of its own: QEMU watches writes to those that it translated. */
    .balign 4096
areas:
    .word 0x11, 0, 0x22222222, 0x33333333
    .quad 0x4444444444444444, 0, 1, 0, 0, 0
    .skip 64 * 7
done:
    .word 0
