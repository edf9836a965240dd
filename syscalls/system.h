/*
 * system.h: calls of a whole guest, seen by instrumenting instructions.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_SYSTEM_H
#define QPP_SYSCALLS_SYSTEM_H

#include "abi/abi.h"

bool system_start(qemu_plugin_id_t id, const qemu_info_t *info,
                  const SyscallsAbi *abi);
SyscallsThread *system_current_thread(unsigned int vcpu_index);

#endif /* QPP_SYSCALLS_SYSTEM_H */
