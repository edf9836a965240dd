/*
 * test_proc.c: lists of tasks and what one is (osi_linux/klist.c, tasks.c,
 * process.c, namespaces.c), in a kernel made up: both byte orders, lists that
 * change while they are walked, and a hostile kernel.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fake_kernel.h"
#include "klist.h"
#include "process.h"
#include "tasks.h"

static void for_both(void (*check)(void))
{
    fk_start(false);
    check();
    fk_start(true);
    check();
    fk_before_read = NULL;
}

/* The tids of OsiTasks as "1 2 3", without @other, once at most. */
static char *numbers_without(const GArray *tasks, int other)
{
    GString *text = g_string_new(NULL);
    unsigned int n_others = 0;

    for (guint i = 0; i < tasks->len; i++) {
        int tid = g_array_index(tasks, OsiTask, i).identity.tid;

        if (tid == other) {
            n_others++;
        } else {
            g_string_append_printf(text, "%s%d", text->len ? " " : "", tid);
        }
    }
    g_assert_cmpuint(n_others, <=, 1);
    return g_string_free(text, FALSE);
}

typedef bool (*Lister)(const OsiView *v, uint64_t taskd, GArray *tasks);

static void check_list(Lister list, uint64_t taskd, bool complete,
                       const char *expected)
{
    g_autoptr(GArray) tasks = g_array_new(FALSE, FALSE, sizeof(OsiTask));
    g_autofree char *numbers = NULL;

    g_assert_cmpint(list(&fk_view, taskd, tasks), ==, complete);
    numbers = numbers_without(tasks, -1);
    g_assert_cmpstr(numbers, ==, expected);
}

/* ---- Lists --------------------------------------------------------------- */

static uint64_t init, kthreadd, shell, child;

static void make_world(void)
{
    init = fk_process(1, fk_root(), "init");
    kthreadd = fk_process(2, fk_root(), "kthreadd");
    shell = fk_process(10, init, "shell");
    child = fk_process(11, shell, "child");
    fk_thread(shell, 12, "worker");
    fk_process(13, fk_thread(shell, 14, "worker2"), "of a thread");
}

static void lists_once(void)
{
    uint64_t idle;

    make_world();
    check_list(osi_tasks_processes, fk_root(), true, "1 2 10 11 13");
    check_list(osi_tasks_threads, shell, true, "10 12 14");
    check_list(osi_tasks_threads, init, true, "1");
    check_list(osi_tasks_children, fk_root(), true, "1 2");
    check_list(osi_tasks_children, shell, true, "11 13");
    check_list(osi_tasks_children, child, true, "");
    g_assert_cmphex(osi_tasks_root(&fk_view, child), ==, fk_root());
    g_assert_cmphex(osi_tasks_root(&fk_view, fk_root()), ==, fk_root());
    g_assert_true(osi_tasks_is_root(&fk_view, fk_root()));
    g_assert_false(osi_tasks_is_root(&fk_view, init));
    /* the idle task of another CPU: pid 0, too, and in no list */
    idle = fk_thread(init, 0, "swapper/1");
    fk_put_field(idle, &fk_layout.tgid, 0);
    fk_put_field(idle, &fk_layout.real_parent, init);
    g_assert_false(osi_tasks_is_root(&fk_view, idle));
    g_assert_cmphex(osi_tasks_root(&fk_view, idle), ==, fk_root());
}

static void test_lists(void)
{
    for_both(lists_once);
}

static void gone_once(void)
{
    OsiTask task;

    make_world();
    g_assert_true(osi_tasks_read(&fk_view, child, 1000011, &task));
    g_assert_false(osi_tasks_read(&fk_view, child, 1000012, &task));
    fk_release(child);
    g_assert_false(osi_tasks_read(&fk_view, child, 1000011, &task));
    check_list(osi_tasks_processes, fk_root(), true, "1 2 10 13");
    check_list(osi_tasks_children, shell, true, "13");
    /* in the list still, but not waited for any more */
    fk_put_field(kthreadd, &fk_layout.sighand, 0);
    check_list(osi_tasks_processes, fk_root(), true, "1 10 13");
    /* a thread that took the leader's place is none of this leader's */
    fk_put_field(fk_thread(init, 15, "other"), &fk_layout.group_leader,
                 shell);
    check_list(osi_tasks_threads, init, true, "1");
}

static void test_gone(void)
{
    for_both(gone_once);
}

/* ---- Races --------------------------------------------------------------- */

