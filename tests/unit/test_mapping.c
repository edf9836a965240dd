/*
 * test_mapping.c: what a process has mapped (osi_linux/mapping.c) and its
 * ELF objects (libraries.c), in a made-up kernel's memory, with maple trees
 * and with lists.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libraries.h"
#include "mapping.h"
#include "world_synth.h"

#define RW (OSI_VM_READ | OSI_VM_WRITE)
#define RX (OSI_VM_READ | OSI_VM_EXEC)
#define MAX_VMAS 15

/* A process with an mm_struct. */
typedef struct Mm {
    World *w;
    OsiPaths paths;
    OsiFiles files;
    OsiMappings mappings;
    bool lists;
    uint64_t mm, leaf, mnt, root, super;
    uint64_t vmas[MAX_VMAS];
    int n;
} Mm;

static Mm *mm_new(bool big_endian, bool lists)
{
    Mm *m = g_new0(Mm, 1);

    m->lists = lists;
    m->w = world_new(big_endian, lists, NULL);
    osi_paths_init(&m->paths, m->w->types, &m->w->reader);
    osi_files_init(&m->files, m->w->types, &m->w->reader, &m->paths);
    osi_mappings_init(&m->mappings, m->w->types, &m->w->reader, &m->files);
    m->super = world_super(m->w, "ext4", 8 << 20 | 3);
    m->root = world_dentry(m->w, 0, "/", m->super, 0);
    m->mnt = world_mount(m->w, m->root, m->super, 0, 0);
    m->mm = world_struct(m->w, "mm_struct");
    m->leaf = world_alloc(m->w, 256, 256);
    world_put(m->w, m->leaf, WORLD_BASE, 8);
    world_set(m->w, m->mm, "mm_struct", "start_brk", 0x20000);
    world_set(m->w, m->mm, "mm_struct", "brk", 0x21800);
    world_set(m->w, m->mm, "mm_struct", "start_stack", 0x7ffff800);
    world_set(m->w, m->mm, "mm_struct", "start_code", 0x1000);
    return m;
}

static void mm_free(Mm *m)
{
    world_free(m->w);
    g_free(m);
}

static uint64_t add_vma(Mm *m, uint64_t start, uint64_t end, uint64_t flags)
{
    uint64_t vma = world_struct(m->w, "vm_area_struct");

    g_assert_cmpint(m->n, <, MAX_VMAS);
    world_set(m->w, vma, "vm_area_struct", "vm_start", start);
    world_set(m->w, vma, "vm_area_struct", "vm_end", end);
    world_set(m->w, vma, "vm_area_struct", "vm_flags", flags);
    world_set(m->w, vma, "vm_area_struct", "vm_mm", m->mm);
    m->vmas[m->n++] = vma;
    return vma;
}

static void set_slot(Mm *m, int i, uint64_t pivot, uint64_t slot)
{
    g_assert_cmpint(i, <, 16);
    if (i < 15) {
        world_put(m->w, m->leaf + 8 + 8 * i, pivot, 8);
    }
    world_put(m->w, m->leaf + 128 + 8 * i, slot, 8);
}

/* Puts what was added where the kernel has it. */
static void finish(Mm *m)
{
    uint64_t next = 0;
    OsiField start, end;
    int slot = 0;

    world_set(m->w, m->mm, "mm_struct", "map_count", m->n);
    if (m->lists) {
        for (int i = 0; i < m->n; i++) {
            world_set(m->w, m->vmas[i], "vm_area_struct", "vm_next",
                      i + 1 < m->n ? m->vmas[i + 1] : 0);
        }
        world_set(m->w, m->mm, "mm_struct", "mmap", m->vmas[0]);
        return;
    }
    g_assert_true(osi_types_member(m->w->types, "vm_area_struct", "vm_start",
                                   &start));
    g_assert_true(osi_types_member(m->w->types, "vm_area_struct", "vm_end",
                                   &end));
    for (int i = 0; i < m->n; i++) {
        uint64_t first, last;

        g_assert_true(osi_read_number(&m->w->reader,
                                      m->vmas[i] + start.offset, 8, &first));
        g_assert_true(osi_read_number(&m->w->reader,
                                      m->vmas[i] + end.offset, 8, &last));
        if (first != next) {
            set_slot(m, slot++, first - 1, 0);
        }
        set_slot(m, slot++, last - 1, m->vmas[i]);
        next = last;
    }
    set_slot(m, slot, 0, 0);
    world_set(m->w, m->mm, "mm_struct", "mm_mt.ma_root",
              m->leaf | 1 << 3 | 2);
}

