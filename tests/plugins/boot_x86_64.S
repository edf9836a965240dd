/*
 * A boot sector: each vCPU runs `work`, in the mode of 1978, and then the
 * machine is switched off through isa-debug-exit.  The firmware runs before,
 * so only what is executed at work's addresses is known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define APIC_ICR 0xfee00300
#define OTHERS_AT 0x8000 /* where the other vCPUs begin: a page's start */

    .code16
    .text
    .globl _start, work, loop, loop_end
_start:
    ljmp $0, $begin

/*
 * 3 + 12 * ROUNDS instructions in 2 + ROUNDS blocks.  si: 64 bytes of the
 * vCPU's own.  A round reads 1, 4, 4, 4, 4 bytes and writes 1, 1, 2, 4, 4;
 * the ret reads 2.
 */
    .type work, @function
work:
    mov $ROUNDS, %ecx
    jmp loop
loop:
    movb (%si), %al
    movb %al, 1(%si)
    movb %al, 2(%si)
    movw %ax, 4(%si)
    movl 8(%si), %eax
    movl 12(%si), %edx
    movl 16(%si), %edx
    movl %edx, 24(%si)
    nop
    lock xaddl %edx, 32(%si)    /* reads and writes */
    dec %ecx
loop_end:
    jnz loop
    ret
    .size work, . - work

begin:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7c00, %sp
    /* A ljmp to `other` where the others begin. */
    mov _start, %eax
    mov %eax, OTHERS_AT
    movw $0, OTHERS_AT + 3
    movw $other, OTHERS_AT + 1
    /* Data segments of 4 GiB, to reach the interrupt controller. */
    lgdtl gdt_pointer
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    mov $8, %bx
    mov %bx, %ds
    and $0xfe, %al
    mov %eax, %cr0
    xor %bx, %bx
    mov %bx, %ds
    mov $APIC_ICR, %edi
    movl $0x000c4500, (%edi)    /* INIT to all others */
    movl $0x000c4600 | OTHERS_AT >> 12, (%edi) /* start them */
    mov $areas, %si
    movl $0x11, (%si)
    movl $0x22222222, 8(%si)
    movl $0x33333333, 12(%si)
    movl $0x44444444, 16(%si)
    movl $1, 32(%si)
    call work
device:
    mov $ROUNDS, %ecx
1:  movl (%edi), %eax           /* a read of the interrupt controller */
    dec %ecx
    jnz 1b
device_end:
    nop
2:  cmpb $VCPUS - 1, done
    jne 2b
    mov $0x21, %al
    outb %al, $0xf4             /* the machine exits with 2 * 0x21 + 1 */
    hlt

other:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %ss
    mov $1, %ax
    lock xaddw %ax, taken
    shl $8, %ax                 /* 256 bytes each: an area and a stack */
    add $areas, %ax
    mov %ax, %si
    lea 256(%si), %sp
    call work
    lock incb done
3:  hlt
    jmp 3b

    .balign 4
gdt:
    .quad 0, 0x00cf92000000ffff
gdt_pointer:
    .word 15
    .long gdt
done:
    .byte 0
taken:
    .word 1
    .org 510
    .word 0xaa55
    .set areas, 0x9000
    .globl device, device_end
