/*
 * Makes kallsyms tables for tests.  See kallsyms_synth.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "kallsyms_synth.h"

#include <string.h>

static const char *const long_tokens[] = {
    "sys_", "__", "init", "_of_", "struct", "tT", "read",
};

static void put(GByteArray *b, const KsSynth *s, uint64_t value,
                unsigned int size)
{
    for (unsigned int i = 0; i < size; i++) {
        unsigned int at = s->big_endian ? size - 1 - i : i;
        const uint8_t byte = value >> (8 * at);

        g_byte_array_append(b, &byte, 1);
    }
}

static void align(GByteArray *b, const KsSynth *s)
{
    while (b->len % s->align) {
        put(b, s, 0, 1);
    }
}

void ks_poke(const KsSynth *s, GByteArray *bytes, size_t at, uint32_t value)
{
    g_autoptr(GByteArray) b = g_byte_array_new();

    put(b, s, value, 4);
    memcpy(bytes->data + at, b->data, 4);
}

/* Byte @i of a compressed name stands for this. */
static const char *token(unsigned int i, char buf[2])
{
    if (i >= 128 && i - 128 < G_N_ELEMENTS(long_tokens)) {
        return long_tokens[i - 128];
    }
    buf[0] = g_ascii_isgraph(i) ? i : '\0';
    buf[1] = '\0';
    return buf;
}

static void put_name(GByteArray *b, const KsSynth *s, const char *name)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    while (*name) {
        uint8_t byte = *name;
        size_t len = 1;

        for (size_t i = 0; i < G_N_ELEMENTS(long_tokens); i++) {
            if (g_str_has_prefix(name, long_tokens[i])) {
                byte = 128 + i;
                len = strlen(long_tokens[i]);
            }
        }
        g_byte_array_append(bytes, &byte, 1);
        name += len;
    }
    if (bytes->len > 127) {
        put(b, s, (bytes->len & 127) | 128, 1);
        put(b, s, bytes->len >> 7, 1);
    } else {
        put(b, s, bytes->len, 1);
    }
    g_byte_array_append(b, bytes->data, bytes->len);
}

static void put_offsets(GByteArray *b, KsSynth *s)
{
    align(b, s);
    s->offsets = b->len;
    for (uint32_t i = 0; i < s->n; i++) {
        uint64_t address = s->symbols[i].address;
        uint64_t offset = address - s->base;

        if (s->form == KS_PLACE) {
            offset = s->pointer_size == 8
                         ? address - (s->address + b->len) : address;
        } else if (s->form == KS_OLD_PERCPU || s->form == KS_NEW_PERCPU) {
            offset = address < s->base ? address : s->base - 1 - address;
        }
        put(b, s, offset, 4);
    }
    if (s->form != KS_PLACE) {
        align(b, s);
        s->base_at = b->len;
        put(b, s, s->base, s->pointer_size);
    }
}

static void put_seqs(GByteArray *b, KsSynth *s)
{
    align(b, s);
    for (uint32_t i = 0; i < s->n; i++) {
        put(b, s, s->n - 1 - i, 3);
    }
}

static void put_names(GByteArray *b, KsSynth *s)
{
    g_autoptr(GArray) markers = g_array_new(FALSE, FALSE, 4);

    align(b, s);
    s->num_syms = b->len;
    put(b, s, s->n, 4);
    align(b, s);
    s->names = b->len;
    for (uint32_t i = 0; i < s->n; i++) {
        if (i % 256 == 0) {
            uint32_t at = b->len - s->names;

            g_array_append_val(markers, at);
        }
        put_name(b, s, s->symbols[i].name);
    }
    align(b, s);
    s->markers = b->len;
    for (guint i = 0; i < markers->len; i++) {
        put(b, s, g_array_index(markers, uint32_t, i), 4);
    }
}

static void put_tokens(GByteArray *b, KsSynth *s)
{
    uint16_t at[256];
    char buf[2];

    align(b, s);
    s->tokens = b->len;
    for (unsigned int i = 0; i < 256; i++) {
        const char *t = token(i, buf);

        at[i] = b->len - s->tokens;
        g_byte_array_append(b, (const uint8_t *)t, strlen(t) + 1);
    }
    align(b, s);
    s->index = b->len;
    for (unsigned int i = 0; i < 256; i++) {
        put(b, s, at[i], 2);
    }
}

GByteArray *ks_synth(KsSynth *s)
{
    GByteArray *b = g_byte_array_new();
    bool old = s->form < KS_NEW;

    /* Something in front, so that nothing begins where memory does. */
    for (unsigned int i = 0; i < 32; i++) {
        put(b, s, 0xcccccccc, 4);
    }
    if (old) {
        put_offsets(b, s);
    }
    put_names(b, s);
    if (s->form == KS_OLD_SEQS) {
        put_seqs(b, s);
    }
    put_tokens(b, s);
    if (!old) {
        put_offsets(b, s);
        put_seqs(b, s);
    }
    return b;
}

KsSymbol *ks_symbols(uint64_t base, bool percpu, uint32_t n,
                     GStringChunk *names)
{
    KsSymbol *symbols = g_new(KsSymbol, n);
    g_autofree char *longest = g_strnfill(400, 'x');

    g_assert_cmpuint(n, >=, 8);
    longest[0] = 'T';
    for (uint32_t i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf(
            "%c%s%u", "TtDdBr"[i % 6], i % 5 ? "sys_read_of_" : "__init_", i);

        symbols[i].name = g_string_chunk_insert(names, name);
        symbols[i].address = base + i * 32;
    }
    if (percpu) {
        symbols[0] = (KsSymbol){ "A__per_cpu_start", 0 };
        symbols[1] = (KsSymbol){ "Acurrent_task", 0x1fbc0 };
    }
    symbols[2].name = "T_stext";
    symbols[3].name = "dtwice";
    symbols[4].name = "Dtwice";
    symbols[5].name = "dlocal_twice";
    symbols[6].name = "dlocal_twice";
    symbols[n - 1].name = g_string_chunk_insert(names, longest);
    return symbols;
}
