/*
 * check.c: whether a profile fits the kernel that runs.  See check.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <string.h>

#include "check.h"

#define MAX_TASKS 65536u
#define MAX_COMM 64u
#define PID_MAX (4 * 1024 * 1024)

G_DEFINE_QUARK(osi-check-error-quark, osi_check_error)

static bool G_GNUC_PRINTF(3, 4) fail(GError **errp, OsiCheckError code,
                                     const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (errp) {
        *errp = g_error_new_valist(OSI_CHECK_ERROR, code, format, args);
    }
    va_end(args);
    return false;
}

/* ---- Its name ------------------------------------------------------------ */

bool osi_check_banner(const OsiProfile *profile, const char *banner,
                      GError **errp)
{
    g_auto(GStrv) words = banner ? g_strsplit(banner, " ", 4) : NULL;
    const char *release = words && g_strv_length(words) > 2 ? words[2] : NULL;

    if (!banner) {
        return true;
    }
    if (profile->banner && strcmp(profile->banner, banner) != 0) {
        return fail(errp, OSI_CHECK_ERROR_WRONG,
                    "it is of '%s', the guest runs '%s'", profile->banner,
                    banner);
    }
    if ((profile->release && g_strcmp0(profile->release, release) != 0) ||
        (profile->version && !strstr(banner, profile->version))) {
        return fail(errp, OSI_CHECK_ERROR_WRONG,
                    "it is of Linux %s%s%s, the guest runs '%s'",
                    profile->release ? profile->release : "",
                    profile->version ? " " : "",
                    profile->version ? profile->version : "", banner);
    }
    return true;
}

/* ---- The kernel's own types ---------------------------------------------- */

bool osi_check_btf(const OsiProfile *profile, const OsiTypes *btf,
                   GError **errp)
{
    static const char *const members[][2] = {
        { "task_struct", "pid" }, { "task_struct", "tgid" },
        { "task_struct", "comm" }, { "task_struct", "tasks" },
        { "task_struct", "real_parent" }, { "task_struct", "group_leader" },
        { "task_struct", "mm" }, { "task_struct", "real_cred" },
        { "task_struct", "cred" }, { "task_struct", "start_time" },
        { "task_struct", "sighand" }, { "task_struct", "signal" },
        { "task_struct", "thread_pid" }, { "task_struct", "files" },
        { "task_struct", "fs" }, { "task_struct", "nsproxy" },
        { "mm_struct", "pgd" }, { "mm_struct", "brk" },
        { "mm_struct", "arg_start" }, { "mm_struct", "mm_mt" },
        { "mm_struct", "mmap" }, { "cred", "uid" }, { "cred", "egid" },
        { "vm_area_struct", "vm_start" }, { "vm_area_struct", "vm_file" },
        { "files_struct", "fdt" }, { "fdtable", "fd" }, { "file", "f_pos" },
        { "file", "f_path" }, { "dentry", "d_parent" }, { "dentry", "d_name" },
        { "module", "list" }, { "module", "name" },
        { "list_head", "prev" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        const char *type = members[i][0], *path = members[i][1];
        OsiField said, is;

        if (osi_model_member(profile->model, type, path, &said) &&
            osi_types_member(btf, type, path, &is) &&
            (said.offset != is.offset || said.size != is.size)) {
            return fail(errp, OSI_CHECK_ERROR_WRONG,
                        "it has %s.%s at %" PRIu64 " (%" PRIu64 " bytes), "
                        "the kernel's own BTF at %" PRIu64 " (%" PRIu64
                        " bytes)", type, path, said.offset, said.size,
                        is.offset, is.size);
        }
    }
    return true;
}

/* ---- What must hold of tasks --------------------------------------------- */

typedef struct Members {
    OsiField pid, tgid, comm, next, prev;
    unsigned int ptr;
} Members;

#define WANT(path, field, size)                                              \
    { "task_struct", path, offsetof(Members, field), OSI_ALONE, size, true }

static const OsiWanted wanted[] = {
    WANT("pid", pid, 4),
    WANT("tgid", tgid, 4),
    WANT("comm", comm, MAX_COMM),
    WANT("tasks.next", next, 8),
    WANT("tasks.prev", prev, 8),
};

typedef struct Seen {
    uint64_t pid, tgid;
    char comm[MAX_COMM + 1];
} Seen;

static bool find_members(const OsiTypes *types, Members *m, GError **errp)
{
    const OsiWanted *missing;

    *m = (Members){ .ptr = osi_types_pointer_size(types) };
    missing = osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), m);
    return !missing ||
           fail(errp, OSI_CHECK_ERROR_WRONG,
                "it has no usable task_struct.%s", missing->path);
}

static bool read_task(const OsiReader *r, const Members *m, uint64_t task,
                      Seen *seen)
{
    memset(seen->comm, 0, sizeof(seen->comm));
    return osi_read_number(r, task + m->pid.offset, 4, &seen->pid) &&
           osi_read_number(r, task + m->tgid.offset, 4, &seen->tgid) &&
           osi_read_bytes(r, task + m->comm.offset, seen->comm,
                          m->comm.size) &&
           seen->pid <= PID_MAX && seen->tgid <= PID_MAX &&
           seen->comm[0] != '\0' && strlen(seen->comm) < m->comm.size;
}

bool osi_check_tasks(const OsiTypes *types, const OsiReader *r,
                     uint64_t task, uint64_t *init_task, GError **errp)
{
    uint64_t node, start, next, back;
    bool leader_seen = false;
    Members m;
    Seen t;

    *init_task = 0;
    if (!find_members(types, &m, errp)) {
        return false;
    }
    if (!read_task(r, &m, task, &t)) {
        return fail(errp, OSI_CHECK_ERROR_WRONG,
                    "what it says is a task's name and pid are none");
    }
    if ((t.pid == 0 && strcmp(t.comm, "swapper") != 0 &&
         strcmp(t.comm, "swapper/0") != 0) || t.pid != t.tgid) {
        /* The other CPUs' idle tasks, and threads, are not in the list. */
        return fail(errp, OSI_CHECK_ERROR_NOT_NOW, "no leader runs");
    }
    start = node = task + m.next.offset;
    for (unsigned int n = 0; n < MAX_TASKS; n++) {
        if (!osi_read_number(r, node, m.ptr, &next) ||
            !osi_read_number(r, next + m.ptr, m.ptr, &back) ||
            back != node ||
            !read_task(r, &m, next - m.next.offset, &t)) {
            break;
        }
        if (t.pid == 0 && g_str_has_prefix(t.comm, "swapper")) {
            *init_task = next - m.next.offset;
        } else if (t.pid != t.tgid || t.pid == 0) {
            break;
        }
        node = next;
        leader_seen = node == start;
        if (leader_seen) {
            break;
        }
    }
    return (leader_seen && *init_task) ||
           fail(errp, OSI_CHECK_ERROR_WRONG,
                "what it says is the list of tasks is none");
}
