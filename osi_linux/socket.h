/*
 * socket.h: sockets of the guest's processes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_SOCKET_H
#define OSI_SOCKET_H

#include "osi_files.h"
#include "path.h"

typedef struct OsiSocketLayout {
    OsiStruct socket_group, sock_group, inet_group, unix_group, netlink_group,
              packet_group, address_group;
    OsiField sk;
    OsiField family, state, daddr, rcv_saddr, dport, v6_daddr, v6_rcv_saddr,
             type, protocol, sk_socket;
    OsiField sport;
    OsiField unix_addr, unix_peer;
    OsiField portid, dst_portid, groups;
    OsiField packet_num;
    OsiField address_len;
    OsiField alloc_inode; /* socket_alloc.vfs_inode: its offset */
    uint64_t address_size; /* of struct unix_address before the name */
} OsiSocketLayout;

typedef struct OsiSockets {
    OsiReader reader;
    OsiSocketLayout layout;
    const OsiPaths *paths;
} OsiSockets;

/* @paths stays the caller's, and must stay as long as @sockets. */
void osi_sockets_init(OsiSockets *sockets, const OsiTypes *types,
                      const OsiReader *reader, const OsiPaths *paths);

/*
 * The struct socket at @addr; osi_socket_free it.  NULL: it cannot be read.
 * Of other families than AF_INET, AF_INET6, AF_UNIX and AF_NETLINK the names
 * are unknown.
 */
OsiSocket *osi_socket_read(const OsiSockets *sockets, uint64_t addr);

void osi_socket_free(OsiSocket *socket);

#endif /* OSI_SOCKET_H */
