/*
 * libFuzzer target for reading a task_struct: the input is BTF, from which
 * the layout is taken, and then the kernel's memory.  Without libFuzzer's
 * main it writes the seeds:
 *
 *     fuzz_task_seeds FOLDER
 *
 * The input: two bytes with the BTF's length, little-endian; the BTF; what
 * remains is memory, over and over again, with one page in eight missing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "btf_synth.h"
#include "layout_from.h"
#include "task.h"

#define PAGE 4096u
#define TASK UINT64_C(0xffff888012345678)

/* osi.h wants it; there is nobody to import from. */
void qpp_entry_add_import(struct qpp_import *import)
{
}

typedef struct Memory {
    const uint8_t *data;
    size_t size;
    unsigned int hole; /* pages of this number modulo 8 cannot be read */
    unsigned int reads;
} Memory;

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    Memory *m = opaque;

    m->reads++;
    g_assert_cmpuint(len, >, 0);
    g_assert_cmpuint(addr % PAGE + len, <=, PAGE);
    if (addr / PAGE % 8 == m->hole) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        ((uint8_t *)buf)[i] = m->data[(addr + i) % m->size];
    }
    return true;
}

static unsigned int n_known; /* how often a task was read */

static void check(const OsiTask *task, bool read)
{
    const OsiIdentity *id = &task->identity;

    g_assert_true(read == task->known);
    if (read) {
        n_known++;
        g_assert_cmpint(id->pid, >=, 0);
        g_assert_cmpint(id->tid, >=, 0);
        g_assert_cmpint(id->ppid, >=, 0);
        g_assert_cmpint(id->pid, <=, 4 << 20);
        g_assert_cmpint(id->tid, <=, 4 << 20);
        g_assert_cmpint(id->ppid, <=, 4 << 20);
        g_assert_nonnull(memchr(id->comm, '\0', OSI_COMM_LEN));
        g_assert_cmphex(id->taskd, ==, TASK);
    }
}

static void read_tasks(const OsiLayout *layout, const uint8_t *data,
                       size_t size)
{
    Memory m = { data, size, data[size - 1], 0 };
    OsiTask task = { 0 };

    for (int round = 0; round < 3; round++) {
        bool read;

        m.reads = 0;
        read = osi_task_read(layout, memory_read, &m, TASK, round == 2,
                             &task);
        check(&task, read);
        /* the window's pages, and four members on two pages at most */
        g_assert_cmpuint(m.reads, <=, OSI_STRUCT_MAX / PAGE + 1 + 4 * 2);
        osi_task_without_mm(layout, memory_read, &m, TASK);
        /* meanwhile the memory has changed */
        m.data++;
        m.size--;
        if (!m.size) {
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Btf) btf = NULL;
    OsiLayout layout;
    size_t len;

    if (size < 3) {
        return 0;
    }
    len = MIN((size_t)(data[0] | data[1] << 8), size - 3);
    btf = btf_new(data + 2, len, NULL);
    if (!btf) {
        return 0;
    }
    if (!layout_from(&btf, &layout, &error)) {
        g_assert_nonnull(error);
        return 0;
    }
    g_assert_cmpuint(layout.task_group.size, <=, OSI_STRUCT_MAX);
    read_tasks(&layout, data + 2 + len, size - 2 - len);
    return 0;
}

#ifdef WRITE_SEEDS
/* A kernel of the usual members, @gap bytes apart. */
static GByteArray *kernel(bool big_endian, uint32_t gap)
{
    static const char *const pointers[] = {
        "real_parent", "group_leader", "mm", "real_cred", "sighand",
        "thread_pid", "start_time",
    };
    g_autoptr(BtfSynth) s = bs_new(big_endian);
    uint32_t i = bs_int(s, "int", 4, true);
    uint32_t c = bs_int(s, "char", 1, true);
    uint32_t l = bs_int(s, "long unsigned int", 8, false);
    uint32_t name = bs_array(s, c, 16);

    bs_type(s, "task_struct", BS_STRUCT, 3 + G_N_ELEMENTS(pointers),
            64 + 16 * gap);
    bs_named2(s, "pid", i, 0);
    bs_named2(s, "tgid", i, 32);
    bs_named2(s, "comm", name, 128);
    for (uint32_t p = 0; p < G_N_ELEMENTS(pointers); p++) {
        bs_named2(s, pointers[p], l, (32 + p * gap) * 8);
    }
    bs_type(s, "mm_struct", BS_STRUCT, 1, 128);
    bs_named2(s, "pgd", l, 64 * 8);
    bs_type(s, "cred", BS_STRUCT, 1, 64);
    bs_named2(s, "uid", i, 8 * 8);
    return bs_blob(s);
}

static bool write_seed(const char *folder, bool big_endian, uint32_t gap)
{
    g_autoptr(GByteArray) blob = kernel(big_endian, gap);
    g_autoptr(GByteArray) seed = g_byte_array_new();
    g_autofree char *name = g_strdup_printf("%s/task-%d-%u", folder,
                                            big_endian, gap);
    const uint8_t len[2] = { blob->len & 0xff, blob->len >> 8 };

    g_byte_array_append(seed, len, 2);
    g_byte_array_append(seed, blob->data, blob->len);
    for (int i = 0; i < 509; i++) {
        /* small numbers in either byte order, and pointers out of them */
        const uint8_t byte = i % 8 == 7 ? (uint8_t)i : 0;

        g_byte_array_append(seed, &byte, 1);
    }
    /* From a seed that is refused a fuzzer would not get far. */
    n_known = 0;
    LLVMFuzzerTestOneInput(seed->data, seed->len);
    return n_known &&
           g_file_set_contents(name, (char *)seed->data, seed->len, NULL);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        g_printerr("usage: fuzz_task_seeds FOLDER\n");
        return 2;
    }
    for (int big_endian = 0; big_endian <= 1; big_endian++) {
        if (!write_seed(argv[1], big_endian, 8) ||
            !write_seed(argv[1], big_endian, 900)) {
            g_printerr("fuzz_task_seeds: nothing good to write to %s\n", argv[1]);
            return 1;
        }
    }
    return 0;
}
#endif
