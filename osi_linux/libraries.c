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

static bool is_same_file(const OsiModule *a, const OsiModule *b)
{
    return a->inode == b->inode && a->dev_major == b->dev_major &&
           a->dev_minor == b->dev_minor && g_strcmp0(a->file, b->file) == 0;
}

/* The object that @mapping goes on with; NULL: it begins one. */
static Object *find_object(GArray *objects, const OsiModule *mapping,
                           guint n_files)
{
    /* The nearest first: files are few, and mostly it is the last. */
    for (guint i = objects->len; i > 0; i--) {
        Object *object = &g_array_index(objects, Object, i - 1);

        if (is_same_file(&object->module, mapping)) {
            bool begins_again = mapping->offset <= object->last_offset &&
                                n_files > object->last_file + 1;

            return begins_again ? NULL : object;
        }
    }
    return NULL;
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

static void add_mapping(GArray *objects, const OsiModule *mapping,
                        guint n_files)
{
    Object *object = find_object(objects, mapping, n_files);

    if (!object) {
        Object fresh = { .module = *mapping };

        g_array_append_val(objects, fresh);
        object = &g_array_index(objects, Object, objects->len - 1);
    }
    object->module.size = mapping->base + mapping->size -
                          object->module.base;
    object->last_offset = mapping->offset;
    object->last_file = n_files;
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
    g_autoptr(GArray) objects = g_array_new(FALSE, FALSE, sizeof(Object));
    GArray *libraries = osi_modules_new();
    guint n_files = 0;

    for (guint i = 0; i < mappings->len; i++) {
        const OsiModule *mapping = &g_array_index(mappings, OsiModule, i);

        if (mapping->kind == OSI_MAPPING_FILE && mapping->file) {
            add_mapping(objects, mapping, n_files++);
        }
    }
    for (guint i = 0; i < objects->len; i++) {
        const Object *object = &g_array_index(objects, Object, i);

        if (is_elf(&object->module, read, opaque)) {
            OsiModule module;

            osi_module_copy(&object->module, &module);
            g_array_append_val(libraries, module);
        }
    }
    return libraries;
}
