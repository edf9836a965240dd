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
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls", NULL };

static const char *filename = "drcov.log";
static const Source *source;
static GMutex lock;        /* for the table */
static GHashTable *blocks; /* a set of Blocks */

static guint block_hash(gconstpointer key)
{
    return g_int64_hash(&((const Block *)key)->start);
}

static gboolean block_equal(gconstpointer a, gconstpointer b)
{
    const Block *x = a, *y = b;

    return x->start == y->start && x->size == y->size;
}

/* A block may be translated many times.  NULL: there are too many. */
static Block *block_get(uint64_t start, uint32_t size)
{
    const Block wanted = { start, size, 0 };
    Block *block;

    g_mutex_lock(&lock);
    block = g_hash_table_lookup(blocks, &wanted);
    if (!block && g_hash_table_size(blocks) < MAX_BLOCKS) {
        block = g_new(Block, 1);
        *block = wanted;
        block->index = g_hash_table_size(blocks);
        g_hash_table_add(blocks, block);
    }
    g_mutex_unlock(&lock);
    return block;
}

static void on_block(unsigned int vcpu_index, void *userdata)
{
    const Block *block = userdata;
    Coverage *coverage = source->current(vcpu_index);

    if (coverage && coverage_first(coverage, block)) {
        source->executed(vcpu_index, coverage, block);
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    uint64_t start = qemu_plugin_tb_vaddr(tb);
    struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, n - 1);
    Block *block;

    if (n == 0) {
        return;
    }
    block = block_get(start, qemu_plugin_insn_vaddr(last) +
                      qemu_plugin_insn_size(last) - start);
    if (block) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block,
                                             QEMU_PLUGIN_CB_NO_REGS, block);
    }
}

static void on_end(qemu_plugin_id_t id, void *userdata)
{
    source->write();
}

static bool parse_options(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "filename=") && argv[i][9]) {
            filename = argv[i] + 9;
        } else {
            fprintf(stderr, "drcov: '%s' is not understood; options: "
                    "filename=FILE\n", argv[i]);
            return false;
        }
    }
    return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (!parse_options(argc, argv)) {
        return -1;
    }
    if (info->system_emulation) {
        fprintf(stderr, "drcov: not in system mode; use qemu-user\n");
        return -1;
    }
    source = drcov_user_start(id, filename);
    if (!source) {
        return -1;
    }
    blocks = g_hash_table_new(block_hash, block_equal);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
