/*
 * qemu-plugin.h: the QEMU plugin API as QPP plugins see it, version 2.
 *
 * The functions and types have the names and the signatures of QEMU 10.0's
 * documented plugin API, and one binary interface on every host: a plugin
 * compiled against this header runs under any QEMU that libqpp knows, plugin
 * API 1 to 7 and later.  What a host cannot do fails at the call, with the
 * value given below for failure; qemu_plugin_available() tells beforehand.
 * "Since API n" below means: hosts that speak plugin API n or later have it;
 * where nothing is said, all have.  QEMU 7.2 speaks 1, 9.0 2, 9.1 3, 9.2 and
 * 10.0 4, 10.1 5, 11.0 6, 11.1 7 (docs/HOSTS.md).
 *
 * The names carry an assembler label, so that a plugin binds to libqpp and
 * not to the functions of the same name that the emulator exports (those
 * would win otherwise: the main program comes first in the loader's search).
 * The label is also what makes `qemu_plugin_install` and
 * `qemu_plugin_version` the author's own: the ones that QEMU looks for are
 * in core/entry.c, which is linked into every plugin.
 *
 * Contexts.  "Install" means: during qemu_plugin_install.  "Translation"
 * means: during a tb_trans callback.  "vCPU" means: during a callback that
 * runs on a vCPU's thread.  "Any" means any of these, and threads of the
 * plugin's own.  A call from a wrong context fails, with one line on stderr
 * for each function; so does one with an argument that is none: NULL, flags
 * or a condition that do not exist.  Handles that are kept beyond their time
 * are noticed outside of translation only; within, what they give is of
 * another block.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_QEMU_PLUGIN_H
#define QPP_QEMU_PLUGIN_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What others find by name in a plugin's file, and what they do not. */
#define QEMU_PLUGIN_EXPORT __attribute__((visibility("default")))
#define QEMU_PLUGIN_LOCAL __attribute__((visibility("hidden")))

/* Private to the headers: a function that libqpp provides. */
#define QPP_API(name) __asm__("qpp_" #name) QEMU_PLUGIN_EXPORT
/* Private to the headers: a name that the plugin's author provides. */
#define QPP_AUTHOR(name) __asm__("qpp_author_" #name)

/* The version of this API; an author puts it into qemu_plugin_version. */
#define QEMU_PLUGIN_VERSION 2

/* Names one plugin for as long as it is loaded; never 0. */
typedef uint64_t qemu_plugin_id_t;

/* What qemu_plugin_install is told about the guest. */
typedef struct qemu_info_t {
    /* QEMU's name of the guest's architecture: "x86_64", "aarch64" ... */
    const char *target_name;
    /* The plugin API versions that the host itself speaks. */
    struct {
        int min;
        int cur;
    } version;
    /* A whole machine (true) or one program (false). */
    bool system_emulation;
    union {
        struct {
            int smp_vcpus; /* at start */
            int max_vcpus; /* ever */
        } system;
    };
} qemu_info_t;

/* ---- What a plugin's author defines ------------------------------------ */

/* Must be QEMU_PLUGIN_VERSION. */
extern QEMU_PLUGIN_EXPORT int qemu_plugin_version
    QPP_AUTHOR(qemu_plugin_version);

/*
 * The plugin's name: unique among loaded plugins, letters, digits, '_', '-'
 * and '.' only.  Others import and subscribe by this name, and a plugin
 * that is to be loaded as a dependency lives in a file of that name + ".so".
 */
extern QEMU_PLUGIN_EXPORT const char *qemu_plugin_name
    QPP_AUTHOR(qemu_plugin_name);

/*
 * Optional: names of the plugins that must be installed before this one,
 * NULL at the end.  They are loaded if the user did not load them.
 */
extern QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[]
    QPP_AUTHOR(qemu_plugin_uses);

