/*
 * remap.c: mappings come and go, libraries are loaded.
 *
 * What a process has mapped is read after each call that may have changed
 * it, on the thread's way out of the kernel, and compared with what was there
 * before: whatever the kernel made of the call (split, merged, replaced), the
 * difference is what is told.  All this only while somebody wants to know.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <string.h>

#include "hash64.h"
#include "live.h"
#include "osi_events.h"
#include "remap.h"
#include "syscalls.h"
#include "system.h"

/* More address spaces at once are not kept up with. */
#define MAX_SPACES 65536

/* An address space, and what was last seen in it. */
typedef struct Space {
    gatomicrefcount refs;
    GMutex lock;       /* held while its changes are told, so that threads
                          that share it tell them in order */
    GArray *mappings;  /* of OsiModule */
    gsize bytes;       /* of host memory, about */
    unsigned int failures; /* to read them, one after the other */
    bool is_program; /* begun by an execve: all that is there is to be told */
} Space;

/* What all address spaces together may take of the host's memory. */
#define MAX_BYTES ((gsize)256 << 20)
/* A space that cannot be read so often is given up. */
#define MAX_FAILURES 16

static qemu_plugin_callback *on_mapping_added, *on_mapping_removed,
    *on_library_load;
static GMutex spaces_lock;
static GHashTable *spaces; /* mm (uint64_t *) -> Space */
static atomic_size_t total_bytes;
static atomic_bool listening; /* somebody has wanted to know, all the time */

bool osi_remap_wanted(void)
{
    return qemu_plugin_callback_wanted(on_mapping_added) ||
           qemu_plugin_callback_wanted(on_mapping_removed) ||
           qemu_plugin_callback_wanted(on_library_load);
}

/* ---- Address spaces ------------------------------------------------------ */

static void space_unref(gpointer data)
{
    Space *space = data;

    if (g_atomic_ref_count_dec(&space->refs)) {
        atomic_fetch_sub(&total_bytes, space->bytes);
        g_mutex_clear(&space->lock);
        g_clear_pointer(&space->mappings, g_array_unref);
        g_free(space);
    }
}

/* The one of @mm, made if need be if @make; NULL: none.  space_unref it. */
static Space *space_get(uint64_t mm, bool make)
{
    Space *space;

    g_mutex_lock(&spaces_lock);
    space = g_hash_table_lookup(spaces, &mm);
    if (!space && make && g_hash_table_size(spaces) < MAX_SPACES &&
        atomic_load(&total_bytes) < MAX_BYTES) {
        space = g_new0(Space, 1);
        g_atomic_ref_count_init(&space->refs);
        g_mutex_init(&space->lock);
        g_hash_table_insert(spaces, g_memdup2(&mm, sizeof(mm)), space);
    }
    if (space) {
        g_atomic_ref_count_inc(&space->refs);
    }
    g_mutex_unlock(&spaces_lock);
    return space;
}

static void space_drop(uint64_t mm)
{
    g_mutex_lock(&spaces_lock);
    g_hash_table_remove(spaces, &mm);
    g_mutex_unlock(&spaces_lock);
}

/* @space, which is locked, takes over @mappings. */
static void space_set_locked(Space *space, GArray *mappings)
{
    gsize bytes = 0;

    for (guint i = 0; mappings && i < mappings->len; i++) {
        const OsiModule *m = &g_array_index(mappings, OsiModule, i);

        bytes += sizeof(*m) + strlen(m->name) +
                 (m->file ? strlen(m->file) : 0);
    }
    atomic_fetch_add(&total_bytes, bytes - space->bytes);
    space->bytes = bytes;
    space->failures = 0;
    g_clear_pointer(&space->mappings, g_array_unref);
    space->mappings = mappings;
}

static GArray *read_mappings(uint64_t mm)
{
    const OsiLive *live = osi_live();
    unsigned int page_shift;

    return live && mm && osi_live_page_shift(&page_shift)
               ? osi_mappings_read(&live->mappings, mm, page_shift)
               : NULL;
}

