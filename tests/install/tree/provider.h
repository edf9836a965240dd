/*
 * provider.h: what provider offers to other plugins: a function, and the
 * callback "on_block", run once, when the guest's first block is translated;
 * its evdata is the block's address, a uint64_t.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef PROVIDER_H
#define PROVIDER_H

#include <plugin-qpp.h>

/* Twice @x. */
QPP_FUN_PROTOTYPE(provider, int, provider_double, int x);

#endif /* PROVIDER_H */
