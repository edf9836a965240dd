/*
 * hot.c: a counter on each instruction, as a callback or inline, to measure
 * what instrumentation costs; built twice from the same lines.  As it
 * stands it is a plugin of this project.  With -DBENCH_PLAIN=N it is one for a
 * QEMU of plugin API N alone, which knows nothing of libqpp; the
 * declarations of what it calls are then its own, since Debian ships no
 * qemu-plugin.h.
 *
 * At the end it writes "qpp-hot: <instructions>" to stderr.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#ifndef BENCH_PLAIN
#include "plugin-qpp.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "bench_hot";
#else
#include <inttypes.h>

#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_scoreboard;
typedef struct {
    struct qemu_plugin_scoreboard *score;
    size_t offset;
} qemu_plugin_u64;

enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
void qemu_plugin_register_vcpu_insn_exec_cb(
    struct qemu_plugin_insn *insn, void (*cb)(unsigned int, void *),
    enum qemu_plugin_cb_flags flags, void *userdata);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
    struct qemu_plugin_insn *insn, enum qemu_plugin_op op,
    qemu_plugin_u64 entry, uint64_t imm);
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size);
uint64_t qemu_plugin_u64_sum(qemu_plugin_u64 entry);
#if BENCH_PLAIN >= 7 /* no id, userdata instead */
void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, void (*cb)(struct qemu_plugin_tb *, void *),
    void *userdata);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*cb)(void *),
                                    void *userdata);
#else
void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id,
    void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    void (*cb)(qemu_plugin_id_t, void *),
                                    void *userdata);
#endif
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv);

QEMU_PLUGIN_EXPORT int qemu_plugin_version = BENCH_PLAIN;
#endif

static int use_inline;
static uint64_t called;
static qemu_plugin_u64 counter;

/* Aligned: where in its cache line it begins would be measured, too. */
static void __attribute__((aligned(64))) on_insn(unsigned int vcpu_index, void *userdata)
{
    called++; /* there is one vCPU */
}

static void instrument(struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

        if (use_inline) {
            qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
                insn, QEMU_PLUGIN_INLINE_ADD_U64, counter, 1);
        } else {
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, on_insn, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

static void report(void)
{
    fprintf(stderr, "qpp-hot: %" PRIu64 "\n",
            use_inline ? qemu_plugin_u64_sum(counter) : called);
}

#if defined(BENCH_PLAIN) && BENCH_PLAIN >= 7
static void on_translation(struct qemu_plugin_tb *tb, void *userdata)
{
    instrument(tb);
}

static void on_end(void *userdata)
{
    report();
}

static void register_both(qemu_plugin_id_t id)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation, NULL);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
}
#else
static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    instrument(tb);
}

static void on_end(qemu_plugin_id_t id, void *userdata)
{
    report();
}

static void register_both(qemu_plugin_id_t id)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
}
#endif

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (argc != 1 || strncmp(argv[0], "inline=", 7) != 0) {
        fprintf(stderr, "bench_hot: it takes inline=on or inline=off\n");
        return -1;
    }
    use_inline = strcmp(argv[0], "inline=on") == 0;
    counter.score = qemu_plugin_scoreboard_new(sizeof(uint64_t));
    register_both(id);
    return 0;
}
