/*
 * files.c: worlds of open files: descriptors of all kinds, large tables,
 * other roots.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#define MAPS_GUEST
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include "guest.h"

static void open_positions(void)
{
    int fd = write_file("/tmp/w/positions", "0123456789");

    CHECK(dup(fd) >= 0);
    CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 77) >= 77);
    fd = open("/tmp/w/positions", O_WRONLY | O_APPEND | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, "more", 4) == 4);
    fd = open("/tmp/w/positions", O_RDWR | O_NONBLOCK | O_SYNC | O_NOATIME);
    CHECK(fd >= 0 && lseek(fd, 3ll << 32, SEEK_SET) == 3ll << 32);
    CHECK(open("/tmp/w/positions", O_PATH) >= 0);
    CHECK(open("/tmp/w", O_RDONLY | O_DIRECTORY) >= 0);
    CHECK(open("/", O_PATH | O_CLOEXEC) >= 0);
    CHECK(open("/tmp/w", O_TMPFILE | O_RDWR, 0600) >= 0);
    fd = open("/proc/self/status", O_RDONLY);
    CHECK(fd >= 0 && lseek(fd, 7, SEEK_SET) == 7);
    CHECK(open("/proc/self/ns/net", O_RDONLY) >= 0);
    CHECK(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC) >= 0);
    CHECK(open("/proc/self/ns/pid", O_RDONLY) >= 0);
    CHECK(open("/sys/kernel/version", O_RDONLY) >= 0 ||
          open("/sys/kernel", O_RDONLY) >= 0);
    CHECK(open("/dev/null", O_RDWR) >= 0);
    CHECK(open("/dev/urandom", O_RDONLY) >= 0);
}

static void open_deleted(void)
{
    CHECK(write_file("/tmp/w/open and deleted", "x") >= 0);
    CHECK(unlink("/tmp/w/open and deleted") == 0);
    CHECK(mkdir("/tmp/w/deleted-folder", 0755) == 0);
    CHECK(open("/tmp/w/deleted-folder", O_RDONLY) >= 0);
    CHECK(rmdir("/tmp/w/deleted-folder") == 0);
    CHECK(write_file("/tmp/w/new\nline", "x") >= 0);
    CHECK(write_file("/tmp/w/replaced", "x") >= 0);
    CHECK(write_file("/tmp/w/replacing", "x") >= 0);
    CHECK(rename("/tmp/w/replacing", "/tmp/w/replaced") == 0);
}

static void open_pipes(void)
{
    int fds[2];

    CHECK(pipe(fds) == 0);
    CHECK(pipe2(fds, O_NONBLOCK | O_CLOEXEC) == 0);
    CHECK(mkfifo("/tmp/w/fifo", 0600) == 0);
    CHECK(open("/tmp/w/fifo", O_RDWR) >= 0);
}

static void open_anonymous(void)
{
    sigset_t set;
    struct epoll_event event = { .events = EPOLLIN };
    int epoll = epoll_create1(EPOLL_CLOEXEC), event_fd = eventfd(7, 0), fd;

    CHECK(epoll >= 0 && event_fd >= 0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, event_fd, &event) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(signalfd(-1, &set, SFD_NONBLOCK) >= 0);
    CHECK(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC) >= 0);
    fd = inotify_init1(0);
    CHECK(fd >= 0 && inotify_add_watch(fd, "/tmp/w", IN_CREATE) >= 0);
    CHECK(memfd_create("a memfd", MFD_CLOEXEC | MFD_ALLOW_SEALING) >= 0);
    CHECK(memfd_create("", 0) >= 0);
    CHECK(syscall(SYS_pidfd_open, getpid(), 0) >= 0);
    /* What not every kernel has, or lets a program have. */
    syscall(SYS_userfaultfd, O_CLOEXEC);
    syscall(SYS_fanotify_init, 0, 0);
    syscall(SYS_fsopen, "tmpfs", 0);
    syscall(SYS_io_uring_setup, 4, (char[512]){ 0 });
}

void make_files_world(World *w)
{
    open_positions();
    open_deleted();
    open_pipes();
    open_anonymous();
}

