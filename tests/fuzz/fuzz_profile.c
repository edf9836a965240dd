/*
 * libFuzzer target for kernel profiles of every format: the input is a file.
 * Mostly it is changed so that it stays JSON, in what it says; what is packed
 * is unpacked for that and packed again.  Without libFuzzer's main it writes
 * the seeds:
 *
 *     fuzz_profile_seeds FOLDER
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <lzma.h>
#include <string.h>

#include "profile.h"
#include "profile_samples.h"

static unsigned int n_good;

static void ask(const OsiProfile *p)
{
    static const char *const paths[] = {
        "pid", "tasks.next", "deep.next", "comm", "uid.val", "f_path.mnt", "",
        "..", "in_execve",
    };
    static const char *const types[] = { "task_struct", "cred", "file", "" };
    uint64_t value;
    int64_t number;
    OsiField field;

    n_good++;
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(paths); k++) {
            if (osi_model_member(p->model, types[i], paths[k], &field)) {
                g_assert_cmpuint(field.size, >, 0);
                g_assert_cmpuint(field.size, <=, 1 << 30);
                g_assert_cmpuint(field.bit_offset, <, 8);
            } else {
                g_assert_cmpuint(field.size, ==, 0);
            }
        }
        osi_model_size(p->model, types[i], &value);
    }
    osi_model_enum(p->model, "MINUS", &number);
    osi_model_linked(p->model, "_text", &value);
    g_assert_true(osi_model_pointer_size(p->model) == 4 ||
                  osi_model_pointer_size(p->model) == 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    const char *format = NULL;
    g_autoptr(GPtrArray) profiles = osi_profile_parse(
        (const char *)data, size, &format, &error);

    g_assert_true((profiles == NULL) == (error != NULL));
    for (guint i = 0; profiles && i < profiles->len; i++) {
        ask(profiles->pdata[i]);
    }
    return 0;
}

#ifdef WRITE_SEEDS
int main(int argc, char **argv)
{
    const char *const samples[] = { own, isf, info };
    uint8_t packed[4096];

    if (argc != 2) {
        g_printerr("usage: fuzz_profile_seeds FOLDER\n");
        return 2;
    }
    for (unsigned int i = 0; i < 6; i++) {
        g_autofree char *name = g_strdup_printf("%s/profile-%u", argv[1], i);
        const void *data = samples[i % 3];
        size_t size = strlen(data), n = 0;

        if (i >= 3) {
            if (lzma_easy_buffer_encode(1, LZMA_CHECK_NONE, NULL, data, size,
                                        packed, &n, sizeof(packed))) {
                return 1;
            }
            data = packed;
            size = n;
        }
        n_good = 0;
        LLVMFuzzerTestOneInput(data, size);
        if (!n_good || !g_file_set_contents(name, data, size, NULL)) {
            g_printerr("fuzz_profile_seeds: cannot make %s\n", name);
            return 1;
        }
    }
    return 0;
}
#else
/* ---- Changing an input --------------------------------------------------- */

#define MAX_VALUES 2048

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed);

/* A number, a string, a line, or what is in brackets, with them. */
typedef struct Value {
    size_t at, len;
} Value;

static size_t string_end(const GString *text, size_t at)
{
    for (at++; at < text->len && text->str[at] != '"'; at++) {
        at += text->str[at] == '\\';
    }
    return MIN(at + 1, text->len);
}

static size_t bracket_end(const GString *text, size_t at)
{
    unsigned int depth = 0;

    while (at < text->len) {
        char c = text->str[at];

        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at = c == '"' ? string_end(text, at) : at + 1;
        if (depth == 0) {
            break;
        }
    }
    return at;
}

static size_t value_end(const GString *text, size_t at)
{
    size_t end = at;
    char c = text->str[at];

    if (c == '{' || c == '[') {
        return bracket_end(text, at);
    }
    if (c == '"') {
        return string_end(text, at);
    }
    while (end < text->len && (g_ascii_isalnum(text->str[end]) ||
                               strchr("._-#", text->str[end]))) {
        end++;
    }
    return end;
}

static unsigned int find_values(const GString *text, Value *values)
{
    unsigned int n = 0;

    for (size_t at = 0; at < text->len && n < MAX_VALUES;) {
        size_t end = value_end(text, at);
        char c = text->str[at];

        if (end > at) {
            values[n++] = (Value){ at, end - at };
        }
        /* Into brackets, over all else. */
        at = end > at && c != '{' && c != '[' ? end : at + 1;
    }
    return n;
}

static void change_value(GString *text, unsigned int dice)
{
    static const char *const odd[] = {
        "-1", "0", "1", "3", "65", "18446744073709551616", "4294967296",
        "1e30", "null", "{}", "[]", "\"\"", "[1]", "[1,2]", "true",
        "\"@7\"", "\"list_head\"", "{\"members\":1}", "9223372036854775807",
        "{\"kind\":\"array\",\"count\":-1}", "0x7fffffffffffffff",
    };
    static Value values[MAX_VALUES];
    unsigned int n = find_values(text, values), which;
    g_autofree char *by = NULL;

    if (n == 0) {
        return;
    }
    which = dice % n;
    dice /= n;
    if (dice & 1) {
        by = g_strdup(odd[(dice >> 1) % G_N_ELEMENTS(odd)]);
    } else {
        const Value *v = &values[(dice >> 1) % n];

        by = g_strndup(text->str + v->at, v->len);
    }
    g_string_erase(text, values[which].at, values[which].len);
    g_string_insert(text, values[which].at, by);
}

/* What @data is, unpacked; NULL: it is not packed, or by no rule. */
static GString *unpack(const uint8_t *data, size_t size)
{
    static uint8_t plain[65536];
    uint64_t memory = 64 << 20;
    size_t in = 0, n = 0;

    return lzma_stream_buffer_decode(&memory, 0, NULL, data, &in, size, plain,
                                     &n, sizeof(plain)) == LZMA_OK
               ? g_string_new_len((const char *)plain, n) : NULL;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed)
{
    GString *text = unpack(data, size);
    bool packed = text != NULL;
    size_t n = 0;

    if (seed % 4 == 0) {
        if (text) {
            g_string_free(text, TRUE);
        }
        return LLVMFuzzerMutate(data, size, max_size);
    }
    text = text ? text : g_string_new_len((const char *)data, size);
    for (unsigned int i = 0; i <= seed / 4 % 3; i++) {
        change_value(text, (seed / 16) * 2654435761u + i * 40503u);
    }
    if (!packed) {
        n = MIN(text->len, max_size);
        memcpy(data, text->str, n);
    } else if (lzma_easy_buffer_encode(0, LZMA_CHECK_NONE, NULL,
                                       (const uint8_t *)text->str, text->len,
                                       data, &n, max_size) != LZMA_OK) {
        n = size; /* it does not fit */
    }
    g_string_free(text, TRUE);
    return n;
}
#endif
