/*
 * drcov_main.c: a program with a shared library, which maps others as well,
 * one after the other at the same address, calls what is OFFSET bytes into
 * each, and executes PROGRAM at its end:
 *
 *     drcov_main [LIBRARY OFFSET]... [PROGRAM]
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 0x4000 /* of code and what is before it, of each LIBRARY */

int lib_value(int n);

int __attribute__((noinline)) main_used(int n);
int __attribute__((noinline)) main_unused(int n);

int main_used(int n)
{
    return lib_value(n) + 1;
}

int main_unused(int n)
{
    return n > 1000 ? n : 0;
}

/* Calls what is @offset bytes into @file, mapped where the other one was. */
static void call_in(const char *file, const char *offset)
{
    static char *address;
    int fd = open(file, O_RDONLY);
    int (*value)(int);

    address = mmap(address, SIZE, PROT_READ | PROT_EXEC,
                   MAP_PRIVATE | (address ? MAP_FIXED : 0), fd, 0);
    if (fd < 0 || address == MAP_FAILED) {
        perror(file);
        _exit(1);
    }
    close(fd);
    *(void **)&value = address + strtoul(offset, NULL, 0);
    printf("%d\n", value(2));
}

int main(int argc, char **argv)
{
    int number = main_used(argc);

    if (argc > 50) {
        number = main_unused(number);
    }
    for (int i = 1; i + 1 < argc; i += 2) {
        call_in(argv[i], argv[i + 1]);
    }
    fflush(stdout);
    if (argc > 1 && argc % 2 == 0) {
        execl(argv[argc - 1], argv[argc - 1], NULL);
        return 1;
    }
    return number == 1000;
}
