/*
 * infer.h: where members lie in the structures of a kernel that does not say
 * so, found from what must hold of its tasks.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_INFER_H
#define OSI_INFER_H

#include "fields.h"

typedef enum OsiInferError {
    OSI_INFER_ERROR_NOT_YET,  /* the guest is too young: try again */
    OSI_INFER_ERROR_FAILED,   /* this kernel is not understood */
} OsiInferError;

#define OSI_INFER_ERROR (osi_infer_error_quark())
GQuark osi_infer_error_quark(void);

/*
 * The members that are certain.  Wants a kernel whose kallsyms list its
 * variables.  Reads 262,144 times at most.  NULL with @errp set if what nothing
 * works without is not found.
 */
OsiModel *osi_infer(const Kallsyms *symbols, const OsiReader *reader,
                    GError **errp);

#endif /* OSI_INFER_H */
