/*
 * source.h: what plugin.c asks for identities: a guest system's kernel
 * (system.c) or, in user mode, the host (user.c).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_SOURCE_H
#define OSI_SOURCE_H

#include "syscalls.h"
#include "task.h"

typedef struct OsiSource {
    /* What is known of the thread on @vcpu_index, borrowed; NULL: nothing. */
    const OsiTask *(*current)(unsigned int vcpu_index);
    /* Reads the process of @handle to @task; false: there is none. */
    bool (*process)(const OsiProcHandle *handle, OsiTask *task);
} OsiSource;

/* NULL after a line on stderr. */
const OsiSource *osi_system_start(qemu_plugin_id_t id,
                                  const qemu_info_t *info);
const OsiSource *osi_user_start(qemu_plugin_id_t id);

#endif /* OSI_SOURCE_H */
