/*
 * libraries.c: ELF objects among a process's mappings.
 *
 * The loader maps an object's segments one behind the other, from offset 0
 * of the file on.  So the mappings of one file in a row are one object; a
 * mapping of the file that begins again at an offset that was there before,
 * with other files' mappings in between, is the object loaded once more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "libraries.h"
#include "mapping.h"

typedef struct Object {
    OsiModule module;
    uint64_t last_offset;
    guint last_file;      /* how many mappings of files there were before */
} Object;

typedef struct Objects {
    GArray *all;   /* of Object, in the order of their addresses */
    GTree *latest; /* a file's OsiModule -> its last object's place, from 1;
                      a tree, since a guest could choose what a table would
                      have to put into one place */
    guint n_files; /* mappings of files so far */
} Objects;

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static gint compare_files(gconstpointer one, gconstpointer other)
{
    const OsiModule *a = one, *b = other;
    int order = compare_numbers(a->inode, b->inode);

    if (order == 0) {
        order = compare_numbers(a->dev_major, b->dev_major);
    }
    if (order == 0) {
        order = compare_numbers(a->dev_minor, b->dev_minor);
    }
    return order != 0 ? order : strcmp(a->file, b->file);
}

/* The object that @mapping goes on with; NULL: it begins one. */
static Object *find_object(const Objects *objects, const OsiModule *mapping)
{
    guint place = GPOINTER_TO_UINT(g_tree_lookup(objects->latest, mapping));
    Object *object;

    if (!place) {
        return NULL;
    }
    object = &g_array_index(objects->all, Object, place - 1);
    return mapping->offset <= object->last_offset &&
                   objects->n_files > object->last_file + 1
               ? NULL : object; /* NULL: it begins again */
}

static void add_perms(OsiModule *module, const OsiModule *mapping)
{
    module->flags |= mapping->flags;
    for (int i = 0; i < 4; i++) {
        if (module->perms[i] == '-') {
            module->perms[i] = mapping->perms[i];
        }
    }
}

static void add_mapping(Objects *objects, OsiModule *mapping)
{
    Object *object = find_object(objects, mapping);

    if (!object) {
        GArray *all = objects->all;
        Object fresh = { .module = *mapping };

        g_array_append_val(all, fresh);
        object = &g_array_index(all, Object, all->len - 1);
        g_tree_replace(objects->latest, mapping, GUINT_TO_POINTER(all->len));
    }
    object->module.size = mapping->base + mapping->size -
                          object->module.base;
    object->last_offset = mapping->offset;
    object->last_file = objects->n_files++;
    add_perms(&object->module, mapping);
}

static bool is_elf(const OsiModule *module, OsiUserReadFn read, void *opaque)
{
    char magic[4];

    if (!(module->flags & OSI_VM_EXEC)) {
        return false;
    }
    return module->offset != 0 ||
           !read(opaque, module->base, magic, sizeof(magic)) ||
           memcmp(magic, "\177ELF", sizeof(magic)) == 0;
}

GArray *osi_libraries_from(const GArray *mappings, OsiUserReadFn read,
                           void *opaque)
{
    Objects objects = {
        .all = g_array_new(FALSE, FALSE, sizeof(Object)),
        .latest = g_tree_new(compare_files),
    };
    GArray *libraries = osi_modules_new();

    for (guint i = 0; i < mappings->len; i++) {
        OsiModule *mapping = &g_array_index(mappings, OsiModule, i);

        if (mapping->kind == OSI_MAPPING_FILE && mapping->file) {
            add_mapping(&objects, mapping);
        }
    }
    for (guint i = 0; i < objects.all->len; i++) {
        const Object *object = &g_array_index(objects.all, Object, i);

        if (is_elf(&object->module, read, opaque)) {
            OsiModule module;

            osi_module_copy(&object->module, &module);
            g_array_append_val(libraries, module);
        }
    }
    g_tree_destroy(objects.latest);
    g_array_unref(objects.all);
    return libraries;
}
