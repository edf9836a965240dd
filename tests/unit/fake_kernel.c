/*
 * fake_kernel.c: a kernel's memory made up for tests.  See fake_kernel.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fake_kernel.h"

/* Sizes of the structures, and the few offsets used by name here. */
enum {
    TASK_SIZE = 512, SIGNAL_SIZE = 128, CRED_SIZE = 64, PROXY_SIZE = 96,
    NS_SIZE = 64, NS_INUM = 24, CGROUP_SIZE = 256, SET_SIZE = 64,
    ROOT_SIZE = 512, LINK_SIZE = 64, CSS_SIZE = 32, SS_SIZE = 32,
    KERNFS_SIZE = 32, UPID_SIZE = 16, PID_NUMBERS = 48,
};

#define POISON 0xdead000000000122u /* LIST_POISON2 */

OsiView fk_view;
OsiLayout fk_layout;
OsiProcLayout fk_proc;
unsigned int fk_reads;
void (*fk_before_read)(uint64_t addr);

static uint8_t memory[FK_SIZE];
static uint64_t used;
static uint64_t root_task, root_proxy, root_user_ns;

/* ---- Memory -------------------------------------------------------------- */

static bool fk_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    fk_reads++;
    g_assert_cmpuint(addr >> 12, ==, (addr + len - 1) >> 12);
    if (fk_before_read) {
        fk_before_read(addr);
    }
    if (addr < FK_BASE || addr - FK_BASE > FK_SIZE - len) {
        return false;
    }
    memcpy(buf, memory + (addr - FK_BASE), len);
    return true;
}

uint8_t *fk_bytes(void)
{
    return memory;
}

uint64_t fk_alloc(size_t size)
{
    uint64_t addr = FK_BASE + used;

    used += (size + 63) / 64 * 64;
    g_assert_cmpuint(used, <=, FK_SIZE);
    return addr;
}

void fk_put(uint64_t addr, uint64_t value, unsigned int size)
{
    uint8_t *p = memory + (addr - FK_BASE);

    g_assert_cmpuint(addr - FK_BASE, <=, FK_SIZE - size);
    for (unsigned int i = 0; i < size; i++) {
        p[fk_layout.big_endian ? size - 1 - i : i] = value >> (8 * i);
    }
}

uint64_t fk_get(uint64_t addr, unsigned int size)
{
    const uint8_t *p = memory + (addr - FK_BASE);
    uint64_t value = 0;

    g_assert_cmpuint(addr - FK_BASE, <=, FK_SIZE - size);
    for (unsigned int i = 0; i < size; i++) {
        value |= (uint64_t)p[fk_layout.big_endian ? size - 1 - i : i]
                 << (8 * i);
    }
    return value;
}

void fk_put_field(uint64_t base, const OsiField *field, uint64_t value)
{
    fk_put(base + field->offset, value, field->size);
}

uint64_t fk_get_field(uint64_t base, const OsiField *field)
{
    return fk_get(base + field->offset, field->size);
}

uint64_t fk_string(const char *text)
{
    uint64_t addr = fk_alloc(strlen(text) + 1);

    memcpy(memory + (addr - FK_BASE), text, strlen(text) + 1);
    return addr;
}

/* ---- Lists --------------------------------------------------------------- */

void fk_list_init(uint64_t head)
{
    fk_put(head, head, 8);
    fk_put(head + 8, head, 8);
}

void fk_list_add_tail(uint64_t node, uint64_t head)
{
    uint64_t last = fk_get(head + 8, 8);

    fk_put(node, head, 8);
    fk_put(node + 8, last, 8);
    fk_put(last, node, 8);
    fk_put(head + 8, node, 8);
}

void fk_list_del(uint64_t node)
{
    uint64_t next = fk_get(node, 8), prev = fk_get(node + 8, 8);

    fk_put(next + 8, prev, 8);
    fk_put(prev, next, 8);
    fk_put(node + 8, POISON, 8);
}

/* ---- Where things lie ---------------------------------------------------- */

