/*
 * misuse_guest.c: a test plugin that calls everything at the wrong time, on
 * the wrong thread and with the wrong arguments, while a guest runs.  Each
 * must give the value that its comment has for failure, and leave QEMU alone.
 * What mistakes with QPP's own callbacks do is misuse.c's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "plugin-qpp.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "misuse_guest";

static qemu_plugin_id_t self;
static atomic_int n_wrong;
static struct qemu_plugin_scoreboard *score;
static qemu_plugin_callback *own;
static struct qemu_plugin_tb *stale_tb;
static struct qemu_plugin_insn *stale_insn;
static atomic_bool done_exec, done_pc, gone;

#define FAILS(call) fails(#call, call)
static void fails(const char *what, bool succeeded)
{
    if (succeeded) {
        fprintf(stderr, "misuse_guest: %s\n", what);
        n_wrong++;
    }
}

static void on_exec(unsigned int vcpu_index, void *userdata)
{
}

static void never(unsigned int vcpu_index, void *userdata)
{
    FAILS("a callback that was refused is called");
}

static void never_mem(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                      uint64_t vaddr, void *userdata)
{
    FAILS("a memory callback that was refused is called");
}

static void never_event(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    FAILS("an event that was refused is told");
}

static void ignore(gpointer evdata, gpointer udata)
{
}

/* ---- Blocks and instructions ---- */

/* Handles that are NULL, or of another time; nothing must come of it. */
static void bad_handles(struct qemu_plugin_tb *tb,
                        struct qemu_plugin_insn *insn)
{
    qemu_plugin_u64 entry = qemu_plugin_scoreboard_u64(score);
    uint8_t byte;

    FAILS(qemu_plugin_tb_n_insns(tb) != 0);
    FAILS(qemu_plugin_tb_vaddr(tb) != 0);
    FAILS(qemu_plugin_tb_get_insn(tb, 0) != NULL);
    FAILS(qemu_plugin_insn_data(insn, &byte, 1) != 0);
    FAILS(qemu_plugin_insn_size(insn) != 0);
    FAILS(qemu_plugin_insn_vaddr(insn) != 0);
    FAILS(qemu_plugin_insn_haddr(insn) != NULL);
    FAILS(qemu_plugin_insn_disas(insn) != NULL);
    FAILS(qemu_plugin_insn_symbol(insn) != NULL);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, never, QEMU_PLUGIN_CB_NO_REGS,
                                         NULL);
    qemu_plugin_register_vcpu_tb_exec_cond_cb(
        tb, never, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_COND_ALWAYS, entry, 0,
        NULL);
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
        tb, QEMU_PLUGIN_INLINE_STORE_U64, entry, 1);
    qemu_plugin_register_vcpu_insn_exec_cb(insn, never,
                                           QEMU_PLUGIN_CB_NO_REGS, NULL);
    qemu_plugin_register_vcpu_insn_exec_cond_cb(
        insn, never, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_COND_ALWAYS, entry,
        0, NULL);
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn, QEMU_PLUGIN_INLINE_STORE_U64, entry, 1);
    qemu_plugin_register_vcpu_mem_cb(insn, never_mem, QEMU_PLUGIN_CB_NO_REGS,
                                     QEMU_PLUGIN_MEM_RW, NULL);
    qemu_plugin_register_vcpu_mem_inline_per_vcpu(
        insn, QEMU_PLUGIN_MEM_RW, QEMU_PLUGIN_INLINE_STORE_U64, entry, 1);
}

/* Good handles, with arguments that are none. */
static void bad_forms(struct qemu_plugin_tb *tb,
                      struct qemu_plugin_insn *insn)
{
    qemu_plugin_u64 entry = qemu_plugin_scoreboard_u64(score);
    qemu_plugin_u64 nothing = { NULL, 0 };
    int odd = 99;

