/*
 * remap.h: osi_events.h's events about mappings.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_REMAP_H
#define OSI_REMAP_H

#include "task.h"

/* At install. */
bool osi_remap_start(qemu_plugin_id_t id);

/* Whether anybody wants to know. */
bool osi_remap_wanted(void);

/*
 * The thread of @task, on @vcpu_index, may have changed its mappings: in the
 * kernel's context, on its way out.  False: they cannot be read now.
 */
bool osi_remap_tell(unsigned int vcpu_index, const OsiTask *task);

/* A process with an address space of its own, a copy of another's. */
void osi_remap_new(const OsiTask *task);

/* It has become another program: what it has mapped is all new. */
void osi_remap_exec(unsigned int vcpu_index, const OsiTask *task);

/* Its process ends. */
void osi_remap_end(const OsiTask *task);

/* The guest has rebooted: no process that was known is there. */
void osi_remap_forget(void);

#endif /* OSI_REMAP_H */
