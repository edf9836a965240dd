/*
 * hostile.h: the parts of hostile_check, the plugin that spoils a guest's
 * kernel memory and asks osi_linux about it.
 *
 *   memory.c    guest memory: changing it, putting it back, wild values
 *   world.c     which objects of the kernel there are to spoil
 *   ask.c       every question of osi*.h, and what no answer may be
 *   directed.c  one known spoiling at a time, and what must be said then
 *   hostile_check.c  rounds, all vCPUs at once; what was seen
 *
 * and of hostile_events, which does so whenever osi_linux is about to tell an
 * event:
 *
 *   front.c     when that is
 *   events.c    what is told then, and when nothing is spoiled any more
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* ---- memory.c ------------------------------------------------------------ */

uint64_t rnd(uint64_t *state);
/* 0 to @n - 1. */
uint64_t below(uint64_t *state, uint64_t n);

bool peek(uint64_t addr, void *buf, size_t len);
/* The 8 bytes there; 0 if they cannot be read. */
uint64_t peek64(uint64_t addr);

/*
 * Writes, and keeps what was there.  False: it cannot be written, or not
 * read.  By one thread at a time, as restore_all(), which puts everything
 * back and gives the number of places that then are not as they were.
 */
bool spoil(uint64_t addr, const void *bytes, size_t len);
bool spoil64(uint64_t addr, uint64_t value);
bool spoil32(uint64_t addr, uint32_t value);
unsigned int restore_all(void);

/* ---- world.c ------------------------------------------------------------- */

typedef struct Object {
    uint64_t addr;
    const char *type; /* the kernel's; or a word of world.c's */
    uint32_t size;    /* of what is spoiled of it */
} Object;

typedef struct World {
    GArray *handles;  /* OsiProcHandle */
    GArray *threads;  /* OsiThread */
    GArray *objects;  /* Object */
    GHashTable *seen;
} World;

/* What of the guest's architecture matters here, by QEMU's name for it. */
typedef struct Paging {
    const char *target;
    unsigned int user_bytes; /* of a root table: what maps user memory */
    uint64_t table_mask, table_bits; /* an entry that leads to a table */
} Paging;

/* Set at install. */
extern const Paging *paging;
/* NULL: not known here. */
const Paging *paging_find(const char *target);

/* Where a member lies; false: this kernel has no such. */
bool member(const char *type, const char *path, uint64_t *offset,
            uint64_t *size);
/* The pointer or number in a member; 0: none. */
uint64_t get(uint64_t base, const char *type, const char *path);

/* On a vCPU's thread, the others standing still. */
World *world_new(unsigned int vcpu);
/* What belongs to the task_struct at @task; without handles and threads. */
World *world_of_task(uint64_t task);
void world_free(World *world);
/* Spoils something of something; what, to @said. */
void world_spoil(const World *world, uint64_t *state, GString *said);

/* ---- ask.c --------------------------------------------------------------- */

typedef struct Asker {
    unsigned int vcpu;
    uint64_t state;   /* of its random numbers */
    GString *dump;    /* all answers as text; NULL: not wanted */
    GString *wrong;   /* what no answer may be, a line each */
    uint64_t n_queries, n_unknown; /* unknown: NULL, false, -1 */
    uint64_t max_reads, max_bytes;
    const char *max_reads_of, *max_bytes_of;
    int64_t leaked;
} Asker;

void asker_init(Asker *a, unsigned int vcpu, uint64_t seed);
void asker_clear(Asker *a);
/* Everything of everybody, or (@few) of some. */
void ask_all(Asker *a, const World *world, bool few);

/* ---- directed.c ---------------------------------------------------------- */

/* All of them, with a TAP line each through @tell. */
void directed_run(unsigned int vcpu, const World *world,
                  void (*tell)(bool right, const char *what,
                               const char *why));

#endif /* TESTS_HOSTILE_H */
