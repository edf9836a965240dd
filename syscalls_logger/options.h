/*
 * The logger's options, as given on QEMU's command line.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_OPTIONS_H
#define LOGGER_OPTIONS_H

#include "format.h"

typedef struct LogOptions {
    const char *filename; /* points into the arguments; NULL: stdout */
    const LogFormat *format;
    size_t string_size;   /* how much is shown of a string, paths apart */
} LogOptions;

/* False with @error (one line, what is allowed) on the first wrong one. */
bool log_options_parse(LogOptions *options, int argc, char **argv,
                       GError **error);

#endif /* LOGGER_OPTIONS_H */
