/*
 * The BTF reader on bytes that are wrong, in both byte orders: whatever a
 * blob says, it is refused in one line or answers soon and within bounds.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "btf_synth.h"

#define BIG(data) GPOINTER_TO_INT(data)

static Btf *parse(const GByteArray *blob)
{
    g_autoptr(GError) err = NULL;
    Btf *btf = btf_new(blob->data, blob->len, &err);

    g_assert_no_error(err);
    g_assert_nonnull(btf);
    return btf;
}

static Btf *parse_synth(const BtfSynth *s)
{
    g_autoptr(GByteArray) blob = bs_blob(s);

    return parse(blob);
}

/* @blob must be refused in one line that contains @text. */
static void assert_refused(const void *data, size_t size, const char *text)
{
    g_autoptr(GError) err = NULL;
    /* Of exactly that size, for a sanitizer to see reads past the end. */
    g_autofree void *copy = g_memdup2(data, size);
    Btf *btf = btf_new(copy, size, &err);

    g_assert_null(btf);
    g_assert_nonnull(err);
    g_assert_true(err->domain == BTF_ERROR);
    g_assert_null(strchr(err->message, '\n'));
    if (!strstr(err->message, text)) {
        g_error("'%s' does not say '%s'", err->message, text);
    }
}

/* One change to a good blob and the words that must be in the complaint. */
typedef struct Fault {
    const char *name;
    bool in_types;  /* whether @at counts from the type section */
    uint32_t at;    /* the word changed */
    uint32_t value;
    const char *text;
} Fault;

static const Fault faults[] = {
    { "magic", false, 0, 0, "no magic number at offset 0" },
    { "short header", false, 4, 20, "header length 20 at offset 4" },
    { "odd header", false, 4, 26, "header length 26" },
    { "long header", false, 4, 0x10000, "header length 65536" },
    { "types far away", false, 8, 0x00ffffc0, "sections end at offset" },
    { "types not in words", false, 8, 2, "is not in words" },
    { "types over the limit", false, 8, 0xf0000000, "more than 67108864" },
    { "types of 4 GB", false, 12, 0xfffffff0, "overlap" },
    { "length not in words", false, 12, 101, "is not in words" },
    { "strings in types", false, 16, 0, "overlap" },
    { "strings wrap around", false, 16, 0xffffffff, "more than 67108864" },
    { "strings too long", false, 20, 0x00100000, "sections end at offset" },
    { "strings of 4 GB", false, 20, 0xffffffff, "more than 67108864" },
    { "no strings", false, 20, 0, "no string section" },
    /* Type 1 is at 0 and type 2 at 0x10: integers. */
    { "name", true, 0x00, 0x00fffff0, "is outside the string section" },
    { "largest name", true, 0x10, 0xffffffff, "is outside the string" },
    { "kind 0", true, 0x04, 0, "is of unknown kind 0" },
    { "kind 127", true, 0x04, 0x7f000000, "is of unknown kind 127" },
    { "count", true, 0x04, 0x04ffffff, "runs past the type section" },
    /* 4 is char[16], 5 a pointer, 6 struct list_head; there are 27. */
    { "array's element", true, 0x3c, 28, "type 28 at offset" },
    { "array's index", true, 0x40, 0xffffffff, "type 4294967295 at offset" },
    { "pointer's target", true, 0x50, 0x00100000, "type 1048576 at offset" },
    { "member's name", true, 0x60, 0x01000000, "is outside the string" },
    { "member's type", true, 0x64, 28, "type 28 at offset" },
    { "member's offset", true, 0x68, 129, "lies outside its struct" },
};

static void test_faults(const void *data)
{
    bool big = BIG(data);

    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        const Fault *f = &faults[i];
        g_autoptr(GByteArray) blob = bs_kernel(big);

        g_test_message("%s", f->name);
        bs_poke(blob, f->at + (f->in_types ? 24 : 0), f->value, big);
        assert_refused(blob->data, blob->len, f->text);
    }
}

