/*
 * world_synth.c: a kernel's memory, made up.  See world_synth.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "btf_synth.h"
#include "world_synth.h"

/*
 * A line a type: name, size, members as name@offset:type.  A type is a size
 * in bytes, a type from further up, or a type and a number of elements.
 */
static const char types_text[] =
    "list_head 16 next@0:8 prev@8:8\n"
    "qstr 16 len@4:4 name@8:8\n"
    "hash 16 next@0:8 pprev@8:8\n"
    "seqcount 4 sequence@0:4\n"
    "path 16 mnt@0:8 dentry@8:8\n"
    "dentry 160 d_seq@4:seqcount d_hash@8:hash d_parent@24:8 d_name@32:qstr"
    " d_inode@48:8 d_op@96:8 d_sb@104:8\n"
    "vfsmount 32 mnt_root@0:8 mnt_sb@8:8 mnt_flags@16:4\n"
    "mount 256 mnt_parent@16:8 mnt_mountpoint@24:8 mnt@32:vfsmount\n"
    "inode 600 i_mode@0:2 i_sb@40:8 i_ino@64:8 i_private@512:8\n"
    "super_block 300 s_dev@16:4 s_type@40:8\n"
    "file_system_type 64 name@0:8\n"
    "dentry_operations 128 d_dname@72:8\n"
    "ns_common 24 ops@8:8\n"
    "proc_ns_operations 64 name@0:8\n"
    "file 232 f_mode@12:4 private_data@32:8 f_inode@40:8 f_flags@48:4"
    " f_path@64:path f_pos@112:8\n"
    "backing_file 248 file@0:file user_path@232:path\n"
    "files_struct 704 fdt@32:8\n"
    "fdtable 56 max_fds@0:4 fd@8:8 close_on_exec@16:8\n"
    "task_struct 4096 files@3000:8 tgid@1204:4 pid@1200:4 comm@1800:1*16\n"
    "socket 128 sk@24:8\n"
    "socket_alloc 768 socket@0:socket vfs_inode@128:inode\n"
    "sock_common 136 skc_daddr@0:4 skc_rcv_saddr@4:4 skc_dport@12:2"
    " skc_family@16:2 skc_state@18:1 skc_v6_daddr@56:1*16"
    " skc_v6_rcv_saddr@72:1*16\n"
    "sock 760 __sk_common@0:sock_common sk_socket@600:8 sk_type@532:2"
    " sk_protocol@534:2\n"
    "inet_sock 976 sk@0:sock inet_sport@786:2\n"
    "unix_sock 1024 addr@760:8 peer@880:8\n"
    "netlink_sock 1096 portid@760:4 dst_portid@764:4 groups@784:8\n"
    "packet_sock 1472 num@902:2\n"
    "unix_address 8 len@4:4\n"
    "maple_tree 16 ma_flags@4:4 ma_root@8:8\n"
    "maple_range_64 256 parent@0:8 pivot@8:8*15 slot@128:8*16\n"
    "maple_arange_64 256 parent@0:8 pivot@8:8*9 slot@80:8*10\n"
    "rb 32 left@0:8\n"
    "vm_area_struct 184 vm_start@0:8 vm_end@8:8 vm_next@16:8 vm_mm@24:8"
    " vm_flags@40:8 shared@56:rb anon_name@88:8 vm_ops@96:8 vm_pgoff@104:8"
    " vm_file@112:8 vm_private_data@120:8\n"
    "anon_vma_name 4 kref@0:4\n"
    "vm_operations_struct 120 name@72:8\n"
    "vm_special_mapping 40 name@0:8\n"
    "mm_struct 1216 mmap@0:8 mm_mt@64:maple_tree map_count@192:4"
    " total_vm@240:8 mm_lock_seq@200:seqcount start_code@400:8 end_code@408:8"
    " start_data@416:8 end_data@424:8 start_brk@432:8 brk@440:8"
    " start_stack@448:8 arg_start@456:8 arg_end@464:8 env_start@472:8"
    " env_end@480:8 pgd@120:8\n";

static const char *const tree_only[] = { "maple_tree", "maple_range_64",
                                         "maple_arange_64", NULL };

typedef struct Maker {
    BtfSynth *btf;
    GHashTable *ids; /* name or size -> type */
} Maker;

static uint32_t lookup(const Maker *m, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, "*", 2);
    uint32_t id = GPOINTER_TO_UINT(g_hash_table_lookup(m->ids, parts[0]));

    g_assert_cmpuint(id, !=, 0);
    return id;
}

