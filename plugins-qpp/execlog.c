/*
 * execlog: a line for each executed instruction, with its disassembly, the
 * memory that it read and wrote, and the registers that it changed.
 *
 * To be seen here: a text for the callback, made at translation; a vCPU's
 * state in a scoreboard; registers; a conditional callback.  What an
 * instruction has done is known when its vCPU begins the next one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "example.h"
#include "registers.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "execlog";

typedef struct Vcpu {
    uint64_t pending; /* whether `line` is to be finished */
    GString *line;    /* NULL at first */
    GArray *regs;     /* to watch */
} Vcpu;

static struct qemu_plugin_scoreboard *vcpus; /* of Vcpu */
static qemu_plugin_u64 pending;              /* of these */
static GPtrArray *ifilters, *patterns;

static const Option options[] = {
    { "ifilter", "TEXT", parse_texts, &ifilters },
    { "reg", "PATTERN", parse_texts, &patterns },
    COMMON_OPTIONS,
};

static void write_line(Vcpu *v)
{
    if (v->pending) {
        fprintf(out, "%s\n", v->line->str);
        v->pending = 0;
    }
}

/* An instruction is about to be executed; @text begins its line, or NULL. */
static void on_insn(unsigned int vcpu_index, void *text)
{
    Vcpu *v = qemu_plugin_scoreboard_find(vcpus, vcpu_index);

    if (!v->line) {
        v->line = g_string_new(NULL);
        v->regs = registers_like(patterns);
    }
    append_changes(v->line, v->regs);
    write_line(v);
    if (text) {
        g_string_printf(v->line, "%u, %s", vcpu_index, (char *)text);
        v->pending = 1;
    }
}

static void on_access(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                      uint64_t vaddr, void *userdata)
{
    const Vcpu *v = qemu_plugin_scoreboard_find(vcpus, vcpu_index);
    struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, vaddr);
    const char *kind = qemu_plugin_mem_is_store(info) ? "store" : "load";

    g_string_append_printf(v->line, ", %s, 0x%" PRIx64, kind, vaddr);
    append_value(v->line, qemu_plugin_mem_get_value(info));
    if (hwaddr) {
        g_string_append_printf(v->line, ", %s, 0x%" PRIx64,
                               qemu_plugin_hwaddr_device_name(hwaddr),
                               qemu_plugin_hwaddr_phys_addr(hwaddr));
    }
}

/* How the line for @insn begins; NULL if none is wanted. */
static const char *beginning(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    g_autofree char *text = qemu_plugin_insn_disas(insn);
    g_autoptr(GString) s = g_string_new(NULL);
    bool wanted = ranges ? in_ranges(address) : !ifilters;

    if (!wanted && !begins_with(text, ifilters)) {
        return NULL;
    }
    g_string_printf(s, "0x%" PRIx64 ", ", address);
    append_bytes(s, insn);
    g_string_append_printf(s, ", \"%s\"", text ? text : "?");
    return g_intern_string(s->str); /* one copy, for as long as QEMU runs */
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const char *text = beginning(insn);

        if (text) {
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, on_insn, QEMU_PLUGIN_CB_R_REGS, (void *)text);
            qemu_plugin_register_vcpu_mem_cb(insn, on_access,
                                             QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, NULL);
        } else {
            qemu_plugin_register_vcpu_insn_exec_cond_cb(
                insn, on_insn, QEMU_PLUGIN_CB_R_REGS, QEMU_PLUGIN_COND_NE,
                pending, 0, NULL);
        }
    }
}

static void on_vcpu_exit(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    write_line(qemu_plugin_scoreboard_find(vcpus, vcpu_index));
}

/* What is pending is the parent's; the rest is made again. */
static void on_fork_in_child(void)
{
    begin_anew(vcpus, sizeof(Vcpu));
}

static void at_exit(qemu_plugin_id_t id, void *userdata)
{
    qemu_plugin_vcpu_for_each(id, on_vcpu_exit);
    finish_output();
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (!parse_options(options, argc, argv) || !open_output()) {
        return -1;
    }
    if (patterns &&
        !host_can("read registers (reg=)", "qemu_plugin_read_register")) {
        return -1;
    }
    host_can("tell the values of accesses", "qemu_plugin_mem_get_value");
    setvbuf(out, NULL, _IOLBF, BUFSIZ); /* all of it, if the guest crashes */
    vcpus = qemu_plugin_scoreboard_new(sizeof(Vcpu));
    pending = qemu_plugin_scoreboard_u64_in_struct(vcpus, Vcpu, pending);
    pthread_atfork(NULL, NULL, on_fork_in_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_exit_cb(id, on_vcpu_exit);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
