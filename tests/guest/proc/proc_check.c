/*
 * proc_check.c: a plugin that writes down all that osi_linux says of
 * processes and threads, for the guest test proc-run.
 *
 * It does so at the marker, a system call of an unused number, where the
 * kernel's memory may be out of reach, and where it is not: when that call
 * has entered the kernel, when it returns, and at the first change of process
 * behind it.  One JSON object a line, to the file named by
 * the option filename; bytes as hexadecimal text.  What is right is decided
 * by proc-compare.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#define PROC_PLUGIN
#include "osi.h"
#include "osi_maps.h"
#include "proc.h"
#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "proc_check";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls",
                                                      "osi_linux", NULL };

static FILE *out;
static bool armed; /* a marker was seen, a change is waited for */
static unsigned int armed_vcpu;

/* What is asked again and again while processes come and go. */
static struct {
    bool on;
    GArray *stable; /* OsiProcHandle of all that stay */
    GArray *stable_threads; /* OsiThread */
    unsigned int n, incomplete, missing, invented, n_processes;
} storm;
static GMutex storm_lock;

/* ---- JSON ---------------------------------------------------------------- */

static void put_hex(GString *s, const char *key, const void *bytes,
                    size_t len)
{
    g_string_append_printf(s, ",\"%s\":\"", key);
    for (size_t i = 0; i < len; i++) {
        g_string_append_printf(s, "%02x", ((const uint8_t *)bytes)[i]);
    }
    g_string_append(s, "\"");
}

static void put_numbers(GString *s, const char *key, const void *numbers,
                        unsigned int n)
{
    g_string_append_printf(s, ",\"%s\":[", key);
    for (unsigned int i = 0; i < n; i++) {
        g_string_append_printf(s, "%s%" PRId64, i ? "," : "",
                               (int64_t)((const int32_t *)numbers)[i]);
    }
    g_string_append(s, "]");
}

static void put_info(GString *s, const OsiTaskInfo *i)
{
    const uint32_t ids[] = { i->uid, i->euid, i->suid, i->fsuid,
                             i->gid, i->egid, i->sgid, i->fsgid };

    g_string_append_printf(
        s, ",\"pid\":%d,\"tid\":%d,\"ppid\":%d,\"pgid\":%d,\"sid\":%d,"
        "\"asid\":%" PRIu64 ",\"leader\":%s,\"threads\":%u,\"nice\":%d,"
        "\"priority\":%d,\"policy\":%d,\"rt\":%u,\"start\":%" PRIu64
        ",\"boot\":%" PRIu64 ",\"state\":\"%c\",\"kthread\":%s,"
        "\"exiting\":%s",
        i->pid, i->tid, i->ppid, i->pgid, i->sid, i->asid,
        i->leader == i->taskd ? "true" : "false", i->n_threads, i->nice,
        i->priority, i->policy, i->rt_priority, i->start_time,
        i->start_boottime, i->state, i->kernel_thread ? "true" : "false",
        i->exiting ? "true" : "false");
    put_hex(s, "comm", i->comm, strlen(i->comm));
    put_hex(s, "name", i->name, strlen(i->name));
    put_numbers(s, "ids", ids, G_N_ELEMENTS(ids));
    put_numbers(s, "ns_pids", i->ns_pids, i->n_ns_pids);
    put_numbers(s, "ns", i->ns, OSI_NS_COUNT);
}

static void put_line(const char *where, const char *kind, GString *s)
{
    fprintf(out, "{\"where\":\"%s\",\"kind\":\"%s\"%s}\n", where, kind,
            s->str);
    fflush(out);
    g_string_truncate(s, 0);
}

/* ---- In a storm ---------------------------------------------------------- */

/* The guest's user processes, when the world stood still. */
static void find_stable(unsigned int vcpu, const GArray *handles,
                        GArray *threads)
{
    storm.stable = g_array_new(FALSE, FALSE, sizeof(OsiProcHandle));
    storm.stable_threads = g_array_new(FALSE, FALSE, sizeof(OsiThread));
    for (guint i = 0; i < handles->len; i++) {
        const OsiProcHandle *h = &g_array_index(handles, OsiProcHandle, i);
        g_autofree OsiTaskInfo *info = get_process_info_qpp(vcpu, h);

        if (info && !info->kernel_thread) {
            g_array_append_val(storm.stable, *h);
        }
    }
    for (guint i = 0; i < threads->len; i++) {
        const OsiThread *t = &g_array_index(threads, OsiThread, i);
        g_autofree OsiTaskInfo *info = get_thread_info_qpp(vcpu, t);

        if (info && !info->kernel_thread) {
            g_array_append_val(storm.stable_threads, *t);
        }
    }
}

