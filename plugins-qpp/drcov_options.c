/*
 * drcov_options.c: drcov's options.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "drcov.h"

static bool parse_option(const char *name, const char *value, bool system,
                         DrcovOptions *options)
{
    uint64_t number;

    if (!*value) {
        return false;
    }
    if (strcmp(name, "filename") == 0) {
        options->filename = value;
        return true;
    }
    if (system && strcmp(name, "user") == 0) {
        return qemu_plugin_bool_parse(name, value, &options->user);
    }
    if (system && strcmp(name, "kernel") == 0) {
        return qemu_plugin_bool_parse(name, value, &options->kernel);
    }
    if (system && strcmp(name, "comm") == 0) {
        options->comm = value;
        return true;
    }
    if (!system || !g_ascii_string_to_unsigned(value, 10, 1, G_MAXINT32,
                                               &number, NULL)) {
        return false;
    }
    if (strcmp(name, "pid") == 0) {
        options->pid = (int32_t)number;
        return true;
    }
    options->max = (uint32_t)number;
    return strcmp(name, "max") == 0;
}

bool drcov_parse_options(int argc, char **argv, bool system,
                         DrcovOptions *options)
{
    for (int i = 0; i < argc; i++) {
        g_auto(GStrv) words = g_strsplit(argv[i], "=", 2);
        char *value = strchr(argv[i], '='); /* argv stays */

        if (!value || !parse_option(words[0], value + 1, system, options)) {
            fprintf(stderr, "drcov: '%s' is not understood; options: "
                    "filename=FILE%s\n", argv[i], system ?
                    " user=on|off kernel=on|off comm=NAME pid=N max=N" : "");
            return false;
        }
    }
    return true;
}
