/*
 * Comma-separated values (RFC 4180) with a header, one line for each call
 * that is over: the fields of jsonl, with a column for each argument.  What
 * is not known, or never came, is an empty field.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "escape.h"
#include "format.h"

static void put_who(LogBytes *out, const OsiIdentity *who)
{
    if (!who) {
        log_put_lit(out, ",,,,");
        return;
    }
    log_put_char(out, ',');
    log_put_signed(out, who->pid);
    log_put_char(out, ',');
    log_put_signed(out, who->tid);
    log_put_char(out, ',');
    log_put_signed(out, who->ppid);
    log_put_char(out, ',');
    log_put_csv_field(out, who->comm, strnlen(who->comm, OSI_COMM_LEN));
}

static void put_args(LogBytes *out, const SyscallsCall *call)
{
    unsigned int n = log_arg_count(call);

    for (unsigned int i = 0; i < SYSCALLS_MAX_ARGS; i++) {
        log_put_char(out, ',');
        if (i < n) {
            log_put_hex(out, call->args[i]);
        }
    }
}

static void csv_return(LogBytes *out, const LogRecord *rec)
{
    const SyscallsCall *call = rec->call;

    log_put_dec(out, call->time_ns);
    log_put_char(out, ',');
    log_put_dec(out, call->vcpu);
    log_put_char(out, ',');
    if (call->pc) {
        log_put_hex(out, call->pc);
    }
    log_put_char(out, ',');
    log_put_str(out, call->abi);
    log_put_char(out, ',');
    log_put_signed(out, call->nr);
    log_put_char(out, ',');
    if (call->info) {
        log_put_str(out, call->info->name);
    }
    put_args(out, call);
    log_put_char(out, ',');
    if (log_has_result(call)) {
        log_put_signed(out, call->ret);
    }
    put_who(out, rec->who);
    if (call->outcome == SYSCALLS_CHILD) {
        log_put_lit(out, ",true,");
    } else {
        log_put_lit(out, ",,");
    }
    if (call->boot > 1) {
        log_put_dec(out, call->boot);
    }
    log_put_lit(out, "\r\n");
}

const LogFormat log_format_csv = {
    .name = "csv",
    .header = "time,vcpu,pc,abi,nr,name,arg0,arg1,arg2,arg3,arg4,arg5,"
              "ret,pid,tid,ppid,comm,child,boot\r\n",
    .on_return = csv_return,
};
