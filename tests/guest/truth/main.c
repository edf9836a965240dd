/*
 * The truth program: makes system calls in every way that is hard to log,
 * while the guest's kernel traces them.
 *
 *     truth [SCENARIO...]
 *
 * Turns the trace on (the run script has set it up), makes a marker call,
 * runs each scenario in a process group of its own, makes another marker,
 * turns the trace off, and says "truth: done" if every scenario did what it
 * was written for.  A scenario that does not end is killed and reported.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

#define SCENARIO_SECONDS 40
#define TRACING_ON "/sys/kernel/tracing/tracing_on"

static const Scenario *const parts[] = {
    block_scenarios, signal_scenarios, context_scenarios,
    process_scenarios, death_scenarios, exec_scenarios,
    name_scenarios, code_scenarios, soak_scenarios,
};

static void on_alarm(int sig)
{
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (same(argv[i], name)) {
            return true;
        }
    }
    return argc <= 1;
}

/* All that a scenario leaves behind holds the pipe's other end. */
static bool wait_all_gone(int fd)
{
    char byte;
    long got;

    alarm(SCENARIO_SECONDS / 2);
    got = CALL(SYS_read, fd, &byte, 1);
    alarm(0);
    CALL(SYS_close, fd);
    return got == 0;
}

static int run_scenario(const Scenario *scenario, int number)
{
    int lifeline[2];
    int status = 0;
    long pid;

    CALL(NR_SCENARIO, number);
    open_pipe(lifeline);
    pid = do_fork();
    if (pid == 0) {
        setpgid(0, 0);
        CALL(SYS_exit_group, scenario->run());
    }
    CALL(SYS_close, lifeline[1]);
    alarm(SCENARIO_SECONDS);
    if (CALL(SYS_wait4, pid, &status, 0, 0) != pid) {
        printf("truth: failed: %s does not end\n", scenario->name);
        kill((int)-pid, SIGKILL);
        CALL(SYS_wait4, pid, &status, 0, 0);
    } else if (status != 0) {
        printf("truth: failed: %s with status %#x\n", scenario->name,
               (unsigned int)status);
    }
    alarm(0);
    if (!wait_all_gone(lifeline[0])) {
        printf("truth: failed: %s left something running\n", scenario->name);
        status = -1;
    }
    return status != 0;
}

static int run_all(int argc, char **argv)
{
    int number = 0;
    int failed = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        for (const Scenario *s = parts[i]; s->name; s++) {
            number++;
            if (!wanted(s->name, argc, argv)) {
                continue;
            }
            printf("truth: scenario %d %s\n", number, s->name);
            failed += run_scenario(s, number);
        }
    }
    return failed;
}

int main(int argc, char **argv)
{
    int failed;

    if (argc > 1 && strcmp(argv[1], "executed") == 0) {
        return exec_main(argc, argv);
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    prctl(PR_SET_NAME, "truth", 0, 0, 0);
    set_handler(SIGALRM, on_alarm, 0);
    if (!put_file(TRACING_ON, "1")) {
        printf("truth: failed: cannot write %s\n", TRACING_ON);
        return 1;
    }
    CALL(NR_BEGIN, getpid());
    mark_identity();
    failed = run_all(argc, argv);
    /* Init may still be at collecting orphans. */
    nap_us(100000);
    mark_identity();
    CALL(NR_END, getpid());
    put_file(TRACING_ON, "0");
    if (failed == 0) {
        printf("truth: done\n");
    }
    return failed != 0;
}
