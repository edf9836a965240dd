/*
 * test_queries.c: the imports of osi_proc.h (osi_linux/queries.c) over a
 * kernel made up: what they give, that all of it is freed as documented (the
 * sanitizers' build sees leaks), and what they say when nothing is known or
 * nothing can be read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "asid.h"
#include "fake_kernel.h"
#include "kernel.h"
#include "live.h"
#include "plugin_stub.h"
#include "syscalls.h"
#include "../../osi_linux/system.h" /* syscalls has one, too */
#include "user_proc.h"

/* ---- In place of the parts around it ------------------------------------- */

static OsiKernel kernel;
static bool is_known;
static bool is_mapped; /* the kernel's memory */
static uint64_t current;

const OsiKernel *osi_kernel(void)
{
    return is_known ? &kernel : NULL;
}

bool osi_kernel_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return is_mapped && fk_view.reader.read(NULL, addr, buf, len);
}

uint64_t osi_asid_of(uint64_t pgd)
{
    return pgd ? pgd - FK_BASE : 0;
}

const OsiLive *osi_live(void)
{
    return NULL;
}

bool osi_live_read_user(uint64_t pgd, uint64_t addr, void *buf, size_t len)
{
    memset(buf, 0, len);
    return pgd == FK_BASE + 4096 && len < 100;
}

/* The only thread there is to ask about is the test's. */
static SyscallsThread *current_thread(unsigned int vcpu_index)
{
    return current ? (SyscallsThread *)&current : NULL;
}

static OsiTask adopted; /* known without any switch; taskd 0: none */

const OsiTask *osi_system_current(unsigned int vcpu_index)
{
    return adopted.identity.taskd ? &adopted : NULL;
}

static uint64_t thread_task(const SyscallsThread *thread)
{
    return current;
}

static bool is_system = true;

static bool system_mode(void)
{
    return is_system;
}

const char *qemu_plugin_path_to_binary(void)
{
    return g_strdup("/proc/self/exe");
}

void osi_user_guest_name(char comm[OSI_COMM_LEN])
{
    g_strlcpy(comm, "guest", OSI_COMM_LEN);
}

/* ---- The world ----------------------------------------------------------- */

static uint64_t init, shell;

static void start(void)
{
    uint64_t mm, root;

    fk_start(false);
    kernel = (OsiKernel){ .layout = fk_layout, .proc = fk_proc };
    is_known = is_mapped = true;
    init = fk_process(1, fk_root(), "init");
    shell = fk_process(10, init, "shell");
    fk_thread(shell, 11, "worker");
    fk_process(12, shell, "child");
    current = shell;
    mm = fk_alloc(64);
    fk_put_field(mm, &fk_layout.pgd, FK_BASE + 4096);
    fk_put_field(mm, &fk_proc.mm.arg_start, 1000);
    fk_put_field(mm, &fk_proc.mm.arg_end, 1007);
    fk_put_field(shell, &fk_layout.mm, mm);
    root = fk_hierarchy(0, 0, "");
    root = fk_root_cgroup(root);
    fk_join(shell, &root, 1);
}

static OsiProcHandle handle_of(uint64_t taskd)
{
    return (OsiProcHandle){ taskd, 0,
                            fk_get_field(taskd, &fk_layout.start_time) };
}

/* ---- Tests --------------------------------------------------------------- */

static void test_lists(void)
{
    g_autoptr(GArray) procs = NULL, handles = NULL, threads = NULL;
    g_autoptr(GArray) own = NULL, children = NULL;
    OsiProcHandle handle;
    const OsiProc *proc;
    bool complete;

    start();
    handle = handle_of(shell);
    procs = get_processes(0);
    g_assert_cmpuint(procs->len, ==, 3);
    proc = get_one_proc(procs, 1);
    g_assert_cmpint(proc->pid, ==, 10);
    g_assert_cmpint(proc->ppid, ==, 1);
    g_assert_cmpstr(proc->name, ==, "shell");
    g_assert_cmphex(proc->taskd, ==, shell);
    g_assert_cmphex(proc->asid, ==, 4096);
    g_assert_null(get_one_proc(procs, 3));
    g_assert_null(get_one_proc(NULL, 0));
    handles = get_process_handles(0);
    g_assert_cmpuint(handles->len, ==, 3);
    threads = get_threads(0, &complete);
    g_assert_true(complete);
    g_assert_cmpuint(threads->len, ==, 4);
    own = get_process_threads(0, &handle, &complete);
    g_assert_true(complete);
    g_assert_cmpuint(own->len, ==, 2);
    children = get_process_children(0, &handle, NULL);
    g_assert_cmpuint(children->len, ==, 1);
}

