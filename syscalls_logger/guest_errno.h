/*
 * Names of the guest's error numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LOGGER_GUEST_ERRNO_H
#define LOGGER_GUEST_ERRNO_H

#include "bytes.h"

/* A result from -1 down to the negative of this is an error. */
#define LOG_MAX_ERRNO 4095

/* "ENOENT (No such file or directory)", or "(errno 530)" if unnamed. */
void log_put_errno(LogBytes *out, const char *abi, int number);

#endif /* LOGGER_GUEST_ERRNO_H */