/* Whatever can mention a type must not mention one that is not there. */
static void test_references(const void *data)
{
    static const uint32_t refers[] = {
        BS_PTR, BS_TYPEDEF, BS_VOLATILE, BS_CONST, BS_RESTRICT, BS_FUNC,
        BS_FUNC_PROTO, BS_VAR, BS_DECL_TAG, BS_TYPE_TAG,
    };
    static const uint32_t elements[][2] = {
        /* kind, words of an element before its type */
        { BS_STRUCT, 1 }, { BS_UNION, 1 }, { BS_FUNC_PROTO, 1 },
        { BS_DATASEC, 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(refers) + G_N_ELEMENTS(elements);
         i++) {
        for (uint32_t id = 1; id <= 2; id++) {
            g_autoptr(BtfSynth) s = bs_new(BIG(data));
            g_autoptr(GByteArray) blob = NULL;

            if (i < G_N_ELEMENTS(refers)) {
                bs_type(s, "refers", refers[i], 0, id);
                if (refers[i] == BS_VAR || refers[i] == BS_DECL_TAG) {
                    bs_word(s, 0);
                }
            } else {
                const uint32_t *e = elements[i - G_N_ELEMENTS(refers)];

                bs_type(s, "holds", e[0], 1, e[0] == BS_FUNC_PROTO ? 0 : 8);
                for (uint32_t j = 0; j < (e[0] == BS_FUNC_PROTO ? 2 : 3);
                     j++) {
                    bs_word(s, j == e[1] ? id : 0);
                }
            }
            blob = bs_blob(s);
            if (id == 2) {
                assert_refused(blob->data, blob->len, "type 2 at offset");
            } else {
                btf_free(parse(blob));
            }
        }
    }
}

static void test_headers(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));
    uint32_t strings = bs_peek(blob, 16, BIG(data)) + 24;

    blob->data[2] = 2;
    assert_refused(blob->data, blob->len, "version 2, flags 0 at offset 2");
    blob->data[2] = 1;
    blob->data[3] = 8;
    assert_refused(blob->data, blob->len, "version 1, flags 0x8");
    blob->data[3] = 0;
    blob->data[strings] = 'x';
    assert_refused(blob->data, blob->len, "is not empty");
    blob->data[strings] = 0;
    blob->data[blob->len - 1] = 'x';
    assert_refused(blob->data, blob->len, "is not terminated");
    assert_refused(blob->data, 0, "cut short");
    assert_refused(blob->data, 23, "cut short");
}

/* Whatever is missing at the end, it is missed. */
static void test_truncated(const void *data)
{
    g_autoptr(GByteArray) blob = bs_kernel(BIG(data));

    for (size_t size = 0; size < blob->len; size++) {
        assert_refused(blob->data, size,
                       size < 24 ? "cut short" : "sections end at offset");
    }
}

/* The same with the type section cut, so that the last type is cut. */
static void test_truncated_types(const void *data)
{
    bool big = BIG(data);
    g_autoptr(GByteArray) blob = bs_kernel(big);
    uint32_t len = bs_peek(blob, 12, big);

    /* Types refer to later ones, so no prefix of them is valid. */
    for (uint32_t cut = 4; cut < len; cut += 4) {
        g_autoptr(GError) err = NULL;
        Btf *btf;

        bs_poke(blob, 12, len - cut, big);
        btf = btf_new(blob->data, blob->len, &err);
        g_assert_true((btf == NULL) == (err != NULL));
        if (btf) {
            g_assert_cmpuint(btf_type_count(btf), <, 27);
            bs_exercise(btf);
            btf_free(btf);
        }
    }
}

/* Types that are made of themselves: no answer, and soon. */
static void test_circles(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(Btf) btf = NULL;
    uint64_t size;
    BtfMember m;

    bs_type(s, "self", BS_TYPEDEF, 0, 1);       /* 1 */
    bs_type(s, "ping", BS_TYPEDEF, 0, 3);       /* 2 */
    bs_type(s, NULL, BS_CONST, 0, 2);           /* 3 */
    bs_array(s, 4, 1);                          /* 4: an array of itself */
    bs_type(s, "array_t", BS_TYPEDEF, 0, 4);    /* 5 */
    bs_type(s, "knot", BS_STRUCT, 4, 8);        /* 6 */
    bs_named2(s, NULL, 6, 0);
    bs_named2(s, NULL, 3, 0);
    bs_named2(s, "me", 6, 32);
    bs_named2(s, "ping", 2, 32);
    btf = parse_synth(s);
    g_assert_false(btf_type_size(btf, "self", &size));
    g_assert_false(btf_type_size(btf, "ping", &size));
    g_assert_false(btf_type_size(btf, "array_t", &size));
    g_assert_false(btf_member(btf, "ping", "x", &m));
    g_assert_false(btf_member(btf, "knot", "absent", &m));
    g_assert_true(btf_member(btf, "knot", "me.me.me", &m));
    g_assert_true(btf_member(btf, "knot", "ping", &m));
    g_assert_true(m.class == BTF_CLASS_OTHER);
    g_assert_cmpuint(m.size, ==, 0);
    bs_exercise(btf);
}

