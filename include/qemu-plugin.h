/*
 * qemu-plugin.h: the QEMU plugin API as QPP plugins see it, version 2.
 *
 * The functions and types have the names and the signatures of QEMU 10.0's
 * documented plugin API, and one binary interface on every host: a plugin
 * compiled against this header runs under any QEMU that libqpp knows, plugin
 * API 1 to 7 and later.  What a host cannot do fails at the call, with the
 * value given below for failure.
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
 * plugin's own.
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

/* What an instruction's or a block's callback does with registers. */
enum qemu_plugin_cb_flags {
    QEMU_PLUGIN_CB_NO_REGS, /* nothing: the cheapest */
    QEMU_PLUGIN_CB_R_REGS,  /* reads them */
    QEMU_PLUGIN_CB_RW_REGS, /* reads and writes them */
};

/* ---- Callback types ---------------------------------------------------- */

typedef void (*qemu_plugin_simple_cb_t)(qemu_plugin_id_t id);
typedef void (*qemu_plugin_udata_cb_t)(qemu_plugin_id_t id, void *userdata);
typedef void (*qemu_plugin_vcpu_simple_cb_t)(qemu_plugin_id_t id,
                                             unsigned int vcpu_index);
typedef void (*qemu_plugin_vcpu_udata_cb_t)(unsigned int vcpu_index,
                                            void *userdata);
typedef void (*qemu_plugin_vcpu_tb_trans_cb_t)(qemu_plugin_id_t id,
                                               struct qemu_plugin_tb *tb);
typedef void (*qemu_plugin_vcpu_syscall_cb_t)(
    qemu_plugin_id_t id, unsigned int vcpu_index, int64_t num, uint64_t a1,
    uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
    uint64_t a7, uint64_t a8);
typedef void (*qemu_plugin_vcpu_syscall_ret_cb_t)(qemu_plugin_id_t id,
                                                  unsigned int vcpu_index,
                                                  int64_t num, int64_t ret);

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

/* ---- Instrumentation ------------------------------------------------------
 *
 * Context: translation.  Handed to QEMU as it is: libqpp is not on the path
 * when the code runs.
 */

/* @cb runs before each execution of @tb. */
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
                                          qemu_plugin_vcpu_udata_cb_t cb,
                                          enum qemu_plugin_cb_flags flags,
                                          void *userdata)
    QPP_API(qemu_plugin_register_vcpu_tb_exec_cb);
/* @cb runs before each execution of @insn. */
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            qemu_plugin_vcpu_udata_cb_t cb,
                                            enum qemu_plugin_cb_flags flags,
                                            void *userdata)
    QPP_API(qemu_plugin_register_vcpu_insn_exec_cb);

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

/* ---- Registers and memory ---------------------------------------------- */

/* A register that can be read.  The strings live until QEMU ends. */
typedef struct {
    struct qemu_plugin_register *handle;
    const char *name;    /* gdb's name: "rax", "x0" ... */
    const char *feature; /* gdb's feature; may be NULL */
} qemu_plugin_reg_descriptor;

/*
 * The registers of the current vCPU.  Context: vCPU.  The caller frees the
 * array (g_array_unref).  Empty on hosts before API 3.
 */
GArray *qemu_plugin_get_registers(void) QPP_API(qemu_plugin_get_registers);

/*
 * Appends the current vCPU's register to @buf, in the guest's byte order.
 * Context: a vCPU callback registered with QEMU_PLUGIN_CB_R_REGS or more.
 * Returns the number of bytes, or -1 if it cannot be read.
 */
int qemu_plugin_read_register(struct qemu_plugin_register *handle,
                              GByteArray *buf)
    QPP_API(qemu_plugin_read_register);

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
 * NULL in system mode.  Context: any, once the guest has run its first
 * instruction; QEMU crashes if it is asked earlier.
 */
const char *qemu_plugin_path_to_binary(void)
    QPP_API(qemu_plugin_path_to_binary);

/* How many vCPUs have been created so far.  Context: any. */
int qemu_plugin_num_vcpus(void) QPP_API(qemu_plugin_num_vcpus);

#ifdef __cplusplus
}
#endif

#endif /* QPP_QEMU_PLUGIN_H */
