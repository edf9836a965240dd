/*
 * plugin_stub.c: in place of libqpp and QEMU.  See plugin_stub.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "plugin_stub.h"

struct qemu_plugin_callback {
    char *name;
};

struct qemu_plugin_register {
    uint64_t value;
};

struct qemu_plugin_insn {
    uint64_t vaddr;
    uint8_t bytes[16];
    size_t size;
    StubExec *exec;
};

struct qemu_plugin_tb {
    struct qemu_plugin_insn insn;
};

typedef struct Piece {
    uint64_t addr;
    size_t len;
    uint8_t *data;
} Piece;

void (*stub_on_run)(const char *name, void *evdata);
qemu_plugin_vcpu_simple_cb_t stub_vcpu_init;
qemu_plugin_udata_cb_t stub_atexit;

static GArray *pieces;
static GHashTable *registers; /* name -> struct qemu_plugin_register */
static bool regs_broken;
static unsigned int n_reads;
static const char *wanted_event;
static unsigned int n_retranslations;
static qemu_plugin_vcpu_tb_trans_cb_t tb_trans;

static struct qpp_import *imports;

void qpp_entry_add_import(struct qpp_import *import)
{
    import->next = imports;
    imports = import;
}

void stub_import(const char *function, gpointer address)
{
    bool found = false;

    for (struct qpp_import *i = imports; i; i = i->next) {
        if (strcmp(i->function, function) == 0) {
            *i->address = address;
            found = true;
        }
    }
    g_assert_true(found);
}

/* ---- Memory -------------------------------------------------------------- */

void stub_map(uint64_t addr, const void *data, size_t len)
{
    Piece piece = { addr, len, g_memdup2(data, len) };

    if (!pieces) {
        pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    }
    /* The newest wins. */
    g_array_prepend_val(pieces, piece);
}

void stub_unmap_all(void)
{
    for (guint i = 0; pieces && i < pieces->len; i++) {
        g_free(g_array_index(pieces, Piece, i).data);
    }
    if (pieces) {
        g_array_set_size(pieces, 0);
    }
}

unsigned int stub_reads(void)
{
    unsigned int n = n_reads;

    n_reads = 0;
    return n;
}

static bool read_byte(uint64_t addr, uint8_t *byte)
{
    for (guint i = 0; pieces && i < pieces->len; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);

        if (addr - piece->addr < piece->len) {
            *byte = piece->data[addr - piece->addr];
            return true;
        }
    }
    return false;
}

bool stub_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    g_autofree uint8_t *bytes = g_malloc(len);

    n_reads++;
    g_assert_cmpuint(len, >, 0);
    for (size_t i = 0; i < len; i++) {
        if (!read_byte(addr + i, &bytes[i])) {
            return false;
        }
    }
    memcpy(buf, bytes, len);
    return true;
}

bool qemu_plugin_read_memory(uint64_t addr, void *buf, size_t len)
{
    return stub_read(NULL, addr, buf, len);
}

/* ---- Registers ----------------------------------------------------------- */

struct qemu_plugin_register *qemu_plugin_find_register(const char *name)
{
    struct qemu_plugin_register *reg;

    if (!registers) {
        registers = g_hash_table_new(g_str_hash, g_str_equal);
    }
    reg = g_hash_table_lookup(registers, name);
    if (!reg) {
        reg = g_new0(struct qemu_plugin_register, 1);
        g_hash_table_insert(registers, g_strdup(name), reg);
    }
    return reg;
}

bool qemu_plugin_read_register_u64(struct qemu_plugin_register *handle,
                                   uint64_t *value)
{
    if (!handle || regs_broken) {
        return false;
    }
    *value = handle->value;
    return true;
}

void stub_set_reg(const char *name, uint64_t value)
{
    qemu_plugin_find_register(name)->value = value;
}

void stub_break_regs(void)
{
    regs_broken = true;
}

void stub_mend_regs(void)
{
    regs_broken = false;
}

/* ---- Callbacks ----------------------------------------------------------- */

qemu_plugin_callback *
qemu_plugin_create_callback_handle(qemu_plugin_id_t id, const char *name)
{
    qemu_plugin_callback *callback = g_new0(qemu_plugin_callback, 1);

    callback->name = g_strdup(name);
    return callback;
}

bool qemu_plugin_run_callback_handle(qemu_plugin_callback *callback,
                                     gpointer evdata, gpointer udata)
{
    if (callback && stub_on_run) {
        stub_on_run(callback->name, evdata);
    }
    return callback;
}

void stub_want(const char *event)
{
    wanted_event = event;
}

bool qemu_plugin_callback_wanted(const qemu_plugin_callback *callback)
{
    return g_strcmp0(callback->name, wanted_event) == 0;
}

void qemu_plugin_retranslate(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
{
    n_retranslations++;
}

unsigned int stub_retranslations(void)
{
    return n_retranslations;
}

/* ---- Events and instrumentation ------------------------------------------ */

void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
                                       qemu_plugin_vcpu_simple_cb_t cb)
{
    stub_vcpu_init = cb;
}

void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    qemu_plugin_udata_cb_t cb, void *userdata)
{
    stub_atexit = cb;
}

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           qemu_plugin_vcpu_tb_trans_cb_t cb)
{
    tb_trans = cb;
}

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
    return 1;
}

uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
{
    return tb->insn.vaddr;
}

struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx)
{
    return (struct qemu_plugin_insn *)&tb->insn;
}

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest,
                             size_t len)
{
    size_t n = MIN(len, insn->size);

    memcpy(dest, insn->bytes, n);
    return n;
}

size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn)
{
    return insn->size;
}

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
    return insn->vaddr;
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            qemu_plugin_vcpu_udata_cb_t cb,
                                            enum qemu_plugin_cb_flags flags,
                                            void *userdata)
{
    g_assert_cmpint(flags, ==, QEMU_PLUGIN_CB_R_REGS);
    g_assert_null(insn->exec);
    insn->exec = g_new0(StubExec, 1);
    insn->exec->cb = cb;
    insn->exec->udata = userdata;
}

StubExec *stub_translate(uint64_t vaddr, const void *bytes, size_t size)
{
    struct qemu_plugin_tb tb = { .insn = { .vaddr = vaddr, .size = size } };

    memcpy(tb.insn.bytes, bytes, size);
    tb_trans(1, &tb);
    return tb.insn.exec;
}

void stub_exec(const StubExec *exec, unsigned int vcpu)
{
    exec->cb(vcpu, exec->udata);
}
