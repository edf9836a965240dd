/*
 * bb: how many blocks and instructions the guest executed.
 *
 * To be seen here: inline counting in scoreboards, which is exact with
 * several vCPUs and takes no lock; the same in a callback; a report at the
 * end.
 *
 * A block counts when it is entered, and with it all of its instructions:
 * also those that an exception keeps from being executed.  insn counts them
 * one by one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "example.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "bb";

/* What a vCPU has executed. */
typedef struct Counts {
    uint64_t blocks;
    uint64_t insns;
} Counts;

static struct qemu_plugin_scoreboard *counts;
static qemu_plugin_u64 blocks, insns; /* of these */
static bool use_inline = true, each_vcpu;

static const Option options[] = {
    { "inline", "on|off", parse_switch, &use_inline },
    { "vcpus", "on|off", parse_switch, &each_vcpu },
    COMMON_OPTIONS,
};

static void on_block(unsigned int vcpu_index, void *n_insns)
{
    qemu_plugin_u64_add(blocks, vcpu_index, 1);
    qemu_plugin_u64_add(insns, vcpu_index, GPOINTER_TO_SIZE(n_insns));
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    if (!in_ranges(qemu_plugin_tb_vaddr(tb))) {
        return;
    }
    if (use_inline) {
        qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
            tb, QEMU_PLUGIN_INLINE_ADD_U64, blocks, 1);
        qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
            tb, QEMU_PLUGIN_INLINE_ADD_U64, insns, n);
    } else {
        qemu_plugin_register_vcpu_tb_exec_cb(
            tb, on_block, QEMU_PLUGIN_CB_NO_REGS, GSIZE_TO_POINTER(n));
    }
}

static void on_fork_in_child(void)
{
    begin_anew(counts, sizeof(Counts));
}

static void report(qemu_plugin_id_t id, void *userdata)
{
    begin_output();
    for (int i = 0; each_vcpu && i < qemu_plugin_num_vcpus(); i++) {
        fprintf(out, "CPU%d: bb's: %" PRIu64 ", insns: %" PRIu64 "\n", i,
                qemu_plugin_u64_get(blocks, i), qemu_plugin_u64_get(insns, i));
    }
    fprintf(out, "Total: bb's: %" PRIu64 ", insns: %" PRIu64 "\n",
            qemu_plugin_u64_sum(blocks), qemu_plugin_u64_sum(insns));
    finish_output();
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (!parse_options(options, argc, argv) || !open_output()) {
        return -1;
    }
    counts = qemu_plugin_scoreboard_new(sizeof(Counts));
    blocks = qemu_plugin_scoreboard_u64_in_struct(counts, Counts, blocks);
    insns = qemu_plugin_scoreboard_u64_in_struct(counts, Counts, insns);
    pthread_atfork(NULL, NULL, on_fork_in_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
