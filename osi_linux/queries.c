/*
 * queries.c: the imports of osi_proc.h, which read the guest when called:
 * lists of processes and threads, and what one of them is.
 *
 * In user mode the host answers (user_proc.c), or nobody.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <unistd.h>

#include "args.h"
#include "asid.h"
#include "cgroup.h"
#include "kernel.h"
#include "live.h"
#include "process.h"
#include "syscalls.h"
#include "system.h"
#include "tasks.h"
#include "user_proc.h"

/* About 60 for each of the OSI_MAX_TASKS; some seconds. */
#define MAX_READS (4u << 20)

typedef struct Query {
    OsiView view;
    OsiBudget budget;
} Query;

/* The guest is a program, and what is known of it the host's. */
static bool is_user_mode(void)
{
    return !syscalls_system_mode_qpp();
}

static _Atomic uint64_t root; /* of all tasks; 0: not known yet */

/* ---- Looking ------------------------------------------------------------- */

void osi_queries_forget(void)
{
    atomic_store(&root, 0);
}

/* False: nothing is known of the kernel (yet). */
static bool query_begin(Query *q)
{
    const OsiKernel *kernel = osi_kernel();

    if (!kernel) {
        return false;
    }
    q->budget = (OsiBudget){
        { osi_kernel_read, NULL, kernel->layout.big_endian }, MAX_READS,
    };
    q->view = (OsiView){ .reader = osi_budget_reader(&q->budget),
                         .layout = &kernel->layout,
                         .proc = &kernel->proc };
    return true;
}

/* A task to begin at: the one that the vCPU runs; 0: unknown. */
static uint64_t any_task(unsigned int vcpu_index)
{
    SyscallsThread *thread = syscalls_current_thread_qpp(vcpu_index);
    const OsiTask *task;

    if (thread) {
        return syscalls_thread_task_qpp(thread);
    }
    /* A guest that was running already, before its first switch. */
    task = osi_system_current(vcpu_index);
    return task ? task->identity.taskd : 0;
}

/* The first task; 0: unknown, or out of reach. */
static uint64_t find_root(const OsiView *v, unsigned int vcpu_index)
{
    uint64_t taskd = atomic_load(&root);

    if (taskd && osi_tasks_is_root(v, taskd)) {
        return taskd;
    }
    taskd = any_task(vcpu_index);
    taskd = taskd ? osi_tasks_root(v, taskd) : 0;
    if (taskd) {
        atomic_store(&root, taskd);
    }
    return taskd;
}

static void give_asid(OsiTask *task)
{
    task->identity.asid = osi_asid_of(task->pgd);
}

static GArray *tasks_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(OsiTask));
}

/* The leaders of all processes; NULL: unknown. */
static GArray *all_leaders(Query *q, unsigned int vcpu_index, bool *complete)
{
    uint64_t first;
    GArray *tasks;

    if (!query_begin(q) || !(first = find_root(&q->view, vcpu_index))) {
        return NULL;
    }
    tasks = tasks_new();
    *complete = osi_tasks_processes(&q->view, first, tasks);
    return tasks;
}

/* Begins a query and reads the leader that @handle names. */
static bool query_process(Query *q, const OsiProcHandle *handle,
                          OsiTask *task)
{
    if (!handle || !query_begin(q) ||
        !osi_tasks_read(&q->view, handle->taskd, handle->start_time, task) ||
        task->leader != handle->taskd) {
        return false;
    }
    give_asid(task);
    return true;
}

/* ---- What is handed out -------------------------------------------------- */

static void clear_proc(void *proc)
{
    g_free(((OsiProc *)proc)->name);
}

static GArray *procs_of(const GArray *tasks)
{
    GArray *procs = g_array_sized_new(FALSE, TRUE, sizeof(OsiProc),
                                      tasks->len);

    g_array_set_clear_func(procs, clear_proc);
    for (guint i = 0; i < tasks->len; i++) {
        const OsiTask *task = &g_array_index(tasks, OsiTask, i);
        OsiProc proc = {
            .taskd = task->identity.taskd,
            .asid = osi_asid_of(task->pgd),
            .pid = task->identity.pid,
            .ppid = task->identity.ppid,
            .uid = task->identity.uid,
            .name = g_strdup(task->identity.comm),
            .create_time = task->identity.start_time,
        };

        g_array_append_val(procs, proc);
    }
    return procs;
}

