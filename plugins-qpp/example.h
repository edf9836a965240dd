/*
 * example.h: what the examples here share, and what has little to do with
 * QEMU: options, ranges of addresses, texts, where a report goes, and a
 * user-mode guest that forks.  To be copied along with one of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_EXAMPLE_H
#define QPP_EXAMPLE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin-qpp.h"

/* ---- Options: "name=value" ---- */

typedef struct Option {
    const char *name;
    const char *form; /* of the value, for people */
    bool (*parse)(const char *value, void *to);
    void *to;
} Option;

static inline bool parse_switch(const char *value, void *to)
{
    return qemu_plugin_bool_parse("option", value, to);
}

static inline bool parse_text(const char *value, void *to)
{
    *(const char **)to = value; /* argv stays */
    return *value != '\0';
}

/* Into an array that is NULL before the first: may be given several times. */
static inline bool parse_texts(const char *value, void *to)
{
    GPtrArray **texts = to;

    if (!*texts) {
        *texts = g_ptr_array_new();
    }
    g_ptr_array_add(*texts, (gpointer)value);
    return *value != '\0';
}

static inline bool parse_number(const char *value, void *to)
{
    return g_ascii_string_to_unsigned(value, 10, 0, UINT64_MAX, to, NULL);
}

/* ---- The options that every example has ---- */

typedef struct Range {
    uint64_t first, last;
} Range;

static GArray *ranges; /* of code to look at; NULL: all of it */
static const char *filename = "-";

/* FIRST-LAST, or one ADDRESS, in C's notation.  May be given more than once. */
static inline bool parse_range(const char *value, void *to)
{
    char *end = NULL;
    Range range;

    if (!g_ascii_isdigit(*value)) {
        return false;
    }
    range.first = range.last = g_ascii_strtoull(value, &end, 0);
    if (*end == '-') {
        if (!g_ascii_isdigit(end[1])) {
            return false;
        }
        range.last = g_ascii_strtoull(end + 1, &end, 0);
    }
    if (!ranges) {
        ranges = g_array_new(false, false, sizeof(Range));
    }
    g_array_append_val(ranges, range);
    return *end == '\0' && range.first <= range.last;
}

#define COMMON_OPTIONS                                                        \
    { "afilter", "FIRST-LAST", parse_range, NULL },                           \
    { "filename", "FILE", parse_text, &filename }, { NULL, NULL, NULL, NULL }

static inline bool in_ranges(uint64_t address)
{
    for (guint i = 0; ranges && i < ranges->len; i++) {
        const Range *r = &g_array_index(ranges, Range, i);

        if (address >= r->first && address <= r->last) {
            return true;
        }
    }
    return !ranges;
}

/* False after a line that says what may be given. */
static inline bool parse_options(const Option *options, int argc, char **argv)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (const Option *o = options; o->name; o++) {
        g_string_append_printf(known, " %s=%s", o->name, o->form);
    }
    for (int i = 0; i < argc; i++) {
        bool good = false;

        for (const Option *o = options; o->name && !good; o++) {
            size_t len = strlen(o->name);

            good = strncmp(argv[i], o->name, len) == 0 &&
                   argv[i][len] == '=' && o->parse(argv[i] + len + 1, o->to);
        }
        if (!good) {
            fprintf(stderr, "%s: '%s' is not understood; options:%s\n",
                    qemu_plugin_name, argv[i], known->str);
            return false;
        }
    }
    return true;
}

/* ---- Texts ---- */

/* The instruction's bytes, in memory order. */
static inline void append_bytes(GString *s, const struct qemu_plugin_insn *insn)
{
    uint8_t bytes[32];
    size_t n = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

    g_string_append(s, "0x");
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(s, "%02x", bytes[i]);
    }
}

/* Whether @text begins with one of @beginnings.  Either may be NULL. */
static inline bool begins_with(const char *text, const GPtrArray *beginnings)
{
    for (guint i = 0; text && beginnings && i < beginnings->len; i++) {
        if (g_str_has_prefix(text, beginnings->pdata[i])) {
            return true;
        }
    }
    return false;
}

/* What an access moved, if the host tells. */
static inline void append_value(GString *s, qemu_plugin_mem_value value)
{
    const uint64_t low[] = { value.data.u8, value.data.u16, value.data.u32,
                             value.data.u64, value.data.u128.low };

    if (value.type == QPP_MEM_VALUE_UNKNOWN) {
        return;
    }
    g_string_append(s, ", 0x");
    if (value.type == QEMU_PLUGIN_MEM_VALUE_U128) {
        g_string_append_printf(s, "%016" PRIx64, value.data.u128.high);
    }
    g_string_append_printf(s, "%0*" PRIx64, MIN(2 << value.type, 16),
                           low[value.type]);
}

/* ---- The host ---- */

/* Whether it has @function; after a line that it cannot @what, if not. */
static inline bool host_can(const char *what, const char *function)
{
    bool can = qemu_plugin_available(function);

    if (!can) {
        fprintf(stderr, "%s: this QEMU cannot %s\n", qemu_plugin_name, what);
    }
    return can;
}

/* ---- Output ---- */

static FILE *out;

/*
 * Opens @filename, "-" being standard output.  Under a high number: a
 * user-mode guest shares the process's files, expects the low numbers, and
 * may close its standard output before it ends.  False after a line.
 */
static inline bool open_output(void)
{
    bool is_stdout = strcmp(filename, "-") == 0;
    int fd = is_stdout ? STDOUT_FILENO : creat(filename, 0666);
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 100);

    out = high < 0 ? NULL : fdopen(high, "w");
    if (!out) {
        fprintf(stderr, "%s: cannot write to '%s': %s; name another file\n",
                qemu_plugin_name, filename, strerror(errno));
    }
    if (fd >= 0 && !is_stdout) {
        close(fd);
    }
    return out != NULL;
}

/*
 * A user-mode guest that forks takes its plugins along, and both processes
 * report when they end.  A plugin's pthread_atfork handler for the child sets
 * its counters to 0, so that what was executed is in one report only, and
 * this, so that the report says whose it is.
 */
static bool forked;

static inline void begin_anew(struct qemu_plugin_scoreboard *score,
                              size_t element_size)
{
    forked = true;
    for (int i = 0; i < qemu_plugin_num_vcpus(); i++) {
        memset(qemu_plugin_scoreboard_find(score, i), 0, element_size);
    }
}

static inline void begin_output(void)
{
    if (forked) {
        fprintf(out, "Process %d\n", (int)getpid());
    }
}

/* Nothing may be left in the stream's buffer: a fork would make it two. */
static inline void finish_output(void)
{
    if (fflush(out) != 0 || ferror(out)) {
        fprintf(stderr, "%s: cannot write to '%s': %s\n", qemu_plugin_name,
                filename, strerror(errno));
    }
}

#endif /* QPP_EXAMPLE_H */