    FAILS(qemu_plugin_tb_get_insn(tb, SIZE_MAX) != NULL);
    FAILS(qemu_plugin_insn_data(insn, NULL, 4) != 0);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, NULL, QEMU_PLUGIN_CB_NO_REGS,
                                         NULL);
    qemu_plugin_register_vcpu_insn_exec_cb(insn, NULL, QEMU_PLUGIN_CB_NO_REGS,
                                           NULL);
    for (int i = 0; i < 2; i++, odd = -1) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, never, odd, NULL);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, never, odd, NULL);
        qemu_plugin_register_vcpu_insn_exec_cond_cb(
            insn, never, odd, QEMU_PLUGIN_COND_ALWAYS, entry, 0, NULL);
        qemu_plugin_register_vcpu_insn_exec_cond_cb(
            insn, never, QEMU_PLUGIN_CB_NO_REGS, odd, entry, 0, NULL);
        qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(tb, odd, entry, 1);
        qemu_plugin_register_vcpu_mem_cb(insn, never_mem, odd,
                                         QEMU_PLUGIN_MEM_RW, NULL);
        qemu_plugin_register_vcpu_mem_cb(insn, never_mem,
                                         QEMU_PLUGIN_CB_NO_REGS, odd, NULL);
    }
    qemu_plugin_register_vcpu_tb_exec_cond_cb(
        tb, never, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_COND_ALWAYS, nothing,
        0, NULL);
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn, QEMU_PLUGIN_INLINE_ADD_U64, nothing, 1);
    qemu_plugin_register_vcpu_mem_inline_per_vcpu(
        insn, 0, QEMU_PLUGIN_INLINE_ADD_U64, entry, 1);
}

/* ---- Registers and memory ---- */

#define BAD_RESULT(call) ((call) != QEMU_PLUGIN_HWADDR_OPERATION_ERROR)

/* Arguments that are wrong wherever they are given. */
static void bad_buffers(void)
{
    static const size_t lengths[] = { 0, (size_t)G_MAXINT + 1, SIZE_MAX };
    g_autoptr(GByteArray) buf = g_byte_array_new();
    struct qemu_plugin_register *wild = GINT_TO_POINTER(0x7ffffff);

    FAILS(qemu_plugin_read_register(NULL, buf) != -1);
    FAILS(qemu_plugin_read_register(wild, NULL) != -1);
    FAILS(qemu_plugin_read_register(wild, buf) != -1);
    FAILS(qemu_plugin_write_register(NULL, buf) != -1);
    FAILS(qemu_plugin_write_register(wild, NULL) != -1);
    FAILS(qemu_plugin_write_register(wild, buf) != -1);
    FAILS(qemu_plugin_read_register_u64(wild, NULL));
    FAILS(qemu_plugin_find_register(NULL) != NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        FAILS(qemu_plugin_read_memory_vaddr(0x1000, buf, lengths[i]));
        FAILS(qemu_plugin_read_memory(0x1000, buf, lengths[i]));
        FAILS(BAD_RESULT(qemu_plugin_read_memory_hwaddr(0x1000, buf,
                                                        lengths[i])));
    }
    FAILS(qemu_plugin_read_memory_vaddr(0x1000, NULL, 4));
    FAILS(qemu_plugin_read_memory(0x1000, NULL, 4));
    FAILS(qemu_plugin_write_memory_vaddr(0x1000, NULL));
    FAILS(qemu_plugin_write_memory_vaddr(0x1000, buf));
    FAILS(BAD_RESULT(qemu_plugin_read_memory_hwaddr(0x1000, NULL, 4)));
    FAILS(BAD_RESULT(qemu_plugin_write_memory_hwaddr(0x1000, NULL)));
    FAILS(BAD_RESULT(qemu_plugin_write_memory_hwaddr(0x1000, buf)));
    FAILS(qemu_plugin_translate_vaddr(0x1000, NULL));
}

