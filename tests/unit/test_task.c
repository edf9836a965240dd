/*
 * test_task.c: reading a task_struct (osi_linux/task.c) from made-up kernel
 * memory: both byte orders, pieces that cannot be read, and hostile values.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "plugin_stub.h"
#include "task.h"

#define TASK 0xffff888012340fc0u /* so that the window crosses a page */
#define LEADER 0xffff888012350000u
#define PARENT 0xffff888012360000u
#define CRED 0xffff888012370ffau /* its uid, too */
#define MM 0xffff888012380000u
#define PGD 0xffff888012390000u
#define TASK_SIZE 256

enum { PID = 24, TGID = 28, PARENT_AT = 40, LEADER_AT = 48, MM_AT = 56,
       CRED_AT = 64, START = 72, COMM = 80, SIGHAND = 96, THREAD_PID = 104,
       PGD_AT = 80, UID = 4 };

static OsiLayout layout;

static void set_layout(bool big_endian)
{
    layout = (OsiLayout){
        .pid = { PID, 4 }, .tgid = { TGID, 4 }, .comm = { COMM, 16 },
        .real_parent = { PARENT_AT, 8 }, .group_leader = { LEADER_AT, 8 },
        .mm = { MM_AT, 8 }, .real_cred = { CRED_AT, 8 },
        .start_time = { START, 8 }, .sighand = { SIGHAND, 8 },
        .thread_pid = { THREAD_PID, 8 }, .pgd = { PGD_AT, 8 },
        .uid = { UID, 4 },
        .task_group = { PID, THREAD_PID + 8 - PID },
        .big_endian = big_endian, .pointer_size = 8,
    };
    stub_unmap_all();
}

static void put(uint8_t *bytes, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) {
        int shift = layout.big_endian ? size - 1 - i : i;

        bytes[i] = (uint8_t)(value >> (8 * shift));
    }
}

typedef struct Fake {
    uint64_t pid, tgid, parent, leader, mm, cred, start, sighand, thread_pid;
    const char *comm;
} Fake;

static const Fake ordinary = {
    .pid = 212, .tgid = 211, .parent = PARENT, .leader = LEADER, .mm = MM,
    .cred = CRED, .start = 123456789012345, .sighand = 1, .thread_pid = 1,
    .comm = "worker",
};

static void put_task(uint64_t at, const Fake *fake)
{
    uint8_t bytes[TASK_SIZE];

    memset(bytes, 0x5a, sizeof(bytes));
    put(bytes + PID, fake->pid, 4);
    put(bytes + TGID, fake->tgid, 4);
    put(bytes + PARENT_AT, fake->parent, 8);
    put(bytes + LEADER_AT, fake->leader, 8);
    put(bytes + MM_AT, fake->mm, 8);
    put(bytes + CRED_AT, fake->cred, 8);
    put(bytes + START, fake->start, 8);
    put(bytes + SIGHAND, fake->sighand, 8);
    put(bytes + THREAD_PID, fake->thread_pid, 8);
    memset(bytes + COMM, 0, 16);
    memcpy(bytes + COMM, fake->comm, strnlen(fake->comm, 16));
    stub_map(at, bytes, sizeof(bytes));
}

static void put_word(uint64_t at, uint64_t value, int size)
{
    uint8_t bytes[8];

    put(bytes, value, size);
    stub_map(at, bytes, size);
}

/* A thread of process 211, whose parent is 200. */
static void put_world(void)
{
    const Fake leader = { .pid = 211, .tgid = 211, .parent = PARENT,
                          .leader = LEADER, .start = 1000, .comm = "leader" };
    const Fake parent = { .pid = 205, .tgid = 200, .comm = "parent" };

    put_task(TASK, &ordinary);
    put_task(LEADER, &leader);
    put_task(PARENT, &parent);
    put_word(CRED + UID, 1000, 4);
    put_word(MM + PGD_AT, PGD, 8);
}

