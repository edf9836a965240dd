/*
 * Kallsyms: questions about validated tables.
 *
 * Names stay compressed; one is unpacked when its hash is that of what is
 * looked for.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "kallsyms_priv.h"

G_DEFINE_QUARK(kallsyms-error-quark, kallsyms_error)

/* Symbols of one hash looked at; hostile tables could make them all. */
#define MAX_CHAIN 4096u

void kallsyms_free(Kallsyms *ks)
{
    if (ks) {
        g_free(ks->names);
        g_free(ks->name_at);
        g_free(ks->address);
        g_free(ks->tokens);
        g_free(ks->bucket);
        g_free(ks->chain);
        g_free(ks);
    }
}

/* Unpacks the name of symbol @i; gives its type. */
static char unpack(const Kallsyms *ks, uint32_t i,
                   char name[KALLSYMS_NAME_LEN])
{
    const uint8_t *p = ks->names + ks->name_at[i];
    /* The type comes first; it was seen that all of it fits. */
    char buf[KALLSYMS_NAME_LEN + 1];
    size_t n = 0;
    uint32_t len;

    p += ks_name_len(p, &len);
    for (; len > 0; len--, p++) {
        memcpy(buf + n, ks->tokens + ks->token_at[*p], ks->token_len[*p]);
        n += ks->token_len[*p];
    }
    buf[n] = '\0';
    memcpy(name, buf + 1, n);
    return buf[0];
}

static uint32_t hash(const char *name)
{
    return g_str_hash(name);
}

bool kallsyms_index(Kallsyms *ks)
{
    char name[KALLSYMS_NAME_LEN];

    ks->n_buckets = 1;
    while (ks->n_buckets < ks->n) {
        ks->n_buckets *= 2;
    }
    ks->bucket = g_try_new(uint32_t, ks->n_buckets);
    ks->chain = g_try_new(uint32_t, ks->n);
    if (!ks->bucket || !ks->chain) {
        return false;
    }
    for (uint32_t i = 0; i < ks->n_buckets; i++) {
        ks->bucket[i] = ks->n;
    }
    /* From the end, so that a chain has the order of addresses. */
    for (uint32_t i = ks->n; i-- > 0;) {
        char type = unpack(ks, i, name);
        uint32_t *bucket = &ks->bucket[hash(name) & (ks->n_buckets - 1)];

        ks->chain[i] = *bucket;
        *bucket = i;
        ks->has_data |= strchr("bBdD", type) != NULL;
    }
    return true;
}

/* @n_global: how many of the symbols of the name are global. */
static bool find(const Kallsyms *ks, const char *wanted, KallsymsSymbol *out,
                 uint32_t *n_global)
{
    uint32_t i = ks->bucket[hash(wanted) & (ks->n_buckets - 1)];
    char name[KALLSYMS_NAME_LEN];

    *out = (KallsymsSymbol){ 0 };
    *n_global = 0;
    for (uint32_t left = MAX_CHAIN; i != ks->n && left; left--) {
        char type = unpack(ks, i, name);

        if (strcmp(name, wanted) == 0) {
            bool global = g_ascii_isupper(type);

            if (out->count == 0 || (global && *n_global == 0)) {
                out->address = ks->address[i];
                out->type = type;
            }
            out->count++;
            *n_global += global;
        }
        i = ks->chain[i];
    }
    return out->count > 0;
}

bool kallsyms_lookup(const Kallsyms *ks, const char *name,
                     KallsymsSymbol *out)
{
    uint32_t n_global;

    return find(ks, name, out, &n_global);
}

bool kallsyms_address(const Kallsyms *ks, const char *name,
                      uint64_t *address)
{
    KallsymsSymbol symbol;
    uint32_t n_global;

    if (!find(ks, name, &symbol, &n_global) ||
        (symbol.count > 1 && n_global != 1)) {
        return false;
    }
    *address = symbol.address;
    return true;
}

uint32_t kallsyms_count(const Kallsyms *ks)
{
    return ks->n;
}

void kallsyms_get(const Kallsyms *ks, uint32_t i,
                  char name[KALLSYMS_NAME_LEN], KallsymsSymbol *out)
{
    char type = unpack(ks, i, name);

    kallsyms_lookup(ks, name, out);
    out->type = type;
    out->address = ks->address[i];
}

bool kallsyms_below(const Kallsyms *ks, uint64_t address, uint32_t *i)
{
    uint32_t low = 0;
    uint32_t high = ks->n;

    if (ks->n == 0 || ks->address[0] > address) {
        return false;
    }
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (ks->address[middle] <= address) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *i = low;
    return true;
}

bool kallsyms_has_data(const Kallsyms *ks)
{
    return ks->has_data;
}

uint64_t kallsyms_where(const Kallsyms *ks)
{
    return ks->where;
}

bool kallsyms_big_endian(const Kallsyms *ks)
{
    return ks->big_endian;
}

unsigned int kallsyms_pointer_size(const Kallsyms *ks)
{
    return ks->pointer_size;
}
