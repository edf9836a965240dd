/*
 * qpp_client.h: between the two files of the test plugin qpp_client.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOST_QPP_CLIENT_H
#define TESTS_HOST_QPP_CLIENT_H

/* In qpp_client_more.c: the server's subtraction, imported there. */
int client_subtract(int x);

#endif /* TESTS_HOST_QPP_CLIENT_H */
