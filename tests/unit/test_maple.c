/*
 * test_maple.c: walking maple trees (osi_linux/maple.c) in a made-up
 * kernel's memory: ordinary ones, and such as no kernel makes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "maple.h"
#include "world_synth.h"

enum { LEAF = 1, RANGE = 2, ARANGE = 3 };

/* What a walk has told. */
typedef struct Seen {
    GArray *firsts, *lasts, *entries;
    guint stop_after;
} Seen;

static OsiMapleLayout layout;

static bool on_entry(void *opaque, uint64_t first, uint64_t last,
                     uint64_t entry)
{
    Seen *seen = opaque;

    g_array_append_val(seen->firsts, first);
    g_array_append_val(seen->lasts, last);
    g_array_append_val(seen->entries, entry);
    return seen->entries->len != seen->stop_after;
}

static Seen seen_new(void)
{
    return (Seen){ g_array_new(FALSE, FALSE, 8), g_array_new(FALSE, FALSE, 8),
                   g_array_new(FALSE, FALSE, 8), 0 };
}

static void seen_free(Seen *seen)
{
    g_array_unref(seen->firsts);
    g_array_unref(seen->lasts);
    g_array_unref(seen->entries);
}

static uint64_t new_node(World *w)
{
    uint64_t node = world_alloc(w, 256, 256);

    world_put(w, node, WORLD_BASE, 8); /* a parent that is another */
    return node;
}

static void set_slot(World *w, uint64_t node, int type, int i,
                     uint64_t pivot, uint64_t slot)
{
    if (i < (type == ARANGE ? 9 : 15)) {
        world_put(w, node + 8 + 8 * i, pivot, 8);
    }
    world_put(w, node + (type == ARANGE ? 80 : 128) + 8 * i, slot, 8);
}

/* What a node further up has of one. */
static uint64_t link(uint64_t node, int type)
{
    return node | type << 3 | 4;
}

static uint64_t new_tree(World *w, uint64_t node, int type)
{
    uint64_t tree = world_struct(w, "maple_tree");

    world_set(w, tree, "maple_tree", "ma_root", node | type << 3 | 2);
    return tree;
}

static OsiMapleStatus walk(World *w, uint64_t tree, uint64_t from,
                           Seen *seen)
{
    *seen = seen_new();
    return osi_maple_walk(&w->reader, &layout, tree, from, 1000, on_entry,
                          seen);
}

static void assert_entry(const Seen *seen, guint i, uint64_t first,
                         uint64_t last, uint64_t entry)
{
    g_assert_cmpuint(seen->entries->len, >, i);
    g_assert_cmphex(g_array_index(seen->firsts, uint64_t, i), ==, first);
    g_assert_cmphex(g_array_index(seen->lasts, uint64_t, i), ==, last);
    g_assert_cmphex(g_array_index(seen->entries, uint64_t, i), ==, entry);
}

static World *new_world(bool big_endian)
{
    World *w = world_new(big_endian, false, NULL);

    osi_maple_layout(w->types, &layout);
    g_assert_true(layout.usable);
    return w;
}

/* [0x1000, 0x1fff] -> 8, [0x3000, 0x4fff] -> 16, nothing behind. */
static uint64_t small_leaf(World *w)
{
    uint64_t leaf = new_node(w);

    set_slot(w, leaf, LEAF, 0, 0xfff, 0);
    set_slot(w, leaf, LEAF, 1, 0x1fff, 8);
    set_slot(w, leaf, LEAF, 2, 0x2fff, 0);
    set_slot(w, leaf, LEAF, 3, 0x4fff, 16);
    set_slot(w, leaf, LEAF, 4, 0, 0);
    return leaf;
}

