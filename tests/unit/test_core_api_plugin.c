/*
 * test_core_api_plugin.c: the plugin under test_core_api.c: puts everything
 * into a block that is translated, and logs or asserts what comes of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fakehost_api.h"
#include "plugin-qpp.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "api_tests";

static qemu_plugin_id_t self;
static struct qemu_plugin_scoreboard *score;
static qemu_plugin_callback *own;
static enum qemu_plugin_cb_flags pc_flags;

static bool has(const char *function)
{
    g_autofree char *name = g_strconcat("qemu_plugin_", function, NULL);

    return qemu_plugin_available(name);
}

static qemu_plugin_u64 entry(size_t i)
{
    return (qemu_plugin_u64) { score, i * sizeof(uint64_t) };
}

/* ---- Instrumentation ---- */

static unsigned int n_cond[8], n_read, n_write, n_both;

static void on_cond(unsigned int vcpu_index, void *userdata)
{
    (*(unsigned int *)userdata)++;
}

static void on_mem(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                   uint64_t vaddr, void *userdata)
{
    (*(unsigned int *)userdata)++;
}

static void on_exec_pc(unsigned int vcpu_index, void *userdata)
{
    g_assert_true(userdata == &own);
    qemu_plugin_run_callback_handle(own, NULL, NULL);
    qemu_plugin_set_pc(0x1234);
    qemu_plugin_set_pc(0x5678); /* QEMU's would not have returned */
}

static void set_pc_inside(gpointer evdata, gpointer udata)
{
    qemu_plugin_set_pc(0xbad);
}

static void instrument(struct qemu_plugin_tb *tb)
{
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, 0);

    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn, QEMU_PLUGIN_INLINE_ADD_U64, entry(0), 1);
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
        tb, QEMU_PLUGIN_INLINE_STORE_U64, entry(1), 9);
    for (int cond = 0; cond < 8; cond++) {
        if (cond & 1) {
            qemu_plugin_register_vcpu_insn_exec_cond_cb(
                insn, on_cond, QEMU_PLUGIN_CB_NO_REGS, cond, entry(0), 3,
                &n_cond[cond]);
        } else {
            qemu_plugin_register_vcpu_tb_exec_cond_cb(
                tb, on_cond, QEMU_PLUGIN_CB_NO_REGS, cond, entry(0), 3,
                &n_cond[cond]);
        }
    }
    qemu_plugin_register_vcpu_mem_cb(insn, on_mem, QEMU_PLUGIN_CB_RW_REGS_PC,
                                     QEMU_PLUGIN_MEM_R, &n_read);
    qemu_plugin_register_vcpu_mem_cb(insn, on_mem, QEMU_PLUGIN_CB_NO_REGS,
                                     QEMU_PLUGIN_MEM_W, &n_write);
    qemu_plugin_register_vcpu_mem_cb(insn, on_mem, QEMU_PLUGIN_CB_NO_REGS,
                                     QEMU_PLUGIN_MEM_RW, &n_both);
    for (int rw = QEMU_PLUGIN_MEM_R; rw <= QEMU_PLUGIN_MEM_RW; rw++) {
        qemu_plugin_register_vcpu_mem_inline_per_vcpu(
            insn, rw, QEMU_PLUGIN_INLINE_ADD_U64, entry(1 + rw), 1);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec_pc, pc_flags, &own);
}

/* Five runs on vCPU 0, of which two read, one writes, one does both. */
QEMU_PLUGIN_EXPORT void check_counts(void);
QEMU_PLUGIN_EXPORT void check_counts(void)
{
    static const unsigned int cond[] = { 0, 5, 1, 4, 2, 3, 2, 3 };

    for (int i = 0; i < 8; i++) {
        g_assert_cmpuint(n_cond[i], ==, cond[i]);
    }
    g_assert_cmpuint(n_read, ==, 3);
    g_assert_cmpuint(n_write, ==, 2);
    g_assert_cmpuint(n_both, ==, 4);
    g_assert_cmpuint(qemu_plugin_u64_get(entry(0), 0), ==, 5);
    g_assert_cmpuint(qemu_plugin_u64_get(entry(1), 0), ==, 9);
    g_assert_cmpuint(qemu_plugin_u64_get(entry(2), 0), ==, 3);
    g_assert_cmpuint(qemu_plugin_u64_get(entry(3), 0), ==, 2);
    g_assert_cmpuint(qemu_plugin_u64_get(entry(4), 0), ==, 4);
    g_assert_cmpuint(qemu_plugin_u64_get(entry(0), 1), ==, 0);
    qemu_plugin_u64_add(entry(0), 1, UINT64_MAX);
    g_assert_cmpuint(qemu_plugin_u64_sum(entry(0)), ==, 4);
    qemu_plugin_u64_set(entry(0), 1, 1);
    g_assert_cmpuint(qemu_plugin_u64_sum(entry(0)), ==, 6);
    g_assert_null(qemu_plugin_scoreboard_find(score, 2));
    g_assert_null(qemu_plugin_scoreboard_find(score, UINT_MAX));
    qemu_plugin_scoreboard_free(score);
}

/* ---- Instructions and accesses ---- */

static void query(struct qemu_plugin_insn *insn)
{
    uint64_t vaddr = qemu_plugin_insn_vaddr(insn);
    g_autofree char *disas = qemu_plugin_insn_disas(insn);
    const char *symbol = qemu_plugin_insn_symbol(insn);
    uint8_t first = 0;

    g_assert_cmpuint(qemu_plugin_insn_data(insn, &first, 1), ==, 1);
    g_assert_true(memcmp(qemu_plugin_insn_haddr(insn), &first, 1) == 0);
    fake_log("%" PRIx64 " '%s' %s", vaddr, disas ? disas : "none",
             symbol ? symbol : "none");
}

QEMU_PLUGIN_EXPORT void check_accesses(void);
QEMU_PLUGIN_EXPORT void check_accesses(void)
{
    qemu_plugin_meminfo_t info = FAKE_INFO(3, FAKE_WRITE);
    struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, 0x1000);
    qemu_plugin_mem_value v = qemu_plugin_mem_get_value(info);

    g_assert_cmpuint(qemu_plugin_mem_size_shift(info), ==, 3);
    g_assert_true(qemu_plugin_mem_is_store(info));
    g_assert_false(qemu_plugin_mem_is_store(FAKE_INFO(0, FAKE_READ)));
    g_assert_false(qemu_plugin_mem_is_sign_extended(info));
    g_assert_true(qemu_plugin_mem_is_sign_extended(FAKE_INFO_SIGNED));
    g_assert_false(qemu_plugin_mem_is_big_endian(info));
    g_assert_true(qemu_plugin_mem_is_big_endian(FAKE_INFO_BIG_ENDIAN));
    if (has("mem_get_value")) {
        g_assert_cmpint(v.type, ==, QEMU_PLUGIN_MEM_VALUE_U64);
        g_assert_cmpuint(v.data.u64, ==, 0x1234);
        v = qemu_plugin_mem_get_value(4);
        g_assert_cmpint(v.type, ==, QEMU_PLUGIN_MEM_VALUE_U128);
        g_assert_cmpuint(v.data.u128.high, ==, 0x5678);
        v = qemu_plugin_mem_get_value(7);
    }
    g_assert_cmpint(v.type, ==, QPP_MEM_VALUE_UNKNOWN);
    g_assert_nonnull(hw);
    g_assert_true(qemu_plugin_hwaddr_is_io(hw));
    g_assert_cmpuint(qemu_plugin_hwaddr_phys_addr(hw), ==, 0x7000);
    g_assert_cmpstr(qemu_plugin_hwaddr_device_name(hw), ==, "fake");
    hw = qemu_plugin_get_hwaddr(info, 0x2000);
    g_assert_null(hw);
    g_assert_null(qemu_plugin_hwaddr_device_name(hw));
    g_assert_false(qemu_plugin_hwaddr_is_io(hw));
    g_assert_cmpuint(qemu_plugin_hwaddr_phys_addr(hw), ==, 0);
}

/* ---- State ---- */

static int write_register(const char *name, guint size)
{
    struct qemu_plugin_register *reg = qemu_plugin_find_register(name);
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_byte_array_set_size(bytes, size);
    memset(bytes->data, 0x5a, size);
    return qemu_plugin_write_register(reg, bytes);
}

