/*
 * next.h: a function that was added to the API after today.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_INSTALL_NEXT_H
#define TESTS_INSTALL_NEXT_H

#include "plugin-qpp.h"

/* 42. */
int qemu_plugin_next(void) QPP_API(qemu_plugin_next);

#endif /* TESTS_INSTALL_NEXT_H */
