/*
 * drcov_guest.S: a program whose blocks are known, without a library.
 *
 * What it executes depends on how many arguments it has: none, some, or two
 * and more, when it forks.  A block ends at a label that ends in _end, which
 * drcov-run names together with where it starts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
        .globl _start
        .text

#ifdef __x86_64__

_start:
        mov     (%rsp), %rax
        cmp     $2, %rax
        jae     with_args
_start_end:
        mov     $5, %ecx
loop:
        dec     %ecx
        jnz     loop
loop_end:
        jmp     finish
none_end:
        nop                     /* never */
with_args:
        ja      forks
with_args_end:
        call    helper
call_end:
        jmp     finish
one_end:
        nop                     /* never */
helper:
        lea     2(%rcx), %rdx
        ret
helper_end:
        nop                     /* never */
forks:
        mov     $57, %eax       /* fork */
        syscall
fork_end:
        test    %eax, %eax
        jz      child
fork_test_end:
        mov     %eax, %edi
        xor     %esi, %esi
        xor     %edx, %edx
        xor     %r10d, %r10d
        mov     $61, %eax       /* wait4 */
        syscall
parent_end:
        jmp     finish
parent_jump_end:
        nop                     /* never */
child:
        xor     %eax, %eax
        jmp     finish
child_end:
        nop                     /* never */
finish:
        xor     %edi, %edi
        mov     $231, %eax      /* exit_group */
        syscall
finish_end:
        hlt

#elif defined(__aarch64__)

_start:
        ldr     x0, [sp]
        cmp     x0, #2
        b.hs    with_args
_start_end:
        mov     w1, #5
loop:
        subs    w1, w1, #1
        b.ne    loop
loop_end:
        b       finish
none_end:
        nop                     /* never */
with_args:
        b.hi    forks
with_args_end:
        bl      helper
call_end:
        b       finish
one_end:
        nop                     /* never */
helper:
        add     x2, x1, #2
        ret
helper_end:
        nop                     /* never */
forks:
        mov     x0, #17         /* SIGCHLD */
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        mov     x4, #0
        mov     x8, #220        /* clone */
        svc     #0
fork_end:
        cbz     x0, child
fork_test_end:
        mov     x1, #0
        mov     x2, #0
        mov     x3, #0
        mov     x8, #260        /* wait4 */
        svc     #0
parent_end:
        b       finish
parent_jump_end:
        nop                     /* never */
child:
        mov     x0, #0
        b       finish
child_end:
        nop                     /* never */
finish:
        mov     x0, #0
        mov     x8, #94         /* exit_group */
        svc     #0
finish_end:
        brk     #0

#endif

        .section .note.GNU-stack, "", %progbits
