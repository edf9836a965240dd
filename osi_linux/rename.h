/*
 * rename.h: system calls after which a thread may be somebody else.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_RENAME_H
#define OSI_RENAME_H

#include <stdbool.h>

/* Starts watching.  False after a line on stderr. */
bool osi_rename_start(void);

#endif /* OSI_RENAME_H */
