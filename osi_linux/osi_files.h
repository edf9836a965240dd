/*
 * osi_files.h: what the processes of a guest have open.  Part of osi_linux's
 * face; system mode only.  Words with osi_linux in them are PANDA's.
 *
 * When the functions may be called, and what unknown means, is as in
 * osi_maps.h: the path of what open() gives, at on_openat_return; of what a
 * call is made on, at on_<name>_entered.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_OSI_FILES_H
#define QPP_OSI_FILES_H

#include "osi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The position of what has none that could be told. */
#define OSI_INVALID_FILE_POS UINT64_MAX

/* One end of an internet socket, or the number of a netlink one. */
typedef struct OsiSocketAddress {
    uint8_t bytes[16]; /* in network order; of IPv4 the first four */
    uint32_t port;     /* netlink: the port id */
} OsiSocketAddress;

/*
 * A socket as /proc/net has it.  What the guest calls address families,
 * types and states are numbers of its kernel, the same on all architectures.
 */
typedef struct OsiSocket {
    uint16_t family;   /* AF_... */
    uint16_t type;     /* SOCK_... */
    uint16_t protocol; /* IPPROTO_..., NETLINK_..., ETH_P_... */
    uint8_t state;     /* TCP_ESTABLISHED (1) ... TCP_LISTEN (10): of all
                          families; 7 is closed, or not connected */
    OsiSocketAddress local, remote; /* AF_INET, AF_INET6, AF_NETLINK */
    char *local_name;  /* "127.0.0.1:80", "[::1]:80", "/run/x", "@abstract"
                          (with '@' for NUL), "netlink:4711"; "" if the
                          socket has none, NULL if it is not known */
    char *remote_name; /* of a Unix socket: its peer's own name */
    uint64_t peer_inode; /* of a connected Unix socket; 0: none, unknown */
    uint32_t groups;   /* netlink: the first 32 multicast groups */
} OsiSocket;

/*
 * A descriptor of a process.  If it is open on what cannot be read, path is
 * NULL, and all but fd is 0.
 */
typedef struct OsiFile {
    int32_t fd;
    char *path;        /* as /proc/PID/fd shows it: "/etc/passwd",
                          "pipe:[4711]", "/tmp/x (deleted)"; NULL: unknown */
    int64_t pos;       /* as in /proc/PID/fdinfo */
    uint32_t flags;    /* O_... of the guest's, with O_CLOEXEC (02000000) */
    uint32_t mode;     /* of the inode: S_IFREG ... and permissions */
    uint64_t inode;
    uint32_t dev_major, dev_minor; /* of the file system */
    OsiSocket *socket; /* NULL: it is none, or unknown */
} OsiFile;

/*
 * All descriptors of @proc, ascending: OsiFiles, which go with the array
 * (g_array_unref, cleanup_garray).  A kernel thread has its own, too; a
 * process at its end has an empty array.
 */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_open_files,
                  unsigned int vcpu_index, const OsiProc *proc);

/* One of them; free_osifile it.  NULL: it is not open, or unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiFile *, get_open_file,
                  unsigned int vcpu_index, const OsiProc *proc, int fd);

/* Its path alone; g_free it. */
QPP_FUN_PROTOTYPE(osi_linux, char *, osi_linux_fd_to_filename,
                  unsigned int vcpu_index, const OsiProc *proc, int fd);

/* Its position alone; OSI_INVALID_FILE_POS: it is not open, or unknown. */
QPP_FUN_PROTOTYPE(osi_linux, unsigned long long, osi_linux_fd_to_pos,
                  unsigned int vcpu_index, const OsiProc *proc, int fd);

/*
 * The address of the struct file that descriptor @fd of the thread whose
 * task_struct is at @taskd leads to; 0: it is not open, or unknown.  For those
 * who read the kernel's structures themselves (osi_kernel_member).
 */
QPP_FUN_PROTOTYPE(osi_linux, uint64_t, ext_get_file_struct_ptr,
                  unsigned int vcpu_index, uint64_t taskd, int fd);

/* The address of the dentry of the struct file at @file; 0: unknown. */
QPP_FUN_PROTOTYPE(osi_linux, uint64_t, ext_get_file_dentry,
                  unsigned int vcpu_index, uint64_t file);

/* Any context; NULL is allowed. */
QPP_FUN_PROTOTYPE(osi_linux, void, free_osifile, OsiFile *file);

#ifdef __cplusplus
}
#endif

#endif /* QPP_OSI_FILES_H */
