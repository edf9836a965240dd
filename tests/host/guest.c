/*
 * guest.c: the program that user-mode QEMU runs in the host tests; its line
 * tells that QEMU started.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <unistd.h>

int main(void)
{
    static const char line[] = "guest: ran\n";

    return write(STDOUT_FILENO, line, sizeof(line) - 1) < 0;
}
