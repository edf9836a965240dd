/*
 * front.h: what hostile_front tells hostile_events (events.c), and where.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_HOSTILE_FRONT_H
#define TESTS_HOSTILE_FRONT_H

#include "plugin-qpp.h"

/* At which moment osi_linux is about to look at the kernel's memory. */
typedef enum HostileMoment {
    HOSTILE_AT_SWITCH,  /* to another thread */
    HOSTILE_AT_HOOK,    /* a function that was named is entered */
    HOSTILE_AT_LEAVING, /* the thread goes back to user mode */
} HostileMoment;

/* Evdata of hostile_front's callback on_moment. */
typedef struct HostileEvent {
    HostileMoment moment;
    unsigned int vcpu;
    uint64_t tasks[2]; /* the current thread's task_struct, and at a hook
                          what may be another's: the first argument */
} HostileEvent;

/*
 * From now on the functions at these addresses are hooks; @n at most 8.  What
 * is translated already must be translated anew.
 */
QPP_FUN_PROTOTYPE(hostile_front, void, hostile_front_watch,
                  const uint64_t *addresses, unsigned int n);

/*
 * Registers @function to be called at each hook (HOSTILE_AT_HOOK as userdata)
 * and on each way out of the kernel in @tb.
 */
QPP_FUN_PROTOTYPE(hostile_front, void, hostile_front_instrument,
                  struct qemu_plugin_tb *tb,
                  qemu_plugin_vcpu_udata_cb_t function);

#endif /* TESTS_HOSTILE_FRONT_H */
