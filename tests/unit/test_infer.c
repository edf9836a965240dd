/*
 * Inference of a kernel's structures, and the check of a profile against
 * them, on a kernel's memory made up (infer_kernel.c), as it should be and as a
 * hostile guest would have it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "check.h"
#include "infer.h"
#include "infer_kernel.h"

#define PAST UINT64_MAX
#define N_TASKS 12u

/* As it should be. */
static Kallsyms *setup(void)
{
    ik_start(N_TASKS, false);
    return ik_symbols();
}

static void expect(const OsiModel *model, const char *type, const char *path,
                   uint64_t at)
{
    OsiField field;
    bool known = osi_model_member(model, type, path, &field);

    if (known != (at != PAST) || (known && field.offset != at)) {
        g_error("%s.%s: %d, at %u", type, path, known,
                (unsigned int)field.offset);
    }
}

static void test_good(void)
{
    g_autoptr(Kallsyms) ks = setup();
    g_autoptr(GError) error = NULL;
    g_autoptr(OsiModel) model = osi_infer(ks, &ik_reader, &error);

    g_assert_no_error(error);
    expect(model, "task_struct", "comm", IK_AT_COMM);
    expect(model, "task_struct", "tasks.prev", IK_AT_TASKS + 8);
    expect(model, "task_struct", "tgid", IK_AT_PID + 4);
    expect(model, "task_struct", "real_parent", IK_AT_FAMILY);
    expect(model, "task_struct", "group_leader", IK_AT_FAMILY + 48);
    expect(model, "task_struct", "mm", IK_AT_MM);
    expect(model, "task_struct", "start_boottime", 912);
    expect(model, "task_struct", "real_cred", IK_AT_CRED);
    expect(model, "task_struct", "files", 1112);
    expect(model, "task_struct", "sighand", IK_AT_SIGHAND);
    expect(model, "task_struct", "thread_pid", IK_AT_THREAD_PID);
    expect(model, "task_struct", "stack", IK_AT_STACK);
    expect(model, "task_struct", "signal", PAST); /* has no symbol here */
    expect(model, "mm_struct", "pgd", IK_AT_PGD);
    expect(model, "cred", "euid", 8 + 16);
    expect(model, "files_struct", "fdt", 32);
    expect(model, "fdtable", "fd", 8);
}

/* The older forms of struct cred, and one that cannot be. */
static void test_cred(void)
{
    static const struct {
        unsigned int full;
        uint64_t uid;
    } cases[] = { { 48, 4 }, { 52, 8 }, { 56, 8 }, { 60, PAST }, { 44, PAST } };

    for (size_t k = 0; k < G_N_ELEMENTS(cases); k++) {
        g_autoptr(Kallsyms) ks = setup();
        g_autoptr(OsiModel) model = NULL;

        memset(ik_memory + IK_CRED, 0, 128);
        ik_put(IK_CRED, 4, 4);
        for (unsigned int i = 0; i < 3; i++) {
            ik_put(IK_CRED + cases[k].full + 8 * i, UINT64_C(0xffffffffff),
                   8);
        }
        model = osi_infer(ks, &ik_reader, NULL);
        expect(model, "cred", "uid", cases[k].uid);
    }
}

/* What two places could be is not known; what nothing works without fails. */
static void test_ambiguous(void)
{
    g_autoptr(Kallsyms) ks = setup();
    g_autoptr(OsiModel) model = NULL;
    g_autoptr(GError) error = NULL;

    for (unsigned int i = 0; i < N_TASKS; i++) {
        ik_put(ik_task_at(i) + 2000, i * UINT64_C(50000000), 8);
        ik_put(ik_task_at(i) + 2008, i * UINT64_C(50000000), 8);
    }
    ik_put_pointer(ik_task_at(0) + 3000, IK_SIGHAND);
    ik_put_pointer(ik_task_at(0) + 3200, IK_CRED);
    ik_put_pointer(IK_MM + 800, IK_PGD);
    model = osi_infer(ks, &ik_reader, NULL);
    expect(model, "task_struct", "start_time", PAST);
    expect(model, "task_struct", "sighand", PAST);
    expect(model, "task_struct", "real_cred", PAST);
    expect(model, "mm_struct", "pgd", PAST);
    expect(model, "task_struct", "mm", IK_AT_MM);
    for (unsigned int i = 0; i < N_TASKS; i++) {
        ik_put(ik_task_at(i) + 4000, i, 4);
        ik_put(ik_task_at(i) + 4004, i, 4);
    }
    g_assert_null(osi_infer(ks, &ik_reader, &error));
    g_assert_error(error, OSI_INFER_ERROR, OSI_INFER_ERROR_NOT_YET);
}

