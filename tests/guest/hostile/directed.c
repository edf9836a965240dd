/*
 * directed.c: known ways to spoil a kernel's memory, one at a time, and what
 * osi_linux must say then: mostly that it does not know.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "counts.h"
#include "hostile.h"
#include "osi.h"
#include "osi_files.h"
#include "osi_kernel.h"
#include "osi_maps.h"

/* What is asked of a spoiled process may read so much and no more. */
#define MAX_READS 20000

#define USER_POINTER 0x0000000000403000ull
#define NOT_CANONICAL 0x4141414141414141ull
#define UNMAPPED 0xffffa00000000000ull

/* The process that is spoiled, as it was found. */
typedef struct Victim {
    unsigned int vcpu;
    const World *world;
    OsiProcHandle *handle;
    OsiProc *proc;
    uint64_t task, mm;
} Victim;

typedef struct Case {
    const char *what;
    const char *who; /* the guest program's name for it */
    bool (*spoil)(const Victim *v);
    bool (*is_right)(const Victim *v);
} Case;

static bool spoil_member(uint64_t base, const char *type, const char *path,
                         uint64_t value)
{
    uint64_t offset, size;

    return base && member(type, path, &offset, &size) && size <= 8 &&
           spoil(base + offset, &value, size);
}

static uint64_t address_of(uint64_t base, const char *type, const char *path)
{
    uint64_t offset, size;

    return base && member(type, path, &offset, &size) ? base + offset : 0;
}

/* ---- Lists of tasks ------------------------------------------------------ */

static bool list_to_itself(const Victim *v)
{
    uint64_t node = address_of(v->task, "task_struct", "tasks");

    return node && spoil64(node, node);
}

static bool list_to_user(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "tasks.next", USER_POINTER);
}

static bool list_to_null(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "tasks.next", 0);
}

static bool list_to_nowhere(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "tasks.next", NOT_CANONICAL);
}

static bool list_unaligned(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "tasks.next",
                        get(v->task, "task_struct", "tasks.next") + 3);
}

/* It and the next one lead to each other, both ways, and nowhere else. */
static bool list_cycle(const Victim *v)
{
    uint64_t node = address_of(v->task, "task_struct", "tasks");
    uint64_t next = peek64(node);

    return node && next && spoil64(next, node) && spoil64(node + 8, next);
}

static bool is_not_complete(const Victim *v)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    bool all = true, right;
    GArray *handles = get_process_handles_checked_qpp(v->vcpu, &all);

    right = handles && !all && handles->len <= v->world->handles->len;
    for (guint i = 0; handles && i < handles->len; i++) {
        right = g_hash_table_add(seen, GSIZE_TO_POINTER(
                    g_array_index(handles, OsiProcHandle, i).taskd)) && right;
    }
    cleanup_garray_qpp(handles);
    return right;
}

static bool threads_to_itself(const Victim *v)
{
    uint64_t node = address_of(v->task, "task_struct", "thread_node");

    return node && spoil64(node, node);
}

static bool are_threads_incomplete(const Victim *v)
{
    bool all = true;
    GArray *threads = get_process_threads_qpp(v->vcpu, v->handle, &all);
    bool right = threads && !all && threads->len <= 5;

    cleanup_garray_qpp(threads);
    return right;
}

static bool wild_signal(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "signal", UNMAPPED);
}

static bool are_threads_unknown(const Victim *v)
{
    bool all = true;
    GArray *threads = get_process_threads_qpp(v->vcpu, v->handle, &all);
    g_autofree OsiTaskInfo *info = get_process_info_qpp(v->vcpu, v->handle);
    bool right = (!threads || threads->len == 0) && !all &&
                 (!info || (info->n_threads == 0 && info->pgid == -1 &&
                            info->sid == -1));

    cleanup_garray_qpp(threads);
    return right;
}

/* ---- What a task is ------------------------------------------------------ */

static bool wild_pid(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "pid", 0x7fffffff);
}

static bool wild_leader(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "group_leader", UNMAPPED);
}

