/*
 * libFuzzer target for what reads mappings, paths, open files, sockets and
 * ELF objects (mapping.c, maple.c, path.c, file.c, socket.c, libraries.c).
 * A kernel is made up (fuzz_maps_world.h), its mappings are made as the input
 * says, and then its memory is changed as the input says, before it is
 * looked at and while it is.  Without libFuzzer's main it writes the seeds:
 *
 *     fuzz_maps_seeds FOLDER
 *
 * The input:
 *   0     bit 0: byte order; bit 1: lists instead of maple trees; bits 2 and
 *         3: how full the nodes of the tree are
 *   1     how many mappings; bits 6 and 7: how many changes come before the
 *         first question for certain, in units of eight
 *   2     a page that cannot be read, if not 0
 *   then a byte a mapping: bits 0 to 3 what it is, 4 and 5 the gap in front,
 *         6 and 7 its length;
 *   then changes of seven bytes each:
 *   0     after how many reads
 *   1, 2  where: a place that holds something, or any (bit 15), of four bytes
 *   3     bits 0 to 2: what is written (see value_of()); 3 to 4: in how many
 *         bytes; 5 to 7: added to it, in units of 8
 *   4 - 6 a number, or another place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fuzz_maps_world.h"
#include "libraries.h"

/* osi.h wants it; there is nobody to import from. */
void qpp_entry_add_import(struct qpp_import *import)
{
}

#define HEADER 3
#define CHANGE 7
/*
 * Four tries at a path are 2,048 names each, with a dentry, a name and, at
 * most, a mount and its root for each, of at most two pieces.  A mapping is
 * two pieces and a name; a mapping or a node does not come twice, and there
 * is not room for more than so many in the world's memory.
 */
#define MAX_PATH_READS (4u * 2048 * 11)
#define MAX_FILE_READS 64u
#define MAX_MAPPINGS_READS (4u * 60000)

static FuzzWorld *fw;
static const uint8_t *changes;
static size_t n_changes;
static uint64_t n_reads;

/* ---- Changes ------------------------------------------------------------- */

static uint64_t value_of(unsigned int kind, uint32_t number)
{
    uint64_t at = number & 0xffff;

    switch (kind) {
    case 0:
        return fw->targets[at % fw->n_targets];
    case 1: /* a maple node's address says its type */
        return fw->targets[at % fw->n_targets] | (number >> 16 & 0x7f);
    case 2:
        return number;
    case 3:
        return (uint64_t)number << 12;
    case 4:
        return UINT64_MAX - number;
    case 5:
        return WORLD_BASE + number % (uint32_t)(fw->used + 4096);
    case 6:
        return fw_get(fw, fw->slots[at % fw->n_slots]);
    default:
        return (uint64_t)number << 40 | number;
    }
}

static void apply(const uint8_t *c)
{
    static const unsigned int sizes[] = { 8, 4, 2, 1 };
    uint64_t where = c[1] | (c[2] & 0x7f) << 8;
    uint64_t at = c[2] & 0x80
                      ? WORLD_BASE + where * 4 % (fw->used - 8)
                      : fw->slots[where % fw->n_slots];
    uint64_t value = value_of(c[3] & 7, c[4] | c[5] << 8 | c[6] << 16);

    world_put(fw->w, at, value + (c[3] >> 5) * 8, sizes[c[3] >> 3 & 3]);
}

static bool read_changing(void *opaque, uint64_t addr, void *buf, size_t len)
{
    n_reads++;
    while (n_changes > 0 && changes[0] <= n_reads) {
        apply(changes);
        changes += CHANGE;
        n_changes--;
    }
    return fw->w->reader.read(fw->w, addr, buf, len);
}

static bool read_user(void *opaque, uint64_t addr, void *buf, size_t len)
{
    g_assert_cmpuint(len, ==, 4);
    memcpy(buf, addr & 0x1000 ? "none" : "\177ELF", len);
    return !(addr & 0x2000);
}

/* ---- Questions ----------------------------------------------------------- */

