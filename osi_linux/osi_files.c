/*
 * osi_files.c: the imports of osi_files.h, for the guest that runs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "live.h"
#include "osi_files.h"

/* Descriptors are read in pieces of so many. */
#define SLICE 512
/* Processes with more open at once are unknown. */
#define MAX_OPEN 65536
#define MAX_ATTEMPTS 4

#define O_CLOEXEC_GUEST 02000000u
#define MODE_TYPE 0170000u
#define MODE_SOCKET 0140000u

static void osifile_deinit(OsiFile *file)
{
    g_free(file->path);
    osi_socket_free(file->socket);
}

static bool is_socket(const OsiLive *live, const OsiFileInfo *info)
{
    char fs[16];

    return (info->mode & MODE_TYPE) == MODE_SOCKET &&
           osi_path_fs_name(&live->paths, info->super_block, fs,
                            sizeof(fs)) && g_str_equal(fs, "sockfs");
}

/* What the struct file at @addr says; false: it cannot be read. */
static bool describe(const OsiLive *live, uint64_t addr, OsiFile *out)
{
    OsiFileInfo info;

    if (!osi_file_read(&live->files, addr, &info)) {
        return false;
    }
    out->path = osi_path_name(&live->paths, &info.path, NULL);
    out->pos = info.pos;
    out->flags = info.flags;
    out->mode = info.mode;
    out->inode = info.ino;
    out->dev_major = info.dev >> 20;
    out->dev_minor = info.dev & 0xfffff;
    if (is_socket(live, &info)) {
        out->socket = osi_socket_read(&live->sockets, info.private_data);
    }
    return true;
}

typedef enum Outcome { IS_OPEN, NOT_OPEN, UNKNOWN, TOO_MANY } Outcome;

/*
 * The descriptor is read once more: if it leads to the same, all is good, or
 * the struct file itself makes no sense.
 */
static Outcome read_fd(const OsiLive *live, const OsiFdTable *table, int fd,
                       OsiFile *out)
{
    for (int i = 0; i < MAX_ATTEMPTS; i++) {
        uint64_t addr, again;
        bool close_on_exec, is_known;

        if (!osi_fd_file(&live->files, table, fd, &addr, &close_on_exec)) {
            return UNKNOWN;
        }
        if (!addr) {
            return NOT_OPEN;
        }
        *out = (OsiFile){ .fd = fd };
        is_known = describe(live, addr, out);
        if (osi_fd_file(&live->files, table, fd, &again, &close_on_exec) &&
            again == addr) {
            out->flags |= is_known && close_on_exec ? O_CLOEXEC_GUEST : 0;
            return IS_OPEN;
        }
        osifile_deinit(out);
    }
    return UNKNOWN;
}

/* All of @table, to @out: IS_OPEN; or UNKNOWN, TOO_MANY. */
static Outcome read_all(const OsiLive *live, const OsiFdTable *table,
                        GArray *out)
{
    uint64_t slice[SLICE];
    size_t n_bytes = 0;

    for (unsigned int first = 0; first < table->max_fds; first += SLICE) {
        unsigned int n = MIN(SLICE, table->max_fds - first);

        if (!osi_fd_slice(&live->files, table, first, n, slice)) {
            return UNKNOWN;
        }
        for (unsigned int i = 0; i < n; i++) {
            Outcome outcome;
            OsiFile file;

            if (!slice[i]) {
                continue;
            }
            outcome = read_fd(live, table, first + i, &file);
            if (outcome == UNKNOWN) {
                return UNKNOWN;
            }
            if (outcome == IS_OPEN) {
                g_array_append_val(out, file);
                n_bytes += file.path ? strlen(file.path) : 0;
                if (out->len > MAX_OPEN || n_bytes > OSI_MAX_PATH_BYTES) {
                    return TOO_MANY;
                }
            }
        }
    }
    return IS_OPEN;
}

