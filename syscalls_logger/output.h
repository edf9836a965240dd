/*
 * The log file: whole records from many threads, in few writes.
 *
 * Records are collected in memory and written by a thread of the output's
 * own, when the buffer is full and a tenth of a second after the first
 * record in it.  So vCPUs wait for the file only when it cannot keep up,
 * nobody waits long for the last lines, and if the emulator is killed the
 * file is complete but for that tenth of a second.
 *
 * A write error ends the log: it is reported once on stderr, later records
 * are counted and dropped, and the file stays as it is, ending with a whole
 * record where it can be cut there.
 *
 * fork (a user-mode guest's) is taken care of: each process writes its own
 * records, whole, to the same file.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_OUTPUT_H
#define LOGGER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

typedef struct LogOutput LogOutput;

/*
 * Opens @filename, "-" or NULL being standard output; a file is created or
 * emptied.  @capacity is the buffer's size in bytes.  One output may be
 * open at a time.  NULL with @error if the file cannot be opened.
 */
LogOutput *log_output_open(const char *filename, size_t capacity,
                           GError **error);

/*
 * Appends @len bytes: records, each ending in the newline that is its only
 * one, @records in number (0 for a header).  Any thread; does nothing once
 * the output is closed.
 */
void log_output_append(LogOutput *out, const char *data, size_t len,
                       unsigned int records);

/* Returns when everything appended before has been written (or failed). */
void log_output_flush(LogOutput *out);

/*
 * Writes what is left, reports what was lost, and closes the file.  @out
 * stays valid for late appends.
 */
void log_output_close(LogOutput *out);

/* Records that could not be written so far. */
uint64_t log_output_lost(LogOutput *out);

/* After log_output_close, once no thread can append any more. */
void log_output_free(LogOutput *out);

#endif /* LOGGER_OUTPUT_H */