static bool read_task(bool all, OsiTask *task)
{
    return osi_task_read(&layout, stub_read, NULL, TASK, all, task);
}

/* Every read stays on one page: what an OsiReadFn is promised. */
static bool read_one_page(void *opaque, uint64_t addr, void *buf, size_t len)
{
    g_assert_cmpuint(addr >> 12, ==, (addr + len - 1) >> 12);
    return stub_read(NULL, addr, buf, len);
}

static void check_ordinary(const OsiTask *task)
{
    const OsiIdentity *id = &task->identity;

    g_assert_true(task->known);
    g_assert_false(task->gone);
    g_assert_cmphex(id->taskd, ==, TASK);
    g_assert_cmpint(id->pid, ==, 211);
    g_assert_cmpint(id->tid, ==, 212);
    g_assert_cmpint(id->ppid, ==, 200);
    g_assert_cmpuint(id->uid, ==, 1000);
    g_assert_cmpuint(id->start_time, ==, 123456789012345);
    g_assert_cmpstr(id->comm, ==, "worker");
    g_assert_cmphex(task->leader, ==, LEADER);
    g_assert_cmpuint(task->leader_start, ==, 1000);
    g_assert_cmphex(task->pgd, ==, PGD);
}

static void for_both(void (*check)(void))
{
    set_layout(false);
    put_world();
    check();
    set_layout(true);
    put_world();
    check();
    stub_unmap_all();
}

/* ---- Tests --------------------------------------------------------------- */

static void ordinary_once(void)
{
    OsiTask task = { 0 };

    g_assert_true(read_task(false, &task));
    check_ordinary(&task);
    memset(&task, 0, sizeof(task));
    g_assert_true(osi_task_read(&layout, read_one_page, NULL, TASK, true,
                                &task));
    check_ordinary(&task);
}

static void test_ordinary(void)
{
    for_both(ordinary_once);
}

/* A leader's own start is its process's; nothing else is read for it. */
static void leader_once(void)
{
    Fake fake = ordinary;
    OsiTask task = { 0 };

    fake.leader = TASK;
    fake.pid = 211;
    put_task(TASK, &fake);
    g_assert_true(read_task(false, &task));
    g_assert_cmpuint(task.leader_start, ==, fake.start);
}

static void test_leader(void)
{
    for_both(leader_once);
}

static void kernel_thread_once(void)
{
    Fake fake = ordinary;
    OsiTask task = { 0 };

    fake.mm = 0;
    put_task(TASK, &fake);
    g_assert_true(read_task(false, &task));
    g_assert_cmphex(task.pgd, ==, 0);
    g_assert_true(osi_task_without_mm(&layout, stub_read, NULL, TASK));
    put_task(TASK, &ordinary);
    g_assert_false(osi_task_without_mm(&layout, stub_read, NULL, TASK));
    stub_unmap_all();
    g_assert_false(osi_task_without_mm(&layout, stub_read, NULL, TASK));
}

static void test_kernel_thread(void)
{
    for_both(kernel_thread_once);
}

static void gone_once(void)
{
    Fake fake = ordinary;
    OsiTask task = { 0 };

    fake.sighand = 0;
    put_task(TASK, &fake);
    g_assert_true(read_task(false, &task));
    g_assert_true(task.gone);
    fake.sighand = 1;
    fake.thread_pid = 0;
    put_task(TASK, &fake);
    g_assert_true(read_task(false, &task));
    g_assert_true(task.gone);
    /* a kernel without these members says nothing */
    layout.sighand.size = layout.thread_pid.size = 0;
    g_assert_true(read_task(false, &task));
    g_assert_false(task.gone);
}

static void test_gone(void)
{
    for_both(gone_once);
}

