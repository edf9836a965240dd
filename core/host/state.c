/*
 * state.c: a vCPU's registers and the guest's memory, read and written.
 *
 * What differs, by the version in which it changed:
 *   4  read_memory_vaddr came; before, user mode reads by itself
 *      (user_memory.c)
 *   5  writing, and physical memory
 *   6  read_register and write_register return bool (before: int), and a
 *      register descriptor has a fourth member: whether it is read-only.
 *      QEMU aborts when such a one is written.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "../list.h"
#include "bind.h"

typedef enum qemu_plugin_hwaddr_operation_result Result;
typedef struct qemu_plugin_register Register;

static struct {
    GArray *(*get_registers)(void);
    gpointer read_register;  /* two signatures */
    gpointer write_register; /* two signatures */
    void (*set_pc)(uint64_t);
    bool (*read_memory_vaddr)(uint64_t, GByteArray *, size_t);
    bool (*write_memory_vaddr)(uint64_t, GByteArray *);
    Result (*read_memory_hwaddr)(uint64_t, GByteArray *, size_t);
    Result (*write_memory_hwaddr)(uint64_t, GByteArray *);
    bool (*translate_vaddr)(uint64_t, uint64_t *);
} fn;

static const QppBinding bindings[] = {
    QPP_BIND(get_registers), QPP_BIND(read_register),
    QPP_BIND(write_register), QPP_BIND(set_pc), QPP_BIND(read_memory_vaddr),
    QPP_BIND(write_memory_vaddr), QPP_BIND(read_memory_hwaddr),
    QPP_BIND(write_memory_hwaddr), QPP_BIND(translate_vaddr),
};
const QppBindings qpp_state_bindings = { bindings, G_N_ELEMENTS(bindings) };

#define ON_VCPU() QPP_CONTEXT(qpp_on_vcpu(), "call it on a vCPU's thread")
/* QEMU puts the size into a GByteArray's guint without a look. */
#define IS_LENGTH(len)                                                        \
    QPP_CONTEXT((len) > 0 && (len) <= G_MAXINT,                               \
                "the length must be 1 to G_MAXINT")

/* ---- Registers ----------------------------------------------------------- */

static GMutex read_only_lock;
static GHashTable *read_only; /* set of Register * */

static void note_read_only(Register *handle)
{
    g_mutex_lock(&read_only_lock);
    if (!read_only) {
        read_only = g_hash_table_new(NULL, NULL);
    }
    g_hash_table_add(read_only, handle);
    g_mutex_unlock(&read_only_lock);
}

static bool is_read_only(Register *handle)
{
    bool is;

    g_mutex_lock(&read_only_lock);
    is = read_only && g_hash_table_contains(read_only, handle);
    g_mutex_unlock(&read_only_lock);
    return is;
}

/* A descriptor as hosts from API 6 on have it. */
typedef struct Descriptor6 {
    qemu_plugin_reg_descriptor d;
    bool is_readonly;
} Descriptor6;

GArray *qemu_plugin_get_registers(void)
{
    GArray *out = g_array_new(false, false,
                              sizeof(qemu_plugin_reg_descriptor));
    GArray *in = fn.get_registers && ON_VCPU() ? fn.get_registers() : NULL;
    guint size = in ? g_array_get_element_size(in) : 0;

    for (guint i = 0; in && i < in->len; i++) {
        Descriptor6 from = { 0 };

        /* Later versions may have more members, behind these. */
        memcpy(&from, in->data + (size_t)i * size, MIN(size, sizeof(from)));
        g_array_append_val(out, from.d);
        if (from.is_readonly) {
            note_read_only(from.d.handle);
        }
    }
    if (in) {
        g_array_unref(in);
    }
    return out;
}

