/*
 * Escaping for C, JSON and CSV.  Each copies runs of harmless bytes whole
 * and stops only where a byte needs care.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "escape.h"

/* Printable ASCII that means nothing special in any of the formats. */
static bool is_plain(char ch)
{
    unsigned char c = (unsigned char)ch;

    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '\'' &&
           c != ',';
}

static size_t plain_run(const char *s, size_t n)
{
    size_t i = 0;

    while (i < n && is_plain(s[i])) {
        i++;
    }
    return i;
}

/* Length of the UTF-8 character at @s; 0: these bytes are none. */
static size_t utf8_length(const char *s, size_t n)
{
    gunichar c;

    if ((unsigned char)*s < 0x80) {
        return 1;
    }
    c = g_utf8_get_char_validated(s, (gssize)MIN(n, 4));
    /* It is more than ASCII, so an error (-1, -2) is told by its range. */
    return c > 0x10ffff ? 0 : (size_t)g_unichar_to_utf8(c, NULL);
}

static void put_octal_escape(LogBytes *b, unsigned char c, bool full)
{
    log_put_char(b, '\\');
    if (full || c >= 0100) {
        log_put_char(b, (char)('0' + (c >> 6)));
    }
    if (full || c >= 010) {
        log_put_char(b, (char)('0' + ((c >> 3) & 7)));
    }
    log_put_char(b, (char)('0' + (c & 7)));
}

/* The letter of C's escape for @c; 0 if it has none. */
static char c_escape_letter(unsigned char c)
{
    switch (c) {
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\v':
        return 'v';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    case '\\':
        return '\\';
    default:
        return 0;
    }
}

void log_put_c_escaped(LogBytes *b, const char *s, size_t n, char quote)
{
    size_t i = 0;

    while (i < n) {
        size_t run = plain_run(s + i, n - i);
        unsigned char c;
        char letter;

        log_put(b, s + i, run);
        i += run;
        if (i == n) {
            break;
        }
        c = (unsigned char)s[i++];
        letter = c == (unsigned char)quote ? quote : c_escape_letter(c);
        if (letter) {
            log_put_char(b, '\\');
            log_put_char(b, letter);
        } else if (c >= 0x20 && c < 0x7f) {
            log_put_char(b, (char)c);
        } else {
            /* A digit that follows must not be taken for part of it. */
            put_octal_escape(b, c, i < n && g_ascii_isdigit(s[i]));
        }
    }
}

/* One byte that is special in JSON: the backslash is already there. */
static void put_json_special(LogBytes *b, unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        log_put_char(b, (char)c);
        break;
    case '\n':
        log_put_char(b, 'n');
        break;
    case '\t':
        log_put_char(b, 't');
        break;
    case '\r':
        log_put_char(b, 'r');
        break;
    default:
        log_put_lit(b, "u00");
        log_put(b, log_hex_pairs + 2 * c, 2);
        break;
    }
}

void log_put_json_string(LogBytes *b, const char *s, size_t n)
{
    size_t i = 0;

    log_put_char(b, '"');
    while (i < n) {
        size_t run = plain_run(s + i, n - i);
        unsigned char c;

        log_put(b, s + i, run);
        i += run;
        if (i == n) {
            break;
        }
        c = (unsigned char)s[i];
        run = utf8_length(s + i, n - i);
        if (run == 0) {
            log_put_lit(b, "\\ufffd");
            i++;
        } else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
            log_put_char(b, '\\');
            put_json_special(b, c);
            i++;
        } else {
            log_put(b, s + i, run);
            i += run;
        }
    }
    log_put_char(b, '"');
}

static void put_csv_special(LogBytes *b, const char *s, size_t length)
{
    unsigned char c = (unsigned char)*s;

    if (length == 0 || c < 0x20 || c == 0x7f) {
        put_octal_escape(b, c, true);
    } else if (c == '"' || c == '\\') {
        log_put_char(b, (char)c);
        log_put_char(b, (char)c);
    } else {
        log_put(b, s, length);
    }
}

void log_put_csv_field(LogBytes *b, const char *s, size_t n)
{
    bool quoted = memchr(s, '"', n) || memchr(s, ',', n);
    size_t i = 0;

    if (quoted) {
        log_put_char(b, '"');
    }
    while (i < n) {
        size_t run = plain_run(s + i, n - i);

        log_put(b, s + i, run);
        i += run;
        if (i < n) {
            size_t length = utf8_length(s + i, n - i);

            put_csv_special(b, s + i, length);
            i += MAX(length, 1);
        }
    }
    if (quoted) {
        log_put_char(b, '"');
    }
}
