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
static atomic_int n_vcpus;

static void subscribe(QppHostEvent event)
{
    static GMutex lock;
    static bool done[QPP_HOST_N_EVENTS];

    g_mutex_lock(&lock);
    if (!done[event]) {
        done[event] = true;
        qpp_host_subscribe(event);
    }
    g_mutex_unlock(&lock);
}

void qpp_event_start(void)
{
    subscribe(QPP_HOST_VCPU_INIT); /* for qemu_plugin_num_vcpus */
}

static void add(QppHostEvent event, qemu_plugin_id_t id, QppFn cb,
                void *userdata)
{
    QppPlugin *plugin = qpp_plugin_by_id(id);

    if (!plugin || !cb) {
        qpp_error("cannot register for an event: %s",
                  cb ? "pass the id given to qemu_plugin_install"
                     : "the callback is NULL");
        return;
    }
    qpp_list_add(&lists[event], cb, userdata, plugin);
    subscribe(event);
}

/* Calls @cb_type functions on @list; the rest are the arguments after id. */
#define FAN_OUT(event, cb_type, ...)                                          \
    do {                                                                      \
        qpp_read_begin();                                                     \
        const QppItems *items = qpp_list_items(&lists[event]);                \
        for (size_t i = 0; items && i < items->n; i++) {                      \
            QppItem *item = items->item[i];                                   \
            if (qpp_item_live(item)) {                                        \
                ((cb_type)item->fn)(item->owner->id, __VA_ARGS__);            \
            }                                                                 \
        }                                                                     \
        qpp_read_end();                                                       \
    } while (0)

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
    FAN_OUT(kind, qemu_plugin_vcpu_simple_cb_t, vcpu_index);
}

void qpp_event_tb_trans(struct qemu_plugin_tb *tb)
{
    FAN_OUT(QPP_HOST_TB_TRANS, qemu_plugin_vcpu_tb_trans_cb_t, tb);
}

void qpp_event_flush(void)
{
    qpp_read_begin();
    const QppItems *items = qpp_list_items(&lists[QPP_HOST_FLUSH]);

    for (size_t i = 0; items && i < items->n; i++) {
        if (qpp_item_live(items->item[i])) {
            ((qemu_plugin_simple_cb_t)items->item[i]->fn)(
                items->item[i]->owner->id);
        }
    }
    qpp_read_end();
}

void qpp_event_atexit(void)
{
    FAN_OUT(QPP_HOST_ATEXIT, qemu_plugin_udata_cb_t, item->userdata);
}

void qpp_event_syscall(unsigned int vcpu_index, int64_t num,
                       const uint64_t a[8])
{
    FAN_OUT(QPP_HOST_SYSCALL, qemu_plugin_vcpu_syscall_cb_t, vcpu_index, num,
            a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

void qpp_event_syscall_ret(unsigned int vcpu_index, int64_t num, int64_t ret)
{
    FAN_OUT(QPP_HOST_SYSCALL_RET, qemu_plugin_vcpu_syscall_ret_cb_t,
            vcpu_index, num, ret);
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
