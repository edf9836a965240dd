/*
 * fork.c: which call a new thread comes out of.  See fork.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "fork.h"

/*
 * How many calls are remembered.  A call is needed until its child has run
 * for the first time; so many children waiting at once is a fork bomb.
 */
#define MAX_NOTES 16384

typedef struct Note {
    uint64_t return_pc; /* 0: empty */
    SyscallsCall call;
} Note;

static GMutex lock; /* guards what follows */
static Note *notes; /* a ring */
static unsigned int last;

static bool same(const Note *note, uint64_t pc,
                 const uint64_t args[SYSCALLS_MAX_ARGS], const uint64_t *nr)
{
    return note->return_pc == pc &&
           memcmp(note->call.args + 1, args + 1,
                  (SYSCALLS_MAX_ARGS - 1) * sizeof(args[0])) == 0 &&
           (!nr || (int32_t)*nr == note->call.nr);
}

void fork_note(const SyscallsCall *call, unsigned int size)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    uint64_t pc = call->pc + size;
    uint64_t nr = call->nr;

    if (!notes) {
        notes = g_new0(Note, MAX_NOTES);
    }
    if (same(&notes[last], pc, call->args, &nr)) {
        return; /* a loop that makes alike children: one note does */
    }
    last = (last + 1) % MAX_NOTES;
    notes[last].return_pc = pc;
    notes[last].call = *call;
}

bool fork_match(uint64_t pc, const uint64_t args[SYSCALLS_MAX_ARGS],
                const uint64_t *nr, SyscallsCall *out)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

    for (unsigned int i = 0; notes && i < MAX_NOTES; i++) {
        const Note *note = &notes[(last + MAX_NOTES - i) % MAX_NOTES];

        if (!note->return_pc) {
            break;
        }
        if (same(note, pc, args, nr)) {
            out->pc = note->call.pc;
            out->nr = note->call.nr;
            out->info = note->call.info;
            memcpy(out->args, note->call.args, sizeof(out->args));
            return true;
        }
    }
    return false;
}
