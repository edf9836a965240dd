/*
 * available.c: what this host can do, function by function.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "bind.h"

/* What must be so for a function to work. */
typedef enum Need {
    ALWAYS, /* libqpp's own, or with a substitute on every host */
    HOST,   /* the host exports it */
    SYSTEM, /* the same, and it means something in system mode only */
    USER,   /* the same for user mode */
    MEMORY, /* the host exports it, or it is user mode */
} Need;

static const struct {
    const char *name; /* without qemu_plugin_ */
    Need need;
} functions[] = {
    { "available", ALWAYS },
    { "bool_parse", ALWAYS },
    { "callback_wanted", ALWAYS },
    { "create_callback", ALWAYS },
    { "create_callback_handle", ALWAYS },
    { "end_code", USER },
    { "entry_code", USER },
    { "find_register", HOST },
    { "get_hwaddr", SYSTEM },
    { "get_registers", HOST },
    { "hwaddr_device_name", SYSTEM },
    { "hwaddr_is_io", SYSTEM },
    { "hwaddr_phys_addr", SYSTEM },
    { "import_function", ALWAYS },
    { "insn_data", ALWAYS },
    { "insn_disas", ALWAYS },
    { "insn_haddr", HOST },
    { "insn_size", ALWAYS },
    { "insn_symbol", HOST },
    { "insn_vaddr", ALWAYS },
    { "mem_get_value", HOST },
    { "mem_is_big_endian", HOST },
    { "mem_is_sign_extended", HOST },
    { "mem_is_store", HOST },
    { "mem_size_shift", HOST },
    { "num_vcpus", ALWAYS },
    { "outs", HOST },
    { "path_to_binary", USER },
    { "read_memory", MEMORY },
    { "read_memory_hwaddr", SYSTEM },
    { "read_memory_vaddr", MEMORY },
    { "read_register", HOST },
    { "read_register_u64", HOST },
    { "reg_callback", ALWAYS },
    { "register_atexit_cb", HOST },
    { "register_flush_cb", HOST },
    { "register_gone_cb", ALWAYS },
    { "register_vcpu_discon_cb", SYSTEM },
    { "register_vcpu_exit_cb", HOST },
    { "register_vcpu_idle_cb", SYSTEM },
    { "register_vcpu_init_cb", HOST },
    { "register_vcpu_insn_exec_cb", ALWAYS },
    { "register_vcpu_insn_exec_cond_cb", ALWAYS },
    { "register_vcpu_insn_exec_inline_per_vcpu", ALWAYS },
    { "register_vcpu_mem_cb", HOST },
    { "register_vcpu_mem_inline_per_vcpu", ALWAYS },
    { "register_vcpu_resume_cb", SYSTEM },
    { "register_vcpu_syscall_cb", USER },
    { "register_vcpu_syscall_filter_cb", USER },
    { "register_vcpu_syscall_ret_cb", USER },
    { "register_vcpu_tb_exec_cb", ALWAYS },
    { "register_vcpu_tb_exec_cond_cb", ALWAYS },
    { "register_vcpu_tb_exec_inline_per_vcpu", ALWAYS },
    { "register_vcpu_tb_trans_cb", HOST },
    { "request_time_control", SYSTEM },
    { "reset", HOST },
    { "retranslate", HOST },
    { "run_callback", ALWAYS },
    { "run_callback_handle", ALWAYS },
    { "scoreboard_find", ALWAYS },
    { "scoreboard_free", ALWAYS },
    { "scoreboard_new", ALWAYS },
    { "set_pc", HOST },
    { "start_code", USER },
    { "target_big_endian", ALWAYS },
    { "tb_get_insn", ALWAYS },
    { "tb_n_insns", ALWAYS },
    { "tb_vaddr", ALWAYS },
    { "translate_vaddr", SYSTEM },
    { "u64_add", ALWAYS },
    { "u64_get", ALWAYS },
    { "u64_set", ALWAYS },
    { "u64_sum", ALWAYS },
    { "uninstall", HOST },
    { "unreg_callback", ALWAYS },
    { "update_ns", SYSTEM },
    { "vcpu_for_each", HOST },
    { "write_memory_hwaddr", SYSTEM },
    { "write_memory_vaddr", HOST },
    { "write_register", HOST },
};

/* The function of QEMU's that does the work for one of libqpp's. */
static const char *symbol_of(const char *function)
{
    static const char *const readers[][2] = {
        { "qemu_plugin_find_register", "qemu_plugin_get_registers" },
        { "qemu_plugin_read_register_u64", "qemu_plugin_read_register" },
        { "qemu_plugin_read_memory", "qemu_plugin_read_memory_vaddr" },
        { "qemu_plugin_retranslate", "qemu_plugin_reset" },
        { "qemu_plugin_uninstall", "qemu_plugin_reset" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(readers); i++) {
        if (g_str_equal(function, readers[i][0])) {
            return readers[i][1];
        }
    }
    return function;
}

static bool is_met(Need need, const char *function)
{
    bool exported = qpp_host_symbol(symbol_of(function)) != NULL;
    bool system = qpp_host_info()->system_emulation;

    switch (need) {
    case ALWAYS:
        return true;
    case HOST:
        return exported;
    case SYSTEM:
        return exported && system;
    case USER:
        return exported && !system;
    case MEMORY:
        return exported || !system;
    }
    return false;
}

bool qemu_plugin_available(const char *function)
{
    static const char prefix[] = "qemu_plugin_";

    if (!function || !g_str_has_prefix(function, prefix)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(functions); i++) {
        if (strcmp(function + sizeof(prefix) - 1, functions[i].name) == 0) {
            return is_met(functions[i].need, function);
        }
    }
    return false;
}