QEMU_PLUGIN_EXPORT GArray *get_open_files(unsigned int vcpu_index,
                                          const OsiProc *proc)
{
    const OsiLive *live = osi_live_on(vcpu_index);
    OsiFdTable table, again;
    Outcome outcome = UNKNOWN;
    OsiTask task;
    GArray *files;

    if (!live || !osi_live_proc(proc, &task)) {
        return NULL;
    }
    files = g_array_new(FALSE, FALSE, sizeof(OsiFile));
    g_array_set_clear_func(files, (GDestroyNotify)osifile_deinit);
    for (int i = 0; i < MAX_ATTEMPTS && outcome != TOO_MANY; i++) {
        switch (osi_fd_table(&live->files, task.identity.taskd, &table)) {
        case OSI_FD_TABLE_NONE:
            return files;
        case OSI_FD_TABLE_UNKNOWN:
            g_array_unref(files);
            return NULL;
        case OSI_FD_TABLE_FOUND:
            break;
        }
        outcome = read_all(live, &table, files);
        if (outcome == IS_OPEN && osi_live_proc(proc, &task) &&
            osi_fd_table(&live->files, task.identity.taskd, &again) ==
                OSI_FD_TABLE_FOUND && again.fds == table.fds) {
            return files;
        }
        g_array_set_size(files, 0);
    }
    g_array_unref(files);
    return NULL;
}

static bool get_file(unsigned int vcpu_index, const OsiProc *proc, int fd,
                     OsiFile *out)
{
    const OsiLive *live = osi_live_on(vcpu_index);
    OsiFdTable table;
    OsiTask task;

    return live && osi_live_proc(proc, &task) &&
           osi_fd_table(&live->files, task.identity.taskd, &table) ==
               OSI_FD_TABLE_FOUND &&
           read_fd(live, &table, fd, out) == IS_OPEN;
}

QEMU_PLUGIN_EXPORT OsiFile *get_open_file(unsigned int vcpu_index,
                                          const OsiProc *proc, int fd)
{
    OsiFile file;

    return get_file(vcpu_index, proc, fd, &file)
               ? g_memdup2(&file, sizeof(file)) : NULL;
}

QEMU_PLUGIN_EXPORT char *osi_linux_fd_to_filename(unsigned int vcpu_index,
                                                  const OsiProc *proc, int fd)
{
    OsiFile file;
    char *path;

    if (!get_file(vcpu_index, proc, fd, &file)) {
        return NULL;
    }
    path = g_steal_pointer(&file.path);
    osifile_deinit(&file);
    return path;
}

QEMU_PLUGIN_EXPORT unsigned long long
osi_linux_fd_to_pos(unsigned int vcpu_index, const OsiProc *proc, int fd)
{
    OsiFile file;
    int64_t pos;

    if (!get_file(vcpu_index, proc, fd, &file)) {
        return OSI_INVALID_FILE_POS;
    }
    pos = file.pos;
    osifile_deinit(&file);
    return pos;
}

QEMU_PLUGIN_EXPORT uint64_t ext_get_file_struct_ptr(unsigned int vcpu_index,
                                                    uint64_t taskd, int fd)
{
    const OsiLive *live = osi_live_on(vcpu_index);
    OsiFdTable table;
    bool close_on_exec;
    uint64_t file;

    return live && osi_fd_table(&live->files, taskd, &table) ==
                       OSI_FD_TABLE_FOUND &&
                   osi_fd_file(&live->files, &table, fd, &file,
                               &close_on_exec) ? file : 0;
}

QEMU_PLUGIN_EXPORT uint64_t ext_get_file_dentry(unsigned int vcpu_index,
                                                uint64_t file)
{
    const OsiLive *live = osi_live_on(vcpu_index);
    OsiFileInfo info;

    return live && osi_file_read(&live->files, file, &info)
               ? info.path.dentry : 0;
}

QEMU_PLUGIN_EXPORT void free_osifile(OsiFile *file)
{
    if (file) {
        osifile_deinit(file);
        g_free(file);
    }
}