/* Arrays must come before the type that they are members of. */
static void make_array(Maker *m, const char *type)
{
    const char *star = strchr(type, '*');

    if (star && !g_hash_table_contains(m->ids, type)) {
        uint32_t id = bs_array(m->btf, lookup(m, type), atoi(star + 1));

        g_hash_table_insert(m->ids, g_strdup(type), GUINT_TO_POINTER(id));
    }
}

static bool is_missing(const char *name, const char *without, bool lists)
{
    g_auto(GStrv) names = g_strsplit(without ? without : "", " ", -1);

    return g_strv_contains((const char *const *)names, name) ||
           (lists ? g_strv_contains(tree_only, name) ||
                        g_str_equal(name, "mm_mt")
                  : g_str_equal(name, "mmap") ||
                        g_str_equal(name, "vm_next"));
}

static void make_type(Maker *m, char **words, const char *without,
                      bool lists)
{
    g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func(
        (GDestroyNotify)g_strfreev);
    uint32_t id;

    for (char **w = words + 2; *w; w++) {
        char **member = g_strsplit_set(*w, "@:", 3);

        if (is_missing(member[0], without, lists)) {
            g_strfreev(member);
            continue;
        }
        make_array(m, member[2]);
        g_ptr_array_add(members, member);
    }
    id = bs_type(m->btf, words[0], BS_STRUCT, members->len, atoi(words[1]));
    for (guint i = 0; i < members->len; i++) {
        char **member = g_ptr_array_index(members, i);
        gpointer type = g_hash_table_lookup(m->ids, member[2]);

        g_assert_nonnull(type);
        bs_named2(m->btf, member[0], GPOINTER_TO_UINT(type),
                  8 * atoi(member[1]));
    }
    g_hash_table_insert(m->ids, g_strdup(words[0]), GUINT_TO_POINTER(id));
}

static OsiTypes *make_types(bool big_endian, bool lists, const char *without)
{
    g_autoptr(BtfSynth) btf = bs_new(big_endian);
    g_autoptr(GByteArray) blob = NULL;
    g_auto(GStrv) lines = g_strsplit(types_text, "\n", -1);
    Maker m = { btf, g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           NULL) };
    static const char *const ints[] = { "1", "2", "4", "8" };
    g_autoptr(GError) error = NULL;
    Btf *made;

    for (size_t i = 0; i < G_N_ELEMENTS(ints); i++) {
        g_autofree char *name = g_strdup_printf("u%s", ints[i]);

        g_hash_table_insert(m.ids, g_strdup(ints[i]), GUINT_TO_POINTER(
            bs_int(btf, name, atoi(ints[i]), false)));
    }
    for (char **line = lines; **line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);

        if (!is_missing(words[0], without, lists)) {
            make_type(&m, words, without, lists);
        }
    }
    if (!lists) {
        bs_type(btf, "maple_type", BS_ENUM, 4, 4);
        bs_named(btf, "maple_dense", 0);
        bs_named(btf, "maple_leaf_64", 1);
        bs_named(btf, "maple_range_64", 2);
        bs_named(btf, "maple_arange_64", 3);
    }
    g_hash_table_destroy(m.ids);
    blob = bs_blob(btf);
    made = btf_new(blob->data, blob->len, &error);
    g_assert_no_error(error);
    return osi_types_from_btf(made);
}

static bool read_world(void *opaque, uint64_t addr, void *buf, size_t len)
{
    World *w = opaque;
    uint64_t at = addr - WORLD_BASE;

    g_assert_cmpuint(len, >, 0);
    g_assert_cmphex(addr >> 12, ==, (addr + len - 1) >> 12);
    if (++w->n_reads == w->on_read) {
        world_put(w, w->change_at, w->change_to, 8);
    }
    if (at >= WORLD_SIZE || len > WORLD_SIZE - at ||
        (w->hole && addr >> 12 == w->hole >> 12)) {
        return false;
    }
    memcpy(buf, w->bytes + at, len);
    return true;
}

World *world_new(bool big_endian, bool lists, const char *without)
{
    World *w = g_new0(World, 1);

    w->bytes = g_malloc0(WORLD_SIZE);
    w->used = 4096 - 64; /* so that what comes first crosses a page */
    w->big_endian = big_endian;
    w->types = make_types(big_endian, lists, without);
    w->reader = (OsiReader){ read_world, w, big_endian };
    return w;
}

