/*
 * mapping.c: what a process has mapped.
 *
 * An mm_struct's mappings are vm_area_structs: in a maple tree since Linux
 * 6.1 (maple.c), in a list by address before.  What one is called follows
 * from its file or, as in the kernel's show_map_vma(), from the structure
 * behind it and from where heap and stack are.
 *
 * Nothing is locked.  A reading counts if the number of mappings is what the
 * mm_struct says, before and after, each lies where tree or list have it and
 * belongs to that mm_struct, and nobody has locked it for changing since.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "hash64.h"
#include "mapping.h"

#define MAX_ATTEMPTS 4
/* Of anonymous memory that has been named; the kernel's limit is 80. */
#define MAX_ANON_NAME 256

#define AT(name) offsetof(OsiMappingLayout, name)
#define WANT(type, path, field, group, size)                                 \
    { type, path, AT(field), AT(group), size }
#define WANT_MM(name) WANT("mm_struct", #name, name, mm_group, 8)

static const OsiWanted wanted[] = {
    WANT("vm_area_struct", "vm_start", vm_start, vma_group, 8),
    WANT("vm_area_struct", "vm_end", vm_end, vma_group, 8),
    WANT("vm_area_struct", "vm_flags", vm_flags, vma_group, 8),
    WANT("vm_area_struct", "vm_pgoff", vm_pgoff, vma_group, 8),
    WANT("vm_area_struct", "vm_file", vm_file, vma_group, 8),
    WANT("vm_area_struct", "vm_ops", vm_ops, vma_group, 8),
    WANT("vm_area_struct", "vm_private_data", vm_private_data, vma_group, 8),
    WANT("vm_area_struct", "vm_next", vm_next, vma_group, 8),
    WANT("vm_area_struct", "vm_mm", vm_mm, vma_group, 8),
    WANT("vm_area_struct", "anon_name", anon_name, vma_group, 8),
    WANT_MM(mmap),
    { "mm_struct", "mm_mt", AT(mm_mt), OSI_ALONE, 64 },
    WANT_MM(map_count),
    WANT_MM(total_vm),
    WANT("mm_struct", "mm_lock_seq.sequence", mm_lock_seq, mm_group, 4),
    WANT("mm_struct", "mm_lock_seq", mm_lock_seq, mm_group, 4),
    WANT_MM(start_brk), WANT_MM(brk), WANT_MM(start_stack),
    WANT_MM(start_code), WANT_MM(end_code),
    WANT_MM(start_data), WANT_MM(end_data),
    WANT_MM(arg_start), WANT_MM(arg_end),
    WANT_MM(env_start), WANT_MM(env_end),
    WANT("vm_operations_struct", "name", ops_name, vm_ops_group, 8),
    WANT("vm_special_mapping", "name", special_name, special_group, 8),
};

void osi_mappings_init(OsiMappings *m, const OsiTypes *types,
                       const OsiReader *reader, const OsiFiles *files)
{
    OsiMappingLayout *l = &m->layout;
    OsiField shared;

    memset(m, 0, sizeof(*m));
    m->reader = *reader;
    m->files = files;
    m->paths = files->paths;
    osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), l);
    osi_maple_layout(types, &l->maple);
    if (!osi_types_size(types, "anon_vma_name", &l->anon_name_size)) {
        l->anon_name.size = 0;
    }
    l->anon_name_needs_no_file =
        osi_types_member(types, "vm_area_struct", "shared", &shared) &&
        l->anon_name.offset - shared.offset < shared.size;
}

void osi_module_deinit(OsiModule *module)
{
    g_free(module->file);
    g_free(module->name);
}

void osi_module_copy(const OsiModule *from, OsiModule *to)
{
    *to = *from;
    to->file = g_strdup(from->file);
    to->name = g_strdup(from->name);
}

GArray *osi_modules_new(void)
{
    GArray *modules = g_array_new(FALSE, FALSE, sizeof(OsiModule));

    g_array_set_clear_func(modules, (GDestroyNotify)osi_module_deinit);
    return modules;
}

/* ---- One mapping --------------------------------------------------------- */

