/*
 * plugin.c: a plugin that calls what only a later libqpp has, always
 * (-DNEEDS), if it is there (-DWANTS), or never.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <stdio.h>

#include "next.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "plugin";

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    int value = 0;

#if defined(NEEDS)
    value = qemu_plugin_next();
#elif defined(WANTS)
    int (*next)(void) = (int (*)(void))dlsym(RTLD_DEFAULT,
                                             "qpp_qemu_plugin_next");

    value = next ? next() : -1;
#endif
    fprintf(stderr, "plugin: %d\n", value);
    return 0;
}
