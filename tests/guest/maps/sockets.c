/*
 * sockets.c: a world of sockets: each family, in each state that one can be
 * left in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#define MAPS_GUEST
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "guest.h"

typedef struct Ends {
    int listener, client, server;
} Ends;

static socklen_t inet_address(int family, const char *host, int port,
                              struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    if (family == AF_INET) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;

        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        CHECK(inet_pton(AF_INET, host, &in->sin_addr) == 1);
        return sizeof(*in);
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    CHECK(inet_pton(AF_INET6, host, &in6->sin6_addr) == 1);
    return sizeof(*in6);
}

static int bound(int family, int type, int protocol, const char *host,
                 int port)
{
    struct sockaddr_storage address;
    socklen_t len = inet_address(family, host, port, &address);
    int fd = socket(family, type, protocol);

    CHECK(fd >= 0);
    CHECK(bind(fd, (struct sockaddr *)&address, len) == 0);
    return fd;
}

static void connect_to(int fd, int family, const char *host, int port)
{
    struct sockaddr_storage address;
    socklen_t len = inet_address(family, host, port, &address);

    CHECK(connect(fd, (struct sockaddr *)&address, len) == 0 ||
          errno == EINPROGRESS);
}

static Ends tcp_ends(int listen_family, const char *listen_host, int family,
                     const char *host, int port)
{
    Ends e;

    e.listener = bound(listen_family, SOCK_STREAM, 0, listen_host, port);
    CHECK(listen(e.listener, 5) == 0);
    e.client = socket(family, SOCK_STREAM, 0);
    CHECK(e.client >= 0);
    connect_to(e.client, family, host, port);
    e.server = accept(e.listener, NULL, NULL);
    CHECK(e.server >= 0);
    return e;
}

static void add_ends(World *w, const Ends *e)
{
    add_sock(w, e->listener);
    add_sock(w, e->client);
    add_sock(w, e->server);
}

static void make_tcp(World *w)
{
    Ends e = tcp_ends(AF_INET, "127.0.0.1", AF_INET, "127.0.0.1", 1001);
    int fd;

    add_ends(w, &e);
    e = tcp_ends(AF_INET6, "::1", AF_INET6, "::1", 1002);
    add_ends(w, &e);
    /* IPv4 inside IPv6 */
    e = tcp_ends(AF_INET6, "::", AF_INET, "127.0.0.3", 1003);
    add_ends(w, &e);
    /* one end has said that it will say no more */
    e = tcp_ends(AF_INET, "0.0.0.0", AF_INET, "127.0.0.4", 1004);
    CHECK(shutdown(e.client, SHUT_WR) == 0);
    add_ends(w, &e);
    /* nobody answers: the listener's queue is full */
    fd = bound(AF_INET, SOCK_STREAM, 0, "127.0.0.5", 1005);
    CHECK(listen(fd, 0) == 0);
    add_sock(w, fd);
    for (int i = 0; i < 4; i++) {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        CHECK(fd >= 0);
        connect_to(fd, AF_INET, "127.0.0.5", 1005);
        add_sock(w, fd);
    }
    add_sock(w, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    add_sock(w, socket(AF_INET6, SOCK_STREAM, 0));
    add_sock(w, bound(AF_INET, SOCK_STREAM, 0, "127.0.0.6", 1006));
}

static void make_datagrams(World *w)
{
    int fd;

    add_sock(w, socket(AF_INET, SOCK_DGRAM, 0));
    add_sock(w, bound(AF_INET, SOCK_DGRAM, 0, "0.0.0.0", 2001));
    fd = bound(AF_INET, SOCK_DGRAM, 0, "127.0.0.1", 2002);
    connect_to(fd, AF_INET, "127.0.0.1", 2001);
    add_sock(w, fd);
    add_sock(w, bound(AF_INET6, SOCK_DGRAM, 0, "::", 2003));
    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    CHECK(fd >= 0);
    connect_to(fd, AF_INET6, "::1", 2003);
    add_sock(w, fd);
    fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    CHECK(fd >= 0);
    connect_to(fd, AF_INET, "127.0.0.7", 0);
    add_sock(w, fd);
    add_sock(w, socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
    fd = socket(AF_PACKET, SOCK_RAW, htons(3));
    if (fd >= 0) {
        add_sock(w, fd);
    }
}

static int unix_bound(int type, const char *name, size_t len)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type, 0);

    memcpy(un.sun_path, name, len);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&un,
                          offsetof(struct sockaddr_un, sun_path) + len) == 0);
    return fd;
}

static void unix_connect(int fd, const char *name, size_t len)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };

    memcpy(un.sun_path, name, len);
    CHECK(connect(fd, (struct sockaddr *)&un,
                  offsetof(struct sockaddr_un, sun_path) + len) == 0);
}

static void make_unix(World *w)
{
    static const char path[] = "/tmp/w/a socket";
    static const char abstract[] = "\0abstract\0 with NULs";
    char longest[108];
    int fd, fds[2];

    fd = unix_bound(SOCK_STREAM, path, sizeof(path));
    CHECK(listen(fd, 3) == 0);
    add_sock(w, fd);
    fds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
    unix_connect(fds[0], path, sizeof(path));
    fds[1] = accept(fd, NULL, NULL);
    add_sock(w, fds[0]);
    add_sock(w, fds[1]);
    fd = unix_bound(SOCK_DGRAM, abstract, sizeof(abstract) - 1);
    add_sock(w, fd);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    unix_connect(fd, abstract, sizeof(abstract) - 1);
    add_sock(w, fd);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
    add_sock(w, fds[0]);
    add_sock(w, fds[1]);
    /* the peer is gone */
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    CHECK(close(fds[1]) == 0);
    add_sock(w, fds[0]);
    w->socks[w->n_socks - 1].peer_gone = 1;
    add_sock(w, socket(AF_UNIX, SOCK_STREAM, 0));
    memset(longest, 'l', sizeof(longest));
    memcpy(longest, "/tmp/w/", 7);
    add_sock(w, unix_bound(SOCK_STREAM, longest, sizeof(longest)));
    fd = unix_bound(SOCK_STREAM, "/tmp/w/unlinked", 16);
    CHECK(unlink("/tmp/w/unlinked") == 0);
    add_sock(w, fd);
    /* a name that the kernel chooses */
    fd = unix_bound(SOCK_DGRAM, "", 0);
    add_sock(w, fd);
}

static void make_netlink(World *w)
{
    struct sockaddr_nl nl = { .nl_family = AF_NETLINK, .nl_groups = 0x11 };
    int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == 0);
    add_sock(w, fd);
    fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC,
                NETLINK_KOBJECT_UEVENT);
    CHECK(fd >= 0);
    nl = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = 4711,
                               .nl_groups = 1 };
    CHECK(bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == 0);
    add_sock(w, fd);
    add_sock(w, socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC));
}

void make_sockets_world(World *w)
{
    make_tcp(w);
    make_datagrams(w);
    make_unix(w);
    make_netlink(w);
}