static OsiProcHandle handle_of(const OsiTask *task)
{
    return (OsiProcHandle){ task->identity.taskd, osi_asid_of(task->pgd),
                            task->identity.start_time };
}

static GArray *handles_of(const GArray *tasks)
{
    GArray *handles = g_array_sized_new(FALSE, TRUE, sizeof(OsiProcHandle),
                                        tasks->len);

    for (guint i = 0; i < tasks->len; i++) {
        OsiProcHandle handle = handle_of(&g_array_index(tasks, OsiTask, i));

        g_array_append_val(handles, handle);
    }
    return handles;
}

static OsiThread thread_of(const OsiTask *task)
{
    return (OsiThread){ task->identity.pid, task->identity.tid,
                        task->identity.start_time, task->identity.taskd };
}

static GArray *threads_of(const GArray *tasks)
{
    GArray *threads = g_array_sized_new(FALSE, TRUE, sizeof(OsiThread),
                                        tasks->len);

    for (guint i = 0; i < tasks->len; i++) {
        OsiThread thread = thread_of(&g_array_index(tasks, OsiTask, i));

        g_array_append_val(threads, thread);
    }
    return threads;
}

static void tell(bool *where, bool value)
{
    if (where) {
        *where = value;
    }
}

/* ---- Lists --------------------------------------------------------------- */

QEMU_PLUGIN_EXPORT GArray *get_processes(unsigned int vcpu_index)
{
    Query q;
    bool complete;
    g_autoptr(GArray) tasks = NULL;

    if (is_user_mode()) {
        return osi_user_processes();
    }
    tasks = all_leaders(&q, vcpu_index, &complete);
    return tasks ? procs_of(tasks) : NULL;
}

QEMU_PLUGIN_EXPORT GArray *
get_process_handles_checked(unsigned int vcpu_index, bool *complete)
{
    Query q;
    bool all = false;
    g_autoptr(GArray) tasks = NULL;

    if (is_user_mode()) {
        tell(complete, false); /* there are others on the host */
        return osi_user_handles();
    }
    tasks = all_leaders(&q, vcpu_index, &all);
    tell(complete, all);
    return tasks ? handles_of(tasks) : NULL;
}

QEMU_PLUGIN_EXPORT GArray *get_process_handles(unsigned int vcpu_index)
{
    return get_process_handles_checked(vcpu_index, NULL);
}

QEMU_PLUGIN_EXPORT GArray *get_threads(unsigned int vcpu_index,
                                       bool *complete)
{
    Query q;
    bool all = false;
    g_autoptr(GArray) leaders = all_leaders(&q, vcpu_index, &all);
    g_autoptr(GArray) tasks = tasks_new();

    for (guint i = 0; leaders && i < leaders->len; i++) {
        if (tasks->len >= OSI_MAX_TASKS) {
            all = false;
            break;
        }
        all = osi_tasks_threads(
                  &q.view, g_array_index(leaders, OsiTask, i).identity.taskd,
                  tasks) && all;
    }
    tell(complete, all);
    return leaders ? threads_of(tasks) : NULL;
}

/* What @collect finds of the process; NULL: unknown. */
static GArray *tasks_of(const OsiProcHandle *handle,
                        bool (*collect)(const OsiView *v, uint64_t leader,
                                        GArray *tasks),
                        bool *complete)
{
    GArray *tasks;
    Query q;
    OsiTask leader;

    tell(complete, false);
    if (!query_process(&q, handle, &leader)) {
        return NULL;
    }
    tasks = tasks_new();
    tell(complete, collect(&q.view, handle->taskd, tasks));
    return tasks;
}

QEMU_PLUGIN_EXPORT GArray *
get_process_threads(unsigned int vcpu_index, const OsiProcHandle *handle,
                    bool *complete)
{
    g_autoptr(GArray) tasks = tasks_of(handle, osi_tasks_threads, complete);

    return tasks ? threads_of(tasks) : NULL;
}