static void set_layout(bool big_endian)
{
    fk_layout = (OsiLayout){
        .pid = { 16, 4 }, .tgid = { 20, 4 }, .comm = { 24, 16 },
        .real_parent = { 40, 8 }, .group_leader = { 48, 8 },
        .mm = { 56, 8 }, .real_cred = { 64, 8 }, .start_time = { 72, 8 },
        .sighand = { 80, 8 }, .thread_pid = { 88, 8 }, .pgd = { 16, 8 },
        .uid = { 4, 4 },
        .task_group = { 16, 80 },
        .big_endian = big_endian, .pointer_size = 8,
    };
    fk_proc = (OsiProcLayout){
        .task = { .flags = { 96, 4 }, .state = { 100, 4 },
                  .exit_state = { 104, 4 }, .prio = { 108, 4 },
                  .static_prio = { 112, 4 }, .rt_priority = { 116, 4 },
                  .policy = { 120, 4 }, .tasks = { 128, 16 },
                  .thread_node = { 144, 16 }, .children = { 160, 16 },
                  .sibling = { 176, 16 }, .fs = { 192, 8 },
                  .nsproxy = { 200, 8 }, .signal = { 208, 8 },
                  .cgroups = { 216, 8 }, .start_boottime = { 224, 8 } },
        .cred = { .gid = { 8, 4 }, .suid = { 12, 4 }, .sgid = { 16, 4 }, .euid = { 20, 4 }, .egid = { 24, 4 },
                  .fsuid = { 28, 4 }, .fsgid = { 32, 4 },
                  .user_ns = { 40, 8 } },
        .signal = { .nr_threads = { 8, 4 }, .thread_head = { 16, 16 },
                    .pids = { 32, 32 } },
        .pid = { .level = { 4, 4 }, .numbers = { PID_NUMBERS, UPID_SIZE },
                 .nr = { 0, 4 }, .ns = { 8, 8 }, .upid_size = UPID_SIZE,
                 .pgid = 2, .sid = 3 },
        .kthread = { .of_task = { 232, 8 }, .full_name = { 8, 8 },
                     .data = { 16, 8 }, .pool = { 8, 8 },
                     .current_work = { 16, 8 }, .desc = { 24, 24 },
                     .rescue_wq = { 48, 8 }, .wq_name = { 8, 32 },
                     .whole_ids = true },
        .cgroup = { .cgrp_links = { 8, 16 }, .dfl_cgrp = { 24, 8 },
                    .link_cgrp = { 0, 8 }, .link_node = { 16, 16 },
                    .kn = { 8, 8 }, .root = { 16, 8 },
                    .css_flags = { 24, 4 }, .subsys = { 32, 64 },
                    .hierarchy_id = { 0, 4 }, .subsys_mask = { 4, 4 },
                    .name = { 16, 64 }, .cgrp = { 128, CGROUP_SIZE },
                    .ss = { 8, 8 }, .legacy_name = { 8, 8 },
                    .kn_name = { 0, 8 }, .kn_parent = { 8, 8 },
                    .online = 2 },
        .mm = { .arg_start = { 24, 8 }, .arg_end = { 32, 8 },
                .env_start = { 40, 8 }, .env_end = { 48, 8 } },
    };
    for (unsigned int kind = 0; kind < OSI_NS_COUNT; kind++) {
        fk_proc.ns_inum[kind] = (OsiField){ NS_INUM, 4 };
        if (kind != OSI_NS_USER && kind != OSI_NS_PID) {
            fk_proc.ns_in_proxy[kind] = (OsiField){ 8 + 8 * kind, 8 };
        }
    }
    fk_view = (OsiView){ .reader = { fk_read, NULL, big_endian },
                         .layout = &fk_layout, .proc = &fk_proc };
}

/* ---- Tasks --------------------------------------------------------------- */

static uint64_t namespace_new(uint32_t inode)
{
    uint64_t ns = fk_alloc(NS_SIZE);

    fk_put(ns + NS_INUM, inode, 4);
    return ns;
}

uint64_t fk_pid(const int *numbers, unsigned int n)
{
    uint64_t pid = fk_alloc(PID_NUMBERS + n * UPID_SIZE);

    fk_put_field(pid, &fk_proc.pid.level, n - 1);
    for (unsigned int i = 0; i < n; i++) {
        uint64_t upid = pid + PID_NUMBERS + i * UPID_SIZE;

        fk_put_field(upid, &fk_proc.pid.nr, numbers[i]);
        fk_put_field(upid, &fk_proc.pid.ns, namespace_new(100 + i));
    }
    return pid;
}

