/*
 * maple.c: walking a maple tree of the guest's kernel.
 *
 * A maple tree (Linux 6.1, include/linux/maple_tree.h) maps ranges of
 * numbers to pointers.  A node is 256 bytes, aligned to that, and a pointer
 * to one carries the node's type in bits 3 to 6.  Slot i holds what belongs
 * to the numbers up to and including pivot[i]; the first slot's numbers begin
 * where the node's begin, and the last one's end where the node's end, whether
 * or not there is a pivot that says so; a pivot of 0 behind the first says
 * that its slot is the last.
 *
 * The walk goes down from the root anew for each leaf, with the first number
 * behind the leaf before.  That number grows with each leaf, so that no tree,
 * circular or otherwise broken, is walked for ever, and a node that is
 * replaced under way costs nothing but a second try.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "maple.h"

#define NODE_MASK 0xffu
#define TYPE_SHIFT 3
#define TYPE_MASK 0xfu
/* Trees of 64-bit indices are 11 high at most; the kernel allows 31. */
#define MAX_HEIGHT 31

#define AT(name) offsetof(OsiMapleLayout, name)

static const OsiWanted wanted[] = {
    { "maple_range_64", "parent", AT(range_parent), AT(range_group), 8 },
    { "maple_range_64", "pivot", AT(range_pivot), AT(range_group), 256 },
    { "maple_range_64", "slot", AT(range_slot), AT(range_group), 256 },
    { "maple_arange_64", "parent", AT(arange_parent), AT(arange_group), 8 },
    { "maple_arange_64", "pivot", AT(arange_pivot), AT(arange_group), 256 },
    { "maple_tree", "ma_root", AT(root), OSI_ALONE, 8 },
    { "maple_arange_64", "slot", AT(arange_slot), AT(arange_group), 256 },
};

typedef struct Tree {
    const OsiReader *r;
    const OsiMapleLayout *l;
    uint64_t root;
} Tree;

/* A node, and the numbers that are its. */
typedef struct Node {
    OsiCopy copy;
    const OsiField *pivot, *slot;
    unsigned int n_slots, n_pivots;
    uint64_t first, last;
    bool is_leaf;
} Node;

void osi_maple_layout(const OsiTypes *types, OsiMapleLayout *out)
{
    memset(out, 0, sizeof(*out));
    osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), out);
    out->usable =
        out->root.size == 8 &&
        osi_types_enum(types, "maple_leaf_64", &out->leaf_64) &&
        osi_types_enum(types, "maple_range_64", &out->range_64) &&
        osi_types_enum(types, "maple_arange_64", &out->arange_64) &&
        out->range_parent.size == 8 && out->arange_parent.size == 8 &&
        out->range_slot.size >= 8 && out->arange_slot.size >= 8 &&
        out->range_pivot.size + 8 >= out->range_slot.size &&
        out->arange_pivot.size + 8 >= out->arange_slot.size;
}

/*
 * The root is a node if it has 2 in the low bits and is no small number;
 * further down whatever is not in a leaf is one.
 */
static bool is_root_node(uint64_t root)
{
    return (root & 3) == 2 && root >= 4096;
}

static uint64_t element(const Node *n, const OsiField *array, unsigned int i)
{
    const OsiField one = { .offset = array->offset + 8 * i, .size = 8 };

    return osi_get(&n->copy, &one);
}

/* Reads the node that @entry leads to; first and last are left alone. */
static bool read_node(const Tree *t, uint64_t entry, Node *n)
{
    const OsiMapleLayout *l = t->l;
    int64_t type = entry >> TYPE_SHIFT & TYPE_MASK;
    bool is_arange = type == l->arange_64;
    uint64_t addr = entry & ~(uint64_t)NODE_MASK, parent;

    n->is_leaf = type == l->leaf_64;
    if (!n->is_leaf && !is_arange && type != l->range_64) {
        return false;
    }
    n->pivot = is_arange ? &l->arange_pivot : &l->range_pivot;
    n->slot = is_arange ? &l->arange_slot : &l->range_slot;
    n->n_pivots = n->pivot->size / 8;
    n->n_slots = n->slot->size / 8;
    if (!osi_read_struct(t->r, is_arange ? &l->arange_group : &l->range_group,
                         addr, &n->copy)) {
        return false;
    }
    /* A node that has been taken out of the tree is its own parent. */
    parent = osi_get(&n->copy, is_arange ? &l->arange_parent
                                         : &l->range_parent);
    return (parent & ~(uint64_t)NODE_MASK) != addr;
}

/*
 * The last number of slot @i, whose first is @first; false: the node makes
 * no sense.
 */
static bool slot_last(const Node *n, unsigned int i, uint64_t first,
                      uint64_t *last)
{
    *last = i < n->n_pivots ? element(n, n->pivot, i) : n->last;
    if (i > 0 && *last == 0) {
        *last = n->last;
    }
    return first <= *last && *last <= n->last;
}

/* The leaf with @index in it. */
static bool descend(const Tree *t, uint64_t index, Node *n)
{
    uint64_t entry = t->root;

    n->first = 0;
    n->last = UINT64_MAX;
    for (int height = 0; height < MAX_HEIGHT; height++) {
        uint64_t first = n->first, last = 0;
        unsigned int i;

        if (!read_node(t, entry, n)) {
            return false;
        }
        if (n->is_leaf) {
            return true;
        }
        for (i = 0; i < n->n_slots; i++) {
            if (!slot_last(n, i, first, &last)) {
                return false;
            }
            if (index <= last) {
                break;
            }
            first = last + 1;
        }
        if (i == n->n_slots) {
            return false;
        }
        entry = element(n, n->slot, i);
        n->first = first;
        n->last = last;
    }
    return false;
}

static OsiMapleStatus walk_leaf(const Node *n, uint64_t from, OsiMapleFn fn,
                                void *opaque)
{
    uint64_t first = n->first, last;

    for (unsigned int i = 0; i < n->n_slots; i++) {
        uint64_t entry;

        if (!slot_last(n, i, first, &last)) {
            return OSI_MAPLE_CHANGED;
        }
        entry = element(n, n->slot, i);
        if (entry && last >= from) {
            /* Marks of the kernel's own are no pointers. */
            if (entry & 3) {
                return OSI_MAPLE_CHANGED;
            }
            if (!fn(opaque, first, last, entry)) {
                return OSI_MAPLE_STOPPED;
            }
        }
        if (last == n->last) {
            return OSI_MAPLE_DONE;
        }
        first = last + 1;
    }
    return OSI_MAPLE_CHANGED;
}

OsiMapleStatus osi_maple_walk(const OsiReader *r, const OsiMapleLayout *l,
                              uint64_t tree, uint64_t from,
                              unsigned int max_leaves, OsiMapleFn fn,
                              void *opaque)
{
    Tree t = { .r = r, .l = l };
    Node n;

    if (!l->usable || !tree ||
        !osi_read_number(r, tree + l->root.offset, 8, &t.root)) {
        return OSI_MAPLE_CHANGED;
    }
    if (!t.root) {
        return OSI_MAPLE_DONE;
    }
    if (!is_root_node(t.root)) {
        return OSI_MAPLE_CHANGED;
    }
    for (unsigned int i = 0; i < max_leaves; i++) {
        OsiMapleStatus status;

        if (!descend(&t, from, &n)) {
            return OSI_MAPLE_CHANGED;
        }
        status = walk_leaf(&n, from, fn, opaque);
        if (status != OSI_MAPLE_DONE || n.last == UINT64_MAX) {
            return status;
        }
        from = n.last + 1;
    }
    return OSI_MAPLE_TOO_LARGE;
}
