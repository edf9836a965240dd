/*
 * Unit test of the system-call tables: their order, looking up what is there
 * and what is not, facts from manual pages, and the numbers of the machine
 * that the test is built on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <glib.h>
#include <asm/unistd.h>
#include <string.h>

#include "../../syscalls/tables/tables.h"

/* "PFim": the kinds of a call's arguments in letters. */
static char *kinds(const SyscallsInfo *info)
{
    static const char letter[] = {
        [SYSCALLS_ARG_NONE] = '.', [SYSCALLS_ARG_INT] = 'i',
        [SYSCALLS_ARG_UINT] = 'u', [SYSCALLS_ARG_LONG] = 'l',
        [SYSCALLS_ARG_ULONG] = 'L', [SYSCALLS_ARG_FD] = 'F',
        [SYSCALLS_ARG_MODE] = 'm', [SYSCALLS_ARG_PATH] = 'P',
        [SYSCALLS_ARG_STRING] = 's', [SYSCALLS_ARG_POINTER] = 'p',
    };
    GString *text = g_string_new(NULL);

    for (int i = 0; i < info->n_args; i++) {
        g_assert_cmpuint(info->args[i].kind, <, sizeof(letter));
        g_string_append_c(text, letter[info->args[i].kind]);
    }
    return g_string_free(text, FALSE);
}

static void check_entry(const SyscallsInfo *info)
{
    g_assert_nonnull(info->name);
    g_assert_cmpint(info->name[0], !=, '\0');
    g_assert_cmpuint(info->n_args, <=, SYSCALLS_MAX_ARGS);
    for (int i = 0; i < SYSCALLS_MAX_ARGS; i++) {
        if (i < info->n_args) {
            g_assert_cmpuint(info->args[i].kind, !=, SYSCALLS_ARG_NONE);
            g_assert_cmpuint(info->args[i].kind, <=, SYSCALLS_ARG_POINTER);
            g_assert_nonnull(info->args[i].name);
        } else {
            g_assert_cmpuint(info->args[i].kind, ==, SYSCALLS_ARG_NONE);
            g_assert_null(info->args[i].name);
        }
    }
}

/* Ascending, no number and but few names twice, and all that is listed found. */
static void test_order(void)
{
    for (size_t t = 0; syscalls_tables[t]; t++) {
        const SyscallsTable *table = syscalls_tables[t];
        g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash,
                                                       g_str_equal);
        const SyscallsInfo *info = NULL;
        const SyscallsInfo *prev = NULL;
        unsigned int n = 0;

        g_assert_true(syscalls_table_find(table->abi) == table);
        while ((info = syscalls_table_next(table, prev))) {
            check_entry(info);
            if (prev) {
                g_assert_cmpint(prev->nr, <, info->nr);
            }
            g_assert_true(syscalls_table_lookup(table, info->nr) == info);
            /* Events are made by name: one name, one number. */
            g_assert_true(g_hash_table_add(names, (void *)info->name));
            g_assert_true(syscalls_table_by_name(table, info->name) == info);
            /* The numbers between two are nobody's. */
            for (int64_t nr = prev ? prev->nr + INT64_C(1) : info->nr - 5;
                 nr < info->nr && nr < (prev ? prev->nr : 0) + INT64_C(5000);
                 nr++) {
                g_assert_null(syscalls_table_lookup(table, nr));
            }
            prev = info;
            n++;
        }
        g_assert_cmpuint(n, >, 300);
    }
}

static void test_unknown(void)
{
    static const int64_t numbers[] = {
        -1, -2, INT32_MIN, INT32_MAX, INT64_MIN, INT64_MAX, 0x3fffffff,
        0x7ffffffe, INT64_C(0x100000000), INT64_C(0x100000001), 0xf0000,
        0xf0007, 65536, 1 << 20,
    };

    for (size_t t = 0; syscalls_tables[t]; t++) {
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
            g_assert_null(syscalls_table_lookup(syscalls_tables[t],
                                                numbers[i]));
        }
        g_assert_null(syscalls_table_by_name(syscalls_tables[t], "nothing"));
        g_assert_null(syscalls_table_by_name(syscalls_tables[t], ""));
    }
    g_assert_null(syscalls_table_find("x86"));
    g_assert_null(syscalls_table_find(""));
    g_assert_null(syscalls_table_for_target("z80"));
}

