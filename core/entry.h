/*
 * entry.h: what core/entry.c, linked into every plugin, tells libqpp about
 * the plugin.  A binary interface between separately built files: a member
 * may be added at the end, with a new QPP_ENTRY_ABI, by which libqpp knows
 * that an older plugin has none; what is there never changes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_CORE_ENTRY_H
#define QPP_CORE_ENTRY_H

#include "plugin-qpp.h"

#define QPP_ENTRY_ABI 1

typedef int (*QppInstallFn)(qemu_plugin_id_t id, const qemu_info_t *info,
                            int argc, char **argv);

typedef struct QppEntry QppEntry;
typedef int (*QppCoreInstallFn)(QppEntry *entry, qemu_plugin_id_t host_id,
                                const qemu_info_t *info, int argc,
                                char **argv);

struct QppEntry {
    int abi;
    const int *version;      /* the author's; NULL: not defined */
    const char *const *name; /* address of the author's; NULL: not defined */
    const char **uses;       /* NULL: none */
    QppInstallFn install;    /* NULL: not defined */
    struct qpp_import *imports;
    QppCoreInstallFn core; /* qpp_core_install of the libqpp it is bound to */
};

/* The symbol of each plugin that the loader looks up. */
#define QPP_ENTRY_SYMBOL "qpp_plugin_entry"

/* The API version to tell QEMU, decided before it asks. */
QEMU_PLUGIN_EXPORT int qpp_host_version(void);

/* QEMU has called the plugin's install: 0, or -1 after a line on stderr. */
QEMU_PLUGIN_EXPORT int qpp_core_install(QppEntry *entry,
                                        qemu_plugin_id_t host_id,
                                        const qemu_info_t *info, int argc,
                                        char **argv);

#endif /* QPP_CORE_ENTRY_H */
