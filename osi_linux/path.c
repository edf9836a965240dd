/*
 * path.c: names of files, as the guest's kernel makes them for /proc.
 *
 * A dentry knows its name and its parent; the root of a mounted file system
 * has none, and the walk goes on in the mount at whose mountpoint it is.
 * Names of things that lie in no folder are made by the kernel when they
 * are asked for (dentry_operations.d_dname); which way follows from the kind
 * of file system, since that function cannot be called from here.
 *
 * Nothing is locked.  A dentry's sequence counter changes when it is renamed
 * or moved, so all of them are looked at again at the end.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <string.h>

#include "path.h"

/* As many components as PATH_MAX allows; a name's bytes are bounded apart. */
#define MAX_STEPS 2048
/* Longer than NAME_MAX: names that are in no folder are not bound by it. */
#define MAX_NAME 4096
#define MAX_PATH (4 * 4096)
#define MAX_ATTEMPTS 4

#define AT(name) offsetof(OsiPathLayout, name)
#define WANT(type, path, field, group, size)                                 \
    { type, path, AT(field), AT(group), size }

static const OsiWanted wanted[] = {
    WANT("path", "mnt", path_mnt, path_group, 8),
    WANT("path", "dentry", path_dentry, path_group, 8),
    WANT("dentry", "d_parent", d_parent, dentry_group, 8),
    WANT("dentry", "d_name.name", d_name, dentry_group, 8),
    WANT("dentry", "d_name.len", d_len, dentry_group, 4),
    WANT("dentry", "d_op", d_op, dentry_group, 8),
    WANT("dentry", "d_sb", d_sb, dentry_group, 8),
    WANT("dentry", "d_inode", d_inode, dentry_group, 8),
    WANT("dentry", "d_hash.pprev", d_pprev, dentry_group, 8),
    WANT("dentry", "d_seq.seqcount.sequence", d_seq, dentry_group, 4),
    WANT("dentry", "d_seq.sequence", d_seq, dentry_group, 4),
    WANT("vfsmount", "mnt_root", mnt_root, vfsmount_group, 8),
    WANT("vfsmount", "mnt_sb", mnt_sb, vfsmount_group, 8),
    /* Only its offset: what it is made of is read as a vfsmount. */
    { "mount", "mnt", AT(mnt), OSI_ALONE, 1024 },
    WANT("mount", "mnt_parent", mnt_parent, mount_group, 8),
    WANT("mount", "mnt_mountpoint", mnt_mountpoint, mount_group, 8),
    WANT("inode", "i_ino", i_ino, inode_group, 8),
    WANT("inode", "i_sb", i_sb, inode_group, 8),
    WANT("inode", "i_mode", i_mode, inode_group, 2),
    { "inode", "i_private", AT(i_private), OSI_ALONE, 8 },
    WANT("super_block", "s_type", s_type, super_group, 8),
    WANT("super_block", "s_dev", s_dev, super_group, 4),
    WANT("file_system_type", "name", fs_name, fs_type_group, 8),
    WANT("dentry_operations", "d_dname", d_dname, d_op_group, 8),
    WANT("ns_common", "ops", ns_ops, ns_group, 8),
    WANT("proc_ns_operations", "name", ns_name, ns_ops_group, 8),
};

/* A dentry as it was when it was walked over. */
typedef struct Step {
    uint64_t dentry;
    uint64_t seq;
} Step;

typedef struct Walk {
    const OsiPaths *paths;
    GString *name;  /* back to front: each component and the whole */
    GArray *steps;  /* of Step */
} Walk;

typedef enum Outcome { DONE, UNKNOWN, CHANGED } Outcome;

void osi_paths_init(OsiPaths *paths, const OsiTypes *types,
                    const OsiReader *reader)
{
    memset(paths, 0, sizeof(*paths));
    paths->reader = *reader;
    osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), &paths->layout);
}

