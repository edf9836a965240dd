/*
 * plain.c: a QEMU plugin that knows nothing of QPP, to be taken for a
 * dependency.  It must not be installed by the core, whatever it says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

EXPORT int qemu_plugin_install(unsigned long id, const void *info, int argc,
                               char **argv);

int qemu_plugin_install(unsigned long id, const void *info, int argc,
                        char **argv)
{
    fprintf(stderr, "plain: installed\n");
    return 0;
}
