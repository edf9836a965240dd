/*
 * test_file.c: descriptors (osi_linux/file.c) and sockets (socket.c) in a
 * made-up kernel's memory.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "file.h"
#include "socket.h"
#include "world_synth.h"

typedef struct Setup {
    World *w;
    OsiPaths *paths; /* files points to it */
    OsiFiles files;
    OsiSockets sockets;
    uint64_t super, root, mnt;
    uint64_t task, files_struct, fdt, fds, bits;
} Setup;

#define N_FDS 256

static Setup setup_new(bool big_endian)
{
    Setup s = { .w = world_new(big_endian, false, NULL),
                .paths = g_new(OsiPaths, 1) };

    osi_paths_init(s.paths, s.w->types, &s.w->reader);
    osi_files_init(&s.files, s.w->types, &s.w->reader, s.paths);
    osi_sockets_init(&s.sockets, s.w->types, &s.w->reader, s.paths);
    s.super = world_super(s.w, "ext4", 8 << 20 | 1);
    s.root = world_dentry(s.w, 0, "/", s.super, 0);
    s.mnt = world_mount(s.w, s.root, s.super, 0, 0);
    s.task = world_struct(s.w, "task_struct");
    s.files_struct = world_struct(s.w, "files_struct");
    s.fdt = world_struct(s.w, "fdtable");
    s.fds = world_alloc(s.w, 8 * N_FDS, 8);
    s.bits = world_alloc(s.w, N_FDS / 8, 8);
    world_set(s.w, s.task, "task_struct", "files", s.files_struct);
    world_set(s.w, s.files_struct, "files_struct", "fdt", s.fdt);
    world_set(s.w, s.fdt, "fdtable", "max_fds", N_FDS);
    world_set(s.w, s.fdt, "fdtable", "fd", s.fds);
    world_set(s.w, s.fdt, "fdtable", "close_on_exec", s.bits);
    return s;
}

static void setup_free(Setup *s)
{
    world_free(s->w);
    g_free(s->paths);
}

static uint64_t put_fd(Setup *s, int fd, const char *name, uint64_t ino)
{
    uint64_t inode = world_inode(s->w, ino, 0100600, s->super);
    uint64_t dentry = world_dentry(s->w, s->root, name, s->super, inode);
    uint64_t file = world_file(s->w, s->mnt, dentry, inode);

    world_put(s->w, s->fds + 8 * fd, file, 8);
    return file;
}

/* ---- Descriptors --------------------------------------------------------- */

static void ordinary_once(bool big_endian)
{
    Setup s = setup_new(big_endian);
    uint64_t file = put_fd(&s, 130, "name", 55), got, slice[4];
    OsiFdTable table;
    OsiFileInfo info;
    bool close_on_exec;

    world_set(s.w, file, "file", "f_flags", 02102001); /* with O_CLOEXEC */
    world_set(s.w, file, "file", "f_pos", (uint64_t)-5);
    world_put(s.w, s.bits + 16, 1 << 2, 8);
    g_assert_cmpint(osi_fd_table(&s.files, s.task, &table), ==,
                    OSI_FD_TABLE_FOUND);
    g_assert_cmpuint(table.max_fds, ==, N_FDS);
    g_assert_true(osi_fd_file(&s.files, &table, 130, &got, &close_on_exec));
    g_assert_cmphex(got, ==, file);
    g_assert_true(close_on_exec);
    g_assert_true(osi_fd_file(&s.files, &table, 131, &got, &close_on_exec));
    g_assert_cmphex(got, ==, 0);
    g_assert_true(osi_fd_slice(&s.files, &table, 129, 4, slice));
    g_assert_cmphex(slice[1], ==, file);
    g_assert_cmphex(slice[0] | slice[2] | slice[3], ==, 0);
    g_assert_true(osi_file_read(&s.files, file, &info));
    g_assert_cmpuint(info.ino, ==, 55);
    g_assert_cmpuint(info.dev, ==, 8 << 20 | 1);
    g_assert_cmpuint(info.mode, ==, 0100600);
    g_assert_cmpuint(info.flags, ==, 0102001);
    g_assert_cmpint(info.pos, ==, -5);
    setup_free(&s);
}

