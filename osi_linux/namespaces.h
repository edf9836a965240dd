/*
 * namespaces.h: a task's numbers in pid namespaces, and which namespaces it
 * is in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_NAMESPACES_H
#define OSI_NAMESPACES_H

#include "osi_proc.h"
#include "view.h"

/*
 * Fills in ns_pids, and ns[OSI_NS_PID], from the struct pid at @pid.
 * @tid is what its first number must be.
 */
void osi_namespaces_pids(const OsiView *v, uint64_t pid, int32_t tid,
                         OsiTaskInfo *info);

/* The number in the initial namespace of the struct pid at @pid, or -1. */
int32_t osi_namespaces_number(const OsiView *v, uint64_t pid);

/* The number of the namespace of @kind at @addr; 0: unknown. */
uint32_t osi_namespaces_inode(const OsiView *v, OsiNamespace kind,
                              uint64_t addr);

/* Fills in the namespaces that hang on the struct nsproxy at @proxy. */
void osi_namespaces_proxy(const OsiView *v, uint64_t proxy,
                          OsiTaskInfo *info);

#endif /* OSI_NAMESPACES_H */
