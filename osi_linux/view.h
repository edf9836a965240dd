/*
 * view.h: one look into the guest's kernel: how its memory is read, and
 * where in its structures things lie.  What looks at processes takes one, and
 * knows no emulator: tests give it a memory of their own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_VIEW_H
#define OSI_VIEW_H

#include "layout.h"
#include "proc_layout.h"

typedef struct OsiView {
    OsiReader reader;
    const OsiLayout *layout;
    const OsiProcLayout *proc;
} OsiView;

/* As osi_read_field(). */
bool osi_view_field(const OsiView *v, uint64_t base, const OsiField *field,
                    uint64_t *value);

/* The pointer at @addr. */
bool osi_view_pointer(const OsiView *v, uint64_t addr, uint64_t *value);

#endif /* OSI_VIEW_H */