static void leaf_once(bool big_endian)
{
    World *w = new_world(big_endian);
    uint64_t tree = new_tree(w, small_leaf(w), LEAF);
    Seen seen;

    g_assert_cmpint(walk(w, tree, 0, &seen), ==, OSI_MAPLE_DONE);
    g_assert_cmpuint(seen.entries->len, ==, 2);
    assert_entry(&seen, 0, 0x1000, 0x1fff, 8);
    assert_entry(&seen, 1, 0x3000, 0x4fff, 16);
    seen_free(&seen);
    /* from inside of one, from behind it, from behind all */
    g_assert_cmpint(walk(w, tree, 0x1fff, &seen), ==, OSI_MAPLE_DONE);
    g_assert_cmpuint(seen.entries->len, ==, 2);
    seen_free(&seen);
    g_assert_cmpint(walk(w, tree, 0x2000, &seen), ==, OSI_MAPLE_DONE);
    g_assert_cmpuint(seen.entries->len, ==, 1);
    assert_entry(&seen, 0, 0x3000, 0x4fff, 16);
    seen_free(&seen);
    g_assert_cmpint(walk(w, tree, 0x5000, &seen), ==, OSI_MAPLE_DONE);
    g_assert_cmpuint(seen.entries->len, ==, 0);
    seen_free(&seen);
    world_free(w);
}

static void test_leaf(void)
{
    leaf_once(false);
    leaf_once(true);
}

static void test_empty(void)
{
    World *w = new_world(false);
    uint64_t tree = world_struct(w, "maple_tree");
    Seen seen;

    g_assert_cmpint(walk(w, tree, 0, &seen), ==, OSI_MAPLE_DONE);
    g_assert_cmpuint(seen.entries->len, ==, 0);
    seen_free(&seen);
    world_free(w);
}

/* All slots in use: the last one has no pivot. */
static uint64_t full_leaf(World *w, uint64_t first, uint64_t step)
{
    uint64_t leaf = new_node(w);

    for (int i = 0; i < 16; i++) {
        set_slot(w, leaf, LEAF, i, first + (i + 1) * step - 1,
                 0x1000 + first + i * 4);
    }
    return leaf;
}

/* Three levels of both kinds of nodes. */
static void high_once(bool big_endian)
{
    World *w = new_world(big_endian);
    uint64_t root = new_node(w), tree = new_tree(w, root, ARANGE);
    uint64_t n = 0;
    Seen seen;

    for (int i = 0; i < 10; i++) {
        uint64_t middle = new_node(w);

        for (int j = 0; j < 16; j++) {
            uint64_t first = (i * 16 + j) * 0x1000;

            set_slot(w, middle, RANGE, j, first + 0xfff,
                     link(full_leaf(w, first, 0x100), LEAF));
        }
        set_slot(w, root, ARANGE, i, (i + 1) * 0x10000 - 1,
                 link(middle, RANGE));
    }
    g_assert_cmpint(walk(w, tree, 0, &seen), ==, OSI_MAPLE_DONE);
    g_assert_cmpuint(seen.entries->len, ==, 10 * 16 * 16);
    for (guint i = 0; i < seen.entries->len; i++) {
        g_assert_cmphex(g_array_index(seen.firsts, uint64_t, i), ==, n);
        n = g_array_index(seen.lasts, uint64_t, i) + 1;
    }
    g_assert_cmphex(n, ==, 0); /* the last one goes to the end of numbers */
    seen_free(&seen);
    w->n_reads = 0;
    seen = seen_new();
    seen.stop_after = 1;
    g_assert_cmpint(osi_maple_walk(&w->reader, &layout, tree, 0x54321, 1000,
                                   on_entry, &seen), ==, OSI_MAPLE_STOPPED);
    assert_entry(&seen, 0, 0x54300, 0x543ff, 0x1000 + 0x54000 + 3 * 4);
    g_assert_cmpuint(w->n_reads, <=, 5); /* way down, one node a level */
    seen_free(&seen);
    seen = seen_new();
    g_assert_cmpint(osi_maple_walk(&w->reader, &layout, tree, 0, 100,
                                   on_entry, &seen), ==,
                    OSI_MAPLE_TOO_LARGE);
    g_assert_cmpuint(seen.entries->len, ==, 1600);
    seen_free(&seen);
    world_free(w);
}

static void test_high(void)
{
    high_once(false);
    high_once(true);
}

/* ---- Hostile ------------------------------------------------------------- */

static void assert_changed(World *w, uint64_t tree)
{
    Seen seen;

    w->n_reads = 0;
    g_assert_cmpint(walk(w, tree, 0, &seen), ==, OSI_MAPLE_CHANGED);
    g_assert_cmpuint(w->n_reads, <, 200);
    seen_free(&seen);
}

