/*
 * host.c: the running QEMU's events, with what differs between plugin API
 * versions evened out: from version 7 on simple callbacks are called with
 * (userdata) and vCPU callbacks with (vcpu_index, userdata); before, with
 * (id) and (id, vcpu_index).  Its functions are in calls.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "host.h"

static qemu_plugin_id_t host_id;
static qemu_info_t host_info;
static int host_api;

void qpp_host_start(qemu_plugin_id_t id, const qemu_info_t *info)
{
    host_id = id;
    host_info = *info;
    host_info.target_name = g_strdup(info->target_name);
    host_api = MIN(info->version.cur, QPP_HOST_API_MAX);
    qpp_host_bind(host_api);
}

const qemu_info_t *qpp_host_info(void)
{
    return &host_info;
}

/* ---- Events --------------------------------------------------------------- */

/* From version 7: the kind travels as userdata. */
static void on_vcpu_v7(unsigned int vcpu_index, void *kind)
{
    qpp_event_vcpu(GPOINTER_TO_INT(kind), vcpu_index);
}

static void on_flush_v7(void *userdata)
{
    qpp_event_flush();
}

static void on_atexit_v7(void *userdata)
{
    qpp_event_atexit();
}

/* Before version 7: one function a kind. */
static void on_vcpu_init(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    qpp_event_vcpu(QPP_HOST_VCPU_INIT, vcpu_index);
}

static void on_vcpu_exit(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    qpp_event_vcpu(QPP_HOST_VCPU_EXIT, vcpu_index);
}

static void on_vcpu_idle(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    qpp_event_vcpu(QPP_HOST_VCPU_IDLE, vcpu_index);
}

static void on_vcpu_resume(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    qpp_event_vcpu(QPP_HOST_VCPU_RESUME, vcpu_index);
}

static void on_flush(qemu_plugin_id_t id)
{
    qpp_event_flush();
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    qpp_event_atexit();
}

/* The same in every version. */
static void on_tb_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    qpp_event_tb_trans(tb);
}

static void on_syscall(qemu_plugin_id_t id, unsigned int vcpu_index,
                       int64_t num, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                       uint64_t a8)
{
    const uint64_t args[8] = { a1, a2, a3, a4, a5, a6, a7, a8 };

    qpp_event_syscall(vcpu_index, num, args);
}

static void on_syscall_ret(qemu_plugin_id_t id, unsigned int vcpu_index,
                           int64_t num, int64_t ret)
{
    qpp_event_syscall_ret(vcpu_index, num, ret);
}

/* Cast back to its own type before the call. */
typedef void (*AnyFn)(void);
#define ANY_FN(function) ((AnyFn)(function))

/* How a kind of event is asked for. */
typedef enum Shape {
    SHAPE_PLAIN, /* register(id, cb) in every version */
    SHAPE_V7,    /* register(id, cb); from 7 on register(id, cb, userdata) */
    SHAPE_UDATA, /* register(id, cb, userdata) in every version */
} Shape;

static const struct {
    const char *symbol;
    Shape shape;
    AnyFn old; /* before version 7, and for SHAPE_PLAIN always */
    AnyFn v7;
} events[QPP_HOST_N_EVENTS] = {
    [QPP_HOST_VCPU_INIT] = { "qemu_plugin_register_vcpu_init_cb", SHAPE_V7,
                             ANY_FN(on_vcpu_init),
                             ANY_FN(on_vcpu_v7) },
    [QPP_HOST_VCPU_EXIT] = { "qemu_plugin_register_vcpu_exit_cb", SHAPE_V7,
                             ANY_FN(on_vcpu_exit),
                             ANY_FN(on_vcpu_v7) },
    [QPP_HOST_VCPU_IDLE] = { "qemu_plugin_register_vcpu_idle_cb", SHAPE_V7,
                             ANY_FN(on_vcpu_idle),
                             ANY_FN(on_vcpu_v7) },
    [QPP_HOST_VCPU_RESUME] = { "qemu_plugin_register_vcpu_resume_cb",
                               SHAPE_V7, ANY_FN(on_vcpu_resume),
                               ANY_FN(on_vcpu_v7) },
    [QPP_HOST_TB_TRANS] = { "qemu_plugin_register_vcpu_tb_trans_cb",
                            SHAPE_PLAIN, ANY_FN(on_tb_trans), NULL },
    [QPP_HOST_FLUSH] = { "qemu_plugin_register_flush_cb", SHAPE_V7,
                         ANY_FN(on_flush), ANY_FN(on_flush_v7) },
    [QPP_HOST_ATEXIT] = { "qemu_plugin_register_atexit_cb", SHAPE_UDATA,
                          ANY_FN(on_atexit), ANY_FN(on_atexit_v7) },
    [QPP_HOST_SYSCALL] = { "qemu_plugin_register_vcpu_syscall_cb",
                           SHAPE_PLAIN, ANY_FN(on_syscall), NULL },
    [QPP_HOST_SYSCALL_RET] = { "qemu_plugin_register_vcpu_syscall_ret_cb",
                               SHAPE_PLAIN, ANY_FN(on_syscall_ret),
                               NULL },
};

bool qpp_host_subscribe(QppHostEvent event)
{
    typedef void (*Register)(qemu_plugin_id_t, AnyFn);
    typedef void (*RegisterUdata)(qemu_plugin_id_t, AnyFn, void *);
    gpointer function = qpp_host_symbol(events[event].symbol);
    bool v7 = host_api >= 7;

    if (!function) {
        return false;
    }
    if (events[event].shape == SHAPE_UDATA ||
        (events[event].shape == SHAPE_V7 && v7)) {
        ((RegisterUdata)function)(host_id,
                                  v7 ? events[event].v7 : events[event].old,
                                  GINT_TO_POINTER((int)event));
    } else {
        ((Register)function)(host_id, events[event].old);
    }
    return true;
}
