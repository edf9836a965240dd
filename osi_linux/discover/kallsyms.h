/*
 * Kallsyms, the table of its own symbols that a Linux kernel carries, in a
 * guest's memory: finding it, reading it, asking it.  docs/KALLSYMS.md
 * describes the format.
 *
 * The tables come from the guest and are not to be trusted.  They are
 * validated whole when the Kallsyms is made, which then holds copies: no
 * question reads the guest.  A Kallsyms never changes: any thread may ask.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_KALLSYMS_H
#define OSI_KALLSYMS_H

#include <glib.h>

#include "reader.h"

/* The kernel's KSYM_NAME_LEN since 6.1, with the NUL. */
#define KALLSYMS_NAME_LEN 512

typedef enum KallsymsError {
    KALLSYMS_ERROR_NOT_FOUND,
} KallsymsError;

#define KALLSYMS_ERROR (kallsyms_error_quark())
GQuark kallsyms_error_quark(void);

typedef struct Kallsyms Kallsyms;

typedef struct KallsymsSymbol {
    uint64_t address; /* in the running kernel; of a per-CPU variable of
                         x86_64 before 6.15: its offset, below 2 GiB */
    char type;        /* nm's letter: T a global function, d a local datum */
    uint32_t count;   /* how many symbols have this name */
} KallsymsSymbol;

/* How far to look; 0 stands for the default. */
typedef struct KallsymsLimits {
    uint64_t up;             /* bytes above the start; default 64 MiB */
    uint64_t down;           /* bytes below it; default 64 MiB */
    uint32_t max_candidates; /* tables looked at whole; default 8 */
} KallsymsLimits;

/*
 * Looks for the tables: from the page of @near, an address in the kernel's
 * text, upwards, then downwards; pages that cannot be read are passed over.
 * NULL with @errp set if there are none that agree with themselves and have
 * a function at @near.
 */
Kallsyms *kallsyms_find(OsiReadFn read, void *opaque, uint64_t near,
                        const KallsymsLimits *limits, GError **errp);

void kallsyms_free(Kallsyms *ks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Kallsyms, kallsyms_free)

/*
 * The symbol @name.  If several have the name, the one that is global; if
 * that leaves none or several, the first, and count is more than 1.
 */
bool kallsyms_lookup(const Kallsyms *ks, const char *name,
                     KallsymsSymbol *out);

/*
 * Like kallsyms_lookup, but false for a name that does not tell which: of
 * several symbols, none or more than one is global.
 */
bool kallsyms_address(const Kallsyms *ks, const char *name,
                      uint64_t *address);

/* Symbols in order of their addresses; @i below kallsyms_count(). */
uint32_t kallsyms_count(const Kallsyms *ks);
void kallsyms_get(const Kallsyms *ks, uint32_t i,
                  char name[KALLSYMS_NAME_LEN], KallsymsSymbol *out);

/* The last symbol that is not above @address; false: there is none. */
bool kallsyms_below(const Kallsyms *ks, uint64_t address, uint32_t *i);

/* Whether variables are listed, too (CONFIG_KALLSYMS_ALL). */
bool kallsyms_has_data(const Kallsyms *ks);

/* Where the tables lie: the address of kallsyms_token_index. */
uint64_t kallsyms_where(const Kallsyms *ks);

bool kallsyms_big_endian(const Kallsyms *ks);
unsigned int kallsyms_pointer_size(const Kallsyms *ks);

#endif /* OSI_KALLSYMS_H */
