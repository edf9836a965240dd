/*
 * guest_system_x86_64.S: what a PC runs under the table of API tests: a
 * multiboot program that does known things at known places.
 *
 * Each place is a global symbol, whose address the runner takes from the ELF
 * file and gives to the plugin.  Memory is mapped twice: as it is, and at
 * ALIAS, so that a virtual address is not the physical one.  What the
 * plugin was to change is looked at here, and the result leaves through
 * isa-debug-exit: a bit for each (RESULT_*, the same in run).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define ALIAS 0x40000000
#define HPET 0xfed00000
#define IOAPIC 0xfec00000
#define LAPIC 0xfee00000
#define AP_CODE 0x8000
#define AP_COUNT 0x7000
#define CPU_HOTPLUG 0xaf00

#define RESULT_VADDR 1
#define RESULT_HWADDR 2
#define RESULT_REGISTER 4
#define RESULT_PC 8
#define RESULT_TIME 16
#define RESULT_TICK 32

    .macro label name
    .globl \name
\name:
    .endm
    .macro interrupt vector, handler
    movl $\handler, %eax
    movw %ax, idt + 8 * \vector
    shrl $16, %eax
    movw %ax, idt + 8 * \vector + 6
    movw %cs, idt + 8 * \vector + 2
    movw $0x8e00, idt + 8 * \vector + 4
    .endm
    .macro outbyte port, value
    movb $\value, %al
    outb %al, $\port
    .endm

    .text
    .code32
    .align 4
    .long 0x1badb002, 0, -0x1badb002

    label _start
    movl $stack_top, %esp
    call set_up_paging
    call set_up_interrupts
    movl $1, HPET + 0x10 /* its counter runs, from 0 */
    call start_others

    movl $1000, %ecx
    jmp known_loop
    .type known_loop, %function
    label known_loop
    decl %ecx
    jnz known_loop
    .size known_loop, . - known_loop

    label do_load
    movl ALIAS + known_value, %eax
    label do_store
    movw $0xbeef, stored
    label do_signed
    movsbl known_value, %eax
    label do_mmio
    movl IOAPIC, %eax

    movl $0x11223344, %eax
    movl $0x01020304, %ebx
    jmp at_regs
    label at_regs
    nop
    cmpl $0x5a5a5a5a, %ebx
    jne 1f
    orl $RESULT_REGISTER, result
1:
    jmp at_write
    label at_write
    nop
    cmpl $0x600df00d, written
    jne 1f
    orl $RESULT_VADDR, result
1:
    cmpl $0x600df00d, written_phys
    jne 1f
    orl $RESULT_HWADDR, result
1:
    jmp pc_from
    label pc_from
    nop
    jmp 1f
    label pc_to
    orl $RESULT_PC, result
1:
    jmp do_fault
    label do_fault
    ud2
    label after_fault
    sti
    hlt
    label after_hlt
    cli
    cmpl $0, ticks
    je 1f
    orl $RESULT_TICK, result
1:
    jmp at_time
    label at_time
    movl $300000, %ecx
2:
    cmpl $600000000, HPET + 0xf0 /* 6 s, in 10 ns */
    ja 3f
    decl %ecx
    jnz 2b
    jmp 4f
3:
    orl $RESULT_TIME, result
4:
    call eject_other
    jmp at_end
    label at_end
    movb result, %al
    outb %al, $0xf4
5:
    hlt
    jmp 5b

    label on_fault
    addl $2, (%esp)
    iret
    label on_tick
    incl ticks
    outbyte 0x20, 0x20
    iret

/* 4 MB pages: all as it is, and ALIAS for the first of them. */
set_up_paging:
    movl $page_dir, %edi
    movl $0x83, %eax
    movl $1024, %ecx
1:
    movl %eax, (%edi)
    addl $4, %edi
    addl $0x400000, %eax
    loop 1b
    movl $0x83, page_dir + 4 * (ALIAS >> 22)
    movl $0, page_dir + 4 * (0x80000000 >> 22) /* and a hole */
    movl $page_dir, %eax
    movl %eax, %cr3
    movl %cr4, %eax
    orl $0x10, %eax
    movl %eax, %cr4
    movl %cr0, %eax
    orl $0x80000000, %eax
    movl %eax, %cr0
    ret

/* Vector 6 is the undefined instruction, 0x20 the timer: every 10 ms. */
set_up_interrupts:
    interrupt 6, on_fault
    interrupt 0x20, on_tick
    lidt idt_pointer
    outbyte 0x20, 0x11
    outbyte 0x21, 0x20
    outbyte 0x21, 0x04
    outbyte 0x21, 0x01
    outbyte 0x21, 0xfe
    outbyte 0xa1, 0xff
    outbyte 0x43, 0x34
    outbyte 0x40, 0x9c
    outbyte 0x40, 0x2e
    ret

/* How many processors there are, by fw_cfg; to %ebx. */
count_processors:
    movw $0x510, %dx
    movw $5, %ax
    outw %ax, %dx
    incw %dx
    inb %dx, %al
    movzbl %al, %ebx
    ret

/* INIT and SIPI to all others, and waits until each has been in its code. */
start_others:
    call count_processors
    decl %ebx
    jz 2f
    movl $ap_code, %esi
    movl $AP_CODE, %edi
    movl $ap_code_end - ap_code, %ecx
    rep movsb
    movl $0, AP_COUNT
    movl $0xc4500, LAPIC + 0x300
    movl $0xc4600 | AP_CODE >> 12, LAPIC + 0x300
1:
    pause
    cmpl %ebx, AP_COUNT
    jb 1b
2:
    ret

    .code16
ap_code:
    cli
    lock incl AP_COUNT
1:
    hlt
    jmp 1b
ap_code_end:
    .code32

/* Takes processor 1 out, through the machine's hot-plug registers. */
eject_other:
    call count_processors
    decl %ebx
    jz 1f
    movw $CPU_HOTPLUG, %dx
    movb $0, %al
    outb %al, %dx /* the newer interface from now on */
    movl $1, %eax
    outl %eax, %dx
    addw $4, %dx
    movb $8, %al
    outb %al, %dx
1:
    ret

    .data
    .align 4096
page_dir:
    .skip 4096
idt:
    .skip 8 * 0x21
idt_pointer:
    .word 8 * 0x21 - 1
    .long idt
    .align 8
    label known_value
    .long 0x55667788, 0x11223344
    label stored
    .long 0
    label written
    .long 0
    label written_phys
    .long 0
ticks:
    .long 0
result:
    .long 0
    .skip 4096
stack_top:
