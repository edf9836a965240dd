/*
 * state.c: registers and memory, read and written, and the pc.  What was
 * written, the guest looks at and tells the runner.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "api.h"

#define NEW_VALUE 0x600df00du

static atomic_uint n_times; /* at_regs was run */

static GByteArray *bytes_of(uint64_t value, size_t size)
{
    uint64_t le = GUINT64_TO_LE(value);

    return g_byte_array_append(g_byte_array_new(), (guint8 *)&le, size);
}

/* ---- Registers ---- */

static bool is_arm(void)
{
    return strcmp(api_info.target_name, "aarch64") == 0;
}

static unsigned int count_named(GArray *all, const char *name)
{
    unsigned int n = 0;

    for (guint i = 0; i < all->len; i++) {
        qemu_plugin_reg_descriptor *d =
            &g_array_index(all, qemu_plugin_reg_descriptor, i);

        n += d->handle && strcmp(d->name, name) == 0;
    }
    return n;
}

static void read_registers(void)
{
    g_autoptr(GArray) all = qemu_plugin_get_registers();
    const char *name = is_arm() ? "x0" : "rax";
    struct qemu_plugin_register *reg = qemu_plugin_find_register(name);
    g_autoptr(GByteArray) buf = g_byte_array_new();
    uint64_t value = 0;
    int size;
    bool ok;

    g_byte_array_append(buf, (const guint8 *)"ab", 2);
    size = qemu_plugin_read_register(reg, buf);
    ok = qemu_plugin_read_register_u64(reg, &value);
    api_either("get_registers", count_named(all, name) == 1, all->len == 0);
    api_either("find_register",
               reg && !qemu_plugin_find_register("no such register"), !reg);
    /* Appended, little-endian; 32 bits count in this guest. */
    api_either("read_register",
               size == 8 && buf->len == 10 &&
                   memcmp(buf->data, "ab\x44\x33\x22\x11\0\0\0\0", 10) == 0,
               size == -1 && buf->len == 2);
    api_either("read_register_u64", ok && value == 0x11223344, !ok);
    api_right("target_big_endian", !qemu_plugin_target_big_endian(), "true");
}

static void write_registers(void)
{
    const char *name = is_arm() ? "x5" : "rbx";
    struct qemu_plugin_register *reg = qemu_plugin_find_register(name);
    g_autoptr(GByteArray) bytes = bytes_of(0x5a5a5a5a, 8);
    g_autoptr(GByteArray) few = bytes_of(1, 4);
    int size = qemu_plugin_write_register(reg, few);

    api_either("write_register", size == -1, size == -1);
    size = qemu_plugin_write_register(reg, bytes);
    api_either("write_register", size == 8, size == -1);
}

static void at_regs(unsigned int vcpu_index, void *userdata)
{
    n_times++;
    read_registers();
    write_registers();
}

/* ---- Memory ---- */

#define UNMAPPED 0x80000000u

/* Where the guest sees @label at its other mapping, if it has one. */
static uint64_t alias(Label label)
{
    return api_label(label) + (api_info.system_emulation ? API_ALIAS : 0);
}

static void read_virtual(void)
{
    static const uint8_t known[8] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33,
                                      0x22, 0x11 };
    g_autoptr(GByteArray) data = bytes_of(0, 3);
    uint8_t buf[8] = { 0 };
    bool ok = qemu_plugin_read_memory_vaddr(alias(L_known_value), data, 8);
    bool plain = qemu_plugin_read_memory(alias(L_known_value), buf, 8);

    api_either("read_memory_vaddr",
               ok && data->len == 8 && memcmp(data->data, known, 8) == 0, !ok);
    api_either("read_memory", plain && memcmp(buf, known, 8) == 0, !plain);
    ok = qemu_plugin_read_memory_vaddr(UNMAPPED, data, 8) ||
         qemu_plugin_read_memory_vaddr(UNMAPPED - 4, data, 8);
    plain = qemu_plugin_read_memory(UNMAPPED, buf, 8);
    api_either("read_memory_vaddr", !ok, !ok);
    api_either("read_memory", !plain && memcmp(buf, known, 8) == 0,
               !plain && buf[0] == 0);
}

static void read_physical(void)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    uint64_t address = 1;
    enum qemu_plugin_hwaddr_operation_result result =
        qemu_plugin_read_memory_hwaddr(api_label(L_known_value), data, 8);
    bool ok = qemu_plugin_translate_vaddr(alias(L_known_value), &address);

    api_either("read_memory_hwaddr",
               result == QEMU_PLUGIN_HWADDR_OPERATION_OK && data->len == 8 &&
                   memcmp(data->data, "\x88\x77\x66\x55\x44\x33\x22\x11",
                          8) == 0,
               result == QEMU_PLUGIN_HWADDR_OPERATION_ERROR);
    api_either("translate_vaddr", ok && address == api_label(L_known_value),
               !ok && address == 1);
    ok = qemu_plugin_translate_vaddr(UNMAPPED, &address);
    api_either("translate_vaddr", !ok, !ok);
}

static void at_write(unsigned int vcpu_index, void *userdata)
{
    g_autoptr(GByteArray) data = bytes_of(NEW_VALUE, 4);
    enum qemu_plugin_hwaddr_operation_result result;
    bool ok = qemu_plugin_write_memory_vaddr(alias(L_written), data);

    read_virtual();
    read_physical();
    api_either("write_memory_vaddr", ok, !ok);
    ok = qemu_plugin_write_memory_vaddr(UNMAPPED, data);
    api_either("write_memory_vaddr", !ok, !ok);
    result = qemu_plugin_write_memory_hwaddr(api_label(L_written_phys), data);
    api_either("write_memory_hwaddr",
               result == QEMU_PLUGIN_HWADDR_OPERATION_OK,
               result == QEMU_PLUGIN_HWADDR_OPERATION_ERROR);
}

/* ---- The pc ---- */

static void at_pc_from(unsigned int vcpu_index, void *userdata)
{
    /* The guest tells whether it went there. */
    api_either("set_pc", true, true);
    qemu_plugin_set_pc(api_label(L_pc_to));
    api_either("set_pc", false, true);
}

static void at(Label label, struct qemu_plugin_tb *tb,
               struct qemu_plugin_insn *insn)
{
    if (label == L_at_regs) {
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, at_regs, QEMU_PLUGIN_CB_RW_REGS, NULL);
    } else if (label == L_at_write) {
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, at_write, QEMU_PLUGIN_CB_RW_REGS, NULL);
    } else if (label == L_pc_from) {
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, at_pc_from, QEMU_PLUGIN_CB_RW_REGS_PC, NULL);
    }
}

static void end(void)
{
    api_either("read_register", n_times == 1, n_times == 1);
}

const ApiPart api_state = { NULL, NULL, at, end };
