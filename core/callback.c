/*
 * callback.c: QPP callbacks: created by one plugin, registered on by others.
 *
 * The walking without a lock is list.c's.  By name a run costs a look-up in
 * a hash table, by handle none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "list.h"

struct qemu_plugin_callback {
    QppList list;
    const QppPlugin *owner; /* it may be gone; the handle stays */
    char *name;
    qemu_plugin_callback *next; /* in its bucket; set before it is shown */
};

/*
 * (plugin, name) -> callback.  Callbacks are only ever added, never freed,
 * and each bucket grows at its head: so a look-up takes no lock either.
 */
#define N_BUCKETS 1024
static _Atomic(qemu_plugin_callback *) buckets[N_BUCKETS];

static _Atomic(qemu_plugin_callback *) *bucket(qemu_plugin_id_t plugin,
                                               const char *name)
{
    return &buckets[(g_str_hash(name) * 31 + (guint)plugin) % N_BUCKETS];
}

static qemu_plugin_callback *find_from(qemu_plugin_callback *c,
                                       qemu_plugin_id_t plugin,
                                       const char *name)
{
    while (c && (c->owner->id != plugin || strcmp(c->name, name) != 0)) {
        c = c->next;
    }
    return c;
}

static qemu_plugin_callback *find(qemu_plugin_id_t plugin, const char *name)
{
    return find_from(atomic_load(bucket(plugin, name)), plugin, name);
}

/* False if there is one of that name. */
static bool insert(qemu_plugin_callback *callback)
{
    _Atomic(qemu_plugin_callback *) *head = bucket(callback->owner->id,
                                                   callback->name);
    qemu_plugin_callback *first = atomic_load(head);

    do {
        if (find_from(first, callback->owner->id, callback->name)) {
            return false;
        }
        callback->next = first;
    } while (!atomic_compare_exchange_weak(head, &first, callback));
    return true;
}

/* False after a line. */
static bool name_is_good(const QppPlugin *plugin, const char *name)
{
    g_autofree char *shown = qpp_shown(name);

    if (!name || !*name) {
        qpp_error("%s: cannot create a callback without a name",
                  plugin->name);
    } else if (!qpp_name_is_valid(name)) {
        qpp_error("%s: '%s' is no name for a callback; use up to 64 letters, "
                  "digits, '_', '-', '.'", plugin->name, shown);
    } else {
        return true;
    }
    return false;
}

qemu_plugin_callback *qemu_plugin_create_callback_handle(qemu_plugin_id_t id,
                                                         const char *name)
{
    QppPlugin *plugin = qpp_plugin_by_id(id);
    qemu_plugin_callback *callback;

    if (!plugin) {
        g_autofree char *shown = qpp_shown(name);

        qpp_error("cannot create callback '%s': no plugin has id %" PRIu64
                  "; pass the id given to qemu_plugin_install", shown, id);
        return NULL;
    }
    if (!name_is_good(plugin, name)) {
        return NULL;
    }
    callback = g_new0(qemu_plugin_callback, 1);
    callback->owner = plugin;
    callback->name = g_strdup(name);
    if (!insert(callback)) {
        qpp_error("%s: callback '%s' has been created before; create it once",
                  plugin->name, name);
        g_free(callback->name);
        g_free(callback);
        return NULL;
    }
    return callback;
}

bool qemu_plugin_create_callback(qemu_plugin_id_t id, const char *name)
{
    return qemu_plugin_create_callback_handle(id, name) != NULL;
}

bool qemu_plugin_callback_wanted(const qemu_plugin_callback *callback)
{
    return callback &&
           atomic_load_explicit(&callback->list.items, memory_order_relaxed);
}

