/*
 * core.h: what the files of libqpp share.  Not for plugins.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_CORE_CORE_H
#define QPP_CORE_CORE_H

#include <stdatomic.h>

#include "entry.h"
#include "plugin-qpp.h"

typedef enum QppPluginState {
    QPP_LOADING,   /* its dependencies are being seen to */
    QPP_INSTALLED,
    QPP_GONE,      /* uninstalled: nothing of it is called any more */
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
    _Atomic QppPluginState state;
    atomic_bool left;      /* it has been told that nothing of it runs */
    atomic_bool resetting; /* its reset's callback has not returned */
    bool by_core;        /* loaded as a dependency, not by the user */
    char **argv;         /* copies, owned */
    int argc;
} QppPlugin;

/* ---- error.c: one line on stderr, about the environment or a caller. --- */

void qpp_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* @name as one short word of a line; the caller frees it.  NULL: "(null)". */
char *qpp_shown(const char *name);

/*
 * Whether @good, which a caller of the API has to see to; if not, a line that
 * says what to @do, the first time at each place.
 */
#define QPP_CONTEXT(good, do) (G_LIKELY(good) || QPP_MISUSE(do))
#define QPP_MISUSE(do)                                                        \
    ({                                                                        \
        static atomic_flag told = ATOMIC_FLAG_INIT;                           \
        qpp_context_error(&told, __func__, do);                               \
    })
#define QPP_GIVEN(pointer)                                                    \
    QPP_CONTEXT((pointer) != NULL, "an argument is NULL")
/* Returns false. */
bool qpp_context_error(atomic_flag *told, const char *function,
                       const char *what);

/* ---- loader.c ---------------------------------------------------------- */

/* Borrowed; NULL if there is none, or it is gone.  Any thread. */
QppPlugin *qpp_plugin_by_id(qemu_plugin_id_t id);
QppPlugin *qpp_plugin_by_name(const char *name);
/* Letters, digits and _-. ; not '-' or '.' first; not too long. */
bool qpp_name_is_valid(const char *name);
/* For messages: "has been uninstalled" or "is not loaded". */
const char *qpp_plugin_absence(const char *name);
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

/* ---- callback.c ---------------------------------------------------------- */

/* Takes @plugin's functions off all callbacks; and its own callbacks, too. */
void qpp_callback_forget(QppPlugin *plugin, bool and_own);

/* ---- life.c -------------------------------------------------------------- */

/* The current thread is a vCPU's, and goes on running its guest. */
void qpp_life_vcpu_event(void);
/* The current thread is ending; where qpp_host_exit_races. */
void qpp_life_vcpu_exit(void);

/* ---- event.c ----------------------------------------------------------- */

/* What is known of the current thread. */
typedef struct QppThread {
    bool vcpu;        /* it is a vCPU's */
    bool may_stay;    /* in a callback after which it may block, or end */
    bool translating; /* in a tb_trans callback */
    bool may_set_pc;  /* in a callback that may set the pc */
} QppThread;
extern __thread QppThread qpp_thread
    __attribute__((tls_model("initial-exec")));

/*
 * Whether QEMU has a current vCPU on this thread.  In user mode all threads
 * are vCPUs' but those that plugins make.
 */
bool qpp_on_vcpu(void);

/* Called once, when the host can be asked for events. */
void qpp_event_start(void);
/* Takes all of @plugin's functions off the events. */
void qpp_event_forget(QppPlugin *plugin);
/* Tells the others that @plugin is gone. */
void qpp_event_gone(const QppPlugin *plugin);
/* Called by host/ for what QEMU reports. */
void qpp_event_vcpu(int kind, unsigned int vcpu_index);
void qpp_event_tb_trans(struct qemu_plugin_tb *tb);
void qpp_event_flush(void);
void qpp_event_atexit(void);
void qpp_event_syscall(unsigned int vcpu_index, int64_t num,
                       const uint64_t args[8]);
void qpp_event_syscall_ret(unsigned int vcpu_index, int64_t num, int64_t ret);
bool qpp_event_syscall_filter(unsigned int vcpu_index, int64_t num,
                              const uint64_t args[8], uint64_t *sysret);
void qpp_event_discon(unsigned int vcpu_index,
                      enum qemu_plugin_discon_type type, uint64_t from_pc,
                      uint64_t to_pc);

#define QPP_ERROR (qpp_error_quark())
GQuark qpp_error_quark(void);

#endif /* QPP_CORE_CORE_H */
