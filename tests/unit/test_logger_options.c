/*
 * The logger's options: what is accepted, and that a mistake is answered in
 * one line that names it and says what is allowed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "options.h"
#include "test_logger_common.h"

static bool parse(LogOptions *options, const char *arg1, const char *arg2,
                  GError **error)
{
    char *argv[] = { (char *)arg1, (char *)arg2 };

    return log_options_parse(options, !!arg1 + !!arg2, argv, error);
}

static void test_defaults(void)
{
    LogOptions o;

    g_assert_true(parse(&o, NULL, NULL, NULL));
    g_assert_null(o.filename);
    g_assert_true(o.format == &log_format_text);
    g_assert_cmpuint(o.string_size, ==, 32);
}

static void test_values(void)
{
    static const char *const formats[] = { "classic", "text", "csv", "jsonl" };
    LogOptions o;

    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *arg = g_strconcat("format=", formats[i], NULL);

        g_assert_true(parse(&o, "format=text", arg, NULL));
        g_assert_cmpstr(o.format->name, ==, formats[i]);
    }
    g_assert_true(parse(&o, "filename=a=b", "strsize=0", NULL));
    g_assert_cmpstr(o.filename, ==, "a=b");
    g_assert_cmpuint(o.string_size, ==, 0);
    g_assert_true(parse(&o, "strsize=4096", NULL, NULL));
    g_assert_cmpuint(o.string_size, ==, 4096);
}

static void test_mistakes(void)
{
    static const struct {
        const char *arg;
        const char *allowed;
    } cases[] = {
        { "format=xml", "classic, text, csv or jsonl" },
        { "format=", "classic, text, csv or jsonl" },
        { "format=JSONL", "classic, text, csv or jsonl" },
        { "strsize=-1", "0 to 4096" },
        { "strsize=4097", "0 to 4096" },
        { "strsize=", "0 to 4096" },
        { "strsize=1k", "0 to 4096" },
        { "filename=", "name of a file" },
        { "file=x", "filename=FILE" },
        { "format", "format=classic|text|csv|jsonl" },
        { "jsonl=on", "format=classic|text|csv|jsonl" },
        { "", "strsize=BYTES" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        LogOptions o;

        g_assert_false(parse(&o, "format=csv", cases[i].arg, &error));
        g_assert_true(g_str_has_prefix(error->message, cases[i].arg));
        g_assert_nonnull(strstr(error->message, cases[i].allowed));
        g_assert_null(strchr(error->message, '\n'));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/logger/options/defaults", test_defaults);
    g_test_add_func("/logger/options/values", test_values);
    g_test_add_func("/logger/options/mistakes", test_mistakes);
    return g_test_run();
}
