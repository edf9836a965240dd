/*
 * For people: a line for each call that is over, as strace would write it,
 * with the process in front ("pid/tid name", each a ? if unknown):
 *
 *     211/215 sh  openat(AT_FDCWD, "/etc/passwd", 0x80000, 0) = 3
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "escape.h"
#include "format.h"
#include "text_args.h"

static void put_who(LogBytes *out, const OsiIdentity *who)
{
    if (!who) {
        log_put_lit(out, "?/? ?  ");
        return;
    }
    log_put_signed(out, who->pid);
    log_put_char(out, '/');
    log_put_signed(out, who->tid);
    log_put_char(out, ' ');
    log_put_c_escaped(out, who->comm, strnlen(who->comm, OSI_COMM_LEN), '\\');
    log_put_lit(out, "  ");
}

static void text_return(LogBytes *out, const LogRecord *rec)
{
    const SyscallsCall *call = rec->call;

    put_who(out, rec->who);
    if (call->info) {
        log_put_str(out, call->info->name);
    } else {
        log_put_lit(out, "syscall_");
        log_put_hex(out, (uint32_t)call->nr);
    }
    log_put_char(out, '(');
    log_put_text_args(out, rec);
    log_put_lit(out, ") = ");
    log_put_text_result(out, call);
    log_put_char(out, '\n');
}

/* Processes from here on are others, whatever their numbers. */
static void text_boot(LogBytes *out, unsigned int boot)
{
    log_put_lit(out, "--- the guest has rebooted: boot ");
    log_put_dec(out, boot);
    log_put_lit(out, " ---\n");
}

const LogFormat log_format_text = {
    .name = "text",
    .wants_strings = true,
    .on_return = text_return,
    .on_boot = text_boot,
};
