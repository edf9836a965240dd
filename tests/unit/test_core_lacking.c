/*
 * test_core_lacking.c: a host that lacks what no plugin can do without is
 * refused with one line, rather than crashed later.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fakehost.h"

static void test_lacking(void)
{
    g_autofree char *path = fake_plugin_path("fan_b");
    int claimed;

    if (g_test_subprocess()) {
        g_assert_null(fake_load(path, 0, NULL, &claimed));
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("qpp: this QEMU (plugin API 4) does not export "
                              "qemu_plugin_tb_vaddr; use another build of "
                              "it\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/host/lacking", test_lacking);
    return g_test_run();
}
