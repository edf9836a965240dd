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
 * QEMU 7.2 in user mode throws translations away also for a thread that is
 * ending, whose memory for that it has freed: heap corruption, now and then.
 * There, a thread does not end while QEMU stands still, and QEMU is not asked
 * before the threads that are ending have ended.
 *
 * Nothing that others may hold of a plugin is ever freed: its record, its
 * callbacks' handles, its file in memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <time.h>

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
static unsigned int ending;     /* threads whose vCPU has exited */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_key_t ends;      /* its destructor hears of a thread's end */

/*
 * Both sides hold locks of QEMU's: no more than a second, rather than for
 * ever, should one need the other's.
 */
static void wait_until(struct timespec *deadline)
{
    if (deadline->tv_sec == 0) {
        clock_gettime(CLOCK_REALTIME, deadline);
        deadline->tv_sec++;
    }
    if (pthread_cond_timedwait(&changed, &lock, deadline) != 0) {
        deadline->tv_nsec = -1;
    }
}

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
        pthread_cond_broadcast(&changed);
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

/* Counts the current thread as one that is ending, or does not. */
static void set_ending_locked(bool is)
{
    bool was = pthread_getspecific(ends);

    if (is != was &&
        pthread_setspecific(ends, is ? &qpp_thread : NULL) == 0) {
        ending += is ? 1 : -1;
    }
}

/* Asks the host to stand still, if nobody has and anybody waits for it. */
static void quiesce(void)
{
    struct timespec deadline = { 0 };
    bool ask;

    pthread_mutex_lock(&lock);
    atomic_store(&waits, false);
    ask = requests && !under_way;
    if (ask) {
        under_way = true;
        asker = &qpp_thread;
        set_ending_locked(false);
        while (ending > 0 && deadline.tv_nsec >= 0) {
            wait_until(&deadline);
        }
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

void qpp_life_vcpu_exit(void)
{
    struct timespec deadline = { 0 };

    pthread_mutex_lock(&lock);
    while (under_way && asker != &qpp_thread && deadline.tv_nsec >= 0) {
        wait_until(&deadline);
    }
    set_ending_locked(true);
    pthread_mutex_unlock(&lock);
}

static void on_thread_end(void *unused)
{
    pthread_mutex_lock(&lock);
    ending--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
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
    changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    ending = 0;
    if (under_way && asker != &qpp_thread) {
        under_way = false;
        qpp_host_quiesce_lost();
        atomic_store(&waits, requests != NULL);
    }
    pthread_mutex_unlock(&lock);
}

static void __attribute__((constructor)) life_init(void)
{
    pthread_key_create(&ends, on_thread_end);
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
