/*
 * test_core_life_plugin.c: the plugin that comes and goes in
 * test_core_life.c, which loads copies of the file: each is named as its
 * copy.  It counts its calls, and uninstalls or resets itself where it is
 * told to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "plugin-qpp.h"
#include "test_core_life.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "";

QEMU_PLUGIN_EXPORT Life life;
QEMU_PLUGIN_EXPORT void life_do(int what);
QEMU_PLUGIN_EXPORT bool life_run(void);
QEMU_PLUGIN_EXPORT bool life_dead_calls_fail(void);
QEMU_PLUGIN_EXPORT bool life_churn(void);

static qemu_plugin_id_t self;
static qemu_plugin_callback *own; /* "event" */

static void __attribute__((constructor)) name_after_file(void)
{
    Dl_info info;
    char *name;

    dladdr(&life, &info);
    name = g_path_get_basename(info.dli_fname);
    *strrchr(name, '.') = '\0';
    qemu_plugin_name = name;
}

static void enter(int place, qemu_plugin_id_t id)
{
    int command = atomic_load(&life.command);

    life.inside++;
    if (life.dead) {
        life.late++;
    }
    if (id != self) {
        life.wrong++;
    }
    life.n[place]++;
    if (command && command / 4 == place &&
        atomic_compare_exchange_strong(&life.command, &command, 0)) {
        life_do(command % 4);
    }
}

static void leave(void)
{
    life.inside--;
}

#define VCPU_CB(name, place)                                                  \
    static void name(qemu_plugin_id_t id, unsigned int vcpu_index)            \
    {                                                                         \
        enter(place, id);                                                     \
        leave();                                                              \
    }
VCPU_CB(on_init, IN_INIT)
VCPU_CB(on_exit_of_vcpu, IN_EXIT)
VCPU_CB(on_idle, IN_IDLE)
VCPU_CB(on_resume, IN_RESUME)

static void on_exec(unsigned int vcpu_index, void *userdata)
{
    enter(IN_EXEC, self);
    leave();
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    enter(IN_TRANS, id);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec, QEMU_PLUGIN_CB_NO_REGS,
                                         NULL);
    leave();
}

static void on_flush(qemu_plugin_id_t id)
{
    enter(IN_FLUSH, id);
    leave();
}

static void on_syscall(qemu_plugin_id_t id, unsigned int vcpu_index,
                       int64_t num, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                       uint64_t a8)
{
    enter(IN_SYSCALL, id);
    leave();
}

static void on_syscall_ret(qemu_plugin_id_t id, unsigned int vcpu_index,
                           int64_t num, int64_t ret)
{
    enter(IN_SYSCALL_RET, id);
    leave();
}

static void on_event(gpointer evdata, gpointer udata)
{
    enter(IN_EVENT, self);
    while (life.parks) {
        life.parked = true;
        g_usleep(100);
    }
    leave();
}

static void on_gone(qemu_plugin_id_t id, const char *gone)
{
    enter(IN_GONE, id);
    /* One of many asks, which is a line each time. */
    if (strcmp(qemu_plugin_name, "life_stays") == 0 &&
        qemu_plugin_import_function(gone, "life_run")) {
        life.wrong++;
    }
    leave();
}

static void subscribe(void)
{
    qemu_plugin_register_vcpu_init_cb(self, on_init);
    qemu_plugin_register_vcpu_exit_cb(self, on_exit_of_vcpu);
    qemu_plugin_register_vcpu_idle_cb(self, on_idle);
    qemu_plugin_register_vcpu_resume_cb(self, on_resume);
    qemu_plugin_register_vcpu_tb_trans_cb(self, on_trans);
    qemu_plugin_register_flush_cb(self, on_flush);
    qemu_plugin_register_vcpu_syscall_cb(self, on_syscall);
    qemu_plugin_register_vcpu_syscall_ret_cb(self, on_syscall_ret);
    qemu_plugin_register_gone_cb(self, on_gone);
    if (!qemu_plugin_reg_callback("life_base", "event", on_event)) {
        life.wrong++;
    }
}

static void on_reset(qemu_plugin_id_t id)
{
    subscribe();
    enter(IN_RESET_CB, id);
    leave();
}

static void on_uninstalled(qemu_plugin_id_t id)
{
    if (life.inside) {
        life.late++;
    }
    enter(IN_UNINSTALL_CB, id);
    life.dead = true;
    leave();
}

/* Context: any thread. */
void life_do(int what)
{
    switch (what) {
    case UNINSTALL:
        qemu_plugin_uninstall(self, on_uninstalled);
        break;
    case RESET:
        qemu_plugin_reset(self, on_reset);
        break;
    case RETRANSLATE:
        qemu_plugin_retranslate(self, NULL);
        break;
    }
}

/* Runs the plugin's own callback. */
bool life_run(void)
{
    return qemu_plugin_run_callback_handle(own, NULL, NULL);
}

/* An uninstalled plugin can do nothing, and nothing crashes. */
bool life_dead_calls_fail(void)
{
    qemu_plugin_register_vcpu_tb_trans_cb(self, on_trans);
    qemu_plugin_uninstall(self, on_uninstalled);
    qemu_plugin_reset(self, on_reset);
    qemu_plugin_retranslate(self, on_reset);
    return !qemu_plugin_create_callback(self, "late") &&
           !qemu_plugin_run_callback(self, "event", NULL, NULL) &&
           !life_run() &&
           !qemu_plugin_reg_callback("life_base", "event", on_event) &&
           !qemu_plugin_reg_callback(qemu_plugin_name, "event", on_event) &&
           !qemu_plugin_import_function(qemu_plugin_name, "life_run");
}

static void churned(gpointer evdata, gpointer udata)
{
}

/* Comes and goes on a callback. */
bool life_churn(void)
{
    return qemu_plugin_reg_callback("life_base", "event", churned) &&
           qemu_plugin_unreg_callback("life_base", "event", churned);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    self = id;
    own = qemu_plugin_create_callback_handle(id, "event");
    subscribe();
    return 0;
}
