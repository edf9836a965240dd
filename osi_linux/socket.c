/*
 * socket.c: sockets of the guest's processes: family, type, state, addresses.
 *
 * A struct sock begins each family's own structure (inet_sock, unix_sock,
 * netlink_sock).  What is read is what the kernel prints in /proc/net: for
 * internet sockets the address that they receive at, for Unix sockets the
 * name that they were bound to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <arpa/inet.h>
#include <string.h>

#include "socket.h"

/* The kernel's numbers (include/linux/socket.h). */
enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10,
       FAMILY_NETLINK = 16, FAMILY_PACKET = 17 };

/* sizeof(struct sockaddr_un), and a NUL that the kernel may put behind. */
#define MAX_UNIX_ADDRESS 111
#define UNIX_FAMILY_SIZE 2

#define AT(name) offsetof(OsiSocketLayout, name)
#define WANT(type, path, field, group, size)                                 \
    { type, path, AT(field), AT(group), size }
#define WANT_COMMON(name, field, size)                                       \
    WANT("sock", "__sk_common." name, field, sock_group, size)

static const OsiWanted wanted[] = {
    WANT("socket", "sk", sk, socket_group, 8),
    WANT_COMMON("skc_family", family, 2),
    WANT_COMMON("skc_state", state, 1),
    WANT_COMMON("skc_daddr", daddr, 4),
    WANT_COMMON("skc_rcv_saddr", rcv_saddr, 4),
    WANT_COMMON("skc_dport", dport, 2),
    WANT_COMMON("skc_v6_daddr", v6_daddr, 16),
    WANT_COMMON("skc_v6_rcv_saddr", v6_rcv_saddr, 16),
    WANT("sock", "sk_type", type, sock_group, 4),
    WANT("sock", "sk_protocol", protocol, sock_group, 4),
    WANT("sock", "sk_socket", sk_socket, sock_group, 8),
    WANT("inet_sock", "inet_sport", sport, inet_group, 2),
    WANT("unix_sock", "addr", unix_addr, unix_group, 8),
    WANT("unix_sock", "peer", unix_peer, unix_group, 8),
    WANT("netlink_sock", "portid", portid, netlink_group, 4),
    WANT("netlink_sock", "dst_portid", dst_portid, netlink_group, 4),
    WANT("netlink_sock", "groups", groups, netlink_group, 8),
    WANT("packet_sock", "num", packet_num, packet_group, 2),
    WANT("unix_address", "len", address_len, address_group, 4),
    { "socket_alloc", "vfs_inode", AT(alloc_inode), OSI_ALONE, 4096 },
};

void osi_sockets_init(OsiSockets *sockets, const OsiTypes *types,
                      const OsiReader *reader, const OsiPaths *paths)
{
    OsiSocketLayout *l = &sockets->layout;

    memset(sockets, 0, sizeof(*sockets));
    sockets->reader = *reader;
    sockets->paths = paths;
    osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), l);
    osi_types_size(types, "unix_address", &l->address_size);
}

void osi_socket_free(OsiSocket *socket)
{
    if (socket) {
        g_free(socket->local_name);
        g_free(socket->remote_name);
        g_free(socket);
    }
}

/* ---- Internet ------------------------------------------------------------ */

/* Bytes that are in network order in the guest, whatever its own. */
static void get_wire(const OsiCopy *copy, const OsiField *field, void *out)
{
    const uint8_t *p = osi_get_bytes(copy, field);

    if (p) {
        memcpy(out, p, field->size);
    }
}

static uint16_t get_port(const OsiCopy *copy, const OsiField *field)
{
    uint8_t wire[2] = { 0 };

    get_wire(copy, field, wire);
    return wire[0] << 8 | wire[1];
}

static char *inet_name(int family, const OsiSocketAddress *address)
{
    char text[INET6_ADDRSTRLEN];
    bool is_v6 = family == FAMILY_INET6;

    inet_ntop(is_v6 ? AF_INET6 : AF_INET, address->bytes, text, sizeof(text));
    return g_strdup_printf(is_v6 ? "[%s]:%u" : "%s:%u", text, address->port);
}

static void read_inet(const OsiSockets *s, uint64_t sk, const OsiCopy *sock,
                      OsiSocket *out)
{
    const OsiSocketLayout *l = &s->layout;
    bool is_v6 = out->family == FAMILY_INET6;
    const OsiField *local = is_v6 ? &l->v6_rcv_saddr : &l->rcv_saddr;
    const OsiField *remote = is_v6 ? &l->v6_daddr : &l->daddr;
    OsiCopy inet;

    if (!local->size || !remote->size || !l->dport.size || !l->sport.size ||
        !osi_read_struct(&s->reader, &l->inet_group, sk, &inet)) {
        return;
    }
    get_wire(sock, local, out->local.bytes);
    get_wire(sock, remote, out->remote.bytes);
    out->local.port = get_port(&inet, &l->sport);
    out->remote.port = get_port(sock, &l->dport);
    out->local_name = inet_name(out->family, &out->local);
    out->remote_name = inet_name(out->family, &out->remote);
}

/* ---- Unix ---------------------------------------------------------------- */

