/*
 * api_other.c: a plugin for the plugin `api` to import from, to listen to,
 * to reset and to uninstall.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>

#include "other.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "api_other";

static qemu_plugin_id_t self;
static qemu_plugin_callback *told;
static atomic_uint n_blocks;

qemu_plugin_id_t api_other_id(void)
{
    return self;
}

int api_other_product(int a, int b)
{
    return a * b;
}

unsigned int api_other_blocks(void)
{
    return n_blocks;
}

bool api_other_tell(void *evdata)
{
    return qemu_plugin_run_callback_handle(told, evdata, NULL);
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    n_blocks++;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    self = id;
    told = qemu_plugin_create_callback_handle(id, "told");
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_trans);
    return told ? 0 : 1;
}
