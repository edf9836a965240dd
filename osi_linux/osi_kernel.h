/*
 * osi_kernel.h: the guest's kernel: which it is, its command line, boot
 * time, modules and symbols.  Part of osi_linux's face; system mode only.
 *
 * What is said of a vCPU's thread holds for functions that take @vcpu_index:
 * they are called on the thread of that vCPU, from any callback that may
 * read registers, and read the guest's kernel.  With page-table isolation
 * they need the kernel's context, such as a thread switch or a system call's
 * return.  The others may be
 * called from any context and read nothing.  Unknown is said as NULL or
 * false, never guessed; before the guest's first thread switch everything
 * is.  After a reboot (on_reboot in syscalls.h) the answers are the new
 * kernel's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_OSI_KERNEL_H
#define QPP_OSI_KERNEL_H

#include "osi.h"
#include "osi_maps.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The longest name of a kernel's symbol, with the NUL. */
#define OSI_SYMBOL_LEN 512
/* The kernel's MODULE_NAME_LEN of 64 bits, with the NUL. */
#define OSI_MODULE_NAME_LEN 56

/* A loaded module of the kernel, as /proc/modules shows it to root. */
typedef struct OsiKernelModule {
    uint64_t module;  /* address of its struct module */
    uint64_t base;    /* address of its code */
    uint64_t size;    /* bytes of code and data, all parts */
    char name[OSI_MODULE_NAME_LEN];
} OsiKernelModule;

/* Modules, the last loaded first. */
typedef struct OsiKernelModules {
    uint32_t n;
    OsiKernelModule *modules;
} OsiKernelModules;

/* Where a member of one of the kernel's structures lies. */
typedef struct OsiKernelMember {
    uint64_t offset;      /* bytes from the structure's start */
    uint64_t size;        /* bytes, of its type */
    uint32_t bit_size;    /* of a bit-field, in bits; else 0 */
    uint32_t bit_offset;  /* of its first bit in the byte at offset: counted
                             from the least significant bit on a
                             little-endian guest, else from the most */
} OsiKernelMember;

/*
 * "Linux version 6.12.107 (builder@host) (gcc ...) #1 SMP ...": what
 * /proc/version shows, without the newline.  Lives as long as the plugin.
 */
QPP_FUN_PROTOTYPE(osi_linux, const char *, osi_kernel_version, void);

/* What `uname -r` prints.  Lives as long as the plugin. */
QPP_FUN_PROTOTYPE(osi_linux, const char *, osi_kernel_release, void);

/*
 * What /proc/cmdline shows, without the newline.  Any bytes but NUL.  Lives
 * as long as the plugin.
 */
QPP_FUN_PROTOTYPE(osi_linux, const char *, osi_kernel_command_line, void);

/*
 * When the guest was booted, in ns since 1970 by its own clock, in @ns: the
 * seconds of it are btime in /proc/stat.  It moves when the guest's clock is
 * set.
 */
QPP_FUN_PROTOTYPE(osi_linux, bool, osi_kernel_boot_time,
                  unsigned int vcpu_index, int64_t *ns);

/*
 * The modules that are loaded now; free it with free_osikernelmodules.  At
 * most 16,384.  NULL: unknown, also because the list changes all the time.
 */
QPP_FUN_PROTOTYPE(osi_linux, OsiKernelModules *, osi_kernel_modules,
                  unsigned int vcpu_index);
/* Any context; NULL is allowed. */
QPP_FUN_PROTOTYPE(osi_linux, void, free_osikernelmodules,
                  OsiKernelModules *modules);

/*
 * The same as PANDA has it: OsiModules, of which modd, base, size and name
 * are said, which go with the array (g_array_unref, cleanup_garray).
 */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_modules, unsigned int vcpu_index);

/*
 * The address of the kernel's own symbol @name (not of a module's) in the
 * running kernel, in @address.  Of several that have the name, the global
 * one.  Per-CPU variables of x86_64 before Linux 6.15 have an offset.
 */
QPP_FUN_PROTOTYPE(osi_linux, bool, osi_kernel_symbol, const char *name,
                  uint64_t *address);

/*
 * The last symbol that is not above @address: its name is copied to @name,
 * and how far below it lies is put in @offset.
 */
QPP_FUN_PROTOTYPE(osi_linux, bool, osi_kernel_symbol_at, uint64_t address,
                  char name[OSI_SYMBOL_LEN], uint64_t *offset);

/*
 * The member @path ("tasks.next") of the kernel's structure @type
 * ("task_struct"), in @member.  False if the kernel has none, or if it is
 * not known.
 */
QPP_FUN_PROTOTYPE(osi_linux, bool, osi_kernel_member, const char *type,
                  const char *path, OsiKernelMember *member);

#ifdef __cplusplus
}
#endif

#endif /* QPP_OSI_KERNEL_H */
