/*
 * sources.c: where the knowledge of the guest's kernel comes from.  See
 * sources.h.
 *
 * Types come from one source alone, the first that there is: a profile that
 * fits, BTF, inference.  Symbols come from kallsyms, and what these do not
 * list from the profile.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "btf_find.h"
#include "check.h"
#include "infer.h"
#include "plugin-qpp.h"
#include "sources.h"

#define MAX_BANNER 1024
/* A profile that does not fit is tried so often: tasks may be changing. */
#define PROFILE_TRIES 3

/* What the kernel around `pc` says itself, kept until it is made use of. */
typedef struct Found {
    uint64_t pc; /* 0: nothing was looked for */
    Btf *btf;
    uint64_t btf_address;
    char *why_no_btf;
    Kallsyms *symbols;
    char *banner;
} Found;

static bool use_btf = true;
static char *profile_path;
static const char *profile_format;
static GPtrArray *profiles; /* OsiProfile; NULL: none was given, or fits */
static unsigned int profile_tries;
static bool profile_is_due; /* to be loaded again */
static Found found;

static void G_GNUC_PRINTF(1, 2) say(const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    qemu_plugin_outs(line);
}

bool osi_sources_start(const char *profile, bool btf)
{
    g_autoptr(GError) error = NULL;

    use_btf = btf;
    if (!profile) {
        return true;
    }
    profiles = osi_profile_load(profile, &profile_format, &error);
    if (!profiles) {
        fprintf(stderr, "osi_linux: profile '%s': %s; docs/PROFILES.md says "
                "what can be one\n", profile, error->message);
        return false;
    }
    profile_path = g_strdup(profile);
    return true;
}

/* ---- What the kernel says itself ----------------------------------------- */

static char *read_banner(const OsiReader *r, const Kallsyms *symbols)
{
    char buf[MAX_BANNER];
    uint64_t address;

    if (!symbols || !kallsyms_address(symbols, "linux_banner", &address) ||
        !osi_read_string(r, address, buf, sizeof(buf)) ||
        !g_str_has_prefix(buf, "Linux version ")) {
        return NULL;
    }
    return g_strdup(g_strchomp(buf));
}

static void forget_found(void)
{
    btf_free(found.btf);
    kallsyms_free(found.symbols);
    g_free(found.why_no_btf);
    g_free(found.banner);
    found = (Found){ 0 };
}

static void look_for(const OsiReader *r, uint64_t pc)
{
    g_autoptr(GError) no_btf = NULL;
    g_autoptr(GError) no_symbols = NULL;

    /* Nothing found: there may be something later, as after firmware. */
    if (found.pc == pc && (found.btf || found.symbols)) {
        return;
    }
    forget_found();
    found.pc = pc;
    if (use_btf) {
        found.btf = btf_find(r->read, r->opaque, pc, NULL,
                             &found.btf_address, &no_btf);
    }
    found.why_no_btf = g_strdup(no_btf ? no_btf->message : "BTF: withheld");
    found.symbols = kallsyms_find(r->read, r->opaque, pc, NULL, &no_symbols);
    found.banner = read_banner(r, found.symbols);
    if (no_symbols) {
        say("osi_linux: the kernel's symbols stay unknown: %s\n",
            no_symbols->message);
    }
}

/* ---- The profile --------------------------------------------------------- */

/* Its symbols: how far the kernel is from where it was linked. */
static void set_slide(const OsiReader *r, OsiModel *model, uint64_t init_task)
{
    char banner[sizeof("Linux version ") - 1];
    uint64_t linked, address;

    if (found.symbols && osi_model_linked(model, "_stext", &linked) &&
        kallsyms_address(found.symbols, "_stext", &address)) {
        osi_model_set_slide(model, address - linked);
    } else if (osi_model_linked(model, "init_task", &linked) &&
               osi_model_linked(model, "linux_banner", &address) &&
               osi_read_bytes(r, address + init_task - linked, banner,
                              sizeof(banner)) &&
               memcmp(banner, "Linux version ", sizeof(banner)) == 0) {
        osi_model_set_slide(model, init_task - linked);
    }
}

/* Whether @profile fits; if so its model is taken out of it. */
static OsiTypes *try_profile(OsiProfile *profile, const OsiReader *r,
                             uint64_t task, const OsiTypes *btf,
                             GError **errp)
{
    OsiTypes *types;
    uint64_t init_task;

    if (!osi_check_banner(profile, found.banner, errp) ||
        (btf && !osi_check_btf(profile, btf, errp))) {
        return NULL;
    }
    if (osi_model_big_endian(profile->model) != r->big_endian) {
        g_set_error(errp, OSI_CHECK_ERROR, OSI_CHECK_ERROR_WRONG,
                    "it is of a guest of the other byte order");
        return NULL;
    }
    types = osi_types_from_model(g_steal_pointer(&profile->model));
    if (!osi_check_tasks(types, r, task, &init_task, errp)) {
        profile->model = osi_types_release_model(types);
        return NULL;
    }
    return types;
}