/*
 * Called once, when everything in qemu_plugin_uses is installed and every
 * import is resolved.  @info is valid during the call only; @argv (each
 * "name=value") as long as the plugin is loaded.
 *
 * Return 0, or anything else to make QEMU stop; say why on stderr first.
 */
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
    QPP_AUTHOR(qemu_plugin_install);

/* ---- Handles ----------------------------------------------------------- */

/* A block that is being translated; valid during the tb_trans callback. */
struct qemu_plugin_tb;
/* An instruction of such a block; valid as long as the block. */
struct qemu_plugin_insn;
/* A register of a vCPU; valid until QEMU ends, and on every vCPU. */
struct qemu_plugin_register;
/* The physical side of a memory access; valid during its callback. */
struct qemu_plugin_hwaddr;
/* An element for each vCPU; valid until it is freed. */
struct qemu_plugin_scoreboard;

/* What a memory callback is told of the access; valid during it. */
typedef uint32_t qemu_plugin_meminfo_t;

/* A 64-bit member of a scoreboard's elements, @offset bytes into each. */
typedef struct {
    struct qemu_plugin_scoreboard *score;
    size_t offset;
} qemu_plugin_u64;

/* What an instruction's or a block's callback does with registers. */
enum qemu_plugin_cb_flags {
    QEMU_PLUGIN_CB_NO_REGS, /* nothing: the cheapest */
    QEMU_PLUGIN_CB_R_REGS,  /* reads them */
    QEMU_PLUGIN_CB_RW_REGS, /* reads and writes them */
    /* the same, and may call qemu_plugin_set_pc; before API 6 as RW_REGS */
    QEMU_PLUGIN_CB_RW_REGS_PC,
};

/* Which accesses of an instruction are meant. */
enum qemu_plugin_mem_rw {
    QEMU_PLUGIN_MEM_R = 1,
    QEMU_PLUGIN_MEM_W,
    QEMU_PLUGIN_MEM_RW,
};

/* What an inline operation does with a scoreboard's member. */
enum qemu_plugin_op {
    QEMU_PLUGIN_INLINE_ADD_U64,   /* adds the immediate, modulo 2^64 */
    QEMU_PLUGIN_INLINE_STORE_U64, /* stores the immediate */
};

/* When a conditional callback is called: `member COND immediate`, unsigned. */
enum qemu_plugin_cond {
    QEMU_PLUGIN_COND_NEVER,
    QEMU_PLUGIN_COND_ALWAYS,
    QEMU_PLUGIN_COND_EQ,
    QEMU_PLUGIN_COND_NE,
    QEMU_PLUGIN_COND_LT,
    QEMU_PLUGIN_COND_LE,
    QEMU_PLUGIN_COND_GT,
    QEMU_PLUGIN_COND_GE,
};

/* How wide the value is that an access moved. */
enum qemu_plugin_mem_value_type {
    QEMU_PLUGIN_MEM_VALUE_U8,
    QEMU_PLUGIN_MEM_VALUE_U16,
    QEMU_PLUGIN_MEM_VALUE_U32,
    QEMU_PLUGIN_MEM_VALUE_U64,
    QEMU_PLUGIN_MEM_VALUE_U128,
    QPP_MEM_VALUE_UNKNOWN = -1, /* the host cannot tell */
};

/* A value in the host's byte order. */
typedef struct {
    enum qemu_plugin_mem_value_type type;
    union {
        uint8_t u8;
        uint16_t u16;
        uint32_t u32;
        uint64_t u64;
        struct {
            uint64_t low;
            uint64_t high;
        } u128;
    } data;
} qemu_plugin_mem_value;

/* Why a vCPU went on elsewhere than where its code led. */
enum qemu_plugin_discon_type {
    QEMU_PLUGIN_DISCON_INTERRUPT = 1, /* from outside the instruction stream */
    QEMU_PLUGIN_DISCON_EXCEPTION = 2, /* an instruction's */
    QEMU_PLUGIN_DISCON_HOSTCALL = 4,  /* served by the emulator: semihosting */
    QEMU_PLUGIN_DISCON_ALL = -1,
};

