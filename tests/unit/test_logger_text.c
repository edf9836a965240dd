/*
 * The logger's text format: every argument kind, every outcome, and strings
 * read from a guest memory that is partly not there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "test_logger_common.h"

/* ---- A guest's memory: three pages, the middle one comes and goes ---- */

#define BASE 0x10000u
#define PAGE 4096u
#define TOP (UINT64_MAX - PAGE + 1)

static char memory[3 * PAGE];
static char last_page[PAGE]; /* of the address space */
static bool middle_present;
static unsigned int reads;

static bool read_memory(uint64_t addr, void *into, size_t len)
{
    reads++;
    /* The logger must not ask for more than one page can answer. */
    g_assert_cmpuint(addr / PAGE, ==, (addr + len - 1) / PAGE);
    if (addr >= TOP) {
        memcpy(into, last_page + (addr - TOP), len);
        return true;
    }
    if (addr < PAGE) { /* what a pointer that wraps around would find */
        memset(into, 0, len);
        return true;
    }
    if (addr < BASE || addr - BASE >= sizeof(memory) ||
        (!middle_present && (addr - BASE) / PAGE == 1)) {
        return false;
    }
    memcpy(into, memory + (addr - BASE), len);
    return true;
}

static uint64_t poke(size_t at, const char *s)
{
    memcpy(memory + at, s, strlen(s) + 1);
    return BASE + at;
}

static void memory_init(void)
{
    memset(memory, 'm', sizeof(memory));
    memset(last_page, 't', sizeof(last_page));
    middle_present = true;
    reads = 0;
}

/* The line of @call by an identity, with its strings as read now. */
static char *text(const SyscallsCall *call, size_t max)
{
    OsiIdentity who = identity_of("sh");
    LogStrings strings = { 0 };
    char *line;

    log_strings_read(&strings, call, max, read_memory);
    line = record_text(log_format_text.on_return, call, &who, &strings);
    log_strings_deinit(&strings);
    return line;
}

static void check(const SyscallsCall *call, const char *expected)
{
    g_autofree char *line = text(call, 32);
    g_autofree char *whole = g_strconcat("211/215 sh  ", expected, "\n", NULL);

    g_assert_cmpstr(line, ==, whole);
}

/* ---- Arguments ---- */

static void test_openat(void)
{
    SyscallsCall call = call_of(&info_openat);

    memory_init();
    call.args[0] = (uint64_t)-100;
    call.args[1] = poke(0, "/etc/passwd");
    call.args[2] = 0x80000;
    call.ret = 3;
    check(&call, "openat(AT_FDCWD, \"/etc/passwd\", 0x80000, 0) = 3");
    call.args[0] = 0xffffff9c; /* the same, not sign-extended */
    call.args[1] = 0;
    call.args[2] = 0x241;
    call.args[3] = 0644;
    call.ret = -14;
    check(&call, "openat(AT_FDCWD, NULL, 0x241, 0644) = "
                 "-1 EFAULT (Bad address)");
    call.args[0] = 5;
    call.args[1] = 0xdead000;
    check(&call, "openat(5, 0xdead000, 0x241, 0644) = "
                 "-1 EFAULT (Bad address)");
}

static void test_every_kind(void)
{
    static const SyscallsInfo first = {
        1, "kinds", 6,
        { A(INT, "a"), A(UINT, "b"), A(LONG, "c"), A(ULONG, "d"), A(FD, "e"),
          A(MODE, "f") }
    };
    static const SyscallsInfo second = {
        2, "more", 6,
        { A(STRING, "a"), A(POINTER, "b"), A(POINTER, "c"), A(NONE, NULL),
          A(ULONG, "clone_flags"), A(ULONG, "addr") }
    };
    SyscallsCall call = call_of(&first);

    memory_init();
    call.args[0] = call.args[1] = call.args[2] = call.args[3] = UINT64_MAX;
    call.args[4] = (uint64_t)-100;
    call.args[5] = 04755;
    check(&call, "kinds(-1, 4294967295, -1, 18446744073709551615, -100, "
                 "04755) = 0");
    call.args[0] = 0x8000000000000001; /* only the lower half is an int */
    call.args[2] = 1ull << 63;
    call.args[3] = 0;
    check(&call, "kinds(1, 4294967295, -9223372036854775808, 0, -100, "
                 "04755) = 0");

    call = call_of(&second);
    call.args[0] = poke(7, "q\"\\\n\t\x01\x01" "8\xc3\xa4");
    call.args[2] = 0x7fff0010;
    call.args[3] = 7;
    call.args[4] = 0x1200011;
    check(&call, "more(\"q\\\"\\\\\\n\\t\\1\\0018\\303\\244\", NULL, "
                 "0x7fff0010, 0x7, 0x1200011, NULL) = 0");
}

