/*
 * libFuzzer target for what infers a kernel's structures and checks a
 * profile against them (infer.c, check.c).  A kernel is made up
 * (tests/unit/infer_kernel.h) and its memory changed as the input says,
 * before it is looked at and while it is.  Without libFuzzer's main it writes
 * the seeds:
 *
 *     fuzz_infer_seeds FOLDER
 *
 * The input: a byte of which bit 0 is the byte order, and bits 1 to 4 how many
 * tasks there are less one; then changes of six bytes each:
 *   0     after how many reads
 *   1, 2  where: in units of four bytes; from bit 14 on: in the variables
 *         instead of a task
 *   3     bits 0 to 2: what is written (see value_of()); bit 3: 8 bytes and
 *         not 4; bit 4: at that place of all tasks, growing with each
 *   4, 5  a number, or another place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "check.h"
#include "infer.h"
#include "infer_kernel.h"

#define CHANGE 6
#define N_TASKS 12u
/* What infer.h and check.h promise; the latter for each task some reads. */
#define MAX_INFER_READS (1u << 18)
#define MAX_CHECK_READS (8u * 65536)

static unsigned int n_tasks;
static const uint8_t *changes;
static size_t n_changes;

/* An offset from IK_BASE, of 4 bytes below IK_TABLES - 8. */
static uint64_t place(unsigned int code)
{
    uint64_t at = (code & 0x3fff) * 4;

    return code & 0x4000 ? at % (IK_TASK - 8)
                         : IK_TASK + at % (n_tasks * IK_TASK_STEP - 8);
}

static uint64_t value_of(unsigned int kind, unsigned int number)
{
    switch (kind) {
    case 0:
    case 1:
        return IK_BASE + place(number);
    case 2:
        return number;
    case 3:
        return (uint64_t)number << 24;
    case 4:
        return UINT64_MAX - number;
    case 5:
        return IK_BASE + (uint64_t)number * 64;
    case 6:
        return (uint64_t)number << 48 | number;
    default:
        return 0x7f0000000000 + number;
    }
}

static void apply(const uint8_t *c)
{
    uint64_t at = place(c[1] | c[2] << 8);
    uint64_t value = value_of(c[3] & 7, c[4] | c[5] << 8);
    unsigned int size = c[3] & 8 ? 8 : 4;

    ik_put(at, value, size);
    if ((c[3] & 16) && at >= IK_TASK) {
        at = (at - IK_TASK) % (IK_TASK_STEP - 8);
        for (unsigned int i = 0; i < n_tasks; i++) {
            ik_put(ik_task_at(i) + at, value + i * (c[5] >> 4), size);
        }
    }
}

static void change(void)
{
    while (n_changes > 0 && changes[0] <= ik_reads) {
        apply(changes);
        changes += CHANGE;
        n_changes--;
    }
}

/* Of a kernel on which nothing was changed. */
static void expect(const OsiModel *model, const char *type, const char *path,
                   uint64_t offset)
{
    OsiField field;

    g_assert_true(osi_model_member(model, type, path, &field));
    g_assert_cmphex(field.offset, ==, offset);
}

static void expect_right(const OsiModel *model)
{
    expect(model, "task_struct", "comm", IK_AT_COMM);
    expect(model, "task_struct", "tasks", IK_AT_TASKS);
    expect(model, "task_struct", "tgid", IK_AT_PID + 4);
    expect(model, "task_struct", "group_leader", IK_AT_FAMILY + 48);
    expect(model, "task_struct", "mm", IK_AT_MM);
    expect(model, "task_struct", "cred", IK_AT_CRED + 8);
    expect(model, "task_struct", "start_time", 904);
    expect(model, "mm_struct", "pgd", IK_AT_PGD);
    expect(model, "cred", "fsgid", 8 + 28);
    expect(model, "fdtable", "fd", 8);
}

static void check_tasks(OsiModel *model)
{
    g_autoptr(OsiTypes) types = osi_types_from_model(model);

    for (unsigned int i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;
        uint64_t init_task = 0;

        ik_reads = 0;
        if (osi_check_tasks(types, &ik_reader, IK_BASE + ik_task_at(i),
                            &init_task, &error)) {
            g_assert_no_error(error);
            g_assert_cmphex(init_task, !=, 0);
        } else {
            g_assert_nonnull(error);
        }
        g_assert_cmpuint(ik_reads, <=, MAX_CHECK_READS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static Kallsyms *symbols[2];
    g_autoptr(GError) error = NULL;
    OsiModel *model;
    unsigned int order;

    if (size < 1) {
        return 0;
    }
    order = data[0] & 1;
    n_tasks = (data[0] >> 1 & 15) + 1;
    ik_start(n_tasks, order);
    if (!symbols[order]) {
        symbols[order] = ik_symbols();
        g_assert_nonnull(symbols[order]);
        ik_start(n_tasks, order);
    }
    changes = data + 1;
    n_changes = (size - 1) / CHANGE;
    ik_before_read = change;
    model = osi_infer(symbols[order], &ik_reader, &error);
    g_assert_true((model == NULL) == (error != NULL));
    g_assert_cmpuint(ik_reads, <=, MAX_INFER_READS);
    if (size < 1 + CHANGE && n_tasks == N_TASKS) {
        g_assert_no_error(error);
        expect_right(model);
    }
    if (model) {
        check_tasks(model);
    }
    return 0;
}

#ifdef WRITE_SEEDS
int main(int argc, char **argv)
{
    static const uint8_t changed[][CHANGE] = {
        { 0, 0, 0, 2, 1 },             /* little: nothing that matters */
        { 40, 128, 0, 0, 128, 8 },     /* tasks.next, under way */
        { 0, 0xf4, 1, 16 | 8 | 3, 1, 16 }, /* a second start time */
        { 0, 0xe8, 3, 16 | 2, 0, 16 }, /* a second pid, of sorts */
        { 0, 14, 0x58, 4, 0, 0 },      /* capabilities */
        { 0, 10, 0x60, 2, 65, 0 },     /* descriptors */
    };

    if (argc != 2) {
        g_printerr("usage: fuzz_infer_seeds FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < 2 * (G_N_ELEMENTS(changed) + 1); i++) {
        g_autofree char *path = g_strdup_printf("%s/infer-%zu", argv[1], i);
        uint8_t seed[1 + CHANGE] = { (N_TASKS - 1) << 1 | (i & 1) };
        size_t size = i < 2 ? 1 : sizeof(seed);

        if (i >= 2) {
            memcpy(seed + 1, changed[i / 2 - 1], CHANGE);
        }
        LLVMFuzzerTestOneInput(seed, size);
        if (!g_file_set_contents(path, (const char *)seed, size, NULL)) {
            g_printerr("%s: cannot be written\n", path);
            return 1;
        }
    }
    return 0;
}
#endif
