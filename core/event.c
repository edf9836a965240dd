/*
 * event.c: vCPU, translation, flush, exit and user-mode system-call events,
 * fanned out to plugins.
 *
 * QEMU keeps one callback for each event and plugin, and knows only the
 * plugins on its command line.  So the core asks once for each kind, at
 * first need, and calls whoever registered here, in the order in which
 * plugins were installed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "host/host.h"
#include "list.h"

static QppList lists[QPP_HOST_N_EVENTS];
static QppList gone_list; /* of those who want to hear who goes */
static atomic_int n_vcpus;
static atomic_bool translated; /* anything yet */

__thread QppThread qpp_thread;

bool qpp_on_vcpu(void)
{
    return qpp_thread.vcpu || (!qpp_host_info()->system_emulation &&
                               atomic_load_explicit(&translated,
                                                    memory_order_relaxed));
}

bool qpp_host_translated(void)
{
    return atomic_load(&translated);
}

void qpp_event_start(void)
{
    qpp_host_subscribe(QPP_HOST_VCPU_INIT); /* for qemu_plugin_num_vcpus */
    if (!qpp_host_info()->system_emulation) {
        qpp_host_subscribe(QPP_HOST_TB_TRANS); /* when the program runs */
    }
    if (qpp_host_exit_races()) {
        qpp_host_subscribe(QPP_HOST_VCPU_EXIT);
    }
}

/* False after a line. */
static bool add_to(QppList *list, qemu_plugin_id_t id, QppFn cb,
                   void *userdata)
{
    QppPlugin *plugin = qpp_plugin_by_id(id);

    if (!plugin || !cb) {
        qpp_error("cannot register for an event: %s",
                  cb ? "pass the id given to qemu_plugin_install"
                     : "the callback is NULL");
        return false;
    }
    qpp_list_add(list, cb, userdata, plugin);
    return true;
}

static void add(QppHostEvent event, qemu_plugin_id_t id, QppFn cb,
                void *userdata)
{
    if (add_to(&lists[event], id, cb, userdata)) {
        qpp_host_subscribe(event);
    }
}

/* Does @action for each live @item of @list. */
#define WALK(list, action)                                                    \
    do {                                                                      \
        qpp_read_begin();                                                     \
        const QppItems *items = qpp_list_items(list);                         \
        for (size_t i = 0; items && i < items->n; i++) {                      \
            QppItem *item = items->item[i];                                   \
            if (qpp_item_live(item)) {                                        \
                action;                                                       \
            }                                                                 \
        }                                                                     \
        qpp_read_end();                                                       \
    } while (0)

/* Calls @cb_type functions for @event; the rest are the arguments after id. */
#define FAN_OUT(event, cb_type, ...)                                          \
    WALK(&lists[event], ((cb_type)item->fn)(item->owner->id, __VA_ARGS__))

void qpp_event_vcpu(int kind, unsigned int vcpu_index)
{
    if (kind == QPP_HOST_VCPU_INIT) {
        int seen = atomic_load(&n_vcpus);

        while (seen <= (int)vcpu_index &&
               !atomic_compare_exchange_weak(&n_vcpus, &seen,
                                             (int)vcpu_index + 1)) {
            /* seen is what was found instead: try again */
        }
    }
    if (kind == QPP_HOST_VCPU_IDLE || kind == QPP_HOST_VCPU_RESUME ||
        (kind == QPP_HOST_VCPU_INIT && qpp_host_init_on_vcpu())) {
        qpp_thread.vcpu = true;
    }
    /* An idle one goes to sleep, whatever has been asked of it meanwhile. */
    qpp_thread.may_stay = kind == QPP_HOST_VCPU_IDLE ||
                          kind == QPP_HOST_VCPU_EXIT;
    FAN_OUT(kind, qemu_plugin_vcpu_simple_cb_t, vcpu_index);
    qpp_thread.may_stay = false;
    if (kind == QPP_HOST_VCPU_RESUME) {
        qpp_life_vcpu_event();
    } else if (kind == QPP_HOST_VCPU_EXIT && qpp_host_exit_races()) {
        qpp_life_vcpu_exit();
    }
}

