/*
 * range.h: the pages around a kernel's code that are searched for what it
 * says of itself.  What is looked for there is the searchers' business.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_RANGE_H
#define OSI_RANGE_H

#include <stdint.h>

#define OSI_PAGE 4096u
/* Each way: a kernel's image is smaller. */
#define OSI_DEFAULT_RANGE (64ull << 20)

typedef struct OsiRange {
    uint64_t start; /* the page to begin with */
    uint64_t first; /* the lowest page */
    uint64_t last;  /* the highest address */
} OsiRange;

/*
 * From the page of @near @up bytes upwards and @down bytes downwards, 0 for
 * the default.  Neither end wraps around.
 */
static inline OsiRange osi_range_around(uint64_t near, uint64_t up,
                                        uint64_t down)
{
    OsiRange range = { .start = near - near % OSI_PAGE };

    up = up ? up : OSI_DEFAULT_RANGE;
    down = down ? down : OSI_DEFAULT_RANGE;
    range.last = up - 1 > UINT64_MAX - range.start ? UINT64_MAX
                                                   : range.start + up - 1;
    range.first = down > range.start ? 0 : range.start - down;
    range.first -= range.first % OSI_PAGE;
    return range;
}

#endif /* OSI_RANGE_H */
