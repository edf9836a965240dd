/*
 * The strings that a call's arguments point to, read from the guest.
 *
 * A string is read whole up to its bound, or it is not read: a part of one
 * whose next page cannot be read is no string, because the guest's kernel
 * fails there as well.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_GUEST_STRINGS_H
#define LOGGER_GUEST_STRINGS_H

#include <stdbool.h>

#include "bytes.h"
#include "syscalls/syscalls.h"

/* The kernel's PATH_MAX: no path that it takes is longer, with its NUL. */
#define LOG_PATH_MAX 4096

/* Copies @len bytes of guest memory to @into, or returns false. */
typedef bool (*LogReadFn)(uint64_t addr, void *into, size_t len);

typedef enum LogStringState {
    LOG_STRING_NONE,       /* not a string argument, or NULL */
    LOG_STRING_UNREADABLE, /* worth another try later */
    LOG_STRING_WHOLE,
    LOG_STRING_CUT,        /* longer than is shown */
} LogStringState;

typedef struct LogString {
    LogStringState state;
    size_t start; /* in LogStrings.store */
    size_t len;
} LogString;

/*
 * One for each guest thread, used again for each of its calls.  All zero is
 * one without strings.
 */
typedef struct LogStrings {
    LogString arg[SYSCALLS_MAX_ARGS];
    LogBytes store;
} LogStrings;

void log_strings_deinit(LogStrings *s);

/*
 * Forgets the last call's strings and reads those of @call.  Paths are read
 * to LOG_PATH_MAX, other strings to @max bytes.
 */
void log_strings_read(LogStrings *s, const SyscallsCall *call, size_t max,
                      LogReadFn read_memory);

/* Tries again those that could not be read. */
void log_strings_retry(LogStrings *s, const SyscallsCall *call, size_t max,
                       LogReadFn read_memory);

#endif /* LOGGER_GUEST_STRINGS_H */
