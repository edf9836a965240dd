/*
 * The line of the QPP patch series, written when a call is made:
 *
 *     Syscall at pc 7f0b815478cd: number 3: Process 'init', pid 211, ppid 1
 *
 * What is not known is a question mark in its place.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "escape.h"
#include "format.h"

static void classic_enter(LogBytes *out, const LogRecord *rec)
{
    log_put_lit(out, "Syscall at pc ");
    if (rec->call->pc) {
        log_put_hex_digits(out, rec->call->pc);
    } else {
        log_put_char(out, '?');
    }
    log_put_lit(out, ": number ");
    log_put_signed(out, rec->call->nr);
    if (!rec->who) {
        log_put_lit(out, ": Process '?', pid ?, ppid ?\n");
        return;
    }
    log_put_lit(out, ": Process '");
    log_put_c_escaped(out, rec->who->comm,
                      strnlen(rec->who->comm, OSI_COMM_LEN), '\'');
    log_put_lit(out, "', pid ");
    log_put_signed(out, rec->who->pid);
    log_put_lit(out, ", ppid ");
    log_put_signed(out, rec->who->ppid);
    log_put_char(out, '\n');
}

const LogFormat log_format_classic = {
    .name = "classic",
    .on_enter = classic_enter,
};