/*
 * Those that stay must be there in every answer, once; of those that come
 * and go, what is said must be possible.
 */
static void check_storm(unsigned int vcpu)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    bool complete, complete_threads;
    g_autoptr(GArray) handles = get_process_handles_checked_qpp(vcpu,
                                                                &complete);
    g_autoptr(GArray) threads = get_threads_qpp(vcpu, &complete_threads);

    storm.n++;
    if (!handles || !threads) {
        storm.incomplete++;
        return;
    }
    storm.incomplete += !complete || !complete_threads;
    storm.n_processes += handles->len;
    for (guint i = 0; i < handles->len; i++) {
        const OsiProcHandle *h = &g_array_index(handles, OsiProcHandle, i);
        g_autofree OsiTaskInfo *info = get_process_info_qpp(vcpu, h);

        storm.invented += !g_hash_table_add(seen,
                                            GSIZE_TO_POINTER(h->taskd)) ||
                          (info && (info->pid <= 0 || info->ppid < 0 ||
                                    info->state == '?'));
    }
    for (guint i = 0; i < storm.stable->len; i++) {
        storm.missing += !g_hash_table_contains(
            seen, GSIZE_TO_POINTER(g_array_index(storm.stable, OsiProcHandle,
                                                 i).taskd));
    }
    g_hash_table_remove_all(seen);
    for (guint i = 0; i < threads->len; i++) {
        storm.invented += !g_hash_table_add(
            seen, GSIZE_TO_POINTER(g_array_index(threads, OsiThread,
                                                 i).taskd));
    }
    for (guint i = 0; i < storm.stable_threads->len; i++) {
        storm.missing += !g_hash_table_contains(
            seen, GSIZE_TO_POINTER(g_array_index(storm.stable_threads,
                                                 OsiThread, i).taskd));
    }
}

static void end_storm(void)
{
    fprintf(out, "{\"where\":\"storm\",\"kind\":\"storm\",\"n\":%u,"
            "\"incomplete\":%u,\"missing\":%u,\"invented\":%u,"
            "\"stable\":%u,\"processes\":%u}\n", storm.n,
            storm.incomplete, storm.missing, storm.invented,
            storm.stable ? storm.stable->len : 0, storm.n_processes);
}

/* ---- Asking -------------------------------------------------------------- */

static void show_threads(const char *where, unsigned int vcpu,
                         GArray *threads)
{
    g_autoptr(GString) s = g_string_new(NULL);

    for (guint i = 0; i < threads->len; i++) {
        const OsiThread *t = &g_array_index(threads, OsiThread, i);
        g_autofree OsiTaskInfo *info = get_thread_info_qpp(vcpu, t);

        if (info) {
            put_info(s, info);
            put_line(where, "thread", s);
        }
    }
}

static void put_path(GString *s, const char *key, char *path)
{
    if (path) {
        put_hex(s, key, path, strlen(path));
    }
    g_free(path);
}

static void put_bytes(GString *s, const char *key, GByteArray *bytes)
{
    if (bytes) {
        put_hex(s, key, bytes->data, bytes->len);
        g_byte_array_unref(bytes);
    }
}

/* As the lines of /proc/PID/cgroup. */
static void put_cgroups(GString *s, GArray *cgroups)
{
    g_autoptr(GString) lines = g_string_new(NULL);

    for (guint i = 0; cgroups && i < cgroups->len; i++) {
        const OsiCgroup *c = &g_array_index(cgroups, OsiCgroup, i);

        g_string_append_printf(lines, "%d:%s:%s%s\n", c->hierarchy,
                               c->controllers, c->path,
                               c->deleted ? " (deleted)" : "");
    }
    if (cgroups) {
        put_hex(s, "cgroup", lines->str, lines->len);
        g_array_unref(cgroups);
    }
}

