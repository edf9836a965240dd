/*
 * guest.c: the program that user-mode QEMU runs in the host tests; its line
 * tells that QEMU started.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static const char line[] = "guest: ran\n";

    if (argc > 1) {
        /* Any argument: with a child, which ends before. */
        if (fork() == 0) {
            return 0;
        }
        wait(NULL);
    }
    return write(STDOUT_FILENO, line, sizeof(line) - 1) < 0;
}
