/*
 * Makes BTF for tests, word by word and in either byte order: also such as
 * no compiler would make.  Shared by the unit tests and the fuzz target's
 * seeds.  Of a real kernel's BTF it knows nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_BTF_SYNTH_H
#define TESTS_BTF_SYNTH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "btf.h"

/* The format's numbers of kinds, written here independently of the reader. */
enum {
    BS_INT = 1, BS_PTR, BS_ARRAY, BS_STRUCT, BS_UNION, BS_ENUM, BS_FWD,
    BS_TYPEDEF, BS_VOLATILE, BS_CONST, BS_RESTRICT, BS_FUNC, BS_FUNC_PROTO,
    BS_VAR, BS_DATASEC, BS_FLOAT, BS_DECL_TAG, BS_TYPE_TAG, BS_ENUM64
};

#define BS_FLAG (1u << 31) /* to be or-ed to a kind */

typedef struct BtfSynth {
    bool big_endian;
    GByteArray *types;
    GByteArray *strings;
    GByteArray *layout; /* empty: a header without one */
    uint32_t n_types;
} BtfSynth;

BtfSynth *bs_new(bool big_endian);
void bs_free(BtfSynth *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BtfSynth, bs_free)

/* Begins a type; its number.  A NULL name is the empty one. */
uint32_t bs_type(BtfSynth *s, const char *name, uint32_t kind, uint32_t count,
                 uint32_t size_or_type);
/* Goes on with it: any word, or an element that begins with a name. */
void bs_word(BtfSynth *s, uint32_t word);
void bs_named(BtfSynth *s, const char *name, uint32_t a);
void bs_named2(BtfSynth *s, const char *name, uint32_t a, uint32_t b);

/* Whole types of one line. */
uint32_t bs_int(BtfSynth *s, const char *name, uint32_t size, bool is_signed);
uint32_t bs_array(BtfSynth *s, uint32_t type, uint32_t n);

/* An entry of the layout section, for the kinds from 0 on, in order. */
void bs_layout(BtfSynth *s, uint8_t fixed, uint8_t element);

/* Header and sections. */
GByteArray *bs_blob(const BtfSynth *s);

/* Reading and changing a word of a blob. */
uint32_t bs_peek(const GByteArray *blob, uint32_t offset, bool big_endian);
void bs_poke(GByteArray *blob, uint32_t offset, uint32_t value,
             bool big_endian);

/* A small kernel: task_struct, per-CPU variables, every kind. */
GByteArray *bs_kernel(bool big_endian);
/* The same with @filler further types, to make it longer. */
GByteArray *bs_kernel_filled(bool big_endian, unsigned int filler);

/*
 * Asks @btf everything there is to ask, and checks what must hold of the
 * answers whatever the blob says.
 */
void bs_exercise(const Btf *btf);

#endif /* TESTS_BTF_SYNTH_H */