static void check_module(const OsiModule *module, uint64_t *end)
{
    g_assert_cmphex(module->base, >=, *end);
    g_assert_cmphex(module->size, >, 0);
    g_assert_cmphex(module->base + module->size, >, module->base);
    *end = module->base + module->size;
    g_assert_cmpuint(strlen(module->perms), ==, 4);
    g_assert_nonnull(module->name);
    g_assert_cmpuint(module->kind, <=, OSI_MAPPING_SPECIAL);
}

static GArray *ask_mappings(void)
{
    GArray *all = osi_mappings_read(&fw->mappings, fw->mm, 12);
    g_autoptr(GArray) libraries = NULL;
    uint64_t end = 0;

    g_assert_cmpuint(n_reads, <=, MAX_MAPPINGS_READS);
    if (!all) {
        return NULL;
    }
    for (guint i = 0; i < all->len; i++) {
        check_module(&g_array_index(all, OsiModule, i), &end);
    }
    libraries = osi_libraries_from(all, read_user, NULL);
    g_assert_cmpuint(libraries->len, <=, all->len);
    for (guint i = 0; i < libraries->len; i++) {
        const OsiModule *library = &g_array_index(libraries, OsiModule, i);

        g_assert_nonnull(library->file);
        g_assert_true(library->flags & OSI_VM_EXEC);
    }
    return all;
}

static bool ask_mapping_at(uint64_t addr)
{
    g_autoptr(GArray) one = NULL;
    bool found;

    n_reads = 0;
    one = osi_mappings_read_at(&fw->mappings, fw->mm, 12, addr);
    g_assert_cmpuint(n_reads, <=, MAX_MAPPINGS_READS);
    found = one && one->len;
    if (found) {
        const OsiModule *module = &g_array_index(one, OsiModule, 0);

        g_assert_cmpuint(one->len, ==, 1);
        g_assert_cmphex(addr - module->base, <, module->size);
    }
    return found;
}

static void ask_path(const OsiPathRef *ref)
{
    const OsiPathRef *const roots[] = { NULL, &fw->root };

    for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
        g_autofree char *name = NULL;

        n_reads = 0;
        name = osi_path_name(&fw->paths, ref, roots[i]);
        g_assert_cmpuint(n_reads, <=, MAX_PATH_READS);
        if (name) {
            g_assert_cmpuint(strlen(name), >, 0);
            g_assert_cmpuint(strlen(name), <=, 4 * 4096 + 32);
        }
    }
    n_reads = 0;
    osi_path_is_made(&fw->paths, ref);
    g_assert_cmpuint(n_reads, <=, MAX_FILE_READS);
}

static void ask_socket(uint64_t addr)
{
    OsiSocket *s;

    n_reads = 0;
    s = osi_socket_read(&fw->sockets, addr);
    g_assert_cmpuint(n_reads, <=, MAX_FILE_READS);
    if (s && s->local_name) {
        g_assert_cmpuint(strlen(s->local_name), <, 128);
    }
    osi_socket_free(s);
}

/* False: unknown. */
static bool ask_file(uint64_t file)
{
    OsiFileInfo info;
    char fs[32];

    n_reads = 0;
    if (!osi_file_read(&fw->files, file, &info)) {
        g_assert_cmpuint(n_reads, <=, MAX_FILE_READS);
        return false;
    }
    if (osi_path_fs_name(&fw->paths, info.super_block, fs, sizeof(fs))) {
        g_assert_nonnull(memchr(fs, '\0', sizeof(fs)));
    }
    g_assert_cmpuint(n_reads, <=, MAX_FILE_READS);
    ask_path(&info.path);
    ask_socket(info.private_data);
    return true;
}