static uint64_t cred_new(int id)
{
    uint64_t cred = fk_alloc(CRED_SIZE);

    for (unsigned int at = 4; at < 36; at += 4) {
        fk_put(cred + at, id + at, 4);
    }
    fk_put_field(cred, &fk_proc.cred.user_ns, root_user_ns);
    return cred;
}

static uint64_t task_new(int tid, int pid, const char *comm)
{
    uint64_t taskd = fk_alloc(TASK_SIZE);

    memset(memory + (taskd - FK_BASE), 0, TASK_SIZE);
    fk_put_field(taskd, &fk_layout.pid, tid);
    fk_put_field(taskd, &fk_layout.tgid, pid);
    memcpy(memory + (taskd - FK_BASE) + fk_layout.comm.offset, comm,
           strnlen(comm, 16));
    fk_put_field(taskd, &fk_layout.start_time, 1000000 + tid);
    fk_put_field(taskd, &fk_proc.task.start_boottime, 2000000 + tid);
    fk_put_field(taskd, &fk_layout.real_cred, cred_new(1000));
    fk_put_field(taskd, &fk_layout.sighand, 1);
    fk_put_field(taskd, &fk_layout.thread_pid, fk_pid(&tid, 1));
    fk_put_field(taskd, &fk_proc.task.state, 1);
    fk_put_field(taskd, &fk_proc.task.prio, 120);
    fk_put_field(taskd, &fk_proc.task.static_prio, 120);
    fk_put_field(taskd, &fk_proc.task.nsproxy, root_proxy);
    fk_list_init(taskd + fk_proc.task.children.offset);
    return taskd;
}

/* Its leader's, too. */
static void signal_new(uint64_t taskd, int pgid, int sid)
{
    uint64_t signal = fk_alloc(SIGNAL_SIZE);

    fk_put_field(signal, &fk_proc.signal.nr_threads, 1);
    fk_list_init(signal + fk_proc.signal.thread_head.offset);
    fk_put(signal + fk_proc.signal.pids.offset + 16, fk_pid(&pgid, 1), 8);
    fk_put(signal + fk_proc.signal.pids.offset + 24, fk_pid(&sid, 1), 8);
    fk_put_field(taskd, &fk_proc.task.signal, signal);
    fk_put_field(taskd, &fk_layout.group_leader, taskd);
    fk_list_add_tail(taskd + fk_proc.task.thread_node.offset,
                     signal + fk_proc.signal.thread_head.offset);
}

uint64_t fk_process(int pid, uint64_t parent, const char *comm)
{
    uint64_t taskd = task_new(pid, pid, comm);

    signal_new(taskd, pid, pid);
    fk_put_field(taskd, &fk_layout.real_parent, parent);
    fk_list_add_tail(taskd + fk_proc.task.tasks.offset,
                     root_task + fk_proc.task.tasks.offset);
    fk_list_add_tail(taskd + fk_proc.task.sibling.offset,
                     parent + fk_proc.task.children.offset);
    return taskd;
}

uint64_t fk_thread(uint64_t leader, int tid, const char *comm)
{
    uint64_t taskd = task_new(tid, fk_get_field(leader, &fk_layout.tgid),
                              comm);
    uint64_t signal = fk_get_field(leader, &fk_proc.task.signal);

    fk_put_field(taskd, &fk_layout.group_leader, leader);
    fk_put_field(taskd, &fk_layout.real_parent,
                 fk_get_field(leader, &fk_layout.real_parent));
    fk_put_field(taskd, &fk_proc.task.signal, signal);
    fk_list_add_tail(taskd + fk_proc.task.thread_node.offset,
                     signal + fk_proc.signal.thread_head.offset);
    fk_put_field(signal, &fk_proc.signal.nr_threads,
                 fk_get_field(signal, &fk_proc.signal.nr_threads) + 1);
    return taskd;
}

void fk_release(uint64_t taskd)
{
    if (fk_get_field(taskd, &fk_layout.group_leader) == taskd) {
        fk_list_del(taskd + fk_proc.task.tasks.offset);
        fk_list_del(taskd + fk_proc.task.sibling.offset);
    }
    fk_list_del(taskd + fk_proc.task.thread_node.offset);
    fk_put_field(taskd, &fk_layout.sighand, 0);
    fk_put_field(taskd, &fk_layout.thread_pid, 0);
}

