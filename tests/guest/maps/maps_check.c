/*
 * maps_check.c: a plugin that writes down what osi_linux says of processes'
 * memory and files, for the guest test maps-run.
 *
 * At a marker, a system call of an unused number, the guest program says
 * which process is meant, or asks.  An answer is given at once, when the call
 * has entered the kernel, when it returns, and at the next thread switch: all
 * but the first are moments when the kernel's memory can be read whatever its
 * page tables.  Besides, what the asking process opens is looked up when it
 * gets the descriptor.  One JSON object a line, to the file named by the
 * option filename; text in hexadecimal.  What is right is decided by
 * maps-compare.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "osi_files.h"
#include "osi_kernel.h"
#include "osi_kernel.h"
#include "osi_maps.h"
#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "maps_check";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls",
                                                      "osi_linux", NULL };

/* A question that is to be asked again at the next switch. */
typedef struct Question {
    uint64_t command, world, from, to;
} Question;

static GMutex lock; /* guards what follows, and so the order of lines */
static FILE *out;
static OsiProc *worlds[MAPS_WORLDS];
static Question pending; /* command 0: none */
static SyscallsThread *asker; /* the thread that made the last marker */
static char opening[256]; /* what it is about to open, or "" */

/* ---- Writing ------------------------------------------------------------- */

static void put_bytes(GString *s, const char *key, const void *bytes,
                      size_t len)
{
    const uint8_t *p = bytes;

    if (!p) {
        g_string_append_printf(s, ",\"%s\":null", key);
        return;
    }
    g_string_append_printf(s, ",\"%s\":\"", key);
    for (size_t i = 0; i < len; i++) {
        g_string_append_printf(s, "%02x", p[i]);
    }
    g_string_append_c(s, '"');
}

static void put_text(GString *s, const char *key, const char *text)
{
    put_bytes(s, key, text, text ? strlen(text) : 0);
}

static void put_module(GString *s, const OsiModule *m)
{
    g_string_append_printf(
        s, "{\"base\":%" PRIu64 ",\"size\":%" PRIu64 ",\"offset\":%" PRIu64
        ",\"inode\":%" PRIu64 ",\"major\":%u,\"minor\":%u,\"kind\":%d"
        ",\"flags\":%" PRIu64,
        m->base, m->size, m->offset, m->inode, m->dev_major, m->dev_minor,
        m->kind, m->flags);
    put_text(s, "perms", m->perms);
    put_text(s, "file", m->file);
    put_text(s, "name", m->name);
    g_string_append(s, "}");
}

static void put_modules(GString *s, const char *key, GArray *modules)
{
    g_string_append_printf(s, ",\"%s\":", key);
    if (!modules) {
        g_string_append(s, "null");
        return;
    }
    g_string_append_c(s, '[');
    for (guint i = 0; i < modules->len; i++) {
        g_string_append(s, i ? "," : "");
        put_module(s, &g_array_index(modules, OsiModule, i));
    }
    g_string_append_c(s, ']');
}

static void put_socket(GString *s, const OsiSocket *sock)
{
    if (!sock) {
        g_string_append(s, ",\"socket\":null");
        return;
    }
    g_string_append_printf(
        s, ",\"socket\":{\"family\":%u,\"type\":%u,\"protocol\":%u"
        ",\"state\":%u,\"local_port\":%u,\"remote_port\":%u"
        ",\"peer_inode\":%" PRIu64 ",\"groups\":%u",
        sock->family, sock->type, sock->protocol, sock->state,
        sock->local.port, sock->remote.port, sock->peer_inode, sock->groups);
    put_bytes(s, "local", sock->local.bytes, sizeof(sock->local.bytes));
    put_bytes(s, "remote", sock->remote.bytes, sizeof(sock->remote.bytes));
    put_text(s, "local_name", sock->local_name);
    put_text(s, "remote_name", sock->remote_name);
    g_string_append_c(s, '}');
}

static void put_file(GString *s, const OsiFile *f)
{
    g_string_append_printf(
        s, "{\"fd\":%d,\"pos\":%" PRId64 ",\"flags\":%u,\"mode\":%u"
        ",\"inode\":%" PRIu64 ",\"major\":%u,\"minor\":%u",
        f->fd, f->pos, f->flags, f->mode, f->inode, f->dev_major,
        f->dev_minor);
    put_text(s, "path", f->path);
    put_socket(s, f->socket);
    g_string_append_c(s, '}');
}

