/*
 * fuzz_maps_world.c: the kernel that fuzz_maps looks at.  See
 * fuzz_maps_world.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fuzz_maps_world.h"

#define SET(type, member, at, value)                                         \
    world_set(fw->w, at, type, member, value)

/* ---- Files --------------------------------------------------------------- */

typedef struct Mount {
    uint64_t super, root, mnt;
} Mount;

static Mount new_mount(FuzzWorld *fw, const char *fs, uint32_t dev,
                       const Mount *on, uint64_t mountpoint)
{
    Mount m = { .super = world_super(fw->w, fs, dev) };

    m.root = world_dentry(fw->w, 0, "/", m.super,
                          world_inode(fw->w, 2, 0040755, m.super));
    m.mnt = world_mount(fw->w, m.root, m.super, on ? on->mnt : 0, mountpoint);
    return m;
}

static uint64_t new_dentry(FuzzWorld *fw, const Mount *m, uint64_t parent,
                           const char *name, uint16_t mode)
{
    static uint64_t ino = 100;

    return world_dentry(fw->w, parent, name, m->super,
                        world_inode(fw->w, ino++, mode, m->super));
}

static uint64_t inode_of(FuzzWorld *fw, uint64_t dentry)
{
    return fw_get(fw, world_at(fw->w, dentry, "dentry", "d_inode"));
}

/* Opens it, and gives the struct file. */
static uint64_t open_dentry(FuzzWorld *fw, const Mount *m, uint64_t dentry,
                            uint64_t fds)
{
    uint64_t file = world_file(fw->w, m->mnt, dentry, inode_of(fw, dentry));

    g_assert_cmpuint(fw->n_files, <, FW_MAX_FDS);
    world_put(fw->w, fds + 8 * fw->n_files++, file, 8);
    return file;
}

/* A file that is in no folder, whose name the kernel makes. */
static uint64_t open_made(FuzzWorld *fw, const char *fs, const char *name,
                          uint64_t fds)
{
    Mount m = new_mount(fw, fs, 15, NULL, 0);
    uint64_t dentry = new_dentry(fw, &m, 0, name, 0140777);
    uint64_t ops = world_struct(fw->w, "dentry_operations");

    SET("dentry_operations", "d_dname", ops, WORLD_BASE + 64);
    SET("dentry", "d_op", dentry, ops);
    return open_dentry(fw, &m, dentry, fds);
}

static void open_namespace(FuzzWorld *fw, uint64_t fds)
{
    uint64_t file = open_made(fw, "nsfs", "", fds);
    uint64_t inode = fw_get(fw, world_at(fw->w, file, "file", "f_inode"));
    uint64_t ns = world_struct(fw->w, "ns_common");
    uint64_t ops = world_struct(fw->w, "proc_ns_operations");

    SET("proc_ns_operations", "name", ops, world_string(fw->w, "mnt"));
    SET("ns_common", "ops", ns, ops);
    SET("inode", "i_private", inode, ns);
}

/* As overlayfs has them: its own file around that of the lower one. */
static void open_backing(FuzzWorld *fw, const Mount *m, uint64_t lower,
                         uint64_t upper, uint64_t fds)
{
    uint64_t backing = world_struct(fw->w, "backing_file");

    SET("file", "f_inode", backing, inode_of(fw, lower));
    SET("file", "f_path.mnt", backing, m->mnt);
    SET("file", "f_path.dentry", backing, lower);
    SET("file", "f_mode", backing, 3u << 24);
    SET("backing_file", "user_path.mnt", backing, m->mnt);
    SET("backing_file", "user_path.dentry", backing, upper);
    world_put(fw->w, fds + 8 * fw->n_files++, backing, 8);
    fw->mapped[fw->n_mapped++] = backing;
}