static void test_unknown(void)
{
    SyscallsCall call = call_of(NULL);
    g_autofree char *nobody = NULL;

    call.args[0] = 1;
    call.ret = -38;
    check(&call, "syscall_0x3e8(0x1, 0x0, 0x0, 0x0, 0x0, 0x0) = "
                 "-1 ENOSYS (Function not implemented)");
    call.nr = -1;
    nobody = record_text(log_format_text.on_return, &call, NULL, NULL);
    g_assert_cmpstr(nobody, ==,
                    "?/? ?  syscall_0xffffffff(0x1, 0x0, 0x0, 0x0, 0x0, 0x0) "
                    "= -1 ENOSYS (Function not implemented)\n");
}

static void test_name_is_escaped(void)
{
    SyscallsCall call = call_of(&info_getpid);
    OsiIdentity who = identity_of("a\nb \xff\\");
    g_autofree char *line =
        record_text(log_format_text.on_return, &call, &who, NULL);

    g_assert_cmpstr(line, ==, "211/215 a\\nb \\377\\\\  getpid() = 0\n");
}

/* ---- Results ---- */

static void test_outcomes(void)
{
    SyscallsCall call = call_of(&info_close);

    call.args[0] = 9;
    call.ret = -9;
    check(&call, "close(9) = -1 EBADF (Bad file descriptor)");
    call.ret = -4095;
    check(&call, "close(9) = -1 (errno 4095)");
    call.ret = -4096;
    check(&call, "close(9) = -4096");
    call.ret = INT64_MIN;
    check(&call, "close(9) = -9223372036854775808");
    call.ret = INT64_MAX;
    check(&call, "close(9) = 9223372036854775807");
    call.outcome = SYSCALLS_NO_RETURN;
    check(&call, "close(9) = ?");
    call.outcome = SYSCALLS_RESTARTED;
    check(&call, "close(9) = ? (restarted)");
    call.outcome = SYSCALLS_CHILD;
    call.ret = 0;
    check(&call, "close(9) = 0 (child)");
}

static void test_result_bases(void)
{
    static const SyscallsInfo mmap_info = { 9, "mmap", 0 };
    static const SyscallsInfo umask_info = { 95, "umask", 1,
                                             { A(MODE, "mask") } };
    SyscallsCall call = call_of(&mmap_info);

    call.ret = 0x7f1234567000;
    check(&call, "mmap() = 0x7f1234567000");
    call.ret = -12;
    check(&call, "mmap() = -1 ENOMEM (Cannot allocate memory)");
    call = call_of(&umask_info);
    call.args[0] = 077;
    call.ret = 022;
    check(&call, "umask(077) = 022");
}

/* Where numbers differ, a name must not be the host's. */
static void test_foreign_errno(void)
{
    SyscallsCall call = call_of(&info_getpid);

    call.abi = "mips";
    call.ret = -2;
    check(&call, "getpid() = -1 ENOENT (No such file or directory)");
    call.ret = -35;
    check(&call, "getpid() = -1 (errno 35)");
    call.abi = "alpha";
    call.ret = -11;
    check(&call, "getpid() = -1 (errno 11)");
    call.abi = "aarch64";
    check(&call, "getpid() = -1 EAGAIN (Resource temporarily unavailable)");
}

/* ---- Strings ---- */

static const SyscallsInfo info_fsopen = {
    430, "fsopen", 2, { A(STRING, "fs_name"), A(UINT, "flags") }
};
static const SyscallsInfo info_chdir = {
    80, "chdir", 1, { A(PATH, "filename") }
};

