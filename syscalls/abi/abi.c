/*
 * abi.c: the architectures, and the choice among them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "abi.h"

static const SyscallsAbi *const abis[] = {
    &syscalls_abi_x86_64,
    &syscalls_abi_aarch64,
};

const SyscallsAbi *syscalls_abi_find(const char *target)
{
    for (size_t i = 0; i < G_N_ELEMENTS(abis); i++) {
        for (const char *const *t = abis[i]->targets; *t; t++) {
            if (strcmp(*t, target) == 0) {
                return abis[i];
            }
        }
    }
    return NULL;
}