/* How an access to physical memory ended. */
enum qemu_plugin_hwaddr_operation_result {
    QEMU_PLUGIN_HWADDR_OPERATION_OK,
    QEMU_PLUGIN_HWADDR_OPERATION_ERROR, /* also: the host cannot */
    QEMU_PLUGIN_HWADDR_OPERATION_DEVICE_ERROR,
    QEMU_PLUGIN_HWADDR_OPERATION_ACCESS_DENIED,
    QEMU_PLUGIN_HWADDR_OPERATION_INVALID_ADDRESS,
    QEMU_PLUGIN_HWADDR_OPERATION_INVALID_ADDRESS_SPACE,
};

/* ---- Callback types ---------------------------------------------------- */

/* @id is that of the plugin that registered the function, here and below. */
typedef void (*qemu_plugin_simple_cb_t)(qemu_plugin_id_t id);
/* The same; @userdata as it was registered, here and below. */
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *userdata);
/* Something of a vCPU; they are numbered from 0. */
typedef void (*qemu_plugin_vcpu_simple_cb_t)(qemu_plugin_id_t id,
                                             unsigned int vcpu_index);
/* A block or an instruction is about to be executed. */
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu_index,
                                            void *userdata);
/* @tb is being translated, and valid during the call. */
typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id,
                                               struct qemu_plugin_tb *tb);
/* System call @num with its arguments, as the guest passed them. */
typedef void (*qemu_plugin_vcpu_syscall_cb_t)(
    qemu_plugin_id_t id, unsigned int vcpu_index, int64_t num, uint64_t a1,
    uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
    uint64_t a7, uint64_t a8);
/* Its result: negative is an error number. */
typedef void (*qemu_plugin_vcpu_syscall_ret_cb_t)(qemu_plugin_id_t id,
                                                  unsigned int vcpu_index,
                                                  int64_t num, int64_t ret);
/* True: the call is not to be made, and returns *@sysret to the guest. */
typedef bool (*qemu_plugin_vcpu_syscall_filter_cb_t)(
    qemu_plugin_id_t id, unsigned int vcpu_index, int64_t num, uint64_t a1,
    uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
    uint64_t a7, uint64_t a8, uint64_t *sysret);
/* The vCPU went from @from_pc to @to_pc because of @type. */
typedef void (*qemu_plugin_vcpu_discon_cb_t)(qemu_plugin_id_t id,
                                             unsigned int vcpu_index,
                                             enum qemu_plugin_discon_type type,
                                             uint64_t from_pc, uint64_t to_pc);
/* An access at the virtual address @vaddr; @info tells what kind. */
typedef void (*qemu_plugin_vcpu_mem_cb_t)(unsigned int vcpu_index,
                                          qemu_plugin_meminfo_t info,
                                          uint64_t vaddr, void *userdata);

/* ---- Leaving ----------------------------------------------------------- */

/*
 * Takes plugin @id out, while QEMU goes on.  Its events, its functions on
 * others' callbacks and its own callbacks go at once; the plugins that
 * registered for it (qemu_plugin_register_gone_cb) are told, on this thread.
 * What it put into translated code goes at the next moment when all vCPUs
 * stand still.  When no thread is in a function of it any more, @cb (may be
 * NULL) is called, on a vCPU's thread or on the one that came out last, and
 * nothing of the plugin is called afterwards; in @cb it may free what its
 * functions used, scoreboards too, but must not wait for another thread.
 * Until then it may be called.  On a thread that is no vCPU's, before a
 * system call, or on an idle vCPU, the moment comes after a vCPU's next
 * event (a translation, a wake-up, a system call's end).  Before there are
 * vCPUs it is now.  If QEMU ends first, @cb is not called.
 *
 * The plugin's file stays mapped: what others imported from it can still be
 * called, and must answer sensibly.  Context: any but install, where it
 * fails with one line (return non-zero from install instead).
 */
