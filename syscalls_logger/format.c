/*
 * The list of output formats.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "format.h"

static const LogFormat *const formats[] = {
    &log_format_classic,
    &log_format_text,
    &log_format_csv,
    &log_format_jsonl,
};

const LogFormat *log_format_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (strcmp(formats[i]->name, name) == 0) {
            return formats[i];
        }
    }
    return NULL;
}

const char *log_format_names(void)
{
    return "classic, text, csv or jsonl";
}
