/*
 * test_core_plugin.c: the plugin that test_core_host.c loads several times
 * under different names (NAME, USES): it asks for every event and logs what
 * it is told and what it can read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fakehost.h"
#include "plugin-qpp.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = NAME;
#ifdef USES
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { USES, NULL };
#endif

static qemu_plugin_id_t self;

/* Every callback that is given an id must be given its own plugin's. */
static const char *who(qemu_plugin_id_t id)
{
    return id == self ? NAME : "WRONG ID";
}

static void on_init(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    fake_log("%s init %u of %d", who(id), vcpu_index,
             qemu_plugin_num_vcpus());
}

static void on_init_too(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    fake_log("%s init too %u", who(id), vcpu_index);
}

static void on_exit_of_vcpu(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    fake_log("%s exit %u", who(id), vcpu_index);
}

static void on_idle(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    fake_log("%s idle %u", who(id), vcpu_index);
}

static void on_resume(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    fake_log("%s resume %u", who(id), vcpu_index);
}

static void on_flush(qemu_plugin_id_t id)
{
    fake_log("%s flush", who(id));
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    fake_log("%s atexit %s", who(id), (const char *)userdata);
}

static void on_syscall(qemu_plugin_id_t id, unsigned int vcpu_index,
                       int64_t num, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                       uint64_t a8)
{
    fake_log("%s syscall %u %" PRId64 " %" PRIx64 " %" PRIx64 " %" PRIx64
             " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64,
             who(id), vcpu_index, num, a1, a2, a3, a4, a5, a6, a7, a8);
}

static void on_syscall_ret(qemu_plugin_id_t id, unsigned int vcpu_index,
                           int64_t num, int64_t ret)
{
    fake_log("%s syscall_ret %u %" PRId64 " %" PRId64, who(id), vcpu_index,
             num, ret);
}

static void log_register(const char *name)
{
    struct qemu_plugin_register *reg = qemu_plugin_find_register(name);
    g_autoptr(GByteArray) buf = g_byte_array_new();
    uint64_t value = 0;
    int size = reg ? qemu_plugin_read_register(reg, buf) : -2;
    bool ok = reg && qemu_plugin_read_register_u64(reg, &value);

    fake_log("%s: size %d, bytes %u, u64 %d %" PRIx64, name, size, buf->len,
             ok, value);
}

static void log_memory(uint64_t addr, size_t len)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    uint8_t byte[4] = { 0xff, 0xff, 0xff, 0xff };
    bool whole = qemu_plugin_read_memory_vaddr(addr, data, len);
    bool plain = len <= sizeof(byte) &&
                 qemu_plugin_read_memory(addr, byte, len);

    fake_log("memory %" PRIx64 " %zu: %d, %d %02x%02x%02x%02x", addr, len,
             whole, plain, byte[0], byte[1], byte[2], byte[3]);
}

static void on_exec_tb(unsigned int vcpu_index, void *userdata)
{
    fake_log("exec tb vcpu %u, %s", vcpu_index, (const char *)userdata);
}

static void on_exec(unsigned int vcpu_index, void *userdata)
{
    fake_log("exec vcpu %u, %s", vcpu_index, (const char *)userdata);
    log_register("rax");
    log_register("eflags");
    log_register("wide");
    log_register("broken");
    log_register("unknown");
    log_memory(0x1ffc, 4);
    log_memory(0x1ffd, 4);
    log_memory(0x1000, 0);
    log_memory(0x1000, (size_t)1 << 32);
}

static void log_insn(const struct qemu_plugin_insn *insn)
{
    uint8_t bytes[8] = { 0 };
    uint8_t two[3] = { 0, 0, 0xee };
    size_t n = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));
    size_t n_two = qemu_plugin_insn_data(insn, two, 2);

    fake_log("insn %" PRIx64 " size %zu: %zu %02x %02x %02x, %zu %02x %02x "
             "%02x", qemu_plugin_insn_vaddr(insn),
             qemu_plugin_insn_size(insn), n, bytes[0], bytes[1], bytes[2],
             n_two, two[0], two[1], two[2]);
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    fake_log("%s trans %" PRIx64 " n %zu", who(id), qemu_plugin_tb_vaddr(tb),
             n);
#ifdef USES
    for (size_t i = 0; i < n; i++) {
        log_insn(qemu_plugin_tb_get_insn(tb, i));
    }
    if (qemu_plugin_tb_get_insn(tb, n)) {
        fake_log("one insn too many");
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec_tb,
                                         QEMU_PLUGIN_CB_NO_REGS, "of " NAME);
    qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, n - 1),
                                           on_exec, QEMU_PLUGIN_CB_R_REGS,
                                           "of " NAME);
#else
    (void)on_exec_tb;
    (void)on_exec;
    (void)log_insn;
#endif
}

QEMU_PLUGIN_EXPORT void log_other(void);
QEMU_PLUGIN_EXPORT void log_other(void)
{
    g_autofree char *path = (char *)qemu_plugin_path_to_binary();
    g_autoptr(GArray) registers = qemu_plugin_get_registers();

    fake_log("path %s, %u registers, big-endian %d", path ? path : "none",
             registers->len, qemu_plugin_target_big_endian());
    qemu_plugin_outs("hello");
    qemu_plugin_outs(NULL);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    self = id;
    fake_log("%s install %s %d..%d system %d %d/%d argc %d %s", NAME,
             info->target_name, info->version.min, info->version.cur,
             info->system_emulation, info->system.smp_vcpus,
             info->system.max_vcpus, argc, argc ? argv[0] : "-");
    qemu_plugin_register_vcpu_init_cb(id, on_init);
    qemu_plugin_register_vcpu_init_cb(id, on_init_too);
    qemu_plugin_register_vcpu_exit_cb(id, on_exit_of_vcpu);
    qemu_plugin_register_vcpu_idle_cb(id, on_idle);
    qemu_plugin_register_vcpu_resume_cb(id, on_resume);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_trans);
    qemu_plugin_register_flush_cb(id, on_flush);
    qemu_plugin_register_atexit_cb(id, on_atexit, "of " NAME);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    qemu_plugin_register_vcpu_syscall_ret_cb(id, on_syscall_ret);
    return 0;
}
