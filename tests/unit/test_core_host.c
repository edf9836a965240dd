/*
 * test_core_host.c: libqpp under a host of each plugin API: the version it
 * claims, the fan-out of events to several plugins, and reading.  Built once
 * for each fake host; FAKE_CLAIM is the version that must be claimed there.
 * The plugins fan_*.so lie beside the program.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "fakehost.h"

#include <dlfcn.h>

static void *fan_a;

static void assert_log(const char *expected)
{
    g_autofree char *log = fake_take_log();

    g_assert_cmpstr(log, ==, expected);
}

static void *load(const char *name, int argc, char **argv)
{
    g_autofree char *path = fake_plugin_path(name);
    int claimed;
    void *handle = fake_load(path, argc, argv, &claimed);

    g_assert_cmpint(claimed, ==, FAKE_CLAIM);
    g_assert_nonnull(handle);
    return handle;
}

/* fan_a needs fan_dep, which nobody names: it is installed before. */
static void test_load(void)
{
    char *argv[] = { (char *)"x=1", NULL };
    g_autofree char *expected = NULL;

    fan_a = load("fan_a", 1, argv);
    load("fan_b", 0, NULL);
    expected = g_strdup_printf(
        "fan_dep install x86_64 %1$d..%2$d system 1 2/4 argc 0 -\n"
        "fan_a install x86_64 %1$d..%2$d system 1 2/4 argc 1 x=1\n"
        "fan_b install x86_64 %1$d..%2$d system 1 2/4 argc 0 -\n",
        FAKE_API == 1 ? 0 : FAKE_API == 7 ? 7 : 2, FAKE_API);
    assert_log(expected);
    for (int event = 0; event < FAKE_N_EVENTS; event++) {
        g_assert_cmpuint(fake_n_registered(event), ==, 1);
    }
}

/* In the order of installing, then of registering. */
static void test_vcpus(void)
{
    fake_vcpu(FAKE_VCPU_INIT, 0);
    assert_log("fan_dep init 0 of 1\nfan_dep init too 0\n"
               "fan_a init 0 of 1\nfan_a init too 0\n"
               "fan_b init 0 of 1\nfan_b init too 0\n");
    fake_vcpu(FAKE_VCPU_INIT, 3);
    assert_log("fan_dep init 3 of 4\nfan_dep init too 3\n"
               "fan_a init 3 of 4\nfan_a init too 3\n"
               "fan_b init 3 of 4\nfan_b init too 3\n");
    fake_vcpu(FAKE_VCPU_EXIT, 3);
    assert_log("fan_dep exit 3\nfan_a exit 3\nfan_b exit 3\n");
    fake_vcpu(FAKE_VCPU_IDLE, 0);
    assert_log("fan_dep idle 0\nfan_a idle 0\nfan_b idle 0\n");
    fake_vcpu(FAKE_VCPU_RESUME, 1);
    assert_log("fan_dep resume 1\nfan_a resume 1\nfan_b resume 1\n");
}

static const char *registers(void)
{
#if FAKE_API >= 3
    return "rax: size 8, bytes 8, u64 1 1122334455667788\n"
           "eflags: size 4, bytes 4, u64 1 55667788\n"
           "wide: size 16, bytes 16, u64 0 0\n"
           "broken: size -1, bytes 0, u64 0 0\n"
           "unknown: size -2, bytes 0, u64 0 0\n";
#else
    return "rax: size -2, bytes 0, u64 0 0\n"
           "eflags: size -2, bytes 0, u64 0 0\n"
           "wide: size -2, bytes 0, u64 0 0\n"
           "broken: size -2, bytes 0, u64 0 0\n"
           "unknown: size -2, bytes 0, u64 0 0\n";
#endif
}

