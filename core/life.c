/*
 * life.c: a plugin goes, or begins anew, or wants to see all code again,
 * while QEMU goes on.
 *
 * What libqpp keeps of the plugin goes at once.  What the plugin put into
 * translated code goes with the translations, which QEMU throws away at a
 * moment when all vCPUs stand still (qpp_host_quiesce); that can be asked for
 * on a vCPU's thread only, so a request from another waits for a vCPU's next
 * event.
 *
 * Nothing that others may hold of a plugin is ever freed: its record, its
 * callbacks' handles, its file in memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"

/* A plugin whose callback is to be called when no translation is left. */
typedef struct Leaving {
    qemu_plugin_id_t id;
    qemu_plugin_simple_cb_t cb;
    struct Leaving *next;
} Leaving;

static GMutex lock;
static Leaving *leaving, **leaving_end = &leaving;
static bool under_way;          /* the host has been asked to stand still */
static atomic_bool waits;       /* it is to be asked on a vCPU's thread */

static void on_quiet(void)
{
    Leaving *all;

    g_mutex_lock(&lock);
    all = leaving;
    leaving = NULL;
    leaving_end = &leaving;
    under_way = false;
    g_mutex_unlock(&lock);
    while (all) {
        Leaving *l = all;

        all = l->next;
        if (l->cb) {
            l->cb(l->id);
        }
        g_free(l);
    }
}

/* Asks the host to stand still, if nobody has and anybody waits for it. */
static void quiesce(void)
{
    bool ask;

    g_mutex_lock(&lock);
    atomic_store(&waits, false);
    ask = leaving && !under_way;
    under_way = under_way || ask;
    g_mutex_unlock(&lock);
    if (ask) {
        qpp_host_quiesce(on_quiet);
    }
}

void qpp_life_vcpu_event(void)
{
    if (G_UNLIKELY(atomic_load_explicit(&waits, memory_order_relaxed))) {
        quiesce();
    }
}

static void leave(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
{
    Leaving *l = g_new0(Leaving, 1);

    l->id = id;
    l->cb = cb;
    g_mutex_lock(&lock);
    *leaving_end = l;
    leaving_end = &l->next;
    g_mutex_unlock(&lock);
    if (qpp_thread.vcpu || qemu_plugin_num_vcpus() == 0) {
        quiesce();
        return;
    }
    /* Whichever of these events comes first. */
    qpp_host_subscribe(QPP_HOST_TB_TRANS);
    qpp_host_subscribe(QPP_HOST_VCPU_IDLE);
    qpp_host_subscribe(QPP_HOST_VCPU_RESUME);
    atomic_store(&waits, true);
}

void qemu_plugin_retranslate(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
{
    if (QPP_CONTEXT(qpp_plugin_by_id(id),
                    "pass the id given to qemu_plugin_install") &&
        QPP_CONTEXT(qemu_plugin_available(__func__), "this QEMU cannot")) {
        leave(id, cb);
    }
}

/* The installed plugin @id, or NULL after a line. */
static QppPlugin *find(const char *function, qemu_plugin_id_t id)
{
    QppPlugin *plugin = qpp_plugin_by_id(id);

    if (!plugin) {
        qpp_error("%s: no plugin has id %" PRIu64 ", or it has gone already",
                  function, id);
    } else if (plugin->state != QPP_INSTALLED) {
        qpp_error("%s: '%s' is being installed; return non-zero from "
                  "qemu_plugin_install instead", function, plugin->name);
    } else if (!qemu_plugin_available(function)) {
        qpp_error("%s: this QEMU cannot", function);
    } else {
        return plugin;
    }
    return NULL;
}

void qemu_plugin_uninstall(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
{
    QppPlugin *plugin = find(__func__, id);
    QppPluginState installed = QPP_INSTALLED;

    /* Of several threads one does it. */
    if (!plugin || !atomic_compare_exchange_strong(&plugin->state, &installed,
                                                   QPP_GONE)) {
        return;
    }
    qpp_event_forget(plugin);
    qpp_callback_forget(plugin, true);
    qpp_event_gone(plugin);
    leave(id, cb);
}

void qemu_plugin_reset(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
{
    QppPlugin *plugin = find(__func__, id);

    if (plugin) {
        qpp_event_forget(plugin);
        qpp_callback_forget(plugin, false);
        leave(id, cb);
    }
}
