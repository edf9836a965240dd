/*
 * events.c: processes and threads begin, become other programs, and end.
 *
 * The kernel has one function for each, which it calls exactly once whatever
 * the cause was (a system call, a kernel thread, a signal, the kernel's own
 * execve), in a file of its own, so that no compiler inlines it:
 *   wake_up_new_task(task)    of each new task, at the end of kernel_clone()
 *   proc_exec_connector(task) after a successful execve, beside the
 *                             tracepoint sched_process_exec (fs/exec.c); in
 *                             kernels with CONFIG_PROC_EVENTS
 *   acct_collect(code, last)  of each task in do_exit(); with
 *                             CONFIG_BSD_PROCESS_ACCT
 *   proc_exit_connector(task) later in do_exit(), right behind exit_notify(),
 *                             where the task's children get another parent;
 *                             with CONFIG_PROC_EVENTS
 * Debian's have all.  They are found by the kernel's symbols, and their
 * first instruction is instrumented.  When the symbols become known the
 * kernel has run for a while, so its code is translated anew.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>

#include "asid.h"
#include "elsewhere.h"
#include "events.h"
#include "kernel.h"
#include "live.h"
#include "osi_events.h"
#include "registers.h"
#include "remap.h"
#include "syscalls.h"

typedef struct Hook {
    const char *symbol;
    void (*handler)(unsigned int vcpu_index, void *udata);
    _Atomic uint64_t address; /* 0: not known (yet) */
} Hook;

static qemu_plugin_id_t self;
static qemu_plugin_callback *on_process_start, *on_thread_start,
    *on_process_exec, *on_thread_end, *on_process_end, *on_task_change;

/* ---- What a hook sees ---------------------------------------------------- */

/* Where members lie: nowhere if another vCPU has just noticed a reboot. */
static const OsiProcLayout *layout(void)
{
    static const OsiProcLayout nowhere;
    const OsiKernel *kernel = osi_kernel();

    return kernel ? &kernel->proc : &nowhere;
}

/* Of a structure of the kernel's at @base. */
static bool member(uint64_t base, const OsiField *field, uint64_t *value)
{
    const OsiLive *live = osi_live();

    return live && osi_read_field(&live->reader, base, field, value);
}

/* The task_struct at @taskd as it is now. */
static bool read_task(uint64_t taskd, OsiTask *task)
{
    const OsiKernel *kernel = osi_kernel();

    *task = (OsiTask){ 0 };
    if (!taskd || !kernel ||
        !osi_task_read(&kernel->layout, osi_kernel_read, NULL, taskd, true,
                       task)) {
        return false;
    }
    task->identity.asid = osi_asid_of(task->pgd);
    return true;
}

static bool read_current(unsigned int vcpu_index, OsiTask *task)
{
    SyscallsThread *thread = syscalls_current_thread_qpp(vcpu_index);

    return thread && read_task(syscalls_thread_task_qpp(thread), task);
}

static void on_new_task(unsigned int vcpu_index, void *udata)
{
    OsiStartEvent event = { .vcpu = vcpu_index };
    OsiTask creator, created;
    uint64_t taskd;
    bool is_process;

    if ((!qemu_plugin_callback_wanted(on_process_start) &&
         !qemu_plugin_callback_wanted(on_thread_start) &&
         !osi_remap_wanted()) ||
        !osi_register_read(OSI_REG_ARG0, &taskd) ||
        !read_task(taskd, &created) ||
        !read_current(vcpu_index, &creator)) {
        return;
    }
    if (created.mm != creator.mm) {
        osi_remap_new(&created);
    }
    event.creator = creator.identity;
    event.created = created.identity;
    is_process = event.created.pid == event.created.tid;
    qemu_plugin_run_callback_handle(is_process ? on_process_start
                                               : on_thread_start,
                                    &event, NULL);
}

/*
 * The current process's memory.  Where the kernel has shut itself out of user
 * memory (PAN, ARMv8.1) QEMU does not show it either, but the tables do.
 */