static uint64_t victim;     /* which goes ... */
static uint64_t trigger;    /* ... before this is read ... */
static bool comes_back;     /* ... and its memory is used for a new one */

static void release_victim(uint64_t addr)
{
    uint64_t root_list = fk_root() + fk_proc.task.tasks.offset;

    if (addr != trigger || !victim) {
        return;
    }
    fk_release(victim);
    if (comes_back) {
        fk_put_field(victim, &fk_layout.pid, 99);
        fk_put_field(victim, &fk_layout.tgid, 99);
        fk_put_field(victim, &fk_layout.sighand, 1);
        fk_put_field(victim, &fk_layout.thread_pid, 1);
        fk_list_add_tail(victim + fk_proc.task.tasks.offset, root_list);
    }
    victim = 0;
}

/*
 * One of ten processes goes at each step of the walk: the nine others must
 * be there.
 */
static void race_once(void)
{
    for (int gone = 0; gone < 10; gone++) {
        for (int when = 0; when < 10; when++) {
            g_autoptr(GString) expected = g_string_new(NULL);
            g_autoptr(GArray) tasks = g_array_new(FALSE, FALSE,
                                                  sizeof(OsiTask));
            g_autofree char *numbers = NULL;
            uint64_t taskd[10];

            fk_start(fk_layout.big_endian);
            for (int i = 0; i < 10; i++) {
                taskd[i] = fk_process(i + 1, fk_root(), "p");
                if (i != gone) {
                    g_string_append_printf(expected, "%s%d",
                                           expected->len ? " " : "", i + 1);
                }
            }
            victim = taskd[gone];
            trigger = taskd[when] + fk_proc.task.tasks.offset;
            fk_before_read = release_victim;
            g_assert_true(osi_tasks_processes(&fk_view, fk_root(), tasks));
            numbers = numbers_without(tasks, 99);
            g_assert_cmpstr(numbers, ==, expected->str);
            g_assert_cmpuint(fk_reads, <, 300);
        }
    }
}

static void test_race(void)
{
    comes_back = false;
    for_both(race_once);
    comes_back = true;
    for_both(race_once);
}

/* Something is added behind every node that is read: it never comes round. */
static void grow_for_ever(uint64_t addr)
{
    static bool inside;
    uint64_t head = fk_root() + fk_proc.task.tasks.offset;
    uint64_t node = FK_BASE + FK_SIZE - 64 - fk_reads % 512 * 64;

    if (!inside && fk_reads < 100000) {
        inside = true;
        fk_list_add_tail(node, head);
        inside = false;
    }
}

static void endless_once(void)
{
    g_autoptr(GArray) nodes = g_array_new(FALSE, FALSE, sizeof(uint64_t));

    fk_process(1, fk_root(), "init");
    fk_before_read = grow_for_ever;
    osi_klist_collect(&fk_view, fk_root() + fk_proc.task.tasks.offset, 100,
                      nodes);
    g_assert_cmpuint(nodes->len, <=, 100);
    g_assert_cmpuint(fk_reads, <, 10000);
}

static void test_endless(void)
{
    for_both(endless_once);
}

/* ---- What one is --------------------------------------------------------- */

static OsiTaskInfo info_of(uint64_t taskd)
{
    OsiTask task = { 0 };
    OsiTaskInfo info;

    g_assert_true(osi_task_read(&fk_layout, fk_view.reader.read, NULL, taskd,
                                true, &task));
    g_assert_true(osi_process_info(&fk_view, &task, &info));
    return info;
}

