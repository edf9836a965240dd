/*
 * misc.c: QEMU's log, the user-mode program, time, and each vCPU.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "bind.h"

typedef void (*AnyFn)(void);

static struct {
    void (*outs)(const char *);
    const char *(*path_to_binary)(void);
    uint64_t (*start_code)(void);
    uint64_t (*end_code)(void);
    uint64_t (*entry_code)(void);
    const void *(*request_time_control)(void);
    void (*update_ns)(const void *, int64_t);
    gpointer vcpu_for_each; /* two signatures */
} fn;

static const QppBinding bindings[] = {
    QPP_BIND(outs), QPP_BIND(path_to_binary), QPP_BIND(start_code),
    QPP_BIND(end_code), QPP_BIND(entry_code),
    QPP_BIND(request_time_control), QPP_BIND(update_ns),
    QPP_BIND(vcpu_for_each),
};
const QppBindings qpp_misc_bindings = { bindings, G_N_ELEMENTS(bindings) };

void qemu_plugin_outs(const char *string)
{
    if (fn.outs && string) {
        fn.outs(string);
    }
}

/* ---- The user-mode program ----------------------------------------------- */

/*
 * QEMU knows the program when it runs, and on the threads that run it: it
 * crashes if asked earlier, or on a thread of a plugin's.  So it is asked once.
 */
static struct {
    gsize once;
    char *path;
    uint64_t start_code;
    uint64_t end_code;
    uint64_t entry_code;
} program;

void qpp_host_user_program(void)
{
    if (g_once_init_enter(&program.once)) {
        program.path = fn.path_to_binary ? (char *)fn.path_to_binary() : NULL;
        program.start_code = fn.start_code ? fn.start_code() : 0;
        program.end_code = fn.end_code ? fn.end_code() : 0;
        program.entry_code = fn.entry_code ? fn.entry_code() : 0;
        g_once_init_leave(&program.once, 1);
    }
}

/* What is asked for only where it can be: in user mode. */
#define PROGRAM_RUNS()                                                        \
    (!qpp_host_info()->system_emulation &&                                    \
     QPP_CONTEXT(qpp_host_translated(),                                       \
                 "the program has not begun to run"))

const char *qemu_plugin_path_to_binary(void)
{
    return PROGRAM_RUNS() ? g_strdup(program.path) : NULL;
}

uint64_t qemu_plugin_start_code(void)
{
    return PROGRAM_RUNS() ? program.start_code : 0;
}

uint64_t qemu_plugin_end_code(void)
{
    return PROGRAM_RUNS() ? program.end_code : 0;
}

uint64_t qemu_plugin_entry_code(void)
{
    return PROGRAM_RUNS() ? program.entry_code : 0;
}

/* ---- Time ---------------------------------------------------------------- */

const void *qemu_plugin_request_time_control(void)
{
    return fn.request_time_control &&
                   QPP_CONTEXT(!qpp_thread.vcpu,
                               "call it in qemu_plugin_install")
               ? fn.request_time_control() : NULL;
}

void qemu_plugin_update_ns(const void *handle, int64_t time)
{
    if (QPP_CONTEXT(handle, "the handle is NULL") && fn.update_ns &&
        QPP_CONTEXT(qpp_on_vcpu(), "call it on a vCPU's thread")) {
        fn.update_ns(handle, time);
    }
}

/* ---- Each vCPU ----------------------------------------------------------- */

/* What the thread's qpp_host_vcpu_for_each is doing. */
static __thread struct {
    qemu_plugin_vcpu_simple_cb_t cb;
    qemu_plugin_id_t id;
} each;

static void on_each(qemu_plugin_id_t host_id, unsigned int vcpu_index)
{
    each.cb(each.id, vcpu_index);
}

static void on_each_v7(unsigned int vcpu_index, void *userdata)
{
    each.cb(each.id, vcpu_index);
}

void qpp_host_vcpu_for_each(qemu_plugin_id_t id,
                            qemu_plugin_vcpu_simple_cb_t cb)
{
    if (!fn.vcpu_for_each) {
        return;
    }
    each.cb = cb;
    each.id = id;
    if (qpp_host_api() >= 7) {
        ((void (*)(qemu_plugin_id_t, AnyFn, void *))fn.vcpu_for_each)(
            qpp_host_id(), (AnyFn)on_each_v7, NULL);
    } else {
        ((void (*)(qemu_plugin_id_t, AnyFn))fn.vcpu_for_each)(
            qpp_host_id(), (AnyFn)on_each);
    }
}