static bool is_gone(const Victim *v)
{
    OsiProc *proc = get_process_qpp(v->handle);
    g_autofree OsiTaskInfo *info = get_process_info_qpp(v->vcpu, v->handle);
    g_autofree OsiProcHandle *found =
        get_process_handle_by_pid_qpp(v->vcpu, v->proc->pid);
    GArray *handles = get_process_handles_qpp(v->vcpu);
    bool right = !proc && !info && !found && handles &&
                 handles->len == v->world->handles->len - 1 &&
                 get_process_pid_qpp(v->vcpu, v->handle) == -1;

    cleanup_garray_qpp(handles);
    free_osiproc_qpp(proc);
    return right;
}

static bool endless_name(const Victim *v)
{
    uint8_t bytes[16];

    memset(bytes, 0xff, sizeof(bytes));
    return spoil(address_of(v->task, "task_struct", "comm"), bytes,
                 sizeof(bytes));
}

static bool is_name_cut(const Victim *v)
{
    OsiProc *proc = get_process_qpp(v->handle);
    bool right = proc && strlen(proc->name) == OSI_COMM_LEN - 1;

    free_osiproc_qpp(proc);
    return right;
}

static bool wild_cred(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "real_cred", UNMAPPED) &&
           spoil_member(v->task, "task_struct", "cred", USER_POINTER);
}

static bool is_user_unknown(const Victim *v)
{
    g_autofree OsiTaskInfo *info = get_process_info_qpp(v->vcpu, v->handle);

    return info && info->uid == UINT32_MAX && info->gid == UINT32_MAX &&
           info->ns[OSI_NS_USER] == 0;
}

static bool wild_schedule(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "static_prio", 0x7fffffff) &&
           spoil_member(v->task, "task_struct", "prio", 0x80000000) &&
           spoil_member(v->task, "task_struct", "policy", 0x41414141) &&
           spoil_member(v->task, "task_struct", "rt_priority", 0xffffffff);
}

static bool is_schedule_unknown(const Victim *v)
{
    g_autofree OsiTaskInfo *info = get_process_info_qpp(v->vcpu, v->handle);

    return info && info->nice == OSI_NICE_UNKNOWN &&
           info->priority == OSI_NICE_UNKNOWN && info->policy == -1 &&
           info->rt_priority == 0;
}

static bool deep_pid(const Victim *v)
{
    return spoil_member(get(v->task, "task_struct", "thread_pid"), "pid",
                        "level", 0xffffffff);
}

static bool are_ns_pids_unknown(const Victim *v)
{
    g_autofree OsiTaskInfo *info = get_process_info_qpp(v->vcpu, v->handle);

    return info && info->n_ns_pids == 0 && info->ns[OSI_NS_PID] == 0;
}

static bool wild_proxy(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "nsproxy", UNMAPPED);
}

static bool are_namespaces_unknown(const Victim *v)
{
    g_autofree OsiTaskInfo *info = get_process_info_qpp(v->vcpu, v->handle);

    return info && info->ns[OSI_NS_MNT] == 0 && info->ns[OSI_NS_NET] == 0 &&
           info->ns[OSI_NS_UTS] == 0;
}

static uint64_t kn_parent(uint64_t kn, const char **path)
{
    uint64_t offset, size;

    *path = member("kernfs_node", "parent", &offset, &size) ? "parent"
                                                            : "__parent";
    return get(kn, "kernfs_node", *path);
}

static bool cgroup_cycle(const Victim *v)
{
    uint64_t set = get(v->task, "task_struct", "cgroups");
    uint64_t kn = get(get(set, "css_set", "dfl_cgrp"), "cgroup", "kn");
    const char *path;
    uint64_t up = kn_parent(kn, &path);

    return kn && up && spoil_member(up, "kernfs_node", path, kn);
}

static bool are_cgroups_unknown(const Victim *v)
{
    GArray *cgroups = get_process_cgroups_qpp(v->vcpu, v->handle);
    bool right = true;

    /* The others, of other hierarchies, are still there. */
    for (guint i = 0; cgroups && i < cgroups->len; i++) {
        right = g_array_index(cgroups, OsiCgroup, i).hierarchy != 0 && right;
    }
    cleanup_garray_qpp(cgroups);
    return right;
}

/* ---- Memory -------------------------------------------------------------- */

