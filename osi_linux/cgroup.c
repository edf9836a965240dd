/*
 * cgroup.c: the cgroups that a task is in, as /proc/PID/cgroup shows them.
 *
 * task_struct.cgroups is a css_set, which tasks in the same cgroups share.
 * It has a link for each hierarchy (cgrp_links) to the cgroup there; dfl_cgrp
 * is the one in the unified hierarchy, version 2.  A cgroup is a folder of
 * kernfs, whose names up to the root make its path.  A hierarchy of version 1
 * is named by its controllers, whose names hang on the root cgroup's part in
 * each of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "cgroup.h"
#include "klist.h"

#define MAX_HIERARCHIES 64
#define MAX_DEPTH 256
#define NAME_SIZE 256   /* NAME_MAX, and a NUL */
#define PATH_SIZE 4096  /* a longer one cannot be read in /proc either */

#define FLAG_EXITING 0x00000004 /* PF_EXITING */

/* The names from @kn up to the root; NULL: unknown. */
static char *path_of(const OsiView *v, uint64_t kn)
{
    g_autoptr(GString) path = g_string_new(NULL);

    for (unsigned int depth = 0; depth < MAX_DEPTH; depth++) {
        char name[NAME_SIZE];
        uint64_t parent, text;

        if (!osi_view_field(v, kn, &v->proc->cgroup.kn_parent, &parent)) {
            return NULL;
        }
        if (!parent) {
            if (path->len == 0) {
                g_string_append_c(path, '/');
            }
            return g_string_free(g_steal_pointer(&path), FALSE);
        }
        if (!osi_view_field(v, kn, &v->proc->cgroup.kn_name, &text) ||
            !osi_read_string(&v->reader, text, name, sizeof(name)) ||
            !name[0] || strchr(name, '/')) {
            return NULL;
        }
        g_string_prepend(path, name);
        g_string_prepend_c(path, '/');
        if (path->len >= PATH_SIZE) {
            return NULL;
        }
        kn = parent;
    }
    return NULL;
}

/* Appends the name of the controller of number @i in the hierarchy @root. */
static bool append_controller(const OsiView *v, uint64_t root, unsigned int i,
                              GString *to)
{
    const OsiField *subsys = &v->proc->cgroup.subsys;
    uint64_t size = v->layout->pointer_size;
    uint64_t css, ss, text;
    char name[64];

    if (!v->proc->cgroup.cgrp.size || (i + 1) * size > subsys->size ||
        !osi_view_pointer(v, root + v->proc->cgroup.cgrp.offset +
                                 subsys->offset + i * size, &css) ||
        !osi_view_field(v, css, &v->proc->cgroup.ss, &ss) ||
        !osi_view_field(v, ss, &v->proc->cgroup.legacy_name, &text) ||
        !osi_read_string(&v->reader, text, name, sizeof(name))) {
        return false;
    }
    g_string_append_printf(to, "%s%s", to->len ? "," : "", name);
    return true;
}

/* What stands between the colons of /proc/PID/cgroup; NULL: unknown. */
static char *controllers_of(const OsiView *v, uint64_t root)
{
    const OsiField *name_field = &v->proc->cgroup.name;
    g_autoptr(GString) names = g_string_new(NULL);
    char name[NAME_SIZE];
    uint64_t mask;

    if (!name_field->size || name_field->size > sizeof(name) ||
        !osi_view_field(v, root, &v->proc->cgroup.subsys_mask, &mask) ||
        !osi_read_bytes(&v->reader, root + name_field->offset, name,
                        name_field->size)) {
        return NULL;
    }
    for (unsigned int i = 0; i < 64; i++) {
        if ((mask >> i & 1) && !append_controller(v, root, i, names)) {
            return NULL;
        }
    }
    name[name_field->size - 1] = '\0';
    if (name[0]) {
        g_string_append_printf(names, "%sname=%s", names->len ? "," : "",
                               name);
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

/* False, with nothing in @out to free: unknown. */
static bool read_cgroup(const OsiView *v, uint64_t cgroup, bool is_unified,
                        bool exiting, OsiCgroup *out)
{
    g_autofree char *controllers = NULL, *path = NULL;
    uint64_t root, kn, id, flags;

    if (!osi_view_field(v, cgroup, &v->proc->cgroup.root, &root) ||
        !osi_view_field(v, cgroup, &v->proc->cgroup.kn, &kn) ||
        !osi_view_field(v, root, &v->proc->cgroup.hierarchy_id, &id)) {
        return false;
    }
    controllers = is_unified ? g_strdup("") : controllers_of(v, root);
    /* The kernel takes those that end out of the cgroups of version 1. */
    path = exiting && !is_unified ? g_strdup("/") : path_of(v, kn);
    if (!controllers || !path || !is_unified != (id != 0) ||
        id > INT32_MAX) {
        return false;
    }
    out->deleted = is_unified && v->proc->cgroup.online &&
                   osi_view_field(v, cgroup, &v->proc->cgroup.css_flags,
                                  &flags) &&
                   !(flags & (uint64_t)v->proc->cgroup.online);
    out->hierarchy = (int32_t)id;
    out->controllers = g_steal_pointer(&controllers);
    out->path = g_steal_pointer(&path);
    return true;
}

static void clear(void *cgroup)
{
    g_free(((OsiCgroup *)cgroup)->controllers);
    g_free(((OsiCgroup *)cgroup)->path);
}

static int by_hierarchy(const void *a, const void *b)
{
    return ((const OsiCgroup *)b)->hierarchy -
           ((const OsiCgroup *)a)->hierarchy;
}

GArray *osi_cgroups_of(const OsiView *v, uint64_t taskd)
{
    g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    g_autoptr(GArray) cgroups = g_array_new(FALSE, TRUE, sizeof(OsiCgroup));
    uint64_t set, unified, flags;

    g_array_set_clear_func(cgroups, clear);
    if (!v->proc->cgroup.cgrp_links.size || !v->proc->cgroup.link_node.size ||
        !osi_view_field(v, taskd, &v->proc->task.cgroups, &set) ||
        !osi_view_field(v, taskd, &v->proc->task.flags, &flags) ||
        !osi_view_field(v, set, &v->proc->cgroup.dfl_cgrp, &unified) ||
        !osi_klist_collect(v, set + v->proc->cgroup.cgrp_links.offset,
                           MAX_HIERARCHIES, links)) {
        return NULL;
    }
    for (guint i = 0; i < links->len; i++) {
        uint64_t link = g_array_index(links, uint64_t, i) -
                        v->proc->cgroup.link_node.offset;
        OsiCgroup one = { 0 };
        uint64_t cgroup;

        if (!osi_view_field(v, link, &v->proc->cgroup.link_cgrp, &cgroup) ||
            !read_cgroup(v, cgroup, cgroup == unified, flags & FLAG_EXITING,
                         &one)) {
            return NULL;
        }
        g_array_append_val(cgroups, one);
    }
    g_array_sort(cgroups, by_hierarchy);
    return g_steal_pointer(&cgroups);
}