bool osi_path_ref(const OsiPaths *paths, uint64_t addr, OsiPathRef *out)
{
    const OsiPathLayout *l = &paths->layout;
    OsiCopy copy;

    if (!osi_read_struct(&paths->reader, &l->path_group, addr, &copy)) {
        return false;
    }
    out->mnt = osi_get(&copy, &l->path_mnt);
    out->dentry = osi_get(&copy, &l->path_dentry);
    return out->mnt && out->dentry;
}

bool osi_path_fs_name(const OsiPaths *paths, uint64_t super_block, char *buf,
                      size_t size)
{
    const OsiPathLayout *l = &paths->layout;
    const OsiReader *r = &paths->reader;
    OsiCopy copy;

    return osi_read_struct(r, &l->super_group, super_block, &copy) &&
           osi_read_struct(r, &l->fs_type_group, osi_get(&copy, &l->s_type),
                           &copy) &&
           osi_read_string(r, osi_get(&copy, &l->fs_name), buf, size);
}

/* ---- Components ---------------------------------------------------------- */

/* The dentry's own name, to @bytes; false: it has none, or an odd one. */
static bool read_name(const Walk *w, const OsiCopy *dentry, char *bytes,
                      size_t *len)
{
    const OsiPathLayout *l = &w->paths->layout;
    uint64_t addr = osi_get(dentry, &l->d_name);

    *len = osi_get(dentry, &l->d_len);
    return addr && *len > 0 && *len <= MAX_NAME &&
           osi_read_bytes(&w->paths->reader, addr, bytes, *len) &&
           !memchr(bytes, '\0', *len);
}

static bool prepend(Walk *w, const char *bytes, size_t len)
{
    if (w->name->len + len > MAX_PATH) {
        return false;
    }
    for (size_t i = len; i > 0; i--) {
        g_string_append_c(w->name, bytes[i - 1]);
    }
    return true;
}

static bool prepend_component(Walk *w, const OsiCopy *dentry)
{
    char bytes[MAX_NAME];
    size_t len;

    return read_name(w, dentry, bytes, &len) && prepend(w, bytes, len) &&
           prepend(w, "/", 1);
}

/* ---- Names that the kernel makes ----------------------------------------- */

/* To @made whether it has one; false: that cannot be read. */
static bool read_is_made(const Walk *w, const OsiCopy *dentry, bool *made)
{
    const OsiPathLayout *l = &w->paths->layout;
    uint64_t d_op = osi_get(dentry, &l->d_op);
    OsiCopy ops;

    *made = false;
    if (!d_op) {
        return true;
    }
    if (!osi_read_struct(&w->paths->reader, &l->d_op_group, d_op, &ops)) {
        return false;
    }
    *made = osi_get(&ops, &l->d_dname) != 0;
    return true;
}

/* nsfs: the inode's private data is the namespace. */
static bool namespace_name(const Walk *w, uint64_t inode, char *buf,
                           size_t size)
{
    const OsiPathLayout *l = &w->paths->layout;
    const OsiReader *r = &w->paths->reader;
    uint64_t ns;
    OsiCopy copy;

    return osi_read_field(r, inode, &l->i_private, &ns) &&
           osi_read_struct(r, &l->ns_group, ns, &copy) &&
           osi_read_struct(r, &l->ns_ops_group, osi_get(&copy, &l->ns_ops),
                           &copy) &&
           osi_read_string(r, osi_get(&copy, &l->ns_name), buf, size);
}

/* "pipe:[4711]"; NULL: not that kind. */
static char *numbered_name(const Walk *w, const char *fs,
                           const OsiCopy *dentry)
{
    const OsiPathLayout *l = &w->paths->layout;
    char ns[32];
    const char *kind = g_str_equal(fs, "pipefs") ? "pipe"
                     : g_str_equal(fs, "sockfs") ? "socket" : NULL;
    uint64_t inode = osi_get(dentry, &l->d_inode);
    OsiCopy copy;

    if ((!kind && !g_str_equal(fs, "nsfs")) ||
        !osi_read_struct(&w->paths->reader, &l->inode_group, inode, &copy) ||
        (!kind && !namespace_name(w, inode, ns, sizeof(ns)))) {
        return NULL;
    }
    return g_strdup_printf("%s:[%" PRIu64 "]", kind ? kind : ns,
                           osi_get(&copy, &l->i_ino));
}

