/*
 * busy.c: a world that never stands still: threads that map and unmap, open,
 * close and rename, all the time, beside what stays.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#define MAPS_GUEST
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "guest.h"

#define N_STABLE 12

static size_t page;

static void *map_all_the_time(void *arg)
{
    for (unsigned int i = 0;; i++) {
        size_t n = 3 + i % 14;
        char *p = mmap(NULL, n * page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        CHECK(p != MAP_FAILED);
        CHECK(mprotect(p + page, page, PROT_READ) == 0);
        CHECK(munmap(p + (n - 1) * page, page) == 0);
        /* Not the last page again: it may be another thread's by now. */
        CHECK(munmap(p, (n - 1) * page) == 0);
    }
    return NULL;
}

static void *map_files_all_the_time(void *arg)
{
    for (;;) {
        int fd = open("/tmp/w/busy/a", O_RDONLY);
        char *p;

        if (fd < 0) {
            continue; /* it has the other name now */
        }
        p = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
        CHECK(p != MAP_FAILED && dup2(fd, 300) == 300);
        close(fd);
        CHECK(munmap(p, page) == 0);
        close(300);
    }
    return NULL;
}

static void *rename_all_the_time(void *arg)
{
    for (;;) {
        CHECK(rename("/tmp/w/busy/a", "/tmp/w/busy/b") == 0);
        CHECK(rename("/tmp/w/busy", "/tmp/w/idle") == 0);
        CHECK(rename("/tmp/w/idle", "/tmp/w/busy") == 0);
        CHECK(rename("/tmp/w/busy/b", "/tmp/w/busy/a") == 0);
    }
    return NULL;
}

static void add_stable(World *w, int i)
{
    char name[64];
    int fd;
    char *p;

    snprintf(name, sizeof(name), "/tmp/w/stable-%d", i);
    fd = write_file(name, "stable");
    CHECK(ftruncate(fd, 4 * page) == 0);
    p = mmap(NULL, (1 + i % 3) * page, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(p != MAP_FAILED && dup2(fd, 100 + i) == 100 + i);
    close(fd);
    w->stable[w->n_stable++] = (Stable){ (uintptr_t)p, (1 + i % 3) * page,
                                         100 + i, i };
}

void make_busy_world(World *w)
{
    static void *(*const loops[])(void *) = {
        map_all_the_time, map_files_all_the_time, rename_all_the_time,
    };
    pthread_t thread;

    page = sysconf(_SC_PAGESIZE);
    CHECK(mkdir("/tmp/w/busy", 0755) == 0);
    close(write_file("/tmp/w/busy/a", "text"));
    for (int i = 0; i < N_STABLE; i++) {
        add_stable(w, i);
    }
    for (unsigned int i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
        CHECK(pthread_create(&thread, NULL, loops[i], NULL) == 0);
    }
}
