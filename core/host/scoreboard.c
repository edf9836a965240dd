/*
 * scoreboard.c: a value for each vCPU; QEMU's where it has them (API 2),
 * otherwise our own.
 *
 * QEMU aborts when it is asked for a vCPU that it has not created; hence the
 * look at the number of vCPUs before each call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>

#include "bind.h"

static struct {
    struct qemu_plugin_scoreboard *(*scoreboard_new)(size_t);
    void (*scoreboard_free)(struct qemu_plugin_scoreboard *);
    void *(*scoreboard_find)(struct qemu_plugin_scoreboard *, unsigned int);
} fn;

static const QppBinding bindings[] = {
    QPP_BIND(scoreboard_new), QPP_BIND(scoreboard_free),
    QPP_BIND(scoreboard_find),
};
const QppBindings qpp_scoreboard_bindings = { bindings,
                                              G_N_ELEMENTS(bindings) };

/* ---- Our own ----------------------------------------------------------------
 *
 * Elements in chunks that never move, made when a vCPU first asks: so that
 * finding takes no lock.
 */

#define CHUNK 64u
#define N_CHUNKS 1024u /* for 65536 vCPUs: threads of a user-mode program */

typedef struct OwnScoreboard {
    size_t element_size;
    _Atomic(char *) chunks[N_CHUNKS];
} OwnScoreboard;

static void *own_find(OwnScoreboard *own, unsigned int vcpu_index)
{
    _Atomic(char *) *slot;
    char *chunk, *none = NULL;

    if (vcpu_index >= CHUNK * N_CHUNKS) {
        return NULL;
    }
    slot = &own->chunks[vcpu_index / CHUNK];
    chunk = atomic_load(slot);
    if (!chunk) {
        chunk = g_malloc0_n(CHUNK, own->element_size);
        if (!atomic_compare_exchange_strong(slot, &none, chunk)) {
            g_free(chunk);
            chunk = none; /* what another thread was quicker to put there */
        }
    }
    return chunk + vcpu_index % CHUNK * own->element_size;
}

static void own_free(OwnScoreboard *own)
{
    for (unsigned int i = 0; i < N_CHUNKS; i++) {
        g_free(atomic_load(&own->chunks[i]));
    }
    g_free(own);
}

/* More than anybody keeps for a vCPU; GLib aborts where memory ends. */
#define MAX_ELEMENT (1u << 20)

/* ---- The API ------------------------------------------------------------- */

struct qemu_plugin_scoreboard *qemu_plugin_scoreboard_new(size_t element_size)
{
    OwnScoreboard *own;

    if (!QPP_CONTEXT(element_size > 0 && element_size <= MAX_ELEMENT,
                     "an element has 1 byte to 1 MiB")) {
        return NULL;
    }
    if (fn.scoreboard_find) {
        return fn.scoreboard_new(element_size);
    }
    own = g_new0(OwnScoreboard, 1);
    own->element_size = element_size;
    return (struct qemu_plugin_scoreboard *)own;
}

void qemu_plugin_scoreboard_free(struct qemu_plugin_scoreboard *score)
{
    if (!score) {
        return;
    }
    if (fn.scoreboard_find) {
        fn.scoreboard_free(score);
    } else {
        own_free((OwnScoreboard *)score);
    }
}

void *qemu_plugin_scoreboard_find(struct qemu_plugin_scoreboard *score,
                                  unsigned int vcpu_index)
{
    if (!score || vcpu_index >= (unsigned int)qemu_plugin_num_vcpus()) {
        return NULL;
    }
    return fn.scoreboard_find ? fn.scoreboard_find(score, vcpu_index)
                              : own_find((OwnScoreboard *)score, vcpu_index);
}

static uint64_t *find_u64(qemu_plugin_u64 entry, unsigned int vcpu_index)
{
    char *element = qemu_plugin_scoreboard_find(entry.score, vcpu_index);

    return element ? (uint64_t *)(void *)(element + entry.offset) : NULL;
}

void qemu_plugin_u64_add(qemu_plugin_u64 entry, unsigned int vcpu_index,
                         uint64_t added)
{
    uint64_t *value = find_u64(entry, vcpu_index);

    if (value) {
        *value += added;
    }
}

uint64_t qemu_plugin_u64_get(qemu_plugin_u64 entry, unsigned int vcpu_index)
{
    const uint64_t *value = find_u64(entry, vcpu_index);

    return value ? *value : 0;
}

void qemu_plugin_u64_set(qemu_plugin_u64 entry, unsigned int vcpu_index,
                         uint64_t value)
{
    uint64_t *at = find_u64(entry, vcpu_index);

    if (at) {
        *at = value;
    }
}

uint64_t qemu_plugin_u64_sum(qemu_plugin_u64 entry)
{
    uint64_t sum = 0;

    for (int i = 0, n = qemu_plugin_num_vcpus(); i < n; i++) {
        sum += qemu_plugin_u64_get(entry, i);
    }
    return sum;
}
