/*
 * qpp_srv.c: a test plugin that others build on: it offers two functions and
 * a callback, which it runs when QEMU ends, and reports whether somebody was
 * called.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "qpp_srv.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "qpp_srv";

int qpp_srv_do_add(int x)
{
    return x + 1;
}

int qpp_srv_do_sub(int x)
{
    return x - 1;
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *userdata)
{
    bool told = false;
    bool called = qemu_plugin_run_callback(id, "my_on_exit", &told, NULL);

    fprintf(stderr, "qpp_srv: gone; called=%d told=%d\n", called, told);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    fprintf(stderr, "qpp_srv: installed");
    for (int i = 0; i < argc; i++) {
        fprintf(stderr, " %s", argv[i]);
    }
    fprintf(stderr, "\n");
    if (!qemu_plugin_create_callback(id, "my_on_exit")) {
        return 1;
    }
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
    return 0;
}