static bool wild_mm(const Victim *v)
{
    return spoil_member(v->task, "task_struct", "mm", USER_POINTER | 5);
}

static bool huge_count(const Victim *v)
{
    return spoil_member(v->mm, "mm_struct", "map_count", 0x7fffffff);
}

/* With a list (Linux before 6.1) the first mapping's next is itself. */
static bool tree_to_itself(const Victim *v)
{
    uint64_t root = get(v->mm, "mm_struct", "mm_mt.ma_root");
    uint64_t first = get(v->mm, "mm_struct", "mmap"), offset, size;
    bool done = root != 0;

    if (!root) {
        return spoil_member(first, "vm_area_struct", "vm_next", first);
    }
    if (member("maple_arange_64", "slot", &offset, &size)) {
        for (uint64_t i = 0; i + 8 <= size; i += 8) {
            done = spoil64((root & ~0xffull) + offset + i, root) && done;
        }
    }
    return done;
}

static bool odd_tree(const Victim *v)
{
    uint64_t root = get(v->mm, "mm_struct", "mm_mt.ma_root");

    return root ? spoil_member(v->mm, "mm_struct", "mm_mt.ma_root",
                               root | 0x78)
                : spoil_member(v->mm, "mm_struct", "mmap", NOT_CANONICAL);
}

static uint64_t some_mapping(const Victim *v)
{
    GArray *maps = get_mappings_qpp(v->vcpu, v->proc);
    uint64_t vma = maps && maps->len > 3
                       ? g_array_index(maps, OsiModule, 3).modd : 0;

    cleanup_garray_qpp(maps);
    return vma;
}

static bool backward_mapping(const Victim *v)
{
    return spoil_member(some_mapping(v), "vm_area_struct", "vm_end", 0x1000);
}

static bool unaligned_mapping(const Victim *v)
{
    uint64_t vma = some_mapping(v);

    return spoil_member(vma, "vm_area_struct", "vm_start",
                        get(vma, "vm_area_struct", "vm_start") + 8);
}

static bool are_mappings_unknown(const Victim *v)
{
    GArray *maps = get_mappings_qpp(v->vcpu, v->proc);
    GArray *libs = get_libraries_qpp(v->vcpu, v->proc);
    bool right = !maps && !libs;

    cleanup_garray_qpp(maps);
    cleanup_garray_qpp(libs);
    return right;
}

static bool long_arguments(const Victim *v)
{
    return spoil_member(v->mm, "mm_struct", "arg_end", UINT64_MAX) &&
           spoil_member(v->mm, "mm_struct", "env_end",
                        get(v->mm, "mm_struct", "env_start") + (1ull << 40));
}

static bool wild_page_table(const Victim *v)
{
    uint64_t pgd = get(v->mm, "mm_struct", "pgd");
    uint8_t bytes[512];

    memset(bytes, 0x41, sizeof(bytes));
    for (unsigned int at = 0; at < paging->user_bytes; at += sizeof(bytes)) {
        if (!spoil(pgd + at, bytes, sizeof(bytes))) {
            return false;
        }
    }
    return true;
}

static bool wild_pgd(const Victim *v)
{
    return spoil_member(v->mm, "mm_struct", "pgd", USER_POINTER);
}

static bool are_strings_unknown(const Victim *v)
{
    GByteArray *args = get_process_cmdline_qpp(v->vcpu, v->handle);
    GByteArray *env = get_process_environment_qpp(v->vcpu, v->handle);
    bool right = !args && !env;

    g_clear_pointer(&args, g_byte_array_unref);
    g_clear_pointer(&env, g_byte_array_unref);
    return right;
}

/* Its own page tables alone are unknown: the current process's are not. */
static bool is_only_its_asid_unknown(const Victim *v)
{
    OsiProc *proc = get_process_qpp(v->handle);
    OsiProc *current = get_current_process_qpp(v->vcpu);
    bool right = proc && proc->asid == 0 && current && current->asid != 0;

    free_osiproc_qpp(proc);
    free_osiproc_qpp(current);
    return right;
}

/* ---- Files --------------------------------------------------------------- */

static uint64_t fdt_of(const Victim *v)
{
    return get(get(v->task, "task_struct", "files"), "files_struct", "fdt");
}