static void info_once(void)
{
    static const int nested[] = { 11, 5, 1 };
    OsiTaskInfo i;

    make_world();
    fk_put_field(child, &fk_layout.thread_pid, fk_pid(nested, 3));
    fk_put_field(child, &fk_proc.task.flags, 4);
    fk_put_field(child, &fk_proc.task.static_prio, 139);
    fk_put_field(child, &fk_proc.task.prio, (uint32_t)-1);
    fk_put_field(child, &fk_proc.task.rt_priority, 99);
    fk_put_field(child, &fk_proc.task.policy, 1);
    i = info_of(child);
    g_assert_cmpint(i.pid, ==, 11);
    g_assert_cmpint(i.ppid, ==, 10);
    g_assert_cmpint(i.pgid, ==, 11);
    g_assert_cmpint(i.sid, ==, 11);
    g_assert_cmpuint(i.uid, ==, 1004);
    g_assert_cmpuint(i.gid, ==, 1008);
    g_assert_cmpuint(i.suid, ==, 1012);
    g_assert_cmpuint(i.fsgid, ==, 1032);
    g_assert_cmpuint(i.n_threads, ==, 1);
    g_assert_cmpint(i.nice, ==, 19);
    g_assert_cmpint(i.priority, ==, -101);
    g_assert_cmpint(i.policy, ==, 1);
    g_assert_cmpuint(i.rt_priority, ==, 99);
    g_assert_cmpuint(i.start_time, ==, 1000011);
    g_assert_cmpuint(i.start_boottime, ==, 2000011);
    g_assert_true(i.exiting);
    g_assert_false(i.kernel_thread);
    g_assert_cmpuint(i.n_ns_pids, ==, 3);
    g_assert_cmpint(i.ns_pids[0], ==, 11);
    g_assert_cmpint(i.ns_pids[2], ==, 1);
    g_assert_cmpuint(i.ns[OSI_NS_PID], ==, 102);
    g_assert_cmpuint(i.ns[OSI_NS_USER], ==, 4026531837u);
    g_assert_cmpuint(i.ns[OSI_NS_UTS], ==, 4026531840u + OSI_NS_UTS);
    i = info_of(shell);
    g_assert_cmpuint(i.n_threads, ==, 3);
    /* a zombie has no namespaces but its pid's and its user's */
    fk_put_field(shell, &fk_proc.task.nsproxy, 0);
    i = info_of(shell);
    g_assert_cmpuint(i.ns[OSI_NS_NET], ==, 0);
    g_assert_cmpuint(i.ns[OSI_NS_PID], ==, 100);
}

static void test_info(void)
{
    for_both(info_once);
}

static void state_once(void)
{
    static const struct {
        uint32_t state, exit_state;
        char letter;
    } cases[] = {
        { 0, 0, 'R' }, { 1, 0, 'S' }, { 2, 0, 'D' }, { 0x104, 0, 'T' },
        { 8, 0, 't' }, { 0x80, 0x10, 'X' }, { 0x80, 0x20, 'Z' },
        { 0x40, 0, 'P' }, { 0x402, 0, 'I' }, { 0x800, 0, 'R' },
        { 0x1000, 0, 'D' }, { 0x8000, 0, 'D' }, { 0x102, 0, 'D' },
        { 0xffffffff, 0xffffffff, 'D' }, { 0x7f, 0, 'P' },
    };

    init = fk_process(1, fk_root(), "init");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        fk_put_field(init, &fk_proc.task.state, cases[i].state);
        fk_put_field(init, &fk_proc.task.exit_state, cases[i].exit_state);
        g_assert_cmpint(info_of(init).state, ==, cases[i].letter);
    }
    fk_proc.task.state.size = 0;
    g_assert_cmpint(info_of(init).state, ==, '?');
}

static void test_state(void)
{
    for_both(state_once);
}

/* ---- Names of kernel threads --------------------------------------------- */

/* A kernel thread with its struct kthread and, if @work, its struct worker. */
static uint64_t kthread_new(int pid, const char *comm, const char *full_name,
                            bool work)
{
    uint64_t taskd = fk_process(pid, kthreadd, comm);
    uint64_t kthread = fk_alloc(64);

    fk_put_field(taskd, &fk_proc.task.flags, 0x00200000 | (work ? 0x20 : 0));
    fk_put_field(taskd, &fk_proc.kthread.of_task, kthread);
    if (full_name) {
        fk_put_field(kthread, &fk_proc.kthread.full_name,
                     fk_string(full_name));
    }
    if (work) {
        fk_put_field(kthread, &fk_proc.kthread.data, fk_alloc(64));
    }
    return taskd;
}

static uint64_t worker_of(uint64_t taskd)
{
    return fk_get_field(fk_get_field(taskd, &fk_proc.kthread.of_task),
                        &fk_proc.kthread.data);
}

static void put_text(uint64_t base, const OsiField *field, const char *text)
{
    memcpy(fk_bytes() + (base - FK_BASE) + field->offset, text,
           strnlen(text, field->size));
}

static void check_name(uint64_t taskd, const char *expected)
{
    OsiTaskInfo info = info_of(taskd);

    g_assert_cmpstr(info.name, ==, expected);
}

