/*
 * klist.c: walking the kernel's lists.  See klist.h.
 *
 * A node that list_del_rcu() took out still points forward, but its way back
 * is poisoned (include/linux/list.h), and its successor points past it: both
 * show here.  A cycle that does not go through the head would need a node
 * with two predecessors, and it can point back to one only.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "klist.h"

/* Steps back in one walk; each is a change seen by another vCPU's doing. */
#define MAX_REPAIRS 1000

/* The node at @node, if it is linked behind @prev; its successor. */
static bool next_of(const OsiView *v, uint64_t node, uint64_t prev,
                    uint64_t *next)
{
    const unsigned int size = v->layout->pointer_size;
    const bool big_endian = v->layout->big_endian;
    uint8_t bytes[16];

    if (!node || !osi_read_bytes(&v->reader, node, bytes, 2 * size)) {
        return false;
    }
    *next = osi_number(bytes, size, big_endian);
    return *next != 0 && osi_number(bytes + size, size, big_endian) == prev;
}

bool osi_klist_collect(const OsiView *v, uint64_t head, unsigned int max,
                       GArray *nodes)
{
    const guint first = nodes->len;
    unsigned int repairs = 0;
    uint64_t last = head, next;

    if (!osi_view_pointer(v, head, &next)) {
        return false;
    }
    for (;;) {
        uint64_t after, back, prev;

        if (next == head) {
            if (osi_view_pointer(v, head + v->layout->pointer_size, &back) &&
                back == last) {
                return true;
            }
        } else if (nodes->len - first >= max) {
            return false;
        } else if (next_of(v, next, last, &after)) {
            g_array_append_val(nodes, next);
            last = next;
            next = after;
            continue;
        }
        if (++repairs > MAX_REPAIRS) {
            return false;
        }
        /* Back to the last one that is still linked; the head always is. */
        while (last != head) {
            prev = nodes->len - first > 1
                       ? g_array_index(nodes, uint64_t, nodes->len - 2)
                       : head;
            if (next_of(v, last, prev, &next)) {
                break;
            }
            g_array_set_size(nodes, nodes->len - 1);
            last = prev;
        }
        if (last == head && !osi_view_pointer(v, head, &next)) {
            return false;
        }
    }
}