QEMU_PLUGIN_EXPORT void check_writing(void);
QEMU_PLUGIN_EXPORT void check_writing(void)
{
    bool can = has("write_memory_vaddr");
    bool physical = has("write_memory_hwaddr");
    g_autoptr(GByteArray) data = g_byte_array_new();
    uint64_t hw = 1;

    g_byte_array_append(data, (const guint8 *)"\x01\x02\x03\x04", 4);
    g_assert_cmpint(write_register("rax", 7), ==, -1);
    g_assert_cmpint(write_register("rax", 8), ==, can ? 8 : -1);
    g_assert_cmpint(write_register("broken", 8), ==, -1);
    g_assert_cmpint(write_register("unknown", 8), ==, -1);
    /* Read-only from API 6 on; before, nobody knows. */
    g_assert_cmpint(write_register("eflags", 8), ==,
                    can && !has("set_pc") ? 4 : -1);
    g_assert_true(qemu_plugin_write_memory_vaddr(0x3000, data) == can);
    g_assert_false(qemu_plugin_write_memory_vaddr(0x300e, data));
    g_assert_true(qemu_plugin_translate_vaddr(0x3000, &hw) == physical);
    g_assert_false(qemu_plugin_translate_vaddr(0x4000, &hw));
    g_assert_cmpint(qemu_plugin_read_memory_hwaddr(0x7000, data, 3), ==,
                    physical ? QEMU_PLUGIN_HWADDR_OPERATION_OK
                             : QEMU_PLUGIN_HWADDR_OPERATION_ERROR);
    g_assert_cmpuint(data->len, ==, physical ? 3 : 4);
    g_assert_cmpint(data->data[2], ==, 3);
    g_assert_cmpint(qemu_plugin_write_memory_hwaddr(0x8000, data), ==,
                    physical ? QEMU_PLUGIN_HWADDR_OPERATION_INVALID_ADDRESS
                             : QEMU_PLUGIN_HWADDR_OPERATION_ERROR);
}

/* ---- Events, and the rest ---- */

static void on_discon(qemu_plugin_id_t id, unsigned int vcpu_index,
                      enum qemu_plugin_discon_type type, uint64_t from_pc,
                      uint64_t to_pc)
{
    fake_log("discon %d %u %d %" PRIx64 " %" PRIx64, id == self, vcpu_index,
             type, from_pc, to_pc);
    qemu_plugin_set_pc(0x9999);
}

static bool on_filter(qemu_plugin_id_t id, unsigned int vcpu_index,
                      int64_t num, uint64_t a1, uint64_t a2, uint64_t a3,
                      uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                      uint64_t a8, uint64_t *sysret)
{
    fake_log("filter %d %u %" PRIi64 " %d", id == self, vcpu_index, num,
             a1 == 1 && a2 == 2 && a3 == 3 && a4 == 4 && a5 == 5 &&
                 a6 == 6 && a7 == 7 && a8 == 8);
    *sysret = 77;
    return num == 1;
}

static void on_each(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    fake_log("each %d %u", id == self, vcpu_index);
}

QEMU_PLUGIN_EXPORT void log_others(void);
QEMU_PLUGIN_EXPORT void log_others(void)
{
    const void *handle = qemu_plugin_request_time_control();
    g_autofree char *path = (char *)qemu_plugin_path_to_binary();

    g_assert_null(handle); /* not at install, but on a vCPU's thread */
    qemu_plugin_vcpu_for_each(self, on_each);
    fake_log("program %s %" PRIx64 " %" PRIx64 " %" PRIx64,
             path ? path : "none", qemu_plugin_start_code(),
             qemu_plugin_end_code(), qemu_plugin_entry_code());
}

static const void *time_handle;

QEMU_PLUGIN_EXPORT void move_time(void);
QEMU_PLUGIN_EXPORT void move_time(void)
{
    if (time_handle) {
        qemu_plugin_update_ns(time_handle, -5);
    }
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    for (size_t i = 0; i < n; i++) {
        query(qemu_plugin_tb_get_insn(tb, i));
    }
    if (n > 1) {
        instrument(tb);
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    self = id;
    pc_flags = QEMU_PLUGIN_CB_RW_REGS_PC;
    score = qemu_plugin_scoreboard_new(5 * sizeof(uint64_t));
    own = qemu_plugin_create_callback_handle(id, "own");
    qemu_plugin_reg_callback("api_tests", "own", set_pc_inside);
    time_handle = qemu_plugin_request_time_control();
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_trans);
    qemu_plugin_register_vcpu_discon_cb(
        id, QEMU_PLUGIN_DISCON_EXCEPTION | QEMU_PLUGIN_DISCON_HOSTCALL,
        on_discon);
    qemu_plugin_register_vcpu_syscall_filter_cb(id, on_filter);
    return 0;
}
