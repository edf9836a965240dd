/*
 * user_memory.c: the guest's memory in user mode, on hosts that have no
 * function to read it (QEMU 7.2).
 *
 * There the guest's memory is QEMU's own, at one distance for all of it.
 * The distance is taken from the first instruction that is translated,
 * whose address QEMU gives for both sides.  Reading goes through the kernel,
 * for which an address that is not mapped is an error and not a fault.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host.h"

static atomic_bool known;
static _Atomic uint64_t distance;

void qpp_host_user_memory_learn(uint64_t guest, const void *host)
{
    if (host && !atomic_load(&known)) {
        atomic_store(&distance, (uintptr_t)host - guest);
        atomic_store(&known, true);
    }
}

bool qpp_host_user_memory_read(uint64_t addr, GByteArray *data, size_t len)
{
    struct iovec local, remote;

    if (!atomic_load(&known)) {
        return false;
    }
    g_byte_array_set_size(data, (guint)len);
    local = (struct iovec) { data->data, len };
    remote = (struct iovec) {
        (void *)(uintptr_t)(addr + atomic_load(&distance)), len
    };
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) ==
           (ssize_t)len;
}
