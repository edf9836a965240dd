/*
 * model.h: a kernel's types as a table that is filled by hand: by the
 * readers of profiles, and by inference.  types.h asks it, as it asks BTF.
 *
 * Types are structs and unions, by name; a member is a number, or a struct
 * of the model again.  What contradicts itself gives no answer, never an
 * endless one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_MODEL_H
#define OSI_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* One member; size 0: the kernel has none. */
typedef struct OsiField {
    uint64_t offset;     /* bytes */
    uint64_t size;       /* bytes, of its type */
    uint32_t bit_size;   /* of a bit-field, in bits; else 0 */
    uint32_t bit_offset; /* as BtfMember's */
} OsiField;

typedef struct OsiModel OsiModel;

OsiModel *osi_model_new(bool big_endian, unsigned int pointer_size);
void osi_model_free(OsiModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OsiModel, osi_model_free)

/* ---- Filling it; names are copied ---------------------------------------- */

/* The size of @type in bytes: a struct, union, typedef or base type. */
void osi_model_set_size(OsiModel *model, const char *type, uint64_t size);

/*
 * A member.  @struct_type is the struct or union that it is, or NULL; @name
 * NULL: an anonymous one, whose members are found as the outer's.
 */
void osi_model_add(OsiModel *model, const char *type, const char *name,
                   const OsiField *field, const char *struct_type);

void osi_model_add_enum(OsiModel *model, const char *enumerator,
                        int64_t value);

/* An address as the kernel was linked; where it runs is @slide away. */
void osi_model_add_symbol(OsiModel *model, const char *name,
                          uint64_t address);
void osi_model_set_slide(OsiModel *model, uint64_t slide);

/* ---- Asking it, as types.h says ------------------------------------------ */

bool osi_model_member(const OsiModel *model, const char *type,
                      const char *path, OsiField *out);
bool osi_model_size(const OsiModel *model, const char *type, uint64_t *size);
bool osi_model_enum(const OsiModel *model, const char *enumerator,
                    int64_t *value);
/* With the slide; false also if that has not been set. */
bool osi_model_symbol(const OsiModel *model, const char *name,
                      uint64_t *address);
/* As linked. */
bool osi_model_linked(const OsiModel *model, const char *name,
                      uint64_t *address);

bool osi_model_big_endian(const OsiModel *model);
unsigned int osi_model_pointer_size(const OsiModel *model);

/* How many types have members, and how many named ones @type has. */
unsigned int osi_model_n_types(const OsiModel *model);
unsigned int osi_model_n_members(const OsiModel *model, const char *type);

#endif /* OSI_MODEL_H */
