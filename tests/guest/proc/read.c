/*
 * read.c: what the guest's /proc says of every thread, byte for byte.
 *
 * A line for each file or link: reading, pid, tid, name, and its content in
 * hexadecimal or `-` if it cannot be read.  What it means is proc-compare's
 * to know.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"

#define MAX_CONTENT (1 << 20)

static const char *const files[] = { "stat", "status", "cgroup", "comm",
                                     "children", "cmdline", "environ" };
static const char *const links[] = { "exe", "cwd", "root", "ns/cgroup",
                                     "ns/ipc", "ns/mnt", "ns/net", "ns/pid",
                                     "ns/time", "ns/user", "ns/uts" };

static char *said;
static size_t said_len;
static FILE *out;

static void put(char reading, int pid, int tid, const char *name,
                const unsigned char *bytes, long len)
{
    static const char digits[] = "0123456789abcdef";

    fprintf(out, "%c %d %d %s ", reading, pid, tid, name);
    if (len < 0) {
        fputc('-', out);
    }
    for (long i = 0; i < len; i++) {
        fputc(digits[bytes[i] >> 4], out);
        fputc(digits[bytes[i] & 15], out);
    }
    fputc('\n', out);
}

static long slurp(const char *path, unsigned char *buf)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    long len = 0, n = -1;

    if (fd < 0) {
        return -1;
    }
    while (len < MAX_CONTENT &&
           (n = read(fd, buf + len, MAX_CONTENT - len)) > 0) {
        len += n;
    }
    close(fd);
    return n < 0 ? -1 : len;
}

static void read_task(char reading, int pid, int tid)
{
    static unsigned char buf[MAX_CONTENT];
    char path[100];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid,
                 files[i]);
        put(reading, pid, tid, files[i], buf, slurp(path, buf));
    }
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid,
                 links[i]);
        put(reading, pid, tid, links[i], buf,
            readlink(path, (char *)buf, sizeof(buf)));
    }
}

static void for_numbers(const char *path, void (*fn)(char, int, int),
                        char reading, int pid)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        int n = atoi(entry->d_name);

        if (n > 0) {
            fn(reading, pid, n);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

static void read_process(char reading, int unused, int pid)
{
    char path[100];

    (void)unused;
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    for_numbers(path, read_task, reading, pid);
}

void read_all(char reading)
{
    if (!out) {
        out = open_memstream(&said, &said_len);
        CHECK(out);
    }
    for_numbers("/proc", read_process, reading, 0);
    fflush(out);
}

void show_all(void)
{
    int fd = open("/dev/qpp-out", O_WRONLY);
    size_t done = 0;

    CHECK(fd >= 0);
    while (done < said_len) {
        ssize_t n = write(fd, said + done, said_len - done);

        CHECK(n > 0);
        done += n;
    }
    close(fd);
}
