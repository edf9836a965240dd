/*
 * fields.c: reading structures of the guest's kernel.  See fields.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fields.h"

/* No structure that is read here is larger. */
#define OFFSET_MAX (64u << 10)

static bool widen(OsiStruct *group, const OsiField *field)
{
    uint64_t start = group->size ? MIN(group->start, field->offset)
                                 : field->offset;
    uint64_t end = MAX(group->size ? group->start + group->size : 0,
                       field->offset + field->size);

    if (end - start > OSI_STRUCT_MAX) {
        return false;
    }
    group->start = start;
    group->size = end - start;
    return true;
}

void osi_wanted_fill(const OsiTypes *types, const OsiWanted *wanted,
                     size_t n_wanted, void *layout)
{
    for (size_t i = 0; i < n_wanted; i++) {
        const OsiWanted *w = &wanted[i];
        OsiField *field = (OsiField *)((char *)layout + w->field);
        OsiField m;

        if (!field->size && osi_types_member(types, w->type, w->path, &m) &&
            m.size <= w->max_size && m.offset <= OFFSET_MAX &&
            widen((OsiStruct *)((char *)layout + w->group), &m)) {
            *field = m;
        }
    }
}

bool osi_read_bytes(const OsiReader *r, uint64_t addr, void *buf, size_t len)
{
    uint8_t *p = buf;

    while (len > 0) {
        size_t part = MIN(len, 4096 - (addr & 4095));

        if (!r->read(r->opaque, addr, p, part)) {
            return false;
        }
        addr += part;
        p += part;
        len -= part;
    }
    return true;
}

bool osi_read_struct(const OsiReader *r, const OsiStruct *group,
                     uint64_t addr, OsiCopy *out)
{
    out->start = group->start;
    out->size = group->size;
    out->big_endian = r->big_endian;
    return addr && group->size &&
           osi_read_bytes(r, addr + group->start, out->bytes, group->size);
}

uint64_t osi_number(const uint8_t *p, unsigned int size, bool big_endian)
{
    uint64_t value = 0;

    for (unsigned int i = 0; i < size; i++) {
        value = value << 8 | p[big_endian ? i : size - 1 - i];
    }
    return value;
}

const uint8_t *osi_get_bytes(const OsiCopy *copy, const OsiField *field)
{
    uint64_t at = field->offset - copy->start;

    if (!field->size || field->offset < copy->start ||
        at + field->size > copy->size) {
        return NULL;
    }
    return copy->bytes + at;
}

uint64_t osi_get(const OsiCopy *copy, const OsiField *field)
{
    const uint8_t *p = osi_get_bytes(copy, field);
    unsigned int size = MIN(field->size, 8), shift;
    uint64_t value;

    if (!p) {
        return 0;
    }
    value = osi_number(p, size, copy->big_endian);
    if (field->bit_size == 0 || field->bit_size >= 64) {
        return value;
    }
    shift = copy->big_endian
                ? 8 * size - field->bit_offset - field->bit_size
                : field->bit_offset;
    return shift < 64 ? value >> shift & ((1ull << field->bit_size) - 1) : 0;
}

int64_t osi_get_signed(const OsiCopy *copy, const OsiField *field)
{
    uint64_t value = osi_get(copy, field);
    unsigned int bits = field->bit_size ? field->bit_size
                                        : 8 * MIN(field->size, 8);

    if (bits == 0 || bits >= 64) {
        return (int64_t)value;
    }
    return (int64_t)(value << (64 - bits)) >> (64 - bits);
}

bool osi_read_number(const OsiReader *r, uint64_t addr, unsigned int size,
                     uint64_t *value)
{
    uint8_t bytes[8];

    if (!addr || size == 0 || size > sizeof(bytes) ||
        !osi_read_bytes(r, addr, bytes, size)) {
        return false;
    }
    *value = osi_number(bytes, size, r->big_endian);
    return true;
}

bool osi_read_string(const OsiReader *r, uint64_t addr, char *buf,
                     size_t size)
{
    size_t len = 0;

    if (!addr) {
        return false;
    }
    /* In pieces: the page behind the string's may not be there. */
    while (len < size) {
        size_t part = MIN(size - len, 64 - (addr & 63));

        if (!osi_read_bytes(r, addr, buf + len, part)) {
            return false;
        }
        if (memchr(buf + len, '\0', part)) {
            return true;
        }
        len += part;
        addr += part;
    }
    return false;
}
