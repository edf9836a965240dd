/*
 * registers.h: which registers of a vCPU have changed since they were last
 * looked at.  For execlog; to be copied along with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_REGISTERS_H
#define QPP_REGISTERS_H

#include "plugin-qpp.h"

/* A register of up to 64 bits, and its last value. */
typedef struct Reg {
    struct qemu_plugin_register *handle;
    const char *name;
    uint64_t seen;
} Reg;

/*
 * The registers whose names are as one of @patterns, which may have * and ?;
 * none if that is NULL.  Context: vCPU.  The array is the caller's.
 */
static inline GArray *registers_like(const GPtrArray *patterns)
{
    g_autoptr(GArray) all = qemu_plugin_get_registers();
    GArray *regs = g_array_new(false, false, sizeof(Reg));

    for (guint i = 0; i < all->len; i++) {
        const qemu_plugin_reg_descriptor *d =
            &g_array_index(all, qemu_plugin_reg_descriptor, i);
        Reg reg = { d->handle, d->name, 0 };
        bool like = false;

        for (guint p = 0; patterns && p < patterns->len && !like; p++) {
            like = g_pattern_match_simple(patterns->pdata[p], d->name);
        }
        if (like) {
            g_array_append_val(regs, reg);
        }
    }
    return regs;
}

/*
 * Adds ", NAME -> VALUE" to @line for each that has changed.  Context: a
 * callback that may read registers.
 */
static inline void append_changes(GString *line, GArray *regs)
{
    for (guint i = 0; i < regs->len; i++) {
        Reg *reg = &g_array_index(regs, Reg, i);
        uint64_t now;

        if (qemu_plugin_read_register_u64(reg->handle, &now) &&
            now != reg->seen) {
            reg->seen = now;
            g_string_append_printf(line, ", %s -> 0x%" PRIx64, reg->name, now);
        }
    }
}

#endif /* QPP_REGISTERS_H */
