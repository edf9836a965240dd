/*
 * info.h: what is known of each system call of a guest: plain data, for
 * syscalls.h and for the tables.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_INFO_H
#define QPP_SYSCALLS_INFO_H

#include <stdint.h>

/* Most arguments a Linux system call takes. */
#define SYSCALLS_MAX_ARGS 6
/* What an argument is, as far as its type and its name tell. */
typedef enum SyscallsArgKind {
    SYSCALLS_ARG_NONE,
    SYSCALLS_ARG_INT,    /* signed, 32 bits: int, pid_t ... */
    SYSCALLS_ARG_UINT,   /* unsigned, 32 bits: flags, uid_t ... */
    SYSCALLS_ARG_LONG,   /* signed, as wide as the ABI's long */
    SYSCALLS_ARG_ULONG,  /* unsigned, as wide as the ABI's long: sizes ... */
    SYSCALLS_ARG_FD,     /* a file descriptor */
    SYSCALLS_ARG_MODE,   /* permission bits, shown in octal */
    SYSCALLS_ARG_PATH,   /* address of a NUL-terminated path */
    SYSCALLS_ARG_STRING, /* address of any other NUL-terminated string */
    SYSCALLS_ARG_POINTER /* any other address */
} SyscallsArgKind;

/* One call of a guest ABI's table.  Lives as long as the plugin. */
typedef struct SyscallsInfo {
    int32_t nr;
    const char *name;
    uint8_t n_args;
    struct {
        uint8_t kind;     /* SyscallsArgKind */
        const char *name; /* as in the kernel's prototype: "pathname" ... */
    } args[SYSCALLS_MAX_ARGS];
} SyscallsInfo;

#endif /* QPP_SYSCALLS_INFO_H */