/* ---- Telling ------------------------------------------------------------- */

static bool is_same(const OsiModule *a, const OsiModule *b)
{
    return a->base == b->base && a->size == b->size &&
           a->offset == b->offset && a->inode == b->inode &&
           a->dev_major == b->dev_major && a->dev_minor == b->dev_minor &&
           strcmp(a->perms, b->perms) == 0 && g_strcmp0(a->file, b->file) == 0;
}

static bool is_code(const OsiModule *m)
{
    return (m->flags & OSI_VM_EXEC) && m->kind == OSI_MAPPING_FILE;
}

/* For a table of files: a guest may map very many. */
static guint file_hash(gconstpointer module)
{
    const OsiModule *m = module;

    return hash64(&m->inode) ^ (m->dev_major << 20 | m->dev_minor);
}

static gboolean same_file(gconstpointer one, gconstpointer other)
{
    const OsiModule *a = one, *b = other;

    return a->inode == b->inode && a->dev_major == b->dev_major &&
           a->dev_minor == b->dev_minor;
}

static void tell(qemu_plugin_callback *callback, unsigned int vcpu_index,
                 const OsiTask *task, const OsiModule *mapping)
{
    OsiMappingEvent event = { vcpu_index, task->identity, mapping };

    qemu_plugin_run_callback_handle(callback, &event, NULL);
}

/* What is in @a and not in @b, both in the order of addresses. */
static void tell_missing(qemu_plugin_callback *callback,
                         unsigned int vcpu_index, const OsiTask *task,
                         const GArray *a, const GArray *b)
{
    guint j = 0;

    for (guint i = 0; a && i < a->len; i++) {
        const OsiModule *m = &g_array_index(a, OsiModule, i);

        while (b && j < b->len &&
               g_array_index(b, OsiModule, j).base < m->base) {
            j++;
        }
        if (!b || j >= b->len || !is_same(m, &g_array_index(b, OsiModule, j))) {
            tell(callback, vcpu_index, task, m);
        }
    }
}

static void tell_libraries(unsigned int vcpu_index, const OsiTask *task,
                           const GArray *before, const GArray *now)
{
    g_autoptr(GHashTable) loaded = g_hash_table_new(file_hash, same_file);

    for (guint i = 0; before && i < before->len; i++) {
        OsiModule *m = &g_array_index(before, OsiModule, i);

        if (is_code(m)) {
            g_hash_table_add(loaded, m);
        }
    }
    for (guint i = 0; i < now->len; i++) {
        OsiModule *m = &g_array_index(now, OsiModule, i);

        if (is_code(m) && g_hash_table_add(loaded, m)) {
            tell(on_library_load, vcpu_index, task, m);
        }
    }
}

/* @space, which is locked, has now @now, which it takes over. */
static void update_locked(unsigned int vcpu_index, const OsiTask *task,
                          Space *space, GArray *now)
{
    const GArray *before = space->mappings;

    tell_missing(on_mapping_removed, vcpu_index, task, before, now);
    tell_missing(on_mapping_added, vcpu_index, task, now, before);
    tell_libraries(vcpu_index, task, before, now);
    space_set_locked(space, now);
}

bool osi_remap_tell(unsigned int vcpu_index, const OsiTask *task)
{
    Space *space = task->mm && atomic_load(&listening)
                       ? space_get(task->mm, false) : NULL;
    GArray *now;
    bool give_up = false;

    if (!space) {
        return true; /* gone, or seen for the first time at a switch */
    }
    g_mutex_lock(&space->lock);
    now = read_mappings(task->mm);
    if (now) {
        update_locked(vcpu_index, task, space, now);
    } else {
        give_up = ++space->failures >= MAX_FAILURES;
    }
    g_mutex_unlock(&space->lock);
    space_unref(space);
    if (give_up) {
        space_drop(task->mm);
    }
    return now || give_up;
}

