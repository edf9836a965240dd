/*
 * counts.h: what preload.c counts, for the thread that asks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOSTILE_COUNTS_H
#define TESTS_HOSTILE_COUNTS_H

#include <stdint.h>

typedef struct HostileCounts {
    uint64_t reads;        /* of guest memory, through libqpp */
    uint64_t failed_reads;
    uint64_t read_bytes;
    int64_t live;          /* bytes of malloc() taken less those given back */
    int64_t peak;          /* the largest live since it was set */
} HostileCounts;

HostileCounts *hostile_counts(void);

#endif /* TESTS_HOSTILE_COUNTS_H */
