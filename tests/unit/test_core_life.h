/*
 * test_core_life.h: between test_core_life.c, which plays QEMU, and the
 * plugin test_core_life_plugin.c, which is told where to do what to itself
 * and counts how often it was called.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_TEST_CORE_LIFE_H
#define TESTS_UNIT_TEST_CORE_LIFE_H

#include <stdatomic.h>
#include <stdbool.h>

/* Where a plugin is called. */
enum {
    IN_INIT,
    IN_EXIT,
    IN_IDLE,
    IN_RESUME,
    IN_TRANS,
    IN_EXEC,
    IN_FLUSH,
    IN_SYSCALL,
    IN_SYSCALL_RET,
    IN_EVENT,       /* a QPP callback of the plugin "life_base" */
    IN_GONE,
    IN_RESET_CB,
    IN_UNINSTALL_CB,
    N_PLACES
};

/* What it does there, to itself. */
enum {
    NOTHING,
    UNINSTALL,
    RESET,
    RETRANSLATE,
};

typedef struct Life {
    atomic_ulong n[N_PLACES];
    atomic_int command;  /* place * 4 + what: once, when it is next there */
    atomic_int inside;   /* threads in its functions */
    atomic_bool dead;    /* its uninstall's callback has been called */
    atomic_ulong late;   /* calls after that, or meanwhile */
    atomic_ulong wrong;  /* other ids than its own, answers not expected */
    atomic_bool parks;   /* a thread in IN_EVENT stays there */
    atomic_bool parked;
} Life;

/* What the plugin exports, for dlsym. */
typedef void (*LifeDo)(int what);
typedef bool (*LifeRun)(void);

#endif /* TESTS_UNIT_TEST_CORE_LIFE_H */
