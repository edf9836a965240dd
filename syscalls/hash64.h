/*
 * hash64.h: a hash of 64-bit numbers that the guest chooses.
 *
 * g_int64_hash keeps the lower half only: a guest whose pointers are equal
 * there would turn every table of them into a list.  Here all bits count, and
 * which numbers collide depends on a seed that no guest knows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef SYSCALLS_HASH64_H
#define SYSCALLS_HASH64_H

#include <stdint.h>

#include <glib.h>

/* Drawn once; the same as long as this process lives. */
static inline uint64_t hash64_seed(void)
{
    static gsize drawn;
    static uint64_t seed;

    if (g_once_init_enter(&drawn)) {
        seed = (uint64_t)g_random_int() << 32 | g_random_int();
        g_once_init_leave(&drawn, 1);
    }
    return seed;
}

/*
 * A GHashFunc; @key points to a uint64_t.  The mixing function is that of
 * SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
 * Generators, OOPSLA 2014, figure 16), after which each bit of the number has
 * a part in each bit of the hash.
 */
static inline guint hash64(gconstpointer key)
{
    uint64_t x = *(const uint64_t *)key ^ hash64_seed();

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return (guint)(x ^ x >> 31);
}

#endif /* SYSCALLS_HASH64_H */
