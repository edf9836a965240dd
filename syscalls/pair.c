/*
 * pair.c: which return belongs to which call.  See pair.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "catalog.h"
#include "pair.h"

/* Handlers that one return may have lined up: one for each signal. */
#define MAX_FRAMES 64

static const SyscallsAbi *abi;
static qemu_plugin_callback *on_enter;
static qemu_plugin_callback *on_entered;
static qemu_plugin_callback *on_return;
static qemu_plugin_callback *on_user_read;

bool pair_init(qemu_plugin_id_t id, const SyscallsAbi *the_abi)
{
    abi = the_abi;
    on_enter = qemu_plugin_create_callback_handle(id, "on_all_sys_enter");
    on_entered = qemu_plugin_create_callback_handle(id, "on_all_sys_entered");
    on_return = qemu_plugin_create_callback_handle(id, "on_all_sys_return");
    on_user_read = qemu_plugin_create_callback_handle(id, "on_user_read");
    return on_enter && on_entered && on_return && on_user_read;
}

static void tell_enter(SyscallsCall *call)
{
    qemu_plugin_run_callback_handle(on_enter, call, NULL);
    qemu_plugin_run_callback_handle(catalog_on_enter(call->info), call, NULL);
}

static void tell_entered(SyscallsThread *thread)
{
    SyscallsCall *call = &thread->call;

    thread->entered_due = false;
    qemu_plugin_run_callback_handle(on_entered, call, NULL);
    qemu_plugin_run_callback_handle(catalog_on_entered(call->info), call,
                                    NULL);
}

static void tell_return(SyscallsCall *call)
{
    qemu_plugin_run_callback_handle(on_return, call, NULL);
    qemu_plugin_run_callback_handle(catalog_on_return(call->info), call,
                                    NULL);
}

static uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + ts.tv_nsec;
}

/* Unique almost without sharing: each thread of QEMU's counts for itself. */
static uint64_t next_id(void)
{
    static __thread uint64_t id __attribute__((tls_model("initial-exec")));
    static _Atomic uint64_t n_threads;

    if (G_UNLIKELY(!id)) {
        id = atomic_fetch_add(&n_threads, 1) << 40;
    }
    return ++id;
}

void pair_end(SyscallsThread *thread, unsigned int vcpu,
              SyscallsOutcome outcome, int64_t ret)
{
    SyscallsCall *call = &thread->call;

    if (G_UNLIKELY(thread->entered_due)) {
        tell_entered(thread); /* the place for it has not been seen */
    }
    thread->in_call = false;
    thread->frame_sp = 0;
    call->outcome = outcome;
    call->ret = ret;
    call->return_vcpu = vcpu;
    tell_return(call);
}

/* Arguments that the call does not take are 0, whatever is in registers. */
static void clear_unused(SyscallsCall *call)
{
    for (int i = call->info ? call->info->n_args : SYSCALLS_MAX_ARGS;
         i < SYSCALLS_MAX_ARGS; i++) {
        call->args[i] = 0;
    }
}

/*
 * User memory on the way out of the kernel: as the vCPU shows it, or else as
 * somebody does who knows the page tables.
 */
static bool read_user(unsigned int vcpu, uint64_t addr, void *buf, size_t len)
{
    SyscallsUserRead wanted = { vcpu, addr, len, buf, false };

    if (qemu_plugin_read_memory(addr, buf, len)) {
        return true;
    }
    qemu_plugin_run_callback_handle(on_user_read, &wanted, NULL);
    return wanted.done;
}

static bool read_frame(unsigned int vcpu, uint64_t sp, AbiFrame *frame)
{
    return abi->read_signal_frame &&
           abi->read_signal_frame(read_user, vcpu, sp, frame);
}

/* What rt_sigreturn will resume stands in the frame that it pops. */
static void note_resume(SyscallsThread *thread, AbiReadReg reg)
{
    AbiFrame frame;
    uint64_t sp;

    thread->has_resume =
        reg && reg(ABI_REG_SP, &sp) &&
        read_frame(thread->call.vcpu, sp + abi->sigreturn_sp_offset, &frame);
    if (thread->has_resume) {
        thread->resume_ret = frame.ret;
    }
}

bool pair_entered_wanted(void)
{
    return qemu_plugin_callback_wanted(on_entered) ||
           catalog_entered_wanted();
}

static void end_exit(SyscallsThread *thread)
{
    if (catalog_special(thread->call.info) == SPECIAL_EXIT) {
        pair_end(thread, thread->call.vcpu, SYSCALLS_NO_RETURN, 0);
    }
}

void pair_entered(SyscallsThread *thread)
{
    if (thread->entered_due) {
        tell_entered(thread);
        end_exit(thread);
    }
}

bool pair_enter(SyscallsThread *thread, AbiReadReg reg)
{
    SyscallsCall *call = &thread->call;

    call->id = next_id();
    call->time_ns = now_ns();
    call->abi = abi->name;
    call->boot = thread->boot;
    call->outcome = SYSCALLS_PENDING;
    call->ret = 0;
    call->return_vcpu = call->vcpu;
    clear_unused(call);
    thread->in_call = true;
    thread->is_child = false;
    thread->has_resume = false;
    if (catalog_special(call->info) == SPECIAL_SIGRETURN) {
        note_resume(thread, reg);
    }
    tell_enter(call);
    thread->entered_due =
        qemu_plugin_callback_wanted(on_entered) ||
        (call->info &&
         qemu_plugin_callback_wanted(catalog_on_entered(call->info)));
    if (!thread->entered_due) {
        end_exit(thread);
    }
    return thread->entered_due;
}