static void test_ordinary(void)
{
    ordinary_once(false);
    ordinary_once(true);
}

/* Descriptors outside of the table are none. */
static void test_outside(void)
{
    static const int fds[] = { -1, INT32_MIN, N_FDS, N_FDS + 1, INT32_MAX };
    Setup s = setup_new(false);
    OsiFdTable table;

    osi_fd_table(&s.files, s.task, &table);
    for (size_t i = 0; i < G_N_ELEMENTS(fds); i++) {
        bool close_on_exec;
        uint64_t got;

        g_assert_true(osi_fd_file(&s.files, &table, fds[i], &got,
                                  &close_on_exec));
        g_assert_cmphex(got, ==, 0);
    }
    setup_free(&s);
}

static void test_tables(void)
{
    static const uint64_t nowhere[] = { 8, UINT64_MAX, UINT64_MAX - 40,
                                        1ull << 63 };
    static const uint64_t counts[] = { OSI_MAX_FDS + 1, 0x7fffffff,
                                       0xffffffff };
    Setup s = setup_new(false);
    OsiFdTable table;
    bool close_on_exec;
    uint64_t got;

    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        world_set(s.w, s.fdt, "fdtable", "max_fds", counts[i]);
        g_assert_cmpint(osi_fd_table(&s.files, s.task, &table), ==,
                        OSI_FD_TABLE_UNKNOWN);
    }
    world_set(s.w, s.fdt, "fdtable", "max_fds", OSI_MAX_FDS);
    g_assert_cmpint(osi_fd_table(&s.files, s.task, &table), ==,
                    OSI_FD_TABLE_FOUND);
    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        world_set(s.w, s.fdt, "fdtable", "fd", nowhere[i]);
        g_assert_cmpint(osi_fd_table(&s.files, s.task, &table), ==,
                        OSI_FD_TABLE_FOUND);
        g_assert_false(osi_fd_file(&s.files, &table, 5, &got,
                                   &close_on_exec));
        world_set(s.w, s.files_struct, "files_struct", "fdt", nowhere[i]);
        g_assert_cmpint(osi_fd_table(&s.files, s.task, &table), ==,
                        OSI_FD_TABLE_UNKNOWN);
        world_set(s.w, s.files_struct, "files_struct", "fdt", s.fdt);
        g_assert_cmpint(osi_fd_table(&s.files, nowhere[i], &table), ==,
                        OSI_FD_TABLE_UNKNOWN);
    }
    g_assert_cmpint(osi_fd_table(&s.files, 0, &table), ==,
                    OSI_FD_TABLE_UNKNOWN);
    world_set(s.w, s.task, "task_struct", "files", 0);
    g_assert_cmpint(osi_fd_table(&s.files, s.task, &table), ==,
                    OSI_FD_TABLE_NONE);
    setup_free(&s);
}

static void test_bad_files(void)
{
    static const uint64_t nowhere[] = { 0, 8, UINT64_MAX, 1ull << 63 };
    static const char *const members[] = { "f_inode", "f_path.mnt",
                                           "f_path.dentry" };
    Setup s = setup_new(false);
    OsiFileInfo info;

    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        g_assert_false(osi_file_read(&s.files, nowhere[i], &info));
        for (size_t m = 0; m < G_N_ELEMENTS(members); m++) {
            uint64_t file = put_fd(&s, 3, "name", 1);

            world_set(s.w, file, "file", members[m], nowhere[i]);
            /* a path may lead nowhere: then it has no name */
            if (m == 0 || nowhere[i] == 0) {
                g_assert_false(osi_file_read(&s.files, file, &info));
            } else {
                g_assert_true(osi_file_read(&s.files, file, &info));
                g_assert_null(osi_path_name(s.paths, &info.path, NULL));
            }
        }
    }
    setup_free(&s);
}

/* ---- Sockets ------------------------------------------------------------- */

static uint64_t put_sock(Setup *s, const char *type, uint16_t family,
                         uint64_t *sk)
{
    uint64_t socket = world_struct(s->w, "socket_alloc");

    *sk = world_struct(s->w, type);
    world_set(s->w, socket, "socket", "sk", *sk);
    world_set(s->w, *sk, "sock", "__sk_common.skc_family", family);
    world_set(s->w, *sk, "sock", "__sk_common.skc_state", 1);
    world_set(s->w, *sk, "sock", "sk_type", 5);
    world_set(s->w, *sk, "sock", "sk_protocol", 6);
    world_set(s->w, *sk, "sock", "sk_socket", socket);
    return socket;
}

