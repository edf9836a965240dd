/*
 * provider.c: a plugin out of the tree that others build on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "provider.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "provider";

static qemu_plugin_callback *on_block;

int provider_double(int x)
{
    return 2 * x;
}

static void on_tb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    static gsize once;
    uint64_t addr = qemu_plugin_tb_vaddr(tb);

    if (g_once_init_enter(&once)) {
        qemu_plugin_run_callback_handle(on_block, &addr, NULL);
        g_once_init_leave(&once, 1);
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    on_block = qemu_plugin_create_callback_handle(id, "on_block");
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb);
    return on_block ? 0 : -1;
}
