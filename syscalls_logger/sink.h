/*
 * The file under the log: opening it, and writing to it as it can be
 * written to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_SINK_H
#define LOGGER_SINK_H

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

typedef struct LogSink {
    char *name;  /* for messages */
    int fd;
    bool is_pipe;
} LogSink;

/*
 * Opens @filename, created or emptied; "-" or NULL is standard output.
 * False with @error if that fails.
 */
bool log_sink_open(LogSink *sink, const char *filename, GError **error);

/*
 * Writes @len bytes of whole lines and returns how many of them are in the
 * file: less than @len after an error, which is then reported on stderr.
 * Such a count ends with a whole line; what was written of the next one is
 * cut off again if the file allows it.
 *
 * Others may write to the same pipe, so no single write to one ends inside a
 * line.  @shared: other processes write to the same file, so nothing may be
 * cut off.
 *
 * The thread that calls this must have SIGPIPE blocked.
 */
size_t log_sink_write(LogSink *sink, const char *data, size_t len,
                      bool shared);

/* Reports on stderr if the file says only now that it lost data. */
void log_sink_close(LogSink *sink);

void log_sink_deinit(LogSink *sink);

#endif /* LOGGER_SINK_H */