/* ---- Cgroups ------------------------------------------------------------- */

uint64_t fk_kernfs(uint64_t parent, const char *name)
{
    uint64_t kn = fk_alloc(KERNFS_SIZE);

    fk_put_field(kn, &fk_proc.cgroup.kn_name, fk_string(name));
    fk_put_field(kn, &fk_proc.cgroup.kn_parent, parent);
    return kn;
}

static void cgroup_init(uint64_t cgroup, uint64_t root, uint64_t kn)
{
    fk_put_field(cgroup, &fk_proc.cgroup.kn, kn);
    fk_put_field(cgroup, &fk_proc.cgroup.root, root);
    fk_put_field(cgroup, &fk_proc.cgroup.css_flags, 2);
}

uint64_t fk_cgroup(uint64_t root, uint64_t kn)
{
    uint64_t cgroup = fk_alloc(CGROUP_SIZE);

    cgroup_init(cgroup, root, kn);
    return cgroup;
}

uint64_t fk_root_cgroup(uint64_t root)
{
    return root + fk_proc.cgroup.cgrp.offset;
}

uint64_t fk_hierarchy(int id, uint64_t mask, const char *name)
{
    uint64_t root = fk_alloc(ROOT_SIZE);
    uint64_t cgroup = fk_root_cgroup(root);

    fk_put_field(root, &fk_proc.cgroup.hierarchy_id, id);
    fk_put_field(root, &fk_proc.cgroup.subsys_mask, mask);
    memcpy(memory + (root - FK_BASE) + fk_proc.cgroup.name.offset, name,
           strlen(name) + 1);
    cgroup_init(cgroup, root, fk_kernfs(0, ""));
    for (unsigned int i = 0; i < 8; i++) {
        g_autofree char *text = g_strdup_printf("ctl%u", i);
        uint64_t css = fk_alloc(CSS_SIZE), ss = fk_alloc(SS_SIZE);

        if (mask >> i & 1) {
            fk_put_field(ss, &fk_proc.cgroup.legacy_name, fk_string(text));
            fk_put_field(css, &fk_proc.cgroup.ss, ss);
            fk_put(cgroup + fk_proc.cgroup.subsys.offset + 8 * i, css, 8);
        }
    }
    return root;
}

void fk_join(uint64_t taskd, const uint64_t *cgroups, unsigned int n)
{
    uint64_t set = fk_alloc(SET_SIZE);

    fk_list_init(set + fk_proc.cgroup.cgrp_links.offset);
    fk_put_field(set, &fk_proc.cgroup.dfl_cgrp, cgroups[0]);
    for (unsigned int i = 0; i < n; i++) {
        uint64_t link = fk_alloc(LINK_SIZE);

        fk_put_field(link, &fk_proc.cgroup.link_cgrp, cgroups[i]);
        fk_list_add_tail(link + fk_proc.cgroup.link_node.offset,
                         set + fk_proc.cgroup.cgrp_links.offset);
    }
    fk_put_field(taskd, &fk_proc.task.cgroups, set);
}

/* ---- Start --------------------------------------------------------------- */

uint64_t fk_root(void)
{
    return root_task;
}

void fk_start(bool big_endian)
{
    set_layout(big_endian);
    memset(memory, 0, sizeof(memory));
    used = 64; /* so that no structure is at the memory's first byte */
    fk_before_read = NULL;
    fk_reads = 0;
    root_user_ns = namespace_new(4026531837u);
    root_proxy = fk_alloc(PROXY_SIZE);
    for (unsigned int kind = 0; kind < OSI_NS_COUNT; kind++) {
        if (fk_proc.ns_in_proxy[kind].size) {
            fk_put_field(root_proxy, &fk_proc.ns_in_proxy[kind],
                         namespace_new(4026531840u + kind));
        }
    }
    root_task = task_new(0, 0, "swapper/0");
    signal_new(root_task, 0, 0);
    fk_put_field(root_task, &fk_layout.real_parent, root_task);
    fk_list_init(root_task + fk_proc.task.tasks.offset);
}
