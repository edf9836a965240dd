/*
 * guest.c: the guest program of maps-run.  It starts processes that each map
 * memory and open files of many kinds (worlds), has osi_linux asked about
 * each at markers, and writes down what /proc says of it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#define MAPS_GUEST
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include "guest.h"

Shared *shared;
static FILE *out;

/* How often a world that changes is asked about. */
#define BUSY_QUESTIONS 60
static const char *current = "main";

void fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "maps: failed in %s: %s (%s:%d): %s\n", current, what,
            file, line, strerror(errno));
    _exit(2);
}

/* ---- For the worlds ------------------------------------------------------ */

void add_piece(World *w, const void *addr, size_t len, int absent)
{
    CHECK(w->n_pieces < MAPS_PIECES && len <= MAPS_PIECE_MAX);
    w->pieces[w->n_pieces++] = (Piece){ (uintptr_t)addr, len, absent };
}

void add_sock(World *w, int fd)
{
    Sock *s = &w->socks[w->n_socks++];
    socklen_t len = sizeof(int);

    CHECK(fd >= 0 && w->n_socks < MAX_SOCKETS);
    s->fd = fd;
    CHECK(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &s->domain, &len) == 0);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &s->type, &len) == 0);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &s->protocol, &len) == 0);
    s->name_len = s->peer_len = -1;
    len = sizeof(s->name);
    if (getsockname(fd, (struct sockaddr *)s->name, &len) == 0) {
        s->name_len = len;
    }
    len = sizeof(s->peer);
    if (getpeername(fd, (struct sockaddr *)s->peer, &len) == 0) {
        s->peer_len = len;
    }
}

int write_file(const char *path, const char *text)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);

    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    return fd;
}

/* ---- What /proc says ----------------------------------------------------- */

static void put_hex(const char *bytes, size_t len)
{
    fputc('=', out);
    for (size_t i = 0; i < len; i++) {
        fprintf(out, "%02x", (unsigned char)bytes[i]);
    }
}

static void put_file(int world, const char *what, const char *path)
{
    static char buf[4 << 20];
    size_t len = 0;
    ssize_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    fprintf(out, "%d %s ", world, what);
    if (fd >= 0) {
        while ((n = read(fd, buf + len, sizeof(buf) - len)) > 0) {
            len += n;
            CHECK(len < sizeof(buf));
        }
        CHECK(n == 0);
        close(fd);
        put_hex(buf, len);
    } else {
        fputc('-', out);
    }
    fputc('\n', out);
}

static void put_fd(int world, int pid, const char *fd)
{
    char path[300], link[8192], what[300];
    struct stat st;
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, fd);
    n = readlink(path, link, sizeof(link));
    CHECK(stat(path, &st) == 0);
    fprintf(out, "%d fd %s %lu %u %u %u ", world, fd,
            (unsigned long)st.st_ino,
            major(st.st_dev), minor(st.st_dev), st.st_mode);
    if (n < 0) {
        fprintf(out, "-%d", errno);
    } else {
        put_hex(link, n);
    }
    fputc('\n', out);
    snprintf(what, sizeof(what), "fdinfo:%s", fd);
    snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, fd);
    put_file(world, what, path);
}

static void put_fds(int world, int pid)
{
    char path[64];
    struct dirent *entry;
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/fd", pid);
    dir = opendir(path);
    CHECK(dir);
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] != '.') {
            put_fd(world, pid, entry->d_name);
        }
    }
    closedir(dir);
}

static void put_pieces(int world, const World *w)
{
    static char buf[MAPS_PIECE_MAX];
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/mem", w->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    for (int i = 0; i < w->n_pieces; i++) {
        const Piece *p = &w->pieces[i];

        fprintf(out, "%d piece %llu %llu ", world,
                (unsigned long long)p->addr, (unsigned long long)p->len);
        if (p->absent) {
            fputc('-', out); /* to read it would make it be there */
        } else {
            CHECK(pread(fd, buf, p->len, p->addr) == (ssize_t)p->len);
            put_hex(buf, p->len);
        }
        fputc('\n', out);
    }
    close(fd);
}

static void put_socks(int world, const World *w)
{
    for (int i = 0; i < w->n_socks; i++) {
        const Sock *s = &w->socks[i];

        fprintf(out, "%d sock %d %d %d %d %d ", world, s->fd, s->domain,
                s->type, s->protocol, s->peer_gone);
        if (s->name_len < 0) {
            fputc('-', out);
        } else {
            put_hex((const char *)s->name, s->name_len);
        }
        fputc(' ', out);
        if (s->peer_len < 0) {
            fputc('-', out);
        } else {
            put_hex((const char *)s->peer, s->peer_len);
        }
        fputc('\n', out);
    }
}

