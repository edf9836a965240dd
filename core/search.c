/*
 * search.c: where the file of a dependency may be.
 *
 * In this order, for plugin NAME needed by DIR/OTHER.so:
 *   1. DIR/NAME.so                the folder of the plugin that needs it
 *   2. DIR/../NAME/NAME.so        its neighbour in a build tree
 *   3. NAME.so in each folder of QPP_PLUGIN_PATH (separated by ':')
 *   4. NAME.so beside libqpp, where plugins are installed, and in qpp/ there
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include "core.h"

/* The folder that libqpp itself was loaded from. */
static char *own_folder(void)
{
    Dl_info info;

    return dladdr((void *)own_folder, &info) && info.dli_fname
               ? g_path_get_dirname(info.dli_fname) : g_strdup(".");
}

static GPtrArray *candidates(const char *requester_path, const char *name)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *file = g_strconcat(name, ".so", NULL);
    g_autofree char *dir = g_path_get_dirname(requester_path);
    g_autofree char *own = own_folder();
    const char *env = getenv("QPP_PLUGIN_PATH");
    g_auto(GStrv) dirs = env ? g_strsplit(env, ":", -1) : NULL;

    g_ptr_array_add(paths, g_build_filename(dir, file, NULL));
    g_ptr_array_add(paths, g_build_filename(dir, "..", name, file, NULL));
    for (char **d = dirs; d && *d; d++) {
        if (**d) {
            g_ptr_array_add(paths, g_build_filename(*d, file, NULL));
        }
    }
    g_ptr_array_add(paths, g_build_filename(own, file, NULL));
    g_ptr_array_add(paths, g_build_filename(own, "qpp", file, NULL));
    return paths;
}

char *qpp_search_plugin(const char *requester_path, const char *name)
{
    g_autoptr(GPtrArray) paths = candidates(requester_path, name);

    for (guint i = 0; i < paths->len; i++) {
        if (g_file_test(paths->pdata[i], G_FILE_TEST_IS_REGULAR)) {
            return g_strdup(paths->pdata[i]);
        }
    }
    return NULL;
}

char *qpp_search_places(const char *requester_path, const char *name)
{
    g_autoptr(GPtrArray) paths = candidates(requester_path, name);

    g_ptr_array_add(paths, NULL);
    return g_strjoinv(", ", (char **)paths->pdata);
}
