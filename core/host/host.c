/*
 * host.c: the running QEMU's events, with what differs between plugin API
 * versions evened out.  Before version 7 a callback's first argument is the
 * plugin's id, and only atexit is registered with userdata.  From 7 on every
 * callback is registered with userdata, which comes back as its last
 * argument, and no id is passed: (userdata), (vcpu_index, userdata), (tb,
 * userdata), (vcpu_index, num, a1 ... a8, userdata), (vcpu_index, type,
 * from_pc, to_pc, userdata).  So do the binaries of 11.1; headers of its
 * development differ.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <string.h>

#include "bind.h"

static qemu_plugin_id_t host_id;
static qemu_info_t host_info;
static int host_api;

/* Looks up what the other files call; the name of a missing one, or NULL. */
static const char *bind(void)
{
    static const QppBindings *const all[] = {
        &qpp_instrument_bindings, &qpp_query_bindings,
        &qpp_scoreboard_bindings, &qpp_state_bindings, &qpp_misc_bindings,
    };
    const char *missing = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        for (size_t j = 0; j < all[i]->n; j++) {
            const QppBinding *b = &all[i]->list[j];

            *b->slot = qpp_host_symbol(b->symbol);
            if (b->required && !*b->slot && !missing) {
                missing = b->symbol;
            }
        }
    }
    return missing;
}

bool qpp_host_start(qemu_plugin_id_t id, const qemu_info_t *info,
                    GError **errp)
{
    const char *missing = bind();

    host_id = id;
    host_info = *info;
    host_info.target_name = g_strdup(info->target_name);
    host_api = MIN(info->version.cur, QPP_HOST_API_MAX);
    if (missing) {
        g_set_error(errp, QPP_ERROR, 0,
                    "this QEMU (plugin API %d) does not export %s; use "
                    "another build of it", info->version.cur, missing);
    }
    return !missing;
}

int qpp_host_api(void)
{
    return host_api;
}

