/*
 * view.c: reading the guest's kernel through an OsiView.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "view.h"

bool osi_view_field(const OsiView *v, uint64_t base, const OsiField *field,
                    uint64_t *value)
{
    return base && field->size && field->size <= 8 &&
           osi_read_number(&v->reader, base + field->offset, field->size,
                           value);
}

bool osi_view_pointer(const OsiView *v, uint64_t addr, uint64_t *value)
{
    return osi_read_number(&v->reader, addr, v->layout->pointer_size, value);
}