static bool read_user(const OsiTask *task, uint64_t addr, void *buf,
                      size_t len)
{
    const OsiLive *live = osi_live();

    return (live && osi_read_bytes(&live->reader, addr, buf, len)) ||
           osi_live_read_user(task->pgd, addr, buf, len);
}

/* The arguments of the program of @task, the current one. */
static char *read_args(const OsiTask *task, size_t *len)
{
    const OsiProcLayout *l = layout();
    uint64_t start, end;
    char *args;

    *len = member(task->mm, &l->mm.arg_start, &start) &&
           member(task->mm, &l->mm.arg_end, &end) && end > start
               ? MIN(end - start, OSI_EXEC_ARGS_MAX) : 0;
    args = *len ? g_try_malloc(*len) : NULL;
    if (args && !read_user(task, start, args, *len)) {
        g_free(args);
        args = NULL;
    }
    if (!args) {
        *len = 0;
    } else {
        args[*len - 1] = '\0';
    }
    return args;
}

static void on_exec(unsigned int vcpu_index, void *udata)
{
    OsiExecEvent event = { .vcpu = vcpu_index };
    g_autofree char *path = NULL;
    g_autofree char *args = NULL;
    uint64_t file;
    OsiTask task;

    if ((!qemu_plugin_callback_wanted(on_process_exec) &&
         !osi_remap_wanted()) ||
        !read_current(vcpu_index, &task)) {
        return;
    }
    event.thread = task.identity;
    if (member(task.mm, &layout()->mm.exe_file, &file)) {
        const OsiLive *live = osi_live();

        path = live ? osi_file_name(&live->files, file) : NULL;
    }
    args = read_args(&task, &event.args_len);
    event.path = path;
    event.args = args;
    qemu_plugin_run_callback_handle(on_process_exec, &event, NULL);
    osi_remap_exec(vcpu_index, &task);
}

/* SIGNAL_GROUP_EXIT (include/linux/sched/signal.h). */
#define GROUP_EXIT 0x4

/*
 * What the process of @task, its last thread, which ended with @code, ends
 * with: what waitpid() will say (wait_task_zombie(), kernel/exit.c).  That is
 * the leader's code, which has ended before, if the threads ended one by one.
 * Newer kernels mark that as a group's end, too (synchronize_group_exit()).
 */
static int32_t process_code(const OsiTask *task, int32_t code)
{
    const OsiProcLayout *l = layout();
    bool is_leader = task->leader == task->identity.taskd;
    uint64_t signal, flags, value;

    if (!member(task->leader, &l->task.signal, &signal) ||
        !member(signal, &l->signal.flags, &flags)) {
        return code;
    }
    if (flags & GROUP_EXIT) {
        return member(signal, &l->signal.group_exit_code, &value)
                   ? (int32_t)value : 0;
    }
    if (is_leader) {
        return code;
    }
    return member(task->leader, &l->task.exit_code, &value)
               ? (int32_t)value : 0;
}

/* Whether others (after vfork, CLONE_VM) go on in @task's address space. */
static bool is_shared(const OsiTask *task)
{
    uint64_t users;

    return member(task->mm, &layout()->mm.users, &users) &&
           users > 1;
}

static void on_end(unsigned int vcpu_index, void *udata)
{
    OsiEndEvent event = { .vcpu = vcpu_index };
    OsiTask task;
    uint64_t code, is_last;

    if ((!qemu_plugin_callback_wanted(on_thread_end) &&
         !qemu_plugin_callback_wanted(on_process_end) &&
         !osi_remap_wanted()) ||
        !osi_register_read(OSI_REG_ARG0, &code) ||
        !osi_register_read(OSI_REG_ARG1, &is_last) ||
        !read_current(vcpu_index, &task)) {
        return;
    }
    event.thread = task.identity;
    event.code = (int32_t)code;
    qemu_plugin_run_callback_handle(on_thread_end, &event, NULL);
    if ((uint32_t)is_last) {
        event.code = process_code(&task, event.code);
        qemu_plugin_run_callback_handle(on_process_end, &event, NULL);
        if (!is_shared(&task)) {
            osi_remap_end(&task);
        }
    }
}

