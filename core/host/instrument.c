/*
 * instrument.c: callbacks and inline operations in translated code.
 *
 * Handed to QEMU as they are.  What the host has no form for (inline
 * operations per vCPU before API 2, conditional callbacks before API 3)
 * becomes a callback that does the same, whose record lives until the
 * translations are thrown away.  So does a callback that may set the pc: its
 * record says so to qemu_plugin_set_pc; and, before API 3, one on only reads
 * or only writes of memory: QEMU 7.2 calls those for writes and for all
 * accesses instead.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "bind.h"

typedef struct qemu_plugin_tb Tb;
typedef struct qemu_plugin_insn Insn;
typedef qemu_plugin_vcpu_udata_cb_t ExecCb;
typedef enum qemu_plugin_cb_flags Flags;

static struct {
    void (*register_vcpu_tb_exec_cb)(Tb *, ExecCb, Flags, void *);
    void (*register_vcpu_insn_exec_cb)(Insn *, ExecCb, Flags, void *);
    void (*register_vcpu_tb_exec_cond_cb)(Tb *, ExecCb, Flags,
                                          enum qemu_plugin_cond,
                                          qemu_plugin_u64, uint64_t, void *);
    void (*register_vcpu_insn_exec_cond_cb)(Insn *, ExecCb, Flags,
                                            enum qemu_plugin_cond,
                                            qemu_plugin_u64, uint64_t,
                                            void *);
    void (*register_vcpu_tb_exec_inline_per_vcpu)(Tb *, enum qemu_plugin_op,
                                                  qemu_plugin_u64, uint64_t);
    void (*register_vcpu_insn_exec_inline_per_vcpu)(Insn *,
                                                    enum qemu_plugin_op,
                                                    qemu_plugin_u64,
                                                    uint64_t);
    void (*register_vcpu_mem_cb)(Insn *, qemu_plugin_vcpu_mem_cb_t, Flags,
                                 enum qemu_plugin_mem_rw, void *);
    void (*register_vcpu_mem_inline_per_vcpu)(Insn *, enum qemu_plugin_mem_rw,
                                              enum qemu_plugin_op,
                                              qemu_plugin_u64, uint64_t);
} fn;

static const QppBinding bindings[] = {
    QPP_BIND_REQUIRED(register_vcpu_tb_exec_cb),
    QPP_BIND_REQUIRED(register_vcpu_insn_exec_cb),
    QPP_BIND(register_vcpu_tb_exec_cond_cb),
    QPP_BIND(register_vcpu_insn_exec_cond_cb),
    QPP_BIND(register_vcpu_tb_exec_inline_per_vcpu),
    QPP_BIND(register_vcpu_insn_exec_inline_per_vcpu),
    QPP_BIND(register_vcpu_mem_cb),
    QPP_BIND(register_vcpu_mem_inline_per_vcpu),
};
const QppBindings qpp_instrument_bindings = { bindings,
                                              G_N_ELEMENTS(bindings) };

/* ---- What the host has no form for ------------------------------------- */

/* What our own callback is to do; on a list until the next flush. */
typedef struct Record {
    ExecCb cb; /* NULL: the operation */
    qemu_plugin_vcpu_mem_cb_t mem_cb; /* the same for accesses */
    enum qemu_plugin_mem_rw rw;       /* to be told of */
    void *userdata;
    enum qemu_plugin_cond cond;
    enum qemu_plugin_op op;
    qemu_plugin_u64 entry;
    uint64_t imm;
    struct Record *next;
} Record;

static GMutex records_lock;
static Record *records;

static Record *record_new(const Record *contents)
{
    static atomic_flag hears_flush = ATOMIC_FLAG_INIT;
    Record *r = g_new(Record, 1);

    if (!atomic_flag_test_and_set(&hears_flush)) {
        qpp_host_subscribe(QPP_HOST_FLUSH); /* takes QEMU's lock */
    }
    *r = *contents;
    g_mutex_lock(&records_lock);
    r->next = records;
    records = r;
    g_mutex_unlock(&records_lock);
    return r;
}

void qpp_host_instrument_flush(void)
{
    g_mutex_lock(&records_lock);
    while (records) {
        Record *r = records;

        records = r->next;
        g_free(r);
    }
    g_mutex_unlock(&records_lock);
}

static bool holds(uint64_t value, enum qemu_plugin_cond cond, uint64_t imm)
{
    switch (cond) {
    case QEMU_PLUGIN_COND_NEVER:
        return false;
    case QEMU_PLUGIN_COND_ALWAYS:
        return true;
    case QEMU_PLUGIN_COND_EQ:
        return value == imm;
    case QEMU_PLUGIN_COND_NE:
        return value != imm;
    case QEMU_PLUGIN_COND_LT:
        return value < imm;
    case QEMU_PLUGIN_COND_LE:
        return value <= imm;
    case QEMU_PLUGIN_COND_GT:
        return value > imm;
    case QEMU_PLUGIN_COND_GE:
        return value >= imm;
    }
    return false;
}

