/*
 * probe.c: a test plugin that looks at a running guest by every means that
 * libqpp offers, compares what two of them say of the same thing, and
 * reports when QEMU ends: what is wrong with a host's binary interface
 * shows here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "plugin-qpp.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "probe";

/* The first instruction of a block; kept as long as QEMU may run it. */
typedef struct First {
    uint64_t vaddr;
    size_t size;
    uint8_t bytes[16];
} First;

static atomic_ulong n_inits, n_blocks, n_odd_blocks, n_runs;
static atomic_ulong memory_same, memory_differs, pc_same, pc_differs;
static atomic_ulong n_writes, n_written;

static void on_vcpu_init(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    n_inits++;
}

static void compare_memory(const First *first)
{
    uint8_t bytes[sizeof(first->bytes)];

    if (qemu_plugin_read_memory(first->vaddr, bytes, first->size)) {
        if (memcmp(bytes, first->bytes, first->size) == 0) {
            memory_same++;
        } else {
            memory_differs++;
        }
    }
}

static void compare_pc(const First *first)
{
    struct qemu_plugin_register *pc = qemu_plugin_find_register("rip");
    uint64_t value;

    if (pc && qemu_plugin_read_register_u64(pc, &value)) {
        /* Segments with a base (16-bit code) make the two differ. */
        if (value == first->vaddr) {
            pc_same++;
        } else {
            pc_differs++;
        }
    }
}

static void on_exec(unsigned int vcpu_index, void *userdata)
{
    n_runs++;
    if (n_runs <= 10000) {
        compare_memory(userdata);
        compare_pc(userdata);
    }
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, 0);
    First *first = g_new0(First, 1);

    n_blocks++;
    first->vaddr = qemu_plugin_insn_vaddr(insn);
    first->size = qemu_plugin_insn_data(insn, first->bytes,
                                        sizeof(first->bytes));
    if (n == 0 || first->vaddr != qemu_plugin_tb_vaddr(tb) ||
        first->size == 0 || first->size != qemu_plugin_insn_size(insn)) {
        n_odd_blocks++;
    }
    qemu_plugin_register_vcpu_insn_exec_cb(insn, on_exec,
                                           QEMU_PLUGIN_CB_R_REGS, first);
}

/* The guest's one line: the write and what it returned. */
#define IS_WRITE(num) ((num) == 1 || (num) == 64) /* x86_64, aarch64 */

static void on_syscall(qemu_plugin_id_t id, unsigned int vcpu_index,
                       int64_t num, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                       uint64_t a8)
{
    if (IS_WRITE(num) && a1 == 1 && a3 == strlen("guest: ran\n")) {
        n_writes++;
    }
}

static void on_syscall_ret(qemu_plugin_id_t id, unsigned int vcpu_index,
                           int64_t num, int64_t ret)
{
    if (IS_WRITE(num) && ret == (int64_t)strlen("guest: ran\n")) {
        n_written++;
    }
}

static const char *verdict(bool good, bool bad)
{
    return bad ? "wrong" : good ? "right" : "unknown";
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    fprintf(stderr, "probe: vcpus %s, blocks %s, runs %s\n",
            verdict(n_inits == 1 && qemu_plugin_num_vcpus() == 1,
                    n_inits != 1 || qemu_plugin_num_vcpus() != 1),
            verdict(n_blocks > 0, n_odd_blocks > 0),
            verdict(n_runs > 0, false));
    fprintf(stderr, "probe: memory %s, pc %s, userdata %s\n",
            verdict(memory_same > 0, memory_differs > 0),
            verdict(pc_same > 0, pc_same == 0 && pc_differs > 0),
            verdict(userdata == &n_runs, userdata != &n_runs));
    fprintf(stderr, "probe: write %lu, returned %lu\n", n_writes, n_written);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    fprintf(stderr, "probe: %s %s\n", info->target_name,
            info->system_emulation ? "system" : "user");
    qemu_plugin_register_vcpu_init_cb(id, on_vcpu_init);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_trans);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    qemu_plugin_register_vcpu_syscall_ret_cb(id, on_syscall_ret);
    qemu_plugin_register_atexit_cb(id, on_atexit, &n_runs);
    return 0;
}
