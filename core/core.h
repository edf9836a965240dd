/*
 * core.h: what the files of libqpp share.  Not for plugins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_CORE_CORE_H
#define QPP_CORE_CORE_H

#include "entry.h"
#include "plugin-qpp.h"

typedef enum QppPluginState {
    QPP_LOADING,   /* its dependencies are being seen to */
    QPP_INSTALLED,
} QppPluginState;

/* One loaded plugin.  Never freed: its id stays valid. */
typedef struct QppPlugin {
    qemu_plugin_id_t id; /* QPP's own numbering, from 1 */
    unsigned int order;  /* of installing, from 1; 0: not begun */
    char *name;
    char *path;          /* as the loader found it */
    void *handle;        /* dlopen's */
    const void *base;    /* where it was loaded to */
    QppEntry *entry;
    QppPluginState state;
    bool by_core;        /* loaded as a dependency, not by the user */
    char **argv;         /* copies, owned */
    int argc;
} QppPlugin;

/* ---- error.c: one line on stderr, about the environment or a caller. --- */

void qpp_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* ---- loader.c ---------------------------------------------------------- */

/* Borrowed; NULL if there is none.  Any thread. */
QppPlugin *qpp_plugin_by_id(qemu_plugin_id_t id);
QppPlugin *qpp_plugin_by_name(const char *name);
/* The plugin whose file holds @address; NULL if none does. */
QppPlugin *qpp_plugin_by_address(const void *address);

/* The installed plugin @name, loaded now if need be; NULL with @errp set. */
QppPlugin *qpp_plugin_require(QppPlugin *requester, const char *name,
                              GError **errp);

/* ---- search.c: where a dependency's file may be. ----------------------- */

/* Path of the file of plugin @name for @requester_path; NULL: none. */
char *qpp_search_plugin(const char *requester_path, const char *name);
/* The places that were looked at, for an error message. */
char *qpp_search_places(const char *requester_path, const char *name);

/* ---- import.c ---------------------------------------------------------- */

/* Resolves all imports of @plugin, loading providers. */
bool qpp_imports_resolve(QppPlugin *plugin, GError **errp);

/* ---- reader.c ------------------------------------------------------------ */

/* The guest's architecture is known. */
void qpp_reader_start(const char *target);

/* ---- event.c ----------------------------------------------------------- */

/* Called once, when the host can be asked for events. */
void qpp_event_start(void);
/* Called by host/ for what QEMU reports. */
void qpp_event_vcpu(int kind, unsigned int vcpu_index);
void qpp_event_tb_trans(struct qemu_plugin_tb *tb);
void qpp_event_flush(void);
void qpp_event_atexit(void);
void qpp_event_syscall(unsigned int vcpu_index, int64_t num,
                       const uint64_t args[8]);
void qpp_event_syscall_ret(unsigned int vcpu_index, int64_t num, int64_t ret);

#define QPP_ERROR (qpp_error_quark())
GQuark qpp_error_quark(void);

#endif /* QPP_CORE_CORE_H */
