/*
 * infer_kernel.h: a kernel's memory made up for tests, of which nothing is
 * said but by its kallsyms: variables and a circle of tasks, in either byte
 * order.  Shared by a unit test and a fuzz target.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_INFER_KERNEL_H
#define TESTS_INFER_KERNEL_H

#include "fields.h"

#define IK_BASE UINT64_C(0xffffffff81000000)
#define IK_PAGE 4096u
#define IK_SIZE (256u * IK_PAGE)
#define IK_MAX_TASKS 16u

/* Where variables are, from IK_BASE on, and the tasks; kallsyms behind. */
enum {
    IK_STACK = 0x2000, IK_MM = 0x4000, IK_CRED = 0x6000, IK_FILES = 0x8000,
    IK_FS = 0xa000, IK_PID = 0xb000, IK_SIGHAND = 0xc000, IK_PGD = 0xd000,
    IK_TASK = 0x10000, IK_TASK_STEP = 0x2000, IK_OTHER_MM = 0x30000,
    IK_TABLES = 0x40000,
};
/* Members of the task_struct made up here; of mm_struct the last. */
enum {
    IK_AT_STACK = 24, IK_AT_TASKS = 512, IK_AT_MM = 640, IK_AT_PID = 704,
    IK_AT_FAMILY = 720, IK_AT_THREAD_PID = 800, IK_AT_CRED = 1000,
    IK_AT_COMM = 1024, IK_AT_SIGHAND = 1200, IK_AT_PGD = 88,
};

extern uint8_t *ik_memory;     /* from IK_BASE on */
extern OsiReader ik_reader;
/* How often memory was read; and what to do before a read, or NULL. */
extern unsigned int ik_reads;
extern void (*ik_before_read)(void);

/* All but kallsyms, anew: so many tasks, of which 1 and 3 are processes. */
void ik_start(unsigned int n_tasks, bool big_endian);
/* Writes kallsyms, and finds them. */
Kallsyms *ik_symbols(void);

/* @at is an offset from IK_BASE, and @to, too. */
void ik_put(uint64_t at, uint64_t value, unsigned int size);
void ik_put_pointer(uint64_t at, uint64_t to);
/* The task_struct of task @i; counted in a circle. */
uint64_t ik_task_at(unsigned int i);

#endif /* TESTS_INFER_KERNEL_H */