void qpp_event_tb_trans(struct qemu_plugin_tb *tb)
{
    if (G_UNLIKELY(!atomic_load_explicit(&translated, memory_order_relaxed))) {
        atomic_store(&translated, true);
    }
    qpp_thread.vcpu = true;
    qpp_thread.translating = true;
    FAN_OUT(QPP_HOST_TB_TRANS, qemu_plugin_vcpu_tb_trans_cb_t, tb);
    qpp_thread.translating = false;
    qpp_life_vcpu_event();
}

void qpp_event_flush(void)
{
    qpp_host_instrument_flush();
    WALK(&lists[QPP_HOST_FLUSH],
         ((qemu_plugin_simple_cb_t)item->fn)(item->owner->id));
}

void qpp_event_atexit(void)
{
    FAN_OUT(QPP_HOST_ATEXIT, qemu_plugin_udata_cb_t, item->userdata);
}

void qpp_event_syscall(unsigned int vcpu_index, int64_t num,
                       const uint64_t a[8])
{
    qpp_thread.vcpu = true;
    qpp_thread.may_stay = true;
    FAN_OUT(QPP_HOST_SYSCALL, qemu_plugin_vcpu_syscall_cb_t, vcpu_index, num,
            a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
    qpp_thread.may_stay = false;
}

bool qpp_event_syscall_filter(unsigned int vcpu_index, int64_t num,
                              const uint64_t a[8], uint64_t *sysret)
{
    bool filtered = false;
    const QppItems *items;

    qpp_thread.may_set_pc = true;
    qpp_thread.may_stay = true;
    qpp_read_begin();
    items = qpp_list_items(&lists[QPP_HOST_SYSCALL_FILTER]);
    for (size_t i = 0; items && i < items->n; i++) {
        QppItem *item = items->item[i];

        if (qpp_item_live(item) &&
            ((qemu_plugin_vcpu_syscall_filter_cb_t)item->fn)(
                item->owner->id, vcpu_index, num, a[0], a[1], a[2], a[3],
                a[4], a[5], a[6], a[7], sysret)) {
            filtered = true;
        }
    }
    qpp_read_end();
    qpp_thread.may_stay = false;
    qpp_thread.may_set_pc = false;
    return filtered;
}

void qpp_event_discon(unsigned int vcpu_index,
                      enum qemu_plugin_discon_type type, uint64_t from_pc,
                      uint64_t to_pc)
{
    const QppItems *items;

    qpp_thread.vcpu = true;
    qpp_thread.may_set_pc = true;
    qpp_read_begin();
    items = qpp_list_items(&lists[QPP_HOST_DISCON]);
    for (size_t i = 0; items && i < items->n; i++) {
        QppItem *item = items->item[i];

        /* userdata: the types that it is for */
        if (qpp_item_live(item) &&
            (GPOINTER_TO_INT(item->userdata) & type)) {
            ((qemu_plugin_vcpu_discon_cb_t)item->fn)(
                item->owner->id, vcpu_index, type, from_pc, to_pc);
        }
    }
    qpp_read_end();
    qpp_thread.may_set_pc = false;
}

void qpp_event_gone(const QppPlugin *plugin)
{
    WALK(&gone_list, ((qemu_plugin_gone_cb_t)item->fn)(item->owner->id,
                                                       plugin->name));
}

void qpp_event_forget(QppPlugin *plugin)
{
    for (size_t i = 0; i < QPP_HOST_N_EVENTS; i++) {
        qpp_list_remove_owner(&lists[i], plugin);
    }
    qpp_list_remove_owner(&gone_list, plugin);
}

void qpp_event_syscall_ret(unsigned int vcpu_index, int64_t num, int64_t ret)
{
    FAN_OUT(QPP_HOST_SYSCALL_RET, qemu_plugin_vcpu_syscall_ret_cb_t,
            vcpu_index, num, ret);
    qpp_thread.vcpu = true;
    qpp_life_vcpu_event();
}

void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
                                       qemu_plugin_vcpu_simple_cb_t cb)
{
    add(QPP_HOST_VCPU_INIT, id, (QppFn)cb, NULL);
}