static void open_files(FuzzWorld *fw, uint64_t fds)
{
    Mount m = new_mount(fw, "ext4", 8 << 20 | 3, NULL, 0), tmp;
    uint64_t usr = new_dentry(fw, &m, m.root, "usr", 0040755);
    uint64_t lib = new_dentry(fw, &m, usr, "libc.so.6", 0100755);
    uint64_t program = new_dentry(fw, &m, usr, "program", 0100755);
    uint64_t on = new_dentry(fw, &m, m.root, "tmp", 0040777), deep, gone;

    tmp = new_mount(fw, "tmpfs", 31, &m, on);
    deep = tmp.root;
    for (int i = 0; i < 6; i++) {
        deep = new_dentry(fw, &tmp, deep, "some-folder", 0040755);
    }
    gone = new_dentry(fw, &tmp, deep, "gone", 0100600);
    SET("dentry", "d_hash.pprev", gone, 0);
    fw->root = (OsiPathRef){ tmp.mnt, tmp.root };
    fw->mapped[fw->n_mapped++] = open_dentry(fw, &m, program, fds);
    fw->mapped[fw->n_mapped++] = open_dentry(fw, &m, lib, fds);
    fw->mapped[fw->n_mapped++] = open_dentry(fw, &tmp, gone, fds);
    open_dentry(fw, &tmp, deep, fds);
    open_dentry(fw, &tmp, tmp.root, fds);
    open_dentry(fw, &m, m.root, fds);
    open_backing(fw, &m, lib, program, fds);
    open_made(fw, "pipefs", "", fds);
    open_made(fw, "anon_inodefs", "[eventfd]", fds);
    open_made(fw, "pidfs", "", fds);
    open_made(fw, "dmabuf", "buffer", fds);
    fw->mapped[fw->n_mapped++] = open_made(fw, "tmpfs", "memfd:pool", fds);
    open_namespace(fw, fds);
}

/* ---- Sockets ------------------------------------------------------------- */

/* Opens a socket whose struct sock is the beginning of a @type. */
static uint64_t open_socket(FuzzWorld *fw, const char *type, int family,
                            uint64_t fds)
{
    uint64_t file = open_made(fw, "sockfs", "", fds);
    uint64_t alloc = world_struct(fw->w, "socket_alloc");
    uint64_t inode = world_at(fw->w, alloc, "socket_alloc", "vfs_inode");
    uint64_t sk = world_struct(fw->w, type);

    SET("socket", "sk", alloc, sk);
    SET("inode", "i_ino", inode, 7000 + fw->n_files);
    SET("file", "private_data", file, alloc);
    SET("sock", "__sk_common.skc_family", sk, family);
    SET("sock", "__sk_common.skc_state", sk, 1);
    SET("sock", "__sk_common.skc_dport", sk, 0x5000);
    SET("sock", "__sk_common.skc_rcv_saddr", sk, 0x0100007f);
    SET("sock", "sk_type", sk, 1);
    SET("sock", "sk_socket", sk, alloc);
    return sk;
}

static void name_unix(FuzzWorld *fw, uint64_t sk, const char *name,
                      size_t len)
{
    /* Its length, the family, the name. */
    uint64_t addr = world_alloc(fw->w, 8 + 2 + len, 8);

    SET("unix_address", "len", addr, 2 + len);
    world_copy(fw->w, addr + 10, name, len);
    SET("unix_sock", "addr", sk, addr);
}

static void open_sockets(FuzzWorld *fw, uint64_t fds)
{
    uint64_t named, abstract, netlink, inet;

    inet = open_socket(fw, "inet_sock", 2, fds);
    SET("inet_sock", "inet_sport", inet, 0x1600);
    open_socket(fw, "inet_sock", 10, fds);
    named = open_socket(fw, "unix_sock", 1, fds);
    abstract = open_socket(fw, "unix_sock", 1, fds);
    name_unix(fw, named, "/run/some", 10);
    name_unix(fw, abstract, "\0hidden\0name", 12);
    SET("unix_sock", "peer", named, abstract);
    SET("unix_sock", "peer", abstract, named);
    netlink = open_socket(fw, "netlink_sock", 16, fds);
    SET("netlink_sock", "portid", netlink, 4711);
    SET("netlink_sock", "groups", netlink,
        world_bytes(fw->w, "\1\0\0\0\2\0\0\0", 8));
    open_socket(fw, "packet_sock", 17, fds);
    open_socket(fw, "sock", 31, fds);
}

/* ---- The world ----------------------------------------------------------- */

uint64_t fw_get(const FuzzWorld *fw, uint64_t addr)
{
    return osi_number(fw->w->bytes + (addr - WORLD_BASE), 8,
                      fw->w->big_endian);
}

static void make_task(FuzzWorld *fw)
{
    uint64_t files = world_struct(fw->w, "files_struct");
    uint64_t fdt = world_struct(fw->w, "fdtable");
    uint64_t fds = world_alloc(fw->w, 8 * FW_MAX_FDS, 8);
    uint64_t bits = world_alloc(fw->w, 8, 8);

    fw->task = world_struct(fw->w, "task_struct");
    SET("task_struct", "files", fw->task, files);
    SET("files_struct", "fdt", files, fdt);
    SET("fdtable", "max_fds", fdt, FW_MAX_FDS);
    SET("fdtable", "fd", fdt, fds);
    SET("fdtable", "close_on_exec", fdt, bits);
    world_put(fw->w, bits, 0x5a, 8);
    open_files(fw, fds);
    open_sockets(fw, fds);
}