/* Several sections: those that name another kernel are not what is meant. */
static OsiProfile *choose_profile(GError **errp)
{
    if (profiles->len == 1) {
        return profiles->pdata[0];
    }
    for (guint i = 0; i < profiles->len; i++) {
        OsiProfile *p = profiles->pdata[i];

        if (found.banner && p->release &&
            osi_check_banner(p, found.banner, NULL)) {
            return p;
        }
    }
    g_set_error(errp, OSI_CHECK_ERROR, OSI_CHECK_ERROR_WRONG,
                "none of its %u sections is of '%s'", profiles->len,
                found.banner ? found.banner : "a kernel of unknown version");
    return NULL;
}

static OsiTypes *from_profile(const OsiReader *r, uint64_t task, bool *again)
{
    g_autoptr(GError) error = NULL;
    OsiProfile *profile = choose_profile(&error);
    g_autoptr(OsiTypes) btf = found.btf ? osi_types_from_btf(found.btf)
                                        : NULL;
    OsiTypes *types = profile ? try_profile(profile, r, task, btf, &error)
                              : NULL;
    uint64_t init_task;

    if (btf) {
        osi_types_release_btf(g_steal_pointer(&btf));
    }
    if (types) {
        osi_check_tasks(types, r, task, &init_task, NULL);
        set_slide(r, osi_types_model(types), init_task);
        say("osi_linux: kernel types from profile '%s' (%s)%s%s\n",
            profile_path, profile_format, profile->name ? ", section " : "",
            profile->name ? profile->name : "");
    } else if (g_error_matches(error, OSI_CHECK_ERROR,
                               OSI_CHECK_ERROR_NOT_NOW) ||
               ++profile_tries < PROFILE_TRIES) {
        *again = true;
        return NULL;
    } else {
        fprintf(stderr, "osi_linux: profile '%s' is refused: %s; going on "
                "without it\n", profile_path, error->message);
    }
    g_clear_pointer(&profiles, g_ptr_array_unref);
    return types;
}

/* ---- All of them --------------------------------------------------------- */

static OsiTypes *infer(const OsiReader *r, bool *again, GError **errp)
{
    g_autoptr(GError) error = NULL;
    OsiModel *model;

    if (!found.symbols) {
        g_set_error(errp, BTF_ERROR, BTF_ERROR_NOT_FOUND,
                    "%s, and no kallsyms", found.why_no_btf);
        *again = true;
        return NULL;
    }
    model = osi_infer(found.symbols, r, &error);
    if (!model) {
        *again = error->code == OSI_INFER_ERROR_NOT_YET;
        g_set_error(errp, BTF_ERROR, BTF_ERROR_NOT_FOUND, "%s; %s",
                    found.why_no_btf, error->message);
        return NULL;
    }
    say("osi_linux: kernel types by inference, %u members of task_struct\n",
        osi_model_n_members(model, "task_struct"));
    return osi_types_from_model(model);
}

/* It may fit this kernel, whether it did the last one or not. */
static void reload_profile(void)
{
    g_autoptr(GError) error = NULL;

    profile_is_due = false;
    profile_tries = 0;
    g_clear_pointer(&profiles, g_ptr_array_unref);
    profiles = osi_profile_load(profile_path, &profile_format, &error);
    if (!profiles) {
        fprintf(stderr, "osi_linux: profile '%s': %s; going on without it\n",
                profile_path, error->message);
    }
}

void osi_sources_forget(void)
{
    forget_found();
    profile_is_due = profile_path != NULL;
}

OsiTypes *osi_sources_types(const OsiReader *reader, uint64_t pc,
                            uint64_t task, bool *again, GError **errp)
{
    OsiTypes *types = NULL;

    *again = false;
    look_for(reader, pc);
    if (profile_is_due) {
        reload_profile();
    }
    if (found.symbols) {
        /* It is in the list of tasks for certain. */
        kallsyms_address(found.symbols, "init_task", &task);
    }
    if (profiles) {
        types = from_profile(reader, task, again);
        if (*again) {
            g_set_error(errp, BTF_ERROR, BTF_ERROR_NOT_FOUND,
                        "the profile could not be checked yet");
            return NULL;
        }
    }
    if (!types && found.btf) {
        say("osi_linux: kernel types from BTF at 0x%" PRIx64 "\n",
            found.btf_address);
        types = osi_types_from_btf(g_steal_pointer(&found.btf));
    }
    if (!types) {
        types = infer(reader, again, errp);
    }
    if (types && found.symbols) {
        say("osi_linux: %u kernel symbols from kallsyms at 0x%" PRIx64 "%s\n",
            kallsyms_count(found.symbols), kallsyms_where(found.symbols),
            kallsyms_has_data(found.symbols) ? "" : ", functions only");
        osi_types_take_symbols(types, g_steal_pointer(&found.symbols));
    }
    return types;
}
