/*
 * world_synth.h: a kernel's memory, made up by tests: its types (as BTF), and
 * structures of these types, in either byte order.  Not laid out as any real
 * kernel's; what reads it must not care.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_WORLD_SYNTH_H
#define TESTS_WORLD_SYNTH_H

#include "fields.h"

/* Where the memory begins, and how much there is. */
#define WORLD_BASE 0xffff888000000000u
#define WORLD_SIZE (16u << 20)

typedef struct World {
    uint8_t *bytes;
    uint64_t used;
    bool big_endian;
    OsiTypes *types;
    OsiReader reader;    /* of the memory; every read stays in a page */
    uint64_t n_reads;
    uint64_t on_read;    /* when n_reads is this, change_at is written */
    uint64_t change_at, change_to;
    uint64_t hole;       /* a page that cannot be read; 0: none */
} World;

/*
 * A world with the types of a kernel with maple trees, or, @lists, with lists
 * of mappings; those named in @without (separated by spaces, or NULL) are not
 * there.
 */
World *world_new(bool big_endian, bool lists, const char *without);
void world_free(World *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* Memory of zeros, aligned to @align (a power of two). */
uint64_t world_alloc(World *w, uint64_t size, uint64_t align);
/* A structure of zeros. */
uint64_t world_struct(World *w, const char *type);
uint64_t world_string(World *w, const char *text);
uint64_t world_bytes(World *w, const void *bytes, size_t len);

/* The address of @member of the @type at @addr. */
uint64_t world_at(World *w, uint64_t addr, const char *type,
                  const char *member);
/* Writes @value there; the member must be there. */
void world_set(World *w, uint64_t addr, const char *type, const char *member,
               uint64_t value);
void world_put(World *w, uint64_t addr, uint64_t value, unsigned int size);
void world_copy(World *w, uint64_t addr, const void *bytes, size_t len);

/* ---- Things of a kernel -------------------------------------------------- */

uint64_t world_super(World *w, const char *fs, uint32_t dev);
/* Under @parent; 0: a root, its own parent.  Hashed, so not deleted. */
uint64_t world_dentry(World *w, uint64_t parent, const char *name,
                      uint64_t super, uint64_t inode);
/* The struct vfsmount of a file system mounted at @mountpoint in the mount
 * of @parent; 0: nowhere. */
uint64_t world_mount(World *w, uint64_t root, uint64_t super,
                     uint64_t parent, uint64_t mountpoint);
uint64_t world_inode(World *w, uint64_t ino, uint16_t mode, uint64_t super);
uint64_t world_file(World *w, uint64_t mnt, uint64_t dentry, uint64_t inode);

#endif /* TESTS_WORLD_SYNTH_H */