bool qemu_plugin_run_callback_handle(qemu_plugin_callback *callback,
                                     gpointer evdata, gpointer udata)
{
    bool may_set_pc = qpp_thread.may_set_pc;
    const QppItems *items;
    bool any = false;

    if (!qemu_plugin_callback_wanted(callback)) {
        /* While it goes its code may still run, and is not to blame. */
        if (callback && callback->owner->left) {
            QPP_MISUSE("the plugin that made the callback is uninstalled");
        }
        return false;
    }
    qpp_thread.may_set_pc = false; /* it would break off this run */
    qpp_read_begin();
    items = qpp_list_items(&callback->list);
    for (size_t i = 0; items && i < items->n; i++) {
        if (qpp_item_live(items->item[i])) {
            ((cb_func_t)items->item[i]->fn)(evdata, udata);
            any = true;
        }
    }
    qpp_read_end();
    qpp_thread.may_set_pc = may_set_pc;
    return any;
}

bool qemu_plugin_run_callback(qemu_plugin_id_t id, const char *name,
                              gpointer evdata, gpointer udata)
{
    qemu_plugin_callback *callback = name ? find(id, name) : NULL;

    if (!callback) {
        g_autofree char *shown = qpp_shown(name);

        qpp_error("cannot run callback '%s': plugin id %" PRIu64
                  " has not created it", shown, id);
        return false;
    }
    return qemu_plugin_run_callback_handle(callback, evdata, udata);
}

/* The callback that a (un)registration names, or NULL after a line. */
static qemu_plugin_callback *resolve(const char *verb, const char *plugin_name,
                                     const char *name, cb_func_t function)
{
    g_autofree char *shown = qpp_shown(name);
    g_autofree char *shown_plugin = qpp_shown(plugin_name);
    QppPlugin *plugin;
    qemu_plugin_callback *callback;

    if (!plugin_name || !name || !function) {
        qpp_error("cannot %s a callback: plugin, name and function must not "
                  "be NULL", verb);
        return NULL;
    }
    plugin = qpp_plugin_by_name(plugin_name);
    if (!plugin) {
        qpp_error("cannot %s callback '%s': plugin '%s' %s", verb, shown,
                  shown_plugin, qpp_plugin_absence(plugin_name));
        return NULL;
    }
    callback = find(plugin->id, name);
    if (!callback) {
        qpp_error("cannot %s callback '%s': plugin '%s' has no callback of "
                  "that name", verb, shown, plugin_name);
    }
    return callback;
}

bool qemu_plugin_reg_callback(const char *plugin, const char *name,
                              cb_func_t function)
{
    qemu_plugin_callback *callback = resolve("register", plugin, name,
                                             function);
    QppPlugin *owner = qpp_plugin_by_address((void *)function);

    if (!callback) {
        return false;
    }
    if (owner && owner->state == QPP_GONE) {
        qpp_error("cannot register callback '%s' of plugin '%s': plugin '%s', "
                  "whose function it is, has been uninstalled", name, plugin,
                  owner->name);
        return false;
    }
    if (!qpp_list_add_unique(&callback->list, (QppFn)function, owner)) {
        qpp_error("cannot register callback '%s' of plugin '%s': the function "
                  "is registered already", name, plugin);
        return false;
    }
    if (callback->owner->state == QPP_GONE) {
        qpp_list_remove_owner(&callback->list, NULL); /* meanwhile */
        return false;
    }
    return true;
}

bool qemu_plugin_unreg_callback(const char *plugin, const char *name,
                                cb_func_t function)
{
    qemu_plugin_callback *callback = resolve("unregister", plugin, name,
                                             function);

    if (!callback) {
        return false;
    }
    if (!qpp_list_remove(&callback->list, (QppFn)function)) {
        qpp_error("cannot unregister callback '%s' of plugin '%s': the "
                  "function is not registered", name, plugin);
        return false;
    }
    return true;
}

void qpp_callback_forget(QppPlugin *plugin, bool and_own)
{
    for (size_t i = 0; i < N_BUCKETS; i++) {
        qemu_plugin_callback *c;

        for (c = atomic_load(&buckets[i]); c; c = c->next) {
            bool ends = and_own && c->owner == plugin;

            qpp_list_remove_owner(&c->list, ends ? NULL : plugin);
        }
    }
}
