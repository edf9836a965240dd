/*
 * drcov_file.c: what a process has executed, and DynamoRIO's drcov format.
 *
 * The format is text, then a table of eight bytes a block, little-endian:
 *
 *     DRCOV VERSION: 2
 *     DRCOV FLAVOR: drcov
 *     Module Table: version 4, count 2
 *     Columns: id, containing_id, start, end, entry, offset, path
 *       0,   0, 0x0000000000400000, 0x0000000000402000, 0x..., 0x..., /bin/a
 *     ...
 *     BB Table: 2792 bbs
 *     start (32 bits, from the module's start) size (16) module's id (16)
 *
 * Table version 4 is what most readers have in common: Lighthouse takes 2 to
 * 5, bncov needs the second column, and in 5 offsets are from a segment's
 * start.  A module is one entry here, whatever segments it has, so that its
 * id contains itself; readers do without the entry point, which is 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>

#include "drcov.h"

#define MAX_MODULES 0xffff /* that id means "none" */
#define CHUNK_BLOCKS 32768u
#define CROWDED 65536u

typedef struct Module {
    uint64_t start, end;
    char *path;
    bool mapped; /* still */
} Module;

struct Coverage {
    GMutex lock;     /* for modules and entries */
    GArray *modules; /* by id */
    GArray *entries; /* uint64_t, as in the file; the same may be twice */
    guint crowded;   /* with so many of them, doubles are dropped */
    /* A bit for each block that was executed; no lock. */
    uint32_t *chunks[MAX_BLOCKS / CHUNK_BLOCKS];
};

Coverage *coverage_new(void)
{
    Coverage *coverage = g_new0(Coverage, 1);

    g_mutex_init(&coverage->lock);
    coverage->modules = g_array_new(FALSE, FALSE, sizeof(Module));
    coverage->entries = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    coverage->crowded = CROWDED;
    return coverage;
}