static void break_it(unsigned int what)
{
    switch (what) {
    case 0: /* a circle that init_task is not in */
        ik_put_pointer(ik_task_at(5) + IK_AT_TASKS,
                       ik_task_at(2) + IK_AT_TASKS);
        ik_put_pointer(ik_task_at(2) + IK_AT_TASKS + 8,
                       ik_task_at(5) + IK_AT_TASKS);
        break;
    case 1: /* nowhere */
        ik_put(ik_task_at(4) + IK_AT_TASKS, 0x1230, 8);
        break;
    case 2: /* a name without an end */
        memset(ik_memory + ik_task_at(6) + IK_AT_COMM, 'x', 16);
        break;
    case 3: /* a pid that cannot be */
        ik_put(ik_task_at(7) + IK_AT_PID, 0x7fffffff, 4);
        break;
    case 4: /* a thread in the list of leaders */
        ik_put(ik_task_at(7) + IK_AT_PID, 77, 4);
        break;
    }
}

static void test_hostile(void)
{
    for (unsigned int what = 0; what < 5; what++) {
        g_autoptr(Kallsyms) ks = setup();
        g_autoptr(GError) error = NULL;

        break_it(what);
        ik_reads = 0;
        g_assert_null(osi_infer(ks, &ik_reader, &error));
        g_assert_nonnull(error);
        g_assert_cmpuint(ik_reads, <=, 1u << 18);
    }
}

/* ---- A profile's check --------------------------------------------------- */

static OsiTypes *types_new(void)
{
    g_autoptr(Kallsyms) ks = setup();

    return osi_types_from_model(osi_infer(ks, &ik_reader, NULL));
}

static void test_check(void)
{
    g_autoptr(OsiTypes) types = types_new();
    g_autoptr(GError) error = NULL;
    uint64_t init_task;

    for (unsigned int i = 0; i < N_TASKS; i++) {
        g_assert_true(osi_check_tasks(types, &ik_reader,
                                      IK_BASE + ik_task_at(i), &init_task,
                                      NULL));
        g_assert_cmphex(init_task, ==, IK_BASE + IK_TASK);
    }
    /* Another CPU's idle task, a thread: no reason to refuse anything. */
    strcpy((char *)ik_memory + IK_TASK + IK_AT_COMM, "swapper/1");
    g_assert_false(osi_check_tasks(types, &ik_reader, IK_BASE + IK_TASK,
                                   &init_task, &error));
    g_assert_error(error, OSI_CHECK_ERROR, OSI_CHECK_ERROR_NOT_NOW);
    g_clear_error(&error);
    g_assert_false(osi_check_tasks(types, &ik_reader, IK_BASE + IK_TASK + 64,
                                   &init_task, &error));
    g_assert_error(error, OSI_CHECK_ERROR, OSI_CHECK_ERROR_WRONG);
    for (unsigned int what = 0; what < 5; what++) {
        osi_types_free(types_new());
        break_it(what);
        ik_reads = 0;
        g_assert_false(osi_check_tasks(types, &ik_reader, IK_BASE + IK_TASK,
                                       &init_task, NULL));
        g_assert_cmpuint(ik_reads, <, 8 * 65536);
    }
}

static void test_banner(void)
{
    static const char banner[] = "Linux version 6.1.0-5 (a@b) #1 SMP Debian";
    static const struct {
        const char *banner, *release, *version;
        bool fits;
    } cases[] = {
        { banner, NULL, NULL, true },
        { "Linux version 6.1.0-5 (a@b) #2 SMP Debian", NULL, NULL, false },
        { NULL, NULL, NULL, true },
        { NULL, "6.1.0-5", NULL, true },
        { NULL, "6.1.0", NULL, false },
        { NULL, "6.1.0-5", "#1 SMP", true },
        { NULL, "6.1.0-5", "#2 SMP", false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        OsiProfile p = { NULL, (char *)cases[i].banner,
                         (char *)cases[i].release, (char *)cases[i].version,
                         NULL };

        g_assert_cmpint(osi_check_banner(&p, banner, NULL), ==,
                        cases[i].fits);
        g_assert_true(osi_check_banner(&p, NULL, NULL));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/infer/good", test_good);
    g_test_add_func("/infer/cred", test_cred);
    g_test_add_func("/infer/ambiguous", test_ambiguous);
    g_test_add_func("/infer/hostile", test_hostile);
    g_test_add_func("/check/tasks", test_check);
    g_test_add_func("/check/banner", test_banner);
    return g_test_run();
}
