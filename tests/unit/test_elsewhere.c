/*
 * test_elsewhere.c: what one vCPU leaves for the threads that run on others
 * (osi_linux/elsewhere.c), and when that is not to be picked up.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "elsewhere.h"
#include "plugin_stub.h"
#include "syscalls.h"

#define N_VCPUS 3
#define TASK 0xffff888000010000u

/* A task_struct of pid, tgid and name. */
static const OsiLayout layout = {
    .pid = { 0, 4 }, .tgid = { 4, 4 }, .comm = { 8, 16 },
    .task_group = { 0, 24 }, .pointer_size = 8,
};

static uint64_t running[N_VCPUS]; /* the task of each vCPU; 0: none yet */

static SyscallsThread *current_thread(unsigned int vcpu)
{
    return running[vcpu] ? (SyscallsThread *)&running[vcpu] : NULL;
}

static uint64_t thread_task(const SyscallsThread *thread)
{
    return *(const uint64_t *)thread;
}

static void put_task(uint64_t at, uint32_t pid, const char *name)
{
    uint8_t bytes[24] = { 0 };

    bytes[0] = bytes[4] = (uint8_t)pid;
    memcpy(bytes + 8, name, strlen(name));
    stub_map(at, bytes, sizeof(bytes));
}

/* vCPU n runs the task of pid n + 1, called "old" by all that know it. */
static void start(OsiTask tasks[N_VCPUS])
{
    stub_unmap_all();
    for (unsigned int i = 0; i < N_VCPUS; i++) {
        running[i] = TASK + i * 0x4000;
        put_task(running[i], i + 1, "old");
        osi_elsewhere_forget(i);
        memset(&tasks[i], 0, sizeof(tasks[i]));
        g_assert_true(osi_task_read(&layout, stub_read, NULL, running[i],
                                    true, &tasks[i]));
        tasks[i].identity.asid = 0x1000 * (i + 1);
    }
}

static void check(unsigned int vcpu, OsiTask *task, const char *name)
{
    osi_elsewhere_apply(vcpu, task);
    g_assert_cmpstr(task->identity.comm, ==, name);
    g_assert_cmpint(task->identity.pid, ==, vcpu + 1);
    g_assert_cmphex(task->identity.taskd, ==, TASK + vcpu * 0x4000);
    g_assert_cmphex(task->identity.asid, ==, 0x1000 * (vcpu + 1));
}

static void test_told(void)
{
    OsiTask tasks[N_VCPUS];

    start(tasks);
    check(1, &tasks[1], "old");
    for (unsigned int i = 0; i < N_VCPUS; i++) {
        put_task(running[i], i + 1, "new");
    }
    osi_elsewhere_tell(0, &layout, stub_read);
    check(0, &tasks[0], "old"); /* it reads itself */
    check(1, &tasks[1], "new");
    check(2, &tasks[2], "new");
    /* once only */
    strcpy(tasks[1].identity.comm, "mine");
    check(1, &tasks[1], "mine");
}

/* Another thread has come to the vCPU meanwhile, or none was there. */
static void test_other_thread(void)
{
    OsiTask tasks[N_VCPUS];
    OsiTask other = { .identity = { .taskd = TASK + 0x100000 } };

    start(tasks);
    put_task(running[1], 2, "new");
    osi_elsewhere_tell(0, &layout, stub_read);
    osi_elsewhere_apply(1, &other);
    g_assert_cmphex(other.identity.taskd, ==, TASK + 0x100000);
    g_assert_cmpint(other.identity.pid, ==, 0);

    start(tasks);
    running[1] = 0;
    put_task(TASK + 0x4000, 2, "new");
    osi_elsewhere_tell(0, &layout, stub_read);
    check(1, &tasks[1], "old");
}

static void test_unreadable(void)
{
    OsiTask tasks[N_VCPUS];

    start(tasks);
    stub_unmap_all();
    osi_elsewhere_tell(0, &layout, stub_read);
    check(1, &tasks[1], "old");
}

static void test_forgotten(void)
{
    OsiTask tasks[N_VCPUS];

    start(tasks);
    put_task(running[1], 2, "new");
    osi_elsewhere_tell(0, &layout, stub_read);
    osi_elsewhere_forget(1);
    check(1, &tasks[1], "old");
    osi_elsewhere_forget(N_VCPUS); /* a vCPU that there is not */
}

static OsiTask *mine;

/* Reads for vCPU 0, and is overtaken by vCPU 1's reading for itself. */
static bool read_overtaken(void *opaque, uint64_t addr, void *buf, size_t len)
{
    bool good = stub_read(NULL, addr, buf, len);

    put_task(running[1], 2, "newest");
    osi_elsewhere_forget(1);
    osi_task_read(&layout, stub_read, NULL, running[1], true, mine);
    return good;
}

static void test_overtaken(void)
{
    OsiTask tasks[N_VCPUS];

    start(tasks);
    running[2] = 0;
    mine = &tasks[1];
    put_task(running[1], 2, "new");
    osi_elsewhere_tell(0, &layout, read_overtaken);
    check(1, &tasks[1], "newest");
    /* what comes later counts again */
    put_task(running[1], 2, "last");
    osi_elsewhere_tell(0, &layout, stub_read);
    check(1, &tasks[1], "last");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    stub_import("syscalls_current_thread", (gpointer)current_thread);
    stub_import("syscalls_thread_task", (gpointer)thread_task);
    osi_elsewhere_start(N_VCPUS);
    g_test_add_func("/elsewhere/told", test_told);
    g_test_add_func("/elsewhere/other-thread", test_other_thread);
    g_test_add_func("/elsewhere/unreadable", test_unreadable);
    g_test_add_func("/elsewhere/forgotten", test_forgotten);
    g_test_add_func("/elsewhere/overtaken", test_overtaken);
    return g_test_run();
}
