/*
 * world.c: which objects of the guest's kernel there are, and wild values in
 * them.  Where members lie is asked of osi_linux, whose knowledge of the
 * kernel is compared with /proc elsewhere.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hostile.h"
#include "osi.h"
#include "osi_kernel.h"
#include "osi_maps.h"

#define MAX_OBJECTS 4000
#define PAGE_TABLE "page table"
#define NODE "maple node"
#define FDS "fds"

/* What is spoiled by name, with what is there written over. */
static const struct {
    const char *type, *path;
} known[] = {
    { "task_struct", "tasks.next" }, { "task_struct", "tasks.prev" },
    { "task_struct", "pid" }, { "task_struct", "tgid" },
    { "task_struct", "comm" }, { "task_struct", "mm" },
    { "task_struct", "real_parent" }, { "task_struct", "group_leader" },
    { "task_struct", "signal" }, { "task_struct", "files" },
    { "task_struct", "fs" }, { "task_struct", "nsproxy" },
    { "task_struct", "cgroups" }, { "task_struct", "thread_pid" },
    { "task_struct", "real_cred" }, { "task_struct", "cred" },
    { "task_struct", "children.next" }, { "task_struct", "sibling.next" },
    { "task_struct", "thread_node.next" }, { "task_struct", "static_prio" },
    { "task_struct", "start_time" }, { "task_struct", "start_boottime" },
    { "task_struct", "sighand" }, { "task_struct", "flags" },
    { "task_struct", "__state" }, { "task_struct", "exit_state" },
    { "signal_struct", "thread_head.next" }, { "signal_struct", "pids" },
    { "signal_struct", "nr_threads" },
    { "mm_struct", "pgd" }, { "mm_struct", "mmap" },
    { "mm_struct", "mm_mt.ma_root" }, { "mm_struct", "map_count" },
    { "mm_struct", "mm_mt.ma_flags" }, { "mm_struct", "arg_start" },
    { "mm_struct", "arg_end" }, { "mm_struct", "env_start" },
    { "mm_struct", "env_end" }, { "mm_struct", "start_brk" },
    { "mm_struct", "brk" }, { "mm_struct", "exe_file" },
    { "mm_struct", "start_stack" }, { "mm_struct", "context" },
    { "vm_area_struct", "vm_start" }, { "vm_area_struct", "vm_end" },
    { "vm_area_struct", "vm_file" }, { "vm_area_struct", "vm_mm" },
    { "vm_area_struct", "vm_next" }, { "vm_area_struct", "vm_ops" },
    { "vm_area_struct", "anon_name" }, { "vm_area_struct", "vm_pgoff" },
    { "vm_area_struct", "vm_private_data" },
    { "files_struct", "fdt" }, { "fdtable", "max_fds" },
    { "fdtable", "fd" }, { "fdtable", "open_fds" },
    { "fdtable", "close_on_exec" },
    { "file", "f_path.dentry" }, { "file", "f_path.mnt" },
    { "file", "f_inode" }, { "file", "private_data" }, { "file", "f_op" },
    { "file", "f_pos" },
    { "dentry", "d_parent" }, { "dentry", "d_name" },
    { "dentry", "d_name.name" }, { "dentry", "d_name.len" },
    { "dentry", "d_op" }, { "dentry", "d_sb" }, { "dentry", "d_inode" },
    { "dentry", "d_flags" },
    { "mount", "mnt_parent" }, { "mount", "mnt_mountpoint" },
    { "mount", "mnt.mnt_root" }, { "mount", "mnt.mnt_sb" },
    { "inode", "i_sb" }, { "inode", "i_mode" }, { "inode", "i_ino" },
    { "socket", "sk" }, { "socket", "ops" }, { "socket", "type" },
    { "sock", "__sk_common.skc_family" }, { "sock", "sk_protocol" },
    { "unix_sock", "addr" }, { "unix_sock", "peer" },
    { "cred", "uid" }, { "cred", "user_ns" },
    { "pid", "level" }, { "pid", "numbers" },
    { "nsproxy", "mnt_ns" }, { "nsproxy", "uts_ns" },
    { "nsproxy", "pid_ns_for_children" },
    { "css_set", "dfl_cgrp" }, { "css_set", "cgrp_links.next" },
    { "cgroup", "kn" }, { "cgroup", "root" },
    { "kernfs_node", "parent" }, { "kernfs_node", "__parent" },
    { "kernfs_node", "name" },
    { "fs_struct", "pwd.dentry" }, { "fs_struct", "root.mnt" },
    { "module", "list.next" }, { "module", "list.prev" },
    { "module", "name" }, { "module", "mem" },
};

