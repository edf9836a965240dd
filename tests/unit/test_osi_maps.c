/*
 * test_osi_maps.c: the imports of osi_maps.h and osi_files.h (osi_maps.c,
 * osi_files.c) over a made-up kernel: what they give, that all of it is freed
 * as documented (the sanitizers' build sees leaks), and what they say when
 * nothing is known or the process is gone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "kernel.h"
#include "live.h"
#include "osi_files.h"
#include "osi_maps.h"
#include "plugin_stub.h"
#include "../../osi_linux/system.h"
#include "world_synth.h"

#define TASK 0xffff999000001234u
#define START 5678u

/* ---- In place of the parts around it ------------------------------------- */

static World *w;
static OsiKernel kernel;
static OsiLive live;
static bool is_known = true, is_gone, is_mapped = true;
static OsiTask current; /* the vCPU's; leader 0: nothing is known */
static uint64_t mm, task_struct, pc;
static uint64_t next_mm; /* if not 0, the process's from the second look on */

const OsiKernel *osi_kernel(void)
{
    return is_known ? &kernel : NULL;
}

/* With its page tables isolated a vCPU reads user memory, and no other. */
bool osi_kernel_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    if (!is_mapped && !(addr >> 63)) {
        memset(buf, 'u', len);
        return true;
    }
    return is_mapped;
}

const OsiLive *osi_live_on(unsigned int vcpu_index)
{
    return is_known ? &live : NULL;
}

bool osi_live_task(const OsiProcHandle *handle, OsiTask *task)
{
    *task = (OsiTask){ .mm = mm, .pgd = 1 };
    task->identity.taskd = task_struct;
    if (next_mm) {
        mm = next_mm;
    }
    return is_mapped && !is_gone && handle->taskd == TASK &&
           handle->start_time == START;
}

bool osi_live_page_shift(unsigned int *out)
{
    *out = 12;
    return true;
}

bool osi_live_pc(uint64_t *out)
{
    *out = pc;
    return true;
}

bool osi_live_read_user(uint64_t pgd, uint64_t addr, void *buf, size_t len)
{
    memset(buf, 'w', len);
    return pgd == 1 && addr == 0x1000;
}

bool osi_live_translate(uint64_t pgd, uint64_t addr, uint64_t *physical)
{
    *physical = addr + 0x100000;
    return pgd == 1 && addr == 0x1000;
}

const OsiTask *osi_system_current(unsigned int vcpu_index)
{
    return current.leader ? &current : NULL;
}

/* ---- The world ----------------------------------------------------------- */

static uint64_t leaf, fds, fdt;
static int n_slots;

static uint64_t new_file(const char *name, uint64_t ino)
{
    static uint64_t super, root, mnt;
    uint64_t inode, dentry;

    if (!super || ino == 1) {
        super = world_super(w, "ext4", 5 << 20 | 6);
        root = world_dentry(w, 0, "/", super, 0);
        mnt = world_mount(w, root, super, 0, 0);
    }
    inode = world_inode(w, ino, 0100600, super);
    dentry = world_dentry(w, root, name, super, inode);
    return world_file(w, mnt, dentry, inode);
}

static void add_vma(uint64_t start, uint64_t end, uint64_t flags,
                    uint64_t file)
{
    uint64_t vma = world_struct(w, "vm_area_struct");

    world_set(w, vma, "vm_area_struct", "vm_start", start);
    world_set(w, vma, "vm_area_struct", "vm_end", end);
    world_set(w, vma, "vm_area_struct", "vm_flags", flags);
    world_set(w, vma, "vm_area_struct", "vm_mm", mm);
    world_set(w, vma, "vm_area_struct", "vm_file", file);
    world_put(w, leaf + 8 + 8 * n_slots, start - 1, 8);
    n_slots++;
    world_put(w, leaf + 8 + 8 * n_slots, end - 1, 8);
    world_put(w, leaf + 128 + 8 * n_slots, vma, 8);
    n_slots++;
    world_set(w, mm, "mm_struct", "map_count", n_slots / 2);
}

