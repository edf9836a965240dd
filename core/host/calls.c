/*
 * calls.c: the plugin API's functions that go straight to QEMU, with what
 * differs between versions evened out.
 *
 * Every function is looked up by itself: a host that speaks a version may
 * still lack some of its functions (QEMU 10.0's user-mode build does).  One
 * that is missing fails as include/qemu-plugin.h says.
 *
 * What differs, by the version in which it changed:
 *   3  insn_data copies into a buffer (before: returned a pointer)
 *   4  read_memory_vaddr came
 *   6  read_register returns bool (before: int), and a register descriptor
 *      has a fourth member
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "host.h"

struct qemu_plugin_tb;

static int api;
static struct {
    void (*tb_exec_cb)(struct qemu_plugin_tb *, qemu_plugin_vcpu_udata_cb_t,
                       enum qemu_plugin_cb_flags, void *);
    void (*insn_exec_cb)(struct qemu_plugin_insn *,
                         qemu_plugin_vcpu_udata_cb_t,
                         enum qemu_plugin_cb_flags, void *);
    size_t (*tb_n_insns)(const struct qemu_plugin_tb *);
    uint64_t (*tb_vaddr)(const struct qemu_plugin_tb *);
    struct qemu_plugin_insn *(*tb_get_insn)(const struct qemu_plugin_tb *,
                                            size_t);
    gpointer insn_data; /* two signatures */
    size_t (*insn_size)(const struct qemu_plugin_insn *);
    uint64_t (*insn_vaddr)(const struct qemu_plugin_insn *);
    void *(*insn_haddr)(const struct qemu_plugin_insn *);
    GArray *(*get_registers)(void);
    gpointer read_register; /* two signatures */
    bool (*read_memory)(uint64_t, GByteArray *, size_t);
    void (*outs)(const char *);
    const char *(*path_to_binary)(void);
} fn;

static const struct {
    gpointer *slot;
    const char *symbol;
    bool required; /* for what cannot fail: the others are tested for NULL */
} bindings[] = {
    { (gpointer *)&fn.tb_exec_cb, "qemu_plugin_register_vcpu_tb_exec_cb",
      true },
    { (gpointer *)&fn.insn_exec_cb, "qemu_plugin_register_vcpu_insn_exec_cb",
      true },
    { (gpointer *)&fn.tb_n_insns, "qemu_plugin_tb_n_insns", true },
    { (gpointer *)&fn.tb_vaddr, "qemu_plugin_tb_vaddr", true },
    { (gpointer *)&fn.tb_get_insn, "qemu_plugin_tb_get_insn", true },
    { &fn.insn_data, "qemu_plugin_insn_data" },
    { (gpointer *)&fn.insn_size, "qemu_plugin_insn_size", true },
    { (gpointer *)&fn.insn_vaddr, "qemu_plugin_insn_vaddr", true },
    { (gpointer *)&fn.insn_haddr, "qemu_plugin_insn_haddr" },
    { (gpointer *)&fn.get_registers, "qemu_plugin_get_registers" },
    { &fn.read_register, "qemu_plugin_read_register" },
    { (gpointer *)&fn.read_memory, "qemu_plugin_read_memory_vaddr" },
    { (gpointer *)&fn.outs, "qemu_plugin_outs" },
    { (gpointer *)&fn.path_to_binary, "qemu_plugin_path_to_binary" },
};

const char *qpp_host_bind(int host_api)
{
    const char *missing = NULL;

    api = host_api;
    for (size_t i = 0; i < G_N_ELEMENTS(bindings); i++) {
        *bindings[i].slot = qpp_host_symbol(bindings[i].symbol);
        if (bindings[i].required && !*bindings[i].slot && !missing) {
            missing = bindings[i].symbol;
        }
    }
    return missing;
}

/* ---- Translation ------------------------------------------------------- */

void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          qemu_plugin_vcpu_udata_cb_t cb,
                                          enum qemu_plugin_cb_flags flags,
                                          void *userdata)
{
    fn.tb_exec_cb(tb, cb, flags, userdata);
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            qemu_plugin_vcpu_udata_cb_t cb,
                                            enum qemu_plugin_cb_flags flags,
                                            void *userdata)
{
    fn.insn_exec_cb(insn, cb, flags, userdata);
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
    return fn.tb_n_insns(tb);
}

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
{
    return fn.tb_vaddr(tb);
}

struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx)
{
    return fn.tb_get_insn(tb, idx);
}

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest,
                             size_t len)
{
    const void *data;

    if (!fn.insn_data) {
        return 0;
    }
    if (api >= 3) {
        return ((size_t(*)(const struct qemu_plugin_insn *, void *, size_t))
                    fn.insn_data)(insn, dest, len);
    }
    data = ((const void *(*)(const struct qemu_plugin_insn *))
                fn.insn_data)(insn);
    len = MIN(len, fn.insn_size(insn));
    if (!data) {
        return 0;
    }
    memcpy(dest, data, len);
    return len;
}

size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn)
{
    return fn.insn_size(insn);
}

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
    return fn.insn_vaddr(insn);
}

/* ---- Registers and memory ---------------------------------------------- */

GArray *qemu_plugin_get_registers(void)
{
    GArray *out = g_array_new(false, false,
                              sizeof(qemu_plugin_reg_descriptor));
    GArray *in = fn.get_registers ? fn.get_registers() : NULL;
    guint size = in ? g_array_get_element_size(in) : 0;

    for (guint i = 0; in && i < in->len; i++) {
        /* Later versions have more members, behind the three. */
        qemu_plugin_reg_descriptor d;

        memcpy(&d, in->data + (size_t)i * size, sizeof(d));
        g_array_append_val(out, d);
    }
    if (in) {
        g_array_unref(in);
    }
    return out;
}

int qemu_plugin_read_register(struct qemu_plugin_register *handle,
                              GByteArray *buf)
{
    guint before = buf->len;
    bool ok;

    if (!fn.read_register || !handle) {
        return -1;
    }
    if (api >= 6) {
        ok = ((bool (*)(struct qemu_plugin_register *, GByteArray *))
                  fn.read_register)(handle, buf);
    } else {
        /* A register that is not there is -1 to some hosts, 0 to others. */
        ok = ((int (*)(struct qemu_plugin_register *, GByteArray *))
                  fn.read_register)(handle, buf) > 0;
    }
    return ok ? (int)(buf->len - before) : -1;
}

bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data,
                                   size_t len)
{
    /* QEMU puts the size into a GByteArray's guint without a look. */
    if (len == 0 || len > G_MAXINT) {
        return false;
    }
    return fn.read_memory ? fn.read_memory(addr, data, len)
                          : qpp_host_user_memory_read(addr, data, len);
}

void qpp_host_user_tb(const struct qemu_plugin_tb *tb)
{
    const struct qemu_plugin_insn *insn;

    if (!fn.read_memory && fn.insn_haddr && fn.tb_n_insns(tb) > 0) {
        insn = fn.tb_get_insn(tb, 0);
        qpp_host_user_memory_learn(fn.insn_vaddr(insn), fn.insn_haddr(insn));
    }
}

/* ---- Other ------------------------------------------------------------- */

void qemu_plugin_outs(const char *string)
{
    if (fn.outs && string) {
        fn.outs(string);
    }
}

const char *qemu_plugin_path_to_binary(void)
{
    return fn.path_to_binary ? fn.path_to_binary() : NULL;
}