/* With pages of 4 KiB.  Arm has tables of their own for the kernel. */
static const Paging pagings[] = {
    { "x86_64", 2048, 0x81, 0x01 }, /* present, and not a large page */
    { "aarch64", 4096, 0x03, 0x03 },
};

const Paging *paging;

const Paging *paging_find(const char *target)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pagings); i++) {
        if (strcmp(pagings[i].target, target) == 0) {
            return &pagings[i];
        }
    }
    return NULL;
}

/* ---- Members ------------------------------------------------------------- */

bool member(const char *type, const char *path, uint64_t *offset,
            uint64_t *size)
{
    OsiKernelMember m;

    if (!osi_kernel_member_qpp(type, path, &m)) {
        return false;
    }
    *offset = m.offset;
    *size = m.size;
    return true;
}

uint64_t get(uint64_t base, const char *type, const char *path)
{
    uint64_t offset, size, value = 0;

    if (!base || !member(type, path, &offset, &size) || size > 8 ||
        !peek(base + offset, &value, size)) {
        return 0;
    }
    return value;
}

/* ---- Objects ------------------------------------------------------------- */

/* False: it is known already, or it is none. */
static bool add(World *w, uint64_t addr, const char *type, uint32_t size)
{
    Object object = { addr, type, size };
    uint8_t byte;

    if (!addr || !(addr >> 63) || w->objects->len >= MAX_OBJECTS ||
        !peek(addr, &byte, 1) ||
        !g_hash_table_add(w->seen, GSIZE_TO_POINTER(addr))) {
        return false;
    }
    g_array_append_val(w->objects, object);
    return true;
}

static void add_dentries(World *w, uint64_t dentry)
{
    for (int i = 0; i < 5 && add(w, dentry, "dentry", 128); i++) {
        add(w, get(dentry, "dentry", "d_sb"), "super_block", 512);
        dentry = get(dentry, "dentry", "d_parent");
    }
}

static void add_path(World *w, uint64_t dentry, uint64_t vfsmount)
{
    uint64_t offset, size;

    add_dentries(w, dentry);
    if (vfsmount && member("mount", "mnt", &offset, &size) &&
        add(w, vfsmount - offset, "mount", 200)) {
        add_dentries(w, get(vfsmount - offset, "mount", "mnt_mountpoint"));
    }
}

static void add_file(World *w, uint64_t file)
{
    uint64_t data, sk;

    if (!add(w, file, "file", 200)) {
        return;
    }
    add_path(w, get(file, "file", "f_path.dentry"),
             get(file, "file", "f_path.mnt"));
    add(w, get(file, "file", "f_inode"), "inode", 128);
    data = get(file, "file", "private_data");
    /* A socket points back; of others it is any object. */
    if (data && get(data, "socket", "file") == file) {
        sk = get(data, "socket", "sk");
        add(w, data, "socket", 64);
        if (add(w, sk, "sock", 1024)) {
            Object as_unix = { sk, "unix_sock", 1024 };

            g_array_append_val(w->objects, as_unix);
        }
    } else {
        add(w, data, "private_data", 64);
    }
}

static void add_files(World *w, uint64_t files)
{
    uint64_t fdt = get(files, "files_struct", "fdt");
    uint64_t fd = get(fdt, "fdtable", "fd");

    if (!add(w, files, "files_struct", 64)) {
        return;
    }
    add(w, fdt, "fdtable", 64);
    add(w, fd, FDS, 256);
    add(w, get(fdt, "fdtable", "open_fds"), "open_fds", 32);
    for (int i = 0; i < 32; i++) {
        add_file(w, peek64(fd + 8 * i));
    }
}

static void add_maple(World *w, uint64_t entry, int depth)
{
    uint64_t node = entry & ~0xffull;

    if (depth > 4 || (entry & 0x80) || !add(w, node, NODE, 256)) {
        return;
    }
    /* Words that look like encoded nodes; more may be taken for one. */
    for (int i = 0; i < 32; i++) {
        uint64_t word = peek64(node + 8 * i);

        if (word >> 48 == 0xffff && (word & 0x78) && (word & 7) == 6) {
            add_maple(w, word, depth + 1);
        }
    }
}