static uint64_t dentry_of_fd(const Victim *v, int fd)
{
    uint64_t fds = get(fdt_of(v), "fdtable", "fd");

    return get(peek64(fds + 8 * fd), "file", "f_path.dentry");
}

static bool wild_fds(const Victim *v)
{
    return spoil_member(fdt_of(v), "fdtable", "fd", UNMAPPED | 1);
}

static bool huge_fds(const Victim *v)
{
    return spoil_member(fdt_of(v), "fdtable", "max_fds", 0xffffffff);
}

static bool are_files_unknown(const Victim *v)
{
    GArray *files = get_open_files_qpp(v->vcpu, v->proc);
    bool right = !files;

    cleanup_garray_qpp(files);
    return right;
}

/* The deepest of its open files; the guest program says which. */
static int deep_fd(const Victim *v)
{
    static int fd = -1;

    for (int i = 0; fd < 0 && i < 64; i++) {
        g_autofree char *path = osi_linux_fd_to_filename_qpp(v->vcpu,
                                                             v->proc, i);

        fd = g_strcmp0(path, "/tmp/deep/er/still/here") == 0 ? i : -1;
    }
    return fd;
}

static bool long_name(const Victim *v)
{
    return deep_fd(v) >= 0 && spoil_member(dentry_of_fd(v, deep_fd(v)),
                                           "dentry", "d_name.len",
                                           0xffffffff);
}

static bool wild_name(const Victim *v)
{
    return deep_fd(v) >= 0 && spoil_member(dentry_of_fd(v, deep_fd(v)),
                                           "dentry", "d_name.name",
                                           UNMAPPED);
}

static bool folder_cycle(const Victim *v)
{
    uint64_t dentry = deep_fd(v) < 0 ? 0 : dentry_of_fd(v, deep_fd(v));
    uint64_t up = get(dentry, "dentry", "d_parent");

    return dentry && spoil_member(up, "dentry", "d_parent", dentry);
}

static bool is_path_unknown(const Victim *v)
{
    g_autofree char *path = osi_linux_fd_to_filename_qpp(v->vcpu, v->proc,
                                                         deep_fd(v));

    return !path;
}

/* What it is mounted on is mounted on the former's root. */
static bool mount_cycle(const Victim *v)
{
    uint64_t fs = get(v->task, "task_struct", "fs"), offset, size, up;
    uint64_t mnt = get(fs, "fs_struct", "pwd.mnt");

    if (!mnt || !member("mount", "mnt", &offset, &size)) {
        return false;
    }
    up = get(mnt - offset, "mount", "mnt_parent");
    return spoil_member(up, "mount", "mnt_parent", mnt - offset) &&
           spoil_member(up, "mount", "mnt_mountpoint",
                        get(mnt - offset, "mount", "mnt.mnt_root"));
}

static bool is_folder_unknown(const Victim *v)
{
    g_autofree char *cwd = get_process_cwd_qpp(v->vcpu, v->handle);

    return !cwd;
}

/* ---- Modules ------------------------------------------------------------- */

static uint64_t module_list(void)
{
    uint64_t head = 0;

    return osi_kernel_symbol_qpp("modules", &head) ? head : 0;
}

static bool module_cycle(const Victim *v)
{
    uint64_t first = peek64(module_list());

    return first && first != module_list() && spoil64(first, first);
}

static bool module_wild(const Victim *v)
{
    return module_list() && spoil64(module_list(), NOT_CANONICAL);
}

static bool are_modules_unknown(const Victim *v)
{
    OsiKernelModules *modules = osi_kernel_modules_qpp(v->vcpu);
    bool right = !modules;

    free_osikernelmodules_qpp(modules);
    return right;
}

/* ---- All ----------------------------------------------------------------- */