/* A table that the kernel has made larger many times. */
void make_table_world(World *w)
{
    int fd = write_file("/tmp/w/table", "0123456789");

    for (int i = 0; i < 700; i++) {
        int next = open("/tmp/w/table", i % 3 ? O_RDONLY : O_RDWR);

        CHECK(next >= 0 && lseek(next, i, SEEK_SET) == i);
    }
    CHECK(dup3(fd, 4095, O_CLOEXEC) == 4095);
    CHECK(dup2(fd, 4096) == 4096);
    CHECK(dup3(fd, 70001, O_CLOEXEC) == 70001);
    CHECK(close(100) == 0 && close(511) == 0 && close(512) == 0);
}

/* ---- Other roots --------------------------------------------------------- */

static void open_and_map(const char *path)
{
    int fd = write_file(path, "text");

    CHECK(ftruncate(fd, 65536) == 0);
    CHECK(mmap(NULL, 65536, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
}

/*
 * Files of an overlay: a mapping's file is the one beneath, and /proc names
 * the one on top.
 */
static void map_overlay(const char *path, int flags)
{
    int fd = open(path, flags);

    CHECK(fd >= 0);
    CHECK(mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) !=
          MAP_FAILED);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 65536) != MAP_FAILED);
}

void make_overlay_world(World *w)
{
    CHECK(mkdir("/tmp/w/ov", 0755) == 0);
    CHECK(mount("ov", "/tmp/w/ov", "tmpfs", 0, NULL) == 0);
    CHECK(mkdir("/tmp/w/ov/lower", 0755) == 0);
    CHECK(mkdir("/tmp/w/ov/upper", 0755) == 0);
    CHECK(mkdir("/tmp/w/ov/work", 0755) == 0);
    CHECK(mkdir("/tmp/w/merged", 0755) == 0);
    CHECK(write_file("/tmp/w/ov/lower/below", "text") >= 0);
    CHECK(write_file("/tmp/w/ov/lower/copied", "text") >= 0);
    CHECK(truncate("/tmp/w/ov/lower/below", 70000) == 0);
    CHECK(truncate("/tmp/w/ov/lower/copied", 70000) == 0);
    CHECK(mount("merged", "/tmp/w/merged", "overlay", 0,
                "lowerdir=/tmp/w/ov/lower,upperdir=/tmp/w/ov/upper,"
                "workdir=/tmp/w/ov/work") == 0);
    map_overlay("/tmp/w/merged/below", O_RDONLY);
    map_overlay("/tmp/w/merged/copied", O_RDWR);
    open_and_map("/tmp/w/merged/above");
}

/* A mount namespace with a root of its own, as containers have. */
void make_namespace_world(World *w)
{
    CHECK(unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                  CLONE_NEWUTS) == 0);
    CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mkdir("/tmp/w/newroot", 0755) == 0);
    CHECK(mount("newroot", "/tmp/w/newroot", "tmpfs", 0, NULL) == 0);
    CHECK(mkdir("/tmp/w/newroot/etc", 0755) == 0);
    CHECK(mkdir("/tmp/w/newroot/mnt", 0755) == 0);
    /* pivot_root() is not to be had on the kernel's first file system. */
    CHECK(chdir("/tmp/w/newroot") == 0);
    CHECK(mount("/tmp/w/newroot", "/", NULL, MS_MOVE, NULL) == 0);
    CHECK(chroot(".") == 0 && chdir("/") == 0);
    open_and_map("/etc/in the container");
    CHECK(mount("inner", "/mnt", "tmpfs", 0, NULL) == 0);
    open_and_map("/mnt/inner");
    add_sock(w, socket(AF_INET, SOCK_STREAM, 0));
}

void make_chroot_world(World *w)
{
    CHECK(mkdir("/tmp/w/jail", 0755) == 0 &&
          mkdir("/tmp/w/jail/etc", 0755) == 0);
    CHECK(write_file("/tmp/w/outside", "text") >= 0);
    CHECK(chroot("/tmp/w/jail") == 0 && chdir("/") == 0);
    open_and_map("/etc/inside");
}