/* What hangs on the same pointers is read again only when asked for. */
static void again_once(void)
{
    OsiTask task = { 0 };

    g_assert_true(read_task(false, &task));
    put_word(CRED + UID, 7, 4);
    put_word(PARENT + TGID, 9, 4);
    put_word(MM + PGD_AT, 0xabc, 8);
    put_word(LEADER + START, 11, 8);
    put_word(TASK + PID, 213, 4);
    g_assert_true(read_task(false, &task));
    g_assert_cmpint(task.identity.tid, ==, 213);
    g_assert_cmpuint(task.identity.uid, ==, 1000);
    g_assert_cmpint(task.identity.ppid, ==, 200);
    stub_reads();
    g_assert_true(read_task(false, &task));
    g_assert_cmpuint(stub_reads(), <=, 2); /* the window, on two pages */
    g_assert_true(read_task(true, &task));
    g_assert_cmpuint(task.identity.uid, ==, 7);
    g_assert_cmpint(task.identity.ppid, ==, 9);
    g_assert_cmphex(task.pgd, ==, 0xabc);
    g_assert_cmpuint(task.leader_start, ==, 11);
    /* another task_struct in the same record */
    put_task(LEADER, &ordinary);
    put_word(CRED + UID, 8, 4);
    g_assert_true(osi_task_read(&layout, stub_read, NULL, LEADER, false,
                                &task));
    g_assert_cmphex(task.identity.taskd, ==, LEADER);
    g_assert_cmpuint(task.identity.uid, ==, 8);
}

static void test_again(void)
{
    for_both(again_once);
}

static void unreadable_once(void)
{
    OsiTask task = { 0 };

    /* what it points to: unknown, the rest is good */
    stub_unmap_all();
    put_task(TASK, &ordinary);
    g_assert_true(read_task(true, &task));
    g_assert_cmpint(task.identity.tid, ==, 212);
    g_assert_cmpint(task.identity.ppid, ==, 0);
    g_assert_cmpuint(task.identity.uid, ==, UINT32_MAX);
    g_assert_cmphex(task.pgd, ==, 0);
    g_assert_cmpuint(task.leader_start, ==, 0);
    /* half of it, all of it */
    stub_unmap_all();
    put_word(TASK + PID, 212, 4);
    g_assert_false(read_task(true, &task));
    g_assert_false(task.known);
    stub_unmap_all();
    g_assert_false(read_task(true, &task));
    g_assert_false(task.known);
    /* and back: all of it is read again */
    put_world();
    g_assert_true(read_task(false, &task));
    check_ordinary(&task);
}

static void test_unreadable(void)
{
    for_both(unreadable_once);
}

/* ---- A hostile kernel ---------------------------------------------------- */

static void pids_once(void)
{
    static const struct {
        uint64_t pid, tgid;
        bool possible;
    } cases[] = {
        { 0, 0, true }, { 1, 1, true }, { 4194304, 4194304, true },
        { 4194305, 1, false }, { 1, 4194305, false },
        { 0x80000000, 1, false }, { 1, 0xffffffff, false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fake fake = ordinary;
        OsiTask task = { 0 };

        fake.pid = cases[i].pid;
        fake.tgid = cases[i].tgid;
        put_task(TASK, &fake);
        g_assert_cmpint(read_task(false, &task), ==, cases[i].possible);
        g_assert_cmpint(task.known, ==, cases[i].possible);
    }
}

static void test_pids(void)
{
    for_both(pids_once);
}

static void parent_pid_once(void)
{
    OsiTask task = { 0 };

    put_word(PARENT + TGID, 0xfffffff0, 4);
    g_assert_true(read_task(false, &task));
    g_assert_cmpint(task.identity.ppid, ==, 0);
}

static void test_parent_pid(void)
{
    for_both(parent_pid_once);
}

/* Names: without an end, empty, with rubbish behind the end, odd bytes. */
static void test_names(void)
{
    static const struct {
        char bytes[17];
        const char *name;
    } cases[] = {
        { "0123456789abcdef", "0123456789abcde" },
        { "0123456789abcde", "0123456789abcde" },
        { "", "" },
        { "a\0bcdefghijklmn", "a" },
        { "\xff\xfe\x01\x7f\n", "\xff\xfe\x01\x7f\n" },
    };

    set_layout(false);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        static const char zeros[OSI_COMM_LEN];
        size_t len = strlen(cases[i].name);
        OsiTask task = { 0 };

        put_world();
        stub_map(TASK + COMM, cases[i].bytes, 16);
        g_assert_true(read_task(true, &task));
        g_assert_cmpstr(task.identity.comm, ==, cases[i].name);
        g_assert_cmpmem(task.identity.comm + len, OSI_COMM_LEN - len, zeros,
                        OSI_COMM_LEN - len);
    }
    /* a kernel with longer or shorter names */
    for (uint64_t size = 1; size <= 24; size++) {
        OsiTask task = { 0 };

        set_layout(false);
        put_world();
        layout.comm.size = size;
        g_assert_true(read_task(true, &task));
        g_assert_cmpuint(strlen(task.identity.comm), <=,
                         MIN(size, OSI_COMM_LEN - 1));
    }
    stub_unmap_all();
}