static char *made_name(const Walk *w, const OsiCopy *dentry)
{
    static const char *const numbered[] = { "pipefs", "sockfs", "nsfs",
                                            NULL };
    char fs[32], bytes[MAX_NAME];
    size_t len;

    if (!osi_path_fs_name(w->paths, osi_get(dentry, &w->paths->layout.d_sb),
                          fs, sizeof(fs))) {
        return NULL;
    }
    if (g_strv_contains(numbered, fs)) {
        return numbered_name(w, fs, dentry);
    }
    if (g_str_equal(fs, "pidfs")) {
        return g_strdup("anon_inode:[pidfd]");
    }
    if (g_str_equal(fs, "dmabuf") || !read_name(w, dentry, bytes, &len)) {
        return NULL;
    }
    if (g_str_equal(fs, "anon_inodefs")) {
        return g_strdup_printf("anon_inode:%.*s", (int)len, bytes);
    }
    /* Files without a folder: memfd, SysV and other unnamed shared memory. */
    return g_strdup_printf("/%.*s (deleted)", (int)len, bytes);
}

/* ---- The walk ------------------------------------------------------------ */

static bool read_dentry(Walk *w, uint64_t addr, OsiCopy *dentry)
{
    const OsiPathLayout *l = &w->paths->layout;
    Step step = { .dentry = addr };

    if (w->steps->len >= MAX_STEPS ||
        !osi_read_struct(&w->paths->reader, &l->dentry_group, addr, dentry)) {
        return false;
    }
    step.seq = osi_get(dentry, &l->d_seq);
    g_array_append_val(w->steps, step);
    return true;
}

static bool read_mnt_root(const Walk *w, uint64_t mnt, uint64_t *root)
{
    const OsiPathLayout *l = &w->paths->layout;
    OsiCopy copy;

    if (!osi_read_struct(&w->paths->reader, &l->vfsmount_group, mnt, &copy)) {
        return false;
    }
    *root = osi_get(&copy, &l->mnt_root);
    return *root != 0;
}

/* From the root of mount @at to where it is mounted; @top: it is nowhere. */
static bool leave_mount(const Walk *w, OsiPathRef *at, bool *top)
{
    const OsiPathLayout *l = &w->paths->layout;
    uint64_t mount = at->mnt - l->mnt.offset, parent;
    OsiCopy copy;

    if (!osi_read_struct(&w->paths->reader, &l->mount_group, mount, &copy)) {
        return false;
    }
    parent = osi_get(&copy, &l->mnt_parent);
    *top = parent == mount;
    at->mnt = parent + l->mnt.offset;
    at->dentry = osi_get(&copy, &l->mnt_mountpoint);
    return parent != 0;
}

static bool same(const OsiPathRef *a, const OsiPathRef *b)
{
    return b && a->mnt == b->mnt && a->dentry == b->dentry;
}

/* The components of @at, back to front, up to @root or to the top. */
static bool walk_up(Walk *w, OsiPathRef at, const OsiPathRef *root)
{
    const OsiPathLayout *l = &w->paths->layout;
    gsize start = w->name->len;
    uint64_t mnt_root;
    unsigned int n_mounts = 0;
    bool top = false;
    OsiCopy dentry;

    if (!read_mnt_root(w, at.mnt, &mnt_root)) {
        return false;
    }
    while (!same(&at, root)) {
        if (at.dentry == mnt_root) {
            if (n_mounts++ >= MAX_STEPS || !leave_mount(w, &at, &top)) {
                return false;
            }
            if (top) {
                break;
            }
            if (!read_mnt_root(w, at.mnt, &mnt_root)) {
                return false;
            }
            continue;
        }
        if (!read_dentry(w, at.dentry, &dentry)) {
            return false;
        }
        if (osi_get(&dentry, &l->d_parent) == at.dentry) {
            /* Moved out of what is mounted: the kernel says "/". */
            g_string_truncate(w->name, start);
            break;
        }
        if (!prepend_component(w, &dentry)) {
            return false;
        }
        at.dentry = osi_get(&dentry, &l->d_parent);
    }
    return w->name->len > start || prepend(w, "/", 1);
}

