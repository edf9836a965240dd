/*
 * Strings of a guest, which may hold any bytes, made safe for each format.
 *
 * Whatever the bytes are, the result is printable, on one line, and well
 * formed in its format.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_ESCAPE_H
#define LOGGER_ESCAPE_H

#include "bytes.h"

/*
 * The inside of a C string: \n and its like, \" (or whatever @quote is) and
 * \\ by name, every byte that is not printable ASCII in octal, as short as
 * what follows allows.
 */
void log_put_c_escaped(LogBytes *b, const char *s, size_t n, char quote);

/* A JSON string with its quotes.  A byte that is not UTF-8 is U+FFFD. */
void log_put_json_string(LogBytes *b, const char *s, size_t n);

/*
 * A field of RFC 4180, quoted if need be.  Control bytes and bytes that are
 * not UTF-8 are \ and three octal digits, and \ itself is doubled, so that
 * a record stays on its line and the bytes can be told.
 */
void log_put_csv_field(LogBytes *b, const char *s, size_t n);

#endif /* LOGGER_ESCAPE_H */
