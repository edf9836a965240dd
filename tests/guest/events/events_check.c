/*
 * events_check.c: a plugin that writes down osi_linux's events, for the
 * guest test events-run.  One line an event, words separated by tabs, names
 * in hexadecimal; to the file named by the option filename.  What is right
 * is decided by events-compare.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "marker.h"
#include "osi_events.h"
#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "events_check";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls",
                                                      "osi_linux", NULL };

static FILE *out;

static char *hex(const char *bytes, size_t len)
{
    GString *s = g_string_new("-"); /* so that no word is empty */

    for (size_t i = 0; i < len; i++) {
        g_string_append_printf(s, "%02x", (uint8_t)bytes[i]);
    }
    return g_string_free(s, false);
}

static void on_start(const char *kind, const OsiStartEvent *e)
{
    g_autofree char *comm = hex(e->created.comm, strlen(e->created.comm));

    fprintf(out, "%s\t%u\t%d\t%d\t%d\t%s\t%d\n", kind, e->vcpu,
            e->creator.tid, e->created.tid, e->created.pid, comm,
            e->creator.pid);
}

static void on_process_start(void *evdata, void *udata)
{
    on_start("process", evdata);
}

static void on_thread_start(void *evdata, void *udata)
{
    on_start("thread", evdata);
}

static void on_exec(void *evdata, void *udata)
{
    const OsiExecEvent *e = evdata;
    g_autofree char *comm = hex(e->thread.comm, strlen(e->thread.comm));
    g_autofree char *path = hex(e->path ? e->path : "?",
                                e->path ? strlen(e->path) : 1);
    g_autofree char *args = hex(e->args, e->args_len);

    fprintf(out, "exec\t%u\t%d\t%s\t%s\t%s\t%d\n", e->vcpu, e->thread.tid,
            comm, path, args, e->thread.pid);
}

static void on_end(const char *kind, const OsiEndEvent *e)
{
    g_autofree char *comm = hex(e->thread.comm, strlen(e->thread.comm));

    fprintf(out, "%s\t%u\t%d\t%d\t%d\t%s\n", kind, e->vcpu, e->thread.tid,
            e->thread.pid, e->code, comm);
}

static void on_thread_end(void *evdata, void *udata)
{
    on_end("end", evdata);
}

static void on_process_end(void *evdata, void *udata)
{
    on_end("last", evdata);
}

static void on_task_change(void *evdata, void *udata)
{
    const OsiTaskChange *e = evdata;
    g_autofree char *comm = hex(e->to.comm, strlen(e->to.comm));

    fprintf(out, "switch\t%u\t%d\t%d\t%s\n", e->vcpu, e->from.tid, e->to.tid,
            comm);
}

static void put_mapping(const char *kind, const OsiMappingEvent *e)
{
    const OsiModule *m = e->mapping;
    const char *shown = m->file ? m->file : m->name;
    g_autofree char *file = hex(shown, strlen(shown));

    fprintf(out, "%s\t%u\t%d\t%" PRIx64 "\t%" PRIx64 "\t%s\t%" PRIx64
            "\t%02x:%02x\t%" PRIu64 "\t%s\n", kind, e->vcpu,
            e->thread.pid, m->base, m->base + m->size, m->perms, m->offset,
            m->dev_major, m->dev_minor, m->inode, file);
}

static void on_mapping_added(void *evdata, void *udata)
{
    put_mapping("added", evdata);
}

static void on_mapping_removed(void *evdata, void *udata)
{
    put_mapping("removed", evdata);
}

static void on_library_load(void *evdata, void *udata)
{
    put_mapping("library", evdata);
}

static void on_call(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    OsiIdentity id;

    if (call->nr == EVENTS_MARKER &&
        osi_current_identity_qpp(call->vcpu, &id)) {
        fprintf(out, "marker\t%u\t%d\t%" PRIu64 "\n", call->vcpu, id.pid,
                call->args[0]);
    }
}

static void on_atexit(qemu_plugin_id_t id, void *udata)
{
    fprintf(out, "done\n");
    fclose(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    static const struct {
        const char *name;
        cb_func_t function;
    } events[] = {
        { "on_process_start", on_process_start },
        { "on_thread_start", on_thread_start },
        { "on_process_exec", on_exec },
        { "on_thread_end", on_thread_end },
        { "on_process_end", on_process_end },
        { "on_task_change", on_task_change },
        { "on_mapping_added", on_mapping_added },
        { "on_mapping_removed", on_mapping_removed },
        { "on_library_load", on_library_load },
    };

    if (argc != 1 || !g_str_has_prefix(argv[0], "filename=") ||
        !(out = fopen(strchr(argv[0], '=') + 1, "w"))) {
        fprintf(stderr, "events_check: give a writable filename=FILE\n");
        return -1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        if (!qemu_plugin_reg_callback("osi_linux", events[i].name,
                                      events[i].function)) {
            return -1;
        }
    }
    qemu_plugin_register_atexit_cb(id, on_atexit, NULL);
    return qemu_plugin_reg_callback("syscalls", "on_all_sys_enter", on_call)
               ? 0 : -1;
}
