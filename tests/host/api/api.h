/*
 * api.h: what the parts of the plugin `api` share.  Each part tries some
 * functions of the API on a guest that does known things at known places
 * (labels), and says whether what it got is right; main.c keeps the score.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOST_API_H
#define TESTS_HOST_API_H

#include <stdatomic.h>

#include "plugin-qpp.h"

/* Places in the guest, code and data; the guests' sources say what is there. */
#define API_LABELS(X)                                                         \
    X(known_loop) X(do_load) X(do_store) X(do_signed) X(do_mmio) X(at_regs)   \
    X(at_write) X(pc_from) X(pc_to) X(do_fault) X(on_fault) X(on_tick)        \
    X(after_hlt) X(at_time) X(at_end) X(known_value) X(stored) X(written)     \
    X(written_phys)
#define API_ENUM(name) L_##name,
typedef enum Label { API_LABELS(API_ENUM) N_LABELS } Label;

/* Its address; 0: this guest has none. */
uint64_t api_label(Label label);
/* An argument of the plugin, by name; NULL: none. */
const char *api_arg(const char *name);
extern qemu_plugin_id_t api_id;
extern qemu_info_t api_info;

/* How often known_loop runs. */
#define API_LOOPS 1000u
/* System guests see their first memory here, too. */
#define API_ALIAS 0x40000000u

/* "qemu_plugin_" and @function exists on this host, says libqpp. */
bool api_available(const char *function);

/* @function did what it is documented to do; or it did not, as @detail says. */
#define api_right(function, good, ...)                                        \
    api_note(function, false, good, __VA_ARGS__)
/* The host lacks it, and it failed as documented; or not. */
#define api_refused(function, good, ...)                                      \
    api_note(function, true, good, __VA_ARGS__)
void api_note(const char *function, bool refusal, bool good,
              const char *detail, ...) G_GNUC_PRINTF(4, 5);
/* One or the other: @works where the host has it, else @refuses. */
void api_either(const char *function, bool works, bool refuses);

/*
 * The parts.  install: in qemu_plugin_install.  block: each block that is
 * translated.  at: the instruction at a label is translated.  end: QEMU
 * ends, and all counts are final.
 */
typedef struct ApiPart {
    void (*install)(void);
    void (*block)(struct qemu_plugin_tb *tb);
    void (*at)(Label label, struct qemu_plugin_tb *tb,
               struct qemu_plugin_insn *insn);
    void (*end)(void);
} ApiPart;
extern const ApiPart api_events, api_code, api_counts, api_accesses,
    api_state, api_others;

#endif /* TESTS_HOST_API_H */