static void make_mm(FuzzWorld *fw)
{
    static const char *const names[] = { "[vdso]", "[vvar]", "[uprobes]" };

    fw->mm = world_struct(fw->w, "mm_struct");
    SET("mm_struct", "start_brk", fw->mm, 0x8000);
    SET("mm_struct", "brk", fw->mm, 0xa800);
    SET("mm_struct", "start_stack", fw->mm, 0x30800);
    SET("mm_struct", "start_code", fw->mm, 0x1000);
    for (int i = 0; i < FW_MAX_MAPPINGS; i++) {
        fw->vmas[i] = world_struct(fw->w, "vm_area_struct");
        SET("vm_area_struct", "vm_mm", fw->vmas[i], fw->mm);
    }
    for (int i = 0; i < FW_MAX_NODES && !fw->lists; i++) {
        fw->nodes[i] = world_alloc(fw->w, 256, 256);
        world_put(fw->w, fw->nodes[i], WORLD_BASE, 8);
    }
    fw->special_ops = world_struct(fw->w, "vm_operations_struct");
    SET("vm_operations_struct", "name", fw->special_ops, WORLD_BASE);
    for (size_t i = 0; i < G_N_ELEMENTS(fw->special); i++) {
        fw->special[i] = world_struct(fw->w, "vm_special_mapping");
        SET("vm_special_mapping", "name", fw->special[i],
            world_string(fw->w, names[i]));
    }
    fw->name = world_bytes(fw->w, "\0\0\0\1pool", 9);
}

/* What there is to change: words that are not 0, and what they point to. */
static void find_slots(FuzzWorld *fw)
{
    fw->slots = g_new(uint64_t, fw->used / 4);
    fw->targets = g_new(uint64_t, fw->used / 4);
    for (uint64_t at = 0; at + 8 <= fw->used; at += 4) {
        uint64_t value = fw_get(fw, WORLD_BASE + at);

        if (value >> 32 || (uint32_t)value) {
            fw->slots[fw->n_slots++] = WORLD_BASE + at;
        }
        if (value >= WORLD_BASE && value < WORLD_BASE + fw->used) {
            fw->targets[fw->n_targets++] = value;
        }
    }
    for (int i = 0; i < FW_MAX_NODES && !fw->lists; i++) {
        fw->targets[fw->n_targets++] = fw->nodes[i];
    }
}

static FuzzWorld *new_world(bool big_endian, bool lists, OsiReadFn read)
{
    FuzzWorld *fw = g_new0(FuzzWorld, 1);
    const OsiReader reader = { read, NULL, big_endian };

    fw->lists = lists;
    fw->w = world_new(big_endian, lists, NULL);
    osi_paths_init(&fw->paths, fw->w->types, &reader);
    osi_files_init(&fw->files, fw->w->types, &reader, &fw->paths);
    osi_mappings_init(&fw->mappings, fw->w->types, &reader, &fw->files);
    osi_sockets_init(&fw->sockets, fw->w->types, &reader, &fw->paths);
    make_task(fw);
    make_mm(fw);
    fw->used = fw->w->used;
    find_slots(fw);
    fw->fresh = g_memdup2(fw->w->bytes, fw->used);
    return fw;
}

FuzzWorld *fw_get_world(bool big_endian, bool lists, OsiReadFn read)
{
    static FuzzWorld *worlds[2][2];
    FuzzWorld *fw = worlds[big_endian][lists];

    if (!fw) {
        fw = worlds[big_endian][lists] = new_world(big_endian, lists, read);
    }
    memcpy(fw->w->bytes, fw->fresh, fw->used);
    /* Changes may reach a little further. */
    memset(fw->w->bytes + fw->used, 0, 4096 + 64);
    fw->n_nodes = 0;
    return fw;
}

/* ---- Mappings ------------------------------------------------------------ */

static void put_field(FuzzWorld *fw, uint64_t base, const OsiField *field,
                      uint64_t value)
{
    world_put(fw->w, base + field->offset, value, field->size);
}

