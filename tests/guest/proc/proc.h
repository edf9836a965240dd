/*
 * proc.h: the guest program of proc-run, and its plugin: what they agree on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_PROC_H
#define TESTS_PROC_H

/*
 * A system call of this number, which no kernel has, with these two
 * arguments says that the world stands still and is to be looked at.
 */
#define PROC_MARKER 1900
#define PROC_MAGIC 0x70726f63
/* How long it then stands still at least, so that a switch comes. */
#define PROC_STILL_MS 300
/* Then, with this second argument, that a storm begins and has ended. */
#define PROC_STORM 1
#define PROC_CALM 2
#define PROC_STORM_MS 2000

#ifndef PROC_PLUGIN
#include <stddef.h>

#define CHECK(condition)                                                      \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fail(__FILE__, __LINE__, #condition);                             \
        }                                                                     \
    } while (0)
void fail(const char *file, int line, const char *what)
    __attribute__((noreturn));

/*
 * A child that has to say stay() or executes something that does; the
 * parent goes on.  1 in the child.
 */
int spawn(void);
/* The same, of a process or thread that makes one itself. */
void expect(int n);
/* Says that the caller is as it is to be seen, and sleeps for ever. */
void stay(void) __attribute__((noreturn));
/* The first half of that. */
void ready(void);
/* Waits until everybody who is expected is ready. */
void await_all(void);
/* Executes this program, as @path, to stay; and what is executed. */
void exec_stay(const char *path, char *const argv[], char *const envp[]);
void put_file(const char *path, const char *text);
/* A copy of this program. */
void put_program(const char *path);

#define PROGRAM "/qpp/proc/proc"

/* The parts of the world. */
void world_names(void);
void world_threads(void);
void world_states(void);
void world_ids(void);
void world_trees(void);
void world_files(void);
void world_args(void);
void world_cgroups(void);
void world_namespaces(void);

/* Processes and threads that begin and end on all CPUs, for a while. */
void storm(void);

/* Reads all of /proc, as @reading, to what show_all() sends out. */
void read_all(char reading);
void show_all(void);
#endif

#endif /* TESTS_PROC_H */
