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
