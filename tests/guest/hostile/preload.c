/*
 * preload.c: loaded into QEMU before everything else (LD_PRELOAD), it stands
 * between osi_linux and libqpp's reader of guest memory, and between QEMU and
 * malloc(), and counts for each thread.  What the counts may be is left to
 * ask.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "counts.h"

/* glibc's own, for those that stand in front of it. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void __libc_free(void *p);

#define EXPORT __attribute__((visibility("default")))

/* In a preloaded library this needs no allocation. */
static _Thread_local HostileCounts counts
    __attribute__((tls_model("initial-exec")));

EXPORT HostileCounts *hostile_counts(void)
{
    return &counts;
}

/* ---- Guest memory -------------------------------------------------------- */

typedef bool (*ReadMemoryFn)(uint64_t addr, void *buf, size_t len);

/* libqpp's, by the path of the library: it is nobody's next one. */
static ReadMemoryFn real_read_memory(void)
{
    static ReadMemoryFn real;

    if (!real) {
        void *lib = dlopen(getenv("HOSTILE_LIBQPP"), RTLD_LAZY | RTLD_NOLOAD);

        real = lib ? (ReadMemoryFn)dlsym(lib, "qpp_qemu_plugin_read_memory")
                   : NULL;
        if (!real) {
            abort();
        }
    }
    return real;
}

/* libqpp's name of it: what plugin-qpp.h's label makes of the call. */
bool qpp_qemu_plugin_read_memory(uint64_t addr, void *buf, size_t len);

EXPORT bool qpp_qemu_plugin_read_memory(uint64_t addr, void *buf, size_t len)
{
    bool done = real_read_memory()(addr, buf, len);

    counts.reads++;
    counts.failed_reads += !done;
    counts.read_bytes += len;
    return done;
}

/* ---- Host memory --------------------------------------------------------- */

static void *counted(void *p)
{
    if (p) {
        counts.live += (int64_t)malloc_usable_size(p);
        if (counts.live > counts.peak) {
            counts.peak = counts.live;
        }
    }
    return p;
}

static void uncount(void *p)
{
    if (p) {
        counts.live -= (int64_t)malloc_usable_size(p);
    }
}

EXPORT void *malloc(size_t size)
{
    return counted(__libc_malloc(size));
}

EXPORT void *calloc(size_t n, size_t size)
{
    return counted(__libc_calloc(n, size));
}

EXPORT void *realloc(void *p, size_t size)
{
    void *now;

    uncount(p);
    now = counted(__libc_realloc(p, size));
    if (!now && size) {
        counted(p);
    }
    return now;
}

EXPORT void free(void *p)
{
    uncount(p);
    __libc_free(p);
}
