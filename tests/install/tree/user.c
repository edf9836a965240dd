/*
 * user.c: a plugin out of the tree that builds on another one beside it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "provider.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "user";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "provider", NULL };

static void on_block(gpointer evdata, gpointer udata)
{
    const uint64_t *addr = evdata;

    fprintf(stderr, "user: first block %s\n", *addr ? "seen" : "at 0");
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    fprintf(stderr, "user: %d\n", provider_double_qpp(21));
    return qemu_plugin_reg_callback("provider", "on_block", on_block) ? 0
                                                                      : -1;
}
