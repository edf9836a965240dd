/*
 * qpp_srv.h: what the test plugin qpp_srv offers to others: two functions
 * and the callback "my_on_exit".  Included by the plugin itself, by C and by
 * C++ clients, and by two files of one client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOST_QPP_SRV_H
#define TESTS_HOST_QPP_SRV_H

#include "plugin-qpp.h"

/* @x + 1. */
QPP_FUN_PROTOTYPE(qpp_srv, int, qpp_srv_do_add, int x);
/* @x - 1. */
QPP_FUN_PROTOTYPE(qpp_srv, int, qpp_srv_do_sub, int x);

/*
 * Callback "my_on_exit": the server goes.  evdata is a bool, which whoever
 * is called sets.
 */

#endif /* TESTS_HOST_QPP_SRV_H */