static void names_once(void)
{
    g_autofree char *longer = g_strnfill(100, 'x');
    g_autofree char *longest = g_strnfill(OSI_NAME_LEN - 1, 'x');
    uint64_t one, queue;

    make_world();
    check_name(child, "child");
    check_name(kthreadd, "kthreadd");
    check_name(kthread_new(20, "short", NULL, false), "short");
    check_name(kthread_new(21, "irq/24-a-device", "irq/24-a-device-name",
                           false), "irq/24-a-device-name");
    check_name(kthread_new(22, "xxxxxxxxxxxxxxx", longer, false), longest);
    /* whoever is no kernel thread uses worker_private for other things */
    fk_put_field(child, &fk_proc.kthread.of_task, 8);
    check_name(child, "child");

    one = kthread_new(23, "kworker/u16:100", "kworker/u16:1000", true);
    check_name(one, "kworker/dying");
    fk_put_field(worker_of(one), &fk_proc.kthread.pool, 1);
    check_name(one, "kworker/u16:1000");
    put_text(worker_of(one), &fk_proc.kthread.desc, "events_unbound");
    check_name(one, "kworker/u16:1000-events_unbound");
    fk_put_field(worker_of(one), &fk_proc.kthread.current_work, 1);
    check_name(one, "kworker/u16:1000+events_unbound");
    put_text(worker_of(one), &fk_proc.kthread.desc,
             "a description without an end");
    check_name(one, "kworker/u16:1000+a description without an");

    queue = fk_alloc(64);
    put_text(queue, &fk_proc.kthread.wq_name, "slub_flushwq");
    one = kthread_new(24, "kworker/R-slub_", NULL, true);
    fk_put_field(worker_of(one), &fk_proc.kthread.rescue_wq, queue);
    check_name(one, "kworker/R-slub_flushwq");
    /* before 6.10 it is what it is called in its task_struct */
    fk_proc.kthread.whole_ids = false;
    check_name(one, "kworker/R-slub_");
    fk_proc.kthread.whole_ids = true;

    /* nonsense: what is known is said */
    fk_put_field(worker_of(one), &fk_proc.kthread.rescue_wq, 8);
    check_name(one, "kworker/R-slub_");
    fk_put_field(one, &fk_proc.kthread.of_task, UINT64_MAX - 3);
    check_name(one, "kworker/R-slub_");
    fk_proc.kthread.of_task.size = 0;
    check_name(one, "kworker/R-slub_");
}

static void test_names(void)
{
    for_both(names_once);
}

/* What a kernel lacks, or what cannot be read, is unknown. */
static void unknown_once(void)
{
    OsiTaskInfo i;

    make_world();
    fk_put_field(child, &fk_layout.real_cred, 8);
    fk_put_field(child, &fk_proc.task.signal, UINT64_MAX - 7);
    fk_put_field(child, &fk_proc.task.nsproxy, 1);
    i = info_of(child);
    g_assert_cmpuint(i.uid, ==, UINT32_MAX);
    g_assert_cmpuint(i.fsgid, ==, UINT32_MAX);
    g_assert_cmpuint(i.ns[OSI_NS_USER], ==, 0);
    g_assert_cmpint(i.pgid, ==, -1);
    g_assert_cmpint(i.sid, ==, -1);
    g_assert_cmpuint(i.n_threads, ==, 0);
    g_assert_cmpuint(i.ns[OSI_NS_MNT], ==, 0);
    memset(&fk_proc, 0, sizeof(fk_proc));
    fk_layout.uid.size = 0;
    fk_proc.pid.pgid = fk_proc.pid.sid = -1;
    i = info_of(shell);
    g_assert_cmpint(i.pid, ==, 10);
    g_assert_cmpint(i.nice, ==, OSI_NICE_UNKNOWN);
    g_assert_cmpint(i.priority, ==, OSI_NICE_UNKNOWN);
    g_assert_cmpint(i.policy, ==, -1);
    g_assert_cmpint(i.pgid, ==, -1);
    g_assert_cmpuint(i.n_ns_pids, ==, 0);
    g_assert_cmpuint(i.ns[OSI_NS_PID], ==, 0);
    g_assert_cmpuint(i.uid, ==, UINT32_MAX);
    check_list(osi_tasks_processes, fk_root(), false, "");
    check_list(osi_tasks_threads, shell, false, "");
    check_list(osi_tasks_children, shell, false, "");
    g_assert_cmphex(osi_tasks_root(&fk_view, shell), ==, 0);
}

static void test_unknown(void)
{
    for_both(unknown_once);
}

