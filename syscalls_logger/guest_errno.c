/*
 * Names of the guest's error numbers, taken from the host's C library.
 *
 * That is right where both use Linux's generic numbers, as the hosts that
 * Debian's QEMU runs on nearly all do.  The architectures that inherited
 * numbers from another Unix share only the first ones; their other errors
 * are shown by number, because a wrong name is worse than none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdbool.h>
#include <string.h>

#include "guest_errno.h"

/* Numbers up to this one mean the same everywhere, but for Alpha's 11. */
#define LAST_SHARED 34

typedef struct OddNumbers {
    const char *abi_prefix;
    int differs; /* among the shared ones; 0: none does */
} OddNumbers;

static const OddNumbers odd_abis[] = {
    { "alpha", 11 }, { "hppa", 0 },  { "parisc", 0 },
    { "mips", 0 },   { "sparc", 0 },
};

#if defined(__alpha__) || defined(__hppa__) || defined(__mips__) ||           \
    defined(__sparc__)
#define HOST_IS_GENERIC false
#else
#define HOST_IS_GENERIC true
#endif

/* Whether the host's name for @number is also the guest's. */
static bool same_number(const char *abi, int number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(odd_abis); i++) {
        if (g_str_has_prefix(abi, odd_abis[i].abi_prefix)) {
            return number <= LAST_SHARED && number != odd_abis[i].differs;
        }
    }
    return HOST_IS_GENERIC || number <= LAST_SHARED;
}

void log_put_errno(LogBytes *out, const char *abi, int number)
{
    const char *name = NULL;

    if (same_number(abi, number)) {
        name = strerrorname_np(number);
    }
    if (!name) {
        log_put_lit(out, "(errno ");
        log_put_dec(out, (uint64_t)number);
        log_put_char(out, ')');
        return;
    }
    log_put_str(out, name);
    log_put_lit(out, " (");
    log_put_str(out, strerrordesc_np(number));
    log_put_char(out, ')');
}