QEMU_PLUGIN_EXPORT GArray *
get_process_children(unsigned int vcpu_index, const OsiProcHandle *handle,
                     bool *complete)
{
    g_autoptr(GArray) tasks = tasks_of(handle, osi_tasks_children, complete);

    return tasks ? handles_of(tasks) : NULL;
}

QEMU_PLUGIN_EXPORT OsiProc *get_one_proc(GArray *processes,
                                         unsigned int index)
{
    return processes && index < processes->len
               ? &g_array_index(processes, OsiProc, index) : NULL;
}

/* ---- Looking up ---------------------------------------------------------- */

QEMU_PLUGIN_EXPORT OsiProcHandle *
get_process_handle_by_pid(unsigned int vcpu_index, int32_t pid)
{
    Query q;
    bool complete;
    g_autoptr(GArray) tasks = NULL;

    if (is_user_mode()) {
        return pid == getpid() ? g_new0(OsiProcHandle, 1) : NULL;
    }
    tasks = all_leaders(&q, vcpu_index, &complete);
    for (guint i = 0; tasks && i < tasks->len; i++) {
        const OsiTask *task = &g_array_index(tasks, OsiTask, i);

        if (task->identity.pid == pid) {
            OsiProcHandle *handle = g_new(OsiProcHandle, 1);

            *handle = handle_of(task);
            return handle;
        }
    }
    return NULL;
}

QEMU_PLUGIN_EXPORT OsiThread *get_thread_by_tid(unsigned int vcpu_index,
                                                int32_t tid)
{
    g_autoptr(GArray) threads = get_threads(vcpu_index, NULL);

    for (guint i = 0; threads && i < threads->len; i++) {
        const OsiThread *thread = &g_array_index(threads, OsiThread, i);

        if (thread->tid == tid) {
            OsiThread *found = g_new(OsiThread, 1);

            *found = *thread;
            return found;
        }
    }
    return NULL;
}

/* ---- One process --------------------------------------------------------- */

QEMU_PLUGIN_EXPORT int32_t get_process_pid(unsigned int vcpu_index,
                                           const OsiProcHandle *handle)
{
    Query q;
    OsiTask task;

    if (is_user_mode()) {
        return osi_user_is_own(handle) ? getpid() : -1;
    }
    return query_process(&q, handle, &task) ? task.identity.pid : -1;
}

QEMU_PLUGIN_EXPORT int32_t get_process_ppid(unsigned int vcpu_index,
                                            const OsiProcHandle *handle)
{
    Query q;
    OsiTask task;

    if (is_user_mode()) {
        return osi_user_is_own(handle) ? getppid() : -1;
    }
    return query_process(&q, handle, &task) ? task.identity.ppid : -1;
}

static OsiTaskInfo *info_of(const OsiView *v, const OsiTask *task)
{
    g_autofree OsiTaskInfo *info = g_new0(OsiTaskInfo, 1);

    return osi_process_info(v, task, info) ? g_steal_pointer(&info) : NULL;
}

QEMU_PLUGIN_EXPORT OsiTaskInfo *
get_process_info(unsigned int vcpu_index, const OsiProcHandle *handle)
{
    Query q;
    OsiTask task;

    if (is_user_mode()) {
        return osi_user_is_own(handle) ? osi_user_info(getpid()) : NULL;
    }
    return query_process(&q, handle, &task) ? info_of(&q.view, &task) : NULL;
}

QEMU_PLUGIN_EXPORT OsiTaskInfo *
get_thread_info(unsigned int vcpu_index, const OsiThread *thread)
{
    Query q;
    OsiTask task;

    if (is_user_mode()) {
        return thread && thread->pid == getpid()
                   ? osi_user_info(thread->tid) : NULL;
    }
    if (!thread || !query_begin(&q) ||
        !osi_tasks_read(&q.view, thread->taskd, thread->start_time, &task) ||
        task.identity.tid != thread->tid) {
        return NULL;
    }
    give_asid(&task);
    return info_of(&q.view, &task);
}

/* ---- What it has --------------------------------------------------------- */

