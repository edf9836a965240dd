/*
 * layout_from.h: an OsiLayout straight from a Btf, for tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_LAYOUT_FROM_H
#define TESTS_LAYOUT_FROM_H

#include "layout.h"

/* Frees *@btf. */
static inline bool layout_from(Btf **btf, OsiLayout *out, GError **errp)
{
    g_autoptr(OsiTypes) types = osi_types_from_btf(g_steal_pointer(btf));

    return osi_layout_from_types(types, out, errp);
}

#endif /* TESTS_LAYOUT_FROM_H */
