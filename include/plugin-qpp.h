/*
 * plugin-qpp.h: plugin to plugin.  Imports, callbacks, and a few readers
 * that save every plugin the same ten lines.
 *
 * Contexts are those of qemu-plugin.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_PLUGIN_QPP_H
#define QPP_PLUGIN_QPP_H

#include "qemu-plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Callbacks ------------------------------------------------------------
 *
 * A plugin creates a callback under a name; others register functions on it
 * by the plugin's name and the callback's; the owner runs it.
 *
 * Running takes no lock.  It may overlap with itself, with registering and
 * with unregistering on any thread, and a function may register and
 * unregister itself and others while it is called: one that was
 * unregistered before its turn is not called any more, one that was
 * registered during a run is called from the next run on.  When
 * qemu_plugin_unreg_callback returns, another vCPU may still be inside the
 * function.
 */

/* A function registered on a callback. */
typedef void (*cb_func_t)(gpointer evdata, gpointer udata);

/* A callback of the plugin's own, as a handle: no look-up by name. */
typedef struct qemu_plugin_callback qemu_plugin_callback;

/*
 * Creates callback @name of plugin @id.  Context: any; best at install, so
 * that it is there for plugins that are installed later.
 * False, with one line on stderr: no such plugin, no or an empty name, or
 * created before.
 */
bool qemu_plugin_create_callback(qemu_plugin_id_t id, const char *name)
    QPP_API(qemu_plugin_create_callback);

/* The same, giving the handle; NULL where the other says false. */
qemu_plugin_callback *
qemu_plugin_create_callback_handle(qemu_plugin_id_t id, const char *name)
    QPP_API(qemu_plugin_create_callback_handle);

/*
 * Calls every function registered on callback @name of plugin @id with
 * @evdata and @udata, in the order of registration.  True if any was called.
 * False with one line on stderr if there is no such callback.
 */
bool qemu_plugin_run_callback(qemu_plugin_id_t id, const char *name,
                              gpointer evdata, gpointer udata)
    QPP_API(qemu_plugin_run_callback);

/* The same by handle: for hot paths. */
bool qemu_plugin_run_callback_handle(qemu_plugin_callback *callback,
                                     gpointer evdata, gpointer udata)
    QPP_API(qemu_plugin_run_callback_handle);

/* Whether anybody is registered: to skip the making of evdata. */
bool qemu_plugin_callback_wanted(const qemu_plugin_callback *callback)
    QPP_API(qemu_plugin_callback_wanted);

/*
 * Registers @function on callback @name of @plugin.  It goes when the
 * plugin that holds the function goes.  Context: any.
 * False with one line on stderr: no such plugin or callback, a NULL
 * function, or registered already.
 */
bool qemu_plugin_reg_callback(const char *plugin, const char *name,
                              cb_func_t function)
    QPP_API(qemu_plugin_reg_callback);

/* Takes it back.  False with one line on stderr if it was not registered. */
bool qemu_plugin_unreg_callback(const char *plugin, const char *name,
                                cb_func_t function)
    QPP_API(qemu_plugin_unreg_callback);

/* ---- Imports ----------------------------------------------------------- */

/*
 * The address of @function, exported (QEMU_PLUGIN_EXPORT) by the installed
 * plugin @plugin.  Context: install and later.  NULL with one line on
 * stderr if there is no such plugin or function.
 */
gpointer qemu_plugin_import_function(const char *plugin, const char *function)
    QPP_API(qemu_plugin_import_function);

/* Private to QPP_FUN_PROTOTYPE: an import to resolve before install. */
struct qpp_import {
    const char *plugin;
    const char *function;
    gpointer *address;
    struct qpp_import *next;
};
/* In core/entry.c, one in each plugin. */
QEMU_PLUGIN_LOCAL void qpp_entry_add_import(struct qpp_import *import);