/* A reading under way. */
typedef struct Reading {
    const OsiMappings *m;
    uint64_t mm;
    unsigned int page_shift;
    bool only_at;       /* asked for is only what @at lies in */
    uint64_t at;
    OsiProcMem bounds;
    GArray *modules;    /* what is asked for */
    unsigned int n;     /* all that were walked over */
    bool passed;        /* @at is behind us: no more is needed */
    uint64_t end;       /* of the mapping before */
    uint64_t n_bytes;   /* of paths */
    GHashTable *files;  /* address of a struct file -> OsiModule, of which
                           what the file says is good */
} Reading;

static void free_file_entry(gpointer module)
{
    osi_module_deinit(module);
    g_free(module);
}

/* Name, path, inode and device of the file at @addr, kept: many share it. */
static const OsiModule *describe_file(Reading *reading, uint64_t addr)
{
    const OsiMappings *m = reading->m;
    OsiModule *module = g_hash_table_lookup(reading->files, &addr);
    OsiFileInfo info;
    const char *slash;

    if (module) {
        return module;
    }
    if (!osi_file_read(m->files, addr, &info)) {
        return NULL;
    }
    module = g_new0(OsiModule, 1);
    module->inode = info.ino;
    module->dev_major = info.dev >> 20;
    module->dev_minor = info.dev & 0xfffff;
    module->file = osi_path_name(m->paths, &info.path, NULL);
    module->kind = osi_path_is_made(m->paths, &info.path)
                       ? OSI_MAPPING_SHARED : OSI_MAPPING_FILE;
    slash = module->file ? strrchr(module->file, '/') : NULL;
    module->name = g_strdup(slash ? slash + 1
                                  : module->file ? module->file : "");
    g_hash_table_insert(reading->files, g_memdup2(&addr, sizeof(addr)),
                        module);
    return module;
}

/* The vDSO and its kind: the kernel names them by a vm_special_mapping. */
static char *special_name(const OsiMappings *m, const OsiCopy *vma)
{
    const OsiMappingLayout *l = &m->layout;
    char name[64];
    OsiCopy copy;

    if (!osi_read_struct(&m->reader, &l->vm_ops_group,
                         osi_get(vma, &l->vm_ops), &copy) ||
        !osi_get(&copy, &l->ops_name) ||
        !osi_read_struct(&m->reader, &l->special_group,
                         osi_get(vma, &l->vm_private_data), &copy) ||
        !osi_read_string(&m->reader, osi_get(&copy, &l->special_name), name,
                         sizeof(name)) ||
        name[0] != '[') {
        return NULL;
    }
    return g_strdup(name);
}

static char *anon_name(const OsiMappings *m, const OsiCopy *vma)
{
    const OsiMappingLayout *l = &m->layout;
    uint64_t addr = osi_get(vma, &l->anon_name);
    bool has_file = osi_get(vma, &l->vm_file) != 0;
    char name[MAX_ANON_NAME];

    if (!addr || (has_file && l->anon_name_needs_no_file) ||
        !osi_read_string(&m->reader, addr + l->anon_name_size, name,
                         sizeof(name))) {
        return NULL;
    }
    return g_strdup_printf(has_file ? "[anon_shmem:%s]" : "[anon:%s]", name);
}

static OsiMappingKind special_kind(const char *name)
{
    return g_str_equal(name, "[vdso]") ? OSI_MAPPING_VDSO
         : g_str_has_prefix(name, "[vvar") ? OSI_MAPPING_VVAR
         : OSI_MAPPING_SPECIAL;
}

/* What has no file. */
static void describe_memory(const Reading *reading, const OsiCopy *vma,
                            OsiModule *module)
{
    const OsiProcMem *bounds = &reading->bounds;
    uint64_t end = module->base + module->size;

    module->name = special_name(reading->m, vma);
    if (module->name) {
        module->kind = special_kind(module->name);
    } else if (module->base < bounds->brk && end > bounds->start_brk) {
        module->kind = OSI_MAPPING_HEAP;
        module->name = g_strdup("[heap]");
    } else if (module->base <= bounds->start_stack &&
               end >= bounds->start_stack) {
        module->kind = OSI_MAPPING_STACK;
        module->name = g_strdup("[stack]");
    } else {
        module->kind = OSI_MAPPING_ANONYMOUS;
        module->name = anon_name(reading->m, vma);
    }
}

