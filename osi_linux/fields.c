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

/* Whether the member is what is meant, and lies in its structure. */
static bool is_plausible(const OsiTypes *types, const OsiWanted *w,
                         const OsiField *m)
{
    uint64_t used = m->bit_size ? (m->bit_offset + m->bit_size + 7) / 8
                                : m->size;
    uint64_t size;

    return m->size <= w->max_size && m->offset <= OFFSET_MAX &&
           (!osi_types_size(types, w->type, &size) ||
            m->offset + used <= size);
}

const OsiWanted *osi_wanted_fill(const OsiTypes *types,
                                 const OsiWanted *wanted, size_t n_wanted,
                                 void *layout)
{
    const OsiWanted *missing = NULL;

    for (size_t i = 0; i < n_wanted; i++) {
        const OsiWanted *w = &wanted[i];
        OsiField *field = (OsiField *)((char *)layout + w->field);
        OsiField m;

        if (!field->size && osi_types_member(types, w->type, w->path, &m) &&
            is_plausible(types, w, &m) &&
            (w->group == OSI_ALONE ||
             widen((OsiStruct *)((char *)layout + w->group), &m))) {
            *field = m;
        }
        if (w->needed && !field->size && !missing) {
            missing = w;
        }
    }
    return missing;
}

bool osi_budget_read(void *budget, uint64_t addr, void *buf, size_t len)
{
    OsiBudget *b = budget;

    if (b->reads_left == 0) {
        return false;
    }
    b->reads_left--;
    return b->guest.read(b->guest.opaque, addr, buf, len);
}

OsiReader osi_budget_reader(OsiBudget *budget)
{
    return (OsiReader){ osi_budget_read, budget, budget->guest.big_endian };
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

/* What @field says, whose bytes are at @p. */
static uint64_t number_in(const uint8_t *p, const OsiField *field,
                          bool big_endian)
{
    unsigned int size = MIN(field->size, 8), shift;
    uint64_t value = osi_number(p, size, big_endian);

    if (field->bit_size == 0 || field->bit_size >= 64) {
        return value;
    }
    shift = big_endian ? 8 * size - field->bit_offset - field->bit_size
                       : field->bit_offset;
    return shift < 64 ? value >> shift & ((1ull << field->bit_size) - 1) : 0;
}

uint64_t osi_get(const OsiCopy *copy, const OsiField *field)
{
    const uint8_t *p = osi_get_bytes(copy, field);

    return p ? number_in(p, field, copy->big_endian) : 0;
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

bool osi_read_field(const OsiReader *r, uint64_t base, const OsiField *field,
                    uint64_t *value)
{
    uint8_t bytes[8];

    if (!base || !field->size || field->size > sizeof(bytes) ||
        !osi_read_bytes(r, base + field->offset, bytes, field->size)) {
        return false;
    }
    *value = number_in(bytes, field, r->big_endian);
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