void qemu_plugin_uninstall(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
    QPP_API(qemu_plugin_uninstall);

/*
 * The same as far as the plugin's events and its functions on others'
 * callbacks go, and what it put into translated code; its own callbacks stay.
 * @cb is called while the vCPUs stand still, and may register anew: what it
 * instruments from then on has missed nothing of what it instrumented before;
 * events between the call and @cb are not told.  A thread that is in a system
 * call or idle may still be in a function of the plugin.  Until @cb has
 * returned, another reset does nothing; if the plugin is uninstalled before,
 * @cb is not called.
 */
void qemu_plugin_reset(qemu_plugin_id_t id, qemu_plugin_simple_cb_t cb)
    QPP_API(qemu_plugin_reset);

/* ---- Events ---------------------------------------------------------------
 *
 * Each may be registered several times, by several plugins; callbacks run in
 * the order in which plugins were installed, then in the order of
 * registration.  Context of registering: any; best at install, since what
 * happened before is not told again.
 */

/* A vCPU has been created; on its thread, before it runs anything. */
void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id,
                                       qemu_plugin_vcpu_simple_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_init_cb);
/* A vCPU ends: unplugged, or a user-mode thread that exits. */
void qemu_plugin_register_vcpu_exit_cb(qemu_plugin_id_t id,
                                       qemu_plugin_vcpu_simple_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_exit_cb);
/* A vCPU has nothing to run (system mode). */
void qemu_plugin_register_vcpu_idle_cb(qemu_plugin_id_t id,
                                       qemu_plugin_vcpu_simple_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_idle_cb);
/* It has again. */
void qemu_plugin_register_vcpu_resume_cb(qemu_plugin_id_t id,
                                         qemu_plugin_vcpu_simple_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_resume_cb);
/*
 * A block is translated: the place to look at its instructions and to
 * register callbacks on them.  A block may be translated many times.
 */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           qemu_plugin_vcpu_tb_trans_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_tb_trans_cb);
/* All translations were thrown away. */
void qemu_plugin_register_flush_cb(qemu_plugin_id_t id,
                                   qemu_plugin_simple_cb_t cb)
    QPP_API(qemu_plugin_register_flush_cb);
/*
 * QEMU ends: `quit`, SIGTERM, the guest's power-off, a user-mode program's
 * exit.  On any thread; vCPUs no longer run.
 */
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                    qemu_plugin_udata_cb_t cb, void *userdata)
    QPP_API(qemu_plugin_register_atexit_cb);
/* User mode only: a system call is about to be made; and its result. */
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t id,
                                          qemu_plugin_vcpu_syscall_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_syscall_cb);
void
qemu_plugin_register_vcpu_syscall_ret_cb(qemu_plugin_id_t id,
                                         qemu_plugin_vcpu_syscall_ret_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_syscall_ret_cb);

/*
 * The same before it is made, with the choice not to make it; the last
 * filter's answer counts.  Since API 6; an error line before.
 */
void qemu_plugin_register_vcpu_syscall_filter_cb(
    qemu_plugin_id_t id, qemu_plugin_vcpu_syscall_filter_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_syscall_filter_cb);
/*
 * System mode: a vCPU took an interrupt, an exception or a host call of the
 * kinds in @type (or-ed), and its pc is now the handler's.  @from_pc is, for
 * an interrupt, what would have been executed next; otherwise the
 * instruction that caused it.  On x86, QEMU 11.1 tells of an exception twice:
 * as EXCEPTION with @to_pc the same as @from_pc, then as INTERRUPT with the
 * handler's.  Since API 6; an error line before.
 */
void qemu_plugin_register_vcpu_discon_cb(qemu_plugin_id_t id,
                                         enum qemu_plugin_discon_type type,
                                         qemu_plugin_vcpu_discon_cb_t cb)
    QPP_API(qemu_plugin_register_vcpu_discon_cb);

