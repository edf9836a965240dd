/*
 * Arguments and results as people want to read them: strace's conventions.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_TEXT_ARGS_H
#define LOGGER_TEXT_ARGS_H

#include "format.h"

/* The arguments between the parentheses.  rec->call->info may be NULL. */
void log_put_text_args(LogBytes *out, const LogRecord *rec);

/* What stands after the equals sign, whatever the outcome. */
void log_put_text_result(LogBytes *out, const SyscallsCall *call);

#endif /* LOGGER_TEXT_ARGS_H */
