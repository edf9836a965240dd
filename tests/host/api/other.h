/*
 * other.h: what the plugin `api_other` offers to the plugin `api`, which
 * resets and uninstalls it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOST_API_OTHER_H
#define TESTS_HOST_API_OTHER_H

#include "plugin-qpp.h"

/* Its id, once it is installed. */
QPP_FUN_PROTOTYPE(api_other, qemu_plugin_id_t, api_other_id, void);
/* 6 * 7 */
QPP_FUN_PROTOTYPE(api_other, int, api_other_product, int a, int b);
/* How many blocks it has been told of. */
QPP_FUN_PROTOTYPE(api_other, unsigned int, api_other_blocks, void);
/* Runs its callback "told". */
QPP_FUN_PROTOTYPE(api_other, bool, api_other_tell, void *evdata);

#endif /* TESTS_HOST_API_OTHER_H */