static void set_flags(OsiModule *module, uint64_t flags)
{
    module->flags = flags;
    module->perms[0] = flags & OSI_VM_READ ? 'r' : '-';
    module->perms[1] = flags & OSI_VM_WRITE ? 'w' : '-';
    module->perms[2] = flags & OSI_VM_EXEC ? 'x' : '-';
    module->perms[3] = flags & OSI_VM_MAYSHARE ? 's' : 'p';
}

/* Appends what the vm_area_struct at @addr says; false: it has changed. */
static bool add_mapping(Reading *reading, uint64_t addr, const OsiCopy *vma)
{
    const OsiMappingLayout *l = &reading->m->layout;
    uint64_t file = osi_get(vma, &l->vm_file);
    OsiModule module = {
        .modd = addr,
        .base = osi_get(vma, &l->vm_start),
        .size = osi_get(vma, &l->vm_end) - osi_get(vma, &l->vm_start),
    };

    set_flags(&module, osi_get(vma, &l->vm_flags));
    if (file) {
        const OsiModule *known = describe_file(reading, file);
        char *anon = anon_name(reading->m, vma);

        if (known && known->file) {
            reading->n_bytes += strlen(known->file);
        }
        if (!known || reading->n_bytes > OSI_MAX_PATH_BYTES) {
            g_free(anon);
            return false;
        }
        module.file = g_strdup(known->file);
        module.name = anon ? anon : g_strdup(known->name);
        module.inode = known->inode;
        module.dev_major = known->dev_major;
        module.dev_minor = known->dev_minor;
        module.kind = known->kind;
        module.offset = osi_get(vma, &l->vm_pgoff) << reading->page_shift;
    } else {
        describe_memory(reading, vma, &module);
    }
    if (!module.name) {
        module.name = g_strdup("");
    }
    g_array_append_val(reading->modules, module);
    return true;
}

/* ---- All of them --------------------------------------------------------- */

/* One vm_area_struct, in the order of addresses; false: the reading fails. */
static bool visit(Reading *reading, uint64_t addr, OsiCopy *vma)
{
    const OsiMappingLayout *l = &reading->m->layout;
    const uint64_t in_page = (1ull << reading->page_shift) - 1;
    uint64_t start, end;

    if (!osi_read_struct(&reading->m->reader, &l->vma_group, addr, vma)) {
        return false;
    }
    start = osi_get(vma, &l->vm_start);
    end = osi_get(vma, &l->vm_end);
    if (start >= end || start < reading->end || end >> 63 ||
        ((start | end) & in_page) != 0 ||
        osi_get(vma, &l->vm_mm) != reading->mm ||
        reading->n++ >= OSI_MAX_MAPPINGS) {
        return false;
    }
    reading->end = end;
    return (reading->only_at &&
            (reading->at < start || reading->at >= end)) ||
           add_mapping(reading, addr, vma);
}

static bool visit_entry(void *opaque, uint64_t first, uint64_t last,
                        uint64_t entry)
{
    Reading *reading = opaque;
    const OsiMappingLayout *l = &reading->m->layout;
    OsiCopy vma;

    if (reading->only_at && first > reading->at) {
        reading->passed = true;
        return false;
    }
    return visit(reading, entry, &vma) &&
           osi_get(&vma, &l->vm_start) == first &&
           osi_get(&vma, &l->vm_end) - 1 == last;
}

static bool walk_list(Reading *reading, uint64_t addr, uint64_t count)
{
    const OsiMappingLayout *l = &reading->m->layout;
    OsiCopy vma;

    /* Addresses only grow, so a list that bites its tail ends here too. */
    for (; addr; addr = osi_get(&vma, &l->vm_next)) {
        if (!visit(reading, addr, &vma)) {
            return false;
        }
    }
    return reading->n == count;
}

static void get_bounds(const OsiMappingLayout *l, const OsiCopy *mm,
                       OsiProcMem *out)
{
    *out = (OsiProcMem){
        .start_brk = osi_get(mm, &l->start_brk),
        .brk = osi_get(mm, &l->brk),
        .start_stack = osi_get(mm, &l->start_stack),
        .start_code = osi_get(mm, &l->start_code),
        .end_code = osi_get(mm, &l->end_code),
        .start_data = osi_get(mm, &l->start_data),
        .end_data = osi_get(mm, &l->end_data),
        .arg_start = osi_get(mm, &l->arg_start),
        .arg_end = osi_get(mm, &l->arg_end),
        .env_start = osi_get(mm, &l->env_start),
        .env_end = osi_get(mm, &l->env_end),
    };
}