static void add_mm(World *w, uint64_t mm)
{
    uint64_t pgd = get(mm, "mm_struct", "pgd"), physical, entry, at;

    if (!add(w, mm, "mm_struct", 1024)) {
        return;
    }
    add_maple(w, get(mm, "mm_struct", "mm_mt.ma_root"), 0);
    add_file(w, get(mm, "mm_struct", "exe_file"));
    add(w, pgd, PAGE_TABLE, paging->user_bytes);
    if (!qemu_plugin_translate_vaddr(pgd, &physical)) {
        return;
    }
    /* Three levels down by the kernel's linear map, from both ends. */
    for (unsigned int from = 0; from < paging->user_bytes; from += 8) {
        at = pgd + from;
        for (int level = 0; level < 3; level++) {
            entry = peek64(at);
            if ((entry & paging->table_mask) != paging->table_bits) {
                break;
            }
            at = (entry & 0xffffffffff000ull) + (pgd - physical);
            add(w, at, PAGE_TABLE, 4096);
        }
    }
}

static void add_cgroups(World *w, uint64_t css_set)
{
    uint64_t cgroup = get(css_set, "css_set", "dfl_cgrp"), kn;

    add(w, css_set, "css_set", 256);
    if (!add(w, cgroup, "cgroup", 512)) {
        return;
    }
    kn = get(cgroup, "cgroup", "kn");
    for (int i = 0; i < 5 && add(w, kn, "kernfs_node", 128); i++) {
        uint64_t up = get(kn, "kernfs_node", "parent");

        kn = up ? up : get(kn, "kernfs_node", "__parent");
    }
}

static void add_task(World *w, uint64_t task)
{
    uint64_t fs = get(task, "task_struct", "fs");
    uint64_t offset = 0, size;

    member("task_struct", "cgroups", &offset, &size);
    if (!add(w, task, "task_struct", MAX(offset + 8, 3000))) {
        return;
    }
    add(w, get(task, "task_struct", "signal"), "signal_struct", 1024);
    add(w, get(task, "task_struct", "real_cred"), "cred", 176);
    add(w, get(task, "task_struct", "cred"), "cred", 176);
    add(w, get(task, "task_struct", "thread_pid"), "pid", 160);
    add(w, get(task, "task_struct", "nsproxy"), "nsproxy", 72);
    add_cgroups(w, get(task, "task_struct", "cgroups"));
    if (add(w, fs, "fs_struct", 64)) {
        add_path(w, get(fs, "fs_struct", "pwd.dentry"),
                 get(fs, "fs_struct", "pwd.mnt"));
        add_path(w, get(fs, "fs_struct", "root.dentry"),
                 get(fs, "fs_struct", "root.mnt"));
    }
    add_files(w, get(task, "task_struct", "files"));
    add_mm(w, get(task, "task_struct", "mm"));
}

static void add_mappings(World *w, unsigned int vcpu)
{
    for (guint i = 0; i < w->handles->len; i++) {
        OsiProc *proc = get_process_qpp(&g_array_index(w->handles,
                                                       OsiProcHandle, i));
        GArray *maps = proc ? get_mappings_qpp(vcpu, proc) : NULL;

        for (guint j = 0; maps && j < maps->len && j < 40; j++) {
            const OsiModule *m = &g_array_index(maps, OsiModule, j);

            if (add(w, m->modd, "vm_area_struct", 200)) {
                add_file(w, get(m->modd, "vm_area_struct", "vm_file"));
            }
        }
        cleanup_garray_qpp(maps);
        free_osiproc_qpp(proc);
    }
}

static void add_modules(World *w, unsigned int vcpu)
{
    OsiKernelModules *modules = osi_kernel_modules_qpp(vcpu);

    for (uint32_t i = 0; modules && i < modules->n; i++) {
        add(w, modules->modules[i].module, "module", 512);
    }
    free_osikernelmodules_qpp(modules);
}

/* The first mappings, where they are a list; of a tree, what is in leaves. */
static void add_mappings_of(World *w, uint64_t mm)
{
    uint64_t vma = get(mm, "mm_struct", "mmap");
    const guint n = w->objects->len;

    for (int i = 0; i < 20 && add(w, vma, "vm_area_struct", 200); i++) {
        add_file(w, get(vma, "vm_area_struct", "vm_file"));
        vma = get(vma, "vm_area_struct", "vm_next");
    }
    for (guint i = 0; i < n; i++) {
        const Object node = g_array_index(w->objects, Object, i);

        for (int k = 16; strcmp(node.type, NODE) == 0 && k < 32; k++) {
            vma = peek64(node.addr + 8 * k);
            if (get(vma, "vm_area_struct", "vm_mm") == mm &&
                add(w, vma, "vm_area_struct", 200)) {
                add_file(w, get(vma, "vm_area_struct", "vm_file"));
            }
        }
    }
}

World *world_of_task(uint64_t task)
{
    World *w = g_new0(World, 1);

    w->seen = g_hash_table_new(NULL, NULL);
    w->objects = g_array_new(FALSE, FALSE, sizeof(Object));
    add_task(w, task);
    add_mappings_of(w, get(task, "task_struct", "mm"));
    return w;
}

