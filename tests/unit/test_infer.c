/*
 * A kernel's structures made up in memory: inferred, and checked against a
 * profile, as they should be and as a hostile guest would have them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "check.h"
#include "infer.h"
#include "kallsyms_synth.h"

#define BASE UINT64_C(0xffffffff81000000)
#define PAGE 4096u
#define SIZE (256u * PAGE)
#define N_TASKS 12u
#define N_SYMBOLS 20u
#define PAST UINT64_MAX

/* Variables, and where their symbols are; tables behind the tasks. */
enum {
    STACK = 0x2000, MM = 0x4000, CRED = 0x6000, FILES = 0x8000, FS = 0xa000,
    PID = 0xb000, SIGHAND = 0xc000, PGD = 0xd000, TASK = 0x10000,
    TASK_STEP = 0x2000, OTHER_MM = 0x30000, TABLES = 0x40000,
};
/* Members of the task_struct made up here. */
enum {
    AT_STACK = 24, AT_TASKS = 512, AT_MM = 640, AT_PID = 704, AT_FAMILY = 720,
    AT_THREAD_PID = 800, AT_CRED = 1000, AT_COMM = 1024,
    AT_SIGHAND = 1200, AT_PGD = 88,
};

static uint8_t *memory;
static unsigned int n_reads;

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    n_reads++;
    if (addr < BASE || addr >= BASE + SIZE || len > BASE + SIZE - addr) {
        return false;
    }
    memcpy(buf, memory + (addr - BASE), len);
    return true;
}

static const OsiReader reader = { memory_read, NULL, false };

static void put(uint64_t at, uint64_t value, unsigned int size)
{
    value = GUINT64_TO_LE(value);
    memcpy(memory + at, &value, size);
}

static void put_pointer(uint64_t at, uint64_t to)
{
    put(at, BASE + to, 8);
}

static uint64_t task_at(unsigned int i)
{
    return TASK + i % N_TASKS * TASK_STEP;
}

/* 0 swapper, 1 init and 3 are processes' or none's; the others kthreadd's. */
static bool is_process(unsigned int i)
{
    return i == 1 || i == 3;
}

static void put_task(unsigned int i)
{
    uint64_t t = task_at(i), parent = i < 3 ? 0 : is_process(i) ? 1 : 2;
    g_autofree char *name = g_strdup_printf("thread/%u", i);

    memset(memory + t, 0xa5, TASK_STEP);
    put_pointer(t + AT_STACK, STACK + i * 0x40);
    put_pointer(t + AT_TASKS, task_at(i + 1) + AT_TASKS);
    put_pointer(t + AT_TASKS + 8, task_at(i + N_TASKS - 1) + AT_TASKS);
    put(t + AT_MM, is_process(i) ? BASE + OTHER_MM + i * 0x400 : 0, 8);
    put(t + AT_MM + 8, is_process(i) ? BASE + OTHER_MM + i * 0x400
                                     : BASE + MM, 8);
    put(t + AT_PID, i, 4);
    put(t + AT_PID + 4, i, 4);
    put_pointer(t + AT_FAMILY, task_at(parent));
    put_pointer(t + AT_FAMILY + 8, task_at(parent));
    for (unsigned int list = 16; list <= 32; list += 16) {
        put_pointer(t + AT_FAMILY + list, t + AT_FAMILY + list);
        put_pointer(t + AT_FAMILY + list + 8, t + AT_FAMILY + list);
    }
    if (i == 1) {
        put_pointer(t + AT_FAMILY + 16, task_at(3) + AT_FAMILY + 32);
        put_pointer(t + AT_FAMILY + 24, task_at(3) + AT_FAMILY + 32);
    }
    put_pointer(t + AT_FAMILY + 48, t);
    put_pointer(t + AT_THREAD_PID, PID + i * 0x40);
    put(t + 904, i * UINT64_C(50000000), 8);
    put(t + 912, i * UINT64_C(50000000) + 70, 8);
    put_pointer(t + AT_CRED, CRED);
    put_pointer(t + AT_CRED + 8, CRED);
    strncpy((char *)memory + t + AT_COMM,
            i == 0 ? "swapper/0" : i == 1 ? "init" : i == 2 ? "kthreadd"
                                                            : name, 16);
    put_pointer(t + 1104, FS);
    put_pointer(t + 1112, FILES);
    put_pointer(t + AT_SIGHAND, SIGHAND + i * 0x40);
}

