/*
 * model.c: a kernel's types as a table.  See model.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "model.h"

#include <string.h>

/* As for BTF: of anonymous structs in each other, kernels have few. */
#define MAX_NESTING 16u
/* Anonymous members visited for one question. */
#define MAX_VISITS 4096u

typedef struct Member {
    OsiField field;
    char *struct_type; /* NULL: no struct */
} Member;

typedef struct Type {
    GHashTable *members; /* name to Member */
    GPtrArray *anonymous; /* Member */
} Type;

struct OsiModel {
    bool big_endian;
    unsigned int pointer_size;
    bool has_slide;
    uint64_t slide;
    GHashTable *types;   /* name to Type */
    GHashTable *sizes;   /* name to uint64_t */
    GHashTable *enums;   /* name to int64_t */
    GHashTable *symbols; /* name to uint64_t */
};

static void member_free(void *data)
{
    Member *member = data;

    g_free(member->struct_type);
    g_free(member);
}

static void type_free(void *data)
{
    Type *type = data;

    g_hash_table_unref(type->members);
    g_ptr_array_unref(type->anonymous);
    g_free(type);
}

OsiModel *osi_model_new(bool big_endian, unsigned int pointer_size)
{
    OsiModel *model = g_new0(OsiModel, 1);

    model->big_endian = big_endian;
    model->pointer_size = pointer_size;
    model->types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         type_free);
    model->sizes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         g_free);
    model->enums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                         g_free);
    model->symbols = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           g_free);
    return model;
}

void osi_model_free(OsiModel *model)
{
    if (model) {
        g_hash_table_unref(model->types);
        g_hash_table_unref(model->sizes);
        g_hash_table_unref(model->enums);
        g_hash_table_unref(model->symbols);
        g_free(model);
    }
}

/* ---- Filling it ---------------------------------------------------------- */

static void put_number(GHashTable *table, const char *name, uint64_t value)
{
    g_hash_table_insert(table, g_strdup(name),
                        g_memdup2(&value, sizeof(value)));
}

static bool get_number(GHashTable *table, const char *name, uint64_t *value)
{
    const uint64_t *found = g_hash_table_lookup(table, name);

    if (found) {
        *value = *found;
    }
    return found != NULL;
}

void osi_model_set_size(OsiModel *model, const char *type, uint64_t size)
{
    put_number(model->sizes, type, size);
}

void osi_model_add(OsiModel *model, const char *type, const char *name,
                   const OsiField *field, const char *struct_type)
{
    Type *t = g_hash_table_lookup(model->types, type);
    Member *member = g_new0(Member, 1);

    if (!t) {
        t = g_new0(Type, 1);
        t->members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                           member_free);
        t->anonymous = g_ptr_array_new_with_free_func(member_free);
        g_hash_table_insert(model->types, g_strdup(type), t);
    }
    member->field = *field;
    member->struct_type = g_strdup(struct_type);
    if (name) {
        g_hash_table_insert(t->members, g_strdup(name), member);
    } else {
        g_ptr_array_add(t->anonymous, member);
    }
}

void osi_model_add_enum(OsiModel *model, const char *enumerator,
                        int64_t value)
{
    put_number(model->enums, enumerator, value);
}

void osi_model_add_symbol(OsiModel *model, const char *name,
                          uint64_t address)
{
    put_number(model->symbols, name, address);
}

void osi_model_set_slide(OsiModel *model, uint64_t slide)
{
    model->slide = slide;
    model->has_slide = true;
}

/* ---- Asking it ----------------------------------------------------------- */

/* Looks for @name in @type and in what is anonymous in it. */
static const Member *find(const OsiModel *model, const char *type,
                          const char *name, unsigned int depth,
                          unsigned int *visits, uint64_t *base)
{
    const Type *t = type ? g_hash_table_lookup(model->types, type) : NULL;
    const Member *member;

    if (!t || depth > MAX_NESTING || *visits == 0) {
        return NULL;
    }
    (*visits)--;
    member = g_hash_table_lookup(t->members, name);
    for (guint i = 0; !member && i < t->anonymous->len; i++) {
        const Member *inner = g_ptr_array_index(t->anonymous, i);
        uint64_t at = 0;

        member = find(model, inner->struct_type, name, depth + 1, visits,
                      &at);
        if (member) {
            *base += inner->field.offset + at;
        }
    }
    return member;
}

bool osi_model_member(const OsiModel *model, const char *type,
                      const char *path, OsiField *out)
{
    g_auto(GStrv) names = g_strsplit(path, ".", -1);
    unsigned int visits = MAX_VISITS;
    const Member *member = NULL;
    uint64_t offset = 0;

    *out = (OsiField){ 0 };
    for (char **name = names; *name; name++) {
        member = find(model, type, *name, 0, &visits, &offset);
        if (!member) {
            return false;
        }
        offset += member->field.offset;
        type = member->struct_type;
    }
    if (!member || member->field.size == 0) {
        return false;
    }
    *out = member->field;
    out->offset = offset;
    return true;
}

bool osi_model_size(const OsiModel *model, const char *type, uint64_t *size)
{
    return get_number(model->sizes, type, size);
}

bool osi_model_enum(const OsiModel *model, const char *enumerator,
                    int64_t *value)
{
    return get_number(model->enums, enumerator, (uint64_t *)value);
}

bool osi_model_linked(const OsiModel *model, const char *name,
                      uint64_t *address)
{
    return get_number(model->symbols, name, address);
}

bool osi_model_symbol(const OsiModel *model, const char *name,
                      uint64_t *address)
{
    if (!model->has_slide || !osi_model_linked(model, name, address)) {
        return false;
    }
    *address += model->slide;
    return true;
}

bool osi_model_big_endian(const OsiModel *model)
{
    return model->big_endian;
}

unsigned int osi_model_pointer_size(const OsiModel *model)
{
    return model->pointer_size;
}

unsigned int osi_model_n_types(const OsiModel *model)
{
    return g_hash_table_size(model->types);
}

unsigned int osi_model_n_members(const OsiModel *model, const char *type)
{
    const Type *t = g_hash_table_lookup(model->types, type);

    return t ? g_hash_table_size(t->members) : 0;
}