/*
 * 12 structs, each holding the next 1,000 times: 10^36 members.  And one
 * name of half a megabyte that 20,000 types share.
 */
static void test_expensive(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autofree char *name = g_strnfill(512 * 1024, 'x');
    g_autoptr(Btf) btf = NULL;
    int64_t start = g_get_monotonic_time();
    uint32_t shared;
    BtfMember m;

    for (uint32_t id = 1; id <= 12; id++) {
        bs_type(s, id == 1 ? "deep" : NULL, BS_STRUCT, 1000, 8);
        for (int i = 0; i < 1000; i++) {
            bs_named2(s, NULL, MIN(id + 1, 12), 0);
        }
    }
    shared = s->strings->len;
    bs_type(s, name, BS_STRUCT, 0, 8);
    for (int i = 0; i < 20000; i++) {
        bs_word(s, shared);
        bs_word(s, BS_STRUCT << 24);
        bs_word(s, 8);
    }
    btf = parse_synth(s);
    g_assert_false(btf_member(btf, "deep", "absent", &m));
    g_assert_true(btf_type_size(btf, name, &m.size));
    name[0] = 'y';
    g_assert_false(btf_type_size(btf, name, &m.size));
    /* Seconds even with sanitizers on a busy machine: unbounded is years. */
    g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);
}

static void test_too_many_types(const void *data)
{
    g_autoptr(BtfSynth) s = bs_new(BIG(data));
    g_autoptr(GByteArray) blob = NULL;
    g_autoptr(Btf) btf = NULL;
    size_t end;

    for (uint32_t i = 0; i < 0xfffff; i++) {
        bs_type(s, NULL, BS_PTR, 0, 0);
    }
    btf = parse_synth(s);
    g_assert_cmpuint(btf_type_count(btf), ==, 0xfffff);
    bs_type(s, NULL, BS_PTR, 0, 0);
    blob = bs_blob(s);
    end = blob->len;
    assert_refused(blob->data, end, "more than 1048575 types");
}

/* Blobs with some bytes changed: never a crash, whatever is answered. */
static void test_mutations(const void *data)
{
    g_autoptr(GByteArray) good = bs_kernel(BIG(data));
    GRand *rand = g_rand_new_with_seed(20261121);
    unsigned int accepted = 0;
    unsigned int rounds = 20000;

    for (unsigned int i = 0; i < rounds; i++) {
        uint32_t size = i % 4 ? good->len : g_rand_int(rand) % good->len;
        g_autofree uint8_t *bytes = g_memdup2(good->data, size);
        unsigned int changes = 1 + g_rand_int(rand) % 4;
        Btf *btf;

        for (unsigned int j = 0; j < changes && size > 0; j++) {
            uint32_t at = g_rand_int(rand) % size;

            /* Bits, then bytes that are often the edge of something. */
            bytes[at] = g_rand_boolean(rand)
                            ? bytes[at] ^ 1u << g_rand_int(rand) % 8
                            : (uint8_t)(g_rand_int(rand) % 3 - 1);
        }
        btf = btf_new(bytes, size, NULL);
        if (btf) {
            accepted++;
            bs_exercise(btf);
            btf_free(btf);
        }
    }
    g_test_message("%u of %u accepted", accepted, rounds);
    /* Both sides must have been tried. */
    g_assert_cmpuint(accepted, >, rounds / 50);
    g_assert_cmpuint(accepted, <, rounds - rounds / 50);
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        GTestDataFunc run;
    } tests[] = {
        { "faults", test_faults },
        { "references", test_references },
        { "headers", test_headers },
        { "truncated", test_truncated },
        { "truncated-types", test_truncated_types },
        { "circles", test_circles },
        { "expensive", test_expensive },
        { "too-many-types", test_too_many_types },
        { "mutations", test_mutations },
    };

    g_test_init(&argc, &argv, NULL);
    for (int big = 0; big < 2; big++) {
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
            g_autofree char *path = g_strdup_printf(
                "/btf-bad/%s/%s", big ? "big" : "little", tests[i].name);

            g_test_add_data_func(path, GINT_TO_POINTER(big), tests[i].run);
        }
    }
    return g_test_run();
}