void qemu_plugin_register_vcpu_exit_cb(qemu_plugin_id_t id,
                                       qemu_plugin_vcpu_simple_cb_t cb)
{
    add(QPP_HOST_VCPU_EXIT, id, (QppFn)cb, NULL);
}

void qemu_plugin_register_vcpu_idle_cb(qemu_plugin_id_t id,
                                       qemu_plugin_vcpu_simple_cb_t cb)
{
    add(QPP_HOST_VCPU_IDLE, id, (QppFn)cb, NULL);
}

void qemu_plugin_register_vcpu_resume_cb(qemu_plugin_id_t id,
                                         qemu_plugin_vcpu_simple_cb_t cb)
{
    add(QPP_HOST_VCPU_RESUME, id, (QppFn)cb, NULL);
}

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           qemu_plugin_vcpu_tb_trans_cb_t cb)
{
    add(QPP_HOST_TB_TRANS, id, (QppFn)cb, NULL);
}

void qemu_plugin_register_flush_cb(qemu_plugin_id_t id,
                                   qemu_plugin_simple_cb_t cb)
{
    add(QPP_HOST_FLUSH, id, (QppFn)cb, NULL);
}

void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    qemu_plugin_udata_cb_t cb, void *userdata)
{
    add(QPP_HOST_ATEXIT, id, (QppFn)cb, userdata);
}

void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t id,
                                          qemu_plugin_vcpu_syscall_cb_t cb)
{
    add(QPP_HOST_SYSCALL, id, (QppFn)cb, NULL);
}

void
qemu_plugin_register_vcpu_syscall_ret_cb(qemu_plugin_id_t id,
                                         qemu_plugin_vcpu_syscall_ret_cb_t cb)
{
    add(QPP_HOST_SYSCALL_RET, id, (QppFn)cb, NULL);
}

int qemu_plugin_num_vcpus(void)
{
    return atomic_load(&n_vcpus);
}

void qemu_plugin_register_vcpu_syscall_filter_cb(
    qemu_plugin_id_t id, qemu_plugin_vcpu_syscall_filter_cb_t cb)
{
    if (QPP_CONTEXT(qemu_plugin_available(__func__),
                    "this QEMU cannot; ask qemu_plugin_available")) {
        add(QPP_HOST_SYSCALL_FILTER, id, (QppFn)cb, NULL);
    }
}

void qemu_plugin_register_vcpu_discon_cb(qemu_plugin_id_t id,
                                         enum qemu_plugin_discon_type type,
                                         qemu_plugin_vcpu_discon_cb_t cb)
{
    if (QPP_CONTEXT(qemu_plugin_available(__func__),
                    "this QEMU cannot; ask qemu_plugin_available")) {
        add(QPP_HOST_DISCON, id, (QppFn)cb, GINT_TO_POINTER(type));
    }
}

void qemu_plugin_register_gone_cb(qemu_plugin_id_t id,
                                  qemu_plugin_gone_cb_t cb)
{
    add_to(&gone_list, id, (QppFn)cb, NULL);
}

void qemu_plugin_vcpu_for_each(qemu_plugin_id_t id,
                               qemu_plugin_vcpu_simple_cb_t cb)
{
    if (!qpp_plugin_by_id(id) || !cb) {
        qpp_error("qemu_plugin_vcpu_for_each: pass the id given to "
                  "qemu_plugin_install, and a callback");
        return;
    }
    qpp_host_vcpu_for_each(id, cb);
}