#ifdef __cplusplus
#define QPP_EXTERN_C extern "C"
#else
#define QPP_EXTERN_C extern
#endif

/*
 * QPP_FUN_PROTOTYPE(plugin, type, function, arguments...) stands in the
 * header of the plugin that provides @function, which includes it too.  It
 * declares the function, and gives every file that includes the header a
 * pointer `<function>_qpp` to call it by, resolved before the including
 * plugin's qemu_plugin_install; the providing plugin is loaded for it if
 * need be.  For a function without arguments write `void`.
 */
#define QPP_FUN_PROTOTYPE(plugin, type, function, ...)                        \
    QPP_EXTERN_C QEMU_PLUGIN_EXPORT type function(__VA_ARGS__);               \
    typedef type (*function##_qpp_t)(__VA_ARGS__);                            \
    static function##_qpp_t function##_qpp __attribute__((unused));           \
    static void __attribute__((constructor)) qpp_import_##function(void)      \
    {                                                                         \
        static struct qpp_import import = {                                   \
            #plugin, #function, (gpointer *)(void *)&function##_qpp, NULL     \
        };                                                                    \
        qpp_entry_add_import(&import);                                        \
    }                                                                         \
    typedef int qpp_semicolon_##function __attribute__((unused))

/* ---- The host, and other plugins ---------------------------------------- */

/*
 * Whether @function of qemu-plugin.h does on this host what its comment says:
 * because the host has it, or because libqpp does it.  False for a name that
 * is none.  Context: install and later.  docs/API_HOSTS.md has the table.
 */
bool qemu_plugin_available(const char *function)
    QPP_API(qemu_plugin_available);

/*
 * Throws away all translated code, at the next moment when all vCPUs stand
 * still, so that tb_trans callbacks see it again as it is executed again: for
 * a plugin that learns late what it wants to instrument.  Then @cb (may be
 * NULL) is called, on a vCPU's thread, or on this one if there is no vCPU
 * yet.  It costs the translating anew.  Context: any.
 */
void qemu_plugin_retranslate(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
    QPP_API(qemu_plugin_retranslate);

/* Plugin @gone has been uninstalled. */
typedef void (*qemu_plugin_gone_cb_t)(qemu_plugin_id_t id, const char *gone);

/*
 * @cb is called when another plugin is uninstalled, on the thread that did
 * it.  Drop what was imported from it: the functions can still be called,
 * but nothing runs that keeps up what they tell.  @gone is valid until QEMU
 * ends.  Context: any.
 */
void qemu_plugin_register_gone_cb(qemu_plugin_id_t id,
                                  qemu_plugin_gone_cb_t cb)
    QPP_API(qemu_plugin_register_gone_cb);

/* ---- Readers ----------------------------------------------------------- */

/*
 * The register called @name (gdb's name), the first of that name in any
 * feature.  Context: vCPU.  NULL if the guest has none or the host cannot
 * read registers.
 */
struct qemu_plugin_register *qemu_plugin_find_register(const char *name)
    QPP_API(qemu_plugin_find_register);

/*
 * A register of up to 64 bits as a number.  Context as for
 * qemu_plugin_read_register.  False if it cannot be read or is wider.
 */
bool qemu_plugin_read_register_u64(struct qemu_plugin_register *handle,
                                   uint64_t *value)
    QPP_API(qemu_plugin_read_register_u64);

/*
 * Copies @len bytes of guest memory at @addr to @buf: as
 * qemu_plugin_read_memory_vaddr, without an array.  @buf is left alone on
 * failure.
 */
bool qemu_plugin_read_memory(uint64_t addr, void *buf, size_t len)
    QPP_API(qemu_plugin_read_memory);

/* Whether the guest's data is big-endian.  Context: any after install. */
bool qemu_plugin_target_big_endian(void)
    QPP_API(qemu_plugin_target_big_endian);

#ifdef __cplusplus
}
#endif

#endif /* QPP_PLUGIN_QPP_H */
