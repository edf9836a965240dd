/*
 * What the kernel says of itself, read from memory made up here: in both
 * shapes of struct module, and as a hostile guest would have it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "facts.h"

#define BASE UINT64_C(0xffffffff81000000)
#define SIZE 65536u

/* Where things are in the memory made up. */
enum {
    HEAD = 0x100, TK = 0x200, UTS = 0x400, BANNER = 0x600, CMDLINE_PTR = 0x800,
    CMDLINE = 0x900, MODULE = 0x1000, MODULE_STEP = 0x400,
};

static uint8_t memory[SIZE];
static unsigned int reads;

/* osi.h wants it; there is nobody to import from. */
void qpp_entry_add_import(struct qpp_import *import)
{
}

static bool memory_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    reads++;
    if (addr < BASE || addr + len > BASE + SIZE) {
        return false;
    }
    memcpy(buf, memory + (addr - BASE), len);
    return true;
}

static void put(uint64_t at, uint64_t value)
{
    value = GUINT64_TO_LE(value);
    memcpy(memory + at, &value, sizeof(value));
}

static void add(OsiModel *m, const char *type, const char *name,
                uint64_t offset, uint64_t size, const char *inner)
{
    osi_model_add(m, type, name, &(OsiField){ offset, size, 0, 0 }, inner);
}

static OsiTypes *types_new(bool parts)
{
    OsiModel *m = osi_model_new(false, 8);

    add(m, "list_head", "next", 0, 8, NULL);
    add(m, "list_head", "prev", 8, 8, NULL);
    add(m, "module", "state", 0, 4, NULL);
    add(m, "module", "list", 8, 16, "list_head");
    add(m, "module", "name", 24, 56, NULL);
    osi_model_add_enum(m, "MODULE_STATE_UNFORMED", 3);
    if (parts) {
        add(m, "module", "mem", 96, 3 * 16, NULL);
        add(m, "module_memory", "base", 0, 8, NULL);
        add(m, "module_memory", "size", 8, 4, NULL);
        osi_model_set_size(m, "module_memory", 16);
        osi_model_add_enum(m, "MOD_TEXT", 1);
    } else {
        add(m, "module", "core_layout", 96, 16, "module_layout");
        add(m, "module", "init_layout", 112, 16, "module_layout");
        add(m, "module_layout", "base", 0, 8, NULL);
        add(m, "module_layout", "size", 8, 4, NULL);
    }
    add(m, "timespec64", "tv_sec", 0, 8, NULL);
    add(m, "timespec64", "tv_nsec", 8, 8, NULL);
    add(m, "timekeeper", "wall_to_monotonic", 64, 16, "timespec64");
    add(m, "timekeeper", "offs_real", 80, 8, NULL);
    add(m, "timekeeper", "offs_boot", 88, 8, NULL);
    add(m, "uts_namespace", "name", 4, 390, "new_utsname");
    add(m, "new_utsname", "release", 130, 65, NULL);
    osi_model_add_symbol(m, "modules", HEAD);
    osi_model_add_symbol(m, "tk_core", TK);
    osi_model_add_symbol(m, "init_uts_ns", UTS);
    osi_model_add_symbol(m, "linux_banner", BANNER);
    osi_model_add_symbol(m, "saved_command_line", CMDLINE_PTR);
    osi_model_set_slide(m, BASE);
    return osi_types_from_model(m);
}

/* Three modules, the second of which is not there yet. */
static void fill(void)
{
    memset(memory, 0, sizeof(memory));
    put(HEAD, BASE + MODULE + 8);
    for (unsigned int i = 0; i < 3; i++) {
        uint64_t at = MODULE + i * MODULE_STEP;

        put(at, i == 1 ? 3 : 0);
        put(at + 8, i == 2 ? BASE + HEAD : BASE + at + MODULE_STEP + 8);
        put(at + 16, i == 0 ? BASE + HEAD : BASE + at - MODULE_STEP + 8);
        g_snprintf((char *)memory + at + 24, 56, "module%u", i);
        for (unsigned int part = 0; part < 3; part++) {
            put(at + 96 + part * 16, 0xa000 + i * 0x100 + part);
            put(at + 96 + part * 16 + 8, 4096 << part);
        }
    }
    put(HEAD + 8, BASE + MODULE + 2 * MODULE_STEP + 8);
    put(TK + 8 + 64, (uint64_t)-2000);
    put(TK + 8 + 64 + 8, 999999990);
    put(TK + 8 + 80, 1999000000010);
    put(TK + 8 + 88, 7);
    strcpy((char *)memory + UTS + 134, "6.12.1-test");
    strcpy((char *)memory + BANNER, "Linux version 6.12.1-test (x@y) #1\n");
    put(CMDLINE_PTR, BASE + CMDLINE);
    strcpy((char *)memory + CMDLINE, "root=/dev/vda  quiet ");
}

