/*
 * types.c: a kernel's types, from BTF or from a model; and its symbols, from
 * its own tables or else the model's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "types.h"

/* Types are of one source alone: two would be of two kernels. */
struct OsiTypes {
    Btf *btf;          /* or NULL ... */
    OsiModel *model;   /* ... and this */
    Kallsyms *symbols; /* may be NULL */
};

OsiTypes *osi_types_from_btf(Btf *btf)
{
    OsiTypes *types = g_new0(OsiTypes, 1);

    types->btf = btf;
    return types;
}

OsiTypes *osi_types_from_model(OsiModel *model)
{
    OsiTypes *types = g_new0(OsiTypes, 1);

    types->model = model;
    return types;
}

void osi_types_take_symbols(OsiTypes *types, Kallsyms *symbols)
{
    kallsyms_free(types->symbols);
    types->symbols = symbols;
}

void osi_types_free(OsiTypes *types)
{
    if (types) {
        btf_free(types->btf);
        osi_model_free(types->model);
        kallsyms_free(types->symbols);
        g_free(types);
    }
}

OsiModel *osi_types_model(const OsiTypes *types)
{
    return types->model;
}

OsiModel *osi_types_release_model(OsiTypes *types)
{
    OsiModel *model = g_steal_pointer(&types->model);

    osi_types_free(types);
    return model;
}

Btf *osi_types_release_btf(OsiTypes *types)
{
    Btf *btf = g_steal_pointer(&types->btf);

    osi_types_free(types);
    return btf;
}

bool osi_types_big_endian(const OsiTypes *types)
{
    return types->btf ? btf_big_endian(types->btf)
                      : osi_model_big_endian(types->model);
}

unsigned int osi_types_pointer_size(const OsiTypes *types)
{
    return types->btf ? btf_pointer_size(types->btf)
                      : osi_model_pointer_size(types->model);
}

bool osi_types_member(const OsiTypes *types, const char *type,
                      const char *path, OsiField *out)
{
    BtfMember m;

    if (!types->btf) {
        return osi_model_member(types->model, type, path, out);
    }
    *out = (OsiField){ 0 };
    if (!btf_member(types->btf, type, path, &m) || m.size == 0) {
        return false;
    }
    *out = (OsiField){ m.offset, m.size, m.bit_size, m.bit_offset };
    return true;
}

bool osi_types_size(const OsiTypes *types, const char *type, uint64_t *size)
{
    return types->btf ? btf_type_size(types->btf, type, size)
                      : osi_model_size(types->model, type, size);
}

bool osi_types_enum(const OsiTypes *types, const char *enumerator,
                    int64_t *value)
{
    return types->btf ? btf_enum_value(types->btf, enumerator, value)
                      : osi_model_enum(types->model, enumerator, value);
}

bool osi_types_symbol(const OsiTypes *types, const char *name,
                      uint64_t *address)
{
    if (types->symbols && kallsyms_address(types->symbols, name, address)) {
        return true;
    }
    /* Not instead of several that the kernel itself has. */
    if (types->symbols && kallsyms_has_data(types->symbols)) {
        return false;
    }
    return types->model && osi_model_symbol(types->model, name, address);
}

const Kallsyms *osi_types_kallsyms(const OsiTypes *types)
{
    return types->symbols;
}
