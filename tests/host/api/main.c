/*
 * main.c: the plugin `api`: hands the guest's places to its parts, keeps
 * the score of each function, and prints it at the end, one line each:
 *
 *   api: NAME right=N refused=N wrong=N exported=0|1 available=0|1 [DETAIL]
 *
 * exported: QEMU has a function of that name.  available: what
 * qemu_plugin_available() says.  The rest is the runner's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "api.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "api";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "api_other", NULL };

qemu_plugin_id_t api_id;
qemu_info_t api_info;

static const ApiPart *const parts[] = {
    &api_events, &api_code, &api_counts, &api_accesses, &api_state,
    &api_others,
};

/* ---- The score ---- */

typedef struct Score {
    unsigned int n[2]; /* right, refused */
    unsigned int wrong;
    char *detail; /* of what was wrong first */
} Score;

static GMutex lock;
static GHashTable *scores; /* name -> Score */

void api_note(const char *function, bool refusal, bool good,
              const char *detail, ...)
{
    Score *score;
    va_list ap;

    g_mutex_lock(&lock);
    score = g_hash_table_lookup(scores, function);
    if (!score) {
        score = g_new0(Score, 1);
        g_hash_table_insert(scores, g_strdup(function), score);
    }
    if (good) {
        score->n[refusal]++;
    } else if (score->wrong++ == 0) {
        va_start(ap, detail);
        score->detail = g_strdup_vprintf(detail, ap);
        va_end(ap);
    }
    g_mutex_unlock(&lock);
}

void api_either(const char *function, bool works, bool refuses)
{
    if (api_available(function)) {
        api_right(function, works, "available, but does not do it");
    } else {
        api_refused(function, refuses, "not available, but no refusal");
    }
}

bool api_available(const char *function)
{
    g_autofree char *name = g_strconcat("qemu_plugin_", function, NULL);

    return qemu_plugin_available(name);
}

static void print(gpointer name, gpointer value, gpointer data)
{
    const Score *score = value;
    g_autofree char *full = g_strconcat("qemu_plugin_", name, NULL);

    fprintf(stderr, "api: %s right=%u refused=%u wrong=%u exported=%d "
            "available=%d %s\n", (const char *)name, score->n[0],
            score->n[1], score->wrong, dlsym(RTLD_DEFAULT, full) != NULL,
            qemu_plugin_available(full), score->detail ? score->detail : "");
}

/* ---- The guest ---- */

static const struct {
    const char *name;
} labels[] = {
#define NAME(name) { #name },
    API_LABELS(NAME)
#undef NAME
};
static uint64_t addresses[N_LABELS];
static GHashTable *args;

uint64_t api_label(Label label)
{
    return addresses[label];
}

const char *api_arg(const char *name)
{
    return g_hash_table_lookup(args, name);
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    for (size_t p = 0; p < G_N_ELEMENTS(parts); p++) {
        if (parts[p]->block) {
            parts[p]->block(tb);
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t vaddr = qemu_plugin_insn_vaddr(insn);

        for (int l = 0; l < N_LABELS; l++) {
            for (size_t p = 0; addresses[l] == vaddr && vaddr &&
                               p < G_N_ELEMENTS(parts); p++) {
                if (parts[p]->at) {
                    parts[p]->at(l, tb, insn);
                }
            }
        }
    }
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    for (size_t p = 0; p < G_N_ELEMENTS(parts); p++) {
        if (parts[p]->end) {
            parts[p]->end();
        }
    }
    g_hash_table_foreach(scores, print, NULL);
    fprintf(stderr, "api: end\n");
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    api_id = id;
    api_info = *info;
    scores = g_hash_table_new(g_str_hash, g_str_equal);
    args = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < argc; i++) {
        g_auto(GStrv) pair = g_strsplit(argv[i], "=", 2);

        g_hash_table_insert(args, g_strdup(pair[0]), g_strdup(pair[1]));
    }
    for (int l = 0; l < N_LABELS; l++) {
        const char *value = api_arg(labels[l].name);

        addresses[l] = value ? g_ascii_strtoull(value, NULL, 16) : 0;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_trans);
    qemu_plugin_register_atexit_cb(id, on_atexit, &api_info);
    for (size_t p = 0; p < G_N_ELEMENTS(parts); p++) {
        if (parts[p]->install) {
            parts[p]->install();
        }
    }
    return 0;
}