static void test_one(void)
{
    g_autofree OsiTaskInfo *info = NULL, *thread_info = NULL;
    g_autofree OsiProcHandle *found = NULL;
    g_autoptr(GByteArray) cmdline = NULL, environment = NULL;
    g_autoptr(GArray) cgroups = NULL;
    OsiProcHandle handle;
    OsiThread *thread;

    start();
    handle = handle_of(shell);
    g_assert_cmpint(get_process_pid(0, &handle), ==, 10);
    g_assert_cmpint(get_process_ppid(0, &handle), ==, 1);
    info = get_process_info(0, &handle);
    g_assert_cmphex(info->asid, ==, 4096);
    g_assert_cmpuint(info->n_threads, ==, 2);
    found = get_process_handle_by_pid(0, 10);
    g_assert_cmphex(found->taskd, ==, shell);
    g_assert_null(get_process_handle_by_pid(0, 11));
    thread = get_thread_by_tid(0, 11);
    g_assert_cmpint(thread->pid, ==, 10);
    thread_info = get_thread_info(0, thread);
    g_assert_cmpstr(thread_info->comm, ==, "worker");
    thread->tid++; /* as its own execve may have changed it */
    g_assert_null(get_thread_info(0, thread));
    thread->tid--;
    thread->start_time++;
    g_assert_null(get_thread_info(0, thread));
    g_free(thread); /* what free_osithread, of plugin.c, does */
    g_assert_null(get_thread_by_tid(0, 4711));
    cmdline = get_process_cmdline(0, &handle);
    g_assert_cmpuint(cmdline->len, ==, 7);
    environment = get_process_environment(0, &handle);
    g_assert_cmpuint(environment->len, ==, 0);
    cgroups = get_process_cgroups(0, &handle);
    g_assert_cmpuint(cgroups->len, ==, 1);
    g_assert_cmpstr(g_array_index(cgroups, OsiCgroup, 0).path, ==, "/");
}

/* All that takes a handle or a thread, with one that names nothing. */
static void check_unknown(const OsiProcHandle *handle)
{
    const OsiThread thread = { 10, 10, 4711, handle ? handle->taskd : 0 };
    bool complete = true;

    g_assert_cmpint(get_process_pid(0, handle), ==, -1);
    g_assert_cmpint(get_process_ppid(0, handle), ==, -1);
    g_assert_null(get_process_info(0, handle));
    g_assert_null(get_process_threads(0, handle, &complete));
    g_assert_false(complete);
    complete = true;
    g_assert_null(get_process_children(0, handle, &complete));
    g_assert_false(complete);
    g_assert_null(get_process_exe(0, handle));
    g_assert_null(get_process_cwd(0, handle));
    g_assert_null(get_process_root(0, handle));
    g_assert_null(get_process_cmdline(0, handle));
    g_assert_null(get_process_environment(0, handle));
    g_assert_null(get_process_cgroups(0, handle));
    g_assert_null(get_thread_info(0, handle ? &thread : NULL));
}

static void check_no_lists(void)
{
    bool complete = true;

    g_assert_null(get_processes(0));
    g_assert_null(get_process_handles(0));
    g_assert_null(get_threads(0, &complete));
    g_assert_false(complete);
    complete = true;
    g_assert_null(get_process_handles_checked(0, &complete));
    g_assert_false(complete);
    g_assert_null(get_process_handle_by_pid(0, 10));
    g_assert_null(get_thread_by_tid(0, 10));
}

