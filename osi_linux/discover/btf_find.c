/*
 * BTF in a guest's memory: finding the kernel's blob and reading it.
 *
 * The blob is part of the kernel's read-only data, 20 to 26 MB from its text's
 * start in the kernels looked at, and not always where a page begins (7.2's
 * does, 6.12's does not).  It is found by its first four bytes.  Those also
 * occur in the instructions that check for them, in copies that were freed,
 * and at the head of modules' BTF, which only makes sense together with the
 * kernel's.  So a find is only a candidate: it is probed with a few small
 * reads, then read whole and validated, and must describe struct task_struct.
 *
 * A page is read once in the search.  So that four bytes that cross into the
 * next page are found, three bytes of the neighbour read before are kept.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "btf_find.h"
#include "btf_priv.h"
#include "range.h"

#include <inttypes.h>

#define PAGE OSI_PAGE
#define MAGIC_LEN 4u
#define OVERLAP (MAGIC_LEN - 1)

#define DEFAULT_HEADERS 65536u
#define DEFAULT_BLOB_BYTES (256ull << 20)

/* Magic number, version 1, no flags, in both byte orders. */
static const uint8_t magics[2][MAGIC_LEN] = {
    { 0x9f, 0xeb, 1, 0 },
    { 0xeb, 0x9f, 1, 0 },
};
#define RARE_BYTE 0x9f

typedef struct Finder {
    OsiReadFn read;
    void *opaque;
    uint32_t headers_left;
    uint64_t bytes_left;
    uint8_t seam[OVERLAP]; /* the first bytes of the page begun with ... */
    bool has_seam;         /* ... if it could be read */
    uint64_t pages;      /* pages read, for the error's text */
    uint32_t candidates; /* whole blobs read, likewise */
    Btf *found;
    uint64_t addr;
} Finder;

/* Reads any length, page by page. */
static bool read_pages(OsiReadFn read, void *opaque, uint64_t addr,
                       uint8_t *buf, size_t len)
{
    while (len > 0) {
        size_t n = MIN(len, PAGE - addr % PAGE);

        if (!read(opaque, addr, buf, n)) {
            return false;
        }
        addr += n;
        buf += n;
        len -= n;
    }
    return true;
}

static bool read_header(OsiReadFn read, void *opaque, uint64_t addr,
                        Header *h, GError **errp)
{
    uint8_t hdr[BTF_HEADER_MAX] = { 0 };

    /* The shorter header may be all that there is before a hole. */
    if (!read_pages(read, opaque, addr, hdr, BTF_HEADER_MAX) &&
        !read_pages(read, opaque, addr, hdr, BTF_HEADER_MIN)) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_UNREADABLE,
                    "BTF: header at %#" PRIx64 " cannot be read", addr);
        return false;
    }
    if (!btf_parse_header(hdr, BTF_HEADER_MAX, h, errp)) {
        return false;
    }
    if (h->end - 1 > UINT64_MAX - addr) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "BTF: %" PRIu64 " bytes at %#" PRIx64
                    " pass the end of memory", h->end, addr);
        return false;
    }
    return true;
}

static Btf *read_blob(OsiReadFn read, void *opaque, uint64_t addr,
                      size_t size, GError **errp)
{
    uint8_t *data = g_try_malloc(size);

    if (!data) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_TOO_LARGE,
                    "BTF: no memory for %zu bytes", size);
        return NULL;
    }
    if (!read_pages(read, opaque, addr, data, size)) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_UNREADABLE,
                    "BTF: %zu bytes at %#" PRIx64 " cannot all be read",
                    size, addr);
        g_free(data);
        return NULL;
    }
    return btf_new_take(data, size, errp);
}

Btf *btf_read(OsiReadFn read, void *opaque, uint64_t addr, GError **errp)
{
    Header h;

    return read_header(read, opaque, addr, &h, errp)
               ? read_blob(read, opaque, addr, h.end, errp)
               : NULL;
}

/* Whether this is a kernel's BTF, with the struct that everything needs. */
static bool is_kernel(const Btf *btf)
{
    static const char *const members[] = { "pid", "tgid", "comm", "tasks" };
    BtfMember m;

    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        if (!btf_member(btf, "task_struct", members[i], &m)) {
            return false;
        }
    }
    return true;
}

/*
 * Whether the string section's first and last byte are there and are what
 * they must be.  These two small reads spare megabytes: a freed copy is cut
 * off, and a module's strings begin with one that is not empty.
 */
static bool probe_strings(const Finder *f, uint64_t addr, const Header *h)
{
    uint8_t byte;

    return f->read(f->opaque, addr + h->str_off, &byte, 1) && byte == 0 &&
           f->read(f->opaque, addr + h->str_off + h->str_len - 1, &byte, 1) &&
           byte == 0;
}

