/*
 * drcov.h: between drcov's parts.  drcov.c instruments; drcov_file.c keeps
 * what a process has executed and writes it; drcov_user.c and
 * drcov_system.c know whose code runs and what is mapped where.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_DRCOV_H
#define QPP_DRCOV_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plugin-qpp.h"
#include "syscalls.h"

/* Code as it was translated, whoever executes it.  Never freed. */
typedef struct Block {
    uint64_t start; /* virtual address */
    uint32_t size;  /* bytes */
    uint32_t index; /* counts up from 0 */
    /*
     * Where in QEMU's memory it lies.  The same start may be different code
     * in different processes.
     */
    const void *host;
} Block;

/* More are left out: what code a guest makes is its own choice. */
#define MAX_BLOCKS (4u << 20)

/* ---- drcov_file.c ---- */

/* What a process has executed.  Any thread may call these. */
typedef struct Coverage Coverage;

Coverage *coverage_new(void);
/* Whether @block is executed for the first time, as far as is known. */
bool coverage_first(Coverage *coverage, const Block *block);
/* Adds [start, start + size); false if no module is known that has it. */
bool coverage_add(Coverage *coverage, uint64_t start, uint32_t size);
/* Another module: [start, end), which is @path (any bytes). */
void coverage_add_module(Coverage *coverage, uint64_t start, uint64_t end,
                         const char *path);
/*
 * [start, end) is mapped anew or no more.  Modules that had any of it must
 * be added again, and all blocks count as not executed: they may be others.
 */
void coverage_unmap(Coverage *coverage, uint64_t start, uint64_t end);
/* Nothing is executed, nothing mapped. */
void coverage_reset(Coverage *coverage);
void coverage_free(Coverage *coverage);
/* Whether there is anything to write. */
bool coverage_empty(Coverage *coverage);
/* False after a line on stderr. */
bool coverage_write(Coverage *coverage, const char *filename);

/* ---- drcov_options.c, drcov_mappings.c ---- */

typedef struct DrcovOptions {
    const char *filename;
    bool user, kernel; /* whose code; the rest is for system mode as well */
    const char *comm;  /* only processes of that name; NULL: all */
    int32_t pid;       /* only that one; 0: all */
    uint32_t max;      /* processes */
} DrcovOptions;

/* False after a line on stderr.  @options has the defaults. */
bool drcov_parse_options(int argc, char **argv, bool system,
                         DrcovOptions *options);

/* Calls @function on @event of @call, if the guest has such a call. */
bool drcov_watch(const char *call, const char *event, cb_func_t function);
/* Calls @function when an mmap, munmap or mremap has been made. */
bool drcov_watch_mappings(cb_func_t function);
/* To be called then: coverage_unmap() if need be. */
void drcov_mapping_changed(Coverage *coverage, const SyscallsCall *call);
/* The line about @n blocks left out since @why, if any. */
void drcov_report_left_out(uint64_t n, const char *why);

/* ---- drcov_user.c, drcov_system.c ---- */

typedef struct Source {
    /* Whether blocks that start there are looked at. */
    bool (*wants)(uint64_t start);
    /*
     * Makes @cb be called at executions of @block, which is being translated
     * as @tb, at the latest at a process's first one.
     */
    void (*instrument)(struct qemu_plugin_tb *tb, const Block *block,
                       qemu_plugin_vcpu_udata_cb_t cb);
    /* Of whoever executes @block there; NULL: not known, or not wanted. */
    Coverage *(*current)(unsigned int vcpu_index, const Block *block);
    /* For the first time. */
    void (*executed)(unsigned int vcpu_index, Coverage *coverage,
                     const Block *block);
    /* QEMU ends. */
    void (*write)(void);
} Source;

/* NULL after a line on stderr. */
const Source *drcov_user_start(qemu_plugin_id_t id,
                               const DrcovOptions *options);
const Source *drcov_system_start(qemu_plugin_id_t id, const qemu_info_t *info,
                                 const DrcovOptions *options);

#endif /* QPP_DRCOV_H */