bool osi_mappings_bounds(const OsiMappings *m, uint64_t mm, OsiProcMem *out)
{
    const OsiMappingLayout *l = &m->layout;
    OsiCopy copy;

    if (!l->brk.size || !l->start_stack.size || !l->start_code.size ||
        !osi_read_struct(&m->reader, &l->mm_group, mm, &copy)) {
        return false;
    }
    get_bounds(l, &copy, out);
    return true;
}

/* Whether the mm_struct says the same as before, of what changes with it. */
static bool is_unchanged(const OsiMappings *m, uint64_t mm,
                         const OsiCopy *before)
{
    const OsiMappingLayout *l = &m->layout;
    OsiCopy now;

    return osi_read_struct(&m->reader, &l->mm_group, mm, &now) &&
           osi_get(&now, &l->map_count) == osi_get(before, &l->map_count) &&
           osi_get(&now, &l->total_vm) == osi_get(before, &l->total_vm) &&
           osi_get(&now, &l->brk) == osi_get(before, &l->brk) &&
           osi_get(&now, &l->mm_lock_seq) ==
               osi_get(before, &l->mm_lock_seq);
}

/* From the mapping with the address on, if only that one is asked for. */
static bool walk_tree(Reading *reading, uint64_t count)
{
    const OsiMappingLayout *l = &reading->m->layout;
    OsiMapleStatus status;

    /* A leaf holds one mapping at least, but for the one at the end. */
    status = osi_maple_walk(&reading->m->reader, &l->maple,
                            reading->mm + l->mm_mt.offset, reading->at,
                            count + 2, visit_entry, reading);
    if (reading->only_at) {
        return status == OSI_MAPLE_DONE || reading->passed;
    }
    return status == OSI_MAPLE_DONE && reading->n == count;
}

static bool read_once(Reading *reading)
{
    const OsiMappings *m = reading->m;
    const OsiMappingLayout *l = &m->layout;
    uint64_t count;
    bool whole;
    OsiCopy mm;

    if (!osi_read_struct(&m->reader, &l->mm_group, reading->mm, &mm)) {
        return false;
    }
    get_bounds(l, &mm, &reading->bounds);
    count = osi_get(&mm, &l->map_count);
    if (count > OSI_MAX_MAPPINGS) {
        return false;
    }
    whole = l->mm_mt.size ? walk_tree(reading, count)
                          : walk_list(reading, osi_get(&mm, &l->mmap), count);
    return whole && is_unchanged(m, reading->mm, &mm);
}

static bool is_usable(const OsiMappingLayout *l)
{
    return l->vm_start.size && l->vm_end.size && l->vm_flags.size &&
           l->vm_file.size && l->vm_pgoff.size && l->vm_mm.size &&
           l->map_count.size &&
           ((l->mm_mt.size && l->maple.usable) ||
            (l->mmap.size && l->vm_next.size));
}

/* @template says what is asked for. */
static GArray *read_mappings(const Reading *template)
{
    if (!is_usable(&template->m->layout)) {
        return NULL;
    }
    for (int i = 0; i < MAX_ATTEMPTS; i++) {
        Reading reading = *template;
        bool done;

        reading.modules = osi_modules_new();
        reading.files = g_hash_table_new_full(hash64, g_int64_equal, g_free,
                                              free_file_entry);
        done = read_once(&reading);
        g_hash_table_destroy(reading.files);
        if (done) {
            return reading.modules;
        }
        g_array_unref(reading.modules);
    }
    return NULL;
}

GArray *osi_mappings_read(const OsiMappings *m, uint64_t mm,
                          unsigned int page_shift)
{
    const Reading all = { .m = m, .mm = mm, .page_shift = page_shift };

    return read_mappings(&all);
}

GArray *osi_mappings_read_at(const OsiMappings *m, uint64_t mm,
                             unsigned int page_shift, uint64_t addr)
{
    const Reading one = { .m = m, .mm = mm, .page_shift = page_shift,
                          .only_at = true, .at = addr };

    return read_mappings(&one);
}
