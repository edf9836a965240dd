/*
 * next.c: what a later libqpp has and today's has not, to be linked to all of
 * today's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "next.h"

int qemu_plugin_next(void)
{
    return 42;
}
