/*
 * Kallsyms in a guest's memory: finding the token_index, which has the
 * tightest form of the tables: 256 numbers of 16 bits, from 0, ascending in
 * small steps.  What lies around a find is copied and parsed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "kallsyms_priv.h"
#include "range.h"

#include <inttypes.h>

#define PAGE OSI_PAGE
#define OVERLAP TOKEN_INDEX_SIZE /* of it, a little less crosses a page */
#define DEFAULT_CANDIDATES 8u

typedef struct Finder {
    OsiReadFn read;
    void *opaque;
    uint64_t near;
    uint32_t candidates_left;
    uint32_t candidates; /* for the error's text */
    uint64_t pages;
    Kallsyms *found;
} Finder;

/*
 * Reads from @addr, a page's start, as many pages as can be read, at most
 * @max bytes, upwards to @buf.
 */
static size_t read_up(const Finder *f, uint64_t addr, uint8_t *buf,
                      size_t max)
{
    size_t n = 0;

    while (n < max && addr + n >= addr &&
           f->read(f->opaque, addr + n, buf + n, PAGE)) {
        n += PAGE;
    }
    return n;
}

/* The same below @addr, so that they end at @buf + @max. */
static size_t read_down(const Finder *f, uint64_t addr, uint8_t *buf,
                        size_t max)
{
    size_t n = 0;

    while (n < max && addr > n &&
           f->read(f->opaque, addr - n - PAGE, buf + max - n - PAGE, PAGE)) {
        n += PAGE;
    }
    return n;
}

static bool try_candidate(Finder *f, uint64_t addr, bool big_endian)
{
    uint64_t page = addr - addr % PAGE;
    g_autofree uint8_t *buf = NULL;
    KallsymsImage image;
    size_t below, above;

    if (f->candidates_left == 0) {
        return false;
    }
    f->candidates_left--;
    f->candidates++;
    buf = g_try_malloc(KALLSYMS_BELOW + KALLSYMS_ABOVE);
    if (!buf) {
        return false;
    }
    below = read_down(f, page, buf, KALLSYMS_BELOW);
    above = read_up(f, page, buf + KALLSYMS_BELOW, KALLSYMS_ABOVE);
    image = (KallsymsImage){
        .bytes = buf + KALLSYMS_BELOW - below,
        .size = below + above,
        .start = page - below,
        .index = below + addr % PAGE,
        .big_endian = big_endian,
    };
    f->found = kallsyms_parse(&image, f->near);
    return f->found != NULL;
}

/*
 * Tries what begins in the first @len bytes of @buf, which are the guest's
 * at @addr; TOKEN_INDEX_SIZE more follow them.
 */
static bool scan(Finder *f, uint64_t addr, const uint8_t *buf, size_t len)
{
    for (size_t at = 0; at < len; at += 2) {
        const uint8_t *p = buf + at;

        /* 0, then one byte of the two that is 0 and one that is not */
        if (p[0] | p[1] || !p[2] == !p[3]) {
            continue;
        }
        if (kallsyms_is_token_index(p, p[2] == 0) &&
            try_candidate(f, addr + at, p[2] == 0)) {
            return true;
        }
    }
    return false;
}

/* The pages from the one of @from to the one of @last, upwards. */
static bool scan_range(Finder *f, uint64_t from, uint64_t last)
{
    uint8_t buf[OVERLAP + PAGE];
    size_t kept = 0;

    for (uint64_t page = from; f->candidates_left > 0; page += PAGE) {
        f->pages++;
        if (f->read(f->opaque, page, buf + OVERLAP, PAGE)) {
            if (scan(f, page - kept, buf + OVERLAP - kept,
                     kept + PAGE - OVERLAP + 1)) {
                return true;
            }
            memcpy(buf, buf + PAGE, OVERLAP);
            kept = OVERLAP;
        } else {
            kept = 0;
        }
        if (last - page < PAGE) {
            break;
        }
    }
    return false;
}

Kallsyms *kallsyms_find(OsiReadFn read, void *opaque, uint64_t near,
                        const KallsymsLimits *limits, GError **errp)
{
    static const KallsymsLimits none;
    const KallsymsLimits *l = limits ? limits : &none;
    const OsiRange range = osi_range_around(near, l->up, l->down);
    Finder f = {
        .read = read,
        .opaque = opaque,
        .near = near,
        .candidates_left = l->max_candidates ? l->max_candidates
                                             : DEFAULT_CANDIDATES,
    };

    /* An index across the start is the downward range's. */
    if (!scan_range(&f, range.start, range.last) &&
        !scan_range(&f, range.first,
                    MIN(range.start + OVERLAP, range.last))) {
        g_set_error(errp, KALLSYMS_ERROR, KALLSYMS_ERROR_NOT_FOUND,
                    "kallsyms: none from %#" PRIx64 " to %#" PRIx64
                    " (%" PRIu64 " pages, %u candidates)", range.first,
                    range.last, f.pages, f.candidates);
        return NULL;
    }
    return f.found;
}
