/*
 * How the generated tables write down a call:
 *
 *     CALL(257, openat, 4, FD(dfd), PATH(filename), INT(flags), MODE(mode)),
 *
 * number, name, registers that it takes, and what is in each.  FIRST is the
 * number of the array's element 0.  To be included by these files only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_TABLES_ENTRY_H
#define QPP_SYSCALLS_TABLES_ENTRY_H

#include <glib.h>

#define CALL(nr, name, n_args, ...) \
    [nr - FIRST] = { nr, #name, n_args, { __VA_ARGS__ } }

#define INT(name)   { SYSCALLS_ARG_INT, #name }
#define UINT(name)  { SYSCALLS_ARG_UINT, #name }
#define LONG(name)  { SYSCALLS_ARG_LONG, #name }
#define ULONG(name) { SYSCALLS_ARG_ULONG, #name }
#define FD(name)    { SYSCALLS_ARG_FD, #name }
#define MODE(name)  { SYSCALLS_ARG_MODE, #name }
#define PATH(name)  { SYSCALLS_ARG_PATH, #name }
#define STR(name)   { SYSCALLS_ARG_STRING, #name }
#define PTR(name)   { SYSCALLS_ARG_POINTER, #name }

#endif /* QPP_SYSCALLS_TABLES_ENTRY_H */
