/*
 * user_proc.c: what the host's /proc says of QEMU's own process.
 *
 * Its ids, namespaces, cgroups, folders and priorities are the guest
 * program's.  Its threads are not all the guest's, its memory is not only the
 * guest's, and its arguments and environment are QEMU's: of these nothing is
 * said.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "user_proc.h"

static char *start_folder;

bool osi_user_is_own(const OsiProcHandle *handle)
{
    return handle && handle->taskd == 0 && handle->asid == 0 &&
           handle->start_time == 0;
}

/* ---- Parsers ------------------------------------------------------------- */

/* stat: "PID (NAME) S PPID ...", where NAME may hold anything. */
bool osi_user_parse_stat(const char *text, uint64_t ns_per_tick,
                         OsiTaskInfo *info)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    size_t len;
    int32_t nice, priority;
    uint64_t ticks;

    if (!open || !close || close < open ||
        sscanf(close + 1,
               " %c %" SCNd32 " %" SCNd32 " %" SCNd32 " %*s %*s %*s %*s %*s"
               " %*s %*s %*s %*s %*s %*s %" SCNd32 " %" SCNd32
               " %*s %*s %" SCNu64 " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s"
               " %*s %*s %*s %*s %*s %*s %*s %" SCNu32 " %" SCNd32,
               &info->state, &info->ppid, &info->pgid, &info->sid, &priority,
               &nice, &ticks, &info->rt_priority, &info->policy) != 9) {
        return false;
    }
    info->priority = priority;
    info->nice = nice;
    info->start_boottime = ticks * ns_per_tick;
    len = MIN((size_t)(close - open - 1), OSI_COMM_LEN - 1);
    memset(info->comm, 0, sizeof(info->comm));
    memcpy(info->comm, open + 1, len);
    return true;
}

/* The text behind @name of its line of a status file; NULL: no such line. */
static const char *line_of(const char *text, const char *name)
{
    const char *line = strstr(text, name);

    return line ? line + strlen(name) : NULL;
}

bool osi_user_parse_status(const char *text, OsiTaskInfo *info)
{
    const char *uid = line_of(text, "\nUid:"), *gid = line_of(text, "\nGid:");
    const char *ns_pids = line_of(text, "\nNSpid:");

    if (!uid || !gid ||
        sscanf(uid, "%" SCNu32 "%" SCNu32 "%" SCNu32 "%" SCNu32, &info->uid,
               &info->euid, &info->suid, &info->fsuid) != 4 ||
        sscanf(gid, "%" SCNu32 "%" SCNu32 "%" SCNu32 "%" SCNu32, &info->gid,
               &info->egid, &info->sgid, &info->fsgid) != 4) {
        return false;
    }
    while (ns_pids && *ns_pids && *ns_pids != '\n' &&
           info->n_ns_pids < OSI_MAX_PID_NS) {
        char *end;
        long number = strtol(ns_pids, &end, 10);

        if (end == ns_pids) {
            break;
        }
        info->ns_pids[info->n_ns_pids++] = (int32_t)number;
        ns_pids = end;
    }
    return true;
}

static void clear_cgroup(void *cgroup)
{
    g_free(((OsiCgroup *)cgroup)->controllers);
    g_free(((OsiCgroup *)cgroup)->path);
}

/* Lines "NUMBER:CONTROLLERS:PATH". */
GArray *osi_user_parse_cgroups(const char *text)
{
    static const char deleted[] = " (deleted)";
    g_autoptr(GArray) cgroups = g_array_new(FALSE, TRUE, sizeof(OsiCgroup));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    g_array_set_clear_func(cgroups, clear_cgroup);
    for (char **line = lines; *line && **line; line++) {
        g_auto(GStrv) parts = g_strsplit(*line, ":", 3);
        OsiCgroup one = { 0 };

        if (g_strv_length(parts) != 3) {
            return NULL;
        }
        one.hierarchy = atoi(parts[0]);
        one.controllers = g_strdup(parts[1]);
        one.deleted = one.hierarchy == 0 && g_str_has_suffix(parts[2],
                                                             deleted);
        one.path = g_strndup(parts[2], strlen(parts[2]) -
                                           (one.deleted ? strlen(deleted)
                                                        : 0));
        g_array_append_val(cgroups, one);
    }
    return cgroups->len ? g_steal_pointer(&cgroups) : NULL;
}

