/*
 * layout.c: where in the kernel's structures things lie.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>

#include "fields.h"
#include "layout.h"

typedef enum Need { OPTIONAL, NEEDED } Need;

typedef struct Wanted {
    const char *type;
    const char *path;
    size_t field; /* offset of the OsiField in OsiLayout */
    uint64_t max_size;
    Need need;
} Wanted;

/* No member of use lies further out. */
#define OFFSET_MAX (1u << 30)

#define FIELD(name) offsetof(OsiLayout, name)

static const Wanted wanted[] = {
    { "task_struct", "pid", FIELD(pid), 4, NEEDED },
    { "task_struct", "tgid", FIELD(tgid), 4, NEEDED },
    { "task_struct", "comm", FIELD(comm), 256, NEEDED },
    { "task_struct", "real_parent", FIELD(real_parent), 8, OPTIONAL },
    { "task_struct", "group_leader", FIELD(group_leader), 8, OPTIONAL },
    { "task_struct", "mm", FIELD(mm), 8, OPTIONAL },
    { "task_struct", "real_cred", FIELD(real_cred), 8, OPTIONAL },
    /* ns of CLOCK_MONOTONIC */
    { "task_struct", "start_time", FIELD(start_time), 8, OPTIONAL },
    /* Both become NULL when the task is waited for (release_task). */
    { "task_struct", "sighand", FIELD(sighand), 8, OPTIONAL },
    { "task_struct", "thread_pid", FIELD(thread_pid), 8, OPTIONAL },
    { "mm_struct", "pgd", FIELD(pgd), 8, OPTIONAL },
    { "cred", "uid", FIELD(uid), 4, OPTIONAL },
};

static void widen_window(OsiLayout *layout, const OsiField *field,
                         uint64_t *end)
{
    layout->window_start = MIN(layout->window_start, field->offset);
    *end = MAX(*end, field->offset + field->size);
}

bool osi_layout_from_types(const OsiTypes *types, OsiLayout *out,
                           GError **errp)
{
    uint64_t task_size, end = 0;

    *out = (OsiLayout){ .window_start = UINT64_MAX };
    out->big_endian = osi_types_big_endian(types);
    out->pointer_size = osi_types_pointer_size(types);
    if (!osi_types_size(types, "task_struct", &task_size)) {
        task_size = UINT64_MAX; /* not known */
    }
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const Wanted *w = &wanted[i];
        OsiField *field = (OsiField *)((char *)out + w->field);
        bool in_task = g_str_equal(w->type, "task_struct");
        OsiField m;

        if (!osi_types_member(types, w->type, w->path, &m) ||
            m.size > w->max_size || m.bit_size ||
            m.offset > OFFSET_MAX ||
            (in_task && m.offset + m.size > task_size)) {
            if (w->need == NEEDED) {
                g_set_error(errp, BTF_ERROR, BTF_ERROR_NOT_FOUND,
                            "the kernel has no usable %s.%s", w->type,
                            w->path);
                return false;
            }
            continue;
        }
        *field = m;
        if (in_task) {
            widen_window(out, field, &end);
        }
    }
    out->window_size = end - out->window_start;
    if (out->window_size > OSI_WINDOW_MAX) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_INVALID,
                    "the kernel's task_struct is implausible: its members "
                    "are %" PRIu64 " bytes apart", out->window_size);
        return false;
    }
    return true;
}

uint64_t osi_field_get(const OsiLayout *layout, const OsiField *field,
                       const uint8_t *bytes, uint64_t start)
{
    return osi_number(bytes + (field->offset - start), MIN(field->size, 8),
                      layout->big_endian);
}