static void put_variables(void)
{
    memset(memory, 0xa5, TASK);
    put_pointer(MM + AT_PGD, PGD);
    for (unsigned int i = 0; i < N_TASKS; i++) {
        put_pointer(OTHER_MM + i * 0x400 + AT_PGD, PGD + 0x1000);
    }
    memset(memory + CRED, 0, 128);
    put(CRED, 4, 8);
    for (unsigned int i = 0; i < 3; i++) {
        put(CRED + 56 + 8 * i, UINT64_C(0x1ffffffffff), 8);
    }
    memset(memory + FILES, 0, 2048);
    put_pointer(FILES + 32, FILES + 40);
    put(FILES + 40, 64, 4);
    put_pointer(FILES + 48, FILES + 160);
}

static Kallsyms *put_symbols(void)
{
    static const KsSymbol symbols[] = {
        { "T_stext", BASE }, { "Tfunction", BASE + 0x100 },
        { "Tfunction2", BASE + 0x200 }, { "Dinit_stack", BASE + STACK },
        { "Dinit_mm", BASE + MM }, { "Dinit_cred", BASE + CRED },
        { "Dinit_files", BASE + FILES }, { "Dinit_fs", BASE + FS },
        { "Dinit_struct_pid", BASE + PID }, { "Dinit_sighand", BASE + SIGHAND },
        { "Dswapper_pg_dir", BASE + PGD }, { "Dinit_task", BASE + TASK },
        { "Da", BASE + TABLES }, { "Db", BASE + TABLES },
        { "Dc", BASE + TABLES }, { "Dd", BASE + TABLES },
        { "De", BASE + TABLES }, { "Df", BASE + TABLES },
        { "Dg", BASE + TABLES }, { "D_end", BASE + SIZE },
    };
    KsSynth s = {
        .pointer_size = 8, .form = KS_NEW, .align = 8,
        .address = BASE + TABLES, .base = BASE, .symbols = symbols,
        .n = N_SYMBOLS,
    };
    g_autoptr(GByteArray) tables = ks_synth(&s);

    G_STATIC_ASSERT(G_N_ELEMENTS(symbols) == N_SYMBOLS);
    memcpy(memory + TABLES, tables->data, tables->len);
    return kallsyms_find(memory_read, NULL, BASE + 0x100, NULL, NULL);
}

static Kallsyms *setup(void)
{
    if (!memory) {
        memory = g_malloc0(SIZE);
    }
    memset(memory, 0, SIZE);
    put_variables();
    for (unsigned int i = 0; i < N_TASKS; i++) {
        put_task(i);
    }
    return put_symbols();
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
    g_autoptr(OsiModel) model = osi_infer(ks, &reader, &error);

    g_assert_no_error(error);
    expect(model, "task_struct", "comm", AT_COMM);
    expect(model, "task_struct", "tasks.prev", AT_TASKS + 8);
    expect(model, "task_struct", "tgid", AT_PID + 4);
    expect(model, "task_struct", "real_parent", AT_FAMILY);
    expect(model, "task_struct", "group_leader", AT_FAMILY + 48);
    expect(model, "task_struct", "mm", AT_MM);
    expect(model, "task_struct", "start_boottime", 912);
    expect(model, "task_struct", "real_cred", AT_CRED);
    expect(model, "task_struct", "files", 1112);
    expect(model, "task_struct", "sighand", AT_SIGHAND);
    expect(model, "task_struct", "thread_pid", AT_THREAD_PID);
    expect(model, "task_struct", "stack", AT_STACK);
    expect(model, "task_struct", "signal", PAST); /* has no symbol here */
    expect(model, "mm_struct", "pgd", AT_PGD);
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

        memset(memory + CRED, 0, 128);
        put(CRED, 4, 4);
        for (unsigned int i = 0; i < 3; i++) {
            put(CRED + cases[k].full + 8 * i, UINT64_C(0xffffffffff), 8);
        }
        model = osi_infer(ks, &reader, NULL);
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
        put(task_at(i) + 2000, i * UINT64_C(50000000), 8);
        put(task_at(i) + 2008, i * UINT64_C(50000000), 8);
    }
    put_pointer(task_at(0) + 3000, SIGHAND);
    put_pointer(task_at(0) + 3200, CRED);
    put_pointer(MM + 800, PGD);
    model = osi_infer(ks, &reader, NULL);
    expect(model, "task_struct", "start_time", PAST);
    expect(model, "task_struct", "sighand", PAST);
    expect(model, "task_struct", "real_cred", PAST);
    expect(model, "mm_struct", "pgd", PAST);
    expect(model, "task_struct", "mm", AT_MM);
    for (unsigned int i = 0; i < N_TASKS; i++) {
        put(task_at(i) + 4000, i, 4);
        put(task_at(i) + 4004, i, 4);
    }
    g_assert_null(osi_infer(ks, &reader, &error));
    g_assert_error(error, OSI_INFER_ERROR, OSI_INFER_ERROR_NOT_YET);
}

