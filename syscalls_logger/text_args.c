/*
 * Arguments by their kind.  A number's base depends on what it means, which
 * its kind does not say but its name in the kernel's prototype does: flags
 * are read in hexadecimal, sizes in decimal.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "escape.h"
#include "guest_errno.h"
#include "text_args.h"

/* "The current directory" where a call takes a directory's descriptor. */
#define GUEST_AT_FDCWD (-100)

static bool name_is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(name, *list) == 0) {
            return true;
        }
    }
    return false;
}

/* Addresses that the kernel's prototypes declare as numbers. */
static bool means_address(const char *name)
{
    static const char *const names[] = {
        "addr", "start", "brk", "newsp", "new_addr", "tls", "entry", NULL
    };

    return name_is_one_of(name, names);
}

/* Flags, codes made of bits, and what may be either a number or an address. */
static bool means_bits(const char *name)
{
    static const char *const suffixes[] = { "flags", "flag", "flg", "mask" };
    static const char *const names[] = {
        "prot", "option", "options", "op", "cmd", "request", "type", "data",
        "arg", "arg1", "arg2", "arg3", "arg4", "arg5", "arg6", "dev", "key",
        "personality", "magic1", "magic2", "attr", NULL
    };

    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        if (g_str_has_suffix(name, suffixes[i])) {
            return true;
        }
    }
    return name_is_one_of(name, names);
}

static void put_bits(LogBytes *out, uint64_t v)
{
    if (v == 0) {
        log_put_char(out, '0');
    } else {
        log_put_hex(out, v);
    }
}

static void put_pointer(LogBytes *out, uint64_t v)
{
    if (v == 0) {
        log_put_lit(out, "NULL");
    } else {
        log_put_hex(out, v);
    }
}

static void put_string(LogBytes *out, const LogRecord *rec, unsigned int i)
{
    const LogString *s = rec->strings ? &rec->strings->arg[i] : NULL;

    if (!s || (s->state != LOG_STRING_WHOLE && s->state != LOG_STRING_CUT)) {
        put_pointer(out, rec->call->args[i]);
        return;
    }
    log_put_char(out, '"');
    if (s->len) { /* an empty store has no address */
        log_put_c_escaped(out, rec->strings->store.data + s->start, s->len,
                          '"');
    }
    log_put_char(out, '"');
    if (s->state == LOG_STRING_CUT) {
        log_put_lit(out, "...");
    }
}

/* -100 is AT_FDCWD only where the descriptor is that of a directory. */
static bool is_directory_fd(const SyscallsInfo *info, unsigned int i)
{
    const char *name = info->args[i].name;

    return (name && (strstr(name, "dfd") || strstr(name, "dirfd"))) ||
           (i + 1 < info->n_args &&
            info->args[i + 1].kind == SYSCALLS_ARG_PATH);
}

static void put_fd(LogBytes *out, const SyscallsCall *call, unsigned int i)
{
    int32_t fd = (int32_t)call->args[i];

    if (fd == GUEST_AT_FDCWD && is_directory_fd(call->info, i)) {
        log_put_lit(out, "AT_FDCWD");
    } else {
        log_put_signed(out, fd);
    }
}

static void put_number(LogBytes *out, const SyscallsCall *call, unsigned int i)
{
    const char *name = call->info->args[i].name;
    uint8_t kind = call->info->args[i].kind;
    uint64_t v = call->args[i];

    if (kind == SYSCALLS_ARG_INT || kind == SYSCALLS_ARG_UINT) {
        v = (uint32_t)v; /* the kernel does not look at the upper half */
    }
    if (name && means_address(name)) {
        put_pointer(out, v);
    } else if (name && means_bits(name)) {
        put_bits(out, v);
    } else if (kind == SYSCALLS_ARG_INT) {
        log_put_signed(out, (int32_t)v);
    } else if (kind == SYSCALLS_ARG_LONG) {
        log_put_signed(out, (int64_t)v);
    } else {
        log_put_dec(out, v);
    }
}

static void put_arg(LogBytes *out, const LogRecord *rec, unsigned int i)
{
    const SyscallsCall *call = rec->call;

    switch (call->info->args[i].kind) {
    case SYSCALLS_ARG_INT:
    case SYSCALLS_ARG_UINT:
    case SYSCALLS_ARG_LONG:
    case SYSCALLS_ARG_ULONG:
        put_number(out, call, i);
        break;
    case SYSCALLS_ARG_FD:
        put_fd(out, call, i);
        break;
    case SYSCALLS_ARG_MODE:
        log_put_octal(out, (uint32_t)call->args[i]);
        break;
    case SYSCALLS_ARG_PATH:
    case SYSCALLS_ARG_STRING:
        put_string(out, rec, i);
        break;
    case SYSCALLS_ARG_POINTER:
        put_pointer(out, call->args[i]);
        break;
    default:
        log_put_hex(out, call->args[i]);
        break;
    }
}

void log_put_text_args(LogBytes *out, const LogRecord *rec)
{
    unsigned int n = log_arg_count(rec->call);

    for (unsigned int i = 0; i < n; i++) {
        if (i) {
            log_put_lit(out, ", ");
        }
        if (rec->call->info) {
            put_arg(out, rec, i);
        } else {
            log_put_hex(out, rec->call->args[i]);
        }
    }
}

static void put_value(LogBytes *out, const SyscallsCall *call)
{
    static const char *const addresses[] = {
        "mmap", "mmap2", "mremap", "brk", "shmat", NULL
    };
    const char *name = call->info ? call->info->name : "";

    if (name_is_one_of(name, addresses)) {
        log_put_hex(out, (uint64_t)call->ret);
    } else if (strcmp(name, "umask") == 0) {
        log_put_octal(out, (uint64_t)call->ret);
    } else {
        log_put_signed(out, call->ret);
    }
}

void log_put_text_result(LogBytes *out, const SyscallsCall *call)
{
    switch (call->outcome) {
    case SYSCALLS_RETURNED:
    case SYSCALLS_CHILD:
        break;
    case SYSCALLS_RESTARTED:
        log_put_lit(out, "? (restarted)");
        return;
    default:
        log_put_char(out, '?');
        return;
    }
    if (call->ret < 0 && call->ret >= -LOG_MAX_ERRNO) {
        log_put_lit(out, "-1 ");
        log_put_errno(out, call->abi, (int)-call->ret);
    } else {
        put_value(out, call);
    }
    if (call->outcome == SYSCALLS_CHILD) {
        log_put_lit(out, " (child)");
    }
}