/* The children have another parent now. */
static void on_parted(unsigned int vcpu_index, void *udata)
{
    const OsiKernel *kernel = osi_kernel();

    if (kernel) {
        osi_elsewhere_tell(vcpu_index, &kernel->layout, osi_kernel_read);
    }
}

/* ---- Where they are ------------------------------------------------------ */

static Hook hooks[] = {
    { "wake_up_new_task", on_new_task },
    { "proc_exec_connector", on_exec },
    { "acct_collect", on_end },
    { "proc_exit_connector", on_parted },
};

void osi_events_translate(struct qemu_plugin_tb *tb)
{
    uint64_t start = qemu_plugin_tb_vaddr(tb);
    size_t n = qemu_plugin_tb_n_insns(tb);

    for (size_t i = 0; i < G_N_ELEMENTS(hooks); i++) {
        uint64_t address = atomic_load_explicit(&hooks[i].address,
                                                memory_order_relaxed);

        /* A block lies on two pages at most; firmware's may be at 0. */
        if (!address || address < start || address - start >= 8192) {
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, j);

            if (qemu_plugin_insn_vaddr(insn) == address) {
                qemu_plugin_register_vcpu_insn_exec_cb(
                    insn, hooks[i].handler, QEMU_PLUGIN_CB_R_REGS, NULL);
            }
        }
    }
}

static atomic_uint hooked; /* the number of the kernel that is; 0: none */

/* The kernel has become known: once in each boot. */
static void find_hooks(const OsiTypes *types)
{
    g_autoptr(GString) missing = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(hooks); i++) {
        uint64_t address;

        if (osi_types_symbol(types, hooks[i].symbol, &address)) {
            atomic_store(&hooks[i].address, address);
        } else {
            g_string_append_printf(missing, " %s", hooks[i].symbol);
        }
    }
    if (missing->len > 0) {
        g_autofree char *line = g_strdup_printf(
            "osi_linux: some events will not be told, or late: the kernel has "
            "no symbol%s\n", missing->str);

        qemu_plugin_outs(line);
    }
    qemu_plugin_retranslate(self, NULL);
}

void osi_events_forget(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hooks); i++) {
        atomic_store(&hooks[i].address, 0);
    }
    atomic_store(&hooked, 0);
}

static void on_thread_switch(void *evdata, void *udata)
{
    const OsiKernel *kernel = osi_kernel();
    const SyscallsSwitch *sw = evdata;
    OsiTaskChange event = { .vcpu = sw->vcpu };
    OsiTask task;

    if (!kernel) {
        return;
    }
    if (G_UNLIKELY(atomic_load_explicit(&hooked, memory_order_relaxed) !=
                   kernel->number) &&
        atomic_exchange(&hooked, kernel->number) != kernel->number) {
        find_hooks(kernel->types);
    }
    if (!qemu_plugin_callback_wanted(on_task_change)) {
        return;
    }
    /* Read now: another thread's execve may have changed what it is. */
    if (sw->prev && read_task(syscalls_thread_task_qpp(sw->prev), &task)) {
        event.from = task.identity;
    }
    if (read_task(syscalls_thread_task_qpp(sw->next), &task)) {
        event.to = task.identity;
    }
    qemu_plugin_run_callback_handle(on_task_change, &event, NULL);
}

bool osi_events_start(qemu_plugin_id_t id)
{
    const struct {
        const char *name;
        qemu_plugin_callback **handle;
    } callbacks[] = {
        { "on_process_start", &on_process_start },
        { "on_thread_start", &on_thread_start },
        { "on_process_exec", &on_process_exec },
        { "on_thread_end", &on_thread_end },
        { "on_process_end", &on_process_end },
        { "on_task_change", &on_task_change },
    };

    self = id;
    for (size_t i = 0; i < G_N_ELEMENTS(callbacks); i++) {
        *callbacks[i].handle = qemu_plugin_create_callback_handle(
            id, callbacks[i].name);
        if (!*callbacks[i].handle) {
            return false;
        }
    }
    return qemu_plugin_reg_callback("syscalls", "on_thread_switch",
                                    on_thread_switch);
}
