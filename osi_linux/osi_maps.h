/*
 * osi_maps.h: the memory of a guest's processes: reading it, and what is
 * mapped in it.  Part of osi_linux's face; system mode only.  The words are
 * PANDA's, with the index of a vCPU in place of its CPUState.
 *
 * Unless said otherwise a function is called on the thread of a vCPU, from
 * any callback that may read registers; @vcpu_index is that vCPU.  It reads
 * the guest's kernel, and so needs a moment at which the kernel's memory can
 * be read (osi_proc.h): with page-table isolation, and on aarch64, that is
 * the kernel's context: a thread switch, a system call's entered and return
 * events, not its enter (on x86_64 any moment, where the host can read
 * physical memory: plugin API 5).  The process may be any; its OsiProc says which.
 *
 * Unknown is said as NULL, 0 or false, never guessed: the process is gone,
 * its mappings are being changed by another vCPU at this moment (all is
 * tried four times), the memory cannot be read, or makes no sense.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_OSI_MAPS_H
#define QPP_OSI_MAPS_H

#include "osi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a mapping is for. */
typedef enum OsiMappingKind {
    OSI_MAPPING_ANONYMOUS, /* memory of its own */
    OSI_MAPPING_FILE,
    OSI_MAPPING_SHARED,    /* a file without a folder: memfd, SysV shared
                              memory, MAP_SHARED|MAP_ANONYMOUS */
    OSI_MAPPING_HEAP,      /* what brk() moves the end of */
    OSI_MAPPING_STACK,     /* of the first thread */
    OSI_MAPPING_VDSO,
    OSI_MAPPING_VVAR,
    OSI_MAPPING_SPECIAL,   /* another one of the kernel's own: see its name */
} OsiMappingKind;

/* Bits of OsiModule.flags: the kernel's VM_... */
#define OSI_VM_READ 0x1u
#define OSI_VM_WRITE 0x2u
#define OSI_VM_EXEC 0x4u
#define OSI_VM_MAYSHARE 0x80u /* MAP_SHARED */

/* No physical address. */
#define OSI_INVALID_ADDRESS UINT64_MAX

/* A mapping, or what is mapped of a file as a whole (get_libraries). */
typedef struct OsiModule {
    uint64_t modd;   /* address of its vm_area_struct (of the first one) */
    uint64_t base;
    uint64_t size;   /* bytes */
    char *file;      /* path, as in /proc; NULL: no file, or unknown */
    char *name;      /* the file's name without folders, else what /proc
                        calls it: "[heap]"; "" if nothing; never NULL */
    uint64_t offset; /* bytes into the file */
    uint64_t flags;  /* OSI_VM_..., and what else the kernel keeps there */
    uint64_t inode;  /* 0: no file */
    uint32_t dev_major, dev_minor;
    OsiMappingKind kind;
    char perms[5];   /* "r-xp" */
} OsiModule;

/* PANDA's, and what else the kernel keeps of the kind. */
typedef struct OsiProcMem {
    uint64_t start_brk, brk;
    uint64_t start_stack; /* where the stack began */
    uint64_t start_code, end_code, start_data, end_data;
    uint64_t arg_start, arg_end, env_start, env_end;
} OsiProcMem;

/*
 * Everything that @proc has mapped, in the order of addresses: OsiModules,
 * which go with the array (g_array_unref, cleanup_garray).  As in
 * /proc/PID/maps, but for x86's [vsyscall], which is the kernel's.  A kernel
 * thread, or a process at its end, has an empty array.
 */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_mappings,
                  unsigned int vcpu_index, const OsiProc *proc);

/* The same, only those of a kind: with a file; the heap; the stack; rest. */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_file_mappings,
                  unsigned int vcpu_index, const OsiProc *proc);
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_heap_mappings,
                  unsigned int vcpu_index, const OsiProc *proc);
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_stack_mappings,
                  unsigned int vcpu_index, const OsiProc *proc);
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_unknown_mappings,
                  unsigned int vcpu_index, const OsiProc *proc);

/*
 * The ELF objects of @proc, executable and libraries: one OsiModule a file
 * of which code is mapped, from its lowest address to its highest; flags and
 * perms are all of its mappings' together.  A file whose first bytes can be
 * read there and are not ELF's is none.  Memory behind the file's last page,
 * where an object's zeroed data may go on, is not counted.
 */
QPP_FUN_PROTOTYPE(osi_linux, GArray *, get_libraries,
                  unsigned int vcpu_index, const OsiProc *proc);

/* The mapping with @addr in it; free_osimodule it.  NULL: none, unknown. */
QPP_FUN_PROTOTYPE(osi_linux, OsiModule *, get_mapping_by_addr,
                  unsigned int vcpu_index, const OsiProc *proc,
                  uint64_t addr);

/* The first of that name or path; free_osimodule it. */
QPP_FUN_PROTOTYPE(osi_linux, OsiModule *, get_mapping_by_name,
                  unsigned int vcpu_index, const OsiProc *proc,
                  const char *name);

/* Its address; 0: none, unknown. */
QPP_FUN_PROTOTYPE(osi_linux, uint64_t, get_mapping_base_address_by_name,
                  unsigned int vcpu_index, const OsiProc *proc,
                  const char *name);

/* Whether a mapping's name begins with @prefix. */
QPP_FUN_PROTOTYPE(osi_linux, bool, has_mapping_prefix,
                  unsigned int vcpu_index, const OsiProc *proc,
                  const char *prefix);

/*
 * Whether @vcpu_index executes code of a library: of a file other than that
 * of the program's own code (OsiProcMem.start_code).  False, too, if @proc
 * is not what it runs.
 */
QPP_FUN_PROTOTYPE(osi_linux, bool, in_shared_object,
                  unsigned int vcpu_index, const OsiProc *proc);

/* Where heap, stack, code, arguments are; g_free it. */
QPP_FUN_PROTOTYPE(osi_linux, OsiProcMem *, get_proc_mem,
                  unsigned int vcpu_index, const OsiProc *proc);

/*
 * Copies @len bytes at the user address @addr of the process that @handle
 * names, whichever process runs.  False, with @buf of no use: the process is
 * gone, or one of the pages is not in memory (never touched, swapped out,
 * without any permission).  Of the process that runs it can be read under
 * page-table isolation, too.
 */
QPP_FUN_PROTOTYPE(osi_linux, bool, read_process_memory,
                  unsigned int vcpu_index, const OsiProcHandle *handle,
                  uint64_t addr, void *buf, size_t len);

/*
 * The physical address of the user address @virtual_address of @proc, by its
 * page tables; OSI_INVALID_ADDRESS: there is no page, or it is unknown.
 */
QPP_FUN_PROTOTYPE(osi_linux, uint64_t, walk_page_table,
                  unsigned int vcpu_index, const OsiProc *proc,
                  uint64_t virtual_address);

/* Element @index of an array of OsiModules; borrowed.  NULL: no such. */
QPP_FUN_PROTOTYPE(osi_linux, OsiModule *, get_one_module, GArray *modules,
                  unsigned int index);

/* Any context; NULL is allowed. */
QPP_FUN_PROTOTYPE(osi_linux, void, free_osimodule, OsiModule *module);
QPP_FUN_PROTOTYPE(osi_linux, void, cleanup_garray, GArray *array);

#ifdef __cplusplus
}
#endif

#endif /* QPP_OSI_MAPS_H */
