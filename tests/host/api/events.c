/*
 * events.c: vCPUs, translation, flush, the end, system calls, interrupts;
 * and the number of vCPUs, which the runner knows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"

static atomic_uint n_init, n_exit, n_idle, n_resume, n_trans, n_flush;
static atomic_uint n_wrong_id, n_each, seen_each;
static atomic_uint n_write, n_written, n_ppid, n_ppid_right;
static atomic_uint n_filter, n_fault, n_fault_right, n_tick, n_interrupt;
static atomic_int exited = -1;

static void count(atomic_uint *counter, qemu_plugin_id_t id)
{
    (*counter)++;
    n_wrong_id += id != api_id;
}

static void on_init(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    /* In the order of their indexes, and counted before they are told. */
    api_right("num_vcpus", qemu_plugin_num_vcpus() > (int)vcpu_index,
              "%d at init of %u", qemu_plugin_num_vcpus(), vcpu_index);
    count(&n_init, id);
}

static void on_exit_of_vcpu(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    count(&n_exit, id);
    exited = (int)vcpu_index;
}

static void on_idle(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    count(&n_idle, id);
}

static void on_resume(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    count(&n_resume, id);
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    count(&n_trans, id);
}

static void on_flush(qemu_plugin_id_t id)
{
    count(&n_flush, id);
}

/* The guest's write and getppid: x86_64's numbers, and aarch64's. */
static void on_syscall(qemu_plugin_id_t id, unsigned int vcpu_index,
                       int64_t num, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                       uint64_t a8)
{
    bool arm = strcmp(api_info.target_name, "aarch64") == 0;
    char text[11];

    n_wrong_id += id != api_id;
    if (num == (arm ? 64 : 1) && a1 == 1 && a3 == sizeof(text) &&
        qemu_plugin_read_memory(a2, text, sizeof(text))) {
        n_write += memcmp(text, "guest: ran\n", sizeof(text)) == 0;
    }
    /* The second thread's. */
    n_ppid += num == (arm ? 173 : 110) && vcpu_index == 1;
}

static void on_syscall_ret(qemu_plugin_id_t id, unsigned int vcpu_index,
                           int64_t num, int64_t ret)
{
    bool arm = strcmp(api_info.target_name, "aarch64") == 0;

    n_wrong_id += id != api_id;
    n_written += num == (arm ? 64 : 1) && ret == 11;
    n_ppid_right += num == (arm ? 173 : 110) && ret == getppid();
}

static bool on_filter(qemu_plugin_id_t id, unsigned int vcpu_index,
                      int64_t num, uint64_t a1, uint64_t a2, uint64_t a3,
                      uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                      uint64_t a8, uint64_t *sysret)
{
    count(&n_filter, id);
    return false;
}

static void on_discon(qemu_plugin_id_t id, unsigned int vcpu_index,
                      enum qemu_plugin_discon_type type, uint64_t from_pc,
                      uint64_t to_pc)
{
    n_wrong_id += id != api_id;
    if (from_pc == api_label(L_do_fault)) {
        /* QEMU 11.1 tells of x86's exceptions twice; see the header. */
        n_fault += type == QEMU_PLUGIN_DISCON_EXCEPTION;
        n_fault_right += to_pc == api_label(L_on_fault);
    }
    if (type == QEMU_PLUGIN_DISCON_INTERRUPT &&
        to_pc == api_label(L_on_tick) &&
        from_pc == api_label(L_after_hlt)) {
        n_tick++;
    }
}

/* Asked for interrupts alone. */
static void on_interrupt(qemu_plugin_id_t id, unsigned int vcpu_index,
                         enum qemu_plugin_discon_type type, uint64_t from_pc,
                         uint64_t to_pc)
{
    count(&n_interrupt, id);
    api_right("register_vcpu_discon_cb", type == QEMU_PLUGIN_DISCON_INTERRUPT,
              "type %d, though only interrupts were asked for", type);
}

