/*
 * file.c: open files of the guest's processes.  See file.h.
 *
 * The kernel's table of descriptors is replaced as a whole when it grows,
 * and a struct file may be used again for another file at any time.  Who
 * reads a descriptor's file therefore asks again afterwards whether the
 * descriptor still leads to it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "file.h"

/*
 * fmode_t: the file may be part of a struct backing_file (since Linux 6.5):
 * FMODE_BACKING has been bit 25 and bit 24, each of which stands for
 * something else in other kernels.
 */
#define FMODE_MAY_BE_BACKING (3u << 24)
#define O_CLOEXEC_GUEST 02000000u

#define AT(name) offsetof(OsiFileLayout, name)
#define WANT(type, path, field, group, size)                                 \
    { type, path, AT(field), AT(group), size }

static const OsiWanted wanted[] = {
    WANT("file", "f_inode", f_inode, file_group, 8),
    WANT("file", "f_flags", f_flags, file_group, 4),
    WANT("file", "f_mode", f_mode, file_group, 4),
    WANT("file", "f_pos", f_pos, file_group, 8),
    WANT("file", "private_data", private_data, file_group, 8),
    { "file", "f_path", AT(f_path), OSI_ALONE, 64 },
    { "file", "__f_path", AT(f_path), OSI_ALONE, 64 },
    { "backing_file", "user_path", AT(user_path), OSI_ALONE, 64 },
    { "task_struct", "files", AT(task_files), OSI_ALONE, 8 },
    WANT("files_struct", "fdt", fdt, files_group, 8),
    WANT("fdtable", "max_fds", max_fds, fdt_group, 4),
    WANT("fdtable", "fd", fd, fdt_group, 8),
    WANT("fdtable", "close_on_exec", close_on_exec, fdt_group, 8),
};

void osi_files_init(OsiFiles *files, const OsiTypes *types,
                    const OsiReader *reader, const OsiPaths *paths)
{
    OsiFileLayout *l = &files->layout;

    memset(files, 0, sizeof(*files));
    files->reader = *reader;
    files->paths = paths;
    osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), l);
}

/*
 * If the struct file at @file is part of a struct backing_file, the path and
 * inode that it is opened for go to @out.  A path it is only if dentry and
 * mount are of one file system; behind another struct file lies anything.
 */
static bool read_backing(const OsiFiles *files, uint64_t file,
                         OsiFileInfo *out)
{
    const OsiField *user_path = &files->layout.user_path;
    const OsiPathLayout *l = &files->paths->layout;
    const OsiReader *r = &files->reader;
    OsiCopy dentry, mnt;
    OsiPathRef path;

    if (!user_path->size || !l->d_sb.size || !l->mnt_sb.size ||
        !osi_path_ref(files->paths, file + user_path->offset, &path) ||
        !(path.dentry >> 63) || !(path.mnt >> 63) ||
        !osi_read_struct(r, &l->dentry_group, path.dentry, &dentry) ||
        !osi_read_struct(r, &l->vfsmount_group, path.mnt, &mnt) ||
        !osi_get(&dentry, &l->d_inode) ||
        osi_get(&dentry, &l->d_sb) != osi_get(&mnt, &l->mnt_sb)) {
        return false;
    }
    out->path = path;
    out->inode = osi_get(&dentry, &l->d_inode);
    return true;
}

