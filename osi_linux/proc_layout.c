/*
 * proc_layout.c: where in the kernel's structures facts about processes lie.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stddef.h>

#include "proc_layout.h"

#define LIST_HEAD 16
/* Each is read when it is asked for, alone. */
#define WANT(type, path, field, size)                                        \
    { type, path, offsetof(OsiProcLayout, field), OSI_ALONE, size }

static const OsiWanted wanted[] = {
    WANT("task_struct", "flags", task.flags, 4),
    WANT("task_struct", "__state", task.state, 8),
    WANT("task_struct", "state", task.state, 8),
    WANT("task_struct", "exit_state", task.exit_state, 4),
    WANT("task_struct", "prio", task.prio, 4),
    WANT("task_struct", "static_prio", task.static_prio, 4),
    WANT("task_struct", "rt_priority", task.rt_priority, 4),
    WANT("task_struct", "policy", task.policy, 4),
    WANT("task_struct", "tasks", task.tasks, LIST_HEAD),
    WANT("task_struct", "thread_node", task.thread_node, LIST_HEAD),
    WANT("task_struct", "children", task.children, LIST_HEAD),
    WANT("task_struct", "sibling", task.sibling, LIST_HEAD),
    WANT("task_struct", "fs", task.fs, 8),
    WANT("task_struct", "nsproxy", task.nsproxy, 8),
    WANT("task_struct", "signal", task.signal, 8),
    WANT("task_struct", "cgroups", task.cgroups, 8),
    WANT("task_struct", "start_boottime", task.start_boottime, 8),
    WANT("task_struct", "real_start_time", task.start_boottime, 8),
    WANT("task_struct", "stack", task.stack, 8),
    WANT("task_struct", "exit_code", task.exit_code, 4),
    WANT("cred", "euid", cred.euid, 4),
    WANT("cred", "suid", cred.suid, 4),
    WANT("cred", "fsuid", cred.fsuid, 4),
    WANT("cred", "gid", cred.gid, 4),
    WANT("cred", "egid", cred.egid, 4),
    WANT("cred", "sgid", cred.sgid, 4),
    WANT("cred", "fsgid", cred.fsgid, 4),
    WANT("cred", "user_ns", cred.user_ns, 8),
    WANT("signal_struct", "nr_threads", signal.nr_threads, 4),
    WANT("signal_struct", "thread_head", signal.thread_head, LIST_HEAD),
    WANT("signal_struct", "pids", signal.pids, 128),
    WANT("signal_struct", "flags", signal.flags, 4),
    WANT("signal_struct", "group_exit_code", signal.group_exit_code, 4),
    WANT("pid", "level", pid.level, 4),
    WANT("pid", "numbers", pid.numbers, 16),
    WANT("upid", "nr", pid.nr, 4),
    WANT("upid", "ns", pid.ns, 8),
    WANT("nsproxy", "mnt_ns", ns_in_proxy[OSI_NS_MNT], 8),
    WANT("nsproxy", "net_ns", ns_in_proxy[OSI_NS_NET], 8),
    WANT("nsproxy", "uts_ns", ns_in_proxy[OSI_NS_UTS], 8),
    WANT("nsproxy", "ipc_ns", ns_in_proxy[OSI_NS_IPC], 8),
    WANT("nsproxy", "cgroup_ns", ns_in_proxy[OSI_NS_CGROUP], 8),
    WANT("nsproxy", "time_ns", ns_in_proxy[OSI_NS_TIME], 8),
    WANT("mnt_namespace", "ns.inum", ns_inum[OSI_NS_MNT], 4),
    WANT("pid_namespace", "ns.inum", ns_inum[OSI_NS_PID], 4),
    WANT("net", "ns.inum", ns_inum[OSI_NS_NET], 4),
    WANT("uts_namespace", "ns.inum", ns_inum[OSI_NS_UTS], 4),
    WANT("ipc_namespace", "ns.inum", ns_inum[OSI_NS_IPC], 4),
    WANT("user_namespace", "ns.inum", ns_inum[OSI_NS_USER], 4),
    WANT("cgroup_namespace", "ns.inum", ns_inum[OSI_NS_CGROUP], 4),
    WANT("time_namespace", "ns.inum", ns_inum[OSI_NS_TIME], 4),
    WANT("task_struct", "worker_private", kthread.of_task, 8),
    WANT("task_struct", "set_child_tid", kthread.of_task, 8),
    WANT("kthread", "full_name", kthread.full_name, 8),
    WANT("kthread", "data", kthread.data, 8),
    WANT("worker", "pool", kthread.pool, 8),
    WANT("worker", "current_work", kthread.current_work, 8),
    WANT("worker", "desc", kthread.desc, 64),
    WANT("worker", "rescue_wq", kthread.rescue_wq, 8),
    WANT("workqueue_struct", "name", kthread.wq_name, 64),
    WANT("css_set", "cgrp_links", cgroup.cgrp_links, LIST_HEAD),
    WANT("css_set", "dfl_cgrp", cgroup.dfl_cgrp, 8),
    WANT("cgrp_cset_link", "cgrp", cgroup.link_cgrp, 8),
    WANT("cgrp_cset_link", "cgrp_link", cgroup.link_node, LIST_HEAD),
    WANT("cgroup", "kn", cgroup.kn, 8),
    WANT("cgroup", "root", cgroup.root, 8),
    WANT("cgroup", "self.flags", cgroup.css_flags, 4),
    WANT("cgroup", "subsys", cgroup.subsys, 512),
    WANT("cgroup_root", "hierarchy_id", cgroup.hierarchy_id, 4),
    WANT("cgroup_root", "subsys_mask", cgroup.subsys_mask, 8),
    WANT("cgroup_root", "name", cgroup.name, 256),
    WANT("cgroup_root", "cgrp", cgroup.cgrp, 1 << 16),
    WANT("cgroup_subsys_state", "ss", cgroup.ss, 8),
    WANT("cgroup_subsys", "name", cgroup.ss_name, 8),
    WANT("cgroup_subsys", "legacy_name", cgroup.legacy_name, 8),
    WANT("kernfs_node", "name", cgroup.kn_name, 8),
    WANT("kernfs_node", "__parent", cgroup.kn_parent, 8),
    WANT("kernfs_node", "parent", cgroup.kn_parent, 8),
    WANT("mm_struct", "exe_file", mm.exe_file, 8),
    WANT("fs_struct", "root", fs.root, 16),
    WANT("fs_struct", "pwd", fs.pwd, 16),
    WANT("mm_struct", "mm_users.counter", mm.users, 4),
    WANT("mm_struct", "arg_start", mm.arg_start, 8),
    WANT("mm_struct", "arg_end", mm.arg_end, 8),
    WANT("mm_struct", "env_start", mm.env_start, 8),
    WANT("mm_struct", "env_end", mm.env_end, 8),
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
    int64_t ignored;

    *out = (OsiProcLayout){ 0 };
    osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), out);
    find_pid_numbers(types, out);
    out->pid.pgid = index_of(types, "PIDTYPE_PGID");
    out->pid.sid = index_of(types, "PIDTYPE_SID");
    if (!osi_types_enum(types, "CSS_ONLINE", &out->cgroup.online)) {
        out->cgroup.online = 0;
    }
    out->kthread.whole_ids = osi_types_enum(types, "WORKER_ID_LEN",
                                            &ignored);
}
