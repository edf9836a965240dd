/*
 * infer_kernel.c: a kernel's memory, made up, of which nothing is said but by
 * its kallsyms.  See infer_kernel.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "infer_kernel.h"
#include "kallsyms_synth.h"

uint8_t *ik_memory;
unsigned int ik_reads;
void (*ik_before_read)(void);
OsiReader ik_reader;

static unsigned int n_tasks;

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    ik_reads++;
    if (ik_before_read) {
        ik_before_read();
    }
    if (addr < IK_BASE || addr >= IK_BASE + IK_SIZE ||
        len > IK_BASE + IK_SIZE - addr) {
        return false;
    }
    memcpy(buf, ik_memory + (addr - IK_BASE), len);
    return true;
}

void ik_put(uint64_t at, uint64_t value, unsigned int size)
{
    for (unsigned int i = 0; i < size; i++) {
        ik_memory[at + (ik_reader.big_endian ? size - 1 - i : i)] =
            value >> 8 * i;
    }
}

void ik_put_pointer(uint64_t at, uint64_t to)
{
    ik_put(at, IK_BASE + to, 8);
}

uint64_t ik_task_at(unsigned int i)
{
    return IK_TASK + i % n_tasks * IK_TASK_STEP;
}

/* 0 swapper, 1 init and 3 are processes' or none's; the others kthreadd's. */
static bool is_process(unsigned int i)
{
    return i == 1 || i == 3;
}

static void put_task(unsigned int i)
{
    uint64_t t = ik_task_at(i), parent = i < 3 ? 0 : is_process(i) ? 1 : 2;
    uint64_t mm = is_process(i) ? IK_BASE + IK_OTHER_MM + i * 0x400 : 0;
    uint64_t sibling = ik_task_at(3) + IK_AT_FAMILY + 32;
    g_autofree char *name = g_strdup_printf("thread/%u", i);

    memset(ik_memory + t, 0xa5, IK_TASK_STEP);
    ik_put_pointer(t + IK_AT_STACK, IK_STACK + i * 0x40);
    ik_put_pointer(t + IK_AT_TASKS, ik_task_at(i + 1) + IK_AT_TASKS);
    ik_put_pointer(t + IK_AT_TASKS + 8,
                   ik_task_at(i + n_tasks - 1) + IK_AT_TASKS);
    ik_put(t + IK_AT_MM, mm, 8);
    ik_put(t + IK_AT_MM + 8, mm ? mm : IK_BASE + IK_MM, 8);
    ik_put(t + IK_AT_PID, i, 4);
    ik_put(t + IK_AT_PID + 4, i, 4);
    ik_put_pointer(t + IK_AT_FAMILY, ik_task_at(parent));
    ik_put_pointer(t + IK_AT_FAMILY + 8, ik_task_at(parent));
    for (unsigned int list = 16; list <= 32; list += 16) {
        ik_put_pointer(t + IK_AT_FAMILY + list, t + IK_AT_FAMILY + list);
        ik_put_pointer(t + IK_AT_FAMILY + list + 8, t + IK_AT_FAMILY + list);
    }
    if (i == 1) {
        ik_put_pointer(t + IK_AT_FAMILY + 16, sibling);
        ik_put_pointer(t + IK_AT_FAMILY + 24, sibling);
    }
    ik_put_pointer(t + IK_AT_FAMILY + 48, t);
    ik_put_pointer(t + IK_AT_THREAD_PID, IK_PID + i * 0x40);
    ik_put(t + 904, i * UINT64_C(50000000), 8);
    ik_put(t + 912, i * UINT64_C(50000000) + 70, 8);
    ik_put_pointer(t + IK_AT_CRED, IK_CRED);
    ik_put_pointer(t + IK_AT_CRED + 8, IK_CRED);
    strncpy((char *)ik_memory + t + IK_AT_COMM,
            i == 0 ? "swapper/0" : i == 1 ? "init" : i == 2 ? "kthreadd"
                                                            : name, 16);
    ik_put_pointer(t + 1104, IK_FS);
    ik_put_pointer(t + 1112, IK_FILES);
    ik_put_pointer(t + IK_AT_SIGHAND, IK_SIGHAND + i * 0x40);
}

static void put_variables(void)
{
    memset(ik_memory, 0xa5, IK_TASK);
    ik_put_pointer(IK_MM + IK_AT_PGD, IK_PGD);
    for (unsigned int i = 0; i < n_tasks; i++) {
        ik_put_pointer(IK_OTHER_MM + i * 0x400 + IK_AT_PGD, IK_PGD + 0x1000);
    }
    memset(ik_memory + IK_CRED, 0, 128);
    ik_put(IK_CRED, 4, 8);
    for (unsigned int i = 0; i < 3; i++) {
        ik_put(IK_CRED + 56 + 8 * i, UINT64_C(0x1ffffffffff), 8);
    }
    memset(ik_memory + IK_FILES, 0, 2048);
    ik_put_pointer(IK_FILES + 32, IK_FILES + 40);
    ik_put(IK_FILES + 40, 64, 4);
    ik_put_pointer(IK_FILES + 48, IK_FILES + 160);
}

#define AT(name, at) { name, IK_BASE + (at) }

Kallsyms *ik_symbols(void)
{
    static const KsSymbol symbols[] = {
        AT("T_stext", 0), AT("Tfunction", 0x100), AT("Tfunction2", 0x200),
        AT("Dinit_stack", IK_STACK), AT("Dinit_mm", IK_MM),
        AT("Dinit_cred", IK_CRED), AT("Dinit_files", IK_FILES),
        AT("Dinit_fs", IK_FS), AT("Dinit_struct_pid", IK_PID),
        AT("Dinit_sighand", IK_SIGHAND), AT("Dswapper_pg_dir", IK_PGD),
        AT("Dinit_task", IK_TASK), AT("Da", IK_TABLES), AT("Db", IK_TABLES),
        AT("Dc", IK_TABLES), AT("Dd", IK_TABLES), AT("De", IK_TABLES),
        AT("Df", IK_TABLES), AT("Dg", IK_TABLES), AT("D_end", IK_SIZE),
    };
    KsSynth s = {
        .big_endian = ik_reader.big_endian, .pointer_size = 8,
        .form = KS_NEW, .align = 8,
        .address = IK_BASE + IK_TABLES, .base = IK_BASE, .symbols = symbols,
        .n = G_N_ELEMENTS(symbols),
    };
    g_autoptr(GByteArray) tables = ks_synth(&s);

    memcpy(ik_memory + IK_TABLES, tables->data, tables->len);
    return kallsyms_find(memory_read, NULL, IK_BASE + 0x100, NULL, NULL);
}

void ik_start(unsigned int n, bool big_endian)
{
    if (!ik_memory) {
        ik_memory = g_malloc0(IK_SIZE);
    }
    g_assert_cmpuint(n, >=, 1);
    g_assert_cmpuint(n, <=, IK_MAX_TASKS);
    n_tasks = n;
    ik_reads = 0;
    ik_before_read = NULL;
    ik_reader = (OsiReader){ memory_read, NULL, big_endian };
    memset(ik_memory, 0, IK_TABLES);
    put_variables();
    for (unsigned int i = 0; i < n_tasks; i++) {
        put_task(i);
    }
}