/* Everything points to itself, or to nowhere. */
static void test_pointers(void)
{
    static const uint64_t nowhere[] = { TASK, 8, UINT64_MAX, UINT64_MAX - 60,
                                        0xffffffffffffffc0, 1ull << 63 };

    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        Fake fake = ordinary;
        OsiTask task = { 0 };

        set_layout(false);
        fake.parent = fake.leader = fake.mm = fake.cred = nowhere[i];
        put_task(TASK, &fake);
        stub_reads();
        g_assert_true(osi_task_read(&layout, stub_read, NULL, TASK, true,
                                    &task));
        g_assert_cmpuint(stub_reads(), <=, 10);
        g_assert_cmpint(task.identity.tid, ==, 212);
    }
    for (size_t i = 1; i < G_N_ELEMENTS(nowhere); i++) {
        OsiTask task = { 0 };

        stub_unmap_all();
        g_assert_false(osi_task_read(&layout, stub_read, NULL, nowhere[i],
                                     true, &task));
    }
    stub_unmap_all();
}

/* The optional members one by one: what hangs on them is unknown. */
static void test_members(void)
{
    OsiField *const optional[] = { &layout.real_parent, &layout.group_leader,
                                   &layout.mm, &layout.real_cred,
                                   &layout.start_time, &layout.pgd,
                                   &layout.uid };

    for (size_t i = 0; i < G_N_ELEMENTS(optional); i++) {
        OsiTask task = { 0 };

        set_layout(true);
        put_world();
        optional[i]->size = 0;
        g_assert_true(read_task(true, &task));
        g_assert_cmpint(task.identity.pid, ==, 211);
        g_assert_cmpint(task.identity.ppid, ==, i == 0 ? 0 : 200);
        g_assert_cmpuint(task.leader, ==, i == 1 ? 0 : LEADER);
        g_assert_cmphex(task.pgd, ==, i == 2 || i == 5 ? 0 : PGD);
        g_assert_cmpuint(task.identity.uid, ==,
                         i == 3 || i == 6 ? UINT32_MAX : 1000);
        g_assert_cmpuint(task.identity.start_time, ==,
                         i == 4 ? 0 : 123456789012345);
    }
    stub_unmap_all();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/task/ordinary", test_ordinary);
    g_test_add_func("/task/leader", test_leader);
    g_test_add_func("/task/kernel-thread", test_kernel_thread);
    g_test_add_func("/task/gone", test_gone);
    g_test_add_func("/task/again", test_again);
    g_test_add_func("/task/unreadable", test_unreadable);
    g_test_add_func("/task/pids", test_pids);
    g_test_add_func("/task/parent-pid", test_parent_pid);
    g_test_add_func("/task/names", test_names);
    g_test_add_func("/task/pointers", test_pointers);
    g_test_add_func("/task/members", test_members);
    return g_test_run();
}
