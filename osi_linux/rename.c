/*
 * rename.c: system calls after which a thread may be somebody else.
 *
 *   execve, execveat       new name; of a thread that is not the leader, the
 *                          leader's tid too
 *   prctl(PR_SET_NAME)     new name
 *   setuid and its kind    new uid
 *   exit, exit_group       the children get another parent
 *   wait4, waitid          a parent is found dead: its children have another
 *   write to /proc/.../comm  a new name for any thread of the process
 *
 * The last is one write of millions, so it is looked for only from the first
 * time on that somebody opens a file called comm for writing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>

#include "rename.h"
#include "system.h"

static atomic_bool comm_opened;

static void on_change(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    osi_mark(call->vcpu, OSI_MARK_STALE);
}

static void on_prctl(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (call->args[0] == PR_SET_NAME) {
        osi_mark(call->vcpu, OSI_MARK_STALE);
    }
}

static void on_exit_call(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    osi_mark(call->vcpu, OSI_MARK_EXITING);
}

static void on_concerns_others(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    osi_mark(call->vcpu, OSI_MARK_CONCERNS_OTHERS | OSI_MARK_STALE);
}

/* Whether the path at @addr may end in "comm": read in small pieces. */
static bool path_is_comm(uint64_t addr)
{
    char tail[4] = { 0 };
    char piece[64];

    for (int total = 0; total < 4096;) {
        size_t len = MIN(sizeof(piece), 4096 - (addr & 4095));
        size_t n;

        if (!qemu_plugin_read_memory(addr, piece, len)) {
            return true; /* not readable now, so it cannot be ruled out */
        }
        n = strnlen(piece, len);
        for (size_t i = 0; i < n; i++) {
            memmove(tail, tail + 1, 3);
            tail[3] = piece[i];
        }
        if (n < len) {
            return memcmp(tail, "comm", 4) == 0;
        }
        addr += len;
        total += (int)len;
    }
    return false;
}

static void watch_writes(void)
{
    static const char *const writes[] = {
        "on_write_enter", "on_writev_enter", "on_pwrite64_enter",
        "on_pwritev_enter", "on_pwritev2_enter", "on_sendfile_enter",
        "on_splice_enter",
    };

    if (atomic_exchange(&comm_opened, true)) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(writes); i++) {
        qemu_plugin_reg_callback("syscalls", writes[i], on_concerns_others);
    }
}

static void on_open(uint64_t path, uint64_t flags)
{
    if ((flags & O_ACCMODE) != O_RDONLY && !atomic_load(&comm_opened) &&
        path_is_comm(path)) {
        watch_writes();
    }
}

static void on_openat_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    on_open(call->args[1], call->args[2]);
}

/* Its flags are in memory: taken for writing. */
static void on_openat2_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    on_open(call->args[1], O_WRONLY);
}

static void on_open_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    on_open(call->args[0], call->args[1]);
}

static void on_creat_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    on_open(call->args[0], O_WRONLY);
}

bool osi_rename_start(void)
{
    static const struct {
        const char *call;
        const char *event;
        cb_func_t function;
    } watched[] = {
        { "execve", "on_execve_enter", on_change },
        { "execveat", "on_execveat_enter", on_change },
        { "setuid", "on_setuid_enter", on_change },
        { "setreuid", "on_setreuid_enter", on_change },
        { "setresuid", "on_setresuid_enter", on_change },
        { "prctl", "on_prctl_enter", on_prctl },
        { "exit", "on_exit_enter", on_exit_call },
        { "exit_group", "on_exit_group_enter", on_exit_call },
        { "wait4", "on_wait4_enter", on_concerns_others },
        { "waitid", "on_waitid_enter", on_concerns_others },
        { "open", "on_open_enter", on_open_enter },
        { "creat", "on_creat_enter", on_creat_enter },
        { "openat", "on_openat_enter", on_openat_enter },
        { "openat2", "on_openat2_enter", on_openat2_enter },
    };

    /* Newer architectures lack the older calls. */
    for (size_t i = 0; i < G_N_ELEMENTS(watched); i++) {
        if (syscalls_by_name_qpp(watched[i].call) &&
            !qemu_plugin_reg_callback("syscalls", watched[i].event,
                                      watched[i].function)) {
            return false;
        }
    }
    return true;
}
