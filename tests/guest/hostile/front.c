/*
 * front.c: hostile_front, a plugin that is to be installed before osi_linux,
 * and so is called before it wherever osi_linux is called: it hands over to
 * hostile_events (events.c), which spoils memory there.  That is installed
 * after osi_linux and puts the memory back when it is called in turn, at the
 * same place: the guest runs nothing in between.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "arch/arch.h"
#include "front.h"
#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "hostile_front";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls", NULL };

#define MAX_HOOKS 8

static const OsiArch *arch;
static qemu_plugin_callback *on_moment;
static uint64_t hooks[MAX_HOOKS];

QEMU_PLUGIN_EXPORT void hostile_front_watch(const uint64_t *addresses,
                                            unsigned int n)
{
    for (unsigned int i = 0; i < n && i < MAX_HOOKS; i++) {
        hooks[i] = addresses[i];
    }
}

static bool is_hook(uint64_t address)
{
    for (unsigned int i = 0; i < MAX_HOOKS; i++) {
        if (hooks[i] == address) {
            return address != 0;
        }
    }
    return false;
}

QEMU_PLUGIN_EXPORT void
hostile_front_instrument(struct qemu_plugin_tb *tb,
                         qemu_plugin_vcpu_udata_cb_t function)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    if (!(qemu_plugin_tb_vaddr(tb) >> 63)) {
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        uint8_t bytes[16];
        size_t size = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

        if (is_hook(address)) {
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, function, QEMU_PLUGIN_CB_R_REGS,
                (void *)(uintptr_t)HOSTILE_AT_HOOK);
        } else if (arch->is_leaving(address, bytes, size)) {
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, function, QEMU_PLUGIN_CB_R_REGS,
                (void *)(uintptr_t)HOSTILE_AT_LEAVING);
        }
    }
}

/* ---- Moments ------------------------------------------------------------- */

static void on_hook(unsigned int vcpu_index, void *udata)
{
    static struct qemu_plugin_register *argument;
    SyscallsThread *thread = syscalls_current_thread_qpp(vcpu_index);
    HostileEvent event = { .vcpu = vcpu_index,
                           .moment = (HostileMoment)(uintptr_t)udata };

    if (!thread) {
        return;
    }
    if (!argument) {
        argument = qemu_plugin_find_register(arch->arguments[0]);
    }
    event.tasks[0] = syscalls_thread_task_qpp(thread);
    if (event.moment == HOSTILE_AT_HOOK) {
        qemu_plugin_read_register_u64(argument, &event.tasks[1]);
    }
    qemu_plugin_run_callback_handle(on_moment, &event, NULL);
}

static void on_tb_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    hostile_front_instrument(tb, on_hook);
}

static void on_thread_switch(void *evdata, void *udata)
{
    const SyscallsSwitch *sw = evdata;
    HostileEvent event = { .vcpu = sw->vcpu, .moment = HOSTILE_AT_SWITCH };

    event.tasks[0] = syscalls_thread_task_qpp(sw->next);
    if (sw->prev) {
        event.tasks[1] = syscalls_thread_task_qpp(sw->prev);
    }
    qemu_plugin_run_callback_handle(on_moment, &event, NULL);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    arch = osi_arch_find(info->target_name);
    on_moment = qemu_plugin_create_callback_handle(id, "on_moment");
    if (!arch || !on_moment) {
        fprintf(stderr, "hostile_front: not for %s\n", info->target_name);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb_trans);
    return qemu_plugin_reg_callback("syscalls", "on_thread_switch",
                                    on_thread_switch) ? 0 : -1;
}