static bool try_candidate(Finder *f, uint64_t addr)
{
    Header h;

    if (f->headers_left == 0) {
        return false;
    }
    f->headers_left--;
    if (!read_header(f->read, f->opaque, addr, &h, NULL) ||
        h.end > f->bytes_left || !probe_strings(f, addr, &h)) {
        return false;
    }
    f->bytes_left -= h.end;
    f->candidates++;
    f->found = read_blob(f->read, f->opaque, addr, h.end, NULL);
    if (f->found && !is_kernel(f->found)) {
        g_clear_pointer(&f->found, btf_free);
    }
    f->addr = addr;
    return f->found != NULL;
}

/* Whether a blob can begin at @p, of which MAGIC_LEN bytes are there. */
static bool is_magic(const uint8_t *p)
{
    return memcmp(p, magics[0], MAGIC_LEN) == 0 ||
           memcmp(p, magics[1], MAGIC_LEN) == 0;
}

/*
 * Tries what begins in @buf, the guest's bytes at @addr.  Megabytes of code
 * go through here: the byte that both orders have, and code seldom, is the
 * fastest to look for.
 */
static bool scan(Finder *f, uint64_t addr, const uint8_t *buf, size_t len)
{
    const uint8_t *end = buf + len;
    const uint8_t *p = buf;

    while ((p = memchr(p, RARE_BYTE, end - p)) != NULL) {
        for (size_t back = 0; back <= 1; back++) {
            size_t at = p - buf - back;

            if (p - buf >= (ptrdiff_t)back && at + MAGIC_LEN <= len &&
                is_magic(buf + at) && try_candidate(f, addr + at)) {
                return true;
            }
        }
        p++;
    }
    return false;
}

static bool read_page(Finder *f, uint64_t addr, uint8_t *buf)
{
    f->pages++;
    return f->read(f->opaque, addr, buf, PAGE);
}

/* The pages from @from on, which is a page's start, to the one of @last. */
static bool scan_up(Finder *f, uint64_t from, uint64_t last)
{
    uint8_t buf[OVERLAP + PAGE];
    size_t kept = 0; /* 0 or OVERLAP bytes of the page before */

    for (uint64_t page = from;; page += PAGE) {
        if (read_page(f, page, buf + OVERLAP)) {
            if (scan(f, page - kept, buf + OVERLAP - kept, kept + PAGE)) {
                return true;
            }
            if (page == from) {
                memcpy(f->seam, buf + OVERLAP, OVERLAP);
                f->has_seam = true;
            }
            memmove(buf, buf + PAGE, OVERLAP);
            kept = OVERLAP;
        } else {
            kept = 0;
        }
        if (last - page < PAGE || f->headers_left == 0) {
            return false;
        }
    }
}

/*
 * The pages below @from, which scan_up() has begun with, down to the one of
 * @last.
 */
static bool scan_down(Finder *f, uint64_t from, uint64_t last)
{
    uint8_t buf[PAGE + OVERLAP];
    size_t kept = f->has_seam ? OVERLAP : 0; /* bytes of the page after */

    memcpy(buf + PAGE, f->seam, OVERLAP);
    for (uint64_t page = from; page > last && f->headers_left != 0;) {
        page -= PAGE;
        if (read_page(f, page, buf)) {
            if (scan(f, page, buf, PAGE + kept)) {
                return true;
            }
            memmove(buf + PAGE, buf, OVERLAP);
            kept = OVERLAP;
        } else {
            kept = 0;
        }
    }
    return false;
}

Btf *btf_find(OsiReadFn read, void *opaque, uint64_t near,
              const BtfFindLimits *limits, uint64_t *addr, GError **errp)
{
    static const BtfFindLimits none;
    const BtfFindLimits *l = limits ? limits : &none;
    const OsiRange range = osi_range_around(near, l->up, l->down);
    Finder f = {
        .read = read,
        .opaque = opaque,
        .headers_left = l->max_headers ? l->max_headers : DEFAULT_HEADERS,
        .bytes_left = l->max_blob_bytes ? l->max_blob_bytes
                                        : DEFAULT_BLOB_BYTES,
    };

    if (!scan_up(&f, range.start, range.last) &&
        !scan_down(&f, range.start, range.first)) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_NOT_FOUND,
                    "BTF: none from %#" PRIx64 " to %#" PRIx64 " (%" PRIu64
                    " pages, %u candidates)", range.first, range.last,
                    f.pages, f.candidates);
        return NULL;
    }
    if (addr) {
        *addr = f.addr;
    }
    return f.found;
}
