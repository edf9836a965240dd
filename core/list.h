/*
 * list.h: a list of functions that is walked without a lock while others
 * change it: the base of QPP callbacks and of the fan-out of events.
 *
 * Every change makes a new immutable array and swaps it in.  A walker marks
 * its thread as reading (qpp_read_begin/end, which nest); an array that was
 * swapped out is freed once no thread that might have seen it still reads.
 * Changes are serialised by one mutex, which walkers never take.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef QPP_CORE_LIST_H
#define QPP_CORE_LIST_H

#include <stdatomic.h>

#include "core.h"

typedef void (*QppFn)(void);

/* One function on a list. */
typedef struct QppItem {
    QppFn fn;
    void *userdata;
    QppPlugin *owner;    /* whose function it is; NULL: not a plugin's */
    atomic_bool live;    /* false: removed, walkers pass over it */
} QppItem;

typedef struct QppItems {
    size_t n;
    QppItem *item[];
} QppItems;

typedef struct QppList {
    _Atomic(QppItems *) items; /* NULL: empty */
} QppList;

/* Walking.  The array is valid until qpp_read_end. */
void qpp_read_begin(void);
void qpp_read_end(void);
/* The current thread leaves all its walks, by a longjmp. */
void qpp_read_abandon(void);
/*
 * Calls @work with @data when all walks that go on now have ended: at once,
 * or on a thread that ends a walk, after its end.
 */
void qpp_read_defer(void (*work)(gpointer data), gpointer data);

static inline const QppItems *qpp_list_items(QppList *list)
{
    return atomic_load(&list->items); /* in this order: see list.c */
}

static inline bool qpp_item_live(const QppItem *item)
{
    return atomic_load_explicit(&item->live, memory_order_acquire);
}

/*
 * Adds a function: behind all whose owner was installed no later, that is, in
 * the order of installing, then in the order of adding.  Nothing is added for
 * an owner that is gone.
 */
void qpp_list_add(QppList *list, QppFn fn, void *userdata, QppPlugin *owner);

/* As qpp_list_add, but false if @fn is there already; at the end. */
bool qpp_list_add_unique(QppList *list, QppFn fn, QppPlugin *owner);

/* Removes @fn; false if it was not there. */
bool qpp_list_remove(QppList *list, QppFn fn);

/* Removes all functions of @owner; NULL: all functions. */
void qpp_list_remove_owner(QppList *list, const QppPlugin *owner);

#endif /* QPP_CORE_LIST_H */