int qemu_plugin_read_register(Register *handle, GByteArray *buf)
{
    guint before;
    bool ok;

    if (!fn.read_register || !handle || !QPP_GIVEN(buf) || !ON_VCPU()) {
        return -1;
    }
    before = buf->len;
    if (qpp_host_api() >= 6) {
        ok = ((bool (*)(Register *, GByteArray *))fn.read_register)(handle,
                                                                    buf);
    } else {
        /* A register that is not there is -1 to some hosts, 0 to others. */
        ok = ((int (*)(Register *, GByteArray *))fn.read_register)(handle,
                                                                   buf) > 0;
    }
    return ok ? (int)(buf->len - before) : -1;
}

int qemu_plugin_write_register(Register *handle, GByteArray *buf)
{
    g_autoptr(GByteArray) now = NULL;
    int size;
    bool ok;

    if (!fn.write_register || !handle || !QPP_GIVEN(buf) || !ON_VCPU()) {
        return -1;
    }
    /* QEMU takes as many bytes as the register has, however few there are. */
    now = g_byte_array_new();
    size = qemu_plugin_read_register(handle, now);
    if (size < 0 || buf->len < (guint)size) {
        return -1;
    }
    if (!QPP_CONTEXT(!is_read_only(handle), "the register is read-only")) {
        return -1;
    }
    if (qpp_host_api() >= 6) {
        ok = ((bool (*)(Register *, GByteArray *))fn.write_register)(handle,
                                                                     buf);
    } else {
        ok = ((int (*)(Register *, GByteArray *))fn.write_register)(handle,
                                                                    buf) > 0;
    }
    return ok ? size : -1;
}

void qemu_plugin_set_pc(uint64_t vaddr)
{
    if (QPP_CONTEXT(fn.set_pc, "this QEMU cannot; ask qemu_plugin_available") &&
        QPP_CONTEXT(qpp_thread.may_set_pc,
                    "call it in a callback with QEMU_PLUGIN_CB_RW_REGS_PC")) {
        qpp_thread.may_set_pc = false;
        qpp_read_abandon(); /* QEMU longjmps out of whatever walks a list */
        fn.set_pc(vaddr);
    }
}

/* ---- Memory -------------------------------------------------------------- */

bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data,
                                   size_t len)
{
    if (!QPP_GIVEN(data) || !IS_LENGTH(len)) {
        return false;
    }
    if (fn.read_memory_vaddr) {
        return ON_VCPU() && fn.read_memory_vaddr(addr, data, len);
    }
    return qpp_host_user_memory_read(addr, data, len);
}

bool qemu_plugin_write_memory_vaddr(uint64_t addr, GByteArray *data)
{
    return fn.write_memory_vaddr && QPP_GIVEN(data) &&
           IS_LENGTH(data->len) && ON_VCPU() &&
           fn.write_memory_vaddr(addr, data);
}

/* Whether there is physical memory, and a vCPU to see it. */
#define HAS_PHYSICAL()                                                        \
    (QPP_CONTEXT(qpp_host_info()->system_emulation,                           \
                 "only in system mode is there physical memory") &&           \
     ON_VCPU())

Result qemu_plugin_read_memory_hwaddr(uint64_t addr, GByteArray *data,
                                      size_t len)
{
    return fn.read_memory_hwaddr && QPP_GIVEN(data) && IS_LENGTH(len) &&
                   HAS_PHYSICAL()
               ? fn.read_memory_hwaddr(addr, data, len)
               : QEMU_PLUGIN_HWADDR_OPERATION_ERROR;
}

Result qemu_plugin_write_memory_hwaddr(uint64_t addr, GByteArray *data)
{
    return fn.write_memory_hwaddr && QPP_GIVEN(data) &&
                   IS_LENGTH(data->len) && HAS_PHYSICAL()
               ? fn.write_memory_hwaddr(addr, data)
               : QEMU_PLUGIN_HWADDR_OPERATION_ERROR;
}

bool qemu_plugin_translate_vaddr(uint64_t vaddr, uint64_t *hwaddr)
{
    return fn.translate_vaddr && QPP_GIVEN(hwaddr) && HAS_PHYSICAL() &&
           fn.translate_vaddr(vaddr, hwaddr);
}
