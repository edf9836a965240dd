/*
 * facts.c: what the guest's kernel says of itself.  See facts.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "facts.h"

#define MAX_BANNER 1024
/* COMMAND_LINE_SIZE is 4096 at most, boot configuration adds to it. */
#define MAX_COMMAND_LINE 65536
#define MAX_MODULES 16384u
/* Other vCPUs load modules meanwhile. */
#define TRIES 4
/* The timekeeper is behind a sequence count (struct tk_core, tk_data). */
#define TIMEKEEPER_MAX_OFFSET 64u

#define MEMBER(type, path, field, group, size)                                \
    { type, path, offsetof(OsiFacts, field), offsetof(OsiFacts, group), size }

static const OsiWanted wanted[] = {
    MEMBER("module", "list.next", next, module_group, 8),
    MEMBER("module", "list.prev", prev, module_group, 8),
    MEMBER("module", "name", name, module_group, 64),
    MEMBER("module", "state", state, module_group, 4),
    /* since 6.4 one array of all parts, before a member for each */
    MEMBER("module", "mem", mem, module_group, 1024),
    MEMBER("module", "core_layout.base", core_base, module_group, 8),
    MEMBER("module", "core_layout.size", core_size, module_group, 8),
    MEMBER("module", "init_layout.size", init_size, module_group, 8),
    MEMBER("module", "data_layout.size", data_size, module_group, 8),
    MEMBER("module_memory", "base", mem_base, memory_group, 8),
    MEMBER("module_memory", "size", mem_size, memory_group, 8),
    MEMBER("timekeeper", "wall_to_monotonic.tv_sec", wall_sec,
           timekeeper_group, 8),
    MEMBER("timekeeper", "wall_to_monotonic.tv_nsec", wall_nsec,
           timekeeper_group, 8),
    MEMBER("timekeeper", "offs_real", offs_real, timekeeper_group, 8),
    MEMBER("timekeeper", "offs_boot", offs_boot, timekeeper_group, 8),
    MEMBER("uts_namespace", "name.release", uts_release, uts_group, 256),
};

/* ---- What does not change ------------------------------------------------ */

/* The string at @addr, without a newline at its end. */
static char *string_at(const OsiReader *r, uint64_t addr, size_t max)
{
    g_autofree char *buf = g_try_malloc(max);

    if (!buf || !osi_read_string(r, addr, buf, max)) {
        return NULL;
    }
    return g_strdup(g_strchomp(buf));
}

static char *read_version(const OsiTypes *types, const OsiReader *r)
{
    g_autofree char *version = NULL;
    uint64_t addr;

    if (!osi_types_symbol(types, "linux_banner", &addr)) {
        return NULL;
    }
    version = string_at(r, addr, MAX_BANNER);
    return version && g_str_has_prefix(version, "Linux version ")
               ? g_steal_pointer(&version) : NULL;
}

static char *read_release(const OsiFacts *facts, const OsiTypes *types)
{
    uint64_t addr;

    if (!facts->uts_release.size ||
        !osi_types_symbol(types, "init_uts_ns", &addr)) {
        g_auto(GStrv) words = g_strsplit(
            facts->version ? facts->version : "", " ", 4);

        /* "Linux version RELEASE ..." */
        return g_strv_length(words) == 4 ? g_strdup(words[2]) : NULL;
    }
    return string_at(&facts->reader, addr + facts->uts_release.offset,
                     facts->uts_release.size);
}

static char *read_command_line(const OsiTypes *types, const OsiReader *r)
{
    g_autofree char *buf = NULL;
    uint64_t addr;

    if (!osi_types_symbol(types, "saved_command_line", &addr) ||
        !osi_read_number(r, addr, osi_types_pointer_size(types), &addr)) {
        return NULL;
    }
    /* Blanks at the end are the user's. */
    buf = g_try_malloc(MAX_COMMAND_LINE);
    return buf && osi_read_string(r, addr, buf, MAX_COMMAND_LINE)
               ? g_strdup(buf) : NULL;
}

OsiFacts *osi_facts_new(const OsiTypes *types, const OsiReader *reader)
{
    OsiFacts *facts = g_new0(OsiFacts, 1);

    facts->reader = *reader;
    osi_wanted_fill(types, wanted, G_N_ELEMENTS(wanted), facts);
    if (!osi_types_size(types, "module_memory", &facts->mem_stride) ||
        !osi_types_enum(types, "MOD_TEXT", &facts->mem_text)) {
        facts->mem_stride = 0;
    }
    if (!osi_types_enum(types, "MODULE_STATE_UNFORMED", &facts->unformed)) {
        facts->unformed = -1;
    }
    if (!osi_types_symbol(types, "modules", &facts->modules)) {
        facts->modules = 0;
    }
    if (!osi_types_symbol(types, "tk_core", &facts->timekeepers) &&
        /* since 6.17 there are several, the first is this one */
        !osi_types_symbol(types, "timekeeper_data", &facts->timekeepers)) {
        facts->timekeepers = 0;
    }
    facts->version = read_version(types, reader);
    facts->release = read_release(facts, types);
    facts->command_line = read_command_line(types, reader);
    return facts;
}

