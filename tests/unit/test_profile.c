/*
 * Kernel profiles in each format, as they should be and as they should not.
 *
 *     test_profile              the tests
 *     test_profile FILE TYPE PATH...   prints where a FILE says members are
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <lzma.h>
#include <string.h>

#include "profile.h"
#include "profile_samples.h"

static void check_member(const OsiProfile *p, const char *type,
                         const char *path, uint64_t offset, uint64_t size)
{
    OsiField field;

    g_assert_cmpint(osi_model_member(p->model, type, path, &field), ==,
                    size != 0);
    g_assert_cmpuint(field.offset, ==, offset);
    g_assert_cmpuint(field.size, ==, size);
}

static GPtrArray *parse(const char *text, size_t len, const char *format)
{
    g_autoptr(GError) error = NULL;
    const char *is = NULL;
    GPtrArray *profiles = osi_profile_parse(text, len, &is, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(is, ==, format);
    return profiles;
}

/* What both JSON samples say. */
static void check_json(const OsiProfile *p)
{
    uint64_t value;
    int64_t number;

    g_assert_cmpstr(p->banner, ==, "Linux version 6.1 (x) #1 SMP");
    g_assert_false(osi_model_big_endian(p->model));
    g_assert_cmpuint(osi_model_pointer_size(p->model), ==, 8);
    check_member(p, "task_struct", "pid", 100, 4);
    check_member(p, "task_struct", "tasks", 200, 16);
    check_member(p, "task_struct", "tasks.next", 200, 8);
    check_member(p, "task_struct", "deep.next", 308, 8);
    check_member(p, "task_struct", "pid.next", 0, 0);
    check_member(p, "task_struct", "", 0, 0);
    check_member(p, "task_struct", "deep..next", 0, 0);
    check_member(p, "list_head", "pid", 0, 0);
    check_member(p, "nothing", "pid", 0, 0);
    g_assert_true(osi_model_size(p->model, "task_struct", &value));
    g_assert_cmpuint(value, ==, 9000);
    g_assert_true(osi_model_size(p->model, "int", &value));
    g_assert_true(osi_model_enum(p->model, "MINUS", &number));
    g_assert_cmpint(number, ==, -5);
    /* Without a slide nobody knows where a symbol is. */
    g_assert_false(osi_model_symbol(p->model, "_text", &value));
    g_assert_true(osi_model_linked(p->model, "_text", &value));
    g_assert_cmphex(value, ==, UINT64_C(0xffffffff81000000));
    osi_model_set_slide(p->model, 0x200000);
    g_assert_true(osi_model_symbol(p->model, "_text", &value));
    g_assert_cmphex(value, ==, UINT64_C(0xffffffff81200000));
    g_assert_false(osi_model_linked(p->model, "nowhere", &value));
}

static void test_own(void)
{
    g_autoptr(GPtrArray) profiles = parse(own, strlen(own), "QPP");
    const OsiProfile *p = profiles->pdata[0];
    OsiField field;

    check_json(p);
    g_assert_cmpstr(p->release, ==, "6.1");
    g_assert_true(osi_model_member(p->model, "task_struct", "in_execve",
                                   &field));
    g_assert_cmpuint(field.bit_size, ==, 1);
    g_assert_cmpuint(field.bit_offset, ==, 3);
}

static void test_isf(void)
{
    g_autoptr(GPtrArray) profiles = parse(isf, strlen(isf), "ISF");

    check_json(profiles->pdata[0]);
    check_member(profiles->pdata[0], "task_struct", "comm", 110, 16);
    check_member(profiles->pdata[0], "task_struct", "mm", 160, 8);
    check_member(profiles->pdata[0], "task_struct", "flag", 0, 0);
    /* a type of no size is left out */
    check_member(profiles->pdata[0], "unnamed_8", "ctx", 0, 0);
}

static void test_xz(void)
{
    uint8_t packed[4096];
    size_t n = 0;
    g_autoptr(GPtrArray) profiles = NULL;
    g_autoptr(GError) error = NULL;
    const char *format;

    g_assert_cmpint(lzma_easy_buffer_encode(
        6, LZMA_CHECK_CRC32, NULL, (const uint8_t *)isf, strlen(isf), packed,
        &n, sizeof(packed)), ==, LZMA_OK);
    profiles = parse((char *)packed, n, "ISF");
    check_json(profiles->pdata[0]);
    g_assert_null(osi_profile_parse((char *)packed, n - 20, &format, &error));
    g_assert_nonnull(strstr(error->message, "xz"));
    g_clear_error(&error);
    packed[n / 2] ^= 0x55;
    g_assert_null(osi_profile_parse((char *)packed, n, &format, &error));
}

static void test_kernelinfo(void)
{
    g_autoptr(GPtrArray) profiles = parse(info, strlen(info),
                                          "kernelinfo.conf");
    const OsiProfile *p = profiles->pdata[0], *old = profiles->pdata[1];
    uint64_t value;

    g_assert_cmpuint(profiles->len, ==, 2);
    g_assert_cmpstr(p->name, ==, "debian:6.1:64");
    g_assert_cmpstr(p->release, ==, "6.1.0");
    g_assert_cmpstr(p->version, ==, "#1 SMP Debian");
    check_member(p, "task_struct", "tasks.prev", 208, 8);
    check_member(p, "task_struct", "comm", 110, 16);
    check_member(p, "task_struct", "mm", 0, 0);
    check_member(p, "cred", "uid", 8, 4);
    check_member(p, "cred", "uid.val", 8, 4);
    check_member(p, "file", "f_path.dentry", 72, 8);
    g_assert_true(osi_model_linked(p->model, "init_task", &value));
    g_assert_cmphex(value, ==, UINT64_C(0xffffffff81000000));
    g_assert_null(old->release);
    check_member(old, "task_struct", "mm", 16, 4);
}

