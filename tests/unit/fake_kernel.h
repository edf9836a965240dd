/*
 * fake_kernel.h: a kernel's memory made up for tests: tasks, their lists,
 * pids, namespaces, credentials and cgroups, in either byte order.  Shared by
 * unit tests and a fuzz target.  Where members lie is made up, too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_FAKE_KERNEL_H
#define TESTS_FAKE_KERNEL_H

#include "view.h"

#define FK_BASE 0xffff888000000000u
#define FK_SIZE (512u << 10)

extern OsiView fk_view;
extern OsiLayout fk_layout;
extern OsiProcLayout fk_proc;

/* How often memory was read; and what to do before a read, for races. */
extern unsigned int fk_reads;
extern void (*fk_before_read)(uint64_t addr);

/* Empty memory, and the first task. */
void fk_start(bool big_endian);
uint64_t fk_root(void);

uint64_t fk_alloc(size_t size);
void fk_put(uint64_t addr, uint64_t value, unsigned int size);
uint64_t fk_get(uint64_t addr, unsigned int size);
void fk_put_field(uint64_t base, const OsiField *field, uint64_t value);
uint64_t fk_get_field(uint64_t base, const OsiField *field);
uint64_t fk_string(const char *text);
uint8_t *fk_bytes(void); /* all FK_SIZE of them */

/* As the kernel's list functions do it. */
void fk_list_init(uint64_t head);
void fk_list_add_tail(uint64_t node, uint64_t head);
void fk_list_del(uint64_t node);

/* A process, as child of @parent; its leader's task_struct. */
uint64_t fk_process(int pid, uint64_t parent, const char *comm);
uint64_t fk_thread(uint64_t leader, int tid, const char *comm);
/* As release_task() leaves it. */
void fk_release(uint64_t taskd);

/* A struct pid with @n numbers, in namespaces of inodes 100, 101 ... */
uint64_t fk_pid(const int *numbers, unsigned int n);

/* A kernfs folder, a cgroup there, a hierarchy with its root cgroup. */
uint64_t fk_kernfs(uint64_t parent, const char *name);
uint64_t fk_cgroup(uint64_t root, uint64_t kn);
uint64_t fk_hierarchy(int id, uint64_t mask, const char *name);
/* Its root cgroup. */
uint64_t fk_root_cgroup(uint64_t root);
/* Puts @taskd into a css_set of these; the first is the unified one. */
void fk_join(uint64_t taskd, const uint64_t *cgroups, unsigned int n);

#endif /* TESTS_FAKE_KERNEL_H */