/* Nodes that lead to themselves, to each other, to nowhere. */
static void test_cycles(void)
{
    World *w = new_world(false);
    uint64_t a = new_node(w), b = new_node(w);

    set_slot(w, a, RANGE, 0, UINT64_MAX, link(a, RANGE));
    assert_changed(w, new_tree(w, a, RANGE));
    set_slot(w, a, RANGE, 0, UINT64_MAX, link(b, ARANGE));
    set_slot(w, b, ARANGE, 0, UINT64_MAX, link(a, RANGE));
    assert_changed(w, new_tree(w, a, RANGE));
    set_slot(w, a, RANGE, 0, UINT64_MAX, link(8, LEAF));
    assert_changed(w, new_tree(w, a, RANGE));
    set_slot(w, a, RANGE, 0, UINT64_MAX, 0);
    assert_changed(w, new_tree(w, a, RANGE));
    world_free(w);
}

/* One leaf under every slot: each number comes once all the same. */
static void test_shared_leaf(void)
{
    World *w = new_world(false);
    uint64_t root = new_node(w), leaf = small_leaf(w);
    Seen seen;

    for (int i = 0; i < 16; i++) {
        set_slot(w, root, RANGE, i, 0x10000 * (i + 1) - 1, link(leaf, LEAF));
    }
    /* its numbers are not those of the second slot on: nonsense */
    g_assert_cmpint(walk(w, new_tree(w, root, RANGE), 0, &seen), ==,
                    OSI_MAPLE_CHANGED);
    g_assert_cmpuint(seen.entries->len, ==, 2);
    seen_free(&seen);
    world_free(w);
}

static void test_nonsense(void)
{
    static const int types[] = { 0, 4, 7, 15 };
    World *w = new_world(false);
    uint64_t leaf = small_leaf(w), tree = world_struct(w, "maple_tree");
    static const uint64_t roots[] = { 1, 2, 3, 8, 4095, 0x1002 };
    Seen seen;

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        assert_changed(w, new_tree(w, leaf, types[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(roots); i++) {
        world_set(w, tree, "maple_tree", "ma_root", roots[i]);
        assert_changed(w, tree);
    }
    assert_changed(w, 0);
    assert_changed(w, UINT64_MAX);
    /* pivots that go back, or beyond what is the node's */
    set_slot(w, leaf, LEAF, 2, 0x1000, 0);
    assert_changed(w, new_tree(w, leaf, LEAF));
    set_slot(w, leaf, LEAF, 2, 0x2fff, 0);
    /* an entry that is a mark of the kernel's */
    set_slot(w, leaf, LEAF, 3, 0x4fff, 0x406);
    assert_changed(w, new_tree(w, leaf, LEAF));
    set_slot(w, leaf, LEAF, 3, 0x4fff, 16);
    g_assert_cmpint(walk(w, new_tree(w, leaf, LEAF), 0, &seen), ==,
                    OSI_MAPLE_DONE);
    seen_free(&seen);
    /* taken out of the tree */
    world_put(w, leaf, leaf | 3, 8);
    assert_changed(w, new_tree(w, leaf, LEAF));
    world_put(w, leaf, WORLD_BASE, 8);
    w->hole = leaf;
    assert_changed(w, new_tree(w, leaf, LEAF));
    world_free(w);
}

static void test_members(void)
{
    static const char *const without[] = { "ma_root", "pivot", "slot",
                                           "parent", "maple_arange_64" };
    OsiMapleLayout l;

    for (size_t i = 0; i < G_N_ELEMENTS(without); i++) {
        g_autoptr(World) w = world_new(false, false, without[i]);
        Seen seen = seen_new();

        osi_maple_layout(w->types, &l);
        g_assert_false(l.usable);
        g_assert_cmpint(osi_maple_walk(&w->reader, &l, WORLD_BASE, 0, 10,
                                       on_entry, &seen), ==,
                        OSI_MAPLE_CHANGED);
        seen_free(&seen);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/maple/leaf", test_leaf);
    g_test_add_func("/maple/empty", test_empty);
    g_test_add_func("/maple/high", test_high);
    g_test_add_func("/maple/cycles", test_cycles);
    g_test_add_func("/maple/shared-leaf", test_shared_leaf);
    g_test_add_func("/maple/nonsense", test_nonsense);
    g_test_add_func("/maple/members", test_members);
    return g_test_run();
}
