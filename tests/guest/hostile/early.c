/*
 * early.c: hostile_early, a plugin that spoils what a kernel says of itself
 * (BTF, kallsyms) before osi_linux has seen it: it is to be installed before.
 * What was spoiled is put back at the second thread switch.  Whatever
 * osi_linux made of it, what it then says of who makes a call must be right,
 * or that it does not know.
 *
 * With rounds=N the finders are tried on so many other spoilings besides, and
 * the guest's memory that they read is counted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf_find.h"
#include "hostile.h"
#include "kallsyms.h"
#include "syscalls.h"

/* Types alone: an import would have osi_linux installed before this. */
#undef QPP_FUN_PROTOTYPE
#define QPP_FUN_PROTOTYPE(...) struct OsiIdentity
#include "osi.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "hostile_early";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls", NULL };

/*
 * Reads of a finder: what the limits of btf_find.h and kallsyms.h allow, in
 * pages, and as much again for what is not page by page.
 */
#define MAX_READS (2 * (128 + 256) * 256)
#define ROUNDS_AT 100 /* thread switches */

static FILE *out;
static uint64_t seed = 1, rounds, pc, btf_at, btf_size, kallsyms_at;
static unsigned int switches;
static uint64_t n_reads;

/* Looked up late: osi_linux is installed after this. */
static bool (*current_identity)(unsigned int vcpu, OsiIdentity *id);
static unsigned int n_right, n_unknown, n_wrong;

static bool read_counted(void *opaque, uint64_t addr, void *buf, size_t len)
{
    n_reads++;
    return peek(addr, buf, len);
}

/* Where it all lies. */
static bool find_all(void)
{
    struct qemu_plugin_register *reg = qemu_plugin_find_register("rip");
    uint32_t header[6]; /* type_off ... str_len are the last four */
    Kallsyms *symbols;
    Btf *btf;

    if (!reg || !qemu_plugin_read_register_u64(reg, &pc)) {
        return false;
    }
    btf = btf_find(read_counted, NULL, pc, NULL, &btf_at, NULL);
    symbols = kallsyms_find(read_counted, NULL, pc, NULL, NULL);
    if (!btf || !symbols || !peek(btf_at, header, sizeof(header))) {
        return false;
    }
    btf_size = 24 + header[4] + header[5];
    kallsyms_at = kallsyms_where(symbols);
    btf_free(btf);
    kallsyms_free(symbols);
    return true;
}

static void spoil_range(uint64_t *state, uint64_t at, uint64_t size,
                        unsigned int n)
{
    while (n-- > 0) {
        uint64_t word = below(state, 3) ? rnd(state)
                                        : 0 - (uint64_t)below(state, 2);

        spoil(at + below(state, size - 8), &word, 1 + below(state, 8));
    }
}

/* In one of five ways. */
static const char *spoil_knowledge(uint64_t *state, uint64_t way)
{
    switch (way % 5) {
    case 0:
        spoil_range(state, btf_at, 32, 3);
        return "BTF's header";
    case 1:
        spoil_range(state, btf_at + 24, btf_size / 2, 200);
        return "BTF's types";
    case 2:
        spoil_range(state, btf_at + btf_size * 6 / 10, btf_size * 4 / 10,
                    2000);
        return "BTF's strings";
    case 3:
        spoil_range(state, kallsyms_at - 8192, 8192 + 512, 60);
        return "kallsyms' tokens and markers";
    default:
        spoil_range(state, kallsyms_at - (2 << 20), (2 << 20) + 512, 500);
        return "kallsyms' names and addresses";
    }
}

/* ---- As osi_linux starts ------------------------------------------------- */

static void tell(bool right, const char *what)
{
    fprintf(out, "%sok - %s\n", right ? "" : "not ", what);
    fflush(out);
}

static void run_rounds(void)
{
    uint64_t max_btf = 0, max_kallsyms = 0, refused = 0, state;

    for (uint64_t i = 0; i < rounds; i++) {
        Kallsyms *symbols;
        Btf *btf;
        uint64_t at;

        state = (seed << 32) + i * 0x9e3779b97f4a7c15ull + 1;
        rnd(&state);
        spoil_knowledge(&state, i);
        n_reads = 0;
        btf = btf_find(read_counted, NULL, pc, NULL, &at, NULL);
        max_btf = MAX(max_btf, n_reads);
        n_reads = 0;
        symbols = kallsyms_find(read_counted, NULL, pc, NULL, NULL);
        max_kallsyms = MAX(max_kallsyms, n_reads);
        refused += !btf || !symbols;
        g_clear_pointer(&btf, btf_free);
        g_clear_pointer(&symbols, kallsyms_free);
        n_wrong += restore_all();
    }
    fprintf(out, "# %" PRIu64 " searches, %" PRIu64 " found nothing; most "
            "reads: BTF %" PRIu64 ", kallsyms %" PRIu64 "\n", rounds, refused,
            max_btf, max_kallsyms);
    tell(max_btf <= MAX_READS && max_kallsyms <= MAX_READS,
         "the finders end");
    tell(refused > 0, "what is spoiled is noticed");
}

static void on_thread_switch(void *evdata, void *udata)
{
    uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;

    switches++;
    if (switches == 1) {
        current_identity = (bool (*)(unsigned int, OsiIdentity *))
            qemu_plugin_import_function("osi_linux", "osi_current_identity");
        tell(current_identity && find_all(), "there is BTF, and kallsyms");
        fprintf(out, "# spoiled: %s\n", spoil_knowledge(&state, seed));
    } else if (switches == 2) {
        tell(restore_all() == 0, "the guest's memory is put back");
    } else if (switches == ROUNDS_AT && rounds) {
        run_rounds();
    }
}

static void on_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    OsiIdentity id;

    if (!call->info || strcmp(call->info->name, "getpid") != 0 ||
        call->outcome != SYSCALLS_RETURNED || !current_identity) {
        return;
    }
    if (!current_identity(call->return_vcpu, &id)) {
        n_unknown++;
    } else if (id.pid == call->ret) {
        n_right++;
    } else {
        n_wrong++;
    }
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    fprintf(out, "# who calls getpid: %u right, %u unknown\n", n_right,
            n_unknown);
    tell(n_right + n_unknown > 0 && n_wrong == 0,
         "who makes a call is known rightly, or unknown");
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "filename=")) {
            out = fopen(argv[i] + strlen("filename="), "a");
        } else if (g_str_has_prefix(argv[i], "seed=")) {
            seed = strtoull(argv[i] + strlen("seed="), NULL, 0);
        } else if (g_str_has_prefix(argv[i], "rounds=")) {
            rounds = strtoull(argv[i] + strlen("rounds="), NULL, 0);
        }
    }
    if (!out) {
        fprintf(stderr, "hostile_early: needs filename=FILE\n");
        return -1;
    }
    qemu_plugin_register_atexit_cb(id, on_atexit, NULL);
    return qemu_plugin_reg_callback("syscalls", "on_thread_switch",
                                    on_thread_switch) &&
                   qemu_plugin_reg_callback("syscalls", "on_all_sys_return",
                                            on_return) ? 0 : -1;
}