/* Pids that are no thread's, or not the task's own. */
static void pids_once(void)
{
    static const int other[] = { 12, 1 }, impossible[] = { 11, 4194305 };
    uint64_t pid;

    make_world();
    fk_put_field(child, &fk_layout.thread_pid, fk_pid(other, 2));
    g_assert_cmpuint(info_of(child).n_ns_pids, ==, 0);
    fk_put_field(child, &fk_layout.thread_pid, fk_pid(impossible, 2));
    g_assert_cmpuint(info_of(child).n_ns_pids, ==, 0);
    pid = fk_pid(other, 2);
    fk_put_field(child, &fk_layout.thread_pid, pid);
    fk_put_field(pid, &fk_proc.pid.level, OSI_MAX_PID_NS);
    g_assert_cmpuint(info_of(child).n_ns_pids, ==, 0);
    fk_put_field(pid, &fk_proc.pid.level, UINT32_MAX);
    g_assert_cmpuint(info_of(child).n_ns_pids, ==, 0);
}

static void test_pids(void)
{
    for_both(pids_once);
}

/* ---- A hostile kernel ---------------------------------------------------- */

static void broken_once(void)
{
    uint64_t node, root_list = fk_root() + fk_proc.task.tasks.offset;

    make_world();
    node = shell + fk_proc.task.tasks.offset;
    /* to itself, to nowhere, back to the first, past the next */
    fk_put(node, node, 8);
    check_list(osi_tasks_processes, fk_root(), false, "1 2 10");
    fk_put(node, 0, 8);
    check_list(osi_tasks_processes, fk_root(), false, "1 2");
    fk_put(node, UINT64_MAX - 3, 8);
    check_list(osi_tasks_processes, fk_root(), false, "1 2 10");
    fk_put(node, init + fk_proc.task.tasks.offset, 8);
    check_list(osi_tasks_processes, fk_root(), false, "1 2 10");
    fk_put(node, root_list, 8);
    check_list(osi_tasks_processes, fk_root(), false, "1 2 10");
    g_assert_cmpuint(fk_reads, <, 40000);
    /* parents in a circle */
    fk_put_field(init, &fk_layout.real_parent, shell);
    fk_reads = 0;
    g_assert_cmphex(osi_tasks_root(&fk_view, child), ==, 0);
    g_assert_cmpuint(fk_reads, <, 200000);
    /* a first task whose list is another's */
    fk_put(root_list, node, 8);
    g_assert_false(osi_tasks_is_root(&fk_view, fk_root()));
    check_list(osi_tasks_processes, 0, false, "");
}

static void test_broken(void)
{
    for_both(broken_once);
}

/* Words of the whole world, one at a time and many, are made others. */
static void test_random(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(4711);
    GArray *tasks = g_array_new(FALSE, FALSE, sizeof(OsiTask));

    for (int round = 0; round < 3000; round++) {
        uint64_t words;

        fk_start(round & 1);
        make_world();
        words = (fk_alloc(1) - FK_BASE) / 8;
        for (int n = 1 + round % 30; n > 0; n--) {
            uint64_t at = FK_BASE + 8 * g_rand_int_range(rand, 0, words);
            uint64_t to = FK_BASE + 8 * g_rand_int_range(rand, 0, words);

            fk_put(at, g_rand_int_range(rand, 0, 4) ? to
                       : (uint64_t)g_rand_int(rand) << 32 |
                             g_rand_int(rand), 8);
        }
        g_array_set_size(tasks, 0);
        osi_tasks_processes(&fk_view, osi_tasks_root(&fk_view, child),
                            tasks);
        osi_tasks_threads(&fk_view, shell, tasks);
        osi_tasks_children(&fk_view, shell, tasks);
        for (guint i = 0; i < tasks->len; i++) {
            OsiTaskInfo info;

            osi_process_info(&fk_view, &g_array_index(tasks, OsiTask, i),
                             &info);
        }
        g_assert_cmpuint(tasks->len, <, 200);
        g_assert_cmpuint(fk_reads, <, 300000);
    }
    g_array_unref(tasks);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proc/lists", test_lists);
    g_test_add_func("/proc/gone", test_gone);
    g_test_add_func("/proc/race", test_race);
    g_test_add_func("/proc/endless", test_endless);
    g_test_add_func("/proc/info", test_info);
    g_test_add_func("/proc/state", test_state);
    g_test_add_func("/proc/names", test_names);
    g_test_add_func("/proc/unknown", test_unknown);
    g_test_add_func("/proc/pids", test_pids);
    g_test_add_func("/proc/broken", test_broken);
    g_test_add_func("/proc/random", test_random);
    return g_test_run();
}
