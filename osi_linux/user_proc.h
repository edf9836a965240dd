/*
 * user_proc.h: what the host's /proc says of QEMU's own process, which in
 * user mode is the guest's.
 *
 * A handle whose members are all zero names that process, and is the only
 * one that names any.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_USER_PROC_H
#define OSI_USER_PROC_H

#include "osi_proc.h"

/* At install. */
void osi_user_proc_start(void);

bool osi_user_is_own(const OsiProcHandle *handle);

/* Arrays and values as osi_proc.h describes; NULL: the host does not say. */
GArray *osi_user_processes(void);
GArray *osi_user_handles(void);
OsiTaskInfo *osi_user_info(int32_t tid);
char *osi_user_exe(void);
/* @name is "cwd" or "root". */
char *osi_user_link(const char *name);
GArray *osi_user_cgroups(void);

/*
 * Parsers: of the texts of /proc/.../stat and status, into what of @info they
 * tell, and of a cgroup file.  False, NULL: not such a text.
 */
bool osi_user_parse_stat(const char *text, uint64_t ns_per_tick,
                         OsiTaskInfo *info);
bool osi_user_parse_status(const char *text, OsiTaskInfo *info);
GArray *osi_user_parse_cgroups(const char *text);

/*
 * In user.c: puts the guest program's name in place of QEMU's own, which its
 * threads have at the host until the guest gives them another.
 */
void osi_user_guest_name(char comm[OSI_COMM_LEN]);

#endif /* OSI_USER_PROC_H */