bool coverage_first(Coverage *coverage, const Block *block)
{
    uint32_t **chunk = &coverage->chunks[block->index / CHUNK_BLOCKS];
    uint32_t *bits = __atomic_load_n(chunk, __ATOMIC_ACQUIRE);
    uint32_t bit = 1u << block->index % 32;

    if (!bits) {
        uint32_t *fresh = g_new0(uint32_t, CHUNK_BLOCKS / 32);

        if (__atomic_compare_exchange_n(chunk, &bits, fresh, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            bits = fresh;
        } else {
            g_free(fresh);
        }
    }
    bits += block->index % CHUNK_BLOCKS / 32;
    return !(__atomic_load_n(bits, __ATOMIC_RELAXED) & bit) &&
           !(__atomic_fetch_or(bits, bit, __ATOMIC_RELAXED) & bit);
}

static void forget_blocks(Coverage *coverage)
{
    for (size_t i = 0; i < G_N_ELEMENTS(coverage->chunks); i++) {
        uint32_t *bits = __atomic_load_n(&coverage->chunks[i],
                                         __ATOMIC_ACQUIRE);

        for (size_t j = 0; bits && j < CHUNK_BLOCKS / 32; j++) {
            __atomic_store_n(&bits[j], 0, __ATOMIC_RELAXED);
        }
    }
}

/* The last that begins below @start: the size of one may be too large. */
static const Module *find_module_locked(const Coverage *coverage,
                                        uint64_t start, uint32_t size)
{
    const Module *found = NULL;

    for (guint i = 0; i < coverage->modules->len; i++) {
        const Module *m = &g_array_index(coverage->modules, Module, i);

        if (m->mapped && start >= m->start && start + size <= m->end &&
            start - m->start <= UINT32_MAX &&
            (!found || m->start > found->start)) {
            found = m;
        }
    }
    return found;
}

/* ---- Entries ---- */

static gint by_module_and_start(gconstpointer a, gconstpointer b)
{
    uint64_t x = GUINT64_FROM_LE(*(const uint64_t *)a);
    uint64_t y = GUINT64_FROM_LE(*(const uint64_t *)b);
    uint64_t kx = (x & 0xffff000000000000) | (x & UINT32_MAX) << 16 |
                  (x >> 32 & 0xffff);
    uint64_t ky = (y & 0xffff000000000000) | (y & UINT32_MAX) << 16 |
                  (y >> 32 & 0xffff);

    return (kx > ky) - (kx < ky);
}

static void sort_and_drop_doubles(GArray *entries)
{
    guint n = 0;

    g_array_sort(entries, by_module_and_start);
    for (guint i = 0; i < entries->len; i++) {
        uint64_t entry = g_array_index(entries, uint64_t, i);

        if (n == 0 || entry != g_array_index(entries, uint64_t, n - 1)) {
            g_array_index(entries, uint64_t, n++) = entry;
        }
    }
    g_array_set_size(entries, n);
}

bool coverage_add(Coverage *coverage, uint64_t start, uint32_t size)
{
    const Module *module;

    g_mutex_lock(&coverage->lock);
    module = find_module_locked(coverage, start, size);
    if (module) {
        uint64_t id = (uint64_t)(module - (Module *)coverage->modules->data);
        uint64_t entry = GUINT64_TO_LE(id << 48 | (uint64_t)size << 32 |
                                       (start - module->start));

        g_array_append_val(coverage->entries, entry);
        /* A guest that maps and unmaps code executes it anew each time. */
        if (coverage->entries->len >= coverage->crowded) {
            sort_and_drop_doubles(coverage->entries);
            coverage->crowded = MAX(CROWDED, 2 * coverage->entries->len);
        }
    }
    g_mutex_unlock(&coverage->lock);
    return module;
}

void coverage_add_module(Coverage *coverage, uint64_t start, uint64_t end,
                         const char *path)
{
    g_autofree char *text = g_utf8_make_valid(path, -1);
    Module module = { start, end, g_strescape(text, NULL), true };
    bool found = false;

    g_mutex_lock(&coverage->lock);
    for (guint i = 0; i < coverage->modules->len && !found; i++) {
        Module *m = &g_array_index(coverage->modules, Module, i);

        if (m->start == start && strcmp(m->path, module.path) == 0) {
            m->end = MAX(m->end, end);
            m->mapped = found = true;
        }
    }
    if (!found && coverage->modules->len < MAX_MODULES) {
        g_array_append_val(coverage->modules, module);
    } else {
        g_free(module.path);
    }
    g_mutex_unlock(&coverage->lock);
}

void coverage_unmap(Coverage *coverage, uint64_t start, uint64_t end)
{
    bool changed = false;

    g_mutex_lock(&coverage->lock);
    for (guint i = 0; i < coverage->modules->len; i++) {
        Module *m = &g_array_index(coverage->modules, Module, i);

        if (m->mapped && m->start < end && start < m->end) {
            m->mapped = false;
            changed = true;
        }
    }
    g_mutex_unlock(&coverage->lock);
    if (changed) {
        forget_blocks(coverage);
    }
}

void coverage_reset(Coverage *coverage)
{
    g_mutex_lock(&coverage->lock);
    for (guint i = 0; i < coverage->modules->len; i++) {
        g_free(g_array_index(coverage->modules, Module, i).path);
    }
    g_array_set_size(coverage->modules, 0);
    g_array_set_size(coverage->entries, 0);
    g_mutex_unlock(&coverage->lock);
    forget_blocks(coverage);
}

void coverage_free(Coverage *coverage)
{
    coverage_reset(coverage);
    for (size_t i = 0; i < G_N_ELEMENTS(coverage->chunks); i++) {
        g_free(coverage->chunks[i]);
    }
    g_array_unref(coverage->modules);
    g_array_unref(coverage->entries);
    g_mutex_clear(&coverage->lock);
    g_free(coverage);
}

bool coverage_empty(Coverage *coverage)
{
    return coverage->entries->len == 0;
}

/* ---- The file ---- */

static void append_modules(GString *text, const GArray *modules)
{
    g_string_append_printf(text, "Module Table: version 4, count %u\n"
                           "Columns: id, containing_id, start, end, entry, "
                           "offset, path\n", modules->len);
    for (guint i = 0; i < modules->len; i++) {
        const Module *m = &g_array_index(modules, Module, i);

        g_string_append_printf(text, "%3u, %3u, 0x%016" PRIx64 ", 0x%016"
                               PRIx64 ", 0x%016x, 0x%x, %s\n", i, i, m->start,
                               m->end, 0, 0, m->path);
    }
}

bool coverage_write(Coverage *coverage, const char *filename)
{
    g_autoptr(GString) text = g_string_new("DRCOV VERSION: 2\n"
                                           "DRCOV FLAVOR: drcov\n");
    FILE *file = fopen(filename, "wb");
    bool good;

    g_mutex_lock(&coverage->lock);
    sort_and_drop_doubles(coverage->entries);
    append_modules(text, coverage->modules);
    g_string_append_printf(text, "BB Table: %u bbs\n",
                           coverage->entries->len);
    good = file && fputs(text->str, file) >= 0 &&
           fwrite(coverage->entries->data, 8, coverage->entries->len, file) ==
               coverage->entries->len;
    g_mutex_unlock(&coverage->lock);
    if (file && fclose(file) != 0) {
        good = false;
    }
    if (!good) {
        fprintf(stderr, "drcov: cannot write to '%s': %s; name another file\n",
                filename, strerror(errno));
    }
    return good;
}