/* ---- Asking -------------------------------------------------------------- */

/* Whether asking by address gives what is in @all, at both its ends. */
static unsigned int count_wrong_addresses(unsigned int vcpu,
                                          const OsiProc *proc,
                                          const GArray *all)
{
    unsigned int n_wrong = 0;

    for (guint i = 0; i < all->len; i++) {
        const OsiModule *m = &g_array_index(all, OsiModule, i);
        const uint64_t addrs[] = { m->base, m->base + m->size - 1 };

        for (size_t a = 0; a < G_N_ELEMENTS(addrs); a++) {
            OsiModule *one = get_mapping_by_addr_qpp(vcpu, proc, addrs[a]);

            n_wrong += !one || one->base != m->base || one->size != m->size ||
                       one->modd != m->modd || one->kind != m->kind ||
                       g_strcmp0(one->file, m->file) != 0 ||
                       g_strcmp0(one->name, m->name) != 0;
            free_osimodule_qpp(one);
        }
        if (i + 1 == all->len || m[1].base > m->base + m->size) {
            OsiModule *none = get_mapping_by_addr_qpp(vcpu, proc,
                                                      m->base + m->size);

            n_wrong += none != NULL;
            free_osimodule_qpp(none);
        }
    }
    return n_wrong;
}

static void put_mappings(GString *s, unsigned int vcpu, const OsiProc *proc)
{
    GArray *(*const some[])(unsigned int, const OsiProc *) = {
        get_file_mappings_qpp, get_heap_mappings_qpp, get_stack_mappings_qpp,
        get_unknown_mappings_qpp,
    };
    GArray *all = get_mappings_qpp(vcpu, proc);
    GArray *libraries = get_libraries_qpp(vcpu, proc);
    g_autofree OsiProcMem *mem = get_proc_mem_qpp(vcpu, proc);
    unsigned int n_some = 0;

    put_modules(s, "maps", all);
    put_modules(s, "libraries", libraries);
    cleanup_garray_qpp(libraries);
    for (size_t i = 0; all && i < G_N_ELEMENTS(some); i++) {
        GArray *part = some[i](vcpu, proc);

        n_some += part ? part->len : 0;
        cleanup_garray_qpp(part);
    }
    if (all) {
        g_string_append_printf(
            s, ",\"n_some\":%u,\"wrong_addresses\":%u,\"heap\":%" PRIu64
            ",\"has_vd\":%s,\"has_none\":%s",
            n_some, count_wrong_addresses(vcpu, proc, all),
            get_mapping_base_address_by_name_qpp(vcpu, proc, "[heap]"),
            has_mapping_prefix_qpp(vcpu, proc, "[vd") ? "true" : "false",
            has_mapping_prefix_qpp(vcpu, proc, "no such") ? "true" : "false");
    }
    cleanup_garray_qpp(all);
    if (mem) {
        g_string_append_printf(
            s, ",\"mem\":[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
            ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
            ",%" PRIu64 ",%" PRIu64 "]",
            mem->start_code, mem->end_code, mem->start_stack,
            mem->start_data, mem->end_data, mem->start_brk, mem->arg_start,
            mem->arg_end, mem->env_start, mem->env_end, mem->brk);
    }
}

/* What is @offset behind @addr; 0: the kernel is out of reach. */
static uint64_t pointer_in(uint64_t addr, const char *type, const char *path)
{
    OsiKernelMember member;
    uint64_t value = 0;

    if (addr && osi_kernel_member_qpp(type, path, &member)) {
        qemu_plugin_read_memory(addr + member.offset, &value,
                                sizeof(value));
    }
    return value;
}

/*
 * From PANDA's addresses an author goes on alone: to the same inode, where
 * the kernel can be read.
 */
static bool leads_elsewhere(unsigned int vcpu, const OsiProc *proc,
                            const OsiFile *file)
{
    uint64_t addr = ext_get_file_struct_ptr_qpp(vcpu, proc->taskd, file->fd);
    uint64_t dentry = ext_get_file_dentry_qpp(vcpu, addr);
    uint64_t inode = pointer_in(dentry, "dentry", "d_inode");

    return !addr || !dentry ||
           (inode && pointer_in(inode, "inode", "i_ino") != file->inode);
}

