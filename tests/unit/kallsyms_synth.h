/*
 * Makes kallsyms tables for tests, in every form that kernels have had, by
 * a description of its own.  Shared by the unit test and the fuzz target's
 * seeds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_KALLSYMS_SYNTH_H
#define TESTS_KALLSYMS_SYNTH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum KsForm {
    KS_OLD,             /* 5.10: offsets first, relative to a base */
    KS_OLD_PERCPU,      /* the same with absolute per-CPU symbols */
    KS_OLD_SEQS,        /* 6.2: seqs_of_names before the tokens */
    KS_NEW,             /* 6.4: offsets behind the tokens */
    KS_NEW_PERCPU,
    KS_PLACE,           /* 7.0: relative to their place; 32 bits: none, the
                           address itself */
    KS_N_FORMS
} KsForm;

typedef struct KsSymbol {
    const char *name;   /* with its type in front: "T_stext" */
    uint64_t address;
} KsSymbol;

typedef struct KsSynth {
    bool big_endian;
    unsigned int pointer_size;
    KsForm form;
    unsigned int align;  /* of the tables: 4 or 8 */
    uint64_t address;    /* of the first byte; a multiple of 8 */
    uint64_t base;       /* relative_base */
    const KsSymbol *symbols; /* ascending */
    uint32_t n;
    /* What was made: places in the bytes. */
    size_t num_syms, names, markers, tokens, index, offsets, base_at;
} KsSynth;

GByteArray *ks_synth(KsSynth *s);

/* Changes 4 bytes. */
void ks_poke(const KsSynth *s, GByteArray *bytes, size_t at, uint32_t value);

/* Symbols of a small kernel at @base, which is freed as a whole. */
KsSymbol *ks_symbols(uint64_t base, bool percpu, uint32_t n,
                     GStringChunk *names);

#endif /* TESTS_KALLSYMS_SYNTH_H */