static void make_mapping(FuzzWorld *fw, uint64_t vma, unsigned int kind,
                         unsigned int i)
{
    const OsiMappingLayout *l = &fw->mappings.layout;
    const unsigned int flags = i * 5 & (OSI_VM_READ | OSI_VM_WRITE |
                                        OSI_VM_EXEC);

    put_field(fw, vma, &l->vm_flags,
              flags | (kind & 8 ? OSI_VM_MAYSHARE : 0));
    if (kind < fw->n_mapped) {
        put_field(fw, vma, &l->vm_file, fw->mapped[kind]);
        put_field(fw, vma, &l->vm_pgoff, i % 3);
    } else if (kind >= 8 && kind < 8 + G_N_ELEMENTS(fw->special)) {
        put_field(fw, vma, &l->vm_ops, fw->special_ops);
        put_field(fw, vma, &l->vm_private_data, fw->special[kind - 8]);
    } else if (kind >= 12) {
        put_field(fw, vma, &l->anon_name, fw->name);
    }
}

/* What a node's slot is for: all numbers up to and including this one. */
typedef struct Slot {
    uint64_t last, entry;
} Slot;

/*
 * Puts as many of @n slots as it takes into a node of @type, and in their
 * place one that leads to it.  How many these were.
 */
static unsigned int make_node(FuzzWorld *fw, Slot *slots, unsigned int n,
                              unsigned int type, unsigned int fullness)
{
    static const unsigned int taken[2][4] = { { 16, 9, 5, 3 },
                                              { 10, 7, 4, 3 } };
    const bool arange = type == 3;
    unsigned int use = MIN(n, taken[arange][fullness]);
    uint64_t node = fw->nodes[fw->n_nodes++];

    g_assert_cmpuint(fw->n_nodes, <=, FW_MAX_NODES);
    for (unsigned int i = 0; i < use; i++) {
        if (i < (arange ? 9 : 15)) {
            /* 0 behind the first: the rest of the node's numbers. */
            world_put(fw->w, node + 8 + 8 * i,
                      i > 0 && slots[i].last == UINT64_MAX ? 0
                                                           : slots[i].last,
                      8);
        }
        world_put(fw->w, node + (arange ? 80 : 128) + 8 * i, slots[i].entry,
                  8);
    }
    slots[0] = (Slot){ slots[use - 1].last, node | type << 3 | 4 };
    return use;
}

static void make_tree(FuzzWorld *fw, Slot *slots, unsigned int n,
                      unsigned int fullness)
{
    unsigned int type = 1; /* a leaf */

    do {
        unsigned int n_nodes = 0;

        for (unsigned int at = 0; at < n;) {
            unsigned int use = make_node(fw, slots + at, n - at, type,
                                         fullness);

            slots[n_nodes++] = slots[at];
            at += use;
        }
        n = n_nodes;
        type = type == 1 && fullness & 1 ? 2 : 3;
    } while (n > 1);
    world_set(fw->w, fw->mm, "mm_struct", "mm_mt.ma_root",
              (slots[0].entry & ~UINT64_C(7)) | 2);
}

unsigned int fw_map(FuzzWorld *fw, const uint8_t *codes, unsigned int n,
                    unsigned int fullness)
{
    const OsiMappingLayout *l = &fw->mappings.layout;
    Slot slots[2 * FW_MAX_MAPPINGS + 1];
    unsigned int n_slots = 0;
    uint64_t end = 0;

    for (unsigned int i = 0; i < n; i++) {
        uint64_t start = end + (codes[i] >> 4 & 3) * 0x1000;

        if (start != end || i == 0) {
            start += start == 0 ? 0x1000 : 0;
            slots[n_slots++] = (Slot){ start - 1, 0 };
        }
        end = start + ((codes[i] >> 6) + 1) * 0x1000;
        put_field(fw, fw->vmas[i], &l->vm_start, start);
        put_field(fw, fw->vmas[i], &l->vm_end, end);
        make_mapping(fw, fw->vmas[i], codes[i] & 15, i);
        slots[n_slots++] = (Slot){ end - 1, fw->vmas[i] };
        if (fw->lists && i > 0) {
            put_field(fw, fw->vmas[i - 1], &l->vm_next, fw->vmas[i]);
        }
    }
    put_field(fw, fw->mm, &l->map_count, n);
    if (fw->lists) {
        put_field(fw, fw->mm, &l->mmap, n ? fw->vmas[0] : 0);
    } else if (n) {
        slots[n_slots++] = (Slot){ UINT64_MAX, 0 };
        make_tree(fw, slots, n_slots, fullness);
    }
    return n;
}