/* ---- Reading ------------------------------------------------------------- */

static char *read_text(const char *folder, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/%s", folder, name);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

/* "net:[4026531840]" of @folder/ns/@name; 0: the host has none such. */
static uint32_t read_namespace(const char *folder, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/ns/%s", folder, name);
    g_autofree char *target = g_file_read_link(path, NULL);
    const char *number = target ? strchr(target, '[') : NULL;

    return number ? (uint32_t)strtoul(number + 1, NULL, 10) : 0;
}

OsiTaskInfo *osi_user_info(int32_t tid)
{
    static const char *const kinds[OSI_NS_COUNT] = {
        [OSI_NS_CGROUP] = "cgroup", [OSI_NS_IPC] = "ipc",
        [OSI_NS_MNT] = "mnt", [OSI_NS_NET] = "net", [OSI_NS_PID] = "pid",
        [OSI_NS_TIME] = "time", [OSI_NS_USER] = "user",
        [OSI_NS_UTS] = "uts",
    };
    g_autofree char *folder = g_strdup_printf("/proc/self/task/%d", tid);
    g_autofree char *stat = read_text(folder, "stat");
    g_autofree char *status = read_text(folder, "status");
    g_autofree OsiTaskInfo *info = g_new0(OsiTaskInfo, 1);
    long ticks = sysconf(_SC_CLK_TCK);

    if (!stat || !status || ticks <= 0 ||
        !osi_user_parse_stat(stat, 1000000000 / ticks, info) ||
        !osi_user_parse_status(status, info)) {
        return NULL;
    }
    info->pid = getpid();
    info->tid = tid;
    osi_user_guest_name(info->comm);
    g_strlcpy(info->name, info->comm, sizeof(info->name));
    for (unsigned int kind = 0; kind < OSI_NS_COUNT; kind++) {
        info->ns[kind] = read_namespace(folder, kinds[kind]);
    }
    return g_steal_pointer(&info);
}

char *osi_user_link(const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/self/%s", name);

    return g_file_read_link(path, NULL);
}

void osi_user_proc_start(void)
{
    start_folder = g_get_current_dir();
}

/* What QEMU was given, maybe from the folder in which it was started. */
char *osi_user_exe(void)
{
    g_autofree char *given = (char *)qemu_plugin_path_to_binary();
    g_autofree char *path =
        given ? g_canonicalize_filename(given, start_folder) : NULL;
    char *resolved = path ? realpath(path, NULL) : NULL;
    char *exe = g_strdup(resolved);

    free(resolved);
    return exe;
}

GArray *osi_user_cgroups(void)
{
    g_autofree char *text = read_text("/proc/self", "cgroup");

    return text ? osi_user_parse_cgroups(text) : NULL;
}

/* ---- Lists --------------------------------------------------------------- */

GArray *osi_user_handles(void)
{
    GArray *handles = g_array_new(FALSE, TRUE, sizeof(OsiProcHandle));

    return g_array_set_size(handles, 1); /* all zero: the own one */
}

static void clear_proc(void *proc)
{
    g_free(((OsiProc *)proc)->name);
}

GArray *osi_user_processes(void)
{
    g_autofree OsiTaskInfo *info = osi_user_info(getpid());
    GArray *procs;
    OsiProc proc;

    if (!info) {
        return NULL;
    }
    proc = (OsiProc){ .pid = info->pid, .ppid = info->ppid,
                      .uid = info->uid, .name = g_strdup(info->comm) };
    procs = g_array_new(FALSE, TRUE, sizeof(OsiProc));
    g_array_set_clear_func(procs, clear_proc);
    return g_array_append_val(procs, proc);
}