static void put_files(void)
{
    uint64_t files = world_struct(w, "files_struct");
    uint64_t file = new_file("open", 4), broken;

    fdt = world_struct(w, "fdtable");
    fds = world_alloc(w, 8 * 64, 8);
    task_struct = world_struct(w, "task_struct");
    world_set(w, task_struct, "task_struct", "files", files);
    world_set(w, files, "files_struct", "fdt", fdt);
    world_set(w, fdt, "fdtable", "max_fds", 64);
    world_set(w, fdt, "fdtable", "fd", fds);
    world_set(w, fdt, "fdtable", "close_on_exec", world_alloc(w, 8, 8));
    world_set(w, file, "file", "f_pos", 99);
    world_put(w, fds + 8 * 3, file, 8);
    broken = world_file(w, 8, 8, 8);
    world_put(w, fds + 8 * 63, broken, 8);
}

static void start(void)
{
    w = world_new(false, false, NULL);
    live.reader = w->reader;
    osi_paths_init(&live.paths, w->types, &w->reader);
    osi_files_init(&live.files, w->types, &w->reader, &live.paths);
    osi_mappings_init(&live.mappings, w->types, &w->reader, &live.files);
    osi_sockets_init(&live.sockets, w->types, &w->reader, &live.paths);
    mm = world_struct(w, "mm_struct");
    leaf = world_alloc(w, 256, 256);
    world_put(w, leaf, WORLD_BASE, 8);
    world_set(w, mm, "mm_struct", "mm_mt.ma_root", leaf | 1 << 3 | 2);
    world_set(w, mm, "mm_struct", "start_code", 0x1000);
    world_set(w, mm, "mm_struct", "start_brk", 0x20000);
    world_set(w, mm, "mm_struct", "brk", 0x21000);
    n_slots = 0;
    add_vma(0x1000, 0x2000, OSI_VM_EXEC, new_file("program", 1));
    add_vma(0x8000, 0x9000, OSI_VM_EXEC, new_file("lib.so", 2));
    add_vma(0x20000, 0x21000, OSI_VM_READ, 0);
    put_files();
    is_known = is_mapped = true;
    is_gone = false;
    next_mm = 0;
    current = (OsiTask){ 0 };
}

static const OsiProc proc = { .taskd = TASK, .create_time = START };
static const OsiProcHandle handle = { .taskd = TASK, .start_time = START };

/* ---- Tests --------------------------------------------------------------- */

static void test_mappings(void)
{
    GArray *all, *some;
    OsiModule *one;
    OsiProcMem *mem;

    start();
    all = get_mappings(0, &proc);
    g_assert_cmpuint(all->len, ==, 3);
    g_assert_cmpstr(g_array_index(all, OsiModule, 1).file, ==, "/lib.so");
    g_assert_cmphex(get_one_module(all, 2)->base, ==, 0x20000);
    g_assert_null(get_one_module(all, 3));
    g_assert_null(get_one_module(NULL, 0));
    cleanup_garray(all);
    some = get_file_mappings(0, &proc);
    g_assert_cmpuint(some->len, ==, 2);
    g_array_unref(some);
    some = get_heap_mappings(0, &proc);
    g_assert_cmpuint(some->len, ==, 1);
    cleanup_garray(some);
    some = get_stack_mappings(0, &proc);
    g_assert_cmpuint(some->len, ==, 0);
    cleanup_garray(some);
    some = get_unknown_mappings(0, &proc);
    g_assert_cmpuint(some->len, ==, 0);
    cleanup_garray(some);
    one = get_mapping_by_addr(0, &proc, 0x8fff);
    g_assert_cmpstr(one->name, ==, "lib.so");
    free_osimodule(one);
    g_assert_null(get_mapping_by_addr(0, &proc, 0x9000));
    one = get_mapping_by_name(0, &proc, "/lib.so");
    g_assert_cmphex(one->base, ==, 0x8000);
    free_osimodule(one);
    g_assert_null(get_mapping_by_name(0, &proc, "ib.so"));
    g_assert_cmphex(get_mapping_base_address_by_name(0, &proc, "[heap]"), ==,
                    0x20000);
    g_assert_true(has_mapping_prefix(0, &proc, "lib"));
    g_assert_false(has_mapping_prefix(0, &proc, "libx"));
    mem = get_proc_mem(0, &proc);
    g_assert_cmphex(mem->brk, ==, 0x21000);
    g_free(mem);
    world_free(w);
}

static void test_libraries(void)
{
    GArray *some;

    start();
    /* what is at 0x1000 can be read, and is no ELF header */
    some = get_libraries(0, &proc);
    g_assert_cmpuint(some->len, ==, 1);
    g_assert_cmpstr(g_array_index(some, OsiModule, 0).name, ==, "lib.so");
    cleanup_garray(some);
    current.leader = TASK;
    pc = 0x8123;
    g_assert_true(in_shared_object(0, &proc));
    pc = 0x1123;
    g_assert_false(in_shared_object(0, &proc));
    pc = 0x20123;
    g_assert_false(in_shared_object(0, &proc));
    pc = 0x8123;
    current.leader = TASK + 1; /* another process runs */
    g_assert_false(in_shared_object(0, &proc));
    world_free(w);
}