static OsiFacts *facts_new(bool parts)
{
    g_autoptr(OsiTypes) types = types_new(parts);

    return osi_facts_new(types, &(OsiReader){ memory_read, NULL, false });
}

static void free_modules(OsiKernelModules *modules)
{
    if (modules) {
        g_free(modules->modules);
        g_free(modules);
    }
}

static void test_good(void)
{
    for (int parts = 0; parts < 2; parts++) {
        g_autoptr(OsiFacts) facts = NULL;
        OsiKernelModules *modules;
        int64_t ns;

        fill();
        facts = facts_new(parts);
        g_assert_cmpstr(facts->version, ==,
                        "Linux version 6.12.1-test (x@y) #1");
        g_assert_cmpstr(facts->release, ==, "6.12.1-test");
        g_assert_cmpstr(facts->command_line, ==, "root=/dev/vda  quiet ");
        g_assert_true(osi_facts_boot_time(facts, &ns));
        g_assert_cmpint(ns, ==, 1999000000003);
        modules = osi_facts_modules(facts);
        g_assert_nonnull(modules);
        g_assert_cmpuint(modules->n, ==, 2);
        g_assert_cmpstr(modules->modules[1].name, ==, "module2");
        g_assert_cmphex(modules->modules[1].base, ==,
                        parts ? 0xa201 : 0xa200);
        g_assert_cmpuint(modules->modules[1].size, ==,
                         parts ? 4096 * 7 : 4096 * 3);
        g_assert_cmphex(modules->modules[1].module, ==,
                        BASE + MODULE + 2 * MODULE_STEP);
        free_modules(modules);
    }
}

static void test_hostile(void)
{
    g_autoptr(OsiFacts) facts = NULL;
    int64_t ns;

    fill();
    facts = facts_new(true);
    /* A circle that the head is not in, with matching neighbours. */
    put(MODULE + 2 * MODULE_STEP + 8, BASE + MODULE + 8);
    put(MODULE + 16, BASE + MODULE + 2 * MODULE_STEP + 8);
    reads = 0;
    g_assert_null(osi_facts_modules(facts));
    g_assert_cmpuint(reads, <, 4 * 2 * 16384 + 100);
    /* A module that is its own neighbour. */
    fill();
    put(MODULE + 8, BASE + MODULE + 8);
    put(MODULE + 16, BASE + MODULE + 8);
    g_assert_null(osi_facts_modules(facts));
    /* A pointer to nowhere; a name without an end. */
    fill();
    put(MODULE + MODULE_STEP + 8, 0x1234);
    g_assert_null(osi_facts_modules(facts));
    fill();
    memset(memory + MODULE + 24, 'x', 56);
    free_modules(osi_facts_modules(facts));
    /* A clock that contradicts itself; one that overflows. */
    put(TK + 8 + 80, 1999000000011);
    g_assert_false(osi_facts_boot_time(facts, &ns));
    put(TK + 8 + 64, INT64_MIN);
    put(TK + 8 + 80, INT64_MAX);
    g_assert_false(osi_facts_boot_time(facts, &ns));
}

/* Strings that are none, and symbols that are not there. */
static void test_unknown(void)
{
    g_autoptr(OsiTypes) none = osi_types_from_model(osi_model_new(false, 8));
    g_autoptr(OsiFacts) facts = NULL;
    g_autoptr(OsiFacts) nothing = NULL;
    int64_t ns;

    fill();
    memset(memory + BANNER, 'L', 1024);
    put(CMDLINE_PTR, BASE + SIZE - 4);
    memset(memory + SIZE - 4, 'x', 4);
    memset(memory + UTS + 134, 'x', 65);
    facts = facts_new(true);
    g_assert_null(facts->version);
    g_assert_null(facts->command_line);
    g_assert_null(facts->release);
    nothing = osi_facts_new(none, &(OsiReader){ memory_read, NULL, false });
    g_assert_null(nothing->version);
    g_assert_null(osi_facts_modules(nothing));
    g_assert_false(osi_facts_boot_time(nothing, &ns));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/facts/good", test_good);
    g_test_add_func("/facts/hostile", test_hostile);
    g_test_add_func("/facts/unknown", test_unknown);
    return g_test_run();
}
