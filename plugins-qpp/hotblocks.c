/*
 * hotblocks: the blocks that were executed most often.
 *
 * To be seen here: data of the plugin's own for each block, found again when
 * the block is translated once more; translation runs on several vCPUs at
 * once, hence the lock; symbols.
 *
 * Blocks are told apart by their address and length.  What different
 * processes of a system have at the same address is counted as one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "example.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "hotblocks";

#define PER_BOARD 1024 /* blocks; a scoreboard for each would be large */

typedef struct Block {
    uint64_t address; /* first: it is what g_int64_hash sees */
    uint64_t insns;
    uint64_t translations;
    const char *symbol;
    qemu_plugin_u64 counter;
    uint64_t executions; /* filled in for the report */
} Block;

static GMutex lock;        /* guards these two */
static GHashTable *blocks; /* of Block, each its own key */
static struct qemu_plugin_scoreboard *board; /* the newest blocks' counters */
static uint64_t limit = 20;

static const Option options[] = {
    { "limit", "NUMBER", parse_number, &limit },
    COMMON_OPTIONS,
};

static gboolean block_equal(gconstpointer one, gconstpointer other)
{
    const Block *a = one, *b = other;

    return a->address == b->address && a->insns == b->insns;
}

static Block *block_locked(const struct qemu_plugin_tb *tb)
{
    Block key = { .address = qemu_plugin_tb_vaddr(tb),
                  .insns = qemu_plugin_tb_n_insns(tb) };
    Block *b = g_hash_table_lookup(blocks, &key);
    size_t slot = g_hash_table_size(blocks) % PER_BOARD;

    if (b) {
        return b;
    }
    if (slot == 0) {
        board = qemu_plugin_scoreboard_new(PER_BOARD * sizeof(uint64_t));
    }
    key.counter = (qemu_plugin_u64){ board, slot * sizeof(uint64_t) };
    key.symbol = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(tb, 0));
    b = g_memdup2(&key, sizeof(key));
    g_hash_table_add(blocks, b);
    return b;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    Block *b;

    if (!in_ranges(qemu_plugin_tb_vaddr(tb))) {
        return;
    }
    g_mutex_lock(&lock);
    b = block_locked(tb);
    b->translations++;
    g_mutex_unlock(&lock);
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
        tb, QEMU_PLUGIN_INLINE_ADD_U64, b->counter, 1);
}

/* QEMU forks while no vCPU translates, so that nobody holds the lock. */
static void on_fork_in_child(void)
{
    GHashTableIter iter;
    gpointer b;

    forked = true;
    g_hash_table_iter_init(&iter, blocks);
    while (g_hash_table_iter_next(&iter, &b, NULL)) {
        for (int vcpu = 0; vcpu < qemu_plugin_num_vcpus(); vcpu++) {
            qemu_plugin_u64_set(((Block *)b)->counter, vcpu, 0);
        }
    }
}

static int hotter(gconstpointer one, gconstpointer other)
{
    const Block *a = one, *b = other;

    if (a->executions != b->executions) {
        return a->executions > b->executions ? -1 : 1;
    }
    return a->address < b->address ? -1 : a->address > b->address;
}

static void report(qemu_plugin_id_t id, void *userdata)
{
    GList *all = g_hash_table_get_keys(blocks);
    uint64_t shown = 0;

    for (GList *l = all; l; l = l->next) {
        Block *b = l->data;

        b->executions = qemu_plugin_u64_sum(b->counter);
    }
    all = g_list_sort(all, hotter);
    begin_output();
    fprintf(out, "collected %u entries in the hash table\n"
            "pc, tcount, icount, ecount, symbol\n", g_list_length(all));
    for (GList *l = all; l && (!limit || shown < limit); l = l->next) {
        const Block *b = l->data;

        shown++;
        fprintf(out, "0x%016" PRIx64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64
                ", %s\n", b->address, b->translations, b->insns,
                b->executions, b->symbol ? b->symbol : "");
    }
    finish_output();
    g_list_free(all);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (!parse_options(options, argc, argv) || !open_output()) {
        return -1;
    }
    blocks = g_hash_table_new(g_int64_hash, block_equal);
    pthread_atfork(NULL, NULL, on_fork_in_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
