/*
 * libFuzzer target for kernel profiles of every format: the input is a file.
 * Without libFuzzer's main it writes the seeds:
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
#endif
