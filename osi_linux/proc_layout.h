/*
 * proc_layout.h: where in the kernel's structures those facts about
 * processes lie that are read only when somebody asks for them.  What is
 * read at every thread switch is in layout.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_PROC_LAYOUT_H
#define OSI_PROC_LAYOUT_H

#include "fields.h"
#include "osi_proc.h"

typedef struct OsiProcLayout {
    struct {
        OsiField flags, state, exit_state, prio, static_prio, rt_priority,
                 policy, tasks, thread_node, children, sibling, fs, nsproxy,
                 signal, cgroups, start_boottime, stack, exit_code;
    } task;
    struct {
        OsiField euid, suid, fsuid, gid, egid, sgid, fsgid, user_ns;
    } cred;
    struct {
        OsiField nr_threads, thread_head, pids, flags, group_exit_code;
    } signal;
    struct {
        OsiField level, numbers, nr, ns; /* the last two in struct upid */
        uint64_t upid_size;
        int64_t pgid, sid;               /* indices of signal.pids; -1 */
    } pid;
    struct {
        OsiField of_task;                        /* of task_struct */
        OsiField full_name, data;                /* kthread */
        OsiField pool, current_work, desc, rescue_wq; /* worker */
        OsiField wq_name;                        /* workqueue_struct */
        bool whole_ids; /* workers are shown by more than their comm */
    } kthread;
    OsiField ns_in_proxy[OSI_NS_COUNT]; /* of struct nsproxy; some absent */
    OsiField ns_inum[OSI_NS_COUNT];     /* in each namespace's own struct */
    struct {
        OsiField cgrp_links, dfl_cgrp;                   /* css_set */
        OsiField link_cgrp, link_node;                   /* its links */
        OsiField kn, root, css_flags, subsys;            /* cgroup */
        OsiField hierarchy_id, subsys_mask, name, cgrp;  /* cgroup_root */
        OsiField ss, ss_name, legacy_name; /* a cgroup's part in a subsystem */
        OsiField kn_name, kn_parent;                     /* kernfs_node */
        int64_t online;                                  /* CSS_ONLINE; 0 */
    } cgroup;
    struct {
        OsiField exe_file, users, arg_start, arg_end, env_start, env_end;
    } mm;
    struct {
        OsiField root, pwd;
    } fs;
} OsiProcLayout;

void osi_proc_layout_from_types(const OsiTypes *types, OsiProcLayout *out);

#endif /* OSI_PROC_LAYOUT_H */