/* What asking for one process, by its handle, adds. */
static void show_process(const char *where, unsigned int vcpu,
                         const OsiProcHandle *handle)
{
    g_autoptr(GString) s = g_string_new(NULL);
    g_autofree OsiTaskInfo *info = get_process_info_qpp(vcpu, handle);
    bool all_children, all_threads;
    g_autoptr(GArray) children =
        get_process_children_qpp(vcpu, handle, &all_children);
    g_autoptr(GArray) threads =
        get_process_threads_qpp(vcpu, handle, &all_threads);
    g_autofree int32_t *pids = NULL, *tids = NULL;
    OsiProc *proc = get_process_qpp(handle);

    if (!info || !proc) {
        free_osiproc_qpp(proc);
        return;
    }
    /* In user mode there are none, and it is said that these are not all. */
    children = children ? children : g_array_new(FALSE, FALSE, 1);
    threads = threads ? threads : g_array_new(FALSE, FALSE, 1);
    pids = g_new(int32_t, children->len);
    for (guint i = 0; i < children->len; i++) {
        pids[i] = get_process_pid_qpp(vcpu, 
            &g_array_index(children, OsiProcHandle, i));
    }
    tids = g_new(int32_t, threads->len);
    for (guint i = 0; i < threads->len; i++) {
        tids[i] = g_array_index(threads, OsiThread, i).tid;
    }
    put_info(s, info);
    g_string_append_printf(s, ",\"complete\":%s,\"get_pid\":%d,"
                           "\"get_ppid\":%d,\"proc_pid\":%d",
                           all_children && all_threads ? "true" : "false",
                           get_process_pid_qpp(vcpu, handle),
                           get_process_ppid_qpp(vcpu, handle), proc->pid);
    put_numbers(s, "children", pids, children->len);
    put_numbers(s, "tids", tids, threads->len);
    put_path(s, "exe", get_process_exe_qpp(vcpu, handle));
    put_path(s, "cwd", get_process_cwd_qpp(vcpu, handle));
    put_path(s, "root", get_process_root_qpp(vcpu, handle));
    put_bytes(s, "cmdline", get_process_cmdline_qpp(vcpu, handle));
    put_bytes(s, "environ", get_process_environment_qpp(vcpu, handle));
    put_cgroups(s, get_process_cgroups_qpp(vcpu, handle));
    put_line(where, "process", s);
    free_osiproc_qpp(proc);
}

/* Every process and thread must be found by its number, and no other. */
static unsigned int wrong_lookups(unsigned int vcpu, const GArray *handles,
                                  const GArray *threads)
{
    unsigned int wrong = 0;

    for (guint i = 0; i < handles->len; i++) {
        const OsiProcHandle *h = &g_array_index(handles, OsiProcHandle, i);
        g_autofree OsiProcHandle *found =
            get_process_handle_by_pid_qpp(vcpu, get_process_pid_qpp(vcpu, h));

        wrong += !found || found->taskd != h->taskd ||
                 found->start_time != h->start_time;
    }
    for (guint i = 0; i < threads->len; i++) {
        const OsiThread *t = &g_array_index(threads, OsiThread, i);
        OsiThread *found = get_thread_by_tid_qpp(vcpu, t->tid);

        wrong += !found || found->taskd != t->taskd;
        free_osithread_qpp(found);
    }
    wrong += get_process_handle_by_pid_qpp(vcpu, 4194000) != NULL;
    wrong += get_thread_by_tid_qpp(vcpu, 4194000) != NULL;
    return wrong;
}