static void install(void)
{
    qemu_plugin_register_vcpu_init_cb(api_id, on_init);
    qemu_plugin_register_vcpu_exit_cb(api_id, on_exit_of_vcpu);
    qemu_plugin_register_vcpu_idle_cb(api_id, on_idle);
    qemu_plugin_register_vcpu_resume_cb(api_id, on_resume);
    qemu_plugin_register_vcpu_tb_trans_cb(api_id, on_trans);
    qemu_plugin_register_flush_cb(api_id, on_flush);
    qemu_plugin_register_vcpu_syscall_cb(api_id, on_syscall);
    qemu_plugin_register_vcpu_syscall_ret_cb(api_id, on_syscall_ret);
    qemu_plugin_register_vcpu_syscall_filter_cb(api_id, on_filter);
    qemu_plugin_register_vcpu_discon_cb(api_id, QEMU_PLUGIN_DISCON_ALL,
                                        on_discon);
    qemu_plugin_register_vcpu_discon_cb(
        api_id, QEMU_PLUGIN_DISCON_INTERRUPT, on_interrupt);
}

static void on_each(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    count(&n_each, id);
    seen_each |= 1u << vcpu_index;
}

static void at_regs(unsigned int vcpu_index, void *userdata)
{
    int n = qemu_plugin_num_vcpus();

    qemu_plugin_vcpu_for_each(api_id, on_each);
    api_right("vcpu_for_each", (int)n_each == n && seen_each == (1u << n) - 1,
              "%u calls for %d vCPUs", n_each, n);
}

static void at(Label label, struct qemu_plugin_tb *tb,
               struct qemu_plugin_insn *insn)
{
    if (label == L_at_regs) {
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, at_regs, QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
}

static void end(void)
{
    unsigned int n_vcpus = atoi(api_arg("vcpus"));

    api_right("num_vcpus", qemu_plugin_num_vcpus() == (int)n_vcpus,
              "%d, not %u", qemu_plugin_num_vcpus(), n_vcpus);
    api_right("register_vcpu_init_cb", n_init == n_vcpus, "%u of %u", n_init,
              n_vcpus);
    if (n_vcpus > 1) {
        api_right("register_vcpu_exit_cb", n_exit == 1 && exited == 1,
                  "%u times, of vCPU %d", n_exit, exited);
    } else {
        api_right("register_vcpu_exit_cb", n_exit == 0, "%u times", n_exit);
    }
    api_either("register_vcpu_idle_cb", n_idle > 0, n_idle == 0);
    api_either("register_vcpu_resume_cb", n_resume > 0, n_resume == 0);
    api_right("register_vcpu_tb_trans_cb", n_trans > 10, "%u", n_trans);
    /* api_other was reset and uninstalled. */
    api_right("register_flush_cb", n_flush >= 1, "%u", n_flush);
    api_right("register_atexit_cb", n_wrong_id == 0, "%u wrong ids",
              n_wrong_id);
    api_either("register_vcpu_syscall_cb", n_write == 1 && n_ppid == 1,
               n_write == 0);
    api_either("register_vcpu_syscall_ret_cb",
               n_written == 1 && n_ppid_right == 1, n_written == 0);
    api_either("register_vcpu_syscall_filter_cb", n_filter > 1,
               n_filter == 0);
    if (api_available("register_vcpu_discon_cb")) {
        api_right("register_vcpu_discon_cb",
                  n_fault == 1 && n_fault_right == 1 && n_tick >= 1 &&
                      n_interrupt >= 1,
                  "%u faults, %u of them right, %u ticks, %u interrupts",
                  n_fault, n_fault_right, n_tick, n_interrupt);
    } else {
        api_refused("register_vcpu_discon_cb",
                    n_fault + n_tick + n_interrupt == 0, "it is called");
    }
}

const ApiPart api_events = { install, NULL, at, end };
