/*
 * pair.h: which return belongs to which call.
 *
 * The rule (docs/SYSCALLS.md): a thread that has made a call leaves the
 * kernel for user mode exactly once before its next call, and that is how
 * the call ends.  Where it goes then says how: behind the call (a result),
 * to the call itself (restarted), to a signal handler, whose frame holds
 * what the first two would have been, or to a new program.  (A processor that
 * keeps the kernel from user memory keeps us from that frame, too: then it is
 * read at the thread's next call.)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_PAIR_H
#define QPP_SYSCALLS_PAIR_H

#include "abi/abi.h"
#include "thread.h"

/* Creates the events of calls.  At install. */
bool pair_init(qemu_plugin_id_t id, const SyscallsAbi *abi);

/*
 * @thread is about to make the call that @thread->call holds (pc, nr, info,
 * args, vcpu) and that returns to @thread->return_pc; @reg reads the registers;
 * NULL in user mode.  True: somebody wants to know when the kernel can be
 * read; the caller sees to it that pair_entered() is called then.
 */
bool pair_enter(SyscallsThread *thread, AbiReadReg reg);

/* The kernel can be read for the first time in @thread's call. */
void pair_entered(SyscallsThread *thread);

/* Whether anybody wants to know that of any call. */
bool pair_entered_wanted(void);

/* @thread is new, and will come out of its parent's call @child. */
void pair_child(SyscallsThread *thread, const AbiChild *child);

/*
 * @thread, which is in a call or a new child, goes to user mode as @exit
 * says; @reg reads the registers.
 */
void pair_exit(SyscallsThread *thread, unsigned int vcpu,
               const AbiExit *exit, AbiReadReg reg);

/*
 * @thread makes another call though the end of the last one was not told: it
 * was left to a signal handler whose frame could not be read from the kernel,
 * and can now; or it has not been seen.  @vcpu: where that is.
 */
void pair_make_good(SyscallsThread *thread, unsigned int vcpu);

/* The call that @thread is in ends so, without leaving the kernel. */
void pair_end(SyscallsThread *thread, unsigned int vcpu,
              SyscallsOutcome outcome, int64_t ret);

#endif /* QPP_SYSCALLS_PAIR_H */
