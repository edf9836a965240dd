/*
 * types.c: a kernel's types, from BTF.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "types.h"

struct OsiTypes {
    Btf *btf;
};

OsiTypes *osi_types_from_btf(Btf *btf)
{
    OsiTypes *types = g_new0(OsiTypes, 1);

    types->btf = btf;
    return types;
}

void osi_types_free(OsiTypes *types)
{
    if (types) {
        btf_free(types->btf);
        g_free(types);
    }
}

bool osi_types_big_endian(const OsiTypes *types)
{
    return btf_big_endian(types->btf);
}

unsigned int osi_types_pointer_size(const OsiTypes *types)
{
    return btf_pointer_size(types->btf);
}

bool osi_types_member(const OsiTypes *types, const char *type,
                      const char *path, OsiField *out)
{
    BtfMember m;

    *out = (OsiField){ 0 };
    if (!btf_member(types->btf, type, path, &m) || m.size == 0) {
        return false;
    }
    *out = (OsiField){ m.offset, m.size, m.bit_size, m.bit_offset };
    return true;
}

bool osi_types_size(const OsiTypes *types, const char *type, uint64_t *size)
{
    return btf_type_size(types->btf, type, size);
}

bool osi_types_enum(const OsiTypes *types, const char *enumerator,
                    int64_t *value)
{
    return btf_enum_value(types->btf, enumerator, value);
}
