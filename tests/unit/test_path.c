/*
 * test_path.c: names of files (osi_linux/path.c) in a made-up kernel's
 * memory: ordinary ones, names that the kernel makes, and hostile ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "path.h"
#include "world_synth.h"

/* What every test begins with: a root, and /home mounted in it. */
typedef struct Tree {
    World *w;
    OsiPaths paths;
    uint64_t super, root, mnt;         /* of "/" */
    uint64_t home;                     /* the folder /home */
    uint64_t home_super, home_root, home_mnt;
} Tree;

static Tree tree_new(bool big_endian)
{
    Tree t = { .w = world_new(big_endian, false, NULL) };

    t.super = world_super(t.w, "ext4", 0x800001);
    t.root = world_dentry(t.w, 0, "/", t.super, 0);
    t.mnt = world_mount(t.w, t.root, t.super, 0, 0);
    t.home = world_dentry(t.w, t.root, "home", t.super, 0);
    t.home_super = world_super(t.w, "tmpfs", 23);
    t.home_root = world_dentry(t.w, 0, "/", t.home_super, 0);
    t.home_mnt = world_mount(t.w, t.home_root, t.home_super, t.mnt, t.home);
    osi_paths_init(&t.paths, t.w->types, &t.w->reader);
    return t;
}

static void assert_name(const Tree *t, uint64_t mnt, uint64_t dentry,
                        const char *expected)
{
    const OsiPathRef ref = { mnt, dentry };
    g_autofree char *name = osi_path_name(&t->paths, &ref, NULL);

    g_assert_cmpstr(name, ==, expected);
}

static void ordinary_once(bool big_endian)
{
    Tree t = tree_new(big_endian);
    uint64_t user = world_dentry(t.w, t.home_root, "user", t.home_super, 0);
    uint64_t file = world_dentry(t.w, user, "odd \xff\n name", t.home_super,
                                 0);
    uint64_t path = world_struct(t.w, "path");
    g_autofree char *name = NULL;

    assert_name(&t, t.mnt, t.root, "/");
    assert_name(&t, t.mnt, t.home, "/home");
    assert_name(&t, t.home_mnt, t.home_root, "/home");
    assert_name(&t, t.home_mnt, user, "/home/user");
    assert_name(&t, t.home_mnt, file, "/home/user/odd \xff\n name");
    world_set(t.w, file, "dentry", "d_hash.pprev", 0);
    assert_name(&t, t.home_mnt, file, "/home/user/odd \xff\n name (deleted)");
    world_set(t.w, path, "path", "mnt", t.home_mnt);
    world_set(t.w, path, "path", "dentry", user);
    name = osi_path_name_at(&t.paths, path);
    g_assert_cmpstr(name, ==, "/home/user");
    world_free(t.w);
}

static void test_ordinary(void)
{
    ordinary_once(false);
    ordinary_once(true);
}

/* Mounts: bound elsewhere, over another, in no place any more. */
static void test_mounts(void)
{
    Tree t = tree_new(false);
    uint64_t user = world_dentry(t.w, t.home_root, "user", t.home_super, 0);
    uint64_t file = world_dentry(t.w, user, "file", t.home_super, 0);
    uint64_t opt = world_dentry(t.w, t.root, "opt", t.super, 0);
    uint64_t bound = world_mount(t.w, user, t.home_super, t.mnt, opt);
    uint64_t over = world_mount(t.w, user, t.home_super, bound, user);
    uint64_t target = world_dentry(t.w, t.root, "target", t.super, 0);
    uint64_t single = world_mount(t.w, file, t.home_super, t.mnt, target);
    uint64_t away = world_mount(t.w, user, t.home_super, 0, 0);

    assert_name(&t, bound, file, "/opt/file");
    assert_name(&t, over, file, "/opt/file");
    assert_name(&t, single, file, "/target");
    assert_name(&t, away, file, "/file");
    assert_name(&t, away, user, "/");
    /* outside of what is mounted: moved out of the bound folder */
    assert_name(&t, bound, t.home_root, "/");
    world_free(t.w);
}

/* As a process with another root sees it. */
static void test_root(void)
{
    Tree t = tree_new(false);
    uint64_t user = world_dentry(t.w, t.home_root, "user", t.home_super, 0);
    uint64_t file = world_dentry(t.w, user, "file", t.home_super, 0);
    const OsiPathRef ref = { t.home_mnt, file };
    const OsiPathRef jail = { t.home_mnt, user };
    const OsiPathRef outside = { t.mnt, t.home };
    g_autofree char *inside = osi_path_name(&t.paths, &ref, &jail);
    g_autofree char *root = osi_path_name(&t.paths, &jail, &jail);
    g_autofree char *beyond = osi_path_name(&t.paths, &outside, &jail);

    g_assert_cmpstr(inside, ==, "/file");
    g_assert_cmpstr(root, ==, "/");
    g_assert_cmpstr(beyond, ==, "/home");
    world_free(t.w);
}

