/*
 * cpp_client.cc: built out of the tree by one line of g++.  Has no
 * qemu_plugin_uses: including the headers is what brings syscalls and
 * osi_linux.  Says how the guest's last call, and who makes it, are known.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <iostream>
#include <string>

#include <osi.h>
#include <syscalls.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "cpp_client";

namespace {

void on_exit_group(void *evdata, void *)
{
    const auto *call = static_cast<const SyscallsCall *>(evdata);
    OsiIdentity who = {};
    std::string name = "unknown";

    if (osi_current_identity_qpp(call->vcpu, &who)) {
        name = who.comm;
    }
    std::cerr << "cpp_client: " << name << " ends by " << call->info->name
              << std::endl;
}

} // namespace

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t,
                                           const qemu_info_t *info, int,
                                           char **)
{
    std::cerr << "cpp_client: " << info->target_name << std::endl;
    return !qemu_plugin_reg_callback("syscalls", "on_exit_group_enter",
                                     on_exit_group);
}