static void put_files(GString *s, unsigned int vcpu, const OsiProc *proc)
{
    GArray *files = get_open_files_qpp(vcpu, proc);
    unsigned int n_wrong = 0;

    if (!files) {
        g_string_append(s, ",\"files\":null");
        return;
    }
    g_string_append(s, ",\"files\":[");
    for (guint i = 0; i < files->len; i++) {
        const OsiFile *f = &g_array_index(files, OsiFile, i);
        g_autofree char *path = osi_linux_fd_to_filename_qpp(vcpu, proc,
                                                             f->fd);
        OsiFile *one = get_open_file_qpp(vcpu, proc, f->fd);

        n_wrong += g_strcmp0(path, f->path) != 0 || !one ||
                   one->inode != f->inode || one->flags != f->flags ||
                   osi_linux_fd_to_pos_qpp(vcpu, proc, f->fd) !=
                       (unsigned long long)f->pos ||
                   leads_elsewhere(vcpu, proc, f);
        free_osifile_qpp(one);
        g_string_append(s, i ? "," : "");
        put_file(s, f);
    }
    n_wrong += get_open_file_qpp(vcpu, proc, -1) != NULL;
    n_wrong += osi_linux_fd_to_filename_qpp(vcpu, proc, 1 << 30) != NULL;
    n_wrong += osi_linux_fd_to_pos_qpp(vcpu, proc, 60000) !=
               OSI_INVALID_FILE_POS;
    n_wrong += ext_get_file_struct_ptr_qpp(vcpu, proc->taskd, -1) != 0;
    n_wrong += ext_get_file_dentry_qpp(vcpu, 0) != 0;
    g_string_append_printf(s, "],\"wrong_files\":%u", n_wrong);
    cleanup_garray_qpp(files);
}

/* Whether the @len bytes are there, up to the end of the page; if any. */
static void put_physical(GString *s, uint64_t physical, const uint8_t *bytes,
                         size_t len)
{
    g_autoptr(GByteArray) there = g_byte_array_new();
    bool is_right = (physical != OSI_INVALID_ADDRESS) || len == 0;

    len = MIN(len, 4096 - (physical & 4095));
    if (len > 0 && is_right &&
        qemu_plugin_available("qemu_plugin_read_memory_hwaddr")) {
        is_right = qemu_plugin_read_memory_hwaddr(physical, there, len) ==
                       QEMU_PLUGIN_HWADDR_OPERATION_OK &&
                   there->len == len && !memcmp(there->data, bytes, len);
    }
    g_string_append_printf(s, ",\"physical\":%s",
                           is_right ? "true" : "false");
}

static void put_piece(GString *s, unsigned int vcpu, const OsiProc *proc,
                      const Question *q)
{
    OsiProcHandle handle = { proc->taskd, proc->asid, proc->create_time };
    g_autofree uint8_t *bytes = g_malloc(MAPS_PIECE_MAX);
    size_t len = MIN(q->to - q->from, MAPS_PIECE_MAX);
    bool there = read_process_memory_qpp(vcpu, &handle, q->from, bytes, len);

    g_string_append_printf(s, ",\"from\":%" PRIu64 ",\"to\":%" PRIu64,
                           q->from, q->to);
    put_bytes(s, "bytes", there ? bytes : NULL, len);
    put_physical(s, walk_page_table_qpp(vcpu, proc, q->from), bytes,
                 there ? len : 0);
}

static void answer_locked(unsigned int vcpu, const Question *q,
                          const char *where)
{
    const OsiProc *proc = q->world < MAPS_WORLDS ? worlds[q->world] : NULL;
    g_autoptr(GString) s = g_string_new(NULL);

    if (!proc) {
        return;
    }
    g_string_append_printf(s, "{\"kind\":\"%s\",\"world\":%" PRIu64
                           ",\"where\":\"%s\",\"pid\":%d",
                           q->command == MAPS_ASK ? "all" : "piece",
                           q->world, where, proc->pid);
    if (q->command == MAPS_ASK) {
        put_mappings(s, vcpu, proc);
        put_files(s, vcpu, proc);
    } else {
        put_piece(s, vcpu, proc, q);
    }
    fprintf(out, "%s}\n", s->str);
}