bool osi_file_read(const OsiFiles *files, uint64_t file, OsiFileInfo *out)
{
    const OsiFileLayout *l = &files->layout;
    const OsiPathLayout *p = &files->paths->layout;
    const OsiReader *r = &files->reader;
    OsiCopy copy;

    memset(out, 0, sizeof(*out));
    if (!l->f_inode.size || !l->f_path.size || !l->f_flags.size ||
        !osi_read_struct(r, &l->file_group, file, &copy)) {
        return false;
    }
    out->inode = osi_get(&copy, &l->f_inode);
    out->flags = osi_get(&copy, &l->f_flags) & ~O_CLOEXEC_GUEST;
    out->pos = osi_get_signed(&copy, &l->f_pos);
    out->private_data = osi_get(&copy, &l->private_data);
    if ((!(osi_get(&copy, &l->f_mode) & FMODE_MAY_BE_BACKING) ||
         !read_backing(files, file, out)) &&
        !osi_path_ref(files->paths, file + l->f_path.offset, &out->path)) {
        return false;
    }
    if (!osi_read_struct(r, &p->inode_group, out->inode, &copy)) {
        return false;
    }
    out->ino = osi_get(&copy, &p->i_ino);
    out->mode = osi_get(&copy, &p->i_mode);
    out->super_block = osi_get(&copy, &p->i_sb);
    if (!osi_read_struct(r, &p->super_group, out->super_block, &copy)) {
        return false;
    }
    out->dev = osi_get(&copy, &p->s_dev);
    return true;
}

char *osi_file_name(const OsiFiles *files, uint64_t file)
{
    const OsiField *f_path = &files->layout.f_path;

    return file && f_path->size
               ? osi_path_name_at(files->paths, file + f_path->offset) : NULL;
}

/* ---- Descriptors --------------------------------------------------------- */

OsiFdTableStatus osi_fd_table(const OsiFiles *files, uint64_t taskd,
                              OsiFdTable *out)
{
    const OsiFileLayout *l = &files->layout;
    const OsiReader *r = &files->reader;
    uint64_t addr;
    OsiCopy copy;

    if (!l->task_files.size || !l->max_fds.size || !l->fd.size || !taskd ||
        !osi_read_number(r, taskd + l->task_files.offset, 8, &addr)) {
        return OSI_FD_TABLE_UNKNOWN;
    }
    if (!addr) {
        return OSI_FD_TABLE_NONE;
    }
    if (!osi_read_struct(r, &l->files_group, addr, &copy) ||
        !osi_read_struct(r, &l->fdt_group, osi_get(&copy, &l->fdt), &copy)) {
        return OSI_FD_TABLE_UNKNOWN;
    }
    out->fds = osi_get(&copy, &l->fd);
    out->close_on_exec = osi_get(&copy, &l->close_on_exec);
    out->max_fds = osi_get(&copy, &l->max_fds);
    return out->fds && out->max_fds <= OSI_MAX_FDS ? OSI_FD_TABLE_FOUND
                                                   : OSI_FD_TABLE_UNKNOWN;
}

static bool read_close_on_exec(const OsiFiles *files, const OsiFdTable *table,
                               int fd, bool *set)
{
    uint64_t word;

    /* An array of unsigned long, whatever the byte order. */
    if (!table->close_on_exec ||
        !osi_read_number(&files->reader, table->close_on_exec + fd / 64 * 8,
                         8, &word)) {
        return false;
    }
    *set = word >> fd % 64 & 1;
    return true;
}

bool osi_fd_file(const OsiFiles *files, const OsiFdTable *table, int fd,
                 uint64_t *file, bool *close_on_exec)
{
    *file = 0;
    *close_on_exec = false;
    if (fd < 0 || (unsigned int)fd >= table->max_fds) {
        return true;
    }
    return osi_read_number(&files->reader, table->fds + 8 * (uint64_t)fd, 8,
                           file) &&
           (!*file ||
            read_close_on_exec(files, table, fd, close_on_exec));
}

bool osi_fd_slice(const OsiFiles *files, const OsiFdTable *table, int first,
                  unsigned int n, uint64_t *out)
{
    const OsiReader *r = &files->reader;
    uint8_t *bytes = (uint8_t *)out;

    if (!osi_read_bytes(r, table->fds + 8 * (uint64_t)first, out, 8 * n)) {
        return false;
    }
    for (unsigned int i = 0; i < n; i++, bytes += 8) {
        out[i] = osi_number(bytes, 8, r->big_endian);
    }
    return true;
}