static void on_exec_cond(unsigned int vcpu_index, void *record)
{
    const Record *r = record;

    if (holds(qemu_plugin_u64_get(r->entry, vcpu_index), r->cond, r->imm)) {
        r->cb(vcpu_index, r->userdata);
    }
}

static void on_exec_op(unsigned int vcpu_index, void *record)
{
    const Record *r = record;

    if (r->op == QEMU_PLUGIN_INLINE_ADD_U64) {
        qemu_plugin_u64_add(r->entry, vcpu_index, r->imm);
    } else {
        qemu_plugin_u64_set(r->entry, vcpu_index, r->imm);
    }
}

/* Whether an access is of the kind that @record is for. */
static bool is_meant(const Record *record, qemu_plugin_meminfo_t info)
{
    /* Here the hosts before API 3 have it; an atomic access is both. */
    unsigned int rw = info >> 16 & QEMU_PLUGIN_MEM_RW;

    if (rw == 0) {
        rw = qemu_plugin_mem_is_store(info) ? QEMU_PLUGIN_MEM_W
                                            : QEMU_PLUGIN_MEM_R;
    }
    return record->rw & rw;
}

static void on_mem(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                   uint64_t vaddr, void *record)
{
    const Record *r = record;

    if (!is_meant(r, info)) {
        return;
    }
    if (r->mem_cb) {
        r->mem_cb(vcpu_index, info, vaddr, r->userdata);
    } else {
        on_exec_op(vcpu_index, record);
    }
}

static void on_exec_pc(unsigned int vcpu_index, void *record)
{
    const Record *r = record;

    qpp_thread.may_set_pc = true;
    r->cb(vcpu_index, r->userdata);
    qpp_thread.may_set_pc = false;
}

/* ---- Checks -------------------------------------------------------------- */

#define HAS_CB(cb) QPP_CONTEXT((cb) != NULL, "the callback is NULL")
#define HAS_ENTRY(entry)                                                      \
    QPP_CONTEXT((entry).score != NULL, "the scoreboard is NULL")
#define IS_FLAGS(flags)                                                       \
    QPP_CONTEXT((unsigned int)(flags) <= QEMU_PLUGIN_CB_RW_REGS_PC,           \
                "there are no such flags")
#define IS_COND(cond)                                                         \
    QPP_CONTEXT((unsigned int)(cond) <= QEMU_PLUGIN_COND_GE,                  \
                "there is no such condition")
#define IS_OP(op)                                                             \
    QPP_CONTEXT((unsigned int)(op) <= QEMU_PLUGIN_INLINE_STORE_U64,           \
                "there is no such operation")
#define IS_RW(rw)                                                             \
    QPP_CONTEXT((rw) >= QEMU_PLUGIN_MEM_R && (rw) <= QEMU_PLUGIN_MEM_RW,      \
                "say whether reads, writes or both are meant")

/* Whether the host knows reads from writes; see the top. */
#define TELLS_RW() (qpp_host_api() >= 3)

/* Makes of a callback with RW_REGS_PC one that notes that it may. */
static void wrap_pc(Flags *flags, ExecCb *cb, void **userdata)
{
    if (*flags != QEMU_PLUGIN_CB_RW_REGS_PC) {
        return;
    }
    if (qpp_host_api() < 6) {
        *flags = QEMU_PLUGIN_CB_RW_REGS;
        return;
    }
    *userdata = record_new(&(Record){ .cb = *cb, .userdata = *userdata });
    *cb = on_exec_pc;
}

/* ---- Blocks -------------------------------------------------------------- */

void qemu_plugin_register_vcpu_tb_exec_cb(Tb *tb, ExecCb cb, Flags flags,
                                          void *userdata)
{
    if (IN_TRANSLATION(tb) && HAS_CB(cb) && IS_FLAGS(flags)) {
        wrap_pc(&flags, &cb, &userdata);
        fn.register_vcpu_tb_exec_cb(tb, cb, flags, userdata);
    }
}

void qemu_plugin_register_vcpu_tb_exec_cond_cb(Tb *tb, ExecCb cb, Flags flags,
                                               enum qemu_plugin_cond cond,
                                               qemu_plugin_u64 entry,
                                               uint64_t imm, void *userdata)
{
    if (!IN_TRANSLATION(tb) || !HAS_CB(cb) || !IS_FLAGS(flags) ||
        !IS_COND(cond) || !HAS_ENTRY(entry)) {
        return;
    }
    wrap_pc(&flags, &cb, &userdata);
    if (fn.register_vcpu_tb_exec_cond_cb) {
        fn.register_vcpu_tb_exec_cond_cb(tb, cb, flags, cond, entry, imm,
                                         userdata);
    } else {
        Record r = { .cb = cb, .userdata = userdata, .cond = cond,
                     .entry = entry, .imm = imm };

        fn.register_vcpu_tb_exec_cb(tb, on_exec_cond, flags, record_new(&r));
    }
}

