/*
 * qpp_client_cpp.cc: a client of qpp_srv in C++.  It has no
 * qemu_plugin_uses: its imports are what brings the server.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <iostream>

#include "qpp_srv.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "qpp_client_cpp";

namespace {

void on_server_exit(gpointer evdata, gpointer)
{
    *static_cast<bool *>(evdata) = true;
    std::cerr << "qpp_client_cpp: the server goes" << std::endl;
}

} // namespace

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t,
                                           const qemu_info_t *, int, char **)
{
    std::cerr << "qpp_client_cpp: add(0)=" << qpp_srv_do_add_qpp(0)
              << " sub(3)=" << qpp_srv_do_sub_qpp(3) << std::endl;
    return !qemu_plugin_reg_callback("qpp_srv", "my_on_exit",
                                     on_server_exit);
}
