/*
 * kernel.c: finding out about the guest's kernel, in time.  See kernel.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <stdio.h>

#include "kernel.h"
#include "registers.h"
#include "sources.h"

/* A part of the time that may be spent on looking for what is not there. */
#define SHARE 20
#define MAX_PAUSE (2 * G_USEC_PER_SEC)
/* A guest that has not got so far by then may need an explanation. */
#define PATIENCE (30 * G_USEC_PER_SEC)

static _Atomic(const OsiKernel *) known;

/*
 * What the kernel says of itself is in its image from its first instruction,
 * and is there too in a guest that was running already: the first try mostly
 * is the last.  Others are for a guest that is not a kernel's yet, such as
 * firmware with threads, and for one that is too young for inference.  Each
 * waits for the SHARE-fold of what the one before has taken; in the first
 * time not longer than MAX_PAUSE.
 */
static GMutex lock; /* held while it is found out; guards these: */
static _Atomic gint64 next_try; /* but for reading */
static gint64 first_try;
static bool told_unknown;
static unsigned int n_kernels; /* that were found out */
static qemu_plugin_id_t self;

/* What is known of a kernel that is gone; vCPUs may still be using it. */
typedef struct Disposed {
    void *data;
    GDestroyNotify destroy;
} Disposed;

static GMutex disposed_lock;
static GArray *disposed; /* of Disposed; NULL: there is nothing */

const OsiKernel *osi_kernel(void)
{
    return atomic_load_explicit(&known, memory_order_acquire);
}

bool osi_kernel_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return qemu_plugin_read_memory(addr, buf, len);
}

/* NULL with @errp set if nothing (usable) is known of the kernel at @pc. */
static OsiKernel *kernel_new(uint64_t pc, uint64_t task, bool *again,
                             GError **errp)
{
    /* Both architectures of arch/ have little-endian guests alone. */
    OsiReader reader = { osi_kernel_read, NULL, false };
    g_autoptr(OsiTypes) types = osi_sources_types(&reader, pc, task, again,
                                                  errp);
    OsiKernel *kernel;
    OsiLayout layout;

    if (!types || !osi_layout_from_types(types, &layout, errp)) {
        return NULL;
    }
    kernel = g_new0(OsiKernel, 1);
    kernel->number = ++n_kernels;
    kernel->types = g_steal_pointer(&types);
    kernel->layout = layout;
    osi_proc_layout_from_types(kernel->types, &kernel->proc);
    reader.big_endian = osi_types_big_endian(kernel->types);
    kernel->facts = osi_facts_new(kernel->types, &reader);
    return kernel;
}

static void tell_locked(const OsiKernel *kernel, bool again,
                        const GError *error)
{
    if (!kernel && !told_unknown &&
        (!again || g_get_monotonic_time() - first_try > PATIENCE)) {
        told_unknown = true;
        fprintf(stderr, "osi_linux: processes stay unknown: %s; a profile of "
                "the kernel would help (profile=FILE)\n", error->message);
    } else if (kernel && told_unknown) {
        told_unknown = false;
        fprintf(stderr, "osi_linux: processes are known from now on\n");
    }
}

void osi_kernel_discover(uint64_t task)
{
    g_autoptr(GError) error = NULL;
    gint64 started = g_get_monotonic_time();
    gint64 took;
    uint64_t pc;

    /* What another vCPU is about to find need not be waited for. */
    if (started < atomic_load_explicit(&next_try, memory_order_relaxed) ||
        !osi_register_read(OSI_REG_PC, &pc) ||
        !g_mutex_trylock(&lock)) {
        return;
    }
    if (!osi_kernel()) {
        bool again = false;
        OsiKernel *kernel;

        first_try = first_try ? first_try : started;
        kernel = kernel_new(pc, task, &again, &error);
        tell_locked(kernel, again, error);
        atomic_store_explicit(&known, kernel, memory_order_release);
        took = g_get_monotonic_time() - started;
        atomic_store_explicit(&next_try, g_get_monotonic_time() +
                              (started - first_try < PATIENCE
                                   ? MIN(SHARE * took, MAX_PAUSE)
                                   : SHARE * took),
                              memory_order_relaxed);
    }
    g_mutex_unlock(&lock);
}

/* ---- A reboot ------------------------------------------------------------ */

void osi_kernel_start(qemu_plugin_id_t id)
{
    self = id;
}

void osi_kernel_dispose(void *data, GDestroyNotify destroy)
{
    const Disposed d = { data, destroy };

    if (!data) {
        return;
    }
    g_mutex_lock(&disposed_lock);
    if (!disposed) {
        disposed = g_array_new(FALSE, FALSE, sizeof(Disposed));
    }
    g_array_append_val(disposed, d);
    g_mutex_unlock(&disposed_lock);
}

/* All vCPUs stand still: none is in a callback. */
static void free_disposed(qemu_plugin_id_t id)
{
    g_autoptr(GArray) all = NULL;

    g_mutex_lock(&disposed_lock);
    all = g_steal_pointer(&disposed);
    g_mutex_unlock(&disposed_lock);
    for (guint i = 0; all && i < all->len; i++) {
        const Disposed *d = &g_array_index(all, Disposed, i);

        d->destroy(d->data);
    }
}

static void kernel_free(void *data)
{
    OsiKernel *kernel = data;

    osi_facts_free(kernel->facts);
    osi_types_free(kernel->types);
    g_free(kernel);
}

void osi_kernel_forget(void)
{
    const OsiKernel *old;

    g_mutex_lock(&lock);
    old = atomic_exchange(&known, NULL);
    atomic_store(&next_try, 0);
    first_try = 0;
    told_unknown = false;
    osi_sources_forget();
    g_mutex_unlock(&lock);
    osi_kernel_dispose((void *)old, kernel_free);
}

void osi_kernel_free_disposed(void)
{
    if (qemu_plugin_available("qemu_plugin_retranslate")) {
        qemu_plugin_retranslate(self, free_disposed);
    }
}
