/*
 * fuzz_maps_world.h: the kernel that fuzz_maps looks at: a task with files of
 * every kind, and an mm_struct whose mappings an input makes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FUZZ_MAPS_WORLD_H
#define TESTS_FUZZ_MAPS_WORLD_H

#include "mapping.h"
#include "socket.h"
#include "world_synth.h"

#define FW_MAX_FDS 64
#define FW_MAX_MAPPINGS 63
#define FW_MAX_NODES 100
#define FW_MAX_FILES 8 /* that can be mapped */

typedef struct FuzzWorld {
    World *w;
    bool lists;
    OsiPaths paths;
    OsiFiles files;
    OsiMappings mappings;
    OsiSockets sockets;
    uint64_t mm, task;
    OsiPathRef root;        /* of a process that has one of its own */
    unsigned int n_files;   /* that are open */
    /* What mappings are made of. */
    uint64_t vmas[FW_MAX_MAPPINGS], nodes[FW_MAX_NODES];
    uint64_t mapped[FW_MAX_FILES], special[3], special_ops, name;
    unsigned int n_mapped, n_nodes;
    /* What can be changed: where something is, and what pointers lead to. */
    uint64_t *slots, *targets;
    uint64_t n_slots, n_targets;
    uint64_t used;          /* bytes of memory */
    uint8_t *fresh;         /* as they were before anything was changed */
} FuzzWorld;

/* The one of the two kinds; as it was made, without mappings. */
FuzzWorld *fw_get_world(bool big_endian, bool lists, OsiReadFn read);

/* The 8 bytes at @addr. */
uint64_t fw_get(const FuzzWorld *fw, uint64_t addr);

/*
 * Makes mappings by @codes (see fuzz_maps.c); @fullness: how many of a node's
 * slots are taken.  How many there are now: all of them.
 */
unsigned int fw_map(FuzzWorld *fw, const uint8_t *codes, unsigned int n,
                    unsigned int fullness);

#endif /* TESTS_FUZZ_MAPS_WORLD_H */
