/*
 * osi_check.c: a plugin that writes down what osi_linux says, for the guest
 * test osi-run.
 *
 * At a marker, a system call of an unused number that the guest program
 * makes, it asks every import of osi.h; at each change of process the ones
 * that need the kernel's memory.  One JSON object a line, to the file named
 * by the option filename.  What is right is decided by osi-compare.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "osi.h"
#include "syscalls.h"
#include "guest.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "osi_check";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls",
                                                      "osi_linux", NULL };

/* A handle that the guest asked to keep, and what it last led to. */
typedef struct Slot {
    bool used;
    bool told;
    OsiProcHandle handle;
    int32_t pid; /* 0: NULL */
    uint64_t create_time;
} Slot;

static GMutex lock; /* guards what follows, and so the order of lines */
static FILE *out;
static Slot slots[OSI_SLOTS];

static void put_name(GString *s, const char *key, const char *name)
{
    g_string_append_printf(s, ",\"%s\":\"", key);
    for (; name && *name; name++) {
        g_string_append_printf(s, "%02x", (uint8_t)*name);
    }
    g_string_append(s, "\"");
}

static void put_identity(GString *s, const char *key, const OsiIdentity *id)
{
    g_string_append_printf(
        s, ",\"%s\":{\"taskd\":%" PRIu64 ",\"asid\":%" PRIu64
        ",\"pid\":%d,\"tid\":%d,\"ppid\":%d,\"uid\":%u,\"start\":%" PRIu64,
        key, id->taskd, id->asid, id->pid, id->tid, id->ppid, id->uid,
        id->start_time);
    put_name(s, "comm", id->comm);
    g_string_append(s, "}");
}

static void put_proc(GString *s, const char *key, const OsiProc *proc)
{
    if (!proc) {
        g_string_append_printf(s, ",\"%s\":null", key);
        return;
    }
    g_string_append_printf(
        s, ",\"%s\":{\"taskd\":%" PRIu64 ",\"asid\":%" PRIu64
        ",\"pid\":%d,\"ppid\":%d,\"uid\":%u,\"start\":%" PRIu64,
        key, proc->taskd, proc->asid, proc->pid, proc->ppid, proc->uid,
        proc->create_time);
    put_name(s, "comm", proc->name);
    g_string_append(s, "}");
}

/* Everything that can be asked about the vCPU's thread. */
static void put_current(GString *s, unsigned int vcpu)
{
    OsiProc *proc = get_current_process_qpp(vcpu);
    OsiThread *thread = get_current_thread_qpp(vcpu);
    g_autofree OsiProcHandle *handle = get_current_process_handle_qpp(vcpu);
    OsiProc *by_handle = get_process_qpp(handle);
    OsiIdentity id;

    if (osi_current_identity_qpp(vcpu, &id)) {
        put_identity(s, "id", &id);
    }
    put_proc(s, "proc", proc);
    put_proc(s, "by_handle", by_handle);
    if (thread) {
        g_string_append_printf(s, ",\"thread\":{\"pid\":%d,\"tid\":%d,"
                               "\"start\":%" PRIu64 "}",
                               thread->pid, thread->tid, thread->start_time);
    }
    if (handle) {
        g_string_append_printf(s, ",\"handle\":{\"taskd\":%" PRIu64
                               ",\"asid\":%" PRIu64 "}",
                               handle->taskd, handle->asid);
    }
    free_osiproc_qpp(proc);
    free_osiproc_qpp(by_handle);
    free_osithread_qpp(thread);
}

/* ---- Handles ------------------------------------------------------------- */