World *world_new(unsigned int vcpu)
{
    World *w = g_new0(World, 1);
    bool complete;

    w->seen = g_hash_table_new(NULL, NULL);
    w->objects = g_array_new(FALSE, FALSE, sizeof(Object));
    w->handles = get_process_handles_qpp(vcpu);
    w->threads = get_threads_qpp(vcpu, &complete);
    if (!w->handles || !w->threads) {
        world_free(w);
        return NULL;
    }
    for (guint i = 0; i < w->threads->len; i++) {
        add_task(w, g_array_index(w->threads, OsiThread, i).taskd);
    }
    add_mappings(w, vcpu);
    add_modules(w, vcpu);
    return w;
}

void world_free(World *w)
{
    g_clear_pointer(&w->handles, g_array_unref);
    g_clear_pointer(&w->threads, g_array_unref);
    g_array_unref(w->objects);
    g_hash_table_destroy(w->seen);
    g_free(w);
}

/* ---- Spoiling ------------------------------------------------------------ */

static const Object *any(const World *w, uint64_t *state)
{
    return &g_array_index(w->objects, Object,
                          below(state, w->objects->len));
}

/* Another object of the type, if there is one near in the table. */
static uint64_t any_of(const World *w, uint64_t *state, const char *type)
{
    for (int i = 0; i < 64; i++) {
        const Object *o = any(w, state);

        if (strcmp(o->type, type) == 0) {
            return o->addr;
        }
    }
    return any(w, state)->addr;
}

static uint64_t wild(const World *w, uint64_t *state, const Object *o,
                     uint64_t at, uint64_t was)
{
    static const uint64_t odd[] = {
        0, 1, 8, 0xff, 0x1000, 0x7fffffff, 0x80000000, 0xffffffff,
        0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX, UINT64_MAX - 7,
        0xfffffffffffff000, 0xffffffffffffff80, 0x00007fffffffe000,
        0x4141414141414141, 0xdead000000000100, 0xffff800000000000,
        0xffffffff80000000, 0xffffc90000000000, 0x400000,
    };

    switch (below(state, 10)) {
    case 0: return odd[below(state, G_N_ELEMENTS(odd))];
    case 1: return rnd(state);
    case 2: return was ^ 1ull << below(state, 64);
    case 3: return was + below(state, 4096) - 2048;
    case 4: return at;
    case 5: return o->addr + below(state, o->size);
    case 6: return any_of(w, state, o->type);
    case 7: return any(w, state)->addr + below(state, 256);
    case 8: return was | 0xfff;
    default:
        return peek64(any(w, state)->addr + 8 * below(state, 32));
    }
}

static void spoil_member(const World *w, uint64_t *state, const Object *o,
                         size_t which, GString *said)
{
    uint64_t offset, size, value;
    uint8_t bytes[64];

    if (!member(known[which].type, known[which].path, &offset, &size)) {
        return;
    }
    g_string_append_printf(said, " %s@%" PRIx64 ".%s", o->type, o->addr,
                           known[which].path);
    if (size == 0 || size > 8) {
        size = CLAMP(size, 8, sizeof(bytes));
        /* A name that does not end; else, words. */
        memset(bytes, 'A', sizeof(bytes));
        for (uint64_t i = 0; below(state, 2) && i + 8 <= size; i += 8) {
            value = wild(w, state, o, o->addr + offset, 0);
            memcpy(bytes + i, &value, 8);
        }
        spoil(o->addr + offset, bytes, size);
        return;
    }
    value = wild(w, state, o, o->addr + offset, peek64(o->addr + offset));
    spoil(o->addr + offset, &value, size);
    g_string_append_printf(said, "=%" PRIx64, value);
}

void world_spoil(const World *w, uint64_t *state, GString *said)
{
    size_t first = below(state, G_N_ELEMENTS(known)), which = first;
    const Object *o = NULL;
    uint64_t at, value;

    /* As often a member that is known, of any object of its type. */
    if (below(state, 2)) {
        for (int i = 0; i < 200 && !o; i++) {
            const Object *try = any(w, state);

            o = strcmp(try->type, known[which].type) == 0 ? try : NULL;
        }
        if (o) {
            spoil_member(w, state, o, which, said);
            return;
        }
    }
    o = any(w, state);
    at = o->addr + 8 * below(state, o->size / 8);
    value = wild(w, state, o, at, peek64(at));
    spoil64(at, value);
    g_string_append_printf(said, " %s@%" PRIx64 "+%" PRIx64 "=%" PRIx64,
                           o->type, o->addr, at - o->addr, value);
}
