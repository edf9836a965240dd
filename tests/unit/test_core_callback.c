/*
 * test_core_callback.c: QPP callbacks, as plugins use them.  The tests are
 * in a plugin, test_core_callback_plugin.c, since only a plugin can call
 * libqpp; this program is the QEMU that loads it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dlfcn.h>

#include "fakehost.h"

int main(int argc, char **argv)
{
    g_autofree char *path = NULL;
    void (*add_tests)(void);
    void *handle;
    int claimed;

    g_test_init(&argc, &argv, NULL);
    path = fake_plugin_path("callback_tests");
    handle = fake_load(path, 0, NULL, &claimed);
    g_assert_nonnull(handle);
    add_tests = dlsym(handle, "add_tests");
    add_tests();
    return g_test_run();
}
