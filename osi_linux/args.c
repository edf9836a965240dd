/*
 * args.c: a program's command line and environment.
 *
 * execve puts the strings at the stack's top, one behind the other, each with
 * its NUL, and leaves in mm_struct where they begin and end.  They are the
 * program's to overwrite.  As setproctitle(3) does so, the kernel has a rule
 * for it (fs/proc/base.c, get_mm_cmdline()): if the last byte of the
 * arguments is no NUL any more, the command line is one string, which may go
 * on into the environment behind.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "args.h"

/* Most bytes; the kernel allows 6 MiB for both (fs/exec.c). */
#define MAX_SIZE (8u << 20)
/* Most that the kernel shows of a title: a page. */
#define MAX_TITLE 4096

typedef struct Range {
    uint64_t start, end;
} Range;

static bool read_range(const OsiView *v, uint64_t mm, const OsiField *start,
                       const OsiField *end, Range *out)
{
    return osi_view_field(v, mm, start, &out->start) &&
           osi_view_field(v, mm, end, &out->end);
}

static GByteArray *read_bytes(OsiReadUserFn read_user, void *opaque,
                              const Range *range)
{
    uint64_t size = range->end > range->start ? range->end - range->start : 0;
    uint8_t *bytes;

    if (size > MAX_SIZE) {
        return NULL;
    }
    bytes = g_try_malloc(size + 1);
    if (!bytes || (size && !read_user(opaque, range->start, bytes, size))) {
        g_free(bytes);
        return NULL;
    }
    return g_byte_array_new_take(bytes, size);
}

/* The string at @args->start, which ends before @end at the latest. */
static GByteArray *read_title(OsiReadUserFn read_user, void *opaque,
                              const Range *args, uint64_t end)
{
    const Range whole = { args->start,
                          MIN(end, args->start + MAX_TITLE) };
    GByteArray *title = read_bytes(read_user, opaque, &whole);
    const uint8_t *nul = title && title->len
                             ? memchr(title->data, '\0', title->len) : NULL;

    if (nul) {
        g_byte_array_set_size(title, nul + 1 - title->data);
    }
    return title;
}

GByteArray *osi_args_cmdline(const OsiView *v, uint64_t mm,
                             OsiReadUserFn read_user, void *opaque)
{
    Range args, env;
    uint8_t last;

    if (!read_range(v, mm, &v->proc->mm.arg_start,
                    &v->proc->mm.arg_end, &args) ||
        !read_range(v, mm, &v->proc->mm.env_start,
                    &v->proc->mm.env_end, &env)) {
        return NULL;
    }
    if (args.start >= args.end) {
        return g_byte_array_new();
    }
    if (!read_user(opaque, args.end - 1, &last, 1)) {
        return NULL;
    }
    if (last == '\0') {
        return read_bytes(read_user, opaque, &args);
    }
    return read_title(read_user, opaque, &args,
                      env.start == args.end && env.end > env.start
                          ? env.end : args.end);
}

GByteArray *osi_args_environment(const OsiView *v, uint64_t mm,
                                 OsiReadUserFn read_user, void *opaque)
{
    Range env;

    return read_range(v, mm, &v->proc->mm.env_start,
                      &v->proc->mm.env_end, &env)
               ? read_bytes(read_user, opaque, &env) : NULL;
}