static void report(int world, const char *name)
{
    static const char *const nets[] = { "tcp", "tcp6", "udp", "udp6", "raw",
                                        "raw6", "icmp", "unix", "netlink",
                                        "packet", NULL };
    const World *w = &shared->worlds[world];
    char path[64], what[64];

    fprintf(out, "%d world %s %d %llu\n", world, name, w->pid,
            (unsigned long long)w->brk);
    snprintf(path, sizeof(path), "/proc/%d/maps", w->pid);
    for (int i = 0; i < w->n_stable; i++) {
        const Stable *s = &w->stable[i];

        fprintf(out, "%d stable %llu %llu %d %d\n", world,
                (unsigned long long)s->addr, (unsigned long long)s->len,
                s->fd, s->number);
    }
    if (w->n_stable) {
        return; /* the rest would be old when it is written */
    }
    put_file(world, "maps", path);
    snprintf(path, sizeof(path), "/proc/%d/stat", w->pid);
    put_file(world, "stat", path);
    put_fds(world, w->pid);
    put_socks(world, w);
    for (int i = 0; nets[i]; i++) {
        snprintf(path, sizeof(path), "/proc/%d/net/%s", w->pid, nets[i]);
        snprintf(what, sizeof(what), "net:%s", nets[i]);
        put_file(world, what, path);
    }
    put_pieces(world, w);
}

/* ---- The worlds ---------------------------------------------------------- */

static const struct {
    const char *name;
    void (*make)(World *w);
} kinds[] = {
    { "memory", make_memory_world },
    { "mapped-files", make_mapped_files_world },
    { "files", make_files_world },
    { "table", make_table_world },
    { "sockets", make_sockets_world },
    { "namespace", make_namespace_world },
    { "chroot", make_chroot_world },
    { "overlay", make_overlay_world },
    { "busy", make_busy_world },
};
#define N_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static void marker(int command, int world, uint64_t from, uint64_t to)
{
    syscall(MAPS_MARKER, MAPS_MAGIC, command, world, from, to, 0);
}

/* Gives the vCPU away: with the kernel out of reach OSI answers then. */
static void nap(void)
{
    const struct timespec t = { 0, 20 * 1000 * 1000 };

    nanosleep(&t, NULL);
}

static void start_world(int i)
{
    World *w = &shared->worlds[i];
    int pid = fork();

    CHECK(pid >= 0);
    if (pid == 0) {
        current = kinds[i].name;
        kinds[i].make(w);
        w->brk = (uintptr_t)sbrk(0);
        w->pid = getpid();
        marker(MAPS_KEEP, i, 0, 0);
        __atomic_store_n(&w->ready, 1, __ATOMIC_SEQ_CST);
        for (;;) {
            pause();
        }
    }
    while (!__atomic_load_n(&w->ready, __ATOMIC_SEQ_CST)) {
        int status;

        CHECK(waitpid(pid, &status, WNOHANG) == 0);
        nap();
    }
    nap(); /* it is in pause() by now */
}

static void ask(int i)
{
    const World *w = &shared->worlds[i];

    marker(MAPS_ASK, i, 0, 0);
    nap();
    for (int p = 0; p < w->n_pieces; p++) {
        const Piece *piece = &w->pieces[p];

        marker(MAPS_PIECE, i, piece->addr, piece->addr + piece->len);
        nap();
    }
}

static void loopback_up(void)
{
    struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    CHECK(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0);
    close(fd);
}

static void prepare(void)
{
    const struct rlimit many = { 100000, 100000 };
    int fd;

    CHECK(setrlimit(RLIMIT_NOFILE, &many) == 0);
    loopback_up();
    mkdir("/tmp/w", 0755);
    CHECK(mkdir("/dev/shm", 01777) == 0 || errno == EEXIST);
    CHECK(mount("shm", "/dev/shm", "tmpfs", 0, NULL) == 0);
    fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);
    if (fd >= 0) {
        CHECK(write(fd, "4", 1) == 1);
        close(fd);
    }
}

int main(void)
{
    out = fopen("/dev/qpp-out", "we");
    CHECK(out);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    prepare();
    for (int i = 0; i < N_KINDS; i++) {
        start_world(i);
    }
    for (int i = 0; i < N_KINDS; i++) {
        const World *w = &shared->worlds[i];

        ask(i);
        report(i, kinds[i].name);
        for (int again = 0; again < (w->n_stable ? BUSY_QUESTIONS : 1);
             again++) {
            ask(i);
        }
    }
    fprintf(out, "-1 end %d\n", N_KINDS);
    CHECK(fclose(out) == 0);
    for (int i = 0; i < N_KINDS; i++) {
        int pid = shared->worlds[i].pid;

        current = kinds[i].name;
        CHECK(waitpid(pid, NULL, WNOHANG) == 0); /* it has lived so far */
        kill(pid, SIGKILL);
    }
    printf("maps: %d worlds\n", N_KINDS);
    return 0;
}