void osi_facts_free(OsiFacts *facts)
{
    if (facts) {
        g_free(facts->version);
        g_free(facts->release);
        g_free(facts->command_line);
        g_free(facts);
    }
}

/* ---- Boot time ----------------------------------------------------------- */

/*
 * Whether a timekeeper is at @addr: offs_real is wall_to_monotonic once more,
 * as one number and with the other sign.  That also tells whether another
 * vCPU is changing it.
 */
static bool read_timekeeper(const OsiFacts *facts, uint64_t addr, int64_t *ns)
{
    int64_t sec, nsec, real;
    OsiCopy copy;

    if (!facts->wall_sec.size || !facts->wall_nsec.size ||
        !facts->offs_real.size || !facts->offs_boot.size ||
        !osi_read_struct(&facts->reader, &facts->timekeeper_group, addr,
                         &copy)) {
        return false;
    }
    sec = osi_get_signed(&copy, &facts->wall_sec);
    nsec = osi_get_signed(&copy, &facts->wall_nsec);
    real = osi_get_signed(&copy, &facts->offs_real);
    if (real == 0 || __builtin_mul_overflow(sec, 1000000000, &sec) ||
        __builtin_add_overflow(sec, nsec, &sec) ||
        __builtin_add_overflow(sec, real, &sec) || sec != 0) {
        return false;
    }
    return !__builtin_sub_overflow(
        real, osi_get_signed(&copy, &facts->offs_boot), ns);
}

bool osi_facts_boot_time(const OsiFacts *facts, int64_t *ns)
{
    if (!facts->timekeepers) {
        return false;
    }
    for (int i = 0; i < TRIES; i++) {
        for (unsigned int at = 0; at <= TIMEKEEPER_MAX_OFFSET; at += 8) {
            if (read_timekeeper(facts, facts->timekeepers + at, ns)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- Modules ------------------------------------------------------------- */

static void read_parts(const OsiFacts *facts, const OsiCopy *copy,
                       OsiKernelModule *m)
{
    const uint8_t *bytes = osi_get_bytes(copy, &facts->mem);
    uint64_t stride = facts->mem_stride;

    if (!bytes || !stride || !facts->mem_base.size || !facts->mem_size.size) {
        m->base = osi_get(copy, &facts->core_base);
        m->size = osi_get(copy, &facts->core_size) +
                  osi_get(copy, &facts->init_size) +
                  osi_get(copy, &facts->data_size);
        return;
    }
    for (uint64_t i = 0; i < facts->mem.size / stride; i++) {
        OsiField base = facts->mem_base;
        OsiField size = facts->mem_size;

        base.offset += facts->mem.offset + i * stride;
        size.offset += facts->mem.offset + i * stride;
        if ((int64_t)i == facts->mem_text) {
            m->base = osi_get(copy, &base);
        }
        m->size += osi_get(copy, &size);
    }
}

/* False: not a module that is there for others to see. */
static bool read_module(const OsiFacts *facts, const OsiCopy *copy,
                        OsiKernelModule *m)
{
    const uint8_t *name = osi_get_bytes(copy, &facts->name);

    if (!name || (facts->state.size && facts->unformed >= 0 &&
                  osi_get(copy, &facts->state) ==
                      (uint64_t)facts->unformed)) {
        return false;
    }
    /* The guest's name need not have an end. */
    memcpy(m->name, name, MIN(facts->name.size, sizeof(m->name) - 1));
    read_parts(facts, copy, m);
    return true;
}

/* One walk around the list; false: it did not end where it began. */
static bool walk(const OsiFacts *facts, GArray *modules)
{
    unsigned int ptr = facts->next.size;
    uint64_t head = facts->modules;
    uint64_t last = head;
    uint64_t at;
    OsiCopy copy;

    if (!osi_read_number(&facts->reader, head, ptr, &at)) {
        return false;
    }
    for (unsigned int i = 0; at != head; i++) {
        OsiKernelModule m = { .module = at - facts->next.offset };

        if (i == MAX_MODULES ||
            !osi_read_struct(&facts->reader, &facts->module_group, m.module,
                             &copy) ||
            osi_get(&copy, &facts->prev) != last) {
            return false;
        }
        last = at;
        at = osi_get(&copy, &facts->next);
        if (read_module(facts, &copy, &m)) {
            g_array_append_val(modules, m);
        }
    }
    return true;
}

OsiKernelModules *osi_facts_modules(const OsiFacts *facts)
{
    g_autoptr(GArray) modules = g_array_new(FALSE, FALSE,
                                            sizeof(OsiKernelModule));

    if (!facts->modules || !facts->next.size || !facts->prev.size) {
        return NULL;
    }
    for (int i = 0; i < TRIES; i++) {
        g_array_set_size(modules, 0);
        if (walk(facts, modules)) {
            OsiKernelModules *all = g_new0(OsiKernelModules, 1);

            all->n = modules->len;
            all->modules = (OsiKernelModule *)g_array_free(
                g_steal_pointer(&modules), FALSE);
            return all;
        }
    }
    return NULL;
}
