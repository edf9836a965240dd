/*
 * libFuzzer target for the BTF reader: the input is parsed as a blob and
 * asked everything, and is the guest's memory, with a hole, that a search
 * goes through.  Without libFuzzer's main it writes the seeds:
 *
 *     fuzz_btf_seeds FOLDER
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "btf_find.h"
#include "btf_synth.h"

#define PAGE 4096u
#define BASE UINT64_C(0xffffffff81000000)

/* The input at BASE; the page `hole` cannot be read. */
typedef struct Memory {
    const uint8_t *data;
    size_t size;
    uint64_t hole;
} Memory;

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    const Memory *m = opaque;
    uint64_t at = addr - BASE;

    g_assert_cmpuint(len, >, 0);
    g_assert_cmpuint(addr % PAGE + len, <=, PAGE);
    if (addr < BASE || at / PAGE == m->hole || at / PAGE > m->size / PAGE) {
        return false;
    }
    /* The last page is filled up with zeroes. */
    memset(buf, 0, len);
    if (at < m->size) {
        memcpy(buf, m->data + at, MIN(len, m->size - at));
    }
    return true;
}

static void fuzz_parse(const uint8_t *data, size_t size)
{
    g_autoptr(GError) err = NULL;
    g_autoptr(Btf) btf = btf_new(data, size, &err);

    g_assert_true((btf == NULL) == (err != NULL));
    if (btf) {
        bs_exercise(btf);
    }
}

static void fuzz_find(const uint8_t *data, size_t size)
{
    /* Where to start and what is missing follow from the input. */
    unsigned int dice = size ? data[size - 1] : 0;
    Memory m = { data, size, dice % 8 };
    BtfFindLimits limits = {
        .up = 16 * PAGE, .down = 16 * PAGE, .max_blob_bytes = 1 << 20,
    };
    g_autoptr(GError) err = NULL;
    uint64_t addr = 0;
    g_autoptr(Btf) btf = btf_find(memory_read, &m, BASE + dice / 8 * PAGE,
                                  &limits, &addr, &err);

    g_assert_true((btf == NULL) == (err != NULL));
    if (btf) {
        BtfMember member;

        g_assert_cmphex(addr - BASE, <, size);
        g_assert_true(btf_member(btf, "task_struct", "pid", &member));
        bs_exercise(btf);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_parse(data, size);
    fuzz_find(data, size);
    return 0;
}

#ifdef WRITE_SEEDS
/* The blob begins at @at. */
static void write_seed(const char *folder, const char *name, bool big,
                       const GByteArray *blob, size_t at)
{
    g_autofree char *file = g_strdup_printf("%s-%s", name, big ? "be" : "le");
    g_autofree char *path = g_build_filename(folder, file, NULL);
    g_autoptr(GError) err = NULL;
    g_autoptr(Btf) btf = btf_new(blob->data + at, blob->len - at, &err);

    /* From a seed that is refused a fuzzer would not get far. */
    if (!btf || !g_file_set_contents(path, (const char *)blob->data,
                                     blob->len, &err)) {
        g_error("%s: %s", path, err->message);
    }
    LLVMFuzzerTestOneInput(blob->data, blob->len);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        g_printerr("usage: fuzz_btf_seeds FOLDER\n");
        return 2;
    }
    for (int big = 0; big < 2; big++) {
        g_autoptr(GByteArray) kernel = bs_kernel(big);
        g_autoptr(GByteArray) moved = g_byte_array_new();
        g_autoptr(BtfSynth) s = bs_new(big);
        g_autoptr(GByteArray) layout = NULL;

        for (int kind = 0; kind < 21; kind++) {
            bs_layout(s, 4, 0);
        }
        bs_type(s, "future", 20, 0, 0);
        bs_word(s, 1);
        layout = bs_blob(s);
        /* Not where a page begins, for the search. */
        g_byte_array_set_size(moved, PAGE - 2);
        memset(moved->data, 0, moved->len);
        g_byte_array_append(moved, kernel->data, kernel->len);
        write_seed(argv[1], "kernel", big, kernel, 0);
        write_seed(argv[1], "layout", big, layout, 0);
        write_seed(argv[1], "moved", big, moved, PAGE - 2);
    }
    return 0;
}
#endif