/* ---- Instrumentation ------------------------------------------------------
 *
 * Context: translation.  Handed to QEMU as it is: libqpp is not on the path
 * when the code runs.  Before API 2 (inline) and API 3 (conditional) the host
 * lacks the form, and libqpp does the same in a callback: exact, but slower.
 * Whatever is registered goes with the translation.
 */

/* @cb runs before each execution of @tb. */
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          qemu_plugin_vcpu_udata_cb_t cb,
                                          enum qemu_plugin_cb_flags flags,
                                          void *userdata)
    QPP_API(qemu_plugin_register_vcpu_tb_exec_cb);
/* The same if `entry of the vCPU` @cond @imm holds at that moment. */
void qemu_plugin_register_vcpu_tb_exec_cond_cb(
    struct qemu_plugin_tb *tb, qemu_plugin_vcpu_udata_cb_t cb,
    enum qemu_plugin_cb_flags flags, enum qemu_plugin_cond cond,
    qemu_plugin_u64 entry, uint64_t imm, void *userdata)
    QPP_API(qemu_plugin_register_vcpu_tb_exec_cond_cb);
/* @op with @imm on the vCPU's @entry before each execution of @tb. */
void qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
    struct qemu_plugin_tb *tb, enum qemu_plugin_op op, qemu_plugin_u64 entry,
    uint64_t imm)
    QPP_API(qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu);

/* @cb runs before each execution of @insn. */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            qemu_plugin_vcpu_udata_cb_t cb,
                                            enum qemu_plugin_cb_flags flags,
                                            void *userdata)
    QPP_API(qemu_plugin_register_vcpu_insn_exec_cb);
/* The same if `entry of the vCPU` @cond @imm holds at that moment. */
void qemu_plugin_register_vcpu_insn_exec_cond_cb(
    struct qemu_plugin_insn *insn, qemu_plugin_vcpu_udata_cb_t cb,
    enum qemu_plugin_cb_flags flags, enum qemu_plugin_cond cond,
    qemu_plugin_u64 entry, uint64_t imm, void *userdata)
    QPP_API(qemu_plugin_register_vcpu_insn_exec_cond_cb);
/* @op with @imm on the vCPU's @entry before each execution of @insn. */
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
    struct qemu_plugin_insn *insn, enum qemu_plugin_op op,
    qemu_plugin_u64 entry, uint64_t imm)
    QPP_API(qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu);

/*
 * @cb runs after each access to memory of the kinds @rw that @insn makes,
 * with its virtual address.  @flags say what @cb does with registers; hosts
 * up to API 7 take them for NO_REGS: registers may then be out of date.
 */
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                      qemu_plugin_vcpu_mem_cb_t cb,
                                      enum qemu_plugin_cb_flags flags,
                                      enum qemu_plugin_mem_rw rw,
                                      void *userdata)
    QPP_API(qemu_plugin_register_vcpu_mem_cb);
/* @op with @imm on the vCPU's @entry for each such access. */
void qemu_plugin_register_vcpu_mem_inline_per_vcpu(
    struct qemu_plugin_insn *insn, enum qemu_plugin_mem_rw rw,
    enum qemu_plugin_op op, qemu_plugin_u64 entry, uint64_t imm)
    QPP_API(qemu_plugin_register_vcpu_mem_inline_per_vcpu);

/* ---- Blocks and instructions.  Context: translation. ------------------- */

/* Number of instructions in @tb. */
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
    QPP_API(qemu_plugin_tb_n_insns);
/* Guest virtual address of its first instruction. */
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb)
    QPP_API(qemu_plugin_tb_vaddr);
/* Instruction @idx, from 0; NULL if there are fewer. */
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx)
    QPP_API(qemu_plugin_tb_get_insn);