static void test_unknown(void)
{
    OsiProcHandle handle;

    start();
    handle = handle_of(shell);
    check_unknown(NULL);
    /* another start, a thread that leads nothing, gone */
    handle.start_time++;
    check_unknown(&handle);
    handle = handle_of(fk_thread(shell, 13, "other"));
    g_assert_cmpint(get_process_pid(0, &handle), ==, -1);
    handle = handle_of(shell);
    fk_release(shell);
    check_unknown(&handle);
    /* out of reach; not known yet */
    start();
    handle = handle_of(shell);
    is_mapped = false;
    check_unknown(&handle);
    check_no_lists();
    is_mapped = true;
    is_known = false;
    check_unknown(&handle);
    check_no_lists();
}

/* No thread is known, and no first task was ever seen where it is said. */
static void test_no_root(void)
{
    start();
    fk_put_field(fk_root(), &fk_layout.pid, 1);
    check_no_lists();
    current = 0;
    check_no_lists();
    /* no switch was seen, but it is known who runs */
    start();
    fk_put_field(fk_root(), &fk_layout.pid, 1);
    check_no_lists(); /* what was found before is not so any more */
    fk_put_field(init, &fk_layout.pid, 0); /* now this one is the first */
    fk_put_field(init, &fk_layout.tgid, 0);
    fk_put_field(init, &fk_layout.real_parent, init);
    fk_list_init(init + fk_proc.task.tasks.offset);
    current = 0;
    check_no_lists();
    adopted.identity.taskd = shell;
    g_array_unref(get_processes(0));
    adopted.identity.taskd = 0;
}

/* Before each read the first process becomes the last. */
static void rotate(uint64_t addr)
{
    uint64_t head = fk_root() + fk_proc.task.tasks.offset;
    uint64_t next = fk_get(head, 8);

    fk_list_del(next);
    fk_list_add_tail(next, head);
}

/* A question ends, whatever the lists do. */
static void test_bounds(void)
{
    g_autoptr(GArray) handles = NULL;
    bool complete = true;

    start();
    g_array_unref(get_processes(0)); /* the root is known from now on */
    fk_before_read = rotate;
    fk_reads = 0;
    handles = get_process_handles_checked(0, &complete);
    g_assert_false(complete);
    g_assert_cmpuint(fk_reads, <, 100000);
}

/* ---- User mode ----------------------------------------------------------- */

/* Of its own process, and of no other. */
static void test_user(void)
{
    const OsiProcHandle own = { 0 }, other = { .taskd = shell };
    g_autofree OsiTaskInfo *info = NULL;
    g_autofree OsiProcHandle *found = NULL;
    g_autofree char *cwd = NULL, *folder = g_get_current_dir();
    g_autofree char *exe = NULL, *self = g_file_read_link("/proc/self/exe",
                                                          NULL);
    g_autoptr(GArray) procs = NULL, handles = NULL, cgroups = NULL;
    bool complete = true;

    is_system = false;
    check_unknown(&other);
    check_unknown(NULL);
    procs = get_processes(0);
    g_assert_cmpint(get_one_proc(procs, 0)->pid, ==, getpid());
    g_assert_cmpstr(get_one_proc(procs, 0)->name, ==, "guest");
    handles = get_process_handles_checked(0, &complete);
    g_assert_cmpuint(handles->len, ==, 1);
    g_assert_false(complete);
    found = get_process_handle_by_pid(0, getpid());
    g_assert_cmphex(found->taskd, ==, 0);
    g_assert_null(get_process_handle_by_pid(0, 1));
    g_assert_null(get_threads(0, NULL));
    g_assert_null(get_process_threads(0, &own, NULL));
    g_assert_cmpint(get_process_ppid(0, &own), ==, getppid());
    info = get_process_info(0, &own);
    g_assert_cmpint(info->sid, ==, getsid(0));
    g_assert_cmpint(info->pgid, ==, getpgrp());
    g_assert_cmpuint(info->euid, ==, geteuid());
    g_assert_cmpuint(info->egid, ==, getegid());
    g_assert_cmpint(info->nice, ==, getpriority(PRIO_PROCESS, 0));
    g_assert_cmpint(info->policy, ==, sched_getscheduler(0));
    g_assert_cmpint(info->ns_pids[info->n_ns_pids - 1], ==, getpid());
    g_assert_cmpuint(info->ns[OSI_NS_MNT], !=, 0);
    cwd = get_process_cwd(0, &own);
    g_assert_cmpstr(cwd, ==, folder);
    exe = get_process_exe(0, &own);
    g_assert_cmpstr(exe, ==, self);
    g_assert_null(get_process_cmdline(0, &own));
    g_assert_null(get_process_environment(0, &own));
    cgroups = get_process_cgroups(0, &own);
    g_assert_cmpuint(cgroups ? cgroups->len : 1, >=, 1);
    is_system = true;
}

