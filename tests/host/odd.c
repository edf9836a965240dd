/*
 * odd.c: the source of the test plugins that have something wrong with them,
 * and of a few that must not.  meson.build defines, for each:
 *
 *   ODD_NAME        its name; not defined: it has none
 *   ODD_VERSION     the API version it says; not defined: the right one
 *   ODD_NO_VERSION  it says none
 *   ODD_USES        what it uses, each with a comma behind it
 *   ODD_IMPORT      plugin, type, function, arguments of an import
 *   ODD_RESULT      what its install returns; not defined: 0
 *   ODD_NO_INSTALL  it has no install
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "plugin-qpp.h"

#ifndef ODD_NO_VERSION
#ifndef ODD_VERSION
#define ODD_VERSION QEMU_PLUGIN_VERSION
#endif
QEMU_PLUGIN_EXPORT int qemu_plugin_version = ODD_VERSION;
#endif

#ifdef ODD_NAME
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = ODD_NAME;
#endif

#ifdef ODD_USES
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { ODD_USES NULL };
#endif

#ifdef ODD_IMPORT
#define IMPORT(...) QPP_FUN_PROTOTYPE(__VA_ARGS__)
IMPORT(ODD_IMPORT);
#endif

#ifndef ODD_NO_INSTALL
#ifndef ODD_RESULT
#define ODD_RESULT 0
#endif
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    fprintf(stderr, "odd: installed, argc=%d\n", argc);
    return ODD_RESULT;
}
#endif