/*
 * Copies up to @len bytes of the instruction to @dest, in memory order.
 * Returns how many were copied; 0 if the host cannot tell.
 */
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest,
                             size_t len) QPP_API(qemu_plugin_insn_data);
/* Its size, in bytes. */
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn)
    QPP_API(qemu_plugin_insn_size);
/* Its guest virtual address. */
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
    QPP_API(qemu_plugin_insn_vaddr);
/*
 * Where in QEMU's own memory its bytes lie; NULL: nowhere (device memory).
 * Not the guest's physical address, whatever the name says.
 */
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn)
    QPP_API(qemu_plugin_insn_haddr);
/*
 * Its disassembly, without the address; the caller g_frees it.  By QEMU, or
 * by Capstone where QEMU was built without a disassembler for the target.
 * NULL if neither can, or if the mode that the code runs in is not known.
 */
char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *insn)
    QPP_API(qemu_plugin_insn_disas);
/*
 * The symbol that it lies in, of the programs whose symbols QEMU has read
 * (user mode's program, -kernel's ELF file); NULL: none.  Valid until QEMU
 * ends.
 */
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *insn)
    QPP_API(qemu_plugin_insn_symbol);

/* ---- Accesses to memory.  Context: the memory callback. ---------------- */

/* The binary logarithm of its size: 0 is one byte, 3 eight. */
unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info)
    QPP_API(qemu_plugin_mem_size_shift);
/* Whether a load extends the sign. */
bool qemu_plugin_mem_is_sign_extended(qemu_plugin_meminfo_t info)
    QPP_API(qemu_plugin_mem_is_sign_extended);
/* Whether the value lies in memory with its most significant byte first. */
bool qemu_plugin_mem_is_big_endian(qemu_plugin_meminfo_t info)
    QPP_API(qemu_plugin_mem_is_big_endian);
/* Whether it is a store. */
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info)
    QPP_API(qemu_plugin_mem_is_store);
/*
 * The value loaded or stored.  Since API 4; type QPP_MEM_VALUE_UNKNOWN
 * before.
 */
qemu_plugin_mem_value qemu_plugin_mem_get_value(qemu_plugin_meminfo_t info)
    QPP_API(qemu_plugin_mem_get_value);

/* Its physical side; NULL in user mode, or if QEMU does not know it. */
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info,
                                                  uint64_t vaddr)
    QPP_API(qemu_plugin_get_hwaddr);
/* Whether a device answers it, not RAM or ROM.  @haddr NULL: false. */
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *haddr)
    QPP_API(qemu_plugin_hwaddr_is_io);
/* Its guest physical address.  @haddr NULL: 0. */
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *haddr)
    QPP_API(qemu_plugin_hwaddr_phys_addr);
/*
 * The name of the device's region ("anon" and a number if it has none), or
 * "RAM"; valid until QEMU ends.  @haddr NULL: NULL.
 */
const char *
qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *haddr)
    QPP_API(qemu_plugin_hwaddr_device_name);

/* ---- Scoreboards ----------------------------------------------------------
 *
 * A value or struct for each vCPU, which grows with their number: counting
 * without locks.  On hosts before API 2 libqpp has its own.  In user mode a
 * vCPU is a thread, and a later thread may get the number of one that ended.
 * That a u64's offset lies within an element is not checked.
 */

/*
 * A scoreboard of elements of @element_size bytes (1 to 2^20), all zero.
 * Context: any.  NULL with an error line for other sizes.
 */
struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size)
    QPP_API(qemu_plugin_scoreboard_new);
/* Context: any, when no translated code uses it any more.  NULL is allowed. */
void qemu_plugin_scoreboard_free(struct qemu_plugin_scoreboard *score)
    QPP_API(qemu_plugin_scoreboard_free);
/*
 * The element of @vcpu_index, valid until another vCPU is created.  Context:
 * any.  NULL if there is no such vCPU yet.
 */
void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score,
                                  unsigned int vcpu_index)
    QPP_API(qemu_plugin_scoreboard_find);

