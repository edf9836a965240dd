/*
 * proc_layout.c: where in the kernel's structures facts about processes lie.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stddef.h>

#include "proc_layout.h"

typedef struct Wanted {
    const char *type;
    const char *path;
    size_t field; /* offset of the OsiField in OsiProcLayout */
    uint64_t max_size;
} Wanted;

#define LIST_HEAD 16
#define F(name) offsetof(OsiProcLayout, name)

/* Of lines for the same field the first that the kernel has counts. */
static const Wanted wanted[] = {
    { "task_struct", "flags", F(task.flags), 4 },
    { "task_struct", "__state", F(task.state), 8 },
    { "task_struct", "state", F(task.state), 8 },
    { "task_struct", "exit_state", F(task.exit_state), 4 },
    { "task_struct", "prio", F(task.prio), 4 },
    { "task_struct", "static_prio", F(task.static_prio), 4 },
    { "task_struct", "rt_priority", F(task.rt_priority), 4 },
    { "task_struct", "policy", F(task.policy), 4 },
    { "task_struct", "tasks", F(task.tasks), LIST_HEAD },
    { "task_struct", "thread_node", F(task.thread_node), LIST_HEAD },
    { "task_struct", "children", F(task.children), LIST_HEAD },
    { "task_struct", "sibling", F(task.sibling), LIST_HEAD },
    { "task_struct", "fs", F(task.fs), 8 },
    { "task_struct", "nsproxy", F(task.nsproxy), 8 },
    { "task_struct", "signal", F(task.signal), 8 },
    { "task_struct", "cgroups", F(task.cgroups), 8 },
    { "task_struct", "start_boottime", F(task.start_boottime), 8 },
    { "task_struct", "real_start_time", F(task.start_boottime), 8 },
    { "cred", "uid", F(cred.uid), 4 },
    { "cred", "euid", F(cred.euid), 4 },
    { "cred", "suid", F(cred.suid), 4 },
    { "cred", "fsuid", F(cred.fsuid), 4 },
    { "cred", "gid", F(cred.gid), 4 },
    { "cred", "egid", F(cred.egid), 4 },
    { "cred", "sgid", F(cred.sgid), 4 },
    { "cred", "fsgid", F(cred.fsgid), 4 },
    { "cred", "user_ns", F(cred.user_ns), 8 },
    { "signal_struct", "nr_threads", F(signal.nr_threads), 4 },
    { "signal_struct", "thread_head", F(signal.thread_head), LIST_HEAD },
    { "signal_struct", "pids", F(signal.pids), 128 },
    { "pid", "level", F(pid.level), 4 },
    { "pid", "numbers", F(pid.numbers), 16 },
    { "upid", "nr", F(pid.nr), 4 },
    { "upid", "ns", F(pid.ns), 8 },
    { "nsproxy", "mnt_ns", F(ns_in_proxy[OSI_NS_MNT]), 8 },
    { "nsproxy", "net_ns", F(ns_in_proxy[OSI_NS_NET]), 8 },
    { "nsproxy", "uts_ns", F(ns_in_proxy[OSI_NS_UTS]), 8 },
    { "nsproxy", "ipc_ns", F(ns_in_proxy[OSI_NS_IPC]), 8 },
    { "nsproxy", "cgroup_ns", F(ns_in_proxy[OSI_NS_CGROUP]), 8 },
    { "nsproxy", "time_ns", F(ns_in_proxy[OSI_NS_TIME]), 8 },
    { "mnt_namespace", "ns.inum", F(ns_inum[OSI_NS_MNT]), 4 },
    { "pid_namespace", "ns.inum", F(ns_inum[OSI_NS_PID]), 4 },
    { "net", "ns.inum", F(ns_inum[OSI_NS_NET]), 4 },
    { "uts_namespace", "ns.inum", F(ns_inum[OSI_NS_UTS]), 4 },
    { "ipc_namespace", "ns.inum", F(ns_inum[OSI_NS_IPC]), 4 },
    { "user_namespace", "ns.inum", F(ns_inum[OSI_NS_USER]), 4 },
    { "cgroup_namespace", "ns.inum", F(ns_inum[OSI_NS_CGROUP]), 4 },
    { "time_namespace", "ns.inum", F(ns_inum[OSI_NS_TIME]), 4 },
    { "css_set", "cgrp_links", F(cgroup.cgrp_links), LIST_HEAD },
    { "css_set", "dfl_cgrp", F(cgroup.dfl_cgrp), 8 },
    { "cgrp_cset_link", "cgrp", F(cgroup.link_cgrp), 8 },
    { "cgrp_cset_link", "cgrp_link", F(cgroup.link_node), LIST_HEAD },
    { "cgroup", "kn", F(cgroup.kn), 8 },
    { "cgroup", "root", F(cgroup.root), 8 },
    { "cgroup", "self.flags", F(cgroup.css_flags), 4 },
    { "cgroup", "subsys", F(cgroup.subsys), 512 },
    { "cgroup_root", "hierarchy_id", F(cgroup.hierarchy_id), 4 },
    { "cgroup_root", "subsys_mask", F(cgroup.subsys_mask), 8 },
    { "cgroup_root", "name", F(cgroup.name), 256 },
    { "cgroup_root", "cgrp", F(cgroup.cgrp), 1 << 16 },
    { "cgroup_subsys_state", "ss", F(cgroup.ss), 8 },
    { "cgroup_subsys", "name", F(cgroup.ss_name), 8 },
    { "cgroup_subsys", "legacy_name", F(cgroup.legacy_name), 8 },
    { "kernfs_node", "name", F(cgroup.kn_name), 8 },
    { "kernfs_node", "__parent", F(cgroup.kn_parent), 8 },
    { "kernfs_node", "parent", F(cgroup.kn_parent), 8 },
    { "mm_struct", "exe_file", F(files.exe_file), 8 },
    { "file", "f_path", F(files.f_path), 16 },
    { "fs_struct", "root", F(files.root), 16 },
    { "fs_struct", "pwd", F(files.pwd), 16 },
    { "mm_struct", "arg_start", F(files.arg_start), 8 },
    { "mm_struct", "arg_end", F(files.arg_end), 8 },
    { "mm_struct", "env_start", F(files.env_start), 8 },
    { "mm_struct", "env_end", F(files.env_end), 8 },
};