/* Whether it is the same process still, after what was read of it. */
static bool is_still(const Query *q, const OsiTask *task)
{
    OsiTask again;

    return osi_tasks_read(&q->view, task->identity.taskd,
                          task->identity.start_time, &again);
}

QEMU_PLUGIN_EXPORT char *get_process_exe(unsigned int vcpu_index,
                                         const OsiProcHandle *handle)
{
    g_autofree char *path = NULL;
    const OsiLive *live;
    Query q;
    OsiTask task;
    uint64_t file;

    if (is_user_mode()) {
        return osi_user_is_own(handle) ? osi_user_exe() : NULL;
    }
    if (!query_process(&q, handle, &task) ||
        !osi_view_field(&q.view, task.mm, &q.view.proc->mm.exe_file,
                        &file)) {
        return NULL;
    }
    live = osi_live();
    path = live ? osi_file_name(&live->files, file) : NULL;
    return is_still(&q, &task) ? g_steal_pointer(&path) : NULL;
}

static char *folder_of(const OsiProcHandle *handle, bool root_wanted)
{
    g_autofree char *path = NULL;
    const OsiField *field;
    const OsiLive *live;
    Query q;
    OsiTask task;
    uint64_t fs;

    if (is_user_mode()) {
        return osi_user_is_own(handle)
                   ? osi_user_link(root_wanted ? "root" : "cwd") : NULL;
    }
    if (!query_process(&q, handle, &task) ||
        !osi_view_field(&q.view, handle->taskd, &q.view.proc->task.fs,
                        &fs)) {
        return NULL;
    }
    field = root_wanted ? &q.view.proc->fs.root : &q.view.proc->fs.pwd;
    live = osi_live();
    if (live && fs && field->size) {
        path = osi_path_name_at(&live->paths, fs + field->offset);
    }
    return is_still(&q, &task) ? g_steal_pointer(&path) : NULL;
}

QEMU_PLUGIN_EXPORT char *get_process_cwd(unsigned int vcpu_index,
                                         const OsiProcHandle *handle)
{
    return folder_of(handle, false);
}

QEMU_PLUGIN_EXPORT char *get_process_root(unsigned int vcpu_index,
                                          const OsiProcHandle *handle)
{
    return folder_of(handle, true);
}

/* An OsiReadUserFn for the process of an OsiTask. */
static bool read_user(void *opaque, uint64_t addr, void *buf, size_t len)
{
    const OsiTask *task = opaque;

    return osi_live_read_user(task->pgd, addr, buf, len);
}

static GByteArray *strings_of(const OsiProcHandle *handle,
                              bool environment_wanted)
{
    g_autoptr(GByteArray) strings = NULL;
    Query q;
    OsiTask task;

    if (!query_process(&q, handle, &task)) {
        return NULL;
    }
    osi_live(); /* whose reads the user's memory is read with */
    if (!task.mm && q.view.layout->mm.size) {
        strings = g_byte_array_new();
    } else if (environment_wanted) {
        strings = osi_args_environment(&q.view, task.mm, read_user, &task);
    } else {
        strings = osi_args_cmdline(&q.view, task.mm, read_user, &task);
    }
    return is_still(&q, &task) ? g_steal_pointer(&strings) : NULL;
}

QEMU_PLUGIN_EXPORT GByteArray *
get_process_cmdline(unsigned int vcpu_index, const OsiProcHandle *handle)
{
    return strings_of(handle, false);
}

QEMU_PLUGIN_EXPORT GByteArray *
get_process_environment(unsigned int vcpu_index, const OsiProcHandle *handle)
{
    return strings_of(handle, true);
}

QEMU_PLUGIN_EXPORT GArray *get_process_cgroups(unsigned int vcpu_index,
                                               const OsiProcHandle *handle)
{
    g_autoptr(GArray) cgroups = NULL;
    Query q;
    OsiTask task;

    if (is_user_mode()) {
        return osi_user_is_own(handle) ? osi_user_cgroups() : NULL;
    }
    if (!query_process(&q, handle, &task)) {
        return NULL;
    }
    cgroups = osi_cgroups_of(&q.view, handle->taskd);
    return is_still(&q, &task) ? g_steal_pointer(&cgroups) : NULL;
}
