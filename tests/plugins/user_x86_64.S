/*
 * A program whose own instructions, blocks and accesses to memory are known
 * by counting the lines below; the sums are in the test that runs it, and
 * are the same as for user_aarch64.S, hence the nops.
 *
 * Entry points, chosen by the linker: start_one runs `work`; start_threads
 * runs it in THREADS threads and itself; start_fork once, then twice in each
 * of two children, one after the other, and then once more in itself.
 *
 * A block begins where a jump, call, return or system call has led to, or
 * would have.  All code lies in one page: QEMU ends blocks at its end too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define STACK 4096
/* VM FS FILES SIGHAND THREAD SYSVSEM PARENT_SETTID CHILD_CLEARTID */
#define THREAD_FLAGS 0x350f00

    .text
    .balign 4096
    .globl start_one, start_threads, start_fork, dup, close, exit, work, loop, loop_end
    .type work, @function

/*
 * 3 + 12 * ROUNDS instructions in 2 + ROUNDS blocks.  rsi: 64 bytes of the
 * thread's own.  A round reads 1, 4, 4, 8, 8 bytes and writes 1, 1, 2, 8, 8;
 * the ret reads 8.
 */
work:
    mov $ROUNDS, %ecx
    jmp loop
loop:
    movb (%rsi), %al
    movb %al, 1(%rsi)
    movb %al, 2(%rsi)
    movw %ax, 4(%rsi)
    movl 8(%rsi), %eax
    movl 12(%rsi), %edx
    movq 16(%rsi), %rdx
    movq %rdx, 24(%rsi)
    nop
    lock xaddq %rdx, 32(%rsi)   /* reads and writes */
    dec %ecx
loop_end:
    jnz loop
    ret
    .size work, . - work

/* 12 + work in 4 blocks + work; the call writes 8. */
start_one:
    lea area(%rip), %rsi
    call work
dup:
    mov $32, %eax               /* dup(0): the number is the exit status */
    xor %edi, %edi
    syscall
close:
    mov %eax, %r12d
    mov $3, %eax                /* close(1), as programs do at their end */
    mov $1, %edi
    syscall
exit:
    mov $231, %eax              /* exit_group(what dup returned) */
    mov %r12d, %edi
    syscall

/* 3, 15 a thread, 2 + work, 3, 9 a thread, 3; blocks: 3 a, 1 + work, 1, ... */
start_threads:
    mov $THREADS, %r12d
    lea stacks(%rip), %r13
    lea tids(%rip), %r14
1:  add $STACK, %r13
    mov $56, %eax               /* clone */
    mov $THREAD_FLAGS, %edi
    mov %r13, %rsi
    mov %r14, %rdx
    mov %r14, %r10
    xor %r8d, %r8d
    nop
    syscall
    test %eax, %eax
    jz thread
    mov %eax, 4(%r14)           /* writes 4 */
    add $8, %r14
    dec %r12d
    jnz 1b
    lea area(%rip), %rsi
    call work
    mov $THREADS, %r12d
    lea tids(%rip), %r14
    jmp 2f
    /* The kernel clears the tid when the thread is gone, and wakes us. */
2:  mov $202, %eax              /* futex(&tid, FUTEX_WAIT, tid, NULL) */
    mov %r14, %rdi
    xor %esi, %esi
    mov 4(%r14), %edx           /* reads 4 */
    xor %r10d, %r10d
    syscall
    add $8, %r14
    dec %r12d
    jnz 2b
    mov $231, %eax              /* exit_group(0) */
    xor %edi, %edi
    syscall

/* 2 above, 2 + work, 3; blocks: 1, 1 + work, 1 */
thread:
    mov %rsp, %rsi
    call work
    mov $60, %eax               /* exit(0) */
    xor %edi, %edi
    syscall

/* 2 + work, 1, 14 a child, 2 + work, 3; blocks: 1, 4 a child, 1, 1 */
start_fork:
    lea area(%rip), %rsi
    call work
    mov $2, %r12d
1:  mov $57, %eax               /* fork */
    nop
    nop
    syscall
    test %eax, %eax
    jz child
    mov $61, %eax               /* wait4(-1, NULL, 0, NULL) */
    mov $-1, %rdi
    xor %esi, %esi
    xor %edx, %edx
    xor %r10d, %r10d
    syscall
    dec %r12d
    jnz 1b
    lea area(%rip), %rsi
    call work
    mov $231, %eax              /* exit_group(0) */
    xor %edi, %edi
    syscall

/* 2 above, 2 + work, 1 + work, 3; blocks: 1, 1 + work, 1 + work, 1 */
child:
    lea area(%rip), %rsi
    call work
    call work
    mov $231, %eax              /* exit_group(0) */
    xor %edi, %edi
    syscall

    .data
    .balign 64
area:
    .long 0x11, 0, 0x22222222, 0x33333333
    .quad 0x4444444444444444, 0, 1, 0, 0, 0

    .bss
tids:
    .skip 8 * THREADS
    .balign 64
stacks:
    .skip STACK * THREADS + 64
    .section .note.GNU-stack, "", @progbits