static void show_all(const char *where, unsigned int vcpu)
{
    g_autoptr(GString) s = g_string_new(NULL);
    gint64 start = g_get_monotonic_time(), end;
    bool all, all_threads = false;
    GArray *procs = get_processes_qpp(vcpu);
    g_autoptr(GArray) handles = get_process_handles_checked_qpp(vcpu, &all);
    g_autoptr(GArray) threads = get_threads_qpp(vcpu, &all_threads);

    end = g_get_monotonic_time();
    if (!handles || !procs) {
        g_string_append_printf(s, ",\"reachable\":false,\"any\":%s",
                               handles || threads || procs ? "true"
                                                           : "false");
        put_line(where, "all", s);
        return;
    }
    threads = threads ? threads : g_array_new(FALSE, FALSE, 1);
    for (guint i = 0; i < procs->len; i++) {
        const OsiProc *p = get_one_proc_qpp(procs, i);

        g_string_append_printf(s, ",\"pid\":%d,\"ppid\":%d,\"uid\":%u,"
                               "\"start\":%" PRIu64, p->pid, p->ppid,
                               p->uid, p->create_time);
        put_hex(s, "comm", p->name, strlen(p->name));
        put_line(where, "proc", s);
    }
    for (guint i = 0; i < handles->len; i++) {
        show_process(where, vcpu,
                     &g_array_index(handles, OsiProcHandle, i));
    }
    show_threads(where, vcpu, threads);
    g_string_append_printf(
        s, ",\"reachable\":true,\"complete\":%s,\"processes\":%u,"
        "\"threads\":%u,\"microseconds\":%" PRId64 ",\"wrong_lookups\":%u",
        all && all_threads ? "true" : "false", procs->len, threads->len,
        (int64_t)(end - start), wrong_lookups(vcpu, handles, threads));
    put_line(where, "all", s);
    cleanup_garray_qpp(procs);
    if (!storm.stable) {
        find_stable(vcpu, handles, threads);
    }
}

/* ---- Events -------------------------------------------------------------- */

static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (call->nr != PROC_MARKER || call->args[0] != PROC_MAGIC) {
        return;
    }
    if (call->args[1] == PROC_STORM) {
        g_mutex_lock(&storm_lock);
        __atomic_store_n(&storm.on, storm.stable != NULL, __ATOMIC_RELEASE);
        g_mutex_unlock(&storm_lock);
    } else if (call->args[1] == PROC_CALM) {
        g_mutex_lock(&storm_lock);
        __atomic_store_n(&storm.on, false, __ATOMIC_RELEASE);
        end_storm();
        g_mutex_unlock(&storm_lock);
    } else {
        show_all("call", call->vcpu);
    }
}

static bool is_question(const SyscallsCall *call)
{
    return call->nr == PROC_MARKER && call->args[0] == PROC_MAGIC &&
           call->args[1] != PROC_STORM && call->args[1] != PROC_CALM;
}

static void on_entered(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (is_question(call)) {
        show_all("entered", call->vcpu);
    }
}

static void on_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (is_question(call)) {
        show_all("return", call->return_vcpu);
        armed_vcpu = call->return_vcpu;
        __atomic_store_n(&armed, true, __ATOMIC_RELEASE);
    }
}

static void on_process_change(void *evdata, void *udata)
{
    const OsiProcessChange *change = evdata;

    if (__atomic_load_n(&armed, __ATOMIC_ACQUIRE) &&
        change->vcpu == armed_vcpu) {
        __atomic_store_n(&armed, false, __ATOMIC_RELAXED);
        show_all("switch", change->vcpu);
    }
    /* One vCPU asks while the others go on. */
    if (__atomic_load_n(&storm.on, __ATOMIC_ACQUIRE) &&
        g_mutex_trylock(&storm_lock)) {
        if (storm.on) {
            check_storm(change->vcpu);
        }
        g_mutex_unlock(&storm_lock);
    }
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    if (ferror(out) || fclose(out) != 0) {
        fprintf(stderr, "proc_check: its file could not be written\n");
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (argc != 1 || !g_str_has_prefix(argv[0], "filename=")) {
        fprintf(stderr, "proc_check: needs one option, filename=FILE\n");
        return -1;
    }
    out = fopen(strchr(argv[0], '=') + 1, "w");
    if (!out) {
        perror("proc_check: its file");
        return -1;
    }
    qemu_plugin_register_atexit_cb(id, on_atexit, NULL);
    return qemu_plugin_reg_callback("syscalls", "on_all_sys_enter",
                                    on_enter) &&
                   (!info->system_emulation ||
                    (qemu_plugin_reg_callback("syscalls",
                                              "on_all_sys_entered",
                                              on_entered) &&
                     qemu_plugin_reg_callback("syscalls",
                                              "on_all_sys_return",
                                              on_return) &&
                     qemu_plugin_reg_callback("osi_linux",
                                              "on_process_change",
                                              on_process_change)))
               ? 0 : -1;
}