static void test_user_stat(void)
{
    static const char stat[] =
        "7 (a) (b) S 1 2 3 0 -1 4194560 1 2 3 4 5 6 7 8 -2 -20 1 0 250 1000 "
        "1 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 99 2 0\n";
    OsiTaskInfo info = { 0 };

    g_assert_true(osi_user_parse_stat(stat, 10000000, &info));
    g_assert_cmpstr(info.comm, ==, "a) (b");
    g_assert_cmpint(info.state, ==, 'S');
    g_assert_cmpint(info.ppid, ==, 1);
    g_assert_cmpint(info.pgid, ==, 2);
    g_assert_cmpint(info.sid, ==, 3);
    g_assert_cmpint(info.priority, ==, -2);
    g_assert_cmpint(info.nice, ==, -20);
    g_assert_cmpuint(info.start_boottime, ==, 2500000000);
    g_assert_cmpuint(info.rt_priority, ==, 99);
    g_assert_cmpint(info.policy, ==, 2);
    g_assert_false(osi_user_parse_stat("", 1, &info));
    g_assert_false(osi_user_parse_stat("7 (a", 1, &info));
    g_assert_false(osi_user_parse_stat("7 )a( S 1", 1, &info));
    g_assert_false(osi_user_parse_stat("7 (a) S 1 2 3", 1, &info));
}

static void test_user_texts(void)
{
    g_autoptr(GArray) cgroups = NULL;
    g_autoptr(GString) deep = g_string_new("\nUid:\t1\t2\t3\t4\n"
                                           "Gid:\t5\t6\t7\t8\nNSpid:");
    OsiTaskInfo info = { 0 };

    for (int i = 0; i < 100; i++) {
        g_string_append_printf(deep, "\t%d", i);
    }
    g_assert_true(osi_user_parse_status(deep->str, &info));
    g_assert_cmpuint(info.fsuid, ==, 4);
    g_assert_cmpuint(info.fsgid, ==, 8);
    g_assert_cmpuint(info.n_ns_pids, ==, OSI_MAX_PID_NS);
    g_assert_false(osi_user_parse_status("\nUid:\t1\t2\n", &info));
    cgroups = osi_user_parse_cgroups("2:cpu,x:/a:b\n0::/c (deleted)\n");
    g_assert_cmpuint(cgroups->len, ==, 2);
    g_assert_cmpstr(g_array_index(cgroups, OsiCgroup, 0).path, ==, "/a:b");
    g_assert_cmpstr(g_array_index(cgroups, OsiCgroup, 1).path, ==, "/c");
    g_assert_true(g_array_index(cgroups, OsiCgroup, 1).deleted);
    g_assert_null(osi_user_parse_cgroups(""));
    g_assert_null(osi_user_parse_cgroups("nonsense\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    stub_import("syscalls_current_thread", current_thread);
    stub_import("syscalls_thread_task", thread_task);
    stub_import("syscalls_system_mode", system_mode);
    g_test_add_func("/queries/lists", test_lists);
    g_test_add_func("/queries/one", test_one);
    g_test_add_func("/queries/unknown", test_unknown);
    g_test_add_func("/queries/no-root", test_no_root);
    g_test_add_func("/queries/bounds", test_bounds);
    g_test_add_func("/queries/user", test_user);
    g_test_add_func("/queries/user-stat", test_user_stat);
    g_test_add_func("/queries/user-texts", test_user_texts);
    return g_test_run();
}
