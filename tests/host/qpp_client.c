/*
 * qpp_client.c: a test plugin that calls qpp_srv's functions and is called
 * when qpp_srv goes.  Its other file includes the same header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "qpp_client.h"
#include "qpp_srv.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "qpp_client";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "qpp_srv", NULL };

static void on_server_exit(gpointer evdata, gpointer udata)
{
    *(bool *)evdata = true;
    fprintf(stderr, "qpp_client: the server goes\n");
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    fprintf(stderr, "qpp_client: add(0)=%d sub(3)=%d\n",
            qpp_srv_do_add_qpp(0), client_subtract(3));
    return !qemu_plugin_reg_callback("qpp_srv", "my_on_exit",
                                     on_server_exit);
}
