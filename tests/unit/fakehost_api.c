/*
 * fakehost_api.c: see fakehost_api.h.  What it is asked for, it logs, so that
 * a test sees what libqpp has passed on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <string.h>

#include "fakehost_api.h"

typedef uint64_t Id;
typedef void (*FakeMemFn)(unsigned int, uint32_t, uint64_t, void *);

typedef struct FakeU64 {
    struct FakeScore *score;
    size_t offset;
} FakeU64;

/* ---- What is put into code ---- */

typedef struct Hook {
    FakeExecFn exec;
    FakeMemFn mem;
    void *userdata;
    int rw;   /* of mem, and of an operation on accesses; 0: not on these */
    int cond; /* -1: none */
    int op;   /* -1: none */
    FakeU64 entry;
    uint64_t imm;
} Hook;

static GArray *hooks;
static int last_flags;

static void keep(Hook hook)
{
    if (!hooks) {
        hooks = g_array_new(false, false, sizeof(Hook));
    }
    g_array_append_val(hooks, hook);
}

void fake_api_flush(void)
{
    if (hooks) {
        g_array_set_size(hooks, 0);
    }
    fake_flush();
}

int fake_api_flags(void)
{
    return last_flags;
}

#define FAKE_DEFINE(type, name, ...)                                         \
    FAKE_EXPORT type name(__VA_ARGS__);                                      \
    type name(__VA_ARGS__)

/* QEMU asserts that there are such flags. */
static void keep_exec(FakeExecFn fn, int flags, void *userdata)
{
    g_assert_cmpint(flags, >=, 0);
    g_assert_cmpint(flags, <=, FAKE_API >= 6 ? 3 : 2);
    last_flags = flags;
    keep((Hook) { .exec = fn, .userdata = userdata, .cond = -1, .op = -1 });
}

FAKE_DEFINE(void, qemu_plugin_register_vcpu_tb_exec_cb, FakeTb *tb,
            FakeExecFn fn, int flags, void *userdata)
{
    keep_exec(fn, flags, userdata);
}

FAKE_DEFINE(void, qemu_plugin_register_vcpu_insn_exec_cb, FakeInsn *insn,
            FakeExecFn fn, int flags, void *userdata)
{
    keep_exec(fn, flags, userdata);
}

/* As QEMU before API 3: R is called for writes, W for all. */
FAKE_DEFINE(void, qemu_plugin_register_vcpu_mem_cb, FakeInsn *insn,
            FakeMemFn fn, int flags, int rw, void *userdata)
{
    g_assert_cmpint(flags, >=, 0);
    g_assert_cmpint(flags, <=, 2);
    keep((Hook) { .mem = fn, .userdata = userdata, .rw = rw, .cond = -1,
                  .op = -1 });
}

#if FAKE_API >= 2
FAKE_DEFINE(void, qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu,
            FakeTb *tb, int op, FakeU64 entry, uint64_t imm)
{
    keep((Hook) { .op = op, .entry = entry, .imm = imm, .cond = -1 });
}

FAKE_DEFINE(void, qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu,
            FakeInsn *insn, int op, FakeU64 entry, uint64_t imm)
{
    keep((Hook) { .op = op, .entry = entry, .imm = imm, .cond = -1 });
}

FAKE_DEFINE(void, qemu_plugin_register_vcpu_mem_inline_per_vcpu,
            FakeInsn *insn, int rw, int op, FakeU64 entry, uint64_t imm)
{
    keep((Hook) { .op = op, .entry = entry, .imm = imm, .cond = -1,
                  .rw = rw });
}
#endif

#if FAKE_API >= 3
static void keep_cond(FakeExecFn fn, int flags, int cond, FakeU64 entry,
                      uint64_t imm, void *userdata)
{
    keep_exec(fn, flags, userdata);
    g_array_set_size(hooks, hooks->len - 1);
    keep((Hook) { .exec = fn, .userdata = userdata, .cond = cond, .op = -1,
                  .entry = entry, .imm = imm });
}

