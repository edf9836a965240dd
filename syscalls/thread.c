/*
 * thread.c: the records of the guest's threads, and their slots.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <string.h>

#include "hash64.h"
#include "thread.h"

static GMutex lock; /* guards all of these, and orders what records hold */
static GHashTable *threads; /* task -> SyscallsThread, of this boot */
static GPtrArray *spare;    /* SyscallsThread: may become any thread's */
static unsigned int n_left; /* of earlier boots, still used by a vCPU */
static atomic_uint boot = 1;
static void (*slot_destroy[SYSCALLS_MAX_SLOTS])(void *);
static int n_slots;

SyscallsThread *thread_new(uint64_t task)
{
    SyscallsThread *thread = g_new0(SyscallsThread, 1);

    thread->task = task;
    thread->boot = atomic_load(&boot);
    thread->call.thread = thread;
    return thread;
}

unsigned int thread_boot(void)
{
    return atomic_load_explicit(&boot, memory_order_relaxed);
}

static SyscallsThread *find_locked(uint64_t task)
{
    return threads ? g_hash_table_lookup(threads, &task) : NULL;
}

static SyscallsThread *get_locked(uint64_t task)
{
    SyscallsThread *thread = find_locked(task);

    if (!threads) {
        threads = g_hash_table_new(hash64, g_int64_equal);
    }
    if (thread || g_hash_table_size(threads) + n_left >= THREADS_MAX) {
        return thread;
    }
    if (spare && spare->len > 0) {
        thread = g_ptr_array_steal_index_fast(spare, spare->len - 1);
        *thread = (SyscallsThread){ .task = task, .boot = thread_boot(),
                                    .call.thread = thread };
    } else {
        thread = thread_new(task);
    }
    g_hash_table_insert(threads, &thread->task, thread);
    return thread;
}

SyscallsThread *thread_find(uint64_t task)
{
    SyscallsThread *thread;

    g_mutex_lock(&lock);
    thread = find_locked(task);
    g_mutex_unlock(&lock);
    return thread;
}

SyscallsThread *thread_get(uint64_t task)
{
    SyscallsThread *thread;

    g_mutex_lock(&lock);
    thread = get_locked(task);
    g_mutex_unlock(&lock);
    return thread;
}

void thread_switch(SyscallsThread *current, uint64_t prev,
                   uint64_t next, SyscallsThread *records[2])
{
    g_mutex_lock(&lock);
    if (current) {
        current->n_vcpus--;
    }
    records[0] = get_locked(prev);
    records[1] = get_locked(next);
    if (records[1]) {
        records[1]->n_vcpus++;
    }
    g_mutex_unlock(&lock);
}

GPtrArray *thread_next_boot(const SyscallsThread *current, bool all_stand)
{
    g_autoptr(GHashTable) old = NULL;
    GPtrArray *gone = NULL;
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&lock);
    if (current->boot == thread_boot()) {
        gone = g_ptr_array_new();
        atomic_fetch_add(&boot, 1);
        old = g_steal_pointer(&threads);
        g_hash_table_iter_init(&iter, old);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            SyscallsThread *thread = value;

            if (all_stand || thread->n_vcpus == (thread == current)) {
                g_ptr_array_add(gone, thread);
            }
        }
        n_left += g_hash_table_size(old);
    }
    g_mutex_unlock(&lock);
    return gone;
}

void thread_recycle(SyscallsThread *thread)
{
    g_mutex_lock(&lock);
    if (!spare) {
        spare = g_ptr_array_new();
    }
    thread->boot = 0;
    g_ptr_array_add(spare, thread);
    n_left--;
    g_mutex_unlock(&lock);
}

void thread_foreach(void (*fn)(SyscallsThread *thread, void *data),
                    void *data)
{
    GHashTableIter iter;
    gpointer thread;

    g_mutex_lock(&lock);
    if (threads) {
        g_hash_table_iter_init(&iter, threads);
        while (g_hash_table_iter_next(&iter, NULL, &thread)) {
            fn(thread, data);
        }
    }
    g_mutex_unlock(&lock);
}

void thread_reset(SyscallsThread *thread)
{
    for (int i = 0; i < n_slots; i++) {
        if (thread->slots[i] && slot_destroy[i]) {
            slot_destroy[i](thread->slots[i]);
        }
        thread->slots[i] = NULL;
    }
    thread->in_call = false;
    thread->entered_due = false;
    thread->is_child = false;
    thread->frame_sp = 0;
    thread->has_resume = false;
}

QEMU_PLUGIN_EXPORT int syscalls_slot_new(void (*destroy)(void *))
{
    if (n_slots == SYSCALLS_MAX_SLOTS) {
        return -1;
    }
    slot_destroy[n_slots] = destroy;
    return n_slots++;
}

QEMU_PLUGIN_EXPORT void **syscalls_slot(SyscallsThread *thread, int slot)
{
    return &thread->slots[slot];
}

QEMU_PLUGIN_EXPORT uint64_t
syscalls_thread_task(const SyscallsThread *thread)
{
    return thread->task;
}