/*
 * How the call ends that is left to @pc with result @ret.  False if that
 * place has nothing to do with the call.
 */
static bool ends_at(const SyscallsThread *thread, uint64_t pc, uint64_t ret,
                    SyscallsOutcome *outcome, int64_t *result)
{
    *result = (int64_t)ret;
    *outcome = SYSCALLS_RETURNED;
    if (thread->has_resume) {
        *result = (int64_t)thread->resume_ret;
        return true;
    }
    if (pc == thread->return_pc) {
        return true;
    }
    if (pc == thread->return_pc - abi->call_size) {
        *outcome = SYSCALLS_RESTARTED;
        *result = 0;
        return true;
    }
    return false;
}

typedef enum Frames {
    FRAMES_TELL,  /* how the call ends */
    FRAMES_OTHER, /* nothing about it */
    FRAMES_UNREADABLE,
} Frames;

/*
 * Signal handlers are lined up by stacking frames: the one that runs first
 * returns to the one that was set up before it, the last to the call.
 */
static Frames ends_in_frames(const SyscallsThread *thread, unsigned int vcpu,
                             uint64_t sp, SyscallsOutcome *outcome,
                             int64_t *result)
{
    for (int i = 0; i < MAX_FRAMES && abi->read_signal_frame; i++) {
        AbiFrame frame;

        if (!read_frame(vcpu, sp, &frame)) {
            return i == 0 ? FRAMES_UNREADABLE : FRAMES_OTHER;
        }
        if (ends_at(thread, frame.pc, frame.ret, outcome, result)) {
            return FRAMES_TELL;
        }
        sp = frame.sp;
    }
    return FRAMES_OTHER;
}

void pair_child(SyscallsThread *thread, const AbiChild *child)
{
    SyscallsCall *call = &thread->call;

    call->pc = child->pc - abi->call_size;
    call->nr = child->nr;
    call->info = catalog_lookup(call->nr);
    memcpy(call->args, child->args, sizeof(call->args));
    clear_unused(call);
    call->abi = abi->name;
    thread->is_child = true;
}

/* Told as a return without a call.  Its result is 0, whatever runs first. */
static void child_exit(SyscallsThread *thread, unsigned int vcpu)
{
    SyscallsCall *call = &thread->call;

    thread->is_child = false;
    call->boot = thread->boot;
    call->id = next_id();
    call->time_ns = now_ns();
    call->vcpu = vcpu;
    pair_end(thread, vcpu, SYSCALLS_CHILD, 0);
}

/* The call is left for a place that tells nothing: what call was it? */
static SyscallsOutcome ends_elsewhere(const SyscallsThread *thread,
                                      unsigned int vcpu, const AbiExit *exit,
                                      uint64_t sp, int64_t *result)
{
    AbiFrame frame;

    *result = (int64_t)exit->ret;
    switch (catalog_special(thread->call.info)) {
    case SPECIAL_EXEC:
        return SYSCALLS_RETURNED; /* at the start of a new program */
    case SPECIAL_SIGRETURN:
        /*
         * Its frame could not be read.  The kernel will not have been able
         * to either: it answers 0 and sends SIGSEGV, whose handler runs.
         */
        if (read_frame(vcpu, sp, &frame) && frame.ret == 0) {
            *result = 0;
        }
        return SYSCALLS_RETURNED;
    default:
        *result = 0;
        return SYSCALLS_NO_RETURN;
    }
}

void pair_exit(SyscallsThread *thread, unsigned int vcpu,
               const AbiExit *exit, AbiReadReg reg)
{
    SyscallsOutcome outcome;
    int64_t result;
    uint64_t sp = exit->has_sp ? exit->sp : 0;

    if (!thread->in_call) {
        child_exit(thread, vcpu);
        return;
    }
    if (thread->frame_sp) {
        return; /* it was an interrupt's or a fault's */
    }
    if (!ends_at(thread, exit->pc, exit->ret, &outcome, &result)) {
        Frames frames;

        if (!exit->has_sp) {
            reg(exit->sp_reg, &sp); /* 0 if it cannot: no frame is there */
        }
        frames = ends_in_frames(thread, vcpu, sp, &outcome, &result);
        if (frames == FRAMES_UNREADABLE && sp &&
            catalog_special(thread->call.info) == SPECIAL_NONE) {
            thread->frame_sp = sp;
            return;
        }
        if (frames != FRAMES_TELL) {
            outcome = ends_elsewhere(thread, vcpu, exit, sp, &result);
        }
    }
    pair_end(thread, vcpu, outcome, result);
}

void pair_make_good(SyscallsThread *thread, unsigned int vcpu)
{
    SyscallsOutcome outcome;
    int64_t result;

    if (!thread->frame_sp ||
        ends_in_frames(thread, vcpu, thread->frame_sp, &outcome, &result) !=
            FRAMES_TELL) {
        outcome = SYSCALLS_NO_RETURN;
        result = 0;
    }
    pair_end(thread, vcpu, outcome, result);
}
