/*
 * code.c: blocks and instructions, against the bytes of the guest's file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "api.h"

static unsigned int n_loops; /* known_loop translated */

/* The bytes of the instruction at known_loop, as the runner read them. */
static size_t known_bytes(uint8_t bytes[16])
{
    const char *hex = api_arg("known_loop_bytes");
    unsigned int byte;
    size_t n = 0;

    while (n < 16 && sscanf(hex + 2 * n, "%2x", &byte) == 1) {
        bytes[n++] = (uint8_t)byte;
    }
    return n;
}

/* The block of two instructions at known_loop. */
static void block(struct qemu_plugin_tb *tb)
{
    struct qemu_plugin_insn *insn;

    if (qemu_plugin_tb_vaddr(tb) != api_label(L_known_loop)) {
        return;
    }
    n_loops++;
    insn = qemu_plugin_tb_get_insn(tb, 0);
    api_right("tb_n_insns", qemu_plugin_tb_n_insns(tb) == 2, "%zu",
              qemu_plugin_tb_n_insns(tb));
    api_right("tb_get_insn",
              insn && qemu_plugin_tb_get_insn(tb, 1) &&
                  !qemu_plugin_tb_get_insn(tb, 2) &&
                  !qemu_plugin_tb_get_insn(tb, SIZE_MAX),
              "not two");
    api_right("insn_vaddr",
              qemu_plugin_insn_vaddr(insn) == api_label(L_known_loop),
              "%" PRIx64, qemu_plugin_insn_vaddr(insn));
}

static void try_data(struct qemu_plugin_insn *insn)
{
    uint8_t known[16], got[16] = { 0 }, one[2] = { 0xee, 0xee };
    size_t n_known = known_bytes(known);
    size_t n = qemu_plugin_insn_data(insn, got, sizeof(got));

    api_right("insn_size", qemu_plugin_insn_size(insn) == n_known, "%zu",
              qemu_plugin_insn_size(insn));
    api_right("insn_data", n == n_known && memcmp(got, known, n) == 0,
              "%zu bytes, not %zu, or others", n, n_known);
    n = qemu_plugin_insn_data(insn, one, 1);
    api_right("insn_data", n == 1 && one[0] == known[0] && one[1] == 0xee,
              "one byte asked for, %zu given", n);
    n = qemu_plugin_insn_data(insn, one, 0);
    api_right("insn_data", n == 0 && one[1] == 0xee,
              "no byte asked for, %zu given", n);
}

static void try_names(struct qemu_plugin_insn *insn)
{
    const char *mnemonic = api_arg("known_loop_mnemonic");
    g_autofree char *disas = qemu_plugin_insn_disas(insn);
    const char *symbol = qemu_plugin_insn_symbol(insn);
    uint8_t known[16];
    const void *haddr = qemu_plugin_insn_haddr(insn);

    api_right("insn_disas", disas && g_str_has_prefix(disas, mnemonic),
              "'%s', not '%s'", disas, mnemonic);
    api_right("insn_symbol", g_strcmp0(symbol, "known_loop") == 0, "'%s'",
              symbol);
    api_right("insn_haddr",
              haddr && memcmp(haddr, known, known_bytes(known)) == 0,
              "%p: no or other bytes", haddr);
}

static void at(Label label, struct qemu_plugin_tb *tb,
               struct qemu_plugin_insn *insn)
{
    if (label == L_known_loop) {
        try_data(insn);
        try_names(insn);
    }
}

static void end(void)
{
    api_right("tb_vaddr", n_loops > 0, "no block at known_loop");
}

const ApiPart api_code = { NULL, block, at, end };
