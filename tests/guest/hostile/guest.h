/*
 * guest.h: the call by which the guest program lets the plugin in: of a
 * number that no kernel has, with this first argument.  The second is how
 * many of the program's processes are about to make it, each on a CPU of its
 * own; the third which round it is, and the fourth how many there will be.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOSTILE_GUEST_H
#define TESTS_HOSTILE_GUEST_H

#define HOSTILE_MARKER 5152
#define HOSTILE_MAGIC 0x686f7374

#endif /* TESTS_HOSTILE_GUEST_H */
