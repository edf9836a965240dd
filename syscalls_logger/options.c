/*
 * Parses filename=, format= and strsize=.  The last of each counts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "options.h"

/* strace's, which people are used to. */
#define DEFAULT_STRING_SIZE 32
#define MAX_STRING_SIZE 4096

static void set_error(GError **error, const char *arg, const char *allowed)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: %s", arg,
                allowed);
}

static bool parse_filename(LogOptions *o, const char *arg, const char *value,
                           GError **error)
{
    if (!*value) {
        set_error(error, arg, "give the name of a file, or - for stdout");
        return false;
    }
    o->filename = value;
    return true;
}

static bool parse_format(LogOptions *o, const char *arg, const char *value,
                         GError **error)
{
    const LogFormat *format = log_format_find(value);

    if (!format) {
        g_autofree char *allowed =
            g_strdup_printf("the formats are %s", log_format_names());

        set_error(error, arg, allowed);
        return false;
    }
    o->format = format;
    return true;
}

static bool parse_strsize(LogOptions *o, const char *arg, const char *value,
                          GError **error)
{
    guint64 n;

    if (!g_ascii_string_to_unsigned(value, 10, 0, MAX_STRING_SIZE, &n, NULL)) {
        set_error(error, arg, "give a number of bytes from 0 to "
                  G_STRINGIFY(MAX_STRING_SIZE));
        return false;
    }
    o->string_size = (size_t)n;
    return true;
}

bool log_options_parse(LogOptions *options, int argc, char **argv,
                       GError **error)
{
    static const struct {
        const char *prefix;
        bool (*parse)(LogOptions *, const char *, const char *, GError **);
    } known[] = {
        { "filename=", parse_filename },
        { "format=", parse_format },
        { "strsize=", parse_strsize },
    };

    *options = (LogOptions) {
        .format = &log_format_text,
        .string_size = DEFAULT_STRING_SIZE,
    };
    for (int i = 0; i < argc; i++) {
        size_t k = 0;

        while (k < G_N_ELEMENTS(known) &&
               !g_str_has_prefix(argv[i], known[k].prefix)) {
            k++;
        }
        if (k == G_N_ELEMENTS(known)) {
            set_error(error, argv[i],
                      "the options are filename=FILE, "
                      "format=classic|text|csv|jsonl and strsize=BYTES");
            return false;
        }
        if (!known[k].parse(options, argv[i],
                            argv[i] + strlen(known[k].prefix), error)) {
            return false;
        }
    }
    return true;
}
