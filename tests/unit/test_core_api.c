/*
 * test_core_api.c: every wrapper of core/host/ under a host of each plugin
 * API, in system mode or, with FAKE_USER in the environment, in user mode.
 * What the host lacks must be done by libqpp, or fail as documented.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fakehost_api.h"

#include <dlfcn.h>

static void *plugin;

static void assert_log(const char *expected)
{
    g_autofree char *log = fake_take_log();

    g_assert_cmpstr(log, ==, expected);
}

static void call(const char *function)
{
    void (*f)(void);

    *(void **)&f = dlsym(plugin, function);
    g_assert_nonnull(f);
    f();
}

static void test_load(void)
{
    g_autofree char *path = fake_plugin_path("api_tests");
    int claimed;

    fake_user_mode = g_getenv("FAKE_USER") != NULL;
    plugin = fake_load(path, 0, NULL, &claimed);
    g_assert_nonnull(plugin);
    assert_log(FAKE_API >= 2 ? "scoreboard of QEMU's\n" : "");
    fake_vcpu(FAKE_VCPU_INIT, 0);
    fake_vcpu(FAKE_VCPU_INIT, 1);
}

/*
 * Capstone, where it is for certain which mode the code is in: in user mode,
 * and at addresses that only 64-bit mode has.
 */
static void test_translation(void)
{
    static const uint8_t code[] = { 0x0f, 0x05, 0x48, 0x89, 0xd8, 0x06 };
    FakeInsn insns[] = {
        { .vaddr = 0x4000, .size = 2, .bytes = code },
        { .vaddr = 0xffffffff81000000, .size = 3, .bytes = code + 2 },
        /* what is no instruction there */
        { .vaddr = 0xffffffff81000003, .size = 1, .bytes = code + 5 },
    };
    FakeTb tb = { .n = 3, .insns = insns };
    g_autofree char *expected = g_strdup_printf(
        "4000 '%s' known\nffffffff81000000 'mov rax, rbx' none\n"
        "ffffffff81000003 'none' none\n",
        fake_user_mode ? "syscall" : "none");

    fake_tb_trans(&tb);
    if (!dlopen("libcapstone.so.4", RTLD_LAZY) &&
        !dlopen("libcapstone.so.5", RTLD_LAZY)) {
        g_free(fake_take_log());
        g_test_skip("Capstone is not installed");
        return;
    }
    assert_log(expected);
}

/* The pc may be set in that callback, once, and not within QPP's. */
static void test_instrumentation(void)
{
    static const struct {
        uint32_t info;
    } runs[] = {
        { FAKE_INFO(3, FAKE_READ) }, { FAKE_INFO(0, FAKE_READ) },
        { FAKE_INFO(2, FAKE_WRITE) },
        { FAKE_INFO(2, FAKE_READ | FAKE_WRITE) }, { 0 },
    };

    g_assert_cmpint(fake_api_flags(), ==, FAKE_API >= 6 ? 3 : 2);
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        fake_api_run(0, runs[i].info, 0x1000);
        assert_log(FAKE_API >= 6 ? "set pc 1234\n" : "");
    }
    call("check_counts");
}

static void test_accesses(void)
{
    call("check_accesses");
}

static void test_writing(void)
{
    call("check_writing");
    assert_log(FAKE_API == 5 ? "write register 1: 5a\n"
                               "write register 2: 5a\n"
               : FAKE_API > 5 ? "write register 1: 5a\n" : "");
}

static void test_discon(void)
{
    fake_api_discon(1, 2, 0x10, 0x20);
    fake_api_discon(1, 1, 0x30, 0x40); /* not asked for */
    fake_api_discon(0, 4, 0x50, 0x60);
    assert_log(FAKE_API >= 6 && !fake_user_mode ?
               "discon 1 1 2 10 20\nset pc 9999\n"
               "discon 1 0 4 50 60\nset pc 9999\n" : "");
}

static void test_filter(void)
{
    bool told = FAKE_API >= 6 && fake_user_mode;
    uint64_t sysret = 0;

    g_assert_true(fake_api_filter(1, 1, &sysret) == told);
    g_assert_cmpuint(sysret, ==, told ? 77 : 0);
    g_assert_false(fake_api_filter(0, 2, &sysret));
    assert_log(told ? "filter 1 1 1 1\nfilter 1 0 2 1\n" : "");
}

static void test_others(void)
{
    call("log_others");
    assert_log(!fake_user_mode ? "each 1 0\neach 1 1\nprogram none 0 0 0\n"
               : FAKE_API == 4 ? "each 1 0\neach 1 1\nprogram none 0 0 0\n"
               : "each 1 0\neach 1 1\nprogram /bin/fake 4000 5000 4010\n");
    call("move_time");
    assert_log(FAKE_API >= 3 ? "time -5\n" : "");
}

/* What libqpp kept for the code goes with it: the sanitizer sees the rest. */
static void test_flush(void)
{
    fake_api_flush();
    fake_api_run(0, FAKE_INFO(3, FAKE_READ), 0x1000);
    assert_log("");
    fake_atexit();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/api/load", test_load);
    g_test_add_func("/core/api/translation", test_translation);
    g_test_add_func("/core/api/instrumentation", test_instrumentation);
    g_test_add_func("/core/api/accesses", test_accesses);
    g_test_add_func("/core/api/writing", test_writing);
    g_test_add_func("/core/api/discon", test_discon);
    g_test_add_func("/core/api/filter", test_filter);
    g_test_add_func("/core/api/others", test_others);
    g_test_add_func("/core/api/flush", test_flush);
    return g_test_run();
}