/* Each is refused, with this in the reason. */
static void test_refused(void)
{
    static const char *const bad[][2] = {
        { "{", "JSON" },
        { "{\"a\": 1}", "neither" },
        { "[1]", "kernelinfo" },
        { "", "section" },
        { "hello", "neither JSON nor" },
        { "[a:64]\ntask.pid_offset = many\n", "many" },
        { "[a:64]\ntask.pid_offset = -4\n", "number" },
        { "[a:64]\ntask.pid_offset = 99999999999\n", "offset" },
        { "{\"qpp_profile\":2}", "version" },
        { "{\"qpp_profile\":1}", "lacks" },
        { "{\"qpp_profile\":1,\"byte_order\":\"odd\",\"pointer_size\":8,"
          "\"types\":{}}", "lacks" },
        { "{\"qpp_profile\":1,\"byte_order\":\"big\",\"pointer_size\":8,"
          "\"types\":{\"a\":1}}", "no type" },
        { "{\"qpp_profile\":1,\"byte_order\":\"big\",\"pointer_size\":8,"
          "\"types\":{\"a\":{\"members\":{\"b\":[1]}}}}", "a.b" },
        { "{\"qpp_profile\":1,\"byte_order\":\"big\",\"pointer_size\":8,"
          "\"types\":{\"a\":{\"members\":{\"b\":[-1,4]}}}}", "a.b" },
        { "{\"qpp_profile\":1,\"byte_order\":\"big\",\"pointer_size\":8,"
          "\"types\":{},\"enums\":{\"X\":\"y\"}}", "X" },
        { "{\"user_types\":{}}", "pointer" },
        { "{\"base_types\":{\"pointer\":{\"size\":8}},\"user_types\":{"
          "\"t\":{\"size\":4}}}", "lacks" },
        { "{\"base_types\":{\"pointer\":{\"size\":8}},\"user_types\":{"
          "\"t\":{\"size\":-2,\"fields\":{}}}}", "lacks" },
        { "{\"base_types\":{\"pointer\":{\"size\":8}},\"user_types\":{"
          "\"t\":{\"size\":4,\"fields\":{\"f\":{}}}}}", "t.f" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        const char *format = NULL;
        g_autoptr(GPtrArray) profiles = osi_profile_parse(
            bad[i][0], strlen(bad[i][0]), &format, &error);

        g_assert_null(profiles);
        g_assert_nonnull(error);
        if (!strstr(error->message, bad[i][1])) {
            g_error("'%s' gives '%s'", bad[i][0], error->message);
        }
    }
}

static void test_deep(void)
{
    g_autofree char *deep = g_strnfill(1000000, '[');
    g_autoptr(GError) error = NULL;
    const char *format;

    memcpy(deep, "{\"\\\"\":", 7);
    g_assert_null(osi_profile_parse(deep, 1000000, &format, &error));
    g_assert_nonnull(strstr(error->message, "in each other"));
}

/* Structs that hold themselves, or each other many times over. */
static void test_circles(void)
{
    g_autoptr(OsiModel) model = osi_model_new(false, 8);
    OsiField field = { 0, 8, 0, 0 };

    for (int i = 0; i < 30; i++) {
        g_autofree char *outer = g_strdup_printf("t%d", i);
        g_autofree char *inner = g_strdup_printf("t%d", (i + 1) % 30);

        for (int k = 0; k < 10; k++) {
            osi_model_add(model, outer, NULL, &field, inner);
        }
    }
    g_assert_false(osi_model_member(model, "t0", "nothing", &field));
}

static int print(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) profiles = NULL;
    const char *format;
    gint64 start = g_get_monotonic_time();

    profiles = osi_profile_load(argv[1], &format, &error);
    if (!profiles) {
        g_printerr("%s: %s\n", argv[1], error->message);
        return 1;
    }
    g_print("# %s, %u profiles, %u types, %" PRId64 " ms\n", format,
            profiles->len, osi_model_n_types(
                ((OsiProfile *)profiles->pdata[0])->model),
            (g_get_monotonic_time() - start) / 1000);
    for (int i = 2; i + 1 < argc; i += 2) {
        OsiField f;

        osi_model_member(((OsiProfile *)profiles->pdata[0])->model, argv[i],
                         argv[i + 1], &f);
        g_print("%s %s %" PRIu64 " %" PRIu64 "\n", argv[i], argv[i + 1],
                f.offset, f.size);
    }
    return 0;
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (argc > 1) {
        return print(argc, argv);
    }
    g_test_add_func("/profile/own", test_own);
    g_test_add_func("/profile/isf", test_isf);
    g_test_add_func("/profile/xz", test_xz);
    g_test_add_func("/profile/kernelinfo", test_kernelinfo);
    g_test_add_func("/profile/refused", test_refused);
    g_test_add_func("/profile/deep", test_deep);
    g_test_add_func("/profile/circles", test_circles);
    return g_test_run();
}
