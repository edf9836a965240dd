/*
 * mapping.h: what a process has mapped, from its mm_struct.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef OSI_MAPPING_H
#define OSI_MAPPING_H

#include "file.h"
#include "maple.h"
#include "osi_maps.h"

/* Processes with more are unknown. */
#define OSI_MAX_MAPPINGS (256 * 1024)

typedef struct OsiMappingLayout {
    OsiStruct vma_group, mm_group, vm_ops_group, special_group;
    OsiField vm_start, vm_end, vm_flags, vm_pgoff, vm_file, vm_ops,
             vm_private_data, vm_next, vm_mm, anon_name;
    OsiField mmap, map_count, total_vm, mm_lock_seq;
    OsiField start_brk, brk, start_stack, start_code, end_code, start_data,
             end_data, arg_start, arg_end, env_start, env_end;
    OsiField mm_mt; /* its offset is what counts */
    OsiField ops_name;
    OsiField special_name;
    uint64_t anon_name_size; /* of struct anon_vma_name before the name */
    bool anon_name_needs_no_file; /* it shares its place with what files'
                                     mappings have there */
    OsiMapleLayout maple;
} OsiMappingLayout;

typedef struct OsiMappings {
    OsiReader reader;
    OsiMappingLayout layout;
    const OsiPaths *paths;
    const OsiFiles *files;
} OsiMappings;

void osi_mappings_init(OsiMappings *m, const OsiTypes *types,
                       const OsiReader *reader, const OsiFiles *files);

/*
 * The mappings of the mm_struct at @mm, as get_mappings() gives them.
 * @page_shift is the guest's.  NULL: unknown.
 */
GArray *osi_mappings_read(const OsiMappings *m, uint64_t mm,
                          unsigned int page_shift);

/* The one with @addr in it, alone, or an empty array. */
GArray *osi_mappings_read_at(const OsiMappings *m, uint64_t mm,
                             unsigned int page_shift, uint64_t addr);

bool osi_mappings_bounds(const OsiMappings *m, uint64_t mm, OsiProcMem *out);

void osi_module_deinit(OsiModule *module);
/* The contents of @from, copied. */
void osi_module_copy(const OsiModule *from, OsiModule *to);
GArray *osi_modules_new(void);

#endif /* OSI_MAPPING_H */
