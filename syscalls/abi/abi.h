/*
 * abi.h: what differs between guest architectures, for syscalls.
 *
 * An architecture is a const SyscallsAbi, in a file of its own, chosen at
 * run time by QEMU's name of the target.  Nothing else in this plugin knows
 * one architecture from another.
 *
 * In system mode a call is seen from four kinds of instructions, found by
 * their bytes when QEMU translates them:
 *
 *   the user's call instruction       nr and arguments are in registers
 *   the kernel's entry                its memory can be read from here on
 *   the kernel's return to user mode  the result is in a register; with
 *                                     page-table isolation a little earlier:
 *                                     where the user's tables are loaded
 *   the kernel's thread switch        the one place where the kernel moves
 *                                     its stack from one thread to another;
 *                                     its operands are the two task_structs
 *
 * All but the first count at kernel addresses only, where user code cannot run.
 *
 * And one tells that the guest may be about to reboot: the first that the
 * machine's boot processor runs after a reset, at a place that no other
 * processor starts at.
 *
 * A new architecture fills in the members in order; what comes
 * behind is_call is needed for system mode only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_SYSCALLS_ABI_H
#define QPP_SYSCALLS_ABI_H

#include "../syscalls.h"

/* What an instruction is to us. */
typedef enum AbiInsn {
    ABI_INSN_OTHER,
    ABI_INSN_CALL,       /* makes a system call */
    ABI_INSN_ENTERED,    /* runs soon after a call, at the first place that
                            is sure to have the kernel's memory; may run
                            after other things too */
    ABI_INSN_EXIT,       /* may return from the kernel to user mode */
    ABI_INSN_EXIT_FRAME, /* the same, with the target in a stack frame */
    ABI_INSN_UNMAP,      /* with page-table isolation, before an EXIT: takes
                            the kernel's memory away */
    ABI_INSN_UNMAP_FRAME, /* the same before an EXIT_FRAME */
    ABI_INSN_SWITCH,     /* is about to switch the kernel's stack */
    ABI_INSN_RESET,      /* what the machine runs first after a reset */
} AbiInsn;

/* An instruction's bytes. */
typedef struct AbiCode {
    uint64_t vaddr;
    size_t size;
    uint8_t bytes[16]; /* the first `size` of them, in memory order */
} AbiCode;

/* The registers of the table below, by their use. */
enum {
    ABI_REG_NR,
    ABI_REG_ARG0, /* ... to ARG5 */
    ABI_REG_RET = ABI_REG_ARG0 + SYSCALLS_MAX_ARGS,
    ABI_REG_SP, /* of the mode that the vCPU is in */
    ABI_REG_PC,
    ABI_REG_EXTRA0, /* the architecture's own, named in its file */
    ABI_REG_EXTRA1,
    ABI_REG_EXTRA2,
    ABI_REG_EXTRA3,
    ABI_REG_EXTRA4,
    ABI_N_REGS
};

/* Reads register @reg of the current vCPU. */
typedef bool (*AbiReadReg)(int reg, uint64_t *value);

/* Reads memory of the user code that @vcpu, the current one, runs or left. */
typedef bool (*AbiReadUser)(unsigned int vcpu, uint64_t addr, void *buf,
                            size_t len);

/* What a return from the kernel leads to. */
typedef struct AbiExit {
    bool to_user;  /* false: back into the kernel; the rest is not set */
    uint64_t pc;
    uint64_t ret;  /* the result register */
    bool has_sp;   /* sp is known; else it is in register sp_reg now */
    uint64_t sp;
    int sp_reg;
} AbiExit;

/* Who goes and who comes at a thread switch. */
typedef struct AbiSwitch {
    uint64_t prev;    /* task_struct */
    uint64_t next;
    uint64_t prev_sp; /* kernel stack pointer, as it is being saved */
    uint64_t next_sp; /* as it was saved */
} AbiSwitch;

/* The call of its parent's that a new thread comes out of. */
typedef struct AbiChild {
    uint64_t pc; /* behind the call instruction */
    int64_t nr;
    uint64_t args[SYSCALLS_MAX_ARGS];
} AbiChild;

/* What a signal frame says of the interrupted code. */
typedef struct AbiFrame {
    uint64_t pc;
    uint64_t sp;
    uint64_t ret;
} AbiFrame;

typedef struct SyscallsAbi {
    /* QEMU's target names that this serves, NULL at the end. */
    const char *const *targets;
    /* Name in the log and of the table in ../tables. */
    const char *name;
    /* How far the kernel goes back from behind a call to restart it, bytes. */
    unsigned int call_size;
    /* gdb's register names; NULL: none of that use. */
    const char *regs[ABI_N_REGS];

    /* Whether this is a call instruction (user mode needs only this). */
    bool (*is_call)(const AbiCode *code);

    /*
     * System mode.  Runs for every instruction translated: must be quick to
     * say OTHER.  @param: one number to be handed to read_switch.
     */
    AbiInsn (*classify)(const AbiCode *code, uint64_t *param);

    /*
     * Whether the user code that is being translated is of this ABI: a
     * 64-bit kernel runs 32-bit programs too, whose bytes mean other things.
     */
    bool (*is_native)(AbiReadReg reg);

    /*
     * At an ABI_INSN_RESET: whether the vCPU is in a state in which no user
     * program runs, so that none can pretend that there was a reset.
     */
    bool (*is_reset)(AbiReadReg reg);

    /*
     * At an ABI_INSN_EXIT, _EXIT_FRAME, _UNMAP or _UNMAP_FRAME.  False:
     * cannot be read.
     */
    bool (*read_exit)(AbiReadReg reg, AbiInsn insn, AbiExit *exit);

    /* At an ABI_INSN_SWITCH. */
    bool (*read_switch)(AbiReadReg reg, uint64_t param, AbiSwitch *sw);

    /*
     * A new thread's stack, which is at @sp when it is first switched to,
     * holds the user registers that it will start with: a copy of its
     * parent's in fork, vfork, clone or clone3.  False: it starts otherwise,
     * or its stack cannot be read.
     */
    bool (*read_child)(uint64_t sp, AbiChild *child);

    /*
     * The rt_sigframe that the kernel built for a handler that starts with
     * stack pointer @sp, from user memory.  uapi, so it never changes.
     */
    bool (*read_signal_frame)(AbiReadUser read, unsigned int vcpu,
                              uint64_t sp, AbiFrame *frame);
    /* What to add to the stack pointer at rt_sigreturn to get that @sp. */
    int64_t sigreturn_sp_offset;
} SyscallsAbi;

/* The one for QEMU's target @name; NULL: none. */
const SyscallsAbi *syscalls_abi_find(const char *target);

extern const SyscallsAbi syscalls_abi_x86_64;
extern const SyscallsAbi syscalls_abi_aarch64;

#endif /* QPP_SYSCALLS_ABI_H */
