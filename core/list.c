/*
 * list.c: lists of functions that are walked without a lock.  See list.h.
 *
 * The reclaiming is by epochs.  A reading thread publishes the epoch in
 * which it began; a change stamps what it took out with the epoch that it
 * ends and begins a new one; what was taken out is freed when every reading
 * thread began later.  A thread's record is never freed: it is taken over by
 * a later thread.
 *
 * What keeps this right is a store followed by a load of something else, on
 * either side: a walker publishes its epoch, then loads the array; a change
 * stores the array, then looks at the walkers' epochs.  All four are
 * sequentially consistent, so that at least one of the two sees the other.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>

#include "list.h"

/* What one thread publishes. */
typedef struct Reader {
    _Atomic uint64_t epoch;  /* in which it began to read; 0: not reading */
    atomic_bool taken;
    unsigned int depth;      /* of nesting; the thread's own */
    struct Reader *next;
} Reader;

/* Something to free when no reader can see it any more. */
typedef struct Retired {
    gpointer memory;
    uint64_t epoch;
    struct Retired *next;
} Retired;

/* Something to do when no reader can see it any more. */
typedef struct Deferred {
    void (*work)(gpointer data);
    gpointer data;
    uint64_t epoch;
    struct Deferred *next;
} Deferred;

static _Atomic(Reader *) readers;
static _Atomic uint64_t epoch = 1;
/*
 * Guards retired and every list's changing.  A pthread mutex and not GLib's,
 * since ThreadSanitizer can follow it.
 */
static pthread_mutex_t change_lock = PTHREAD_MUTEX_INITIALIZER;
static Retired *retired;
static Deferred *deferred, **deferred_end = &deferred;
static atomic_bool any_deferred;

static void run_deferred(void);

static __thread Reader *self __attribute__((tls_model("initial-exec")));

/* The thread ends, perhaps in the middle of a walk. */
static void reader_release(gpointer data)
{
    Reader *reader = data;

    self = NULL;
    reader->depth = 0;
    atomic_store(&reader->epoch, 0);
    atomic_store(&reader->taken, false);
    run_deferred();
}

static GPrivate reader_owner = G_PRIVATE_INIT(reader_release);

static Reader *reader_get(void)
{
    Reader *r;

    for (r = atomic_load(&readers); r; r = r->next) {
        bool free_one = false;

        if (atomic_compare_exchange_strong(&r->taken, &free_one, true)) {
            break;
        }
    }
    if (!r) {
        r = g_new0(Reader, 1);
        atomic_init(&r->taken, true);
        r->next = atomic_load(&readers);
        while (!atomic_compare_exchange_weak(&readers, &r->next, r)) {
            /* r->next is what was found instead: try again */
        }
    }
    self = r;
    g_private_set(&reader_owner, r);
    return r;
}

void qpp_read_begin(void)
{
    Reader *r = G_LIKELY(self) ? self : reader_get();

    if (r->depth++ == 0) {
        atomic_store(&r->epoch, atomic_load(&epoch));
    }
}

void qpp_read_end(void)
{
    Reader *r = self;

    if (--r->depth == 0) {
        atomic_store_explicit(&r->epoch, 0, memory_order_release);
        /*
         * The load may overtake the store, and miss what is deferred at this
         * moment: it is then done at the next walk's end, whoever's.
         */
        if (G_UNLIKELY(atomic_load_explicit(&any_deferred,
                                            memory_order_relaxed))) {
            run_deferred();
        }
    }
}

void qpp_read_abandon(void)
{
    if (self && self->depth > 0) {
        self->depth = 1;
        qpp_read_end();
    }
}

/*
 * User-mode QEMU forks with its guest, and plugins go on in the child, which
 * has one thread: no other may be left holding the lock or reading.
 */
static void fork_prepare(void)
{
    pthread_mutex_lock(&change_lock);
}

static void fork_parent(void)
{
    pthread_mutex_unlock(&change_lock);
}

static void fork_child(void)
{
    for (Reader *r = atomic_load(&readers); r; r = r->next) {
        if (r != self) {
            r->depth = 0;
            atomic_store(&r->epoch, 0);
            atomic_store(&r->taken, false);
        }
    }
    pthread_mutex_unlock(&change_lock);
}

static void __attribute__((constructor)) fork_init(void)
{
    pthread_atfork(fork_prepare, fork_parent, fork_child);
}

static void retire_locked(gpointer memory)
{
    Retired *it = g_new(Retired, 1);

    it->memory = memory;
    it->epoch = atomic_load(&epoch);
    it->next = retired;
    retired = it;
}

/* Begins a new epoch; the oldest in which a reader goes on, or that one. */
static uint64_t oldest_locked(void)
{
    uint64_t oldest = atomic_fetch_add(&epoch, 1) + 1;

    for (Reader *r = atomic_load(&readers); r; r = r->next) {
        uint64_t began = atomic_load(&r->epoch);

        if (began && began < oldest) {
            oldest = began;
        }
    }
    return oldest;
}

static void reclaim_locked(void)
{
    uint64_t oldest = oldest_locked();
    Retired **link = &retired;

    while (*link) {
        Retired *it = *link;

        if (it->epoch < oldest) {
            *link = it->next;
            g_free(it->memory);
            g_free(it);
        } else {
            link = &it->next;
        }
    }
}