FAKE_DEFINE(void, qemu_plugin_register_vcpu_tb_exec_cond_cb, FakeTb *tb,
            FakeExecFn fn, int flags, int cond, FakeU64 entry, uint64_t imm,
            void *userdata)
{
    keep_cond(fn, flags, cond, entry, imm, userdata);
}

FAKE_DEFINE(void, qemu_plugin_register_vcpu_insn_exec_cond_cb,
            FakeInsn *insn, FakeExecFn fn, int flags, int cond,
            FakeU64 entry, uint64_t imm, void *userdata)
{
    keep_cond(fn, flags, cond, entry, imm, userdata);
}
#endif

/* ---- Scoreboards ---- */

#define N_VCPUS 4

typedef struct FakeScore {
    size_t size;
    char *data;
} FakeScore;

static uint64_t *value_of(FakeU64 entry, unsigned int vcpu_index)
{
    return (uint64_t *)(void *)(entry.score->data +
                                vcpu_index * entry.score->size +
                                entry.offset);
}

#if FAKE_API >= 2
FAKE_DEFINE(FakeScore *, qemu_plugin_scoreboard_new, size_t size)
{
    FakeScore *score = g_new(FakeScore, 1);

    g_assert_cmpuint(size, >, 0);
    score->size = size;
    score->data = g_malloc0_n(N_VCPUS, size);
    fake_log("scoreboard of QEMU's");
    return score;
}

FAKE_DEFINE(void, qemu_plugin_scoreboard_free, FakeScore *score)
{
    g_free(score->data);
    g_free(score);
}

/* QEMU aborts for a vCPU that does not exist. */
FAKE_DEFINE(void *, qemu_plugin_scoreboard_find, FakeScore *score,
            unsigned int vcpu_index)
{
    g_assert_cmpuint(vcpu_index, <, N_VCPUS);
    return score->data + vcpu_index * score->size;
}
#endif

/* ---- Running ---- */

static bool holds(const Hook *hook, unsigned int vcpu_index)
{
    uint64_t v;

    if (hook->cond < 2) {
        return hook->cond != 0; /* none, never, always */
    }
    v = *value_of(hook->entry, vcpu_index);
    return hook->cond == 2 ? v == hook->imm : hook->cond == 3 ? v != hook->imm
         : hook->cond == 4 ? v < hook->imm : hook->cond == 5 ? v <= hook->imm
         : hook->cond == 6 ? v > hook->imm : v >= hook->imm;
}

static void operate(const Hook *hook, unsigned int vcpu_index)
{
    uint64_t *value = value_of(hook->entry, vcpu_index);

    *value = hook->op == 0 ? *value + hook->imm : hook->imm;
}

static bool is_told(const Hook *hook, uint32_t info)
{
    int rw = info >> 16 & 3;

    /* Atomic accesses, which are both, went another way there. */
    return FAKE_API >= 3 || rw == 3 ? hook->rw & rw : hook->rw & (rw + 1);
}

void fake_api_run(unsigned int vcpu_index, uint32_t info, uint64_t vaddr)
{
    for (guint i = 0; hooks && i < hooks->len; i++) {
        Hook hook = g_array_index(hooks, Hook, i);

        if (hook.rw && !(info && is_told(&hook, info))) {
            continue;
        }
        if (hook.op >= 0) {
            operate(&hook, vcpu_index);
        } else if (hook.mem) {
            hook.mem(vcpu_index, info, vaddr, hook.userdata);
        } else if (holds(&hook, vcpu_index)) {
            hook.exec(vcpu_index, hook.userdata);
        }
    }
}

/* ---- Instructions and accesses ---- */

FAKE_DEFINE(void *, qemu_plugin_insn_haddr, const FakeInsn *insn)
{
    return (void *)insn->bytes;
}

/* Built without a disassembler. */
FAKE_DEFINE(char *, qemu_plugin_insn_disas, const FakeInsn *insn)
{
    return FAKE_API & 1 ? NULL : g_strdup("");
}

/* Before API 3 QEMU gives an empty string for none, later NULL. */
FAKE_DEFINE(const char *, qemu_plugin_insn_symbol, const FakeInsn *insn)
{
    return insn->vaddr == 0x4000 ? "known" : FAKE_API < 3 ? "" : NULL;
}

