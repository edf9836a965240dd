/*
 * misuse.c: a test plugin that makes every mistake with QPP that must not
 * stop the guest: each prints one line and returns false or NULL.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "plugin-qpp.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "misuse";

static int n_wrong;

static void ignore(gpointer evdata, gpointer udata)
{
}

static void must_fail(const char *what, bool result)
{
    if (result) {
        fprintf(stderr, "misuse: %s succeeded\n", what);
        n_wrong++;
    }
}

static void callbacks(qemu_plugin_id_t id)
{
    qemu_plugin_callback *none = NULL;

    must_fail("creating twice", !qemu_plugin_create_callback(id, "twice") ||
                                qemu_plugin_create_callback(id, "twice"));
    must_fail("creating without a name",
              qemu_plugin_create_callback(id, NULL) ||
                  qemu_plugin_create_callback(id, ""));
    must_fail("creating for id 0", qemu_plugin_create_callback(0, "x"));
    must_fail("creating for id 99",
              qemu_plugin_create_callback_handle(99, "x"));
    must_fail("running an unknown one",
              qemu_plugin_run_callback(id, "unknown", NULL, NULL));
    must_fail("running without a name",
              qemu_plugin_run_callback(id, NULL, NULL, NULL));
    must_fail("running for id 99",
              qemu_plugin_run_callback(99, "twice", NULL, NULL));
    /* These two are silent: nobody is registered, that is all. */
    must_fail("running with nobody there",
              qemu_plugin_run_callback(id, "twice", NULL, NULL));
    must_fail("running no handle",
              qemu_plugin_run_callback_handle(none, NULL, NULL) ||
                  qemu_plugin_callback_wanted(none));
}

/* Each gets a line of its own, and only one, at each place. */
static void odd_names(qemu_plugin_id_t id)
{
    g_autofree char *huge = g_strnfill(10000, 'n');
    const char *names[] = { "two\nlines", "\"quoted\" \r\t\001", "a b",
                            "\377\376\300\200", huge, "%s%n" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        must_fail("creating with an odd name",
                  qemu_plugin_create_callback(id, names[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        must_fail("running by an odd name",
                  qemu_plugin_run_callback(id, names[i], NULL, NULL));
        must_fail("registering by an odd name",
                  qemu_plugin_reg_callback("misuse", names[i], ignore));
        must_fail("unregistering with an odd plugin",
                  qemu_plugin_unreg_callback(names[i], "x", ignore));
        must_fail("importing by an odd name",
                  qemu_plugin_import_function("misuse", names[i]));
    }
}

static void registrations(void)
{
    must_fail("registering with an unknown plugin",
              qemu_plugin_reg_callback("unknown", "twice", ignore));
    must_fail("registering on an unknown callback",
              qemu_plugin_reg_callback("misuse", "unknown", ignore));
    must_fail("registering NULL",
              qemu_plugin_reg_callback(NULL, NULL, NULL));
    must_fail("registering twice",
              !qemu_plugin_reg_callback("misuse", "twice", ignore) ||
                  qemu_plugin_reg_callback("misuse", "twice", ignore));
    must_fail("unregistering twice",
              !qemu_plugin_unreg_callback("misuse", "twice", ignore) ||
                  qemu_plugin_unreg_callback("misuse", "twice", ignore));
    must_fail("unregistering from an unknown callback",
              qemu_plugin_unreg_callback("misuse", "unknown", ignore));
}

static void imports(void)
{
    must_fail("importing from an unknown plugin",
              qemu_plugin_import_function("unknown", "f"));
    must_fail("importing an unknown function",
              qemu_plugin_import_function("misuse", "unknown"));
    must_fail("importing a function of libc",
              qemu_plugin_import_function("misuse", "getpid"));
    must_fail("importing NULL", qemu_plugin_import_function(NULL, NULL));
}

static void events(void)
{
    /* No result to look at: a line each. */
    qemu_plugin_register_flush_cb(99, NULL);
    qemu_plugin_register_atexit_cb(0, NULL, NULL);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    callbacks(id);
    odd_names(id);
    registrations();
    imports();
    events();
    fprintf(stderr, "misuse: %d wrong\n", n_wrong);
    return 0;
}