#ifdef __cplusplus
#define QPP_U64(score, offset) (qemu_plugin_u64{ score, offset })
#else
#define QPP_U64(score, offset) ((qemu_plugin_u64){ score, offset })
#endif
/* The first eight bytes of each element. */
#define qemu_plugin_scoreboard_u64(score) QPP_U64(score, 0)
/* The uint64_t @member of elements that are each a @type. */
#define qemu_plugin_scoreboard_u64_in_struct(score, type, member)             \
    QPP_U64(score, offsetof(type, member))

/* On one vCPU's entry.  Context: any; not atomic.  No such vCPU: nothing. */
void qemu_plugin_u64_add(qemu_plugin_u64 entry, unsigned int vcpu_index,
                         uint64_t added) QPP_API(qemu_plugin_u64_add);
/* The same; 0 if there is no such vCPU. */
uint64_t qemu_plugin_u64_get(qemu_plugin_u64 entry, unsigned int vcpu_index)
    QPP_API(qemu_plugin_u64_get);
void qemu_plugin_u64_set(qemu_plugin_u64 entry, unsigned int vcpu_index,
                         uint64_t value) QPP_API(qemu_plugin_u64_set);
/* The sum over all vCPUs created so far, modulo 2^64. */
uint64_t qemu_plugin_u64_sum(qemu_plugin_u64 entry)
    QPP_API(qemu_plugin_u64_sum);

/* ---- Registers and memory ---------------------------------------------- */

/* A register that can be read.  The strings live until QEMU ends. */
typedef struct {
    struct qemu_plugin_register *handle;
    const char *name;    /* gdb's name: "rax", "x0" ... */
    const char *feature; /* gdb's feature; may be NULL */
} qemu_plugin_reg_descriptor;

/*
 * The registers of the current vCPU.  Context: vCPU.  The caller frees the
 * array (g_array_unref).  Empty before API 2.
 */
GArray *qemu_plugin_get_registers(void) QPP_API(qemu_plugin_get_registers);

/*
 * Appends the current vCPU's register to @buf, in the guest's byte order.
 * Context: a vCPU callback registered with QEMU_PLUGIN_CB_R_REGS or more, or
 * of a kind without flags; not flush or atexit.  Returns the number of bytes,
 * or -1 if it cannot be read.  Since API 2.
 */
int qemu_plugin_read_register(struct qemu_plugin_register *handle,
                              GByteArray *buf)
    QPP_API(qemu_plugin_read_register);

/*
 * Writes the bytes of @buf, in the guest's byte order, to the register.
 * Context: as for reading, but QEMU_PLUGIN_CB_RW_REGS or more.  Returns the
 * register's size, or -1 if @buf is shorter, the register is read-only or
 * unknown, or the context does not allow it.  Since API 5.
 */
int qemu_plugin_write_register(struct qemu_plugin_register *handle,
                               GByteArray *buf)
    QPP_API(qemu_plugin_write_register);

/*
 * Goes on with the instruction at @vaddr, at once: it does not return.
 * Context: a callback registered with QEMU_PLUGIN_CB_RW_REGS_PC, or of the
 * syscall filter or discontinuities; not within a QPP callback, whose run it
 * would break off.  Elsewhere, and
 * before API 6, it fails: an error line, and it does return.
 */
void qemu_plugin_set_pc(uint64_t vaddr) QPP_API(qemu_plugin_set_pc);

/*
 * Replaces the contents of @data by @len bytes of guest memory at the
 * virtual address @addr, as the current vCPU would see it.  Context: vCPU.
 * False if any of it cannot be read (not mapped for the vCPU's current
 * mode, or not present), if @len is 0 or above G_MAXINT, or in system mode
 * if the host is before API 4; in user mode libqpp reads by itself there.
 * @data's contents are then undefined.
 */
bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data,
                                   size_t len)
    QPP_API(qemu_plugin_read_memory_vaddr);