static GArray *read_all(const Mm *m)
{
    return osi_mappings_read(&m->mappings, m->mm, 12);
}

static void assert_unknown(const Mm *m)
{
    GArray *modules;

    m->w->n_reads = 0;
    modules = read_all(m);
    g_assert_null(modules);
    g_assert_cmpuint(m->w->n_reads, <, 2000);
}

static const OsiModule *at(const GArray *modules, guint i)
{
    g_assert_cmpuint(i, <, modules->len);
    return &g_array_index(modules, OsiModule, i);
}

static uint64_t new_file(Mm *m, const char *name, uint64_t ino)
{
    uint64_t inode = world_inode(m->w, ino, 0100644, m->super);
    uint64_t dentry = world_dentry(m->w, m->root, name, m->super, inode);

    return world_file(m->w, m->mnt, dentry, inode);
}

static uint64_t add_file_vma(Mm *m, uint64_t start, uint64_t end,
                             uint64_t flags, uint64_t file, uint64_t pgoff)
{
    uint64_t vma = add_vma(m, start, end, flags);

    world_set(m->w, vma, "vm_area_struct", "vm_file", file);
    world_set(m->w, vma, "vm_area_struct", "vm_pgoff", pgoff);
    return vma;
}

static void add_special(Mm *m, uint64_t vma, const char *name)
{
    uint64_t special = world_struct(m->w, "vm_special_mapping");
    uint64_t ops = world_struct(m->w, "vm_operations_struct");

    world_set(m->w, special, "vm_special_mapping", "name",
              world_string(m->w, name));
    world_set(m->w, ops, "vm_operations_struct", "name", WORLD_BASE);
    world_set(m->w, vma, "vm_area_struct", "vm_ops", ops);
    world_set(m->w, vma, "vm_area_struct", "vm_private_data", special);
}

/* An ordinary process. */
static Mm *make_ordinary(bool big_endian, bool lists)
{
    Mm *m = mm_new(big_endian, lists);
    uint64_t file = new_file(m, "program", 77), named, vdso;

    add_file_vma(m, 0x1000, 0x3000, RX, file, 5);
    add_file_vma(m, 0x3000, 0x4000, RW, file, 7);
    add_vma(m, 0x20000, 0x22000, RW);
    named = add_vma(m, 0x30000, 0x31000, OSI_VM_READ | OSI_VM_MAYSHARE);
    world_set(m->w, named, "vm_area_struct", "anon_name",
              world_bytes(m->w, "\0\0\0\1pool", 9));
    vdso = add_vma(m, 0x40000, 0x41000, RX);
    add_special(m, vdso, "[vdso]");
    add_vma(m, 0x7fff0000, 0x80000000, RW);
    finish(m);
    return m;
}

static void check_ordinary(const Mm *m, const GArray *all)
{
    static const struct {
        uint64_t base, size, offset, inode;
        const char *perms, *file, *name;
        OsiMappingKind kind;
    } expected[] = {
        { 0x1000, 0x2000, 0x5000, 77, "r-xp", "/program", "program",
          OSI_MAPPING_FILE },
        { 0x3000, 0x1000, 0x7000, 77, "rw-p", "/program", "program",
          OSI_MAPPING_FILE },
        { 0x20000, 0x2000, 0, 0, "rw-p", NULL, "[heap]", OSI_MAPPING_HEAP },
        { 0x30000, 0x1000, 0, 0, "r--s", NULL, "[anon:pool]",
          OSI_MAPPING_ANONYMOUS },
        { 0x40000, 0x1000, 0, 0, "r-xp", NULL, "[vdso]", OSI_MAPPING_VDSO },
        { 0x7fff0000, 0x10000, 0, 0, "rw-p", NULL, "[stack]",
          OSI_MAPPING_STACK },
    };

    g_assert_nonnull(all);
    g_assert_cmpuint(all->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < all->len; i++) {
        const OsiModule *module = at(all, i);

        g_assert_cmphex(module->modd, ==, m->vmas[i]);
        g_assert_cmphex(module->base, ==, expected[i].base);
        g_assert_cmphex(module->size, ==, expected[i].size);
        g_assert_cmphex(module->offset, ==, expected[i].offset);
        g_assert_cmpuint(module->inode, ==, expected[i].inode);
        g_assert_cmpuint(module->dev_major, ==, expected[i].inode ? 8 : 0);
        g_assert_cmpuint(module->dev_minor, ==, expected[i].inode ? 3 : 0);
        g_assert_cmpstr(module->perms, ==, expected[i].perms);
        g_assert_cmpstr(module->file, ==, expected[i].file);
        g_assert_cmpstr(module->name, ==, expected[i].name);
        g_assert_cmpint(module->kind, ==, expected[i].kind);
    }
}