/* The first thing whose time has come, taken off; NULL if there is none. */
static Deferred *take_deferred(void)
{
    Deferred *it;

    pthread_mutex_lock(&change_lock);
    it = deferred;
    if (it && it->epoch < oldest_locked()) {
        deferred = it->next;
        if (!deferred) {
            deferred_end = &deferred;
        }
    } else {
        it = NULL;
    }
    atomic_store(&any_deferred, deferred != NULL);
    pthread_mutex_unlock(&change_lock);
    return it;
}

static void run_deferred(void)
{
    Deferred *it;

    while ((it = take_deferred())) {
        it->work(it->data);
        g_free(it);
    }
}

void qpp_read_defer(void (*work)(gpointer data), gpointer data)
{
    Deferred *it = g_new0(Deferred, 1);

    it->work = work;
    it->data = data;
    pthread_mutex_lock(&change_lock);
    it->epoch = atomic_fetch_add(&epoch, 1);
    *deferred_end = it;
    deferred_end = &it->next;
    atomic_store(&any_deferred, true);
    pthread_mutex_unlock(&change_lock);
    run_deferred();
}

static QppItems *items_new(size_t n)
{
    QppItems *items = g_malloc0(sizeof(*items) + n * sizeof(items->item[0]));

    items->n = n;
    return items;
}

/* Swaps @items in (NULL: an empty list), and retires the old array. */
static void publish_locked(QppList *list, QppItems *items)
{
    QppItems *old = atomic_load(&list->items);

    atomic_store(&list->items, items);
    if (old) {
        retire_locked(old);
    }
    reclaim_locked();
}

static ssize_t find_locked(QppList *list, QppFn fn)
{
    const QppItems *items = atomic_load(&list->items);

    for (size_t i = 0; items && i < items->n; i++) {
        if (items->item[i]->fn == fn) {
            return i;
        }
    }
    return -1;
}

static void insert_locked(QppList *list, size_t at, QppFn fn, void *userdata,
                          QppPlugin *owner)
{
    const QppItems *old = atomic_load(&list->items);
    size_t n = old ? old->n : 0;
    QppItems *items;
    QppItem *item;

    /* Who goes is marked first, and then taken off all lists. */
    if (owner && owner->state == QPP_GONE) {
        return;
    }
    items = items_new(n + 1);
    item = g_new0(QppItem, 1);
    item->fn = fn;
    item->userdata = userdata;
    item->owner = owner;
    atomic_init(&item->live, true);
    for (size_t i = 0; i < n; i++) {
        items->item[i < at ? i : i + 1] = old->item[i];
    }
    items->item[at] = item;
    publish_locked(list, items);
}

void qpp_list_add(QppList *list, QppFn fn, void *userdata, QppPlugin *owner)
{
    unsigned int order = owner ? owner->order : 0;
    const QppItems *old;
    size_t at;

    pthread_mutex_lock(&change_lock);
    old = atomic_load(&list->items);
    at = old ? old->n : 0;
    while (at > 0 && old->item[at - 1]->owner &&
           old->item[at - 1]->owner->order > order) {
        at--;
    }
    insert_locked(list, at, fn, userdata, owner);
    pthread_mutex_unlock(&change_lock);
}

bool qpp_list_add_unique(QppList *list, QppFn fn, QppPlugin *owner)
{
    const QppItems *old;
    bool is_new;

    pthread_mutex_lock(&change_lock);
    old = atomic_load(&list->items);
    is_new = find_locked(list, fn) < 0;
    if (is_new) {
        insert_locked(list, old ? old->n : 0, fn, NULL, owner);
    }
    pthread_mutex_unlock(&change_lock);
    return is_new;
}

static void remove_locked(QppList *list, size_t at)
{
    const QppItems *old = atomic_load(&list->items);
    QppItems *items = NULL;

    atomic_store(&old->item[at]->live, false);
    retire_locked(old->item[at]);
    if (old->n > 1) {
        items = items_new(old->n - 1);
        for (size_t i = 0; i < items->n; i++) {
            items->item[i] = old->item[i < at ? i : i + 1];
        }
    }
    publish_locked(list, items);
}

bool qpp_list_remove(QppList *list, QppFn fn)
{
    ssize_t at;

    pthread_mutex_lock(&change_lock);
    at = find_locked(list, fn);
    if (at >= 0) {
        remove_locked(list, at);
    }
    pthread_mutex_unlock(&change_lock);
    return at >= 0;
}

void qpp_list_remove_owner(QppList *list, const QppPlugin *owner)
{
    const QppItems *old;
    QppItems *items;

    pthread_mutex_lock(&change_lock);
    old = atomic_load(&list->items);
    items = items_new(old ? old->n : 0);
    items->n = 0;
    for (size_t i = 0; old && i < old->n; i++) {
        QppItem *item = old->item[i];

        if (owner && item->owner != owner) {
            items->item[items->n++] = item;
        } else {
            atomic_store(&item->live, false);
            retire_locked(item);
        }
    }
    if (items->n == (old ? old->n : 0)) {
        g_free(items); /* nothing has changed */
    } else if (items->n == 0) {
        g_free(items);
        publish_locked(list, NULL);
    } else {
        publish_locked(list, items);
    }
    pthread_mutex_unlock(&change_lock);
}