static void break_it(unsigned int what)
{
    switch (what) {
    case 0: /* a circle that init_task is not in */
        put_pointer(task_at(5) + AT_TASKS, task_at(2) + AT_TASKS);
        put_pointer(task_at(2) + AT_TASKS + 8, task_at(5) + AT_TASKS);
        break;
    case 1: /* nowhere */
        put(task_at(4) + AT_TASKS, 0x1230, 8);
        break;
    case 2: /* a name without an end */
        memset(memory + task_at(6) + AT_COMM, 'x', 16);
        break;
    case 3: /* a pid that cannot be */
        put(task_at(7) + AT_PID, 0x7fffffff, 4);
        break;
    case 4: /* a thread in the list of leaders */
        put(task_at(7) + AT_PID, 77, 4);
        break;
    }
}

static void test_hostile(void)
{
    for (unsigned int what = 0; what < 5; what++) {
        g_autoptr(Kallsyms) ks = setup();
        g_autoptr(GError) error = NULL;

        break_it(what);
        n_reads = 0;
        g_assert_null(osi_infer(ks, &reader, &error));
        g_assert_nonnull(error);
        g_assert_cmpuint(n_reads, <=, 1u << 18);
    }
}

/* ---- A profile's check --------------------------------------------------- */

static OsiTypes *types_new(void)
{
    g_autoptr(Kallsyms) ks = setup();

    return osi_types_from_model(osi_infer(ks, &reader, NULL));
}

static void test_check(void)
{
    g_autoptr(OsiTypes) types = types_new();
    g_autoptr(GError) error = NULL;
    uint64_t init_task;

    for (unsigned int i = 0; i < N_TASKS; i++) {
        g_assert_true(osi_check_tasks(types, &reader, BASE + task_at(i),
                                      &init_task, NULL));
        g_assert_cmphex(init_task, ==, BASE + TASK);
    }
    /* Another CPU's idle task, a thread: no reason to refuse anything. */
    strcpy((char *)memory + TASK + AT_COMM, "swapper/1");
    g_assert_false(osi_check_tasks(types, &reader, BASE + TASK, &init_task,
                                   &error));
    g_assert_error(error, OSI_CHECK_ERROR, OSI_CHECK_ERROR_NOT_NOW);
    g_clear_error(&error);
    g_assert_false(osi_check_tasks(types, &reader, BASE + TASK + 64,
                                   &init_task, &error));
    g_assert_error(error, OSI_CHECK_ERROR, OSI_CHECK_ERROR_WRONG);
    for (unsigned int what = 0; what < 5; what++) {
        osi_types_free(types_new());
        break_it(what);
        n_reads = 0;
        g_assert_false(osi_check_tasks(types, &reader, BASE + TASK,
                                       &init_task, NULL));
        g_assert_cmpuint(n_reads, <, 8 * 65536);
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