/* A dentry of a file system whose names the kernel makes. */
static uint64_t made(const Tree *t, const char *fs, const char *name,
                     uint64_t *mnt, uint64_t *inode)
{
    uint64_t super = world_super(t->w, fs, 7);
    uint64_t ops = world_struct(t->w, "dentry_operations");
    uint64_t root = world_dentry(t->w, 0, "fs:", super, 0);
    uint64_t dentry;

    *inode = world_inode(t->w, 0x123456789a, 0600, super);
    dentry = world_dentry(t->w, 0, name, super, *inode);
    world_set(t->w, ops, "dentry_operations", "d_dname", WORLD_BASE + 8);
    world_set(t->w, dentry, "dentry", "d_op", ops);
    world_set(t->w, dentry, "dentry", "d_hash.pprev", 0);
    *mnt = world_mount(t->w, root, super, 0, 0);
    return dentry;
}

static void made_once(bool big_endian)
{
    static const struct {
        const char *fs, *name, *expected;
    } cases[] = {
        { "pipefs", "x", "pipe:[78187493530]" },
        { "sockfs", "TCP", "socket:[78187493530]" },
        { "anon_inodefs", "[eventfd]", "anon_inode:[eventfd]" },
        { "anon_inodefs", "inotify", "anon_inode:inotify" },
        { "pidfs", "x", "anon_inode:[pidfd]" },
        { "tmpfs", "memfd:a/b", "/memfd:a/b (deleted)" },
        { "tmpfs", "SYSV00000000", "/SYSV00000000 (deleted)" },
        { "hugetlbfs", "anon_hugepage", "/anon_hugepage (deleted)" },
        { "dmabuf", "dmabuf", NULL },
        { "nsfs", "x", NULL }, /* without a namespace */
    };
    Tree t = tree_new(big_endian);
    uint64_t mnt, inode, dentry, ns, ops;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        OsiPathRef ref;

        dentry = made(&t, cases[i].fs, cases[i].name, &mnt, &inode);
        ref = (OsiPathRef){ mnt, dentry };
        assert_name(&t, mnt, dentry, cases[i].expected);
        g_assert_true(osi_path_is_made(&t.paths, &ref));
    }
    ns = world_struct(t.w, "ns_common");
    ops = world_struct(t.w, "proc_ns_operations");
    world_set(t.w, inode, "inode", "i_private", ns);
    world_set(t.w, ns, "ns_common", "ops", ops);
    world_set(t.w, ops, "proc_ns_operations", "name",
              world_string(t.w, "mnt"));
    assert_name(&t, mnt, dentry, "mnt:[78187493530]");
    world_free(t.w);
}

static void test_made(void)
{
    made_once(false);
    made_once(true);
}

/* ---- Changing under way -------------------------------------------------- */

static void test_renamed(void)
{
    Tree t = tree_new(false);
    uint64_t user = world_dentry(t.w, t.root, "user", t.super, 0);
    uint64_t file = world_dentry(t.w, user, "file", t.super, 0);
    uint64_t seq = world_at(t.w, user, "dentry", "d_seq.sequence");

    uint64_t n_undisturbed, n_most = 0;

    t.w->n_reads = 0;
    assert_name(&t, t.mnt, file, "/user/file");
    n_undisturbed = t.w->n_reads;
    /* once, at any moment: it is read again */
    for (uint64_t at = 1; at <= n_undisturbed; at++) {
        world_put(t.w, seq, 2, 4);
        t.w->n_reads = 0;
        t.w->on_read = at;
        t.w->change_at = seq;
        t.w->change_to = 4;
        assert_name(&t, t.mnt, file, "/user/file");
        n_most = MAX(n_most, t.w->n_reads);
    }
    g_assert_cmpuint(n_most, ==, 2 * n_undisturbed);
    /* somebody is in the middle of it, and stays there */
    t.w->on_read = 0;
    world_put(t.w, seq, 3, 4);
    t.w->n_reads = 0;
    assert_name(&t, t.mnt, file, NULL);
    g_assert_cmpuint(t.w->n_reads, <, 100);
    world_free(t.w);
}

/* ---- Hostile ------------------------------------------------------------- */

static void test_cycles(void)
{
    Tree t = tree_new(false);
    uint64_t a = world_dentry(t.w, t.root, "a", t.super, 0);
    uint64_t b = world_dentry(t.w, a, "b", t.super, 0);
    uint64_t mount = t.home_mnt - 32;

    world_set(t.w, a, "dentry", "d_parent", b);
    t.w->n_reads = 0;
    assert_name(&t, t.mnt, b, NULL);
    g_assert_cmpuint(t.w->n_reads, <, 4 * 4 * 2100);
    /* mounts in a circle: home is mounted in itself */
    world_set(t.w, mount, "mount", "mnt_parent", t.mnt - 32);
    world_set(t.w, t.mnt - 32, "mount", "mnt_parent", mount);
    world_set(t.w, t.mnt - 32, "mount", "mnt_mountpoint", t.home_root);
    world_set(t.w, mount, "mount", "mnt_mountpoint", t.root);
    t.w->n_reads = 0;
    assert_name(&t, t.mnt, t.root, NULL);
    g_assert_cmpuint(t.w->n_reads, <, 4 * 3 * 2100);
    world_free(t.w);
}

