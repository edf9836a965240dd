/*
 * plugin.c: the osi_linux plugin's face: the imports of osi.h, over
 * whichever source of identities fits the guest.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "osi.h"
#include "source.h"
#include "sources.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "osi_linux";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls", NULL };

static const OsiSource *source;

QEMU_PLUGIN_EXPORT bool osi_current_identity(unsigned int vcpu_index,
                                             OsiIdentity *out)
{
    const OsiTask *task = source->current(vcpu_index);

    if (!task) {
        return false;
    }
    *out = task->identity;
    return true;
}

static OsiProc *proc_new(const OsiTask *task)
{
    OsiProc *proc = g_new0(OsiProc, 1);

    proc->taskd = task->leader ? task->leader : task->identity.taskd;
    proc->asid = task->identity.asid;
    proc->pid = task->identity.pid;
    proc->ppid = task->identity.ppid;
    proc->uid = task->identity.uid;
    proc->name = g_strdup(task->identity.comm);
    proc->create_time = task->leader_start;
    return proc;
}

QEMU_PLUGIN_EXPORT OsiProc *get_current_process(unsigned int vcpu_index)
{
    const OsiTask *task = source->current(vcpu_index);

    return task ? proc_new(task) : NULL;
}

QEMU_PLUGIN_EXPORT OsiThread *get_current_thread(unsigned int vcpu_index)
{
    const OsiTask *task = source->current(vcpu_index);
    OsiThread *thread;

    if (!task) {
        return NULL;
    }
    thread = g_new0(OsiThread, 1);
    thread->pid = task->identity.pid;
    thread->tid = task->identity.tid;
    thread->start_time = task->identity.start_time;
    thread->taskd = task->identity.taskd;
    return thread;
}

QEMU_PLUGIN_EXPORT OsiProcHandle *
get_current_process_handle(unsigned int vcpu_index)
{
    const OsiTask *task = source->current(vcpu_index);
    OsiProcHandle *handle;

    if (!task) {
        return NULL;
    }
    handle = g_new0(OsiProcHandle, 1);
    handle->taskd = task->leader ? task->leader : task->identity.taskd;
    handle->asid = task->identity.asid;
    handle->start_time = task->leader_start;
    return handle;
}

QEMU_PLUGIN_EXPORT OsiProc *get_process(const OsiProcHandle *handle)
{
    OsiTask task = { 0 };

    return handle && source->process(handle, &task) ? proc_new(&task) : NULL;
}

QEMU_PLUGIN_EXPORT void free_osiproc(OsiProc *proc)
{
    if (proc) {
        g_free(proc->name);
        g_free(proc);
    }
}

QEMU_PLUGIN_EXPORT void free_osiprochandle(OsiProcHandle *handle)
{
    g_free(handle);
}

QEMU_PLUGIN_EXPORT void free_osithread(OsiThread *thread)
{
    g_free(thread);
}

static bool read_options(int argc, char **argv)
{
    const char *profile = NULL;
    bool btf = true;

    for (int i = 0; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "profile=") && argv[i][8]) {
            profile = argv[i] + 8;
        } else if (g_str_equal(argv[i], "btf=off") ||
                   g_str_equal(argv[i], "btf=on")) {
            btf = g_str_equal(argv[i], "btf=on");
        } else {
            fprintf(stderr, "osi_linux: unknown option '%s'; there are "
                    "profile=FILE and btf=on|off\n", argv[i]);
            return false;
        }
    }
    return osi_sources_start(profile, btf);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (!read_options(argc, argv)) {
        return -1;
    }
    source = info->system_emulation ? osi_system_start(id, info)
                                    : osi_user_start(id);
    return source ? 0 : -1;
}