FAKE_DEFINE(unsigned int, qemu_plugin_mem_size_shift, uint32_t info)
{
    return info & 7;
}

FAKE_DEFINE(bool, qemu_plugin_mem_is_sign_extended, uint32_t info)
{
    return info & FAKE_INFO_SIGNED;
}

FAKE_DEFINE(bool, qemu_plugin_mem_is_big_endian, uint32_t info)
{
    return info & FAKE_INFO_BIG_ENDIAN;
}

FAKE_DEFINE(bool, qemu_plugin_mem_is_store, uint32_t info)
{
    return info >> 16 & FAKE_WRITE;
}

#if FAKE_API >= 4
typedef struct Value {
    int type;
    uint64_t low;
    uint64_t high;
} Value;

FAKE_DEFINE(Value, qemu_plugin_mem_get_value, uint32_t info)
{
    Value v = { (int)(info & 7), 0x1234, 0x5678 };

    g_assert_cmpuint(info & 7, <=, 4); /* as QEMU */
    return v;
}
#endif

static int hwaddr;

FAKE_DEFINE(void *, qemu_plugin_get_hwaddr, uint32_t info, uint64_t vaddr)
{
    return vaddr == 0x1000 ? &hwaddr : NULL;
}

FAKE_DEFINE(bool, qemu_plugin_hwaddr_is_io, const void *haddr)
{
    return haddr == &hwaddr;
}

FAKE_DEFINE(uint64_t, qemu_plugin_hwaddr_phys_addr, const void *haddr)
{
    return haddr == &hwaddr ? 0x7000 : 0;
}

FAKE_DEFINE(const char *, qemu_plugin_hwaddr_device_name, const void *haddr)
{
    g_assert_true(haddr == &hwaddr);
    return "fake";
}

/* ---- What can be written ---- */

#if FAKE_API >= 5
static uint8_t cells[16]; /* virtual 0x3000, physical 0x7000 */

static int write_register(void *handle, GByteArray *buf)
{
    /* QEMU takes what it needs, whether it is there or not. */
    g_assert_cmpuint(buf->len, >=, 8);
    fake_log("write register %zu: %02x", GPOINTER_TO_SIZE(handle),
             buf->data[0]);
    return 8;
}

#if FAKE_API >= 6
FAKE_DEFINE(bool, qemu_plugin_write_register, void *handle, GByteArray *buf)
{
    g_assert_cmpuint(GPOINTER_TO_SIZE(handle), !=, 2); /* read-only: abort */
    return write_register(handle, buf) > 0;
}
#else
FAKE_DEFINE(int, qemu_plugin_write_register, void *handle, GByteArray *buf)
{
    return write_register(handle, buf);
}
#endif

static bool write_at(uint64_t addr, uint64_t base, const GByteArray *data)
{
    if (addr < base || addr + data->len > base + sizeof(cells)) {
        return false;
    }
    memcpy(cells + (addr - base), data->data, data->len);
    return true;
}

FAKE_DEFINE(bool, qemu_plugin_write_memory_vaddr, uint64_t addr,
            GByteArray *data)
{
    g_assert_cmpuint(data->len, >, 0);
    return write_at(addr, 0x3000, data);
}

FAKE_DEFINE(int, qemu_plugin_write_memory_hwaddr, uint64_t addr,
            GByteArray *data)
{
    g_assert_cmpuint(data->len, >, 0);
    return write_at(addr, 0x7000, data) ? 0 : 4; /* invalid address */
}

FAKE_DEFINE(int, qemu_plugin_read_memory_hwaddr, uint64_t addr,
            GByteArray *data, size_t len)
{
    g_assert_cmpuint(len, >, 0);
    if (addr != 0x7000 || len > sizeof(cells)) {
        return 4;
    }
    g_byte_array_set_size(data, (guint)len);
    memcpy(data->data, cells, len);
    return 0;
}

