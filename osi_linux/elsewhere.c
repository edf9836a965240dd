/*
 * elsewhere.c: changes that a thread's own vCPU does not see.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stdatomic.h>

#include "elsewhere.h"
#include "syscalls.h"

/* What was left for one vCPU. */
typedef struct Note {
    pthread_mutex_t lock;  /* guards identity */
    atomic_bool present;
    atomic_uint n_forgotten; /* how often the vCPU has read for itself */
    OsiIdentity identity;  /* of the thread that ran there; no asid */
} Note;

static Note *notes;
static unsigned int n_notes;

void osi_elsewhere_start(unsigned int n_vcpus)
{
    n_notes = n_vcpus;
    notes = g_new0(Note, n_vcpus);
    for (unsigned int i = 0; i < n_vcpus; i++) {
        pthread_mutex_init(&notes[i].lock, NULL);
    }
}

void osi_elsewhere_tell(unsigned int self, const OsiLayout *layout,
                        OsiReadFn read)
{
    for (unsigned int i = 0; i < n_notes; i++) {
        SyscallsThread *thread =
            i == self ? NULL : syscalls_current_thread_qpp(i);
        unsigned int n_forgotten = atomic_load(&notes[i].n_forgotten);
        OsiTask task = { 0 };

        if (!thread ||
            !osi_task_read(layout, read, NULL,
                           syscalls_thread_task_qpp(thread), true, &task)) {
            continue;
        }
        pthread_mutex_lock(&notes[i].lock);
        /* A reading that began later knows this too, and maybe more. */
        if (n_forgotten == atomic_load(&notes[i].n_forgotten)) {
            notes[i].identity = task.identity;
            atomic_store(&notes[i].present, true);
        }
        pthread_mutex_unlock(&notes[i].lock);
    }
}

void osi_elsewhere_forget(unsigned int self)
{
    if (self < n_notes) {
        pthread_mutex_lock(&notes[self].lock);
        atomic_fetch_add(&notes[self].n_forgotten, 1);
        atomic_store(&notes[self].present, false);
        pthread_mutex_unlock(&notes[self].lock);
    }
}

void osi_elsewhere_forget_all(void)
{
    for (unsigned int i = 0; i < n_notes; i++) {
        osi_elsewhere_forget(i);
    }
}

void osi_elsewhere_apply(unsigned int self, OsiTask *task)
{
    Note *note = &notes[self];

    if (G_LIKELY(!atomic_load_explicit(&note->present,
                                       memory_order_acquire))) {
        return;
    }
    pthread_mutex_lock(&note->lock);
    /* It may be about the thread that ran here before. */
    if (note->identity.taskd == task->identity.taskd) {
        note->identity.asid = task->identity.asid;
        task->identity = note->identity;
    }
    atomic_store(&note->present, false);
    pthread_mutex_unlock(&note->lock);
}