/*
 * Whether anybody wants to know.  What was known when nobody did is no good
 * any more: address spaces have come and gone since.
 */
static bool is_listening(void)
{
    bool wanted = osi_remap_wanted();

    if (G_LIKELY(wanted == atomic_load_explicit(&listening,
                                                memory_order_relaxed))) {
        return wanted;
    }
    g_mutex_lock(&spaces_lock);
    g_hash_table_remove_all(spaces);
    g_mutex_unlock(&spaces_lock);
    atomic_store(&listening, wanted);
    return wanted;
}

void osi_remap_exec(unsigned int vcpu_index, const OsiTask *task)
{
    Space *space;

    if (!is_listening()) {
        return;
    }
    space_drop(task->mm); /* another's, that is gone */
    space = space_get(task->mm, true);
    if (!space) {
        return;
    }
    g_mutex_lock(&space->lock);
    space->is_program = true;
    g_mutex_unlock(&space->lock);
    space_unref(space);
    if (!osi_remap_tell(vcpu_index, task)) {
        osi_mark(vcpu_index, OSI_MARK_REMAPS); /* on the way out, then */
    }
}

void osi_remap_new(const OsiTask *task)
{
    /* What is known of one at that address is of one that is gone. */
    if (osi_remap_wanted()) {
        space_drop(task->mm);
    }
}

void osi_remap_end(const OsiTask *task)
{
    space_drop(task->mm);
}

void osi_remap_forget(void)
{
    g_mutex_lock(&spaces_lock);
    g_hash_table_remove_all(spaces);
    g_mutex_unlock(&spaces_lock);
}

/* ---- When ---------------------------------------------------------------- */

/* What a process has that was there before is not told: it is where it
   starts from. */
static void on_thread_switch(void *evdata, void *udata)
{
    const SyscallsSwitch *sw = evdata;
    const OsiTask *task = is_listening() ? osi_system_current(sw->vcpu)
                                         : NULL;
    Space *space;

    if (!task || !task->mm) {
        return;
    }
    space = space_get(task->mm, true);
    if (!space) {
        return;
    }
    g_mutex_lock(&space->lock);
    if (!space->mappings && !space->is_program) {
        space_set_locked(space, read_mappings(task->mm));
    }
    g_mutex_unlock(&space->lock);
    space_unref(space);
}

static void on_remapping(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (osi_remap_wanted()) {
        osi_mark(call->vcpu, OSI_MARK_REMAPS);
    }
}

bool osi_remap_start(qemu_plugin_id_t id)
{
    static const char *const calls[] = {
        "mmap", "munmap", "mremap", "mprotect", "pkey_mprotect", "brk",
        "shmat", "shmdt", "remap_file_pages", "prctl", "madvise",
        "io_setup", "io_destroy", "map_shadow_stack", "mseal",
        /* these split mappings, or join them again */
        "mlock", "mlock2", "munlock", "mlockall", "munlockall", "mbind",
    };

    spaces = g_hash_table_new_full(hash64, g_int64_equal, g_free, space_unref);
    on_mapping_added = qemu_plugin_create_callback_handle(
        id, "on_mapping_added");
    on_mapping_removed = qemu_plugin_create_callback_handle(
        id, "on_mapping_removed");
    on_library_load = qemu_plugin_create_callback_handle(id,
                                                         "on_library_load");
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_autofree char *event = g_strdup_printf("on_%s_enter", calls[i]);

        if (syscalls_by_name_qpp(calls[i]) &&
            !qemu_plugin_reg_callback("syscalls", event, on_remapping)) {
            return false;
        }
    }
    return on_mapping_added && on_mapping_removed && on_library_load &&
           qemu_plugin_reg_callback("syscalls", "on_thread_switch",
                                    on_thread_switch);
}