FAKE_DEFINE(bool, qemu_plugin_translate_vaddr, uint64_t vaddr,
            uint64_t *hw)
{
    *hw = vaddr + 0x4000;
    return vaddr == 0x3000;
}
#endif

/* ---- API 6: the pc, and two events ---- */

#if FAKE_API >= 6
FAKE_DEFINE(void, qemu_plugin_set_pc, uint64_t vaddr)
{
    fake_log("set pc %" PRIx64, vaddr);
}

static void (*on_discon)(void);
static void (*on_filter)(void);

#if FAKE_API >= 7
static void *discon_userdata, *filter_userdata;

FAKE_DEFINE(void, qemu_plugin_register_vcpu_discon_cb, Id id, int type,
            void (*fn)(void), void *userdata)
{
    on_discon = fn;
    discon_userdata = userdata;
}

FAKE_DEFINE(void, qemu_plugin_register_vcpu_syscall_filter_cb, Id id,
            void (*fn)(void), void *userdata)
{
    on_filter = fn;
    filter_userdata = userdata;
}
#else
static Id filter_id, discon_id;

FAKE_DEFINE(void, qemu_plugin_register_vcpu_discon_cb, Id id, int type,
            void (*fn)(void))
{
    on_discon = fn;
    discon_id = id;
}

FAKE_DEFINE(void, qemu_plugin_register_vcpu_syscall_filter_cb, Id id,
            void (*fn)(void))
{
    on_filter = fn;
    filter_id = id;
}
#endif
#endif

void fake_api_discon(unsigned int vcpu_index, int type, uint64_t from,
                     uint64_t to)
{
#if FAKE_API >= 7
    if (on_discon) {
        ((void (*)(unsigned int, int, uint64_t, uint64_t, void *))on_discon)(
            vcpu_index, type, from, to, discon_userdata);
    }
#elif FAKE_API >= 6
    if (on_discon) {
        ((void (*)(Id, unsigned int, int, uint64_t, uint64_t))on_discon)(
            discon_id, vcpu_index, type, from, to);
    }
#endif
}

#define U8 uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,       \
           uint64_t, uint64_t

bool fake_api_filter(unsigned int vcpu_index, int64_t num, uint64_t *sysret)
{
#if FAKE_API >= 7
    return on_filter &&
           ((bool (*)(unsigned int, int64_t, U8, uint64_t *, void *))
                on_filter)(vcpu_index, num, 1, 2, 3, 4, 5, 6, 7, 8, sysret,
                           filter_userdata);
#elif FAKE_API >= 6
    return on_filter &&
           ((bool (*)(Id, unsigned int, int64_t, U8, uint64_t *))on_filter)(
               filter_id, vcpu_index, num, 1, 2, 3, 4, 5, 6, 7, 8, sysret);
#else
    return false;
#endif
}

/* ---- Other ---- */

#if FAKE_API >= 7
FAKE_DEFINE(void, qemu_plugin_vcpu_for_each, Id id,
            void (*fn)(unsigned int, void *), void *userdata)
{
    fn(0, userdata);
    fn(1, userdata);
}
#else
FAKE_DEFINE(void, qemu_plugin_vcpu_for_each, Id id,
            void (*fn)(Id, unsigned int))
{
    fn(id, 0);
    fn(id, 1);
}
#endif

#if FAKE_API >= 3
static int time_handle;

FAKE_DEFINE(const void *, qemu_plugin_request_time_control, void)
{
    return &time_handle;
}

FAKE_DEFINE(void, qemu_plugin_update_ns, const void *handle, int64_t ns)
{
    g_assert_true(handle == &time_handle);
    fake_log("time %" PRIi64, ns);
}
#endif

/* QEMU 10.0's user-mode programs, API 4, lack these. */
#if FAKE_API != 4
FAKE_DEFINE(uint64_t, qemu_plugin_start_code, void)
{
    return 0x4000;
}

FAKE_DEFINE(uint64_t, qemu_plugin_end_code, void)
{
    return 0x5000;
}

FAKE_DEFINE(uint64_t, qemu_plugin_entry_code, void)
{
    return 0x4010;
}
#endif