/*
 * Writes @data's bytes to guest memory at the virtual address @addr.
 * Context: vCPU.  False if @data is empty or any of it cannot be written;
 * some of it may then be written.  Since API 5.
 */
bool qemu_plugin_write_memory_vaddr(uint64_t addr, GByteArray *data)
    QPP_API(qemu_plugin_write_memory_vaddr);

/*
 * The same for guest physical memory.  Context: vCPU, system mode.  _ERROR if
 * the host cannot, or @len is 0 or above G_MAXINT.  Since API 5.
 */
enum qemu_plugin_hwaddr_operation_result
qemu_plugin_read_memory_hwaddr(uint64_t addr, GByteArray *data, size_t len)
    QPP_API(qemu_plugin_read_memory_hwaddr);
enum qemu_plugin_hwaddr_operation_result
qemu_plugin_write_memory_hwaddr(uint64_t addr, GByteArray *data)
    QPP_API(qemu_plugin_write_memory_hwaddr);

/*
 * The guest physical address behind @vaddr, by the current vCPU's page
 * tables.  Context: vCPU, system mode.  False if there is none.  Since API 5.
 */
bool qemu_plugin_translate_vaddr(uint64_t vaddr, uint64_t *hwaddr)
    QPP_API(qemu_plugin_translate_vaddr);

/* ---- Time --------------------------------------------------------------- */

/*
 * A handle by which the plugin, one in all, moves the guest's time; NULL if
 * another has it, or in user mode.  Context: install.  Since API 3.
 */
const void *qemu_plugin_request_time_control(void)
    QPP_API(qemu_plugin_request_time_control);
/*
 * Sets the guest's virtual clock to @time, in ns since its start; never
 * backwards.  Context: vCPU.  QEMU 10.0 and 11.1, without -icount, do not
 * jump: the guest stands still until the time has come.
 */
void qemu_plugin_update_ns(const void *handle, int64_t time)
    QPP_API(qemu_plugin_update_ns);

/* ---- Other ------------------------------------------------------------- */

/*
 * Writes @string to QEMU's log (shown with -d plugin).  Context: any.
 */
void qemu_plugin_outs(const char *string) QPP_API(qemu_plugin_outs);

/*
 * Reads a switch as QEMU does: on, yes, true, y, off, no, false, n.  False if
 * @value is none of them or an argument is NULL.  Context: any.
 */
bool qemu_plugin_bool_parse(const char *name, const char *value, bool *ret)
    QPP_API(qemu_plugin_bool_parse);

/*
 * Path of the program that user-mode QEMU runs; the caller g_frees it.
 * NULL in system mode.  Context: any, once the guest's first block has been
 * translated; NULL with an error line before.
 */
const char *qemu_plugin_path_to_binary(void)
    QPP_API(qemu_plugin_path_to_binary);

/*
 * User mode: where the program's code begins and ends, and where it starts;
 * 0 in system mode, and where the host does not export them.  Context: any,
 * once the guest's first block has been translated; 0 with an error line
 * before.
 */
uint64_t qemu_plugin_start_code(void) QPP_API(qemu_plugin_start_code);
uint64_t qemu_plugin_end_code(void) QPP_API(qemu_plugin_end_code);
uint64_t qemu_plugin_entry_code(void) QPP_API(qemu_plugin_entry_code);

/* How many vCPUs have been created so far.  Context: any. */
int qemu_plugin_num_vcpus(void) QPP_API(qemu_plugin_num_vcpus);

/* Calls @cb for each vCPU that exists, on this thread.  Context: any. */
void qemu_plugin_vcpu_for_each(qemu_plugin_id_t id,
                               qemu_plugin_vcpu_simple_cb_t cb)
    QPP_API(qemu_plugin_vcpu_for_each);

#ifdef __cplusplus
}
#endif

#endif /* QPP_QEMU_PLUGIN_H */
