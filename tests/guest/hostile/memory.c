/*
 * memory.c: changing the guest's memory, and putting it back.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hostile.h"
#include "plugin-qpp.h"

#define MAX_SPOIL 512

typedef struct Spoiled {
    uint64_t addr;
    size_t len;
    uint8_t was[MAX_SPOIL];
} Spoiled;

static GArray *spoiled;

/* xorshift64*: the same numbers for a seed on every machine. */
uint64_t rnd(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

uint64_t below(uint64_t *state, uint64_t n)
{
    return n ? (rnd(state) >> 11) % n : 0;
}

bool peek(uint64_t addr, void *buf, size_t len)
{
    return qemu_plugin_read_memory(addr, buf, len);
}

uint64_t peek64(uint64_t addr)
{
    uint64_t value;

    return peek(addr, &value, sizeof(value)) ? value : 0;
}

static bool poke(uint64_t addr, const void *bytes, size_t len)
{
    g_autoptr(GByteArray) data = g_byte_array_new();

    g_byte_array_append(data, bytes, len);
    return qemu_plugin_write_memory_vaddr(addr, data);
}

bool spoil(uint64_t addr, const void *bytes, size_t len)
{
    Spoiled s = { .addr = addr, .len = len };

    if (len > MAX_SPOIL || !peek(addr, s.was, len)) {
        return false;
    }
    if (!spoiled) {
        spoiled = g_array_new(FALSE, FALSE, sizeof(Spoiled));
    }
    /* Also if it fails: some of it may have been written. */
    g_array_append_val(spoiled, s);
    return poke(addr, bytes, len);
}

bool spoil64(uint64_t addr, uint64_t value)
{
    return spoil(addr, &value, sizeof(value));
}

bool spoil32(uint64_t addr, uint32_t value)
{
    return spoil(addr, &value, sizeof(value));
}

static bool is_spoiled_before(guint i)
{
    const Spoiled *s = &g_array_index(spoiled, Spoiled, i);

    for (guint j = 0; j < i; j++) {
        const Spoiled *o = &g_array_index(spoiled, Spoiled, j);

        if (o->addr < s->addr + s->len && s->addr < o->addr + o->len) {
            return true;
        }
    }
    return false;
}

unsigned int restore_all(void)
{
    unsigned int wrong = 0;

    if (!spoiled) {
        return 0;
    }
    for (guint i = spoiled->len; i > 0; i--) {
        const Spoiled *s = &g_array_index(spoiled, Spoiled, i - 1);

        poke(s->addr, s->was, s->len);
    }
    for (guint i = 0; i < spoiled->len; i++) {
        const Spoiled *s = &g_array_index(spoiled, Spoiled, i);
        uint8_t now[MAX_SPOIL];

        /* What was there when it had been spoiled before is not the guest's. */
        if (!is_spoiled_before(i)) {
            wrong += !peek(s->addr, now, s->len) ||
                     memcmp(now, s->was, s->len) != 0;
        }
    }
    g_array_set_size(spoiled, 0);
    return wrong;
}
