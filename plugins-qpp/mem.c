/*
 * mem: how often the guest read and wrote memory, in accesses of which size,
 * and how often a device answered.
 *
 * To be seen here: inline counting of accesses, for reads and for writes; a
 * callback, which is told how wide an access is and where it goes.
 *
 * What counts is what QEMU reports: an access that its translation makes in
 * one piece.  An instruction that reads and then writes makes one of each.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "example.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "mem";

/* A vCPU's counters: these for reads, then these for writes. */
enum { ALL, IO, OF_SIZE, MAX_SHIFT = 7, N = OF_SIZE + MAX_SHIFT + 1 };

static struct qemu_plugin_scoreboard *counters;
static bool use_inline = true, show_io;
static enum qemu_plugin_mem_rw track = QEMU_PLUGIN_MEM_RW;

static bool parse_track(const char *value, void *to)
{
    static const char *const names[] = { "", "r", "w", "rw" };

    for (int rw = QEMU_PLUGIN_MEM_R; rw <= QEMU_PLUGIN_MEM_RW; rw++) {
        if (strcmp(value, names[rw]) == 0) {
            track = rw;
            return true;
        }
    }
    return false;
}

static const Option options[] = {
    { "inline", "on|off", parse_switch, &use_inline },
    { "hwaddr", "on|off", parse_switch, &show_io },
    { "track", "r|w|rw", parse_track, NULL },
    COMMON_OPTIONS,
};

static qemu_plugin_u64 counter(enum qemu_plugin_mem_rw rw, size_t i)
{
    if (rw == QEMU_PLUGIN_MEM_W) {
        i += N;
    }
    return (qemu_plugin_u64){ counters, i * sizeof(uint64_t) };
}

/* Registered for reads and for writes apart: @rw says for which. */
static void on_access(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                      uint64_t vaddr, void *rw)
{
    enum qemu_plugin_mem_rw kind = GPOINTER_TO_INT(rw);
    unsigned int shift = qemu_plugin_mem_size_shift(info);

    qemu_plugin_u64_add(counter(kind, ALL), vcpu_index, 1);
    qemu_plugin_u64_add(counter(kind, OF_SIZE + MIN(shift, MAX_SHIFT)),
                        vcpu_index, 1);
    if (show_io &&
        qemu_plugin_hwaddr_is_io(qemu_plugin_get_hwaddr(info, vaddr))) {
        qemu_plugin_u64_add(counter(kind, IO), vcpu_index, 1);
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

        for (int rw = QEMU_PLUGIN_MEM_R; rw <= QEMU_PLUGIN_MEM_W; rw++) {
            if (!in_ranges(qemu_plugin_insn_vaddr(insn)) || !(track & rw)) {
                continue;
            }
            if (use_inline) {
                qemu_plugin_register_vcpu_mem_inline_per_vcpu(
                    insn, rw, QEMU_PLUGIN_INLINE_ADD_U64, counter(rw, ALL), 1);
            } else {
                qemu_plugin_register_vcpu_mem_cb(insn, on_access,
                                                 QEMU_PLUGIN_CB_NO_REGS, rw,
                                                 GINT_TO_POINTER(rw));
            }
        }
    }
}

static void on_fork_in_child(void)
{
    begin_anew(counters, 2 * N * sizeof(uint64_t));
}

static void line(const char *what, size_t i, bool always)
{
    uint64_t r = qemu_plugin_u64_sum(counter(QEMU_PLUGIN_MEM_R, i));
    uint64_t w = qemu_plugin_u64_sum(counter(QEMU_PLUGIN_MEM_W, i));

    if (r == 0 && w == 0 && !always) {
        return;
    }
    fprintf(out, "%s accesses: %" PRIu64 ", reads: %" PRIu64 ", writes: %"
            PRIu64 "\n", what, r + w, r, w);
}

static void report(qemu_plugin_id_t id, void *userdata)
{
    begin_output();
    line("mem", ALL, true);
    for (int shift = 0; !use_inline && shift <= MAX_SHIFT; shift++) {
        g_autofree char *what = g_strdup_printf("%d byte", 1 << shift);

        line(what, OF_SIZE + shift, false);
    }
    if (show_io) {
        line("io", IO, true);
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
    if (show_io && !host_can("tell devices from memory (hwaddr=on)",
                             "qemu_plugin_hwaddr_is_io")) {
        return -1;
    }
    use_inline = use_inline && !show_io; /* only a callback can ask */
    counters = qemu_plugin_scoreboard_new(2 * N * sizeof(uint64_t));
    pthread_atfork(NULL, NULL, on_fork_in_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
