/*
 * The hash of numbers that the guest chooses: no pattern of theirs collides.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>

#include <glib.h>

#include "hash64.h"

#define N_KEYS 100000

static int compare(gconstpointer a, gconstpointer b)
{
    guint x = *(const guint *)a, y = *(const guint *)b;

    return (x > y) - (x < y);
}

/*
 * Of 100,000 random numbers of 32 bits 1.2 are expected to be equal to another
 * one; 40 of them never are.  A hash of half of the bits gives one value.
 */
static void check_spread(uint64_t first, uint64_t step)
{
    g_autofree guint *hashes = g_new(guint, N_KEYS);
    int n_equal = 0;

    for (uint64_t i = 0; i < N_KEYS; i++) {
        uint64_t key = first + i * step;

        hashes[i] = hash64(&key);
    }
    qsort(hashes, N_KEYS, sizeof(*hashes), compare);
    for (int i = 1; i < N_KEYS; i++) {
        n_equal += hashes[i] == hashes[i - 1];
    }
    g_assert_cmpint(n_equal, <, 40);
}

static void test_spread(void)
{
    check_spread(0, 1);
    check_spread(0xffff888000000000, 4096);
    check_spread(0xffff888000001000, UINT64_C(1) << 32); /* lower half equal */
    check_spread(0, 0x100000001);     /* both halves equal, so their xor 0 */
    check_spread(0, UINT64_C(1) << 47);
}

static void test_same(void)
{
    uint64_t a = 0xffff888000001000, b = a;

    g_assert_cmpuint(hash64(&a), ==, hash64(&b));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/hash64/spread", test_spread);
    g_test_add_func("/hash64/same", test_same);
    return g_test_run();
}
