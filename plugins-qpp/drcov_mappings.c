/*
 * drcov_mappings.c: system calls after which other code may be at an
 * address, and a line about what is left out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "drcov.h"

bool drcov_watch(const char *call, const char *event, cb_func_t function)
{
    return !syscalls_by_name_qpp(call) ||
           qemu_plugin_reg_callback("syscalls", event, function);
}

bool drcov_watch_mappings(cb_func_t function)
{
    return drcov_watch("mmap", "on_mmap_return", function) &&
           drcov_watch("mmap2", "on_mmap2_return", function) &&
           drcov_watch("munmap", "on_munmap_return", function) &&
           drcov_watch("mremap", "on_mremap_return", function);
}

void drcov_mapping_changed(Coverage *coverage, const SyscallsCall *call)
{
    const char *name = call->info->name;
    uint64_t address = (uint64_t)call->ret;
    bool is_mmap = g_str_has_prefix(name, "mmap");

    /* An address is no error, also where it has the highest bit. */
    if (call->outcome != SYSCALLS_RETURNED || address >= (uint64_t)-4095) {
        return;
    }
    if (!is_mmap) {
        coverage_unmap(coverage, call->args[0],
                       call->args[0] + call->args[1]);
    }
    if (strcmp(name, "munmap") != 0) {
        coverage_unmap(coverage, address,
                       address + call->args[is_mmap ? 1 : 2]);
    }
}

void drcov_report_left_out(uint64_t n, const char *why)
{
    if (n) {
        fprintf(stderr, "drcov: %" PRIu64 " blocks left out: %s\n", n, why);
    }
}
