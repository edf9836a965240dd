/*
 * host.h: the emulator, whichever QEMU it is.
 *
 * host/ is the only part that knows which QEMU this is: it looks up what the
 * running program exports, and hides what differs between plugin APIs 1 to
 * 7.  The functions below have one signature and one meaning on every host;
 * where a host has no counterpart they fail as include/qemu-plugin.h says.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_CORE_HOST_H
#define QPP_CORE_HOST_H

#include "../core.h"

/* Highest plugin API whose differences are known here. */
#define QPP_HOST_API_MAX 7

/*
 * version.c: the plugin API version to claim, found without being told: by
 * what the program exports, and for what exports do not tell by the version
 * string in its read-only data.  QPP_HOST_API in the environment overrides.
 */
int qpp_host_detect_api(void);

/* One function that the program exports, by name; NULL: it does not. */
gpointer qpp_host_symbol(const char *name);

/*
 * host.c: what QEMU says at the first install.  From then on @info's copy
 * is good, and events can be asked for in the name of @host_id.  False if
 * the host lacks what nothing can be done without.
 */
bool qpp_host_start(qemu_plugin_id_t host_id, const qemu_info_t *info,
                    GError **errp);
const qemu_info_t *qpp_host_info(void);

/* Kinds of events that are asked for once each, at first need. */
typedef enum QppHostEvent {
    QPP_HOST_VCPU_INIT,
    QPP_HOST_VCPU_EXIT,
    QPP_HOST_VCPU_IDLE,
    QPP_HOST_VCPU_RESUME,
    QPP_HOST_TB_TRANS,
    QPP_HOST_FLUSH,
    QPP_HOST_ATEXIT,
    QPP_HOST_SYSCALL,
    QPP_HOST_SYSCALL_RET,
    QPP_HOST_SYSCALL_FILTER,
    QPP_HOST_DISCON,
    QPP_HOST_N_EVENTS
} QppHostEvent;

/* False if the host does not have such events.  At first call. */
bool qpp_host_subscribe(QppHostEvent event);

/*
 * Another id under which QEMU knows a QPP plugin.  With more than one, all
 * events are asked for by the first, and standing still by the last, so that
 * no event is interrupted.
 */
void qpp_host_another_id(qemu_plugin_id_t id);

/*
 * Calls @work with all vCPUs standing still and no translated code left,
 * later on the current thread, which must be a vCPU's; or at once where there
 * is no vCPU yet.  Not again before @work has been called.
 */
void qpp_host_quiesce(void (*work)(void));
/* In the child of a fork: the thread that asked last is not there. */
void qpp_host_quiesce_lost(void);

/* Whether vCPU init is told on the vCPU's own thread. */
bool qpp_host_init_on_vcpu(void);

/*
 * Whether standing still harms a thread between its vCPU's exit event and its
 * end.
 */
bool qpp_host_exit_races(void);

/* event.c: whether anything has been translated yet. */
bool qpp_host_translated(void);

/*
 * The functions of the plugin API that go straight to QEMU are defined in
 * instrument.c, query.c, scoreboard.c, state.c and misc.c, under the names of
 * include/qemu-plugin.h.
 */

/* instrument.c: translated code is gone, and what was kept for it. */
void qpp_host_instrument_flush(void);

/* misc.c: the user-mode program runs, on this thread: asks QEMU about it. */
void qpp_host_user_program(void);

/* misc.c: calls @cb with @id for each vCPU. */
void qpp_host_vcpu_for_each(qemu_plugin_id_t id,
                            qemu_plugin_vcpu_simple_cb_t cb);

/* query.c: @tb is being translated, in user mode: notes where memory is. */
void qpp_host_user_tb(const struct qemu_plugin_tb *tb);

/*
 * user_memory.c: the guest byte at @guest is QEMU's at @host; and reading
 * from then on, into @data, which it resizes.
 */
void qpp_host_user_memory_learn(uint64_t guest, const void *host);
bool qpp_host_user_memory_read(uint64_t addr, GByteArray *data, size_t len);

#endif /* QPP_CORE_HOST_H */
