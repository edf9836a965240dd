/*
 * remap.c: what events-run's guest does to its address space.  After each
 * step it makes a marker call and says what /proc/self/maps shows:
 * "maps STEP LINE".  Nothing here may allocate, but for the steps.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "marker.h"

#define PAGE 16384ul /* a whole number of pages on every kernel tested */
#define MANY (64 * PAGE)

static char text[1 << 16];
static char line[4096];

static void check(int ok, const char *what)
{
    if (!ok) {
        dprintf(1, "events: %s failed: %s\n", what, strerror(errno));
        exit(1);
    }
}

static void step(void)
{
    static int n;
    size_t len = 0;
    ssize_t got;
    int fd;

    fd = open("/proc/self/maps", O_RDONLY);
    check(fd >= 0, "open");
    while ((got = read(fd, text + len, sizeof(text) - len - 1)) > 0) {
        len += got;
    }
    close(fd);
    text[len] = '\0';
    syscall(EVENTS_MARKER, ++n);
    for (char *p = text, *end; (end = strchr(p, '\n')); p = end + 1) {
        int size = snprintf(line, sizeof(line), "maps %d %d %.*s\n", getpid(),
                            n, (int)(end - p), p);

        check(write(1, line, size) == size, "write");
    }
}

static void *map(size_t len, int prot, int flags, int fd, off_t offset)
{
    void *p = mmap(NULL, len, prot, flags, fd, offset);

    check(p != MAP_FAILED, "mmap");
    return p;
}

static void *thread(void *arg)
{
    for (int i = 0; i < 50; i++) {
        char *p = map(4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        munmap(p + PAGE, PAGE);
        munmap(p, 4 * PAGE);
    }
    return arg;
}

static void mappings(void)
{
    int fd = open("/qpp/work", O_RDONLY);
    char *p, *q;
    int id;

    step();
    p = map(MANY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    step();
    check(!mprotect(p + 8 * PAGE, 8 * PAGE, PROT_READ), "mprotect"); /* split */
    step();
    check(!mprotect(p + 8 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE),
          "mprotect"); /* merge */
    step();
    check(!mlock(p + 32 * PAGE, 8 * PAGE), "mlock"); /* split */
    step();
    check(!munlock(p + 32 * PAGE, 8 * PAGE), "munlock"); /* merge */
    step();
    munmap(p + 16 * PAGE, 4 * PAGE); /* a hole */
    step();
    q = mremap(p, 16 * PAGE, 128 * PAGE, MREMAP_MAYMOVE);
    check(q != MAP_FAILED, "mremap");
    step();
    munmap(q, 128 * PAGE);
    munmap(p, MANY);
    step();
    p = map(16 * PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    step();
    /* Over what is there. */
    check(mmap(p + 4 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_FIXED, fd, 3 * PAGE) != MAP_FAILED, "mmap");
    step();
    munmap(p, 16 * PAGE);
    p = map(MANY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    step();
    check(sbrk(32 * PAGE) != (void *)-1, "sbrk");
    step();
    check(sbrk(-16 * (long)PAGE) != (void *)-1, "sbrk");
    step();
    id = shmget(IPC_PRIVATE, 8 * PAGE, IPC_CREAT | 0600);
    check(id >= 0, "shmget");
    q = shmat(id, NULL, 0);
    check(q != (void *)-1, "shmat");
    step();
    shmdt(q);
    shmctl(id, IPC_RMID, NULL);
    step();
    close(fd);
    fd = memfd_create("two words\n", 0);
    check(fd >= 0 && !ftruncate(fd, 8 * PAGE), "memfd");
    map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    step();
}

int main(void)
{
    pthread_t t[4];
    pid_t pid;

    mappings();
    for (int i = 0; i < 4; i++) {
        check(!pthread_create(&t[i], NULL, thread, NULL), "thread");
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(t[i], NULL);
    }
    step();
    pid = vfork(); /* shares the memory, and leaves it */
    if (pid == 0) {
        execl("/qpp/begin2", "/qpp/begin2", NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
    map(PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    step();
    return 0;
}