static void for_all(void (*test)(bool big_endian, bool lists))
{
    for (int i = 0; i < 4; i++) {
        test(i & 1, i & 2);
    }
}

static void ordinary_once(bool big_endian, bool lists)
{
    Mm *m = make_ordinary(big_endian, lists);
    g_autoptr(GArray) all = read_all(m);
    static const uint64_t holes[] = { 0, 0xfff, 0x4000, 0x1ffff, 0x80000000,
                                      UINT64_MAX };
    OsiProcMem bounds;

    check_ordinary(m, all);
    for (guint i = 0; i < all->len; i++) {
        const OsiModule *module = at(all, i);
        const uint64_t ends[] = { module->base,
                                  module->base + module->size - 1 };

        for (size_t e = 0; e < G_N_ELEMENTS(ends); e++) {
            g_autoptr(GArray) one = osi_mappings_read_at(&m->mappings, m->mm,
                                                         12, ends[e]);

            g_assert_cmpuint(one->len, ==, 1);
            g_assert_cmphex(at(one, 0)->base, ==, module->base);
            g_assert_cmpstr(at(one, 0)->name, ==, module->name);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(holes); i++) {
        g_autoptr(GArray) none = osi_mappings_read_at(&m->mappings, m->mm, 12,
                                                      holes[i]);

        g_assert_cmpuint(none->len, ==, 0);
    }
    g_assert_true(osi_mappings_bounds(&m->mappings, m->mm, &bounds));
    g_assert_cmphex(bounds.brk, ==, 0x21800);
    g_assert_cmphex(bounds.start_stack, ==, 0x7ffff800);
    g_assert_cmphex(bounds.start_code, ==, 0x1000);
    mm_free(m);
}

static void test_ordinary(void)
{
    for_all(ordinary_once);
}

/* The file beneath one of an overlay: users know the upper one. */
static void test_backing(void)
{
    for (int bit = 24; bit <= 25; bit++) {
        Mm *m = mm_new(false, false);
        uint64_t file = new_file(m, "lower", 5);
        uint64_t upper = new_file(m, "upper", 6), dentry, backing;
        g_autoptr(GArray) all = NULL;

        backing = world_alloc(m->w, 248, 8);
        world_copy(m->w, backing, m->w->bytes + (file - WORLD_BASE), 232);
        g_assert_true(osi_read_number(
            &m->w->reader, world_at(m->w, upper, "file", "f_path.dentry"), 8,
            &dentry));
        world_set(m->w, backing, "backing_file", "user_path.mnt", m->mnt);
        world_set(m->w, backing, "backing_file", "user_path.dentry", dentry);
        add_file_vma(m, 0x1000, 0x2000, RX, backing, 0);
        /* the same bit in a file that is none */
        add_file_vma(m, 0x2000, 0x3000, RX, file, 0);
        world_set(m->w, backing, "file", "f_mode", 1u << bit);
        world_set(m->w, file, "file", "f_mode", 1u << bit);
        finish(m);
        all = read_all(m);
        g_assert_cmpstr(at(all, 0)->file, ==, "/upper");
        g_assert_cmpuint(at(all, 0)->inode, ==, 6);
        g_assert_cmpstr(at(all, 1)->file, ==, "/lower");
        g_assert_cmpuint(at(all, 1)->inode, ==, 5);
        mm_free(m);
    }
}

/* ---- Changing under way -------------------------------------------------- */

/* Whatever is changed at whatever moment: the old, the new, or unknown. */
static void changing_once(bool big_endian, bool lists)
{
    Mm *m = make_ordinary(big_endian, lists);
    uint64_t count = world_at(m->w, m->mm, "mm_struct", "total_vm");
    uint64_t n_undisturbed, n_most = 0;
    GArray *all;

    m->w->n_reads = 0;
    g_array_unref(read_all(m));
    n_undisturbed = m->w->n_reads;
    for (uint64_t when = 2; when <= n_undisturbed; when++) {
        world_put(m->w, count, 10, 8);
        m->w->n_reads = 0;
        m->w->on_read = when;
        m->w->change_at = count;
        m->w->change_to = 11;
        all = read_all(m);
        check_ordinary(m, all);
        g_array_unref(all);
        n_most = MAX(n_most, m->w->n_reads);
    }
    g_assert_cmpuint(n_most, >=, 2 * n_undisturbed - 2);
    mm_free(m);
}

static void test_changing(void)
{
    for_all(changing_once);
}

/* ---- Hostile ------------------------------------------------------------- */

static void counts_once(bool big_endian, bool lists)
{
    static const uint64_t counts[] = { 0, 5, 7, 1u << 20, 0x7fffffff,
                                       0xffffffff };
    Mm *m = make_ordinary(big_endian, lists);

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        world_set(m->w, m->mm, "mm_struct", "map_count", counts[i]);
        assert_unknown(m);
    }
    mm_free(m);
}

