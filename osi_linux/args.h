/*
 * args.h: a program's command line and environment, in its own memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_ARGS_H
#define OSI_ARGS_H

#include "view.h"

/* Reads user memory of the process whose mm_struct it is about. */
typedef bool (*OsiReadUserFn)(void *opaque, uint64_t addr, void *buf,
                              size_t len);

/*
 * As /proc/PID/cmdline and environ have them, for the mm_struct at @mm; NULL:
 * unknown.
 */
GByteArray *osi_args_cmdline(const OsiView *v, uint64_t mm,
                             OsiReadUserFn read_user, void *opaque);
GByteArray *osi_args_environment(const OsiView *v, uint64_t mm,
                                 OsiReadUserFn read_user, void *opaque);

#endif /* OSI_ARGS_H */