static void put_wire(Setup *s, uint64_t sk, const char *type,
                     const char *member, const void *bytes, size_t len)
{
    world_copy(s->w, world_at(s->w, sk, type, member), bytes, len);
}

static void assert_names(const OsiSocket *sock, const char *local,
                         const char *remote)
{
    g_assert_nonnull(sock);
    g_assert_cmpstr(sock->local_name, ==, local);
    g_assert_cmpstr(sock->remote_name, ==, remote);
}

static void inet_once(bool big_endian)
{
    static const uint8_t v6[16] = { 0xfe, 0x80, [15] = 7 };
    Setup s = setup_new(big_endian);
    uint64_t sk, socket = put_sock(&s, "inet_sock", 2, &sk);
    OsiSocket *got;

    put_wire(&s, sk, "sock", "__sk_common.skc_rcv_saddr", "\x7f\0\0\1", 4);
    put_wire(&s, sk, "sock", "__sk_common.skc_daddr", "\x0a\1\2\3", 4);
    put_wire(&s, sk, "sock", "__sk_common.skc_dport", "\x01\xbb", 2);
    put_wire(&s, sk, "inet_sock", "inet_sport", "\xff\xfe", 2);
    got = osi_socket_read(&s.sockets, socket);
    assert_names(got, "127.0.0.1:65534", "10.1.2.3:443");
    g_assert_cmpuint(got->family, ==, 2);
    g_assert_cmpuint(got->state, ==, 1);
    g_assert_cmpuint(got->type, ==, 5);
    g_assert_cmpuint(got->protocol, ==, 6);
    g_assert_cmpuint(got->local.port, ==, 65534);
    g_assert_cmpmem(got->remote.bytes, 4, "\x0a\1\2\3", 4);
    osi_socket_free(got);
    world_set(s.w, sk, "sock", "__sk_common.skc_family", 10);
    put_wire(&s, sk, "sock", "__sk_common.skc_v6_rcv_saddr", v6, 16);
    got = osi_socket_read(&s.sockets, socket);
    assert_names(got, "[fe80::7]:65534", "[::]:443");
    osi_socket_free(got);
    setup_free(&s);
}

static void test_inet(void)
{
    inet_once(false);
    inet_once(true);
}

static uint64_t put_unix_name(Setup *s, uint64_t sk, const char *bytes,
                              uint64_t len)
{
    uint64_t name = world_alloc(s->w, 256, 8);

    world_set(s->w, name, "unix_address", "len", 2 + len);
    world_put(s->w, name + 8, 1, 2);
    world_copy(s->w, name + 10, bytes, MIN(len, 200));
    world_set(s->w, sk, "unix_sock", "addr", name);
    return name;
}

static void assert_unix(Setup *s, uint64_t socket, const char *local,
                        const char *remote)
{
    OsiSocket *got = osi_socket_read(&s->sockets, socket);

    assert_names(got, local, remote);
    osi_socket_free(got);
}

