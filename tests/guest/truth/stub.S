/*
 * The truth program's own system-call instructions.
 *
 * Everything that the scenarios call goes through qpp_call, so that all
 * threads and processes make their calls at one and the same address; the
 * oddities (prefixed, adjacent instructions, vfork) stand beside it.  What
 * the calls are for is the scenarios' business.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
    .text

#if defined(__x86_64__)

/* long qpp_call(long nr, long a, long b, long c, long d, long e, long f) */
    .globl qpp_call, qpp_call_insn, qpp_call_after
    .type qpp_call, @function
qpp_call:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
qpp_call_insn:
    syscall
qpp_call_after:
    ret
    .size qpp_call, . - qpp_call

/* The same for clone with a stack of its own: the new thread returns to
   the word on top of it, see thread.c. */
    .globl qpp_call_newstack
    .set qpp_call_newstack, qpp_call

/* Where a new thread starts: function and argument are on its stack. */
    .globl qpp_thread_entry
qpp_thread_entry:
    pop %rax
    pop %rdi
    xor %ebp, %ebp
    call *%rax
    mov %rax, %rsi
    mov $60, %edi
    push $0
    push $0
    call qpp_call
    hlt

/* long qpp_vfork(void): the child must not return from its caller.  The
   return address waits in a register, as the stack is shared. */
    .globl qpp_vfork
    .type qpp_vfork, @function
qpp_vfork:
    pop %rdi
    mov $58, %eax
    syscall
    push %rdi
    ret
    .size qpp_vfork, . - qpp_vfork

/* The instruction with prefixes that change nothing.
   long qpp_call_rex(long nr), qpp_call_rep(long nr) */
    .globl qpp_call_rex, qpp_call_rep
qpp_call_rex:
    mov %rdi, %rax
    .byte 0x48, 0x0f, 0x05
    ret
qpp_call_rep:
    mov %rdi, %rax
    .byte 0xf3, 0x0f, 0x05
    ret

/* Two instructions back to back: the result of the first is the number of
   the second.  long qpp_call_twice(long nr, long a, long b, long c) */
    .globl qpp_call_twice
qpp_call_twice:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    syscall
    syscall
    ret

/* Runs long enough to be interrupted, with a value in the result register
   that looks like one of a call.  long qpp_spin(long value, long rounds) */
    .globl qpp_spin
qpp_spin:
    mov %rdi, %rax
1:  dec %rsi
    jnz 1b
    ret

/* Jumps to the instruction after the call without having made one. */
    .globl qpp_no_call
qpp_no_call:
    mov %rdi, %rax
    jmp qpp_call_after

/* To be copied: mov $nr, %eax; syscall; ret. */
    .globl qpp_code, qpp_code_insn, qpp_code_end
qpp_code:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
qpp_code_insn:
    syscall
    ret
qpp_code_end:

#elif defined(__aarch64__)

    .globl qpp_call, qpp_call_insn, qpp_call_after, qpp_call_newstack
    .type qpp_call, %function
qpp_call_newstack:
    mov x9, #1
    b 1f
qpp_call:
    mov x9, xzr
1:  mov x8, x0
    mov x0, x1
    mov x1, x2
    mov x2, x3
    mov x3, x4
    mov x4, x5
    mov x5, x6
qpp_call_insn:
    svc #0
qpp_call_after:
    cbz x9, 2f
    cbnz x0, 2f
    ret x10
2:  ret
    .size qpp_call, . - qpp_call

    .globl qpp_thread_entry
qpp_thread_entry:
    ldp x1, x0, [sp], #16
    mov x29, xzr
    blr x1
    mov x1, x0
    mov x0, #93
    bl qpp_call
    brk #0

    .globl qpp_call_twice
qpp_call_twice:
    mov x8, x0
    mov x0, x1
    mov x1, x2
    mov x2, x3
    svc #0
    svc #0
    ret

    .globl qpp_spin
qpp_spin:
1:  subs x1, x1, #1
    b.ne 1b
    ret

    .globl qpp_no_call
qpp_no_call:
    mov x9, xzr
    b qpp_call_after

    .globl qpp_code, qpp_code_insn, qpp_code_end
qpp_code:
    mov x8, x0
    mov x0, x1
    mov x1, x2
    mov x2, x3
qpp_code_insn:
    svc #0
    ret
qpp_code_end:

#else
#error "no system-call stub for this architecture"
#endif

    .section .note.GNU-stack, "", %progbits
