/*
 * fork.h: which call a new thread comes out of.
 *
 * A child starts with a copy of its parent's registers, so it leaves the
 * kernel behind its parent's call instruction, with the call's arguments in
 * place.  The calls that make threads are noted here when they are made,
 * and a child is matched by its return address and its arguments.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_FORK_H
#define QPP_SYSCALLS_FORK_H

#include "syscalls.h"

/* Notes @call, which makes a thread by an instruction of @size bytes. */
void fork_note(const SyscallsCall *call, unsigned int size);

/*
 * The call that a new thread comes out of which leaves the kernel for @pc
 * with these argument registers; the first argument is not compared, since
 * the result may be in its register.  @nr: what the call number's register
 * holds, where a child keeps it, else NULL.  Fills in pc, nr, info and args
 * of @out; false if no such call was seen.
 */
bool fork_match(uint64_t pc, const uint64_t args[SYSCALLS_MAX_ARGS],
                const uint64_t *nr, SyscallsCall *out);

#endif /* QPP_SYSCALLS_FORK_H */
