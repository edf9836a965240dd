/*
 * life.c: a plugin goes, or begins anew, or wants to see all code again,
 * while QEMU goes on.
 *
 * What libqpp keeps of the plugin goes at once.  What the plugin put into
 * translated code goes with the translations, which QEMU throws away at a
 * moment when all vCPUs stand still (qpp_host_quiesce).  Standing still they
 * run no translated code; but a thread may be in a function of the plugin
 * from elsewhere (a system call's event, an idle vCPU's, a plugin's own
 * thread that runs a callback): so the last word to a plugin that goes is
 * said when those have come out as well (qpp_read_defer).
 *
 * QEMU can be asked for that moment on a vCPU's thread only, and one that
 * will come back to it: a request from elsewhere waits for a vCPU's next
 * event.
 *
 * Nothing that others may hold of a plugin is ever freed: its record, its
 * callbacks' handles, its file in memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>

#include "host/host.h"
#include "list.h"

typedef enum Kind { UNINSTALL, RESET, RETRANSLATE } Kind;

/* A plugin whose callback is to be called when no translation is left. */
typedef struct Request {
    Kind kind;
    QppPlugin *plugin;
    qemu_plugin_simple_cb_t cb;
    struct Request *next;
} Request;

/* Not held while QEMU or a plugin is called.  TSan cannot follow GLib's. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Request *requests, **requests_end = &requests;
static bool under_way;          /* the host has been asked to stand still */
static QppThread *asker;        /* on this thread, if it is under way */
static atomic_bool waits;       /* it is to be asked on a vCPU's thread */

/* Nobody is in a function of the plugin any more. */
static void last_word(gpointer data)
{
    Request *r = data;

    atomic_store(&r->plugin->left, true);
    if (r->cb) {
        r->cb(r->plugin->id);
    }
    g_free(r);
}

static void serve(Request *r)
{
    if (r->kind == UNINSTALL) {
        qpp_read_defer(last_word, r);
        return;
    }
    /* Who has been uninstalled meanwhile hears of that alone. */
    if (r->cb && r->plugin->state != QPP_GONE) {
        r->cb(r->plugin->id);
    }
    if (r->kind == RESET) {
        atomic_store(&r->plugin->resetting, false);
    }
    g_free(r);
}

/* The next request; if there is none, what was under way is over. */
static Request *next_request(void)
{
    Request *r;

    pthread_mutex_lock(&lock);
    r = requests;
    if (!r) {
        under_way = false;
    } else if (!(requests = r->next)) {
        requests_end = &requests;
    }
    pthread_mutex_unlock(&lock);
    return r;
}

/*
 * Serves also what is asked for meanwhile: QEMU would not hear a new request
 * on this thread before it has returned from here.  Nothing is translated
 * meanwhile.
 */
static void on_quiet(void)
{
    Request *r;

    while ((r = next_request())) {
        serve(r);
    }
}

/* Asks the host to stand still, if nobody has and anybody waits for it. */
static void quiesce(void)
{
    bool ask;

    pthread_mutex_lock(&lock);
    atomic_store(&waits, false);
    ask = requests && !under_way;
    if (ask) {
        under_way = true;
        asker = &qpp_thread;
    }
    pthread_mutex_unlock(&lock);
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

/* For a vCPU's next event, whichever comes first. */
static void wait_for_vcpu(void)
{
    qpp_host_subscribe(QPP_HOST_TB_TRANS);
    if (qpp_host_info()->system_emulation) {
        qpp_host_subscribe(QPP_HOST_VCPU_RESUME);
    } else {
        qpp_host_subscribe(QPP_HOST_SYSCALL_RET);
    }
    atomic_store(&waits, true);
}

static void request(Kind kind, QppPlugin *plugin, qemu_plugin_simple_cb_t cb)
{
    Request *r = g_new0(Request, 1);

    r->kind = kind;
    r->plugin = plugin;
    r->cb = cb;
    pthread_mutex_lock(&lock);
    *requests_end = r;
    requests_end = &r->next;
    pthread_mutex_unlock(&lock);
    if ((qpp_thread.vcpu && !qpp_thread.may_stay) ||
        qemu_plugin_num_vcpus() == 0) {
        quiesce();
    } else {
        wait_for_vcpu();
    }
}

/*
 * A guest's fork: the child has the thread that forked alone.  If another had
 * asked QEMU, that is not done in the child.
 */
static void fork_prepare(void)
{
    pthread_mutex_lock(&lock);
}

static void fork_parent(void)
{
    pthread_mutex_unlock(&lock);
}

static void fork_child(void)
{
    if (under_way && asker != &qpp_thread) {
        under_way = false;
        qpp_host_quiesce_lost();
        atomic_store(&waits, requests != NULL);
    }
    pthread_mutex_unlock(&lock);
}

static void __attribute__((constructor)) fork_init(void)
{
    pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* ---- The API ------------------------------------------------------------- */

void qemu_plugin_retranslate(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
{
    QppPlugin *plugin = qpp_plugin_by_id(id);

    if (QPP_CONTEXT(plugin, "pass the id given to qemu_plugin_install") &&
        QPP_CONTEXT(qemu_plugin_available(__func__), "this QEMU cannot")) {
        request(RETRANSLATE, plugin, cb);
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
    request(UNINSTALL, plugin, cb);
}

void qemu_plugin_reset(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
{
    QppPlugin *plugin = find(__func__, id);

    /* A second one would have the first one's @cb register twice. */
    if (plugin && !atomic_exchange(&plugin->resetting, true)) {
        qpp_event_forget(plugin);
        qpp_callback_forget(plugin, false);
        request(RESET, plugin, cb);
    }
}
