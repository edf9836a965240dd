/*
 * error.c: how the core reports: one line on stderr.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "core.h"

G_DEFINE_QUARK(qpp-error-quark, qpp_error)

void qpp_error(const char *format, ...)
{
    va_list ap;
    g_autofree char *text = NULL;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    fprintf(stderr, "qpp: %s\n", text);
}

char *qpp_shown(const char *name)
{
    g_autofree char *escaped = name ? g_strescape(name, NULL) : NULL;

    return escaped ? g_strdup_printf("%.80s", escaped) : g_strdup("(null)");
}

bool qpp_context_error(atomic_flag *told, const char *function,
                       const char *what)
{
    if (!atomic_flag_test_and_set(told)) {
        qpp_error("%s: %s", function, what);
    }
    return false;
}
