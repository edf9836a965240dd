/*
 * path.h: what the guest's kernel calls a file: the name that /proc shows
 * for a struct path.  The layout of what a path leads to serves those as well
 * who look at other members of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_PATH_H
#define OSI_PATH_H

#include "fields.h"

/*
 * Of the paths of one answer together: a guest may have a long one many
 * times.  An answer with more is unknown.
 */
#define OSI_MAX_PATH_BYTES (64u << 20)

typedef struct OsiPathLayout {
    OsiStruct path_group, dentry_group, vfsmount_group, mount_group,
              inode_group, super_group, fs_type_group, d_op_group, ns_group,
              ns_ops_group;
    OsiField path_mnt, path_dentry;
    OsiField d_parent, d_name, d_len, d_op, d_sb, d_inode, d_pprev, d_seq;
    OsiField mnt_root, mnt_sb;
    OsiField mnt, mnt_parent, mnt_mountpoint;
    OsiField i_ino, i_sb, i_mode, i_private;
    OsiField s_type, s_dev;
    OsiField fs_name;
    OsiField d_dname;
    OsiField ns_ops;
    OsiField ns_name;
} OsiPathLayout;

typedef struct OsiPaths {
    OsiReader reader;
    OsiPathLayout layout;
} OsiPaths;

/* A struct path: a dentry in a mount (struct vfsmount). */
typedef struct OsiPathRef {
    uint64_t mnt;
    uint64_t dentry;
} OsiPathRef;

void osi_paths_init(OsiPaths *paths, const OsiTypes *types,
                    const OsiReader *reader);

/* Reads the struct path at @addr. */
bool osi_path_ref(const OsiPaths *paths, uint64_t addr, OsiPathRef *out);

/*
 * The name of @ref: "/usr/bin/cat", "/tmp/x (deleted)", "pipe:[4711]",
 * "anon_inode:[eventfd]", "/memfd:name (deleted)"; any bytes but NUL.  As a
 * process sees it whose root is @root; NULL: as one does whose root is that
 * of the mount namespace, such as the guest's first process.  What lies
 * outside of @root is named from the namespace's root, as by the kernel.
 *
 * g_free it.  NULL: unknown (not readable, implausible, a name that the
 * kernel makes in a way not known here, or being changed all the time).
 * Reads 2,048 names at most, and four times that if they keep changing.
 */
char *osi_path_name(const OsiPaths *paths, const OsiPathRef *ref,
                    const OsiPathRef *root);

/* Both: the name of the struct path at @addr, seen from the first root. */
char *osi_path_name_at(const OsiPaths *paths, uint64_t addr);

/*
 * Whether the kernel makes the name of @ref: it lies in no folder, as a pipe
 * or a memfd.  False if that cannot be read.
 */
bool osi_path_is_made(const OsiPaths *paths, const OsiPathRef *ref);

/* The name of the file system that @super_block is one of: "tmpfs". */
bool osi_path_fs_name(const OsiPaths *paths, uint64_t super_block, char *buf,
                      size_t size);

#endif /* OSI_PATH_H */
