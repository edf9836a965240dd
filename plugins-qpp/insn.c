/*
 * insn: how many instructions each vCPU executed, of which sizes, and how
 * many of them begin as asked for.
 *
 * To be seen here: an inline operation on each instruction, with a counter
 * that is chosen when the instruction is translated; its disassembly and its
 * bytes; elements of a scoreboard whose size is known at install only.
 *
 * An instruction counts when it is begun.  One that faults and is then made
 * again counts twice.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "example.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "insn";

#define MAX_SIZE 31 /* of an instruction; a longer one counts as this */

/* A vCPU's counters: first one for each size, then one for each match. */
static struct qemu_plugin_scoreboard *counters;
static size_t n_counters;
static bool use_inline = true, show_sizes;
static GPtrArray *matches; /* beginnings of disassemblies or bytes */
static gint unreadable;    /* instructions without a disassembly */

static const Option options[] = {
    { "inline", "on|off", parse_switch, &use_inline },
    { "sizes", "on|off", parse_switch, &show_sizes },
    { "match", "TEXT|0xBYTES", parse_texts, &matches },
    COMMON_OPTIONS,
};

static qemu_plugin_u64 counter(size_t i)
{
    return (qemu_plugin_u64){ counters, i * sizeof(uint64_t) };
}

static void on_insn(unsigned int vcpu_index, void *i)
{
    qemu_plugin_u64_add(counter(GPOINTER_TO_SIZE(i)), vcpu_index, 1);
}

/* From now on counter @i counts executions of @insn. */
static void count(struct qemu_plugin_insn *insn, size_t i)
{
    if (use_inline) {
        qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
            insn, QEMU_PLUGIN_INLINE_ADD_U64, counter(i), 1);
    } else {
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, on_insn, QEMU_PLUGIN_CB_NO_REGS, GSIZE_TO_POINTER(i));
    }
}

static void count_matches(struct qemu_plugin_insn *insn)
{
    g_autofree char *text = qemu_plugin_insn_disas(insn);
    g_autoptr(GString) hex = g_string_new(NULL);

    append_bytes(hex, insn);
    if (!text) {
        g_atomic_int_inc(&unreadable);
    }
    for (guint i = 0; i < matches->len; i++) {
        if ((text && g_str_has_prefix(text, matches->pdata[i])) ||
            g_str_has_prefix(hex->str, matches->pdata[i])) {
            count(insn, MAX_SIZE + 1 + i);
        }
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

        if (!in_ranges(qemu_plugin_insn_vaddr(insn))) {
            continue;
        }
        count(insn, MIN(qemu_plugin_insn_size(insn), MAX_SIZE));
        if (matches) {
            count_matches(insn);
        }
    }
}

static void on_fork_in_child(void)
{
    begin_anew(counters, n_counters * sizeof(uint64_t));
}

static void report(qemu_plugin_id_t id, void *userdata)
{
    uint64_t insns, total = 0;

    begin_output();
    for (int vcpu = 0; vcpu < qemu_plugin_num_vcpus(); vcpu++) {
        insns = 0;
        for (size_t size = 0; size <= MAX_SIZE; size++) {
            insns += qemu_plugin_u64_get(counter(size), vcpu);
        }
        fprintf(out, "cpu %d insns: %" PRIu64 "\n", vcpu, insns);
        total += insns;
    }
    fprintf(out, "total insns: %" PRIu64 "\n", total);
    for (size_t size = 0; show_sizes && size <= MAX_SIZE; size++) {
        insns = qemu_plugin_u64_sum(counter(size));
        if (insns) {
            fprintf(out, "len %zu bytes: %" PRIu64 " insns\n", size, insns);
        }
    }
    for (guint i = 0; matches && i < matches->len; i++) {
        insns = qemu_plugin_u64_sum(counter(MAX_SIZE + 1 + i));
        fprintf(out, "Match: %s, hits %" PRIu64 "\n",
                (char *)matches->pdata[i], insns);
    }
    if (unreadable) {
        fprintf(out, "without disassembly: %d insns in the code\n",
                unreadable);
    }
    finish_output();
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (!parse_options(options, argc, argv) || !open_output()) {
        return -1;
    }
    n_counters = MAX_SIZE + 1 + (matches ? matches->len : 0);
    counters = qemu_plugin_scoreboard_new(n_counters * sizeof(uint64_t));
    pthread_atfork(NULL, NULL, on_fork_in_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