void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(Tb *tb,
                                                       enum qemu_plugin_op op,
                                                       qemu_plugin_u64 entry,
                                                       uint64_t imm)
{
    if (!IN_TRANSLATION(tb) || !IS_OP(op) || !HAS_ENTRY(entry)) {
        return;
    }
    if (fn.register_vcpu_tb_exec_inline_per_vcpu) {
        fn.register_vcpu_tb_exec_inline_per_vcpu(tb, op, entry, imm);
    } else {
        Record r = { .op = op, .entry = entry, .imm = imm };

        fn.register_vcpu_tb_exec_cb(tb, on_exec_op, QEMU_PLUGIN_CB_NO_REGS,
                                    record_new(&r));
    }
}

/* ---- Instructions -------------------------------------------------------- */

void qemu_plugin_register_vcpu_insn_exec_cb(Insn *insn, ExecCb cb,
                                            Flags flags, void *userdata)
{
    if (IN_TRANSLATION(insn) && HAS_CB(cb) && IS_FLAGS(flags)) {
        wrap_pc(&flags, &cb, &userdata);
        fn.register_vcpu_insn_exec_cb(insn, cb, flags, userdata);
    }
}

void qemu_plugin_register_vcpu_insn_exec_cond_cb(Insn *insn, ExecCb cb,
                                                 Flags flags,
                                                 enum qemu_plugin_cond cond,
                                                 qemu_plugin_u64 entry,
                                                 uint64_t imm, void *userdata)
{
    if (!IN_TRANSLATION(insn) || !HAS_CB(cb) || !IS_FLAGS(flags) ||
        !IS_COND(cond) || !HAS_ENTRY(entry)) {
        return;
    }
    wrap_pc(&flags, &cb, &userdata);
    if (fn.register_vcpu_insn_exec_cond_cb) {
        fn.register_vcpu_insn_exec_cond_cb(insn, cb, flags, cond, entry, imm,
                                           userdata);
    } else {
        Record r = { .cb = cb, .userdata = userdata, .cond = cond,
                     .entry = entry, .imm = imm };

        fn.register_vcpu_insn_exec_cb(insn, on_exec_cond, flags,
                                      record_new(&r));
    }
}

void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
    Insn *insn, enum qemu_plugin_op op, qemu_plugin_u64 entry, uint64_t imm)
{
    if (!IN_TRANSLATION(insn) || !IS_OP(op) || !HAS_ENTRY(entry)) {
        return;
    }
    if (fn.register_vcpu_insn_exec_inline_per_vcpu) {
        fn.register_vcpu_insn_exec_inline_per_vcpu(insn, op, entry, imm);
    } else {
        Record r = { .op = op, .entry = entry, .imm = imm };

        fn.register_vcpu_insn_exec_cb(insn, on_exec_op,
                                      QEMU_PLUGIN_CB_NO_REGS, record_new(&r));
    }
}

/* ---- Accesses to memory -------------------------------------------------- */

void qemu_plugin_register_vcpu_mem_cb(Insn *insn,
                                      qemu_plugin_vcpu_mem_cb_t cb,
                                      Flags flags, enum qemu_plugin_mem_rw rw,
                                      void *userdata)
{
    if (!IN_TRANSLATION(insn) || !HAS_CB(cb) || !IS_FLAGS(flags) ||
        !IS_RW(rw) || !fn.register_vcpu_mem_cb) {
        return;
    }
    if (rw != QEMU_PLUGIN_MEM_RW && !TELLS_RW()) {
        Record r = { .mem_cb = cb, .rw = rw, .userdata = userdata };

        rw = QEMU_PLUGIN_MEM_RW;
        cb = on_mem;
        userdata = record_new(&r);
    }
    fn.register_vcpu_mem_cb(insn, cb, MIN(flags, QEMU_PLUGIN_CB_RW_REGS), rw,
                            userdata);
}

void qemu_plugin_register_vcpu_mem_inline_per_vcpu(
    Insn *insn, enum qemu_plugin_mem_rw rw, enum qemu_plugin_op op,
    qemu_plugin_u64 entry, uint64_t imm)
{
    if (!IN_TRANSLATION(insn) || !IS_RW(rw) || !IS_OP(op) ||
        !HAS_ENTRY(entry)) {
        return;
    }
    if (fn.register_vcpu_mem_inline_per_vcpu &&
        (rw == QEMU_PLUGIN_MEM_RW || TELLS_RW())) {
        fn.register_vcpu_mem_inline_per_vcpu(insn, rw, op, entry, imm);
    } else if (fn.register_vcpu_mem_cb) {
        Record r = { .rw = rw, .op = op, .entry = entry, .imm = imm };

        fn.register_vcpu_mem_cb(insn, on_mem, QEMU_PLUGIN_CB_NO_REGS,
                                QEMU_PLUGIN_MEM_RW, record_new(&r));
    }
}