/* How many of the task's files are known. */
static unsigned int ask_files(void)
{
    unsigned int n_known = 0, n;
    uint64_t slice[FW_MAX_FDS];
    OsiFdTable table;

    n_reads = 0;
    if (osi_fd_table(&fw->files, fw->task, &table) != OSI_FD_TABLE_FOUND) {
        return 0;
    }
    g_assert_cmpuint(table.max_fds, <=, OSI_MAX_FDS);
    n = MIN(table.max_fds, FW_MAX_FDS);
    if (n == 0 || !osi_fd_slice(&fw->files, &table, 0, n, slice)) {
        return 0;
    }
    for (unsigned int fd = 0; fd < n; fd++) {
        bool close_on_exec;
        uint64_t file;

        if (osi_fd_file(&fw->files, &table, fd, &file, &close_on_exec) &&
            file) {
            n_known += ask_file(file);
        }
    }
    return n_known;
}

/* ---- All ----------------------------------------------------------------- */

static void look(unsigned int n_mappings, bool unchanged)
{
    g_autoptr(GArray) all = NULL;
    OsiProcMem bounds;
    unsigned int n_known, n_found = 0;
    bool has_bounds;

    n_reads = 0;
    all = ask_mappings();
    n_reads = 0;
    has_bounds = osi_mappings_bounds(&fw->mappings, fw->mm, &bounds);
    for (guint i = 0; all && i < MIN(all->len, 4); i++) {
        const OsiModule *m = &g_array_index(all, OsiModule, all->len - 1 - i);

        n_found += ask_mapping_at(m->base + m->size - 1);
    }
    ask_mapping_at(0);
    ask_mapping_at(0x7ffff000);
    ask_mapping_at(UINT64_MAX);
    n_known = ask_files();
    if (unchanged) {
        g_assert_nonnull(all);
        g_assert_cmpuint(all->len, ==, n_mappings);
        g_assert_cmpuint(n_found, ==, MIN(all->len, 4));
        g_assert_true(has_bounds);
        g_assert_cmpuint(n_known, ==, fw->n_files);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int n;

    if (size < HEADER) {
        return 0;
    }
    n = MIN(data[1] & 63, size - HEADER);
    fw = fw_get_world(data[0] & 1, data[0] & 2, read_changing);
    n = fw_map(fw, data + HEADER, n, data[0] >> 2 & 3);
    changes = data + HEADER + n;
    n_changes = (size - HEADER - n) / CHANGE;
    fw->w->hole = data[2] ? WORLD_BASE + data[2] * 4096ull : 0;
    for (size_t i = (data[1] >> 6) * 8; i > 0 && n_changes > 0; i--) {
        apply(changes);
        changes += CHANGE;
        n_changes--;
    }
    look(n, data[2] == 0 && size - HEADER - n < CHANGE);
    return 0;
}

#ifdef WRITE_SEEDS
static bool write_seed(const char *folder, unsigned int i, const uint8_t *data,
                       size_t size)
{
    g_autofree char *path = g_strdup_printf("%s/maps-%u", folder, i);

    LLVMFuzzerTestOneInput(data, size);
    if (!g_file_set_contents(path, (const char *)data, size, NULL)) {
        g_printerr("%s: cannot be written\n", path);
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    uint8_t seed[HEADER + 40 + CHANGE];
    const size_t whole = HEADER + 40;

    if (argc != 2) {
        g_printerr("usage: fuzz_maps_seeds FOLDER\n");
        return 2;
    }
    for (unsigned int i = 0; i < 16; i++) {
        seed[0] = i;
        seed[1] = i < 2 ? 3 : 40;
        seed[2] = 0;
        for (unsigned int k = 0; k < 40; k++) {
            seed[HEADER + k] = k % 16 | k * 3 % 16 << 4;
        }
        memcpy(seed + whole, (uint8_t[CHANGE]){ i * 16, i * 9, 0, i, i * 5 },
               CHANGE);
        /* As it should be, then with a page missing, and with changes. */
        if (!write_seed(argv[1], 3 * i, seed, HEADER + (seed[1] & 63))) {
            return 1;
        }
        seed[2] = 2 * i + 1;
        if (!write_seed(argv[1], 3 * i + 1, seed, whole)) {
            return 1;
        }
        seed[2] = 0;
        if (!write_seed(argv[1], 3 * i + 2, seed, sizeof(seed))) {
            return 1;
        }
    }
    return 0;
}
#endif
