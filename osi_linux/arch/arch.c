/*
 * arch.c: the architectures, and the choice among them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "arch.h"

static const OsiArch *const archs[] = {
    &osi_arch_x86_64,
    &osi_arch_aarch64,
};

const OsiArch *osi_arch_find(const char *target)
{
    for (size_t i = 0; i < G_N_ELEMENTS(archs); i++) {
        if (g_str_equal(archs[i]->target, target)) {
            return archs[i];
        }
    }
    return NULL;
}
