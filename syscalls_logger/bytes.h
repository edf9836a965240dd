/*
 * A growing buffer of bytes and the quick ways to append numbers to it.
 *
 * This is the hot path of the logger: no printf, no locale, no allocation
 * once the buffer has its size.  Strings with bytes that need care are the
 * business of escape.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_BYTES_H
#define LOGGER_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <glib.h>

/* All zero is an empty buffer. */
typedef struct LogBytes {
    char *data;
    size_t len;
    size_t cap;
} LogBytes;

/* Frees what @b holds and leaves it empty. */
void log_bytes_deinit(LogBytes *b);

/* Makes room for @more bytes behind the present ones. */
void log_bytes_grow(LogBytes *b, size_t more);

/* At least two digits each: used by the inline functions below. */
extern const char log_digit_pairs[201];
extern const char log_hex_pairs[513];

/* Where @n more bytes may be written; the caller then adds to @b->len. */
static inline char *log_bytes_room(LogBytes *b, size_t n)
{
    /* One more than needed, so that there is always an address. */
    if (G_UNLIKELY(b->cap - b->len <= n)) {
        log_bytes_grow(b, n + 1);
    }
    return b->data + b->len;
}

static inline void log_put(LogBytes *b, const void *bytes, size_t n)
{
    memcpy(log_bytes_room(b, n), bytes, n);
    b->len += n;
}

static inline void log_put_char(LogBytes *b, char c)
{
    *log_bytes_room(b, 1) = c;
    b->len++;
}

static inline void log_put_str(LogBytes *b, const char *s)
{
    log_put(b, s, strlen(s));
}

/* A string constant, whose length the compiler knows. */
#define log_put_lit(b, s) log_put((b), "" s, sizeof(s) - 1)

static inline void log_put_dec(LogBytes *b, uint64_t v)
{
    char digits[20];
    char *end = digits + sizeof(digits);
    char *p = end;

    while (v >= 100) {
        p -= 2;
        memcpy(p, log_digit_pairs + 2 * (v % 100), 2);
        v /= 100;
    }
    if (v >= 10) {
        p -= 2;
        memcpy(p, log_digit_pairs + 2 * v, 2);
    } else {
        *--p = (char)('0' + v);
    }
    log_put(b, p, (size_t)(end - p));
}

static inline void log_put_signed(LogBytes *b, int64_t v)
{
    uint64_t magnitude = (uint64_t)v;

    if (v < 0) {
        log_put_char(b, '-');
        magnitude = -magnitude; /* unsigned: right for INT64_MIN too */
    }
    log_put_dec(b, magnitude);
}

/* Lower-case hexadecimal digits without a prefix. */
static inline void log_put_hex_digits(LogBytes *b, uint64_t v)
{
    size_t n = v ? (size_t)(67 - __builtin_clzll(v)) / 4 : 1;
    char *p = log_bytes_room(b, n) + n;

    b->len += n;
    for (; n >= 2; n -= 2) {
        p -= 2;
        memcpy(p, log_hex_pairs + 2 * (v & 0xff), 2);
        v >>= 8;
    }
    if (n) {
        *--p = log_hex_pairs[2 * v + 1];
    }
}

static inline void log_put_hex(LogBytes *b, uint64_t v)
{
    log_put_lit(b, "0x");
    log_put_hex_digits(b, v);
}

/* C's octal: a leading 0, and 0 itself is just that. */
static inline void log_put_octal(LogBytes *b, uint64_t v)
{
    char digits[24];
    char *end = digits + sizeof(digits);
    char *p = end;

    for (; v; v >>= 3) {
        *--p = (char)('0' + (v & 7));
    }
    *--p = '0';
    log_put(b, p, (size_t)(end - p));
}

#endif /* LOGGER_BYTES_H */
