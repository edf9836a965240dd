/*
 * thread.c: the records of the guest's threads, and their slots.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "thread.h"

static GMutex lock; /* guards `threads`, and orders what records hold */
static GHashTable *threads; /* task -> SyscallsThread, never removed */
static void (*slot_destroy[SYSCALLS_MAX_SLOTS])(void *);
static int n_slots;

SyscallsThread *thread_new(uint64_t task)
{
    SyscallsThread *thread = g_new0(SyscallsThread, 1);

    thread->task = task;
    thread->call.thread = thread;
    return thread;
}

SyscallsThread *thread_get(uint64_t task)
{
    SyscallsThread *thread;

    g_mutex_lock(&lock);
    if (!threads) {
        threads = g_hash_table_new(g_int64_hash, g_int64_equal);
    }
    thread = g_hash_table_lookup(threads, &task);
    if (!thread && g_hash_table_size(threads) < THREADS_MAX) {
        thread = thread_new(task);
        g_hash_table_insert(threads, &thread->task, thread);
    }
    g_mutex_unlock(&lock);
    return thread;
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
    thread->is_child = false;
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
