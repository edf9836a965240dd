/*
 * entry.c: linked into every plugin; the face that QEMU sees.
 *
 * It exports the qemu_plugin_version and qemu_plugin_install that QEMU looks
 * up.  A constructor sets the version to the one that this QEMU accepts
 * before QEMU reads it; install hands over to libqpp, which checks the
 * author's part (reachable through `entry`) and calls the author's install.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "entry.h"

/* The author's names: weak, so that a missing one is libqpp's to report. */
extern int author_version __asm__("qpp_author_qemu_plugin_version")
    __attribute__((weak));
extern const char *author_name __asm__("qpp_author_qemu_plugin_name")
    __attribute__((weak));
extern const char *author_uses[] __asm__("qpp_author_qemu_plugin_uses")
    __attribute__((weak));
int author_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                   char **argv)
    __asm__("qpp_author_qemu_plugin_install") __attribute__((weak));

QEMU_PLUGIN_EXPORT QppEntry qpp_plugin_entry = { .abi = QPP_ENTRY_ABI };

/* The names QEMU looks up. */
QEMU_PLUGIN_EXPORT int host_version __asm__("qemu_plugin_version");
int host_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                 char **argv) __asm__("qemu_plugin_install");

int host_version;

void qpp_entry_add_import(struct qpp_import *import)
{
    import->next = qpp_plugin_entry.imports;
    qpp_plugin_entry.imports = import;
}

static void __attribute__((constructor)) entry_init(void)
{
    host_version = qpp_host_version();
    qpp_plugin_entry.version = &author_version;
    qpp_plugin_entry.name = &author_name;
    qpp_plugin_entry.uses = author_uses;
    qpp_plugin_entry.install = author_install;
    qpp_plugin_entry.core = qpp_core_install;
}

QEMU_PLUGIN_EXPORT int host_install(qemu_plugin_id_t id,
                                    const qemu_info_t *info, int argc,
                                    char **argv)
{
    return qpp_core_install(&qpp_plugin_entry, id, info, argc, argv);
}
