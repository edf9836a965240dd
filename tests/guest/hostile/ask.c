/*
 * ask.c: every question of osi*.h that reads the guest, with its guest reads
 * and its memory counted, and what no answer may be, whatever the guest's
 * memory says.  Answers are also given as text, to be compared with others.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <malloc.h>
#include <string.h>

#include "counts.h"
#include "hostile.h"
#include "osi.h"
#include "osi_files.h"
#include "osi_kernel.h"
#include "osi_maps.h"

/*
 * What osi_linux/live.h and queries.c allow a query, each, where one answer
 * needs both; and the largest answer's memory with what leads to it.
 */
#define MAX_READS ((4u << 20) + 2 * 1000 * 1000)
#define MAX_BYTES (160ll << 20)
#define PID_MAX (4 * 1024 * 1024)

/* Of the thread; in preload.c. */
static HostileCounts *begin(void)
{
    HostileCounts *c = hostile_counts();

    c->reads = 0;
    c->peak = c->live;
    return c;
}

static void wrong(Asker *a, const char *what, uint64_t value)
{
    if (a->wrong->len < 4000) {
        g_string_append_printf(a->wrong, "%s (0x%" PRIx64 ")\n", what,
                               value);
    }
}

static void end(Asker *a, const char *what, bool known, int64_t live)
{
    HostileCounts *c = hostile_counts();
    uint64_t bytes = c->peak - live;

    a->n_queries++;
    a->n_unknown += !known;
    if (c->reads > a->max_reads) {
        a->max_reads = c->reads;
        a->max_reads_of = what;
    }
    if (bytes > a->max_bytes) {
        a->max_bytes = bytes;
        a->max_bytes_of = what;
    }
    if (c->reads > MAX_READS) {
        wrong(a, what, c->reads);
    }
    if (bytes > MAX_BYTES) {
        wrong(a, what, bytes);
    }
}

