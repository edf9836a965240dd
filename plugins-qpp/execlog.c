/*
 * execlog: a line for each executed instruction, with its disassembly, the
 * memory that it read and wrote, and the registers that it changed.
 *
 * To be seen here: what a callback is to know of an instruction is made when
 * the instruction is translated; a vCPU's state in a scoreboard; registers;
 * conditional callbacks.
 *
 * What an instruction has done is known when its vCPU begins the next one.
 * Its line is written then, or when the vCPU or QEMU ends.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "example.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "execlog";

typedef struct Vcpu {
    uint64_t pending;  /* whether `line` is to be finished */
    GString *line;     /* NULL: nothing here is made yet */
    GByteArray **seen; /* the registers' last values */
    GByteArray *now;
} Vcpu;

static struct qemu_plugin_scoreboard *vcpus; /* of Vcpu */
static GPtrArray *ifilters, *patterns;
static GArray *regs; /* qemu_plugin_reg_descriptor: those to show */
static bool has_values;
static enum qemu_plugin_cb_flags flags = QEMU_PLUGIN_CB_NO_REGS;

static const Option options[] = {
    { "ifilter", "TEXT", parse_texts, &ifilters },
    { "reg", "PATTERN", parse_texts, &patterns },
    COMMON_OPTIONS,
};

/* vCPUs have the same registers: the handles of the first are good for all. */
static void on_vcpu_init(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    static gsize once;

    if (g_once_init_enter(&once)) {
        g_autoptr(GArray) all = qemu_plugin_get_registers();

        for (guint i = 0; i < all->len * patterns->len; i++) {
            qemu_plugin_reg_descriptor *d = &g_array_index(
                all, qemu_plugin_reg_descriptor, i / patterns->len);

            if (g_pattern_match_simple(patterns->pdata[i % patterns->len],
                                       d->name)) {
                g_array_append_val(regs, *d);
            }
        }
        g_once_init_leave(&once, 1);
    }
}

/* Brings v->seen up to date, and adds to the line what has changed. */
static void look_at_registers(Vcpu *v)
{
    for (guint r = 0; r < regs->len; r++) {
        qemu_plugin_reg_descriptor *d =
            &g_array_index(regs, qemu_plugin_reg_descriptor, r);
        guint n;

        g_byte_array_set_size(v->now, 0);
        qemu_plugin_read_register(d->handle, v->now);
        n = v->now->len;
        if (n == v->seen[r]->len &&
            memcmp(v->now->data, v->seen[r]->data, n) == 0) {
            continue;
        }
        g_string_append_printf(v->line, ", %s -> 0x", d->name);
        for (guint i = 0; i < n; i++) {
            guint at = qemu_plugin_target_big_endian() ? i : n - 1 - i;

            g_string_append_printf(v->line, "%02x", v->now->data[at]);
        }
        g_byte_array_set_size(v->seen[r], 0);
        g_byte_array_append(v->seen[r], v->now->data, n);
    }
}

static void write_line(Vcpu *v)
{
    if (v->pending) {
        fprintf(out, "%s\n", v->line->str);
        v->pending = 0;
    }
}

/* The instruction whose line is @text is about to be executed. */
static void on_insn(unsigned int vcpu_index, void *text)
{
    Vcpu *v = qemu_plugin_scoreboard_find(vcpus, vcpu_index);

    if (!v->line) {
        v->line = g_string_new(NULL);
        v->now = g_byte_array_new();
        v->seen = g_new(GByteArray *, regs->len);
        for (guint r = 0; r < regs->len; r++) {
            v->seen[r] = g_byte_array_new();
        }
    }
    look_at_registers(v);
    write_line(v);
    if (text) {
        g_string_printf(v->line, "%u, %s", vcpu_index, (char *)text);
        v->pending = 1;
    }
}