static void test_string_bounds(void)
{
    SyscallsCall call = call_of(&info_fsopen);
    g_autofree char *zero = NULL, *empty = NULL;

    memory_init();
    call.args[0] = poke(0, "0123456789012345678901234567890a");
    check(&call, "fsopen(\"0123456789012345678901234567890a\", 0) = 0");
    call.args[0] = poke(0, "0123456789012345678901234567890ab");
    check(&call, "fsopen(\"0123456789012345678901234567890a\"..., 0) = 0");
    zero = text(&call, 0);
    g_assert_nonnull(strstr(zero, "fsopen(\"\"..., 0)"));
    call.args[0] = poke(0, "");
    empty = text(&call, 0);
    g_assert_nonnull(strstr(empty, "fsopen(\"\", 0)"));
}

/* strsize is not for paths: they are whole, up to the kernel's limit. */
static void test_path_bounds(void)
{
    SyscallsCall call = call_of(&info_chdir);
    g_autofree char *longest = NULL, *longer = NULL;

    memory_init();
    memory[100 + 4095] = 0;
    call.args[0] = BASE + 100;
    longest = text(&call, 8);
    g_assert_true(g_str_has_suffix(longest, "mmm\") = 0\n"));
    g_assert_cmpuint(strspn(strchr(longest, '"') + 1, "m"), ==, 4095);
    memory[100 + 4095] = 'm';
    reads = 0;
    longer = text(&call, 8);
    g_assert_true(g_str_has_suffix(longer, "mmm\"...) = 0\n"));
    g_assert_cmpuint(strspn(strchr(longer, '"') + 1, "m"), ==, 4095);
    g_assert_cmpuint(reads, <, 50);
}

static void test_page_edges(void)
{
    SyscallsCall call = call_of(&info_chdir);

    memory_init();
    middle_present = false;
    /* Ends with the last byte before the page that is not there. */
    call.args[0] = poke(PAGE - 5, "/tmp");
    check(&call, "chdir(\"/tmp\") = 0");
    /* One byte more and no end is to be seen: no string. */
    call.args[0] = BASE + PAGE - 4;
    memory[PAGE - 1] = 'x';
    check(&call, "chdir(0x10ffc) = 0");
    /* Runs over the end of the address space. */
    call.args[0] = UINT64_MAX - 2;
    check(&call, "chdir(0xfffffffffffffffd) = 0");
}

static void test_retry(void)
{
    static const SyscallsInfo rename_info = {
        82, "rename", 2, { A(PATH, "oldname"), A(PATH, "newname") }
    };
    SyscallsCall call = call_of(&rename_info);
    OsiIdentity who = identity_of("sh");
    LogStrings strings = { 0 };
    g_autofree char *before = NULL, *after = NULL, *next = NULL;

    memory_init();
    middle_present = false;
    call.args[0] = poke(PAGE + 10, "old");
    call.args[1] = poke(20, "new");
    log_strings_read(&strings, &call, 32, read_memory);
    before = record_text(log_format_text.on_return, &call, &who, &strings);
    g_assert_cmpstr(before, ==,
                    "211/215 sh  rename(0x1100a, \"new\") = 0\n");
    middle_present = true;
    poke(20, "changed since"); /* what was read stays */
    log_strings_retry(&strings, &call, 32, read_memory);
    after = record_text(log_format_text.on_return, &call, &who, &strings);
    g_assert_cmpstr(after, ==, "211/215 sh  rename(\"old\", \"new\") = 0\n");
    /* The next call starts afresh. */
    call = call_of(&info_getpid);
    log_strings_read(&strings, &call, 32, read_memory);
    g_assert_cmpuint(strings.store.len, ==, 0);
    next = record_text(log_format_text.on_return, &call, &who, &strings);
    g_assert_cmpstr(next, ==, "211/215 sh  getpid() = 0\n");
    log_strings_deinit(&strings);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/logger/text/openat", test_openat);
    g_test_add_func("/logger/text/every-kind", test_every_kind);
    g_test_add_func("/logger/text/unknown", test_unknown);
    g_test_add_func("/logger/text/name-is-escaped", test_name_is_escaped);
    g_test_add_func("/logger/text/outcomes", test_outcomes);
    g_test_add_func("/logger/text/result-bases", test_result_bases);
    g_test_add_func("/logger/text/foreign-errno", test_foreign_errno);
    g_test_add_func("/logger/strings/bounds", test_string_bounds);
    g_test_add_func("/logger/strings/paths", test_path_bounds);
    g_test_add_func("/logger/strings/page-edges", test_page_edges);
    g_test_add_func("/logger/strings/retry", test_retry);
    return g_test_run();
}