/* ---- Events -------------------------------------------------------------- */

static bool is_marker(const SyscallsCall *call, Question *q)
{
    *q = (Question){ call->args[1], call->args[2], call->args[3],
                     call->args[4] };
    return call->nr == MAPS_MARKER && call->args[0] == MAPS_MAGIC &&
           q->world < MAPS_WORLDS;
}

static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    Question q;

    if (!is_marker(call, &q)) {
        return;
    }
    g_mutex_lock(&lock);
    if (q.command == MAPS_KEEP) {
        worlds[q.world] = get_current_process_qpp(call->vcpu);
    } else {
        asker = call->thread;
        answer_locked(call->vcpu, &q, "call");
    }
    g_mutex_unlock(&lock);
}

static void on_entered(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    Question q;

    if (is_marker(call, &q) && q.command != MAPS_KEEP) {
        g_mutex_lock(&lock);
        answer_locked(call->vcpu, &q, "entered");
        g_mutex_unlock(&lock);
    }
}

static void on_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    Question q;

    if (is_marker(call, &q) && q.command != MAPS_KEEP) {
        g_mutex_lock(&lock);
        answer_locked(call->return_vcpu, &q, "return");
        pending = q;
        g_mutex_unlock(&lock);
    }
}

static void on_openat_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    g_mutex_lock(&lock);
    if (call->thread == asker) {
        for (size_t i = 0; i < sizeof(opening); i++) {
            if (!qemu_plugin_read_memory(call->args[1] + i, &opening[i], 1)) {
                opening[i] = 0;
            }
            if (!opening[i]) {
                break;
            }
        }
        opening[sizeof(opening) - 1] = 0;
    }
    g_mutex_unlock(&lock);
}

/* What it has opened, by the descriptor that it has just got. */
static void on_openat_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    g_autoptr(GString) s = g_string_new(NULL);

    g_mutex_lock(&lock);
    if (call->thread == asker && call->outcome == SYSCALLS_RETURNED &&
        call->ret >= 0 && opening[0]) {
        OsiProc *proc = get_current_process_qpp(call->return_vcpu);
        g_autofree char *path = osi_linux_fd_to_filename_qpp(
            call->return_vcpu, proc, (int)call->ret);

        g_string_append(s, "{\"kind\":\"opened\",\"world\":-1");
        put_text(s, "asked", opening);
        put_text(s, "path", path);
        fprintf(out, "%s}\n", s->str);
        free_osiproc_qpp(proc);
    }
    g_mutex_unlock(&lock);
}

static void on_thread_switch(void *evdata, void *udata)
{
    const SyscallsSwitch *sw = evdata;

    g_mutex_lock(&lock);
    if (pending.command) {
        answer_locked(sw->vcpu, &pending, "switch");
        pending.command = 0;
    }
    g_mutex_unlock(&lock);
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    for (unsigned int i = 0; i < MAPS_WORLDS; i++) {
        free_osiproc_qpp(worlds[i]);
    }
    if (ferror(out) || fclose(out) != 0) {
        fprintf(stderr, "maps_check: its file could not be written\n");
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    static const struct {
        const char *name;
        cb_func_t function;
    } events[] = {
        { "on_all_sys_enter", on_enter },
        { "on_all_sys_entered", on_entered },
        { "on_all_sys_return", on_return },
        { "on_openat_enter", on_openat_enter },
        { "on_openat_return", on_openat_return },
        { "on_thread_switch", on_thread_switch },
    };

    if (argc != 1 || !g_str_has_prefix(argv[0], "filename=")) {
        fprintf(stderr, "maps_check: needs one option, filename=FILE\n");
        return -1;
    }
    out = fopen(strchr(argv[0], '=') + 1, "w");
    if (!out) {
        perror("maps_check: its file");
        return -1;
    }
    qemu_plugin_register_atexit_cb(id, on_atexit, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        if (!qemu_plugin_reg_callback("syscalls", events[i].name,
                                      events[i].function)) {
            return -1;
        }
    }
    return 0;
}
