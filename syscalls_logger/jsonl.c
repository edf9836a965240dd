/*
 * One JSON object a line for each call that is over.  What is not known, or
 * never came, is null.  docs/LOG_FORMATS.md lists the fields.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "escape.h"
#include "format.h"

/* The longest part without strings is below this: one check for room. */
#define FIXED_ROOM 416

static void put_args(LogBytes *out, const SyscallsCall *call)
{
    unsigned int n = log_arg_count(call);

    log_put_lit(out, ",\"args\":[");
    for (unsigned int i = 0; i < n; i++) {
        if (i == 0) {
            log_put_lit(out, "\"0x");
        } else {
            log_put_lit(out, ",\"0x");
        }
        log_put_hex_digits(out, call->args[i]);
        log_put_char(out, '"');
    }
}

static void put_who(LogBytes *out, const OsiIdentity *who)
{
    if (!who) {
        log_put_lit(out, ",\"pid\":null,\"tid\":null,\"ppid\":null,"
                         "\"comm\":null");
        return;
    }
    log_put_lit(out, ",\"pid\":");
    log_put_signed(out, who->pid);
    log_put_lit(out, ",\"tid\":");
    log_put_signed(out, who->tid);
    log_put_lit(out, ",\"ppid\":");
    log_put_signed(out, who->ppid);
    log_put_lit(out, ",\"comm\":");
    log_put_json_string(out, who->comm, strnlen(who->comm, OSI_COMM_LEN));
}

static void jsonl_return(LogBytes *out, const LogRecord *rec)
{
    const SyscallsCall *call = rec->call;

    log_bytes_room(out, FIXED_ROOM);
    log_put_lit(out, "{\"time\":");
    log_put_dec(out, call->time_ns);
    log_put_lit(out, ",\"vcpu\":");
    log_put_dec(out, call->vcpu);
    if (call->pc) {
        log_put_lit(out, ",\"pc\":\"0x");
        log_put_hex_digits(out, call->pc);
        log_put_lit(out, "\",\"abi\":\"");
    } else {
        log_put_lit(out, ",\"pc\":null,\"abi\":\"");
    }
    log_put_str(out, call->abi);
    log_put_lit(out, "\",\"nr\":");
    log_put_signed(out, call->nr);
    if (call->info) {
        log_put_lit(out, ",\"name\":\"");
        log_put_str(out, call->info->name);
        log_put_char(out, '"');
    } else {
        log_put_lit(out, ",\"name\":null");
    }
    put_args(out, call);
    log_put_lit(out, "],\"ret\":");
    if (log_has_result(call)) {
        log_put_signed(out, call->ret);
    } else {
        log_put_lit(out, "null");
    }
    put_who(out, rec->who);
    if (call->boot > 1) {
        log_put_lit(out, ",\"boot\":");
        log_put_dec(out, call->boot);
    }
    if (call->outcome == SYSCALLS_CHILD) {
        log_put_lit(out, ",\"child\":true}\n");
    } else {
        log_put_lit(out, "}\n");
    }
}

const LogFormat log_format_jsonl = {
    .name = "jsonl",
    .on_return = jsonl_return,
};
