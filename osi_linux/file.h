/*
 * file.h: open files of the guest's processes: struct file, what it is open
 * on, and a process's table of descriptors.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_FILE_H
#define OSI_FILE_H

#include "path.h"

typedef struct OsiFileLayout {
    OsiStruct file_group, files_group, fdt_group;
    OsiField f_inode, f_flags, f_mode, f_pos, private_data;
    OsiField f_path, user_path; /* their offset is what counts */
    OsiField task_files;
    OsiField fdt;
    OsiField max_fds, fd, close_on_exec;
} OsiFileLayout;

typedef struct OsiFiles {
    OsiReader reader;
    OsiFileLayout layout;
    const OsiPaths *paths;
} OsiFiles;

/* A struct file, as it was when it was read. */
typedef struct OsiFileInfo {
    OsiPathRef path;
    uint64_t private_data;
    uint64_t inode;     /* address of the struct inode */
    uint64_t ino;
    uint64_t super_block;
    uint32_t dev;       /* the kernel's: major << 20 | minor */
    uint32_t flags;     /* O_..., without O_CLOEXEC, which is the
                           descriptor's */
    uint32_t mode;      /* of the inode */
    int64_t pos;
} OsiFileInfo;

/* @paths stays the caller's, and must stay as long as @files. */
void osi_files_init(OsiFiles *files, const OsiTypes *types,
                    const OsiReader *reader, const OsiPaths *paths);

/*
 * Reads the struct file at @file.  For the file beneath one of an overlay,
 * which only mappings lead to, path and inode are those that users see.
 */
bool osi_file_read(const OsiFiles *files, uint64_t file, OsiFileInfo *out);

/*
 * The name of the struct file at @file, as osi_path_name() gives it; of the
 * one that is open itself.
 */
char *osi_file_name(const OsiFiles *files, uint64_t file);

/* A process's table of descriptors. */
typedef struct OsiFdTable {
    uint64_t fds;           /* of pointers to struct file */
    uint64_t close_on_exec; /* bits */
    unsigned int max_fds;   /* at most OSI_MAX_FDS */
} OsiFdTable;

/* As many as a kernel allows unless its administrator raises fs.nr_open. */
#define OSI_MAX_FDS (1024 * 1024)

typedef enum OsiFdTableStatus {
    OSI_FD_TABLE_FOUND,
    OSI_FD_TABLE_NONE, /* the thread is at its end */
    OSI_FD_TABLE_UNKNOWN,
} OsiFdTableStatus;

/* The table of the thread whose task_struct is at @taskd. */
OsiFdTableStatus osi_fd_table(const OsiFiles *files, uint64_t taskd,
                              OsiFdTable *out);

/* The struct file of descriptor @fd; 0: none.  False: unknown. */
bool osi_fd_file(const OsiFiles *files, const OsiFdTable *table, int fd,
                 uint64_t *file, bool *close_on_exec);

/*
 * Fills @out, of @n elements, with the struct files from descriptor @first
 * on.  False if they cannot be read.
 */
bool osi_fd_slice(const OsiFiles *files, const OsiFdTable *table, int first,
                  unsigned int n, uint64_t *out);

#endif /* OSI_FILE_H */
