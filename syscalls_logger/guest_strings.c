/*
 * Reads string arguments chunk by chunk; no chunk crosses a page, so that a
 * string which ends just before an unreadable page is read.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "guest_strings.h"

/* The smallest page of any Linux architecture; larger ones align with it. */
#define PAGE 4096
/* Most strings are short, and a read costs by its length. */
#define CHUNK 128

void log_strings_deinit(LogStrings *s)
{
    log_bytes_deinit(&s->store);
    memset(s, 0, sizeof(*s));
}

/*
 * Appends the string at @addr to the store.  One byte more than @max is
 * looked at, to tell a string of just that length from a longer one.
 */
static void read_one(LogStrings *s, LogString *str, uint64_t addr, size_t max,
                     LogReadFn read_memory)
{
    str->state = LOG_STRING_UNREADABLE;
    str->start = s->store.len;
    str->len = 0;
    while (str->len <= max) {
        uint64_t at = addr + str->len;
        size_t want = MIN(PAGE - at % PAGE, max + 1 - str->len);
        char chunk[CHUNK];
        const char *nul;

        want = MIN(want, CHUNK);
        if (at < addr || !read_memory(at, chunk, want)) {
            s->store.len = str->start;
            str->len = 0;
            return;
        }
        nul = memchr(chunk, 0, want);
        if (nul) {
            want = (size_t)(nul - chunk);
        }
        log_put(&s->store, chunk, want);
        str->len += want;
        if (nul) {
            str->state = LOG_STRING_WHOLE;
            return;
        }
    }
    str->state = LOG_STRING_CUT;
    str->len = max;
    s->store.len = str->start + max;
}

/* How much of an argument of this kind is shown; -1: it is no string. */
static gssize bound_of(uint8_t kind, size_t max)
{
    switch (kind) {
    case SYSCALLS_ARG_PATH:
        return LOG_PATH_MAX - 1;
    case SYSCALLS_ARG_STRING:
        return (gssize)max;
    default:
        return -1;
    }
}

void log_strings_read(LogStrings *s, const SyscallsCall *call, size_t max,
                      LogReadFn read_memory)
{
    s->store.len = 0;
    memset(s->arg, 0, sizeof(s->arg));
    for (unsigned int i = 0; call->info && i < call->info->n_args; i++) {
        gssize bound = bound_of(call->info->args[i].kind, max);

        if (bound >= 0 && call->args[i]) {
            read_one(s, &s->arg[i], call->args[i], (size_t)bound, read_memory);
        }
    }
}

void log_strings_retry(LogStrings *s, const SyscallsCall *call, size_t max,
                       LogReadFn read_memory)
{
    for (unsigned int i = 0; call->info && i < call->info->n_args; i++) {
        if (s->arg[i].state == LOG_STRING_UNREADABLE) {
            gssize bound = bound_of(call->info->args[i].kind, max);

            read_one(s, &s->arg[i], call->args[i], (size_t)bound, read_memory);
        }
    }
}