/*
 * numbers[] is the last member of struct pid.  Where it has no size of its
 * own (since 6.5), it begins where the structure ends; tasks.c does not
 * believe a pid that disagrees with its task.
 */
static void find_pid_numbers(const OsiTypes *types, OsiProcLayout *out)
{
    uint64_t size;

    if (!osi_types_size(types, "upid", &out->pid.upid_size) ||
        out->pid.upid_size > 64) {
        out->pid.numbers.size = 0;
    } else if (!out->pid.numbers.size &&
               osi_types_size(types, "pid", &size)) {
        out->pid.numbers = (OsiField){ size, out->pid.upid_size };
    }
}

static int64_t index_of(const OsiTypes *types, const char *enumerator)
{
    int64_t value;

    return osi_types_enum(types, enumerator, &value) && value >= 0 &&
                   value < 16 ? value : -1;
}

void osi_proc_layout_from_types(const OsiTypes *types, OsiProcLayout *out)
{
    *out = (OsiProcLayout){ 0 };
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const Wanted *w = &wanted[i];
        OsiField *field = (OsiField *)((char *)out + w->field);
        OsiField m;

        if (!field->size &&
            osi_types_member(types, w->type, w->path, &m) &&
            m.size <= w->max_size && !m.bit_size) {
            *field = m;
        }
    }
    find_pid_numbers(types, out);
    out->pid.pgid = index_of(types, "PIDTYPE_PGID");
    out->pid.sid = index_of(types, "PIDTYPE_SID");
    if (!osi_types_enum(types, "CSS_ONLINE", &out->cgroup.online)) {
        out->cgroup.online = 0;
    }
}