/* No vCPU is on this thread, so all of these fail; but user mode's read. */
static void no_vcpu(void)
{
    g_autoptr(GByteArray) buf = g_byte_array_new();
    g_autoptr(GArray) all = qemu_plugin_get_registers();
    qemu_plugin_mem_value value = qemu_plugin_mem_get_value(0);
    struct qemu_plugin_register *first = GINT_TO_POINTER(1);
    uint64_t number;

    g_byte_array_append(buf, (const guint8 *)"12345678", 8);
    FAILS(all->len != 0);
    FAILS(qemu_plugin_find_register("rax") != NULL);
    FAILS(qemu_plugin_read_register(first, buf) != -1);
    FAILS(qemu_plugin_write_register(first, buf) != -1);
    FAILS(qemu_plugin_read_register_u64(first, &number));
    FAILS(qemu_plugin_write_memory_vaddr(0x1000, buf));
    FAILS(BAD_RESULT(qemu_plugin_read_memory_hwaddr(0x1000, buf, 4)));
    FAILS(BAD_RESULT(qemu_plugin_write_memory_hwaddr(0x1000, buf)));
    FAILS(qemu_plugin_translate_vaddr(0x1000, &number));
    FAILS(value.type != QPP_MEM_VALUE_UNKNOWN);
    FAILS(qemu_plugin_get_hwaddr(0, 0x1000) != NULL);
    FAILS(qemu_plugin_path_to_binary() != NULL && !stale_tb);
    qemu_plugin_set_pc(0);
    qemu_plugin_update_ns(&number, 1);
    qemu_plugin_update_ns(NULL, 1);
}

/* Accesses of which there are none. */
static void bad_accesses(void)
{
    static const qemu_plugin_meminfo_t infos[] = { 0, 7, UINT32_MAX };

    for (size_t i = 0; i < G_N_ELEMENTS(infos); i++) {
        qemu_plugin_mem_size_shift(infos[i]);
        qemu_plugin_mem_is_sign_extended(infos[i]);
        qemu_plugin_mem_is_big_endian(infos[i]);
        qemu_plugin_mem_is_store(infos[i]);
        qemu_plugin_mem_get_value(infos[i]);
    }
    FAILS(qemu_plugin_hwaddr_is_io(NULL));
    FAILS(qemu_plugin_hwaddr_phys_addr(NULL) != 0);
    FAILS(qemu_plugin_hwaddr_device_name(NULL) != NULL);
}

/* ---- Scoreboards and the rest ---- */

static void bad_scoreboards(void)
{
    qemu_plugin_u64 nothing = { NULL, 0 };
    qemu_plugin_u64 entry = qemu_plugin_scoreboard_u64(score);
    static const unsigned int vcpus[] = { 1000, G_MAXINT, 0x80000000u,
                                          UINT_MAX };

    FAILS(qemu_plugin_scoreboard_new(0) != NULL);
    FAILS(qemu_plugin_scoreboard_new(SIZE_MAX) != NULL);
    FAILS(qemu_plugin_scoreboard_new((size_t)1 << 32) != NULL);
    FAILS(qemu_plugin_scoreboard_find(NULL, 0) != NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(vcpus); i++) {
        FAILS(qemu_plugin_scoreboard_find(score, vcpus[i]) != NULL);
        qemu_plugin_u64_set(entry, vcpus[i], 1);
        qemu_plugin_u64_add(entry, vcpus[i], 1);
        FAILS(qemu_plugin_u64_get(entry, vcpus[i]) != 0);
    }
    qemu_plugin_u64_set(nothing, 0, 1);
    qemu_plugin_u64_add(nothing, 0, 1);
    FAILS(qemu_plugin_u64_get(nothing, 0) != 0);
    FAILS(qemu_plugin_u64_sum(nothing) != 0);
    qemu_plugin_scoreboard_free(NULL);
}

static void bad_others(void)
{
    bool value;

    qemu_plugin_outs(NULL);
    FAILS(qemu_plugin_bool_parse(NULL, "on", &value));
    FAILS(qemu_plugin_bool_parse("x", NULL, &value));
    FAILS(qemu_plugin_bool_parse("x", "on", NULL));
    FAILS(qemu_plugin_available(NULL));
    qemu_plugin_vcpu_for_each(99, never_event);
    qemu_plugin_vcpu_for_each(self, NULL);
    qemu_plugin_uninstall(99, NULL);
    qemu_plugin_reset(0, NULL);
    qemu_plugin_register_vcpu_init_cb(99, never_event);
    qemu_plugin_register_vcpu_discon_cb(99, 0, NULL);
    qemu_plugin_register_gone_cb(self, NULL);
}