/* Asks slot @i; a line when the answer is another than last time. */
static void ask_slot_locked(unsigned int i, const char *where, bool always)
{
    Slot *slot = &slots[i];
    g_autoptr(GString) s = g_string_new(NULL);
    OsiProc *proc;
    int32_t pid;
    uint64_t start;

    if (!slot->used) {
        return;
    }
    proc = get_process_qpp(&slot->handle);
    pid = proc ? proc->pid : 0;
    start = proc ? proc->create_time : 0;
    if (always || !slot->told || pid != slot->pid ||
        start != slot->create_time) {
        g_string_append_printf(s, "{\"kind\":\"slot\",\"slot\":%u,"
                               "\"where\":\"%s\"", i, where);
        put_proc(s, "proc", proc);
        fprintf(out, "%s}\n", s->str);
        slot->told = true;
        slot->pid = pid;
        slot->create_time = start;
    }
    free_osiproc_qpp(proc);
}

static void keep_handle_locked(unsigned int i, unsigned int vcpu)
{
    g_autofree OsiProcHandle *handle = get_current_process_handle_qpp(vcpu);

    memset(&slots[i], 0, sizeof(slots[i]));
    if (handle) {
        slots[i].used = true;
        slots[i].handle = *handle;
    }
}

/* ---- Events -------------------------------------------------------------- */

static bool is_marker(const SyscallsCall *call)
{
    return call->nr == OSI_MARKER && call->args[0] == OSI_MAGIC;
}

static void write_mark(const SyscallsCall *call, const char *kind,
                       unsigned int vcpu)
{
    g_autoptr(GString) s = g_string_new(NULL);

    g_string_append_printf(s, "{\"kind\":\"%s\",\"seq\":%" PRId64
                           ",\"cmd\":%" PRIu64 ",\"slot\":%" PRIu64
                           ",\"vcpu\":%u", kind, (int64_t)call->args[1],
                           call->args[2], call->args[3], vcpu);
    put_current(s, vcpu);
    fprintf(out, "%s}\n", s->str);
}

static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (!is_marker(call)) {
        return;
    }
    g_mutex_lock(&lock);
    write_mark(call, "mark", call->vcpu);
    if (call->args[3] < OSI_SLOTS) {
        if (call->args[2] == OSI_CMD_KEEP) {
            keep_handle_locked(call->args[3], call->vcpu);
        } else if (call->args[2] == OSI_CMD_ASK) {
            ask_slot_locked(call->args[3], "call", true);
        }
    }
    g_mutex_unlock(&lock);
}

static void on_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (is_marker(call)) {
        g_mutex_lock(&lock);
        write_mark(call, "return", call->return_vcpu);
        g_mutex_unlock(&lock);
    }
}

static void on_process_change(void *evdata, void *udata)
{
    const OsiProcessChange *change = evdata;
    g_autoptr(GString) s = g_string_new(NULL);

    g_mutex_lock(&lock);
    g_string_append_printf(s, "{\"kind\":\"change\",\"vcpu\":%u",
                           change->vcpu);
    put_identity(s, "from", &change->from);
    put_identity(s, "to", &change->to);
    put_current(s, change->vcpu);
    fprintf(out, "%s}\n", s->str);
    for (unsigned int i = 0; i < OSI_SLOTS; i++) {
        ask_slot_locked(i, "change", false);
    }
    g_mutex_unlock(&lock);
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    if (ferror(out) || fclose(out) != 0) {
        fprintf(stderr, "osi_check: its file could not be written\n");
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (argc != 1 || !g_str_has_prefix(argv[0], "filename=")) {
        fprintf(stderr, "osi_check: needs one option, filename=FILE\n");
        return -1;
    }
    out = fopen(strchr(argv[0], '=') + 1, "w");
    if (!out) {
        perror("osi_check: its file");
        return -1;
    }
    qemu_plugin_register_atexit_cb(id, on_atexit, NULL);
    return qemu_plugin_reg_callback("syscalls", "on_all_sys_enter",
                                    on_enter) &&
                   qemu_plugin_reg_callback("syscalls", "on_all_sys_return",
                                            on_return) &&
                   qemu_plugin_reg_callback("osi_linux", "on_process_change",
                                            on_process_change)
               ? 0 : -1;
}