static void unix_once(bool big_endian)
{
    static const uint64_t lengths[] = { 112, 0x7ffffffd, 0xfffffffe };
    Setup s = setup_new(big_endian);
    uint64_t sk, peer, name, other;
    uint64_t socket = put_sock(&s, "unix_sock", 1, &sk);
    g_autofree char *longest = g_strnfill(108, 'l');
    OsiSocket *got;

    assert_unix(&s, socket, "", "");
    put_unix_name(&s, sk, "/run/x", 7);
    assert_unix(&s, socket, "/run/x", "");
    put_unix_name(&s, sk, "\0abs\0x", 6);
    assert_unix(&s, socket, "@abs@x", "");
    name = put_unix_name(&s, sk, longest, 108);
    assert_unix(&s, socket, longest, "");
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        world_set(s.w, name, "unix_address", "len", lengths[i]);
        assert_unix(&s, socket, NULL, "");
    }
    world_set(s.w, sk, "unix_sock", "addr", UINT64_MAX);
    assert_unix(&s, socket, NULL, "");
    world_set(s.w, sk, "unix_sock", "addr", 0);
    other = put_sock(&s, "unix_sock", 1, &peer);
    world_set(s.w, world_at(s.w, other, "socket_alloc", "vfs_inode"),
              "inode", "i_ino", 4711);
    put_unix_name(&s, peer, "/run/peer", 10);
    world_set(s.w, sk, "unix_sock", "peer", peer);
    got = osi_socket_read(&s.sockets, socket);
    assert_names(got, "", "/run/peer");
    g_assert_cmpuint(got->peer_inode, ==, 4711);
    osi_socket_free(got);
    world_set(s.w, sk, "unix_sock", "peer", 8);
    assert_unix(&s, socket, "", NULL);
    world_set(s.w, sk, "unix_sock", "peer", sk); /* its own */
    assert_unix(&s, socket, "", "");
    setup_free(&s);
}

static void test_unix(void)
{
    unix_once(false);
    unix_once(true);
}

static void others_once(bool big_endian)
{
    Setup s = setup_new(big_endian);
    uint64_t sk, socket = put_sock(&s, "netlink_sock", 16, &sk);
    OsiSocket *got;
    uint64_t groups = world_alloc(s.w, 8, 8);

    world_set(s.w, sk, "netlink_sock", "portid", 4711);
    got = osi_socket_read(&s.sockets, socket);
    assert_names(got, "netlink:4711", "netlink:0");
    g_assert_cmpuint(got->groups, ==, 0);
    osi_socket_free(got);
    world_put(s.w, groups, 0x100000011, 8);
    world_set(s.w, sk, "netlink_sock", "groups", groups);
    got = osi_socket_read(&s.sockets, socket);
    g_assert_cmpuint(got->groups, ==, 0x11);
    osi_socket_free(got);
    socket = put_sock(&s, "packet_sock", 17, &sk);
    put_wire(&s, sk, "packet_sock", "num", "\x88\xcc", 2);
    got = osi_socket_read(&s.sockets, socket);
    assert_names(got, NULL, NULL);
    g_assert_cmpuint(got->protocol, ==, 0x88cc);
    osi_socket_free(got);
    socket = put_sock(&s, "sock", 40, &sk);
    got = osi_socket_read(&s.sockets, socket);
    assert_names(got, NULL, NULL);
    g_assert_cmpuint(got->family, ==, 40);
    osi_socket_free(got);
    setup_free(&s);
}

static void test_others(void)
{
    others_once(false);
    others_once(true);
}

static void test_bad_sockets(void)
{
    static const uint64_t nowhere[] = { 0, 8, UINT64_MAX, UINT64_MAX - 700,
                                        1ull << 63 };
    static const int families[] = { 1, 2, 10, 16, 17 };
    Setup s = setup_new(false);
    uint64_t sk, socket = put_sock(&s, "sock", 2, &sk), end;

    for (size_t i = 0; i < G_N_ELEMENTS(nowhere); i++) {
        g_assert_null(osi_socket_read(&s.sockets, nowhere[i]));
        world_set(s.w, socket, "socket", "sk", nowhere[i]);
        g_assert_null(osi_socket_read(&s.sockets, socket));
    }
    /* at the end of memory: what a family has behind it is not there */
    end = WORLD_BASE + WORLD_SIZE - 760;
    world_set(s.w, socket, "socket", "sk", end);
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        OsiSocket *got;

        world_set(s.w, end, "sock", "__sk_common.skc_family", families[i]);
        got = osi_socket_read(&s.sockets, socket);
        assert_names(got, NULL, NULL);
        osi_socket_free(got);
    }
    setup_free(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file/ordinary", test_ordinary);
    g_test_add_func("/file/outside", test_outside);
    g_test_add_func("/file/tables", test_tables);
    g_test_add_func("/file/bad-files", test_bad_files);
    g_test_add_func("/file/inet", test_inet);
    g_test_add_func("/file/unix", test_unix);
    g_test_add_func("/file/others", test_others);
    g_test_add_func("/file/bad-sockets", test_bad_sockets);
    return g_test_run();
}
