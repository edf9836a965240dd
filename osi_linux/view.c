/*
 * view.c: reading the guest's kernel through an OsiView.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "view.h"

bool osi_view_field(const OsiView *v, uint64_t base, const OsiField *field,
                    uint64_t *value)
{
    return osi_read_field(&v->reader, base, field, value);
}

bool osi_view_pointer(const OsiView *v, uint64_t addr, uint64_t *value)
{
    return osi_read_number(&v->reader, addr, v->layout->pointer_size, value);
}