static void test_files(void)
{
    GArray *all;
    OsiFile *one;
    char *path;
    uint64_t addr;

    start();
    all = get_open_files(0, &proc);
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpint(g_array_index(all, OsiFile, 0).fd, ==, 3);
    g_assert_cmpstr(g_array_index(all, OsiFile, 0).path, ==, "/open");
    /* what cannot be read is open all the same */
    g_assert_cmpint(g_array_index(all, OsiFile, 1).fd, ==, 63);
    g_assert_null(g_array_index(all, OsiFile, 1).path);
    g_assert_cmpuint(g_array_index(all, OsiFile, 1).inode, ==, 0);
    cleanup_garray(all);
    one = get_open_file(0, &proc, 3);
    g_assert_cmpint(one->pos, ==, 99);
    free_osifile(one);
    g_assert_null(get_open_file(0, &proc, 4));
    g_assert_null(get_open_file(0, &proc, -1));
    path = osi_linux_fd_to_filename(0, &proc, 3);
    g_assert_cmpstr(path, ==, "/open");
    g_free(path);
    g_assert_null(osi_linux_fd_to_filename(0, &proc, 4));
    g_assert_cmpuint(osi_linux_fd_to_pos(0, &proc, 3), ==, 99);
    g_assert_cmpuint(osi_linux_fd_to_pos(0, &proc, 4), ==,
                     OSI_INVALID_FILE_POS);
    addr = ext_get_file_struct_ptr(0, task_struct, 3);
    g_assert_cmphex(addr, !=, 0);
    g_assert_cmphex(ext_get_file_dentry(0, addr), !=, 0);
    g_assert_cmphex(ext_get_file_struct_ptr(0, task_struct, 4), ==, 0);
    g_assert_cmphex(ext_get_file_struct_ptr(0, 8, 3), ==, 0);
    g_assert_cmphex(ext_get_file_dentry(0, 8), ==, 0);
    world_free(w);
}

/* Every import, when it can tell nothing. */
static void assert_nothing(const OsiProc *p, const OsiProcHandle *h)
{
    GArray *(*const lists[])(unsigned int, const OsiProc *) = {
        get_mappings, get_file_mappings, get_heap_mappings,
        get_stack_mappings, get_unknown_mappings, get_libraries,
        get_open_files,
    };
    uint8_t byte;

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_assert_null(lists[i](0, p));
    }
    g_assert_null(get_mapping_by_addr(0, p, 0x1000));
    g_assert_null(get_mapping_by_name(0, p, "program"));
    g_assert_cmphex(get_mapping_base_address_by_name(0, p, "program"), ==, 0);
    g_assert_false(has_mapping_prefix(0, p, ""));
    g_assert_false(in_shared_object(0, p));
    g_assert_null(get_proc_mem(0, p));
    g_assert_null(get_open_file(0, p, 3));
    g_assert_null(osi_linux_fd_to_filename(0, p, 3));
    g_assert_cmpuint(osi_linux_fd_to_pos(0, p, 3), ==, OSI_INVALID_FILE_POS);
    g_assert_false(read_process_memory(0, h, 0x1000, &byte, 1));
    g_assert_cmphex(walk_page_table(0, p, 0x1000), ==, OSI_INVALID_ADDRESS);
}

/* A table of @n descriptors, all of which lead to @file. */
static void put_many(uint64_t file, unsigned int n)
{
    uint64_t table = world_alloc(w, 8 * n, 8);

    for (unsigned int i = 0; i < n; i++) {
        world_put(w, table + 8 * i, file, 8);
    }
    world_set(w, fdt, "fdtable", "max_fds", n);
    world_set(w, fdt, "fdtable", "fd", table);
    world_set(w, fdt, "fdtable", "close_on_exec",
              world_alloc(w, n / 8 + 8, 8));
}

