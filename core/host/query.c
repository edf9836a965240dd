/*
 * query.c: questions about blocks, instructions and accesses to memory.
 *
 * insn_data differs: from API 3 on it copies into a buffer, before it
 * returned a pointer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "../disas.h"
#include "bind.h"

static struct {
    size_t (*tb_n_insns)(const struct qemu_plugin_tb *);
    uint64_t (*tb_vaddr)(const struct qemu_plugin_tb *);
    struct qemu_plugin_insn *(*tb_get_insn)(const struct qemu_plugin_tb *,
                                            size_t);
    gpointer insn_data; /* two signatures */
    size_t (*insn_size)(const struct qemu_plugin_insn *);
    uint64_t (*insn_vaddr)(const struct qemu_plugin_insn *);
    void *(*insn_haddr)(const struct qemu_plugin_insn *);
    char *(*insn_disas)(const struct qemu_plugin_insn *);
    const char *(*insn_symbol)(const struct qemu_plugin_insn *);
    unsigned int (*mem_size_shift)(qemu_plugin_meminfo_t);
    bool (*mem_is_sign_extended)(qemu_plugin_meminfo_t);
    bool (*mem_is_big_endian)(qemu_plugin_meminfo_t);
    bool (*mem_is_store)(qemu_plugin_meminfo_t);
    qemu_plugin_mem_value (*mem_get_value)(qemu_plugin_meminfo_t);
    struct qemu_plugin_hwaddr *(*get_hwaddr)(qemu_plugin_meminfo_t, uint64_t);
    bool (*hwaddr_is_io)(const struct qemu_plugin_hwaddr *);
    uint64_t (*hwaddr_phys_addr)(const struct qemu_plugin_hwaddr *);
    const char *(*hwaddr_device_name)(const struct qemu_plugin_hwaddr *);
} fn;

static const QppBinding bindings[] = {
    QPP_BIND_REQUIRED(tb_n_insns), QPP_BIND_REQUIRED(tb_vaddr),
    QPP_BIND_REQUIRED(tb_get_insn), QPP_BIND(insn_data),
    QPP_BIND_REQUIRED(insn_size), QPP_BIND_REQUIRED(insn_vaddr),
    QPP_BIND(insn_haddr), QPP_BIND(insn_disas), QPP_BIND(insn_symbol),
    QPP_BIND(mem_size_shift), QPP_BIND(mem_is_sign_extended),
    QPP_BIND(mem_is_big_endian), QPP_BIND(mem_is_store),
    QPP_BIND(mem_get_value), QPP_BIND(get_hwaddr), QPP_BIND(hwaddr_is_io),
    QPP_BIND(hwaddr_phys_addr), QPP_BIND(hwaddr_device_name),
};
const QppBindings qpp_query_bindings = { bindings, G_N_ELEMENTS(bindings) };

/* ---- Blocks and instructions ------------------------------------------- */

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
    return IN_TRANSLATION(tb) ? fn.tb_n_insns(tb) : 0;
}

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
{
    return IN_TRANSLATION(tb) ? fn.tb_vaddr(tb) : 0;
}

struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx)
{
    /* Before API 2 QEMU reads beyond the end. */
    return IN_TRANSLATION(tb) && idx < fn.tb_n_insns(tb)
               ? fn.tb_get_insn(tb, idx) : NULL;
}

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest,
                             size_t len)
{
    const void *data;

    if (!IN_TRANSLATION(insn) || !QPP_GIVEN(dest) || !fn.insn_data) {
        return 0;
    }
    if (qpp_host_api() >= 3) {
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
    return IN_TRANSLATION(insn) ? fn.insn_size(insn) : 0;
}

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
    return IN_TRANSLATION(insn) ? fn.insn_vaddr(insn) : 0;
}

void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn)
{
    return IN_TRANSLATION(insn) && fn.insn_haddr ? fn.insn_haddr(insn) : NULL;
}

char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *insn)
{
    uint8_t bytes[32];
    char *text;
    size_t n;

    if (!IN_TRANSLATION(insn)) {
        return NULL;
    }
    text = fn.insn_disas ? fn.insn_disas(insn) : NULL;
    if (text && *text) {
        return text;
    }
    /* QEMU has no disassembler for the target. */
    g_free(text);
    n = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));
    return qpp_disas(qpp_host_info(), bytes, n, fn.insn_vaddr(insn));
}

const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *insn)
{
    const char *symbol = IN_TRANSLATION(insn) && fn.insn_symbol
                             ? fn.insn_symbol(insn) : NULL;

    return symbol && *symbol ? symbol : NULL;
}

void qpp_host_user_tb(const struct qemu_plugin_tb *tb)
{
    const struct qemu_plugin_insn *insn;

    if (!qpp_host_symbol("qemu_plugin_read_memory_vaddr") && fn.insn_haddr &&
        fn.tb_n_insns(tb) > 0) {
        insn = fn.tb_get_insn(tb, 0);
        qpp_host_user_memory_learn(fn.insn_vaddr(insn), fn.insn_haddr(insn));
    }
}

/* ---- Accesses to memory ------------------------------------------------- */

unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info)
{
    return fn.mem_size_shift ? fn.mem_size_shift(info) : 0;
}

bool qemu_plugin_mem_is_sign_extended(qemu_plugin_meminfo_t info)
{
    return fn.mem_is_sign_extended && fn.mem_is_sign_extended(info);
}

bool qemu_plugin_mem_is_big_endian(qemu_plugin_meminfo_t info)
{
    return fn.mem_is_big_endian && fn.mem_is_big_endian(info);
}

bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info)
{
    return fn.mem_is_store && fn.mem_is_store(info);
}

qemu_plugin_mem_value qemu_plugin_mem_get_value(qemu_plugin_meminfo_t info)
{
    qemu_plugin_mem_value unknown = { .type = QPP_MEM_VALUE_UNKNOWN };

    /* QEMU aborts at sizes that no access has. */
    return fn.mem_get_value && qpp_on_vcpu() &&
                   qemu_plugin_mem_size_shift(info) <= 4
               ? fn.mem_get_value(info) : unknown;
}

struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info,
                                                  uint64_t vaddr)
{
    return fn.get_hwaddr && qpp_on_vcpu() ? fn.get_hwaddr(info, vaddr) : NULL;
}

bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *haddr)
{
    return haddr && fn.hwaddr_is_io && fn.hwaddr_is_io(haddr);
}

uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *haddr)
{
    return haddr && fn.hwaddr_phys_addr ? fn.hwaddr_phys_addr(haddr) : 0;
}

const char *
qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *haddr)
{
    return haddr && fn.hwaddr_device_name ? fn.hwaddr_device_name(haddr)
                                          : NULL;
}