#define QUERY(a, result, call, known)                                         \
    do {                                                                      \
        int64_t live_ = begin()->live;                                        \
        result = call;                                                        \
        end(a, #call, known, live_);                                          \
    } while (0)

#define MUST(a, condition, value)                                             \
    do {                                                                      \
        if (!(condition)) {                                                   \
            wrong(a, "not " #condition, (uint64_t)(value));                   \
        }                                                                     \
    } while (0)

static void G_GNUC_PRINTF(2, 3) put(Asker *a, const char *format, ...)
{
    va_list args;

    if (a->dump) {
        va_start(args, format);
        g_string_append_vprintf(a->dump, format, args);
        va_end(args);
    }
}

/* ---- One process --------------------------------------------------------- */

static void check_info(Asker *a, const char *kind, const OsiTaskInfo *i)
{
    if (!i) {
        put(a, "%s -\n", kind);
        return;
    }
    MUST(a, i->pid >= 0 && i->pid <= PID_MAX, i->pid);
    MUST(a, i->tid >= 0 && i->tid <= PID_MAX, i->tid);
    MUST(a, i->ppid >= 0 && i->ppid <= PID_MAX, i->ppid);
    MUST(a, i->pgid >= -1 && i->pgid <= PID_MAX, i->pgid);
    MUST(a, i->sid >= -1 && i->sid <= PID_MAX, i->sid);
    MUST(a, memchr(i->comm, '\0', OSI_COMM_LEN), 0);
    MUST(a, i->state && strchr("RSDTtZXPI?", i->state), i->state);
    MUST(a, i->nice == OSI_NICE_UNKNOWN || (i->nice >= -20 && i->nice <= 19),
         i->nice);
    MUST(a, i->policy >= -1, i->policy);
    MUST(a, i->rt_priority <= 99, i->rt_priority);
    MUST(a, i->n_ns_pids <= OSI_MAX_PID_NS, i->n_ns_pids);
    for (uint32_t n = 0; n < i->n_ns_pids; n++) {
        MUST(a, i->ns_pids[n] >= 0 && i->ns_pids[n] <= PID_MAX,
             i->ns_pids[n]);
    }
    put(a, "%s %d %d %d %d %d %u %u %u %d %d %c '%s' %" PRIx64 " %" PRIu64
        " %u:", kind, i->pid, i->tid, i->ppid, i->pgid, i->sid, i->uid,
        i->egid, i->n_threads, i->nice, i->policy, i->state, i->comm,
        i->asid, i->start_boottime, i->n_ns_pids);
    for (uint32_t n = 0; n < i->n_ns_pids; n++) {
        put(a, " %d", i->ns_pids[n]);
    }
    for (int n = 0; n < OSI_NS_COUNT; n++) {
        put(a, " %u", i->ns[n]);
    }
    put(a, "\n");
}

static void take_path(Asker *a, const char *kind, char *path)
{
    MUST(a, !path || strlen(path) <= 4 * 4096 + 32, strlen(path));
    put(a, "%s %s\n", kind, path ? path : "-");
    g_free(path);
}

static void take_bytes(Asker *a, const char *kind, GByteArray *bytes)
{
    if (!bytes) {
        put(a, "%s -\n", kind);
        return;
    }
    MUST(a, bytes->len <= 8u << 20, bytes->len);
    put(a, "%s %u %x\n", kind, bytes->len, bytes->len ?
        g_str_hash((char *)bytes->data) : 0);
    g_byte_array_unref(bytes);
}

static void take_mappings(Asker *a, const char *kind, GArray *maps,
                          bool are_mappings)
{
    uint64_t at = 0;

    put(a, "%s %d\n", kind, maps ? (int)maps->len : -1);
    for (guint i = 0; maps && i < maps->len; i++) {
        const OsiModule *m = &g_array_index(maps, OsiModule, i);

        MUST(a, m->name, m->modd);
        MUST(a, m->size > 0 && m->base + m->size > m->base, m->size);
        MUST(a, !are_mappings || m->base >= at, m->base);
        MUST(a, (m->base & 0xfff) == 0 && (m->size & 0xfff) == 0, m->base);
        MUST(a, memchr(m->perms, '\0', sizeof(m->perms)), 0);
        MUST(a, m->kind <= OSI_MAPPING_SPECIAL, m->kind);
        at = m->base + m->size;
        put(a, " %" PRIx64 " %" PRIx64 " %s %s %s %" PRIx64 " %" PRIu64
            " %d\n", m->base, m->size, m->perms, m->name,
            m->file ? m->file : "-", m->offset, m->inode, m->kind);
    }
    cleanup_garray_qpp(maps);
}

static void take_files(Asker *a, GArray *files)
{
    int last = -1;

    put(a, "files %d\n", files ? (int)files->len : -1);
    MUST(a, !files || files->len <= 65536, files->len);
    for (guint i = 0; files && i < files->len; i++) {
        const OsiFile *f = &g_array_index(files, OsiFile, i);

        MUST(a, f->fd > last, f->fd);
        last = f->fd;
        put(a, " %d %s %" PRId64 " %x %x %" PRIu64, f->fd,
            f->path ? f->path : "-", f->pos, f->flags, f->mode, f->inode);
        if (f->socket) {
            put(a, " %u %u %u %u %s %s %" PRIu64, f->socket->family,
                f->socket->type, f->socket->protocol, f->socket->state,
                f->socket->local_name ? f->socket->local_name : "-",
                f->socket->remote_name ? f->socket->remote_name : "-",
                f->socket->peer_inode);
        }
        put(a, "\n");
    }
    cleanup_garray_qpp(files);
}

static void take_cgroups(Asker *a, GArray *cgroups)
{
    for (guint i = 0; cgroups && i < cgroups->len; i++) {
        const OsiCgroup *c = &g_array_index(cgroups, OsiCgroup, i);

        MUST(a, c->path && c->controllers, i);
        MUST(a, c->hierarchy >= 0, c->hierarchy);
        put(a, "cgroup %d %s %s %d\n", c->hierarchy, c->controllers, c->path,
            c->deleted);
    }
    cleanup_garray_qpp(cgroups);
}

static void ask_memory(Asker *a, const OsiProcHandle *h, const OsiProc *proc)
{
    GArray *maps;
    OsiProcMem *mem;
    OsiModule *m;
    uint8_t bytes[64];
    uint64_t addr = 0, base;
    bool done;

    QUERY(a, maps, get_mappings_qpp(a->vcpu, proc), maps);
    if (maps && maps->len) {
        addr = g_array_index(maps, OsiModule, maps->len / 2).base;
    }
    take_mappings(a, "mappings", maps, true);
    QUERY(a, maps, get_libraries_qpp(a->vcpu, proc), maps);
    take_mappings(a, "libraries", maps, false);
    QUERY(a, maps, get_heap_mappings_qpp(a->vcpu, proc), maps);
    take_mappings(a, "heap", maps, true);
    QUERY(a, maps, get_unknown_mappings_qpp(a->vcpu, proc), maps);
    take_mappings(a, "unknown", maps, true);
    QUERY(a, m, get_mapping_by_addr_qpp(a->vcpu, proc, addr), m);
    MUST(a, !m || (m->base <= addr && addr - m->base < m->size), m->base);
    free_osimodule_qpp(m);
    QUERY(a, m, get_mapping_by_name_qpp(a->vcpu, proc, "[stack]"), m);
    MUST(a, !m || strcmp(m->name, "[stack]") == 0, 0);
    free_osimodule_qpp(m);
    QUERY(a, base, get_mapping_base_address_by_name_qpp(a->vcpu, proc,
                                                        "[vdso]"), base);
    put(a, "vdso %" PRIx64 "\n", base);
    QUERY(a, done, has_mapping_prefix_qpp(a->vcpu, proc, "[st"), true);
    put(a, "prefix %d\n", done);
    QUERY(a, done, in_shared_object_qpp(a->vcpu, proc), true);
    QUERY(a, mem, get_proc_mem_qpp(a->vcpu, proc), mem);
    put(a, "mem %" PRIx64 " %" PRIx64 "\n", mem ? mem->brk : 0,
        mem ? mem->start_stack : 0);
    QUERY(a, done, read_process_memory_qpp(a->vcpu, h,
                                           mem ? mem->arg_start : 4096,
                                           bytes, sizeof(bytes)), done);
    put(a, "read %d %x\n", done, done ? bytes[0] : 0);
    g_free(mem);
}

static void ask_files(Asker *a, const OsiProc *proc)
{
    GArray *files;
    OsiFile *file;
    char *path;
    unsigned long long pos;

    QUERY(a, files, get_open_files_qpp(a->vcpu, proc), files);
    take_files(a, files);
    QUERY(a, file, get_open_file_qpp(a->vcpu, proc, 3), file);
    MUST(a, !file || file->fd == 3, file->fd);
    free_osifile_qpp(file);
    QUERY(a, path, osi_linux_fd_to_filename_qpp(a->vcpu, proc, 4), path);
    take_path(a, "fd 4", path);
    QUERY(a, pos, osi_linux_fd_to_pos_qpp(a->vcpu, proc, 1 << 20),
          pos != OSI_INVALID_FILE_POS);
    MUST(a, pos == OSI_INVALID_FILE_POS, pos);
}

static void ask_relatives(Asker *a, const OsiProcHandle *h)
{
    GArray *array;
    bool all = false;

    QUERY(a, array, get_process_threads_qpp(a->vcpu, h, &all), array);
    put(a, "threads %d %d\n", array ? (int)array->len : -1, all);
    MUST(a, !array || array->len <= 65536, array->len);
    cleanup_garray_qpp(array);
    QUERY(a, array, get_process_children_qpp(a->vcpu, h, &all), array);
    put(a, "children %d %d\n", array ? (int)array->len : -1, all);
    cleanup_garray_qpp(array);
}

static void ask_process(Asker *a, const OsiProcHandle *h)
{
    OsiTaskInfo *info;
    GByteArray *bytes;
    GArray *cgroups;
    OsiProc *proc;
    int32_t pid;
    char *path;

    QUERY(a, pid, get_process_pid_qpp(a->vcpu, h), pid >= 0);
    MUST(a, pid >= -1 && pid <= PID_MAX, pid);
    QUERY(a, pid, get_process_ppid_qpp(a->vcpu, h), pid >= 0);
    MUST(a, pid >= -1 && pid <= PID_MAX, pid);
    QUERY(a, info, get_process_info_qpp(a->vcpu, h), info);
    check_info(a, "info", info);
    g_free(info);
    QUERY(a, path, get_process_exe_qpp(a->vcpu, h), path);
    take_path(a, "exe", path);
    QUERY(a, path, get_process_cwd_qpp(a->vcpu, h), path);
    take_path(a, "cwd", path);
    QUERY(a, path, get_process_root_qpp(a->vcpu, h), path);
    take_path(a, "root", path);
    QUERY(a, bytes, get_process_cmdline_qpp(a->vcpu, h), bytes);
    take_bytes(a, "cmdline", bytes);
    QUERY(a, bytes, get_process_environment_qpp(a->vcpu, h), bytes);
    take_bytes(a, "environment", bytes);
    QUERY(a, cgroups, get_process_cgroups_qpp(a->vcpu, h), cgroups);
    take_cgroups(a, cgroups);
    ask_relatives(a, h);
    QUERY(a, proc, get_process_qpp(h), proc);
    if (proc) {
        MUST(a, proc->name && strlen(proc->name) < OSI_COMM_LEN, 0);
        ask_memory(a, h, proc);
        ask_files(a, proc);
    }
    free_osiproc_qpp(proc);
}

/* ---- All ----------------------------------------------------------------- */

/* Each once, by the address in the first 8 bytes of the elements. */
static void check_unique(Asker *a, const GArray *array, guint size,
                         guint offset)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    MUST(a, array->len <= 65536, array->len);
    for (guint i = 0; i < array->len; i++) {
        uint64_t addr;

        memcpy(&addr, array->data + i * size + offset, 8);
        MUST(a, g_hash_table_add(seen, GSIZE_TO_POINTER(addr)), addr);
    }
}

static void ask_lists(Asker *a)
{
    GArray *array;
    bool all = false;

    QUERY(a, array, get_processes_qpp(a->vcpu), array);
    put(a, "processes %d\n", array ? (int)array->len : -1);
    for (guint i = 0; array && i < array->len; i++) {
        const OsiProc *p = get_one_proc_qpp(array, i);

        MUST(a, p->pid >= 0 && p->pid <= PID_MAX, p->pid);
        MUST(a, p->name && strlen(p->name) < OSI_COMM_LEN, p->taskd);
        put(a, " %d %d %u %s\n", p->pid, p->ppid, p->uid, p->name);
    }
    if (array) {
        check_unique(a, array, sizeof(OsiProc), offsetof(OsiProc, taskd));
    }
    cleanup_garray_qpp(array);
    QUERY(a, array, get_process_handles_checked_qpp(a->vcpu, &all), array);
    put(a, "handles %d %d\n", array ? (int)array->len : -1, all);
    cleanup_garray_qpp(array);
    QUERY(a, array, get_threads_qpp(a->vcpu, &all), array);
    put(a, "threads %d %d\n", array ? (int)array->len : -1, all);
    if (array) {
        check_unique(a, array, sizeof(OsiThread),
                     offsetof(OsiThread, taskd));
    }
    cleanup_garray_qpp(array);
}

static void ask_kernel(Asker *a)
{
    OsiKernelModules *modules;
    int64_t ns = 0;
    bool known;

    QUERY(a, modules, osi_kernel_modules_qpp(a->vcpu), modules);
    put(a, "modules %d\n", modules ? (int)modules->n : -1);
    MUST(a, !modules || modules->n <= 16384, modules->n);
    for (uint32_t i = 0; modules && i < modules->n; i++) {
        const OsiKernelModule *m = &modules->modules[i];

        MUST(a, memchr(m->name, '\0', sizeof(m->name)), m->module);
        put(a, " %s %" PRIx64 " %" PRIx64 "\n", m->name, m->base, m->size);
    }
    free_osikernelmodules_qpp(modules);
    QUERY(a, known, osi_kernel_boot_time_qpp(a->vcpu, &ns), known);
    put(a, "boot %" PRId64 "\n", ns);
    put(a, "kernel %s\n", osi_kernel_release_qpp());
}

static void ask_current(Asker *a)
{
    OsiIdentity id = { 0 };
    OsiProcHandle *handle;
    OsiThread *thread;
    OsiProc *proc;
    bool known;

    QUERY(a, known, osi_current_identity_qpp(a->vcpu, &id), known);
    /* What was last seen, and no memory access. */
    MUST(a, hostile_counts()->reads == 0, hostile_counts()->reads);
    MUST(a, known && id.pid > 0, id.pid);
    put(a, "current %d %d %s\n", id.pid, id.ppid, id.comm);
    QUERY(a, proc, get_current_process_qpp(a->vcpu), proc);
    free_osiproc_qpp(proc);
    QUERY(a, thread, get_current_thread_qpp(a->vcpu), thread);
    free_osithread_qpp(thread);
    QUERY(a, handle, get_current_process_handle_qpp(a->vcpu), handle);
    MUST(a, hostile_counts()->reads == 0, hostile_counts()->reads);
    g_free(handle);
}

static void ask_look_ups(Asker *a)
{
    int32_t pid = below(&a->state, 300);
    OsiProcHandle *handle;
    OsiThread *thread;

    QUERY(a, handle, get_process_handle_by_pid_qpp(a->vcpu, pid), handle);
    g_free(handle);
    QUERY(a, handle, get_process_handle_by_pid_qpp(a->vcpu, INT32_MAX),
          handle);
    MUST(a, !handle, INT32_MAX);
    g_free(handle);
    QUERY(a, thread, get_thread_by_tid_qpp(a->vcpu, pid), thread);
    MUST(a, !thread || thread->tid == pid, pid);
    free_osithread_qpp(thread);
}

void asker_init(Asker *a, unsigned int vcpu, uint64_t seed)
{
    *a = (Asker){ .vcpu = vcpu, .state = seed | 1 };
    a->wrong = g_string_new(NULL);
}

void asker_clear(Asker *a)
{
    g_string_free(a->wrong, TRUE);
}

void ask_all(Asker *a, const World *w, bool few)
{
    int64_t live = hostile_counts()->live;

    ask_current(a);
    ask_lists(a);
    ask_kernel(a);
    if (!a->dump) {
        ask_look_ups(a);
    }
    for (guint i = 0; i < (few ? 6 : w->handles->len); i++) {
        guint which = few ? below(&a->state, w->handles->len) : i;

        ask_process(a, &g_array_index(w->handles, OsiProcHandle, which));
    }
    for (guint i = 0; i < (few ? 6 : w->threads->len); i++) {
        guint which = few ? below(&a->state, w->threads->len) : i;
        OsiTaskInfo *info;

        QUERY(a, info,
              get_thread_info_qpp(a->vcpu, &g_array_index(w->threads,
                                                          OsiThread, which)),
              info);
        check_info(a, "thread", info);
        g_free(info);
    }
    if (!a->dump) {
        a->leaked += hostile_counts()->live - live;
    }
}
