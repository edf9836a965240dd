/*
 * c_client.c: built out of the tree by one line of gcc.  Imports a function
 * of syscalls, and counts what the guest wrote to its standard output.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include <syscalls.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "c_client";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls", NULL };

static int64_t written; /* one vCPU writes */

static void on_write_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (call->outcome == SYSCALLS_RETURNED && call->args[0] == 1) {
        written += call->ret;
    }
}

static void at_exit(qemu_plugin_id_t id, void *userdata)
{
    fprintf(stderr, "c_client: %d bytes\n", (int)written);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    const SyscallsInfo *call = syscalls_by_name_qpp("write");

    fprintf(stderr, "c_client: %s, write is %d, argument '%s'\n",
            syscalls_system_mode_qpp() ? "system" : "user",
            call ? call->nr : -1, argc ? argv[0] : "");
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return qemu_plugin_reg_callback("syscalls", "on_write_return",
                                    on_write_return) ? 0 : -1;
}
