/*
 * What an output format is, and the record it is given.
 *
 * A format is a const table of functions that append bytes; it reads no
 * guest memory, asks no other plugin, and writes no file.  A new one is a
 * file of its own and a line in format.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_FORMAT_H
#define LOGGER_FORMAT_H

#include <stdbool.h>

#include "bytes.h"
#include "osi_linux/osi.h"
#include "guest_strings.h"
#include "syscalls/syscalls.h"

typedef struct LogRecord {
    const SyscallsCall *call;
    const OsiIdentity *who;    /* NULL: unknown */
    const LogStrings *strings; /* NULL unless the format wants them */
} LogRecord;

typedef struct LogFormat {
    const char *name;
    const char *header;  /* the file's first bytes; NULL: none */
    bool wants_strings;
    /*
     * Appends the record of a call that is being made (on_enter) or is over
     * (on_return), ending in its one newline.  NULL: not interested.
     */
    void (*on_enter)(LogBytes *out, const LogRecord *rec);
    void (*on_return)(LogBytes *out, const LogRecord *rec);
    /* The same of a line in front of the first call of boot @boot, from 2. */
    void (*on_boot)(LogBytes *out, unsigned int boot);
} LogFormat;

extern const LogFormat log_format_classic;
extern const LogFormat log_format_text;
extern const LogFormat log_format_csv;
extern const LogFormat log_format_jsonl;

/* The format of that name; NULL if there is none. */
const LogFormat *log_format_find(const char *name);

/* The names of all formats, as "a, b or c".  Constant. */
const char *log_format_names(void);

/* Whether the call has a result to show. */
static inline bool log_has_result(const SyscallsCall *call)
{
    return call->outcome == SYSCALLS_RETURNED ||
           call->outcome == SYSCALLS_CHILD;
}

/* How many arguments to show: of an unknown call, all it could have. */
static inline unsigned int log_arg_count(const SyscallsCall *call)
{
    return call->info ? MIN(call->info->n_args, SYSCALLS_MAX_ARGS)
                      : SYSCALLS_MAX_ARGS;
}

#endif /* LOGGER_FORMAT_H */