/* What manual pages and the architectures' conventions say. */
static void test_facts(void)
{
    static const struct {
        const char *abi;
        int nr;
        const char *name, *kinds, *first;
    } facts[] = {
        { "x86_64", 0, "read", "FpL", "fd" },
        { "x86_64", 2, "open", "Pim", "filename" },
        { "x86_64", 9, "mmap", "LLLLFL", "addr" },
        { "x86_64", 17, "pread64", "FpLl", "fd" },
        { "x86_64", 39, "getpid", "", NULL },
        { "x86_64", 56, "clone", "LLppL", "clone_flags" },
        { "x86_64", 59, "execve", "Ppp", "filename" },
        { "x86_64", 89, "readlink", "Ppi", "path" },
        { "x86_64", 95, "umask", "m", "mask" },
        { "x86_64", 158, "arch_prctl", "iL", "option" },
        { "x86_64", 165, "mount", "sPsLp", "dev_name" },
        { "x86_64", 166, "umount2", "Pi", "name" },
        { "x86_64", 170, "sethostname", "pi", "name" },
        { "x86_64", 188, "setxattr", "PspLi", "path" },
        { "x86_64", 248, "add_key", "sspLi", "_type" },
        { "x86_64", 257, "openat", "FPim", "dfd" },
        { "x86_64", 262, "newfstatat", "FPpi", "dfd" },
        { "x86_64", 321, "bpf", "ipupu", "cmd" },
        { "x86_64", 435, "clone3", "pL", "uargs" },
        { "x86_64", 437, "openat2", "FPpL", "dfd" },
        { "x32", 0x40000000 + 257, "openat", "FPim", "dfd" },
        { "x32", 0x40000000 + 534, "preadv", "FpLl", "fd" },
        { "i386", 5, "open", "Pim", "filename" },
        { "i386", 90, "mmap", "p", "arg" },
        { "i386", 120, "clone", "LLpLp", "clone_flags" },
        { "i386", 180, "pread64", "FpLuu", "fd" },
        { "i386", 192, "mmap2", "LLLLFL", "addr" },
        { "i386", 403, "clock_gettime64", "ip", "which_clock" },
        { "aarch64", 56, "openat", "FPim", "dfd" },
        { "aarch64", 93, "exit", "i", "error_code" },
        { "aarch64", 220, "clone", "LLpLp", "clone_flags" },
        { "aarch64", 222, "mmap", "LLLLFL", "addr" },
        { "aarch64", 435, "clone3", "pL", "uargs" },
        { "arm", 180, "pread64", "FpLuuu", "fd" },
        { "arm", 194, "ftruncate64", "Fuuu", "fd" },
        { "arm", 270, "arm_fadvise64_64", "Fiuuuu", "fd" },
        { "arm", 0xf0002, "cacheflush", "LLi", "start" },
        { "arm", 0xf0005, "set_tls", "L", "val" },
        { "riscv64", 64, "write", "FpL", "fd" },
        { "riscv64", 258, "riscv_hwprobe", "pLLpu", "pairs" },
        { "s390x", 90, "mmap", "p", "arg" },
        { "s390x", 120, "clone", "LLppL", "newsp" },
        { "ppc64", 286, "openat", "FPim", "dfd" },
        { "ppc", 191, "readahead", "FuuuL", "fd" },
        { "mips", 4005, "open", "Pim", "filename" },
        { "mips", 4200, "pread64", "FpLuuu", "fd" },
        { "mips64", 5000, "read", "FpL", "fd" },
        { "mips64", 5021, "pipe", "", NULL },
        { "mipsn32", 6016, "pread64", "FpLl", "fd" },
        { "loongarch64", 220, "clone", "LLppL", "clone_flags" },
        { "sparc64", 217, "clone", "LLpLp", "clone_flags" },
        { "alpha", 45, "open", "Pim", "filename" },
        { "hppa", 199, "truncate64", "Puu", "path" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        const SyscallsTable *table = syscalls_table_find(facts[i].abi);
        const SyscallsInfo *info;
        g_autofree char *got = NULL;

        g_assert_nonnull(table);
        info = syscalls_table_lookup(table, facts[i].nr);
        g_assert_nonnull(info);
        g_assert_cmpstr(info->name, ==, facts[i].name);
        got = kinds(info);
        g_assert_cmpstr(got, ==, facts[i].kinds);
        g_assert_cmpstr(info->args[0].name, ==, facts[i].first);
    }
}

/* Calls up to the newest of Debian's headers, not some old list's end. */
static void test_newest(void)
{
    for (size_t t = 0; syscalls_tables[t]; t++) {
        const SyscallsTable *table = syscalls_tables[t];

        /* Linux 6.6, 6.10, 6.13 and 7.0 brought these everywhere. */
        g_assert_nonnull(syscalls_table_by_name(table, "fchmodat2"));
        g_assert_nonnull(syscalls_table_by_name(table, "mseal"));
        g_assert_nonnull(syscalls_table_by_name(table, "setxattrat"));
        g_assert_nonnull(syscalls_table_by_name(table, "rseq_slice_yield"));
    }
    g_assert_nonnull(syscalls_table_lookup(syscalls_table_find("x86_64"),
                                           471));
}

static void test_targets(void)
{
    static const char *const pairs[][2] = {
        { "x86_64", "x86_64" }, { "i386", "i386" },
        { "aarch64", "aarch64" }, { "aarch64_be", "aarch64" },
        { "arm", "arm" }, { "armeb", "arm" }, { "riscv64", "riscv64" },
        { "riscv32", "riscv32" }, { "s390x", "s390x" },
        { "ppc", "ppc" }, { "ppc64", "ppc64" }, { "ppc64le", "ppc64" },
        { "mips", "mips" }, { "mipsel", "mips" }, { "mips64", "mips64" },
        { "mips64el", "mips64" }, { "mipsn32", "mipsn32" },
        { "mipsn32el", "mipsn32" }, { "loongarch64", "loongarch64" },
        { "sparc64", "sparc64" }, { "sparc", "sparc" },
        { "sparc32plus", "sparc" }, { "alpha", "alpha" },
        { "hppa", "hppa" }, { "m68k", "m68k" }, { "sh4", "sh4" },
        { "sh4eb", "sh4" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        const SyscallsTable *table = syscalls_table_for_target(pairs[i][0]);

        g_assert_nonnull(table);
        g_assert_cmpstr(table->abi, ==, pairs[i][1]);
    }
}

/* Every name of this machine's <asm/unistd.h> has this machine's number. */
static void test_own_headers(void)
{
#if defined(__x86_64__) && !defined(__ILP32__)
    const SyscallsTable *table = syscalls_table_find("x86_64");
#elif defined(__aarch64__)
    const SyscallsTable *table = syscalls_table_find("aarch64");
#else
    const SyscallsTable *table = NULL;
#endif
    static const struct {
        const char *name;
        int nr;
    } own[] = {
#include "own_syscalls.h"
    };

    if (!table) {
        g_test_skip("built for a machine of another architecture");
        return;
    }
    g_assert_cmpuint(G_N_ELEMENTS(own), >, 300);
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++) {
        const SyscallsInfo *info = syscalls_table_lookup(table, own[i].nr);

        g_assert_nonnull(info);
        g_assert_cmpstr(info->name, ==, own[i].name);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tables/order", test_order);
    g_test_add_func("/tables/unknown", test_unknown);
    g_test_add_func("/tables/facts", test_facts);
    g_test_add_func("/tables/newest", test_newest);
    g_test_add_func("/tables/targets", test_targets);
    g_test_add_func("/tables/own-headers", test_own_headers);
    return g_test_run();
}
