/*
 * guest.h: what the guest program of maps-run and the plugin maps_check agree
 * upon, and what the program's parts share.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef MAPS_GUEST_H
#define MAPS_GUEST_H

/* A system call of no kernel: nr, magic, command, world, from, to. */
#define MAPS_MARKER 1777
#define MAPS_MAGIC 0x6d617073
#define MAPS_WORLDS 16
#define MAPS_PIECES 32 /* of memory, a world */
#define MAPS_PIECE_MAX 65536

/* Commands. */
enum {
    MAPS_KEEP = 1, /* the calling process is this world's */
    MAPS_ASK = 2,  /* tell all that is known of the world's process */
    MAPS_PIECE = 3, /* tell the process's memory from address to address */
};

#ifdef MAPS_GUEST

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHECK(x)                                                             \
    do {                                                                     \
        if (!(x)) {                                                          \
            fail(#x, __FILE__, __LINE__);                                    \
        }                                                                    \
    } while (0)

#define MAX_SOCKETS 64

/* Memory to be compared; absent: OSI must say that it is not there. */
typedef struct Piece {
    uint64_t addr;
    uint64_t len;
    int absent;
} Piece;

/* What a process says of a socket of its own. */
typedef struct Sock {
    int fd;
    int domain, type, protocol;
    int peer_gone;    /* it has been closed */
    int name_len, peer_len;
    unsigned char name[128], peer[128];
} Sock;

/* In a world that changes: what does not, a mapping and a descriptor of
 * /tmp/w/stable-NUMBER. */
typedef struct Stable {
    uint64_t addr, len;
    int fd, number;
} Stable;

/* One process, which does nothing once it is as it shall be. */
typedef struct World {
    int pid;
    int ready;
    uint64_t brk;
    int n_pieces;
    Piece pieces[MAPS_PIECES];
    int n_stable;
    Stable stable[MAPS_PIECES];
    int n_socks;
    Sock socks[MAX_SOCKETS];
} World;

typedef struct Shared {
    World worlds[MAPS_WORLDS];
} Shared;

extern Shared *shared;

void fail(const char *what, const char *file, int line)
    __attribute__((noreturn));

/* In a world's process. */
void add_piece(World *w, const void *addr, size_t len, int absent);
void add_sock(World *w, int fd);
int write_file(const char *path, const char *text);

void make_memory_world(World *w);
void make_mapped_files_world(World *w);
void make_files_world(World *w);
void make_table_world(World *w);
void make_sockets_world(World *w);
void make_namespace_world(World *w);
void make_chroot_world(World *w);
void make_overlay_world(World *w);
void make_busy_world(World *w);

#endif /* MAPS_GUEST */
#endif /* MAPS_GUEST_H */