static const Case cases[] = {
    { "tasks: next is itself", "mapper", list_to_itself, is_not_complete },
    { "tasks: next in user space", "mapper", list_to_user,
      is_not_complete },
    { "tasks: next is NULL", "mapper", list_to_null, is_not_complete },
    { "tasks: next is no address", "mapper", list_to_nowhere,
      is_not_complete },
    { "tasks: next unaligned", "mapper", list_unaligned, is_not_complete },
    { "tasks: a cycle of two", "mapper", list_cycle, is_not_complete },
    { "threads: next is itself", "threads", threads_to_itself,
      are_threads_incomplete },
    { "signal: not mapped", "threads", wild_signal, are_threads_unknown },
    { "pid: too large", "mapper", wild_pid, is_gone },
    { "group leader: not mapped", "mapper", wild_leader, is_gone },
    { "comm: without an end", "mapper", endless_name, is_name_cut },
    { "cred: not mapped, in user space", "mapper", wild_cred,
      is_user_unknown },
    { "priorities: impossible", "member", wild_schedule,
      is_schedule_unknown },
    { "pid: level too large", "container", deep_pid, are_ns_pids_unknown },
    { "nsproxy: not mapped", "container", wild_proxy,
      are_namespaces_unknown },
    { "cgroup: a cycle of parents", "member", cgroup_cycle,
      are_cgroups_unknown },
    { "mm: in user space, unaligned", "mapper", wild_mm,
      are_mappings_unknown },
    { "mm: too many mappings", "mapper", huge_count, are_mappings_unknown },
    { "mappings: in a cycle", "mapper", tree_to_itself,
      are_mappings_unknown },
    { "mappings: no such node", "mapper", odd_tree, are_mappings_unknown },
    { "mapping: ends before it begins", "mapper", backward_mapping,
      are_mappings_unknown },
    { "mapping: begins within a page", "mapper", unaligned_mapping,
      are_mappings_unknown },
    { "arguments: end nowhere", "deleted", long_arguments,
      are_strings_unknown },
    { "page tables: nonsense", "deleted", wild_page_table,
      are_strings_unknown },
    { "pgd: in user space", "deleted", wild_pgd, are_strings_unknown },
    { "pgd: in user space, and others", "deleted", wild_pgd,
      is_only_its_asid_unknown },
    { "fdtable: not mapped, unaligned", "opener", wild_fds,
      are_files_unknown },
    { "fdtable: too many", "opener", huge_fds, are_files_unknown },
    { "dentry: name too long", "opener", long_name, is_path_unknown },
    { "dentry: name not mapped", "opener", wild_name, is_path_unknown },
    { "dentry: a cycle of parents", "opener", folder_cycle,
      is_path_unknown },
    { "mount: a cycle of parents", "container", mount_cycle,
      is_folder_unknown },
    { "modules: the first is its own next", "mapper", module_cycle,
      are_modules_unknown },
    { "modules: a wild list", "mapper", module_wild, are_modules_unknown },
};

static bool find_victim(Victim *v, const char *name)
{
    for (guint i = 0; i < v->world->handles->len; i++) {
        v->handle = &g_array_index(v->world->handles, OsiProcHandle, i);
        v->proc = get_process_qpp(v->handle);
        if (v->proc && strcmp(v->proc->name, name) == 0) {
            v->task = v->handle->taskd;
            v->mm = get(v->task, "task_struct", "mm");
            return true;
        }
        free_osiproc_qpp(v->proc);
    }
    return false;
}

static const char *run_case(const Case *c, Victim *v)
{
    uint64_t reads;
    bool right;

    if (c->is_right(v)) {
        return "that is said of what is not spoiled, too";
    }
    if (!c->spoil(v)) {
        restore_all();
        return "it could not be spoiled";
    }
    hostile_counts()->reads = 0;
    right = c->is_right(v);
    reads = hostile_counts()->reads;
    if (restore_all()) {
        return "the guest's memory is not as it was";
    }
    if (c->is_right(v)) {
        return "it is said still when nothing is spoiled any more";
    }
    if (reads > MAX_READS) {
        return "too many reads of guest memory";
    }
    return right ? NULL : "something else was said than must be";
}

void directed_run(unsigned int vcpu, const World *world,
                  void (*tell)(bool right, const char *what,
                               const char *why))
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Victim v = { .vcpu = vcpu, .world = world };
        const char *why = "no such process in the guest";

        if (find_victim(&v, cases[i].who)) {
            why = run_case(&cases[i], &v);
            free_osiproc_qpp(v.proc);
        }
        tell(!why, cases[i].what, why);
    }
}
