/*
 * profile_kernelinfo.c: PANDA's kernelinfo.conf: a key file of sections, one
 * for each kernel, with keys for the members that PANDA knows.  See
 * docs/PROFILES.md.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "profile.h"

/* Larger structures, and members further out, there are none. */
#define MAX_OFFSET (1ull << 30)
#define MAX_GROUPS 65536u

/* Sizes that follow from the kernel's pointers. */
#define POINTER 0
#define LIST UINT64_MAX

typedef struct Key {
    const char *key;
    const char *type;
    const char *member;
    uint64_t size;
    const char *struct_type;
} Key;

static const Key keys[] = {
    { "task.tasks_offset", "task_struct", "tasks", LIST, "list_head" },
    { "task.thread_group_offset", "task_struct", "thread_group", LIST,
      "list_head" },
    { "task.pid_offset", "task_struct", "pid", 4, NULL },
    { "task.tgid_offset", "task_struct", "tgid", 4, NULL },
    { "task.group_leader_offset", "task_struct", "group_leader", POINTER,
      NULL },
    { "task.real_parent_offset", "task_struct", "real_parent", POINTER,
      NULL },
    { "task.parent_offset", "task_struct", "parent", POINTER, NULL },
    { "task.mm_offset", "task_struct", "mm", POINTER, NULL },
    { "task.stack_offset", "task_struct", "stack", POINTER, NULL },
    { "task.real_cred_offset", "task_struct", "real_cred", POINTER, NULL },
    { "task.cred_offset", "task_struct", "cred", POINTER, NULL },
    { "task.files_offset", "task_struct", "files", POINTER, NULL },
    { "task.start_time_offset", "task_struct", "start_time", 8, NULL },
    { "cred.uid_offset", "cred", "uid", 4, "kuid_t" },
    { "cred.gid_offset", "cred", "gid", 4, "kgid_t" },
    { "cred.euid_offset", "cred", "euid", 4, "kuid_t" },
    { "cred.egid_offset", "cred", "egid", 4, "kgid_t" },
    { "mm.mmap_offset", "mm_struct", "mmap", POINTER, NULL },
    { "mm.pgd_offset", "mm_struct", "pgd", POINTER, NULL },
    { "mm.arg_start_offset", "mm_struct", "arg_start", POINTER, NULL },
    { "mm.start_brk_offset", "mm_struct", "start_brk", POINTER, NULL },
    { "mm.brk_offset", "mm_struct", "brk", POINTER, NULL },
    { "mm.start_stack_offset", "mm_struct", "start_stack", POINTER, NULL },
    { "vma.vm_mm_offset", "vm_area_struct", "vm_mm", POINTER, NULL },
    { "vma.vm_start_offset", "vm_area_struct", "vm_start", POINTER, NULL },
    { "vma.vm_end_offset", "vm_area_struct", "vm_end", POINTER, NULL },
    { "vma.vm_next_offset", "vm_area_struct", "vm_next", POINTER, NULL },
    { "vma.vm_flags_offset", "vm_area_struct", "vm_flags", POINTER, NULL },
    { "vma.vm_file_offset", "vm_area_struct", "vm_file", POINTER, NULL },
    { "fs.f_pos_offset", "file", "f_pos", 8, NULL },
    { "fs.fdt_offset", "files_struct", "fdt", POINTER, NULL },
    { "fs.fd_offset", "fdtable", "fd", POINTER, NULL },
    { "qstr.name_offset", "qstr", "name", POINTER, NULL },
    { "path.d_parent_offset", "dentry", "d_parent", POINTER, NULL },
    { "path.d_op_offset", "dentry", "d_op", POINTER, NULL },
    { "path.d_dname_offset", "dentry_operations", "d_dname", POINTER, NULL },
    { "path.mnt_root_offset", "vfsmount", "mnt_root", POINTER, NULL },
    /* Older files have these under fs. */
    { "fs.d_parent_offset", "dentry", "d_parent", POINTER, NULL },
    { "fs.mnt_root_offset", "vfsmount", "mnt_root", POINTER, NULL },
};

static const struct {
    const char *key;
    const char *name;
} sizes[] = {
    { "task.size", "task_struct" },
    { "mm.size", "mm_struct" },
    { "vma.size", "vm_area_struct" },
    { "qstr.size", "qstr" },
}, symbols[] = {
    { "task.init_addr", "init_task" },
    { "task.per_cpu_offsets_addr", "__per_cpu_offset" },
    { "task.current_task_addr", "current_task" },
};

typedef struct Section {
    GKeyFile *file;
    const char *name;
    OsiModel *model;
    unsigned int ptr;
} Section;

/*
 * False: the key is not there.  @errp is set if it is no number; once it is,
 * nothing more is read.
 */
static bool get_number(const Section *s, const char *key, uint64_t *value,
                       GError **errp)
{
    g_autofree char *text = g_key_file_get_value(s->file, s->name, key, NULL);
    char *end;

    if (!text || *errp) {
        return false;
    }
    *value = g_ascii_strtoull(text, &end, 0);
    if (end == text || *end || text[0] == '-') {
        g_set_error(errp, OSI_PROFILE_ERROR, OSI_PROFILE_ERROR_INVALID,
                    "[%s] %s: '%s' is no number", s->name, key, text);
        return false;
    }
    return true;
}