/* Whether every dentry is still as it was when its name was read. */
static bool unchanged(const Walk *w)
{
    const OsiPathLayout *l = &w->paths->layout;

    for (guint i = 0; l->d_seq.size && i < w->steps->len; i++) {
        const Step *step = &g_array_index(w->steps, Step, i);
        uint64_t seq;

        /* odd: somebody is in the middle of it */
        if (!osi_read_number(&w->paths->reader,
                             step->dentry + l->d_seq.offset, l->d_seq.size,
                             &seq) || seq != step->seq || seq & 1) {
            return false;
        }
    }
    return true;
}

static Outcome name_once(Walk *w, const OsiPathRef *ref,
                         const OsiPathRef *root, char **out)
{
    static const char deleted[] = " (deleted)";
    const OsiPathLayout *l = &w->paths->layout;
    uint64_t mnt_root;
    bool is_root, is_made;
    OsiCopy dentry;

    if (!read_mnt_root(w, ref->mnt, &mnt_root) ||
        !read_dentry(w, ref->dentry, &dentry) ||
        !read_is_made(w, &dentry, &is_made)) {
        return UNKNOWN;
    }
    is_root = osi_get(&dentry, &l->d_parent) == ref->dentry;
    if ((!is_root || ref->dentry != mnt_root) && is_made) {
        *out = made_name(w, &dentry);
    } else {
        GString *name = w->name;

        if (!is_root && osi_get(&dentry, &l->d_pprev) == 0) {
            prepend(w, deleted, strlen(deleted));
        }
        if (walk_up(w, *ref, root)) {
            *out = g_strndup(name->str, name->len);
            g_strreverse(*out);
        }
    }
    if (!unchanged(w)) {
        g_clear_pointer(out, g_free);
        return CHANGED;
    }
    return *out ? DONE : UNKNOWN;
}

bool osi_path_is_made(const OsiPaths *paths, const OsiPathRef *ref)
{
    const OsiPathLayout *l = &paths->layout;
    const Walk w = { .paths = paths };
    uint64_t mnt_root;
    bool is_made;
    OsiCopy dentry;

    return read_mnt_root(&w, ref->mnt, &mnt_root) &&
           ref->dentry != mnt_root &&
           osi_read_struct(&paths->reader, &l->dentry_group, ref->dentry,
                           &dentry) &&
           read_is_made(&w, &dentry, &is_made) && is_made;
}

static bool is_usable(const OsiPathLayout *l)
{
    return l->d_parent.size && l->d_name.size && l->d_len.size &&
           l->d_op.size && l->d_pprev.size && l->mnt_root.size &&
           l->mnt.size && l->mnt_parent.size &&
           l->mnt_mountpoint.size && l->d_dname.size;
}

char *osi_path_name(const OsiPaths *paths, const OsiPathRef *ref,
                    const OsiPathRef *root)
{
    Walk w = { .paths = paths };
    Outcome outcome = UNKNOWN;
    char *name = NULL;

    if (!is_usable(&paths->layout)) {
        return NULL;
    }
    w.name = g_string_new(NULL);
    w.steps = g_array_new(FALSE, FALSE, sizeof(Step));
    /* What changes may also be what made it look implausible. */
    for (int i = 0; i < MAX_ATTEMPTS && outcome != DONE; i++) {
        g_string_truncate(w.name, 0);
        g_array_set_size(w.steps, 0);
        outcome = name_once(&w, ref, root, &name);
        if (outcome == UNKNOWN) {
            break;
        }
    }
    g_string_free(w.name, TRUE);
    g_array_free(w.steps, TRUE);
    return name;
}

char *osi_path_name_at(const OsiPaths *paths, uint64_t addr)
{
    OsiPathRef ref;

    return osi_path_ref(paths, addr, &ref)
               ? osi_path_name(paths, &ref, NULL) : NULL;
}
