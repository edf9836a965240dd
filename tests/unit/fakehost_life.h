/*
 * fakehost_life.h: the fake host's vCPU threads: translated code that they
 * run, the moment when all of them stand still, and qemu_plugin_reset, each
 * as QEMU has it:
 *
 * - A thread runs translated code only between fake_exec_start and _end; who
 *   wants to be alone waits until no thread does.  Whatever else a thread
 *   does (system calls of user mode, falling asleep, waking up) goes on.
 * - A reset that is asked for on a vCPU's thread is done by that thread after
 *   it has come out of the translated code; on another it is done on the
 *   spot, without waiting for anybody.
 * - A reset that is asked for while another of the same plugin is not done is
 *   ignored.
 * - API 1: a vCPU that has exited is on the list of those whose translations
 *   are thrown away for a while yet, when what is written to for that has been
 *   freed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_FAKEHOST_LIFE_H
#define TESTS_UNIT_FAKEHOST_LIFE_H

#include "fakehost.h"

#define FAKE_N_TBS 4

/* What a vCPU's thread is; each has translations of its own. */
typedef struct FakeCpu {
    unsigned int index;
    FakeTb tbs[FAKE_N_TBS];
    bool translated[FAKE_N_TBS];
    bool freed;
    GQueue work; /* of FakeReset, the thread's own */
    struct FakeCpu *next;
    /* How often it reported something. */
    unsigned long n_trans, n_exec, n_resume, n_syscall, n_syscall_ret;
} FakeCpu;

/* The current thread is vCPU @index from now on, and says so. */
FakeCpu *fake_cpu_start(unsigned int index);
/* The current thread is none any more; what is asked of it is lost. */
void fake_cpu_end(FakeCpu *cpu);
/* The current thread is @cpu's, or none's, without an event. */
void fake_cpu_set(FakeCpu *cpu);

/* Runs block @i once, translating it if need be; then what was asked for. */
void fake_cpu_run(FakeCpu *cpu, unsigned int i);
/* Does what was asked for of this thread. */
void fake_cpu_work(FakeCpu *cpu);
/* Falls asleep and wakes up; makes a system call. */
void fake_cpu_sleep(FakeCpu *cpu);
void fake_cpu_syscall(FakeCpu *cpu);

/* How many resets were done. */
extern unsigned long fake_n_resets;

#endif /* TESTS_UNIT_FAKEHOST_LIFE_H */
