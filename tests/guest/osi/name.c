/*
 * name.c: markers of threads that get another name, from inside and from
 * outside.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#include "guest.h"

static const char *const names[] = {
    "a", "fourteen-chars", "fifteen-letters", "sixteen-letters-",
    "longer-than-fifteen-letters", "two words", "quote\"quote",
    "back\\slash", "gr\xc3\xbc\xc3\x9f", "not\xff\xfeutf8", "tab\there",
    "line\nfeed", "esc\x1b[31m", "par)en (theses", "%s%n%d", "\x01\x7f\x80",
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static void run_prctl(void)
{
    for (unsigned int i = 0; i < 3 * N_NAMES; i++) {
        CHECK(syscall(SYS_prctl, PR_SET_NAME, names[i % N_NAMES]) == 0);
        mark("prctl");
    }
    CHECK(syscall(SYS_prctl, PR_SET_NAME, "") == 0);
    mark("prctl-empty");
    CHECK(syscall(SYS_prctl, PR_SET_NAME, -1L) != 0);
    mark("prctl-failed");
    CHECK(syscall(SYS_prctl, PR_SET_NAME, "osi") == 0);
}

/* The same through the file, by every call that it takes. */
static void write_comm(int fd, const char *name, int way)
{
    struct iovec part = { (char *)name, strlen(name) };
    long n = strlen(name);

    switch (way % 3) {
    case 0:
        CHECK(syscall(SYS_write, fd, name, n) == n);
        break;
    case 1:
        CHECK(syscall(SYS_writev, fd, &part, 1) == n);
        break;
    case 2:
        CHECK(syscall(SYS_pwritev2, fd, &part, 1, -1L, -1L, 0) == n);
        break;
    }
}

static void run_file(void)
{
    int fd;

    for (unsigned int i = 0; i < 2 * N_NAMES; i++) {
        fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/comm", O_RDWR, 0);
        CHECK(fd >= 0);
        write_comm(fd, names[i % N_NAMES], (int)i);
        mark("file");
        syscall(SYS_close, fd);
    }
    /* relative, and by a descriptor of the folder */
    fd = syscall(SYS_openat, AT_FDCWD, "/proc/self", O_RDONLY, 0);
    fd = syscall(SYS_openat, fd, "comm", O_WRONLY, 0);
    CHECK(fd >= 0);
    write_comm(fd, "relative", 0);
    mark("file-relative");
    write_comm(fd, "osi", 0);
    syscall(SYS_close, fd);
}

/* ---- From another thread ------------------------------------------------- */

enum { BLOCKED, SPINNING, CALLING, N_WAYS };

typedef struct Named {
    int way;
    int turn; /* how often it has been renamed */
    int done; /* turns that were marked */
    Thread thread;
} Named;

#define TURNS 20

static void wait_for_turn(Named *named, int turn)
{
    switch (named->way) {
    case BLOCKED:
        await(&named->turn, turn);
        break;
    case SPINNING:
        spin_until(&named->turn, turn); /* without any call */
        break;
    case CALLING:
        while (__atomic_load_n(&named->turn, __ATOMIC_SEQ_CST) != turn) {
            syscall(SYS_getppid);
        }
        break;
    }
}

static int named_thread(void *arg)
{
    static const char *const scenes[] = { "other-blocked", "other-spinning",
                                          "other-calling" };
    Named *named = arg;

    for (int turn = 1; turn <= TURNS; turn++) {
        wait_for_turn(named, turn);
        mark(scenes[named->way]);
        set(&named->done, turn);
    }
    return 0;
}

static void run_other(void)
{
    for (int way = 0; way < N_WAYS; way++) {
        static Named named;

        memset(&named, 0, sizeof(named));
        named.way = way;
        start_thread(&named.thread, named_thread, &named);
        nap_ms(20);
        for (int turn = 1; turn <= TURNS; turn++) {
            char path[64], name[16];

            snprintf(path, sizeof(path), "/proc/self/task/%d/comm",
                     named.thread.tid);
            snprintf(name, sizeof(name), "other-%d-%d", way, turn);
            CHECK(put_file(path, name));
            set(&named.turn, turn);
            await(&named.done, turn);
        }
        join_thread(&named.thread);
    }
}

const Scenario name_scenarios[] = {
    { "prctl", run_prctl },
    { "file", run_file },
    { "other", run_other },
    { NULL, NULL },
};