qemu_plugin_id_t qpp_host_id(void)
{
    return host_id;
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
        qpp_host_user_program();
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

static bool on_syscall_filter_v7(unsigned int vcpu_index, int64_t num,
                                 uint64_t a1, uint64_t a2, uint64_t a3,
                                 uint64_t a4, uint64_t a5, uint64_t a6,
                                 uint64_t a7, uint64_t a8, uint64_t *sysret,
                                 void *userdata)
{
    const uint64_t args[8] = { a1, a2, a3, a4, a5, a6, a7, a8 };

    return qpp_event_syscall_filter(vcpu_index, num, args, sysret);
}

static void on_discon_v7(unsigned int vcpu_index,
                         enum qemu_plugin_discon_type type, uint64_t from_pc,
                         uint64_t to_pc, void *userdata)
{
    qpp_event_discon(vcpu_index, type, from_pc, to_pc);
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

static bool on_syscall_filter(qemu_plugin_id_t id, unsigned int vcpu_index,
                              int64_t num, uint64_t a1, uint64_t a2,
                              uint64_t a3, uint64_t a4, uint64_t a5,
                              uint64_t a6, uint64_t a7, uint64_t a8,
                              uint64_t *sysret)
{
    const uint64_t args[8] = { a1, a2, a3, a4, a5, a6, a7, a8 };

    return qpp_event_syscall_filter(vcpu_index, num, args, sysret);
}

static void on_discon(qemu_plugin_id_t id, unsigned int vcpu_index,
                      enum qemu_plugin_discon_type type, uint64_t from_pc,
                      uint64_t to_pc)
{
    qpp_event_discon(vcpu_index, type, from_pc, to_pc);
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
    [QPP_HOST_SYSCALL_FILTER] = {
        "qemu_plugin_register_vcpu_syscall_filter_cb",
        ANY_FN(on_syscall_filter), ANY_FN(on_syscall_filter_v7) },
    [QPP_HOST_DISCON] = { "qemu_plugin_register_vcpu_discon_cb",
                          ANY_FN(on_discon), ANY_FN(on_discon_v7) },
};

static bool subscribe(QppHostEvent event)
{
    typedef void (*Register)(qemu_plugin_id_t, AnyFn);
    typedef void (*RegisterUdata)(qemu_plugin_id_t, AnyFn, void *);
    typedef void (*RegisterDiscon)(qemu_plugin_id_t, int, AnyFn, void *);
    gpointer function = qpp_host_symbol(events[event].symbol);
    void *udata = GINT_TO_POINTER((int)event);
    AnyFn ours = host_api >= 7 ? events[event].v7 : events[event].old;

    if (!function) {
        return false;
    }
    if (event == QPP_HOST_DISCON) {
        /* Version 6 does not look at the last argument. */
        ((RegisterDiscon)function)(host_id, QEMU_PLUGIN_DISCON_ALL, ours,
                                   udata);
    } else if (host_api >= 7 || event == QPP_HOST_ATEXIT) {
        ((RegisterUdata)function)(host_id, ours, udata);
    } else {
        ((Register)function)(host_id, ours);
    }
    return true;
}

/*
 * No lock is held while QEMU is called: on_reset runs under QEMU's own, which
 * its register functions take.  An event that on_reset does not see wanted is
 * asked for after it, since that takes QEMU's lock; asking twice does no harm.
 */
static atomic_bool wanted[QPP_HOST_N_EVENTS], subscribed[QPP_HOST_N_EVENTS];

bool qpp_host_subscribe(QppHostEvent event)
{
    if (!qpp_host_symbol(events[event].symbol)) {
        return false;
    }
    if (!atomic_load(&subscribed[event])) {
        atomic_store(&wanted[event], true);
        subscribe(event);
        atomic_store(&subscribed[event], true);
    }
    return true;
}

bool qpp_host_init_on_vcpu(void)
{
    /*
     * API 1: on the thread that makes the vCPU.  In user mode that is one
     * that runs the guest, but for the first.
     */
    return host_api > 1;
}

bool qpp_host_exit_races(void)
{
    /* QEMU 7.2; 8.0 takes a vCPU off its list before it frees anything. */
    return host_api == 1 && !host_info.system_emulation;
}

/* ---- Standing still -------------------------------------------------------
 *
 * QEMU throws all translations away and stops the vCPUs for a plugin that
 * resets itself; it forgets that plugin's events, too.  With an id that no
 * event was asked for by, nothing is forgotten.  With one id alone the events
 * are asked for again before the vCPUs go on; what happens meanwhile on a
 * thread that does not stand still (one in a system call of a user-mode
 * program, or with an idle vCPU) is not told.
 */

static qemu_plugin_id_t quiesce_ids[8];
static unsigned int n_quiesce_ids;
static void (*quiet_work)(void);

void qpp_host_another_id(qemu_plugin_id_t id)
{
    if (n_quiesce_ids < G_N_ELEMENTS(quiesce_ids)) {
        quiesce_ids[n_quiesce_ids++] = id;
    }
}

static void on_reset(void)
{
    for (size_t i = 0; n_quiesce_ids == 0 && i < QPP_HOST_N_EVENTS; i++) {
        if (atomic_load(&wanted[i])) {
            subscribe(i);
        }
    }
    quiet_work();
}

static void on_reset_old(qemu_plugin_id_t id)
{
    on_reset();
}

static void on_reset_v7(void *userdata)
{
    on_reset();
}

void qpp_host_quiesce(void (*work)(void))
{
    typedef void (*Reset)(qemu_plugin_id_t, AnyFn);
    typedef void (*ResetUdata)(qemu_plugin_id_t, AnyFn, void *);
    gpointer function = qpp_host_symbol("qemu_plugin_reset");
    qemu_plugin_id_t id = n_quiesce_ids > 0 ? quiesce_ids[n_quiesce_ids - 1]
                                            : host_id;

    quiet_work = work;
    if (host_api >= 7) {
        ((ResetUdata)function)(id, ANY_FN(on_reset_v7), NULL);
    } else {
        ((Reset)function)(id, ANY_FN(on_reset_old));
    }
}

void qpp_host_quiesce_lost(void)
{
    /* QEMU thinks it under way for that id for ever: the next best. */
    if (n_quiesce_ids > 0) {
        n_quiesce_ids--;
    }
}
