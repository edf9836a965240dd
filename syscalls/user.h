/*
 * user.h: calls of one program, seen by QEMU's user-mode emulation.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_USER_H
#define QPP_SYSCALLS_USER_H

#include "abi/abi.h"
#include "tables/tables.h"

/* @table may be NULL. */
bool user_start(qemu_plugin_id_t id, const SyscallsAbi *abi,
                const SyscallsTable *table);
SyscallsThread *user_current_thread(unsigned int vcpu_index);

#endif /* QPP_SYSCALLS_USER_H */
