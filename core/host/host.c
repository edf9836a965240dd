/*
 * host.c: the running QEMU's events, with what differs between plugin API
 * versions evened out.  Before version 7 a callback's first argument is the
 * plugin's id, and only atexit is registered with userdata.  From 7 on every
 * callback is registered with userdata, which comes back as its last
 * argument, and no id is passed: (userdata), (vcpu_index, userdata), (tb,
 * userdata), (vcpu_index, num, a1 ... a8, userdata).  So do the binaries of
 * 11.1; headers of its development differ.  QEMU's functions are in calls.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "host.h"

static qemu_plugin_id_t host_id;
static qemu_info_t host_info;
static int host_api;

bool qpp_host_start(qemu_plugin_id_t id, const qemu_info_t *info,
                    GError **errp)
{
    const char *missing;

    host_id = id;
    host_info = *info;
    host_info.target_name = g_strdup(info->target_name);
    host_api = MIN(info->version.cur, QPP_HOST_API_MAX);
    missing = qpp_host_bind(host_api);
    if (missing) {
        g_set_error(errp, QPP_ERROR, 0,
                    "this QEMU (plugin API %d) does not export %s; use "
                    "another build of it", info->version.cur, missing);
    } else if (!info->system_emulation) {
        qpp_host_subscribe(QPP_HOST_TB_TRANS);
    }
    return !missing;
}

const qemu_info_t *qpp_host_info(void)
{
    return &host_info;
}

/* ---- Events ------------------------------------------------------------ */

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

static void tb_trans(struct qemu_plugin_tb *tb)
{
    if (!host_info.system_emulation) {
        qpp_host_user_tb(tb);
    }
    qpp_event_tb_trans(tb);
}

static void on_tb_trans_v7(struct qemu_plugin_tb *tb, void *userdata)
{
    tb_trans(tb);
}

static void on_syscall_v7(unsigned int vcpu_index, int64_t num, uint64_t a1,
                          uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5,
                          uint64_t a6, uint64_t a7, uint64_t a8,
                          void *userdata)
{
    const uint64_t args[8] = { a1, a2, a3, a4, a5, a6, a7, a8 };

    qpp_event_syscall(vcpu_index, num, args);
}

static void on_syscall_ret_v7(unsigned int vcpu_index, int64_t num,
                              int64_t ret, void *userdata)
{
    qpp_event_syscall_ret(vcpu_index, num, ret);
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

static void on_tb_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    tb_trans(tb);
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

static const struct {
    const char *symbol;
    AnyFn old; /* before version 7 */
    AnyFn v7;
} events[QPP_HOST_N_EVENTS] = {
    [QPP_HOST_VCPU_INIT] = { "qemu_plugin_register_vcpu_init_cb",
                             ANY_FN(on_vcpu_init), ANY_FN(on_vcpu_v7) },
    [QPP_HOST_VCPU_EXIT] = { "qemu_plugin_register_vcpu_exit_cb",
                             ANY_FN(on_vcpu_exit), ANY_FN(on_vcpu_v7) },
    [QPP_HOST_VCPU_IDLE] = { "qemu_plugin_register_vcpu_idle_cb",
                             ANY_FN(on_vcpu_idle), ANY_FN(on_vcpu_v7) },
    [QPP_HOST_VCPU_RESUME] = { "qemu_plugin_register_vcpu_resume_cb",
                               ANY_FN(on_vcpu_resume), ANY_FN(on_vcpu_v7) },
    [QPP_HOST_TB_TRANS] = { "qemu_plugin_register_vcpu_tb_trans_cb",
                            ANY_FN(on_tb_trans), ANY_FN(on_tb_trans_v7) },
    [QPP_HOST_FLUSH] = { "qemu_plugin_register_flush_cb", ANY_FN(on_flush),
                         ANY_FN(on_flush_v7) },
    [QPP_HOST_ATEXIT] = { "qemu_plugin_register_atexit_cb",
                          ANY_FN(on_atexit), ANY_FN(on_atexit_v7) },
    [QPP_HOST_SYSCALL] = { "qemu_plugin_register_vcpu_syscall_cb",
                           ANY_FN(on_syscall), ANY_FN(on_syscall_v7) },
    [QPP_HOST_SYSCALL_RET] = { "qemu_plugin_register_vcpu_syscall_ret_cb",
                               ANY_FN(on_syscall_ret),
                               ANY_FN(on_syscall_ret_v7) },
};

bool qpp_host_subscribe(QppHostEvent event)
{
    typedef void (*Register)(qemu_plugin_id_t, AnyFn);
    typedef void (*RegisterUdata)(qemu_plugin_id_t, AnyFn, void *);
    gpointer function = qpp_host_symbol(events[event].symbol);
    void *udata = GINT_TO_POINTER((int)event);

    if (!function) {
        return false;
    }
    if (host_api >= 7) {
        ((RegisterUdata)function)(host_id, events[event].v7, udata);
    } else if (event == QPP_HOST_ATEXIT) {
        ((RegisterUdata)function)(host_id, events[event].old, udata);
    } else {
        ((Register)function)(host_id, events[event].old);
    }
    return true;
}
