/*
 * klist.h: walking the kernel's doubly linked lists (struct list_head) from
 * outside, while other vCPUs may change them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_KLIST_H
#define OSI_KLIST_H

#include "view.h"

/*
 * Adds the address of each node of the list at @head to @nodes, an array of
 * uint64_t, without the head; at most @max.
 *
 * A node counts only if it points back to the one that led to it.  Where it
 * does not, the list is changing or broken: the walk goes back to the last
 * node that is still linked, and on from there.  So nodes that were in the
 * list all the time are found, each once; others may be or not.
 *
 * False if the walk did not come round: unreadable, broken, changing too
 * fast, or longer than @max.  @nodes then has those up to there.
 */
bool osi_klist_collect(const OsiView *v, uint64_t head, unsigned int max,
                       GArray *nodes);

#endif /* OSI_KLIST_H */
