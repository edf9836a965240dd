/*
 * memory.c: worlds of memory: mappings of all kinds, and of files.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#define MAPS_GUEST
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "guest.h"

#define HUGE_PAGE (2u << 20)
#define SPLITS 1500

static size_t page;

static char *map(size_t len, int prot, int flags, int fd, off_t offset)
{
    char *p = mmap(NULL, len, prot, flags, fd, offset);

    CHECK(p != MAP_FAILED);
    return p;
}

static char *map_anon(size_t len, int prot, int flags)
{
    return map(len, prot, flags | MAP_ANONYMOUS, -1, 0);
}

/* Bytes of which no two pages are the same. */
static void fill(char *p, size_t len, unsigned int seed)
{
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245 + 12345;
        p[i] = seed >> 16;
    }
}

/*
 * Where a table more than usual is needed, if the machine has one; a kernel
 * without takes the address for no more than a wish.
 */
static void make_far(World *w)
{
    char *p = mmap((char *)(1ul << 50), 2 * page, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    fill(p, 2 * page, 7);
    add_piece(w, p + page / 2, page, 0);
}

/* One mapping becomes many when every other page is protected. */
static void make_splits(World *w)
{
    char *p = map_anon(SPLITS * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);

    fill(p, 3 * page, 1);
    for (int i = 0; i < SPLITS; i += 2) {
        CHECK(mprotect(p + i * page, page,
                       i % 4 ? PROT_READ : PROT_READ | PROT_EXEC) == 0);
    }
    add_piece(w, p + page / 2, 2 * page, 0); /* across three mappings */
    add_piece(w, p + 8 * page, 16, 1);
}

static void make_huge(World *w)
{
    char *p = map_anon(4 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    char *aligned = (char *)(((uintptr_t)p + HUGE_PAGE - 1) &
                             ~((uintptr_t)HUGE_PAGE - 1));

    /* One page-table entry for all of it, if the kernel is willing. */
    madvise(aligned, HUGE_PAGE, MADV_HUGEPAGE);
    fill(aligned, HUGE_PAGE, 2);
    add_piece(w, aligned + 3 * page + 5, 40000, 0);
    p = mmap(NULL, HUGE_PAGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (p != MAP_FAILED) {
        fill(p, HUGE_PAGE, 3);
        add_piece(w, p + HUGE_PAGE - 5000, 5000, 0);
    }
}

static void make_shared(World *w)
{
    static const char *const names[] = { "plain", "with/slash", "", NULL };
    char *p = map_anon(3 * page, PROT_READ | PROT_WRITE, MAP_SHARED);
    int id;

    fill(p, page, 4);
    add_piece(w, p, page, 0);
    add_piece(w, p + 2 * page, 1, 1);
    for (int i = 0; names[i]; i++) {
        int fd = memfd_create(names[i], 0);

        CHECK(fd >= 0 && ftruncate(fd, 5 * page) == 0);
        map(2 * page, PROT_READ, MAP_SHARED, fd, 2 * page);
        map(page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        close(fd);
    }
    id = shmget(0x12345678, 3 * page, IPC_CREAT | 0600);
    CHECK(id >= 0);
    p = shmat(id, NULL, 0);
    CHECK(p != (char *)-1);
    fill(p, page, 5);
    add_piece(w, p, 100, 0);
    CHECK(shmat(id, NULL, SHM_RDONLY) != (void *)-1);
    id = shmget(IPC_PRIVATE, page, 0600);
    CHECK(id >= 0 && shmat(id, NULL, 0) != (void *)-1);
    id = shm_open("/posix shm", O_RDWR | O_CREAT, 0600);
    CHECK(id >= 0 && ftruncate(id, page) == 0);
    map(page, PROT_READ | PROT_WRITE, MAP_SHARED, id, 0);
    close(id);
    id = open("/dev/zero", O_RDWR);
    CHECK(id >= 0);
    map(page, PROT_READ, MAP_SHARED, id, 0);
    map(page, PROT_READ, MAP_PRIVATE, id, page);
    close(id);
}

void make_memory_world(World *w)
{
    char *p;

    page = sysconf(_SC_PAGESIZE);
    CHECK(sbrk(123456) != (void *)-1);
    make_splits(w);
    make_huge(w);
    make_shared(w);
    make_far(w);
    p = map_anon(page, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
    add_piece(w, p, 1, 1);
    add_piece(w, (char *)8, 8, 1);
    p = map_anon(4 * page, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_GROWSDOWN);
    fill(p, 4 * page, 6);
    /* Its name, where the kernel keeps names of memory. */
    p = map_anon(2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    prctl(0x53564d41, 0, p, page, "named memory");
    CHECK(mlock(p, page) == 0);
    CHECK(madvise(p + page, page, MADV_DONTFORK) == 0);
    add_piece(w, &page, sizeof(page), 0);
    add_piece(w, __builtin_frame_address(0), 64, 0);
}

/* ---- Files --------------------------------------------------------------- */

static void map_path(const char *path, const char *text, off_t offset)
{
    int fd = write_file(path, text);

    CHECK(ftruncate(fd, 10 * page) == 0);
    map(3 * page, PROT_READ, MAP_PRIVATE, fd, offset * page);
    close(fd);
}

/* As the dynamic loader maps a library. */
static void map_elf(World *w, const char *path)
{
    static const unsigned char header[64] = "\177ELF\2\1\1";
    int fd = open(path, O_RDWR | O_CREAT, 0755);
    char *base;

    CHECK(fd >= 0 && write(fd, header, sizeof(header)) == sizeof(header));
    CHECK(ftruncate(fd, 8 * page) == 0);
    base = map(9 * page, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(mmap(base + page, 3 * page, PROT_READ | PROT_EXEC,
               MAP_PRIVATE | MAP_FIXED, fd, page) != MAP_FAILED);
    CHECK(mmap(base + 5 * page, 2 * page, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_FIXED, fd, 4 * page) != MAP_FAILED);
    CHECK(mmap(base + 7 * page, 2 * page, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    add_piece(w, base, 1, 1); /* nobody has looked at it yet */
    close(fd);
}

static void make_mounts(void)
{
    CHECK(mkdir("/tmp/w/a", 0755) == 0 && mkdir("/tmp/w/b", 0755) == 0);
    CHECK(mkdir("/tmp/w/c", 0755) == 0);
    CHECK(mount("t", "/tmp/w/a", "tmpfs", 0, NULL) == 0);
    map_path("/tmp/w/a/under", "x", 0);
    /* over it, so that the name is the same and the file is not */
    CHECK(mount("t", "/tmp/w/a", "tmpfs", 0, NULL) == 0);
    map_path("/tmp/w/a/under", "y", 1);
    CHECK(mkdir("/tmp/w/a/sub", 0755) == 0);
    map_path("/tmp/w/a/sub/file", "z", 2);
    CHECK(mount("/tmp/w/a/sub", "/tmp/w/b", NULL, MS_BIND, NULL) == 0);
    map_path("/tmp/w/b/file", "z", 3);
    /* a single file, mounted over another */
    close(write_file("/tmp/w/c/target", "t"));
    CHECK(mount("/tmp/w/b/file", "/tmp/w/c/target", NULL, MS_BIND, NULL) ==
          0);
    map_path("/tmp/w/c/target", "t", 4);
    /* in no folder any more */
    CHECK(mkdir("/tmp/w/lazy", 0755) == 0);
    CHECK(mount("t", "/tmp/w/lazy", "tmpfs", 0, NULL) == 0);
    CHECK(mkdir("/tmp/w/lazy/d", 0755) == 0);
    map_path("/tmp/w/lazy/d/file", "l", 0);
    CHECK(umount2("/tmp/w/lazy", MNT_DETACH) == 0);
}

static void map_deep(void)
{
    char name[201];

    memset(name, 'n', 200);
    name[200] = '\0';
    CHECK(mkdir("/tmp/w/deep", 0755) == 0 && chdir("/tmp/w/deep") == 0);
    for (int i = 0; i < 15; i++) {
        CHECK(mkdir(name, 0755) == 0 && chdir(name) == 0);
    }
    map_path("end", "deep", 0);
    CHECK(chdir("/") == 0);
}

void make_mapped_files_world(World *w)
{
    char name[300] = "/tmp/w/";

    page = sysconf(_SC_PAGESIZE);
    memset(name + 7, 'x', 255);
    map_path(name, "long", 2);
    map_path("/tmp/w/two words", "a", 1);
    map_path("/tmp/w/a new\nline", "b", 0);
    map_path("/tmp/w/back\\slash", "b", 0);
    map_path("/tmp/w/\xff\x01\xfe", "c", 0);
    map_path("/tmp/w/deleted", "d", 7);
    CHECK(unlink("/tmp/w/deleted") == 0);
    map_path("/tmp/w/named (deleted)", "e", 0);
    map_path("/tmp/w/before", "f", 0);
    CHECK(rename("/tmp/w/before", "/tmp/w/after") == 0);
    map_path("/tmp/w/first", "g", 0);
    CHECK(link("/tmp/w/first", "/tmp/w/second") == 0);
    map_path("/tmp/w/second", "g", 0);
    CHECK(mkdir("/tmp/w/gone", 0755) == 0);
    map_path("/tmp/w/gone/file", "i", 0);
    CHECK(unlink("/tmp/w/gone/file") == 0 && rmdir("/tmp/w/gone") == 0);
    map_elf(w, "/tmp/w/libone.so.1");
    map_elf(w, "/tmp/w/libtwo.so");
    map_deep();
    make_mounts();
}