static void add(const Section *s, const char *type, const char *member,
                uint64_t offset, uint64_t size, const char *struct_type)
{
    osi_model_add(s->model, type, member,
                  &(OsiField){ offset, size, 0, 0 }, struct_type);
}

static bool read_offsets(const Section *s, GError **errp)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const Key *k = &keys[i];
        GError *error = NULL;
        uint64_t offset;

        if (get_number(s, k->key, &offset, &error)) {
            if (offset > MAX_OFFSET) {
                g_set_error(errp, OSI_PROFILE_ERROR,
                            OSI_PROFILE_ERROR_INVALID,
                            "[%s] %s is no offset", s->name, k->key);
                return false;
            }
            add(s, k->type, k->member, offset,
                k->size == POINTER ? s->ptr
                                   : k->size == LIST ? 2 * s->ptr : k->size,
                k->struct_type);
        } else if (error) {
            g_propagate_error(errp, error);
            return false;
        }
    }
    return true;
}

/* What needs two keys, and what every kernel has. */
static bool read_rest(const Section *s, GError **errp)
{
    uint64_t a, b;

    if (get_number(s, "task.comm_offset", &a, errp) &&
        get_number(s, "task.comm_size", &b, errp) && a <= MAX_OFFSET &&
        b <= MAX_OFFSET) {
        add(s, "task_struct", "comm", a, b, NULL);
    }
    if (get_number(s, "fs.f_path_mnt_offset", &a, errp) &&
        get_number(s, "fs.f_path_dentry_offset", &b, errp) &&
        a <= MAX_OFFSET && b == a + s->ptr) {
        add(s, "file", "f_path", a, 2 * s->ptr, "path");
        add(s, "path", "mnt", 0, s->ptr, NULL);
        add(s, "path", "dentry", s->ptr, s->ptr, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (get_number(s, sizes[i].key, &a, errp) && a <= MAX_OFFSET) {
            osi_model_set_size(s->model, sizes[i].name, a);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
        if (get_number(s, symbols[i].key, &a, errp)) {
            osi_model_add_symbol(s->model, symbols[i].name, a);
        }
    }
    add(s, "list_head", "next", 0, s->ptr, NULL);
    add(s, "list_head", "prev", s->ptr, s->ptr, NULL);
    add(s, "kuid_t", "val", 0, 4, NULL);
    add(s, "kgid_t", "val", 0, 4, NULL);
    return !*errp;
}

/* "6.1.0-50-amd64|#1 SMP ...|x86_64" */
static void read_name(OsiProfile *profile, const Section *s)
{
    g_autofree char *name = g_key_file_get_value(s->file, s->name, "name",
                                                 NULL);
    g_auto(GStrv) parts = name ? g_strsplit(name, "|", 3) : NULL;

    profile->name = g_strdup(s->name);
    if (parts && g_strv_length(parts) == 3) {
        profile->release = g_strdup(parts[0]);
        profile->version = g_strdup(parts[1]);
    }
}

static OsiProfile *read_section(GKeyFile *file, const char *name,
                                GError **errp)
{
    g_autoptr(OsiProfile) profile = g_new0(OsiProfile, 1);
    Section s = {
        .file = file,
        .name = name,
        .ptr = g_str_has_suffix(name, ":32") ? 4 : 8,
    };
    g_autoptr(GError) error = NULL;

    /* The file says no byte order; PANDA reads little-endian guests. */
    s.model = profile->model = osi_model_new(false, s.ptr);
    read_name(profile, &s);
    if (!read_offsets(&s, &error) || !read_rest(&s, &error)) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return NULL;
    }
    return g_steal_pointer(&profile);
}

GPtrArray *osi_profile_parse_kernelinfo(const char *data, size_t len,
                                        GError **errp)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GPtrArray) profiles = g_ptr_array_new_with_free_func(
        (GDestroyNotify)osi_profile_free);
    g_auto(GStrv) groups = NULL;
    g_autoptr(GError) error = NULL;
    unsigned int n_offsets = 0;

    if (!g_key_file_load_from_data(file, data, len, G_KEY_FILE_NONE,
                                   &error)) {
        g_set_error(errp, OSI_PROFILE_ERROR, OSI_PROFILE_ERROR_INVALID,
                    "it is neither JSON nor a kernelinfo.conf: %s",
                    error->message);
        return NULL;
    }
    groups = g_key_file_get_groups(file, NULL);
    for (unsigned int i = 0; groups[i] && i < MAX_GROUPS; i++) {
        OsiProfile *profile = read_section(file, groups[i], errp);

        if (!profile) {
            return NULL;
        }
        g_ptr_array_add(profiles, profile);
        n_offsets += osi_model_n_members(profile->model, "task_struct");
    }
    if (n_offsets == 0) {
        g_set_error(errp, OSI_PROFILE_ERROR, OSI_PROFILE_ERROR_INVALID,
                    "no section has the keys of a kernelinfo.conf, such as "
                    "task.pid_offset");
        return NULL;
    }
    return g_steal_pointer(&profiles);
}
