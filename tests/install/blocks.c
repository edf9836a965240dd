/*
 * blocks.c: a plugin that asks nothing of other plugins, as QEMU's own
 * documentation describes them: includes qemu-plugin.h alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include <qemu-plugin.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "blocks";

static gint n_run;

static void on_run(unsigned int vcpu_index, void *userdata)
{
    g_atomic_int_inc(&n_run);
}

static void on_tb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_run, QEMU_PLUGIN_CB_NO_REGS,
                                         NULL);
}

static void at_exit(qemu_plugin_id_t id, void *userdata)
{
    fprintf(stderr, "blocks: %s\n", n_run > 1000 ? "many" :
                                    n_run ? "some" : "none");
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
