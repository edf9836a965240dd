/*
 * bind.h: the functions of the running QEMU, looked up one by one: a host
 * that speaks a version may still lack some of its functions (QEMU 10.0's
 * user-mode build does).  Each file of host/ has its own list of what it
 * calls.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_HOST_BIND_H
#define QPP_HOST_BIND_H

#include "host.h"

typedef struct QppBinding {
    gpointer *slot;     /* NULL afterwards: the host has none */
    const char *symbol;
    bool required;      /* nothing can be done without: every QEMU has it */
} QppBinding;

typedef struct QppBindings {
    const QppBinding *list;
    size_t n;
} QppBindings;

/* An entry for the member of `fn` that is called as QEMU's function. */
#define QPP_BIND(name) { (gpointer *)(void *)&fn.name, "qemu_plugin_" #name }
#define QPP_BIND_REQUIRED(name)                                               \
    { (gpointer *)(void *)&fn.name, "qemu_plugin_" #name, true }

/* Whether there is a block to ask about; otherwise a line, once. */
#define IN_TRANSLATION(handle)                                                \
    QPP_CONTEXT((handle) && qpp_thread.translating,                           \
                "call it in a tb_trans callback, with that block's handles")

extern const QppBindings qpp_instrument_bindings, qpp_query_bindings,
    qpp_scoreboard_bindings, qpp_state_bindings, qpp_misc_bindings;

/* The plugin API version that the host is spoken to in. */
int qpp_host_api(void);
/* The id that the host is spoken to by. */
qemu_plugin_id_t qpp_host_id(void);

#endif /* QPP_HOST_BIND_H */
