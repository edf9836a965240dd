/*
 * drcov_lib.c: a shared library of which some is executed and some is not.
 * Built twice, as drcov_lib_A and drcov_lib_B, which differ in what
 * lib_value is; the same bytes at the same place otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
int lib_value(int n);
int lib_unused(int n);

int lib_value(int n)
{
    return n > 0 ? n * 3 + LIB_NUMBER : LIB_NUMBER;
}

int lib_unused(int n)
{
    return n > 0 ? n * 5 + 1 : 1;
}
