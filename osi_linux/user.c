/*
 * user.c: in user mode the guest's process is QEMU's own, and its threads
 * are QEMU's: the host knows them.
 *
 * The name is the program's until it gives itself another, which QEMU hands
 * on to the host.  Kept for each thread; asked anew after fork and prctl.
 * Parent and user are asked each time: others may change them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "source.h"
#include "user_proc.h"

static int slot;
static atomic_uint generation = 1; /* of processes: fork makes a new one */
static char initial[OSI_COMM_LEN]; /* what the host called QEMU at start */

typedef struct UserTask {
    OsiTask task;
    unsigned int generation;
} UserTask;

static void host_comm(char comm[OSI_COMM_LEN])
{
    memset(comm, 0, OSI_COMM_LEN);
    prctl(PR_GET_NAME, comm);
    comm[OSI_COMM_LEN - 1] = '\0';
}

/* QEMU can tell it from the first instruction on, not earlier. */
static const char *program_name(void)
{
    static gsize name;

    if (g_once_init_enter(&name)) {
        g_autofree char *path = (char *)qemu_plugin_path_to_binary();

        g_once_init_leave(&name, (gsize)(path ? g_path_get_basename(path)
                                              : g_strdup(initial)));
    }
    return (const char *)name;
}

void osi_user_guest_name(char comm[OSI_COMM_LEN])
{
    if (strcmp(comm, initial) == 0) {
        memset(comm, 0, OSI_COMM_LEN);
        g_strlcpy(comm, program_name(), OSI_COMM_LEN);
    }
}

/*
 * QEMU's threads are called as it was at the start until the guest gives one
 * another name, which its later children inherit.
 */
static void fill(UserTask *u)
{
    OsiIdentity *id = &u->task.identity;

    id->pid = getpid();
    id->tid = (int32_t)syscall(SYS_gettid);
    host_comm(id->comm);
    osi_user_guest_name(id->comm);
    u->task.known = true;
    u->generation = atomic_load(&generation);
}

static UserTask *current_task(unsigned int vcpu_index)
{
    SyscallsThread *thread = syscalls_current_thread_qpp(vcpu_index);
    UserTask **u;

    if (!thread) {
        return NULL;
    }
    u = (UserTask **)syscalls_slot_qpp(thread, slot);
    if (!*u) {
        *u = g_new0(UserTask, 1);
    }
    if ((*u)->generation != atomic_load(&generation)) {
        fill(*u);
    }
    (*u)->task.identity.ppid = getppid();
    (*u)->task.identity.uid = getuid();
    return *u;
}

static const OsiTask *current(unsigned int vcpu_index)
{
    UserTask *u = current_task(vcpu_index);

    return u ? &u->task : NULL;
}

static bool process(const OsiProcHandle *handle, OsiTask *task)
{
    g_autofree OsiTaskInfo *info =
        osi_user_is_own(handle) ? osi_user_info(getpid()) : NULL;

    if (info) {
        task->identity.pid = task->identity.tid = info->pid;
        task->identity.ppid = info->ppid;
        task->identity.uid = info->uid;
        memcpy(task->identity.comm, info->comm, sizeof(info->comm));
    }
    return info != NULL;
}

static void on_prctl_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    UserTask *u = current_task(call->return_vcpu);

    if (u && call->args[0] == PR_SET_NAME && call->ret == 0) {
        fill(u);
    }
}

static void after_fork(void)
{
    atomic_fetch_add(&generation, 1);
}

const OsiSource *osi_user_start(qemu_plugin_id_t id)
{
    static const OsiSource user = { current, process };

    slot = syscalls_slot_new_qpp(g_free);
    if (slot < 0) {
        return NULL;
    }
    host_comm(initial);
    osi_user_proc_start();
    pthread_atfork(NULL, NULL, after_fork);
    qemu_plugin_reg_callback("syscalls", "on_prctl_return", on_prctl_return);
    return &user;
}
