/*
 * What the logger's tests share: calls and identities to make records of.
 * Included by one file of each test program.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TEST_LOGGER_COMMON_H
#define TEST_LOGGER_COMMON_H

#include "format.h"

/* The headers' imports stay unresolved: nothing here calls a plugin. */
void qpp_entry_add_import(struct qpp_import *import)
{
}

#define A(kind, name) { SYSCALLS_ARG_##kind, name }

/* One of each argument kind, and the shapes of real calls. */
static const SyscallsInfo info_openat = {
    257, "openat", 4,
    { A(FD, "dfd"), A(PATH, "filename"), A(INT, "flags"), A(MODE, "mode") }
};
static const SyscallsInfo info_close = { 3, "close", 1, { A(FD, "fd") } };
static const SyscallsInfo info_getpid = { 39, "getpid", 0 };

static inline SyscallsCall call_of(const SyscallsInfo *info)
{
    return (SyscallsCall) {
        .id = 1,
        .time_ns = 123456789012345,
        .pc = 0x7f0b815478cd,
        .abi = "x86_64",
        .info = info,
        .nr = info ? info->nr : 1000,
        .outcome = SYSCALLS_RETURNED,
    };
}

static inline OsiIdentity identity_of(const char *comm)
{
    OsiIdentity who = { .pid = 211, .tid = 215, .ppid = 1 };

    memcpy(who.comm, comm, MIN(strlen(comm), OSI_COMM_LEN - 1));
    return who;
}

/* The record as a string: its bytes with a NUL; g_free it. */
static inline char *record_text(void (*put)(LogBytes *, const LogRecord *),
                                const SyscallsCall *call,
                                const OsiIdentity *who,
                                const LogStrings *strings)
{
    LogRecord rec = { .call = call, .who = who, .strings = strings };
    LogBytes out = { 0 };

    put(&out, &rec);
    log_put_char(&out, 0);
    g_assert_cmpuint(strlen(out.data) + 1, ==, out.len);
    return out.data;
}

#endif /* TEST_LOGGER_COMMON_H */
