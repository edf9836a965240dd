/*
 * guest.h: the call by which the guest programs let the plugins in: of a
 * number that no kernel has.
 *
 * Of guest.c it has this first argument.  The second is how many of the
 * program's processes are about to make it, each on a CPU of its own; the
 * third which round it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOSTILE_GUEST_H
#define TESTS_HOSTILE_GUEST_H

#define HOSTILE_MARKER 5152
#define HOSTILE_MAGIC 0x686f7374

/*
 * Of busy.c, the first argument of the same call.  The second says what
 * begins then, the third how often the program will do all that it does; the
 * fourth is its pid.
 */
#define HOSTILE_BUSY 0x62757379

enum { BUSY_SPOILED = 1, BUSY_CALM, BUSY_END };

/* What it does each time. */
#define BUSY_PROCESSES 1
#define BUSY_THREADS 2
#define BUSY_PROGRAMS 1
/* Of two pages at this address; a changed permission is both. */
#define BUSY_ADDRESS 0x500000000000
#define BUSY_MAPPED 3
#define BUSY_UNMAPPED 2

#endif /* TESTS_HOSTILE_GUEST_H */
