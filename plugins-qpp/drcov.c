/*
 * drcov: which blocks were executed, in DynamoRIO's drcov format, which
 * Lighthouse, bncov and others show on top of a disassembly.
 *
 * To be seen here: a callback on each block with data of its own, which does
 * next to nothing after the first time.  docs/DRCOV.md says what is in the
 * files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "drcov.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "drcov";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls", "osi_linux",
                                                      NULL };

static DrcovOptions options = { .filename = "drcov.log", .user = true,
                                .max = 10000 };
static const Source *source;
static GMutex lock;        /* for the table */
static GHashTable *blocks; /* a set of Blocks */
static uint64_t left_out;

static guint block_hash(gconstpointer key)
{
    return g_int64_hash(&((const Block *)key)->start);
}

static gboolean block_equal(gconstpointer a, gconstpointer b)
{
    const Block *x = a, *y = b;

    return x->start == y->start && x->size == y->size && x->host == y->host;
}

/* A block may be translated many times.  NULL: there are too many. */
static const Block *block_get(const Block *wanted)
{
    Block *block;

    g_mutex_lock(&lock);
    block = g_hash_table_lookup(blocks, wanted);
    if (!block && g_hash_table_size(blocks) < MAX_BLOCKS) {
        block = g_new(Block, 1);
        *block = *wanted;
        block->index = g_hash_table_size(blocks);
        g_hash_table_add(blocks, block);
    }
    left_out += !block;
    g_mutex_unlock(&lock);
    return block;
}

static void on_block(unsigned int vcpu_index, void *userdata)
{
    const Block *block = userdata;
    Coverage *coverage = source->current(vcpu_index, block);

    if (coverage && coverage_first(coverage, block)) {
        source->executed(vcpu_index, coverage, block);
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
    struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, n - 1);
    Block wanted = { .start = qemu_plugin_tb_vaddr(tb) };
    const Block *block;

    if (n > 0 && source->wants(wanted.start)) {
        wanted.size = qemu_plugin_insn_vaddr(last) +
                      qemu_plugin_insn_size(last) - wanted.start;
        wanted.host = qemu_plugin_insn_haddr(first);
        block = block_get(&wanted);
        if (block) {
            source->instrument(tb, block, on_block);
        }
    }
}

static void on_end(qemu_plugin_id_t id, void *userdata)
{
    source->write();
    drcov_report_left_out(left_out, "there is too much code");
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    bool system = info->system_emulation;

    if (!drcov_parse_options(argc, argv, system, &options)) {
        return -1;
    }
    source = system ? drcov_system_start(id, info, &options)
                    : drcov_user_start(id, &options);
    if (!source) {
        return -1;
    }
    blocks = g_hash_table_new(block_hash, block_equal);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
