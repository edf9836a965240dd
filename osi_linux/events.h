/*
 * events.h: osi_events.h's events.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_EVENTS_PRIVATE_H
#define OSI_EVENTS_PRIVATE_H

#include "plugin-qpp.h"

/* At install, after syscalls' thread switches were subscribed to. */
bool osi_events_start(qemu_plugin_id_t id);

/* The guest has rebooted: what is hooked is elsewhere. */
void osi_events_forget(void);

/* A block of the kernel's code is being translated. */
void osi_events_translate(struct qemu_plugin_tb *tb);

#endif /* OSI_EVENTS_PRIVATE_H */