static void test_names(void)
{
    Tree t = tree_new(false);
    uint64_t file = world_dentry(t.w, t.root, "name", t.super, 0);
    static const uint32_t lengths[] = { 0, 4097, 0x80000000, 0xffffffff };

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        world_set(t.w, file, "dentry", "d_name.len", lengths[i]);
        assert_name(&t, t.mnt, file, NULL);
    }
    world_set(t.w, file, "dentry", "d_name.len", 5); /* its NUL, too */
    assert_name(&t, t.mnt, file, NULL);
    world_set(t.w, file, "dentry", "d_name.len", 3);
    assert_name(&t, t.mnt, file, "/nam");
    world_set(t.w, file, "dentry", "d_name.name", 8);
    assert_name(&t, t.mnt, file, NULL);
    world_set(t.w, file, "dentry", "d_name.name", UINT64_MAX);
    assert_name(&t, t.mnt, file, NULL);
    world_free(t.w);
}

/* Deep, and long: up to a limit. */
static void test_limits(void)
{
    Tree t = tree_new(false);
    g_autofree char *name = g_strnfill(250, 'n');
    uint64_t at = t.root;

    for (int i = 1; i <= 70; i++) {
        const OsiPathRef ref = { t.mnt, at =
            world_dentry(t.w, at, name, t.super, 0) };
        g_autofree char *path = osi_path_name(&t.paths, &ref, NULL);

        if (i * 251 <= 16384) {
            g_assert_cmpuint(strlen(path), ==, i * 251);
        } else {
            g_assert_null(path);
        }
    }
    at = t.root;
    for (int i = 1; i <= 3000; i++) {
        at = world_dentry(t.w, at, "d", t.super, 0);
        if (i == 2000) {
            const OsiPathRef ref = { t.mnt, at };
            g_autofree char *path = osi_path_name(&t.paths, &ref, NULL);

            g_assert_cmpuint(strlen(path), ==, 4000);
        }
    }
    assert_name(&t, t.mnt, at, NULL);
    world_free(t.w);
}

static void test_pointers(void)
{
    static const uint64_t nowhere[] = { 8, UINT64_MAX, UINT64_MAX - 31,
                                        1ull << 63, WORLD_BASE - 8 };
    static const char *const members[] = { "d_parent", "d_op", "d_name.name" };
    Tree t = tree_new(false);
    uint64_t file = world_dentry(t.w, t.root, "name", t.super, 0);

    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        const OsiPathRef refs[] = { { nowhere[i], file },
                                    { t.mnt, nowhere[i] },
                                    { nowhere[i], nowhere[i] } };

        for (size_t r = 0; r < G_N_ELEMENTS(refs); r++) {
            g_assert_null(osi_path_name(&t.paths, &refs[r], NULL));
            g_assert_false(osi_path_is_made(&t.paths, &refs[r]));
        }
        for (size_t m = 0; m < G_N_ELEMENTS(members); m++) {
            uint64_t one = world_dentry(t.w, t.root, "name", t.super, 0);
            const OsiPathRef ref = { t.mnt, one };
            g_autofree char *name = NULL;

            world_set(t.w, one, "dentry", members[m], nowhere[i]);
            name = osi_path_name(&t.paths, &ref, NULL);
            /* the last one's operations can be read, and are none */
            g_assert_cmpstr(name, ==, m == 1 && i == 4 ? "/name" : NULL);
        }
        g_assert_null(osi_path_name_at(&t.paths, nowhere[i]));
    }
    /* a page of what is needed is not there */
    t.w->hole = t.root;
    assert_name(&t, t.mnt, file, NULL);
    world_free(t.w);
}

/* A kernel without the members: unknown. */
static void test_members(void)
{
    static const char *const without[] = { "d_parent", "name", "mnt_parent",
                                           "mnt", "mount", "mnt_root",
                                           "dentry", "d_hash" };

    for (size_t i = 0; i < G_N_ELEMENTS(without); i++) {
        g_autoptr(World) w = world_new(false, false, without[i]);
        const OsiPathRef ref = { WORLD_BASE, WORLD_BASE };
        OsiPaths paths;

        osi_paths_init(&paths, w->types, &w->reader);
        g_assert_null(osi_path_name(&paths, &ref, NULL));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/path/ordinary", test_ordinary);
    g_test_add_func("/path/mounts", test_mounts);
    g_test_add_func("/path/root", test_root);
    g_test_add_func("/path/made", test_made);
    g_test_add_func("/path/renamed", test_renamed);
    g_test_add_func("/path/cycles", test_cycles);
    g_test_add_func("/path/names", test_names);
    g_test_add_func("/path/limits", test_limits);
    g_test_add_func("/path/pointers", test_pointers);
    g_test_add_func("/path/members", test_members);
    return g_test_run();
}