static void on_access(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                      uint64_t vaddr, void *userdata)
{
    Vcpu *v = qemu_plugin_scoreboard_find(vcpus, vcpu_index);
    struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, vaddr);
    int digits = 2 << qemu_plugin_mem_size_shift(info);

    g_string_append_printf(v->line, ", %s, 0x%" PRIx64,
                           qemu_plugin_mem_is_store(info) ? "store" : "load",
                           vaddr);
    if (has_values) {
        qemu_plugin_mem_value value = qemu_plugin_mem_get_value(info);
        const uint64_t low[] = { value.data.u8, value.data.u16, value.data.u32,
                                 value.data.u64, value.data.u128.low };

        g_string_append(v->line, ", 0x");
        if (value.type == QEMU_PLUGIN_MEM_VALUE_U128) {
            g_string_append_printf(v->line, "%016" PRIx64,
                                   value.data.u128.high);
        }
        g_string_append_printf(v->line, "%0*" PRIx64, MIN(digits, 16),
                               low[value.type]);
    }
    if (hwaddr) {
        g_string_append_printf(v->line, ", %s, 0x%" PRIx64,
                               qemu_plugin_hwaddr_device_name(hwaddr),
                               qemu_plugin_hwaddr_phys_addr(hwaddr));
    }
}

/* The line for @insn, as far as it is known; NULL if none is wanted. */
static const char *line_of(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    g_autofree char *text = qemu_plugin_insn_disas(insn);
    g_autoptr(GString) s = g_string_new(NULL);
    uint8_t bytes[32];
    size_t n = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));
    bool wanted = ranges ? in_ranges(address) : ifilters->len == 0;

    for (guint i = 0; i < ifilters->len; i++) {
        wanted |= text && g_str_has_prefix(text, ifilters->pdata[i]);
    }
    if (!wanted) {
        return NULL;
    }
    g_string_printf(s, "0x%" PRIx64 ", 0x", address);
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(s, "%02x", bytes[i]);
    }
    g_string_append_printf(s, ", \"%s\"", text ? text : "?");
    return g_intern_string(s->str); /* one copy, for as long as QEMU runs */
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    bool may_pend = true; /* a line, when instruction i begins */

    for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const char *line = line_of(insn);

        if (line) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, flags,
                                                   (void *)line);
            qemu_plugin_register_vcpu_mem_cb(insn, on_access,
                                             QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, NULL);
        } else if (may_pend) {
            qemu_plugin_register_vcpu_insn_exec_cond_cb(
                insn, on_insn, flags, QEMU_PLUGIN_COND_NE,
                qemu_plugin_scoreboard_u64_in_struct(vcpus, Vcpu, pending), 0,
                NULL);
        }
        may_pend = line != NULL;
    }
}

static void on_vcpu_exit(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    write_line(qemu_plugin_scoreboard_find(vcpus, vcpu_index));
}

static void on_fork_in_child(void)
{
    for (int i = 0; i < qemu_plugin_num_vcpus(); i++) {
        ((Vcpu *)qemu_plugin_scoreboard_find(vcpus, i))->pending = 0;
    }
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
    ifilters = g_ptr_array_new();
    patterns = g_ptr_array_new();
    regs = g_array_new(false, false, sizeof(qemu_plugin_reg_descriptor));
    if (!parse_options(options, argc, argv) || !open_output()) {
        return -1;
    }
    if (patterns->len) {
        if (!qemu_plugin_available("qemu_plugin_read_register")) {
            fprintf(stderr, "execlog: reg=: this QEMU cannot read registers; "
                    "leave it out, or take QEMU 9.1 or later\n");
            return -1;
        }
        flags = QEMU_PLUGIN_CB_R_REGS;
        qemu_plugin_register_vcpu_init_cb(id, on_vcpu_init);
    }
    has_values = qemu_plugin_available("qemu_plugin_mem_get_value");
    if (!has_values) {
        fprintf(stderr, "execlog: this QEMU does not tell the values of "
                "accesses; they are left out\n");
    }
    setvbuf(out, NULL, _IOLBF, BUFSIZ); /* whole also when a guest crashes */
    vcpus = qemu_plugin_scoreboard_new(sizeof(Vcpu));
    pthread_atfork(NULL, NULL, on_fork_in_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_exit_cb(id, on_vcpu_exit);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
