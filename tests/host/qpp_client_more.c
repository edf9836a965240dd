/*
 * qpp_client_more.c: the second file of the test plugin qpp_client, with
 * imports of its own from the same header.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qpp_client.h"
#include "qpp_srv.h"

int client_subtract(int x)
{
    return qpp_srv_do_sub_qpp(x);
}
