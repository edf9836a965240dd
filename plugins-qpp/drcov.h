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

/* A block of the guest's, whoever executes it.  Never freed. */
typedef struct Block {
    uint64_t start; /* virtual address */
    uint32_t size;  /* bytes */
    uint32_t index; /* counts up from 0 */
} Block;

/* More are left out: what code a guest makes is its own choice. */
#define MAX_BLOCKS (4u << 20)

/* ---- drcov_file.c ---- */

/* What a process has executed.  Any thread may call these. */
typedef struct Coverage Coverage;

Coverage *coverage_new(void);
/* Whether @block is executed for the first time, as far as is known. */
bool coverage_first(Coverage *coverage, const Block *block);
/* Adds it to the file; false if no module is known that it is in. */
bool coverage_add(Coverage *coverage, const Block *block);
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
/* Whether there is anything to write. */
bool coverage_empty(Coverage *coverage);
/* False after a line on stderr. */
bool coverage_write(Coverage *coverage, const char *filename);

/* ---- drcov_user.c, drcov_system.c ---- */

typedef struct Source {
    /* Of the process on that vCPU; NULL: not known, or not wanted. */
    Coverage *(*current)(unsigned int vcpu_index);
    /* It has executed @block for the first time. */
    void (*executed)(unsigned int vcpu_index, Coverage *coverage,
                     const Block *block);
    /* QEMU ends. */
    void (*write)(void);
} Source;

/* NULL after a line on stderr. */
const Source *drcov_user_start(qemu_plugin_id_t id, const char *filename);

#endif /* QPP_DRCOV_H */