/* ---- When ---- */

static gpointer on_thread(gpointer data)
{
    bad_handles(NULL, NULL);
    bad_handles(stale_tb, stale_insn);
    bad_buffers();
    no_vcpu();
    bad_scoreboards();
    return NULL;
}

static void set_pc_inside(gpointer evdata, gpointer udata)
{
    qemu_plugin_set_pc(0x1234); /* must return */
    FAILS(qemu_plugin_run_callback_handle(NULL, NULL, NULL));
}

static void on_exec_pc(unsigned int vcpu_index, void *userdata)
{
    if (!atomic_exchange(&done_pc, true)) {
        FAILS(!qemu_plugin_run_callback_handle(own, NULL, NULL));
    }
}

/* Nothing of the plugin is called any more, and yet it runs a callback. */
static void on_gone(qemu_plugin_id_t id)
{
    FAILS(qemu_plugin_run_callback_handle(own, NULL, NULL));
    fprintf(stderr, "misuse_guest: %d wrong\n", n_wrong);
}

/* The plugin is going: its id and its handles are no good any more. */
static void after_leaving(void)
{
    gone = true;
    qemu_plugin_uninstall(self, on_gone);
    qemu_plugin_uninstall(self, NULL);
    qemu_plugin_reset(self, NULL);
    FAILS(qemu_plugin_create_callback(self, "late"));
    FAILS(qemu_plugin_run_callback(self, "own", NULL, NULL));
    FAILS(qemu_plugin_callback_wanted(own));
    FAILS(qemu_plugin_reg_callback("misuse_guest", "own", ignore));
    FAILS(qemu_plugin_unreg_callback("misuse_guest", "own", ignore));
    FAILS(qemu_plugin_import_function("misuse_guest", "qemu_plugin_install") !=
          NULL);
    qemu_plugin_register_vcpu_idle_cb(self, never_event);
    qemu_plugin_vcpu_for_each(self, never_event);
}

static void on_exec_first(unsigned int vcpu_index, void *userdata)
{
    if (atomic_exchange(&done_exec, true)) {
        return;
    }
    bad_handles(NULL, NULL);
    bad_handles(stale_tb, stale_insn);
    bad_buffers();
    bad_accesses();
    bad_scoreboards();
    bad_others();
    FAILS(qemu_plugin_request_time_control() != NULL);
    qemu_plugin_update_ns(&score, 1); /* no handle of QEMU's */
    qemu_plugin_set_pc(0);            /* not said that it would */
    g_thread_join(g_thread_new("misuse", on_thread, NULL));
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    static int n_blocks;
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, 0);

    if (gone) {
        FAILS("a plugin that is gone is told of a block");
    }
    bad_handles(NULL, NULL);
    bad_forms(tb, insn);
    if (!stale_tb) {
        stale_tb = tb;
        stale_insn = insn;
    }
    if (n_blocks == 5) {
        bad_buffers();
        bad_accesses();
        bad_scoreboards();
    } else if (n_blocks == 50) {
        after_leaving();
        return;
    }
    n_blocks++;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec_first,
                                         QEMU_PLUGIN_CB_R_REGS, NULL);
    qemu_plugin_register_vcpu_insn_exec_cb(insn, on_exec_pc,
                                           QEMU_PLUGIN_CB_RW_REGS_PC, NULL);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec, QEMU_PLUGIN_CB_NO_REGS,
                                         NULL);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    self = id;
    score = qemu_plugin_scoreboard_new(8);
    own = qemu_plugin_create_callback_handle(id, "own");
    FAILS(!qemu_plugin_reg_callback("misuse_guest", "own", set_pc_inside));
    qemu_plugin_uninstall(id, NULL);
    qemu_plugin_reset(id, NULL);
    bad_handles(NULL, NULL);
    bad_buffers();
    bad_accesses();
    no_vcpu();
    bad_scoreboards();
    bad_others();
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_trans);
    return 0;
}