void world_free(World *w)
{
    osi_types_free(w->types);
    g_free(w->bytes);
    g_free(w);
}

uint64_t world_alloc(World *w, uint64_t size, uint64_t align)
{
    uint64_t at = (w->used + align - 1) & ~(align - 1);

    g_assert_cmpuint(at + size, <=, WORLD_SIZE);
    w->used = at + size;
    return WORLD_BASE + at;
}

uint64_t world_struct(World *w, const char *type)
{
    uint64_t size;

    g_assert_true(osi_types_size(w->types, type, &size));
    return world_alloc(w, size, 8);
}

void world_copy(World *w, uint64_t addr, const void *bytes, size_t len)
{
    g_assert_cmpuint(addr - WORLD_BASE + len, <=, WORLD_SIZE);
    memcpy(w->bytes + (addr - WORLD_BASE), bytes, len);
}

uint64_t world_bytes(World *w, const void *bytes, size_t len)
{
    uint64_t addr = world_alloc(w, len, 1);

    world_copy(w, addr, bytes, len);
    return addr;
}

uint64_t world_string(World *w, const char *text)
{
    return world_bytes(w, text, strlen(text) + 1);
}

void world_put(World *w, uint64_t addr, uint64_t value, unsigned int size)
{
    uint8_t bytes[8];

    for (unsigned int i = 0; i < size; i++) {
        bytes[w->big_endian ? size - 1 - i : i] = value >> 8 * i;
    }
    world_copy(w, addr, bytes, size);
}

uint64_t world_at(World *w, uint64_t addr, const char *type,
                  const char *member)
{
    OsiField field;

    g_assert_true(osi_types_member(w->types, type, member, &field));
    return addr + field.offset;
}

void world_set(World *w, uint64_t addr, const char *type, const char *member,
               uint64_t value)
{
    OsiField field;

    g_assert_true(osi_types_member(w->types, type, member, &field));
    world_put(w, addr + field.offset, value, field.size);
}

/* ---- Things of a kernel -------------------------------------------------- */

uint64_t world_super(World *w, const char *fs, uint32_t dev)
{
    uint64_t super = world_struct(w, "super_block");
    uint64_t type = world_struct(w, "file_system_type");

    world_set(w, type, "file_system_type", "name", world_string(w, fs));
    world_set(w, super, "super_block", "s_type", type);
    world_set(w, super, "super_block", "s_dev", dev);
    return super;
}

uint64_t world_dentry(World *w, uint64_t parent, const char *name,
                      uint64_t super, uint64_t inode)
{
    uint64_t dentry = world_struct(w, "dentry");

    world_set(w, dentry, "dentry", "d_parent", parent ? parent : dentry);
    world_set(w, dentry, "dentry", "d_name.name", world_string(w, name));
    world_set(w, dentry, "dentry", "d_name.len", strlen(name));
    world_set(w, dentry, "dentry", "d_sb", super);
    world_set(w, dentry, "dentry", "d_inode", inode);
    world_set(w, dentry, "dentry", "d_hash.pprev", WORLD_BASE);
    world_set(w, dentry, "dentry", "d_seq.sequence", 2);
    return dentry;
}

uint64_t world_mount(World *w, uint64_t root, uint64_t super,
                     uint64_t parent, uint64_t mountpoint)
{
    uint64_t mount = world_struct(w, "mount");
    uint64_t mnt = world_at(w, mount, "mount", "mnt");

    world_set(w, mnt, "vfsmount", "mnt_root", root);
    world_set(w, mnt, "vfsmount", "mnt_sb", super);
    world_set(w, mount, "mount", "mnt_parent",
              parent ? parent - (mnt - mount) : mount);
    world_set(w, mount, "mount", "mnt_mountpoint",
              mountpoint ? mountpoint : root);
    return mnt;
}

uint64_t world_inode(World *w, uint64_t ino, uint16_t mode, uint64_t super)
{
    uint64_t inode = world_struct(w, "inode");

    world_set(w, inode, "inode", "i_ino", ino);
    world_set(w, inode, "inode", "i_mode", mode);
    world_set(w, inode, "inode", "i_sb", super);
    return inode;
}

uint64_t world_file(World *w, uint64_t mnt, uint64_t dentry, uint64_t inode)
{
    uint64_t file = world_struct(w, "file");

    world_set(w, file, "file", "f_inode", inode);
    world_set(w, file, "file", "f_path.mnt", mnt);
    world_set(w, file, "file", "f_path.dentry", dentry);
    return file;
}