/* As many bytes of paths as there may be, and more. */
static void test_many_files(void)
{
    const unsigned int path_len = 4 * 4000;
    const unsigned int n_most = OSI_MAX_PATH_BYTES / path_len;
    g_autofree char *part = g_strnfill(path_len / 4 - 1, 'p');
    uint64_t super, root, dentry, inode, file;

    start();
    super = world_super(w, "ext4", 1);
    root = dentry = world_dentry(w, 0, "/", super, 0);
    inode = world_inode(w, 9, 0100600, super);
    for (int i = 0; i < 4; i++) {
        dentry = world_dentry(w, dentry, part, super, inode);
    }
    file = world_file(w, world_mount(w, root, super, 0, 0), dentry, inode);
    for (unsigned int n = n_most; n <= n_most + 1; n++) {
        g_autoptr(GArray) all = NULL;

        put_many(file, n);
        all = get_open_files(0, &proc);
        if (n == n_most) {
            g_assert_nonnull(all);
            g_assert_cmpuint(all->len, ==, n);
            g_assert_cmpuint(strlen(g_array_index(all, OsiFile, n - 1).path),
                             ==, path_len);
        } else {
            g_assert_null(all);
        }
    }
    world_free(w);
}

static void test_unknown(void)
{
    const OsiProc other = { .taskd = TASK, .create_time = START + 1 };
    const OsiProcHandle other_handle = { .taskd = TASK,
                                         .start_time = START + 1 };

    start();
    is_known = false;
    assert_nothing(&proc, &handle);
    is_known = true;
    assert_nothing(NULL, NULL);
    assert_nothing(&other, &other_handle);
    is_gone = true;
    assert_nothing(&proc, &handle);
    is_gone = false;
    is_mapped = false;
    assert_nothing(&proc, &handle);
    free_osimodule(NULL);
    free_osifile(NULL);
    cleanup_garray(NULL);
    g_assert_null(get_mapping_by_name(0, &proc, NULL));
    g_assert_false(has_mapping_prefix(0, &proc, NULL));
    world_free(w);
}

/* It has executed another program while its mappings were read. */
static void test_execve(void)
{
    uint64_t own;

    start();
    own = mm;
    next_mm = WORLD_BASE + 64;
    g_assert_null(get_mappings(0, &proc));
    mm = own;
    g_assert_null(get_proc_mem(0, &proc));
    next_mm = 0;
    world_free(w);
}

/* At its end it has no memory, and no table of descriptors. */
static void test_ending(void)
{
    GArray *none;

    start();
    mm = 0;
    none = get_mappings(0, &proc);
    g_assert_cmpuint(none->len, ==, 0);
    cleanup_garray(none);
    g_assert_null(get_proc_mem(0, &proc));
    world_set(w, task_struct, "task_struct", "files", 0);
    none = get_open_files(0, &proc);
    g_assert_cmpuint(none->len, ==, 0);
    cleanup_garray(none);
    world_free(w);
}

static void test_memory(void)
{
    char bytes[4];

    start();
    g_assert_true(read_process_memory(0, &handle, 0x1000, bytes, 4));
    g_assert_cmpmem(bytes, 4, "wwww", 4);
    g_assert_false(read_process_memory(0, &handle, 0x2000, bytes, 4));
    g_assert_cmphex(walk_page_table(0, &proc, 0x1000), ==, 0x101000);
    g_assert_cmphex(walk_page_table(0, &proc, 0x2000), ==,
                    OSI_INVALID_ADDRESS);
    /* the kernel out of reach: of the process that runs only */
    is_mapped = false;
    g_assert_false(read_process_memory(0, &handle, 0x2ffe, bytes, 4));
    current.leader = TASK;
    current.leader_start = START;
    g_assert_true(read_process_memory(0, &handle, 0x2ffe, bytes, 4));
    g_assert_cmpmem(bytes, 4, "uuuu", 4);
    g_assert_false(read_process_memory(0, &handle, 1ull << 63, bytes, 4));
    g_assert_false(read_process_memory(0, &handle, INT64_MAX - 2, bytes, 4));
    current.leader_start = START + 1;
    g_assert_false(read_process_memory(0, &handle, 0x2ffe, bytes, 4));
    world_free(w);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/osi_maps/mappings", test_mappings);
    g_test_add_func("/osi_maps/libraries", test_libraries);
    g_test_add_func("/osi_maps/files", test_files);
    g_test_add_func("/osi_maps/many-files", test_many_files);
    g_test_add_func("/osi_maps/unknown", test_unknown);
    g_test_add_func("/osi_maps/execve", test_execve);
    g_test_add_func("/osi_maps/ending", test_ending);
    g_test_add_func("/osi_maps/memory", test_memory);
    return g_test_run();
}