static void test_translation(void)
{
    static const uint8_t code[] = { 0x0f, 0x05, 0xc3 };
    FakeInsn insns[] = {
        { .vaddr = 0x4000, .size = 2, .bytes = code },
        { .vaddr = 0x4002, .size = 1, .bytes = code + 2 },
    };
    FakeTb tb = { .n = 2, .insns = insns };
    g_autofree char *expected = g_strdup_printf(
        "exec tb vcpu 1, of fan_a\nexec vcpu 1, of fan_a\n%s"
        "memory 1ffc 4: %d, %d %s\nmemory 1ffd 4: 0, 0 ffffffff\n"
        "memory 1000 0: 0, 0 ffffffff\n"
        "memory 1000 4294967296: 0, 0 ffffffff\n", registers(),
        FAKE_API >= 4, FAKE_API >= 4,
        FAKE_API >= 4 ? "fcfdfeff" : "ffffffff");

    fake_tb_trans(&tb);
    assert_log("fan_dep trans 4000 n 2\nfan_a trans 4000 n 2\n"
               "insn 4000 size 2: 2 0f 05 00, 2 0f 05 ee\n"
               "insn 4002 size 1: 1 c3 00 00, 1 c3 00 ee\n"
               "fan_b trans 4000 n 2\n");
    fake_exec(&tb, 1);
    assert_log(expected);
}

static void test_syscalls(void)
{
    const uint64_t args[8] = { 1, 2, 3, 4, 5, 6, 7, UINT64_MAX };

    fake_syscall(2, 257, args);
    assert_log("fan_dep syscall 2 257 1 2 3 4 5 6 7 ffffffffffffffff\n"
               "fan_a syscall 2 257 1 2 3 4 5 6 7 ffffffffffffffff\n"
               "fan_b syscall 2 257 1 2 3 4 5 6 7 ffffffffffffffff\n");
    fake_syscall_ret(2, 257, -2);
    assert_log("fan_dep syscall_ret 2 257 -2\nfan_a syscall_ret 2 257 -2\n"
               "fan_b syscall_ret 2 257 -2\n");
}

static void test_flush(void)
{
    fake_flush();
    assert_log("fan_dep flush\nfan_a flush\nfan_b flush\n");
}

/* What a host may lack gives the value that qemu-plugin.h documents. */
static void test_other(void)
{
    void (*log_other)(void) = dlsym(fan_a, "log_other");
    g_autofree char *expected = g_strdup_printf(
        "path %s, %d registers, big-endian 0\nouts hello\n",
        "none", FAKE_API >= 3 ? 4 : 0);

    log_other();
    assert_log(expected);
}

static void test_atexit(void)
{
    fake_atexit();
    assert_log("fan_dep atexit of fan_dep\nfan_a atexit of fan_a\n"
               "fan_b atexit of fan_b\n");
}

/* QPP_HOST_API says what no host takes: QEMU refuses the plugin itself. */
static void test_override(void)
{
    g_autofree char *path = fake_plugin_path("fan_b");
    int claimed;

    if (g_test_subprocess()) {
        g_setenv("QPP_HOST_API", "99", true);
        g_assert_null(fake_load(path, 0, NULL, &claimed));
        g_assert_cmpint(claimed, ==, 99);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

/* What is no number is passed over. */
static void test_override_odd(void)
{
    if (g_test_subprocess()) {
        g_setenv("QPP_HOST_API", "newest", true);
        load("fan_a", 0, NULL);
        load("fan_b", 0, NULL);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_passed();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/host/override", test_override);
    g_test_add_func("/core/host/override-odd", test_override_odd);
    g_test_add_func("/core/host/load", test_load);
    g_test_add_func("/core/host/vcpus", test_vcpus);
    g_test_add_func("/core/host/translation", test_translation);
    g_test_add_func("/core/host/syscalls", test_syscalls);
    g_test_add_func("/core/host/flush", test_flush);
    g_test_add_func("/core/host/other", test_other);
    g_test_add_func("/core/host/atexit", test_atexit);
    return g_test_run();
}
