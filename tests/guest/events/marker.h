/*
 * marker.h: the number of a call that no kernel has, by which the guest says
 * how far it is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_EVENTS_MARKER_H
#define TESTS_EVENTS_MARKER_H

#define EVENTS_MARKER 5150

#endif /* TESTS_EVENTS_MARKER_H */