static void nonsense_once(bool big_endian, bool lists)
{
    static const struct {
        const char *member;
        uint64_t value;
    } cases[] = {
        { "vm_start", 0x5000 }, { "vm_start", 0x2fff }, { "vm_end", 0x3000 },
        { "vm_end", 1ull << 63 }, { "vm_end", UINT64_MAX }, { "vm_mm", 0 },
        { "vm_file", 8 }, { "vm_file", UINT64_MAX },
        { "vm_file", WORLD_BASE },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Mm *m = make_ordinary(big_endian, lists);

        world_set(m->w, m->vmas[1], "vm_area_struct", cases[i].member,
                  cases[i].value);
        assert_unknown(m);
        mm_free(m);
    }
}

static void test_counts(void)
{
    for_all(counts_once);
}

static void test_nonsense(void)
{
    for_all(nonsense_once);
}

static void test_list_cycles(void)
{
    Mm *m = make_ordinary(false, true);
    static const uint64_t nowhere[] = { 8, UINT64_MAX, 1ull << 63 };

    for (int i = 0; i < m->n; i++) {
        world_set(m->w, m->vmas[3], "vm_area_struct", "vm_next", m->vmas[i]);
        if (i != 4) {
            assert_unknown(m);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        world_set(m->w, m->vmas[3], "vm_area_struct", "vm_next", nowhere[i]);
        assert_unknown(m);
    }
    mm_free(m);
}

static void names_once(bool big_endian, bool lists)
{
    Mm *m = make_ordinary(big_endian, lists);
    uint64_t special = world_struct(m->w, "vm_special_mapping");
    g_autoptr(GArray) all = NULL;
    g_autofree char *endless = g_strnfill(5000, 'e');

    /* a name without an end, one that is none, one that is nowhere */
    world_set(m->w, m->vmas[4], "vm_area_struct", "vm_private_data", special);
    world_set(m->w, special, "vm_special_mapping", "name",
              world_string(m->w, endless));
    world_set(m->w, m->vmas[3], "vm_area_struct", "anon_name",
              world_string(m->w, endless));
    add_special(m, m->vmas[2], "no bracket");
    world_set(m->w, m->vmas[5], "vm_area_struct", "vm_ops", UINT64_MAX);
    all = read_all(m);
    g_assert_cmpstr(at(all, 2)->name, ==, "[heap]");
    g_assert_cmpstr(at(all, 3)->name, ==, "");
    g_assert_cmpstr(at(all, 4)->name, ==, "");
    g_assert_cmpint(at(all, 4)->kind, ==, OSI_MAPPING_ANONYMOUS);
    g_assert_cmpstr(at(all, 5)->name, ==, "[stack]");
    mm_free(m);
}

static void test_names(void)
{
    for_all(names_once);
}

static void test_pointers(void)
{
    static const uint64_t nowhere[] = { 0, 8, UINT64_MAX, UINT64_MAX - 400,
                                        1ull << 63, WORLD_BASE };
    Mm *m = make_ordinary(false, false);
    OsiProcMem bounds;

    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        if (i < 5) {
            g_assert_null(osi_mappings_read(&m->mappings, nowhere[i], 12));
            g_assert_false(osi_mappings_bounds(&m->mappings, nowhere[i],
                                               &bounds));
        }
        world_set(m->w, m->mm, "mm_struct", "mm_mt.ma_root", nowhere[i]);
        assert_unknown(m);
    }
    mm_free(m);
}

