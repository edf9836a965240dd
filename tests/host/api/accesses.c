/*
 * accesses.c: what a memory callback is told, and can ask, of accesses whose
 * address, size and value are known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "api.h"

#define KNOWN 0x1122334455667788u

/* An instruction that accesses memory, and how. */
typedef struct Access {
    Label label;
    Label data; /* N_LABELS: a device, at DEVICE */
    bool alias; /* in system mode: through the other mapping */
    bool store, sign;
    unsigned int shift;
    uint64_t value;
    atomic_uint n[3]; /* calls, of reads, of writes */
} Access;

#define DEVICE 0xfec00000u /* the IOAPIC */

static Access accesses[] = {
    { L_do_load, L_known_value, true, false, false, 3, KNOWN },
    { L_do_store, L_stored, false, true, false, 1, 0xbeef },
    { L_do_signed, L_known_value, false, false, true, 0, 0x88 },
    { L_do_mmio, N_LABELS, false, false, false, 2, 0 },
};

/* The x86 guest of system mode is of 32 bits. */
static unsigned int shift_of(const Access *a)
{
    return a->label == L_do_load && api_info.system_emulation &&
                   strcmp(api_info.target_name, "x86_64") == 0 ? 2 : a->shift;
}

static uint64_t address_of(const Access *a)
{
    return a->data == N_LABELS ? DEVICE : api_label(a->data);
}

static void try_value(const Access *a, qemu_plugin_meminfo_t info)
{
    qemu_plugin_mem_value v = qemu_plugin_mem_get_value(info);
    unsigned int shift = shift_of(a);
    uint64_t mask = shift == 3 ? UINT64_MAX
                               : (UINT64_C(1) << (8 << shift)) - 1;
    uint64_t values[] = { v.data.u8, v.data.u16, v.data.u32, v.data.u64 };

    if (!api_available("mem_get_value")) {
        api_refused("mem_get_value", v.type == QPP_MEM_VALUE_UNKNOWN,
                    "type %d", v.type);
    } else if (a->data != N_LABELS) {
        api_right("mem_get_value",
                  v.type == (enum qemu_plugin_mem_value_type)shift &&
                      values[shift] == (a->value & mask),
                  "type %d value %" PRIx64 ", not %u and %" PRIx64, v.type,
                  v.data.u64, shift, a->value & mask);
    }
}

static void try_hwaddr(const Access *a, qemu_plugin_meminfo_t info,
                       uint64_t vaddr)
{
    struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);
    bool device = a->data == N_LABELS;
    const char *name = qemu_plugin_hwaddr_device_name(hw);
    uint64_t address = qemu_plugin_hwaddr_phys_addr(hw);

    if (!api_available("get_hwaddr")) {
        api_refused("get_hwaddr", !hw, "%p", (void *)hw);
        api_refused("hwaddr_is_io", !qemu_plugin_hwaddr_is_io(hw), "true");
        api_refused("hwaddr_phys_addr", address == 0, "not 0");
        api_refused("hwaddr_device_name", !name, "'%s'", name);
        return;
    }
    api_right("get_hwaddr", hw != NULL, "NULL");
    api_right("hwaddr_is_io", qemu_plugin_hwaddr_is_io(hw) == device,
              "not so at %" PRIx64, vaddr);
    api_right("hwaddr_phys_addr", address == address_of(a),
              "%" PRIx64 " of %" PRIx64, address, vaddr);
    api_right("hwaddr_device_name",
              g_strcmp0(name, device ? api_arg("device") : "RAM") == 0,
              "'%s' of %" PRIx64, name, vaddr);
}

static void on_access(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                      uint64_t vaddr, void *userdata)
{
    Access *a = userdata;
    bool alias = a->alias && api_info.system_emulation;

    a->n[0]++;
    api_right("register_vcpu_mem_cb",
              vcpu_index == 0 &&
                  vaddr == address_of(a) + (alias ? API_ALIAS : 0),
              "vCPU %u, address %" PRIx64, vcpu_index, vaddr);
    api_right("mem_size_shift",
              qemu_plugin_mem_size_shift(info) == shift_of(a), "%u",
              qemu_plugin_mem_size_shift(info));
    api_right("mem_is_sign_extended",
              qemu_plugin_mem_is_sign_extended(info) == a->sign, "%d",
              !a->sign);
    api_right("mem_is_big_endian", !qemu_plugin_mem_is_big_endian(info),
              "true");
    api_right("mem_is_store", qemu_plugin_mem_is_store(info) == a->store,
              "%d", !a->store);
    try_value(a, info);
    try_hwaddr(a, info, vaddr);
}

static void on_read(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                    uint64_t vaddr, void *userdata)
{
    ((Access *)userdata)->n[1]++;
}

static void on_write(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                     uint64_t vaddr, void *userdata)
{
    ((Access *)userdata)->n[2]++;
}

static void at(Label label, struct qemu_plugin_tb *tb,
               struct qemu_plugin_insn *insn)
{
    for (size_t i = 0; i < G_N_ELEMENTS(accesses); i++) {
        Access *a = &accesses[i];

        if (a->label != label) {
            continue;
        }
        qemu_plugin_register_vcpu_mem_cb(insn, on_access,
                                         QEMU_PLUGIN_CB_NO_REGS,
                                         QEMU_PLUGIN_MEM_RW, a);
        qemu_plugin_register_vcpu_mem_cb(insn, on_read,
                                         QEMU_PLUGIN_CB_R_REGS,
                                         QEMU_PLUGIN_MEM_R, a);
        qemu_plugin_register_vcpu_mem_cb(insn, on_write,
                                         QEMU_PLUGIN_CB_RW_REGS_PC,
                                         QEMU_PLUGIN_MEM_W, a);
    }
}

static void end(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(accesses); i++) {
        const Access *a = &accesses[i];

        if (api_label(a->label)) {
            api_right("register_vcpu_mem_cb",
                      a->n[0] == 1 && a->n[1] == !a->store &&
                          a->n[2] == a->store,
                      "access %zu: %u calls, %u reads, %u writes", i,
                      a->n[0], a->n[1], a->n[2]);
        }
    }
}

const ApiPart api_accesses = { NULL, NULL, at, end };