/* The name at @addr, a struct unix_address; "" if 0.  NULL: unknown. */
static char *unix_name(const OsiSockets *s, uint64_t addr)
{
    const OsiSocketLayout *l = &s->layout;
    char name[MAX_UNIX_ADDRESS];
    uint64_t len;
    OsiCopy copy;

    if (!addr) {
        return g_strdup("");
    }
    if (!l->address_size ||
        !osi_read_struct(&s->reader, &l->address_group, addr, &copy)) {
        return NULL;
    }
    len = osi_get(&copy, &l->address_len);
    if (len <= UNIX_FAMILY_SIZE || len > sizeof(name)) {
        return NULL;
    }
    len -= UNIX_FAMILY_SIZE;
    if (!osi_read_bytes(&s->reader, addr + l->address_size + UNIX_FAMILY_SIZE,
                        name, len)) {
        return NULL;
    }
    if (name[0]) {
        return g_strndup(name, len); /* a path, with its NUL */
    }
    for (uint64_t i = 0; i < len; i++) {
        name[i] = name[i] ? name[i] : '@';
    }
    return g_strndup(name, len);
}

/* The number of the inode of the socket that @sk, a struct sock, is of. */
static uint64_t sock_inode(const OsiSockets *s, uint64_t sk)
{
    const OsiSocketLayout *l = &s->layout;
    uint64_t socket;
    OsiCopy copy;

    if (!l->alloc_inode.size || !l->sk_socket.size ||
        !osi_read_number(&s->reader, sk + l->sk_socket.offset, 8, &socket) ||
        !socket ||
        !osi_read_struct(&s->reader, &s->paths->layout.inode_group,
                         socket + l->alloc_inode.offset, &copy)) {
        return 0;
    }
    return osi_get(&copy, &s->paths->layout.i_ino);
}

static void read_unix(const OsiSockets *s, uint64_t sk, OsiSocket *out)
{
    const OsiSocketLayout *l = &s->layout;
    uint64_t peer;
    OsiCopy copy;

    if (!l->unix_addr.size || !l->unix_peer.size ||
        !osi_read_struct(&s->reader, &l->unix_group, sk, &copy)) {
        return;
    }
    out->local_name = unix_name(s, osi_get(&copy, &l->unix_addr));
    peer = osi_get(&copy, &l->unix_peer);
    if (!peer) {
        out->remote_name = g_strdup("");
    } else if (osi_read_struct(&s->reader, &l->unix_group, peer, &copy)) {
        out->remote_name = unix_name(s, osi_get(&copy, &l->unix_addr));
        out->peer_inode = sock_inode(s, peer);
    }
}

/* ---- Netlink, and all ---------------------------------------------------- */

static void read_netlink(const OsiSockets *s, uint64_t sk, OsiSocket *out)
{
    const OsiSocketLayout *l = &s->layout;
    uint64_t groups = 0, word;
    OsiCopy copy;

    if (!l->portid.size ||
        !osi_read_struct(&s->reader, &l->netlink_group, sk, &copy)) {
        return;
    }
    out->local.port = osi_get(&copy, &l->portid);
    out->remote.port = osi_get(&copy, &l->dst_portid);
    groups = osi_get(&copy, &l->groups);
    if (groups && osi_read_number(&s->reader, groups, 8, &word)) {
        out->groups = (uint32_t)word;
    }
    out->local_name = g_strdup_printf("netlink:%u", out->local.port);
    out->remote_name = g_strdup_printf("netlink:%u", out->remote.port);
}

/* Its protocol is kept apart, and in network order. */
static void read_packet(const OsiSockets *s, uint64_t sk, OsiSocket *out)
{
    const OsiSocketLayout *l = &s->layout;
    OsiCopy copy;

    if (osi_read_struct(&s->reader, &l->packet_group, sk, &copy)) {
        out->protocol = get_port(&copy, &l->packet_num);
    }
}

OsiSocket *osi_socket_read(const OsiSockets *sockets, uint64_t addr)
{
    const OsiSocketLayout *l = &sockets->layout;
    OsiSocket *out;
    uint64_t sk;
    OsiCopy copy;

    if (!l->sk.size || !l->family.size || !l->state.size || !l->type.size ||
        !osi_read_struct(&sockets->reader, &l->socket_group, addr, &copy)) {
        return NULL;
    }
    sk = osi_get(&copy, &l->sk);
    if (!osi_read_struct(&sockets->reader, &l->sock_group, sk, &copy)) {
        return NULL;
    }
    out = g_new0(OsiSocket, 1);
    out->family = osi_get(&copy, &l->family);
    out->type = osi_get(&copy, &l->type);
    out->protocol = osi_get(&copy, &l->protocol);
    out->state = osi_get(&copy, &l->state);
    switch (out->family) {
    case FAMILY_INET:
    case FAMILY_INET6:
        read_inet(sockets, sk, &copy, out);
        break;
    case FAMILY_UNIX:
        read_unix(sockets, sk, out);
        break;
    case FAMILY_NETLINK:
        read_netlink(sockets, sk, out);
        break;
    case FAMILY_PACKET:
        read_packet(sockets, sk, out);
        break;
    default:
        break;
    }
    return out;
}