static void test_members(void)
{
    static const char *const without[] = { "vm_start", "vm_mm", "map_count",
                                           "maple_tree", "vm_file" };

    for (size_t i = 0; i < G_N_ELEMENTS(without); i++) {
        g_autoptr(World) w = world_new(false, false, i == 3 ? "mm_mt"
                                                            : without[i]);
        OsiMappings mappings;
        OsiFiles files;
        OsiPaths paths;

        osi_paths_init(&paths, w->types, &w->reader);
        osi_files_init(&files, w->types, &w->reader, &paths);
        osi_mappings_init(&mappings, w->types, &w->reader, &files);
        g_assert_null(osi_mappings_read(&mappings, WORLD_BASE, 12));
    }
}

/* ---- ELF objects --------------------------------------------------------- */

static bool read_magic(void *opaque, uint64_t addr, void *buf, size_t len)
{
    /* what begins at 0x...5000 is no ELF; 0x...6000 is not there */
    if ((addr & 0xf000) == 0x6000) {
        return false;
    }
    memcpy(buf, (addr & 0xf000) == 0x5000 ? "none" : "\177ELF", len);
    return true;
}

static void add_module(GArray *all, const char *file, uint64_t base,
                       uint64_t size, uint64_t offset, const char *perms)
{
    OsiModule module = {
        .base = base, .size = size, .offset = offset,
        .file = g_strdup(file), .name = g_strdup(""),
        .inode = file ? g_str_hash(file) : 0,
        .kind = file ? OSI_MAPPING_FILE : OSI_MAPPING_ANONYMOUS,
    };

    g_strlcpy(module.perms, perms, sizeof(module.perms));
    module.flags = (perms[0] == 'r' ? OSI_VM_READ : 0) |
                   (perms[2] == 'x' ? OSI_VM_EXEC : 0);
    g_array_append_val(all, module);
}

static void test_libraries(void)
{
    g_autoptr(GArray) all = osi_modules_new();
    g_autoptr(GArray) libraries = NULL;
    static const struct {
        const char *file;
        uint64_t base, size;
        const char *perms;
    } expected[] = {
        { "/bin/program", 0x10000, 0x4000, "rwxp" },
        { "/lib/a.so", 0x20000, 0x5000, "r-xp" },
        { "/lib/unread.so", 0x46000, 0x1000, "r-xp" },
        /* loaded once more, with others in between */
        { "/lib/a.so", 0x50000, 0x1000, "r-xp" },
        /* on another file system */
        { "/lib/a.so", 0x51000, 0x2000, "r-xp" },
    };

    add_module(all, "/bin/program", 0x10000, 0x1000, 0, "r--p");
    add_module(all, "/bin/program", 0x11000, 0x1000, 0x1000, "r-xp");
    add_module(all, "/bin/program", 0x13000, 0x1000, 0, "rw-p");
    add_module(all, NULL, 0x14000, 0x1000, 0, "rw-p");
    add_module(all, "/lib/a.so", 0x20000, 0x1000, 0, "r--p");
    add_module(all, "/lib/a.so", 0x23000, 0x2000, 0x3000, "r-xp");
    add_module(all, "/var/data", 0x30000, 0x1000, 0, "r--p");
    add_module(all, "/var/not-elf", 0x45000, 0x1000, 0, "r-xp");
    add_module(all, "/lib/unread.so", 0x46000, 0x1000, 0, "r-xp");
    add_module(all, "/lib/a.so", 0x50000, 0x1000, 0, "r-xp");
    for (uint64_t base = 0x51000; base < 0x53000; base += 0x1000) {
        add_module(all, "/lib/a.so", base, 0x1000, base - 0x51000, "r-xp");
        g_array_index(all, OsiModule, all->len - 1).dev_minor = 9;
    }
    libraries = osi_libraries_from(all, read_magic, NULL);
    g_assert_cmpuint(libraries->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < libraries->len; i++) {
        const OsiModule *module = at(libraries, i);

        g_assert_cmpstr(module->file, ==, expected[i].file);
        g_assert_cmphex(module->base, ==, expected[i].base);
        g_assert_cmphex(module->size, ==, expected[i].size);
        g_assert_cmpstr(module->perms, ==, expected[i].perms);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mapping/ordinary", test_ordinary);
    g_test_add_func("/mapping/backing", test_backing);
    g_test_add_func("/mapping/changing", test_changing);
    g_test_add_func("/mapping/counts", test_counts);
    g_test_add_func("/mapping/nonsense", test_nonsense);
    g_test_add_func("/mapping/list-cycles", test_list_cycles);
    g_test_add_func("/mapping/names", test_names);
    g_test_add_func("/mapping/pointers", test_pointers);
    g_test_add_func("/mapping/members", test_members);
    g_test_add_func("/mapping/libraries", test_libraries);
    return g_test_run();
}
