/*
 * loader.c: plugins: their checks, their dependencies, their order.
 *
 * QEMU loads what its command line names, one by one, and calls each one's
 * install, which ends up in qpp_core_install.  What a plugin needs and the
 * user did not name before it, the core loads: found by search.c, installed
 * before the plugin that needs it.  All this happens on QEMU's main thread,
 * before the guest runs; the list of plugins is read by any thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "host/host.h"

#define MAX_NAME 64

static GRWLock plugins_lock;
static GPtrArray *plugins; /* of QppPlugin; index is id - 1 */

/* ---- The list ---------------------------------------------------------- */

QppPlugin *qpp_plugin_by_id(qemu_plugin_id_t id)
{
    QppPlugin *plugin = NULL;

    g_rw_lock_reader_lock(&plugins_lock);
    if (plugins && id >= 1 && id <= plugins->len) {
        plugin = plugins->pdata[id - 1];
    }
    g_rw_lock_reader_unlock(&plugins_lock);
    return plugin && plugin->state != QPP_GONE ? plugin : NULL;
}

typedef bool (*Match)(const QppPlugin *plugin, gconstpointer what);

static QppPlugin *find(Match match, gconstpointer what)
{
    QppPlugin *found = NULL;

    g_rw_lock_reader_lock(&plugins_lock);
    for (guint i = 0; plugins && i < plugins->len && !found; i++) {
        if (match(plugins->pdata[i], what)) {
            found = plugins->pdata[i];
        }
    }
    g_rw_lock_reader_unlock(&plugins_lock);
    return found;
}

static bool match_name(const QppPlugin *plugin, gconstpointer name)
{
    return strcmp(plugin->name, name) == 0;
}

static bool match_present(const QppPlugin *plugin, gconstpointer name)
{
    return plugin->state != QPP_GONE && match_name(plugin, name);
}

static bool match_entry(const QppPlugin *plugin, gconstpointer entry)
{
    return plugin->entry == entry;
}

static bool match_base(const QppPlugin *plugin, gconstpointer base)
{
    return plugin->base == base;
}

QppPlugin *qpp_plugin_by_name(const char *name)
{
    return find(match_present, name);
}

const char *qpp_plugin_absence(const char *name)
{
    return find(match_name, name) ? "has been uninstalled"
                                  : "is not loaded; name it in "
                                    "qemu_plugin_uses";
}

/* Where the file that holds @address was loaded to; NULL: in no file. */
static const void *file_base(const void *address)
{
    Dl_info info;

    return dladdr(address, &info) ? info.dli_fbase : NULL;
}

QppPlugin *qpp_plugin_by_address(const void *address)
{
    const void *base = file_base(address);

    return base ? find(match_base, base) : NULL;
}

static QppPlugin *plugin_add(QppEntry *entry, const char *path, void *handle)
{
    QppPlugin *plugin = g_new0(QppPlugin, 1);

    plugin->name = g_strdup(*entry->name);
    plugin->path = g_strdup(path);
    plugin->handle = handle;
    plugin->base = file_base(entry);
    plugin->entry = entry;
    plugin->state = QPP_LOADING;
    g_rw_lock_writer_lock(&plugins_lock);
    if (!plugins) {
        plugins = g_ptr_array_new();
    }
    g_ptr_array_add(plugins, plugin);
    plugin->id = plugins->len;
    g_rw_lock_writer_unlock(&plugins_lock);
    return plugin;
}

/* ---- Checks ------------------------------------------------------------ */

bool qpp_name_is_valid(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > MAX_NAME || name[0] == '.' || name[0] == '-') {
        return false;
    }
    return strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-.") == len;
}

/* The file that holds @function, for messages. */
static const char *file_of(QppCoreInstallFn function)
{
    Dl_info info;

    return dladdr((void *)function, &info) ? info.dli_fname : "?";
}

static bool check_entry(const QppEntry *entry, const char *path,
                        GError **errp)
{
    if (entry->abi < 1 || entry->abi > QPP_ENTRY_ABI) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: built for another libqpp (entry version %d, this "
                    "is %d); rebuild it", path, entry->abi, QPP_ENTRY_ABI);
    } else if (entry->core != qpp_core_install) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: is bound to another libqpp (%s) than the plugin that "
                    "needs it (%s); build or install the two together", path,
                    file_of(entry->core), file_of(qpp_core_install));
    } else if (!entry->version || *entry->version != QEMU_PLUGIN_VERSION) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: plugin API version %d is not supported; set "
                    "qemu_plugin_version to QEMU_PLUGIN_VERSION (%d)", path,
                    entry->version ? *entry->version : 0,
                    QEMU_PLUGIN_VERSION);
    } else if (!entry->name || !*entry->name) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: has no name; define qemu_plugin_name", path);
    } else if (!qpp_name_is_valid(*entry->name)) {
        g_autofree char *shown = g_strescape(*entry->name, NULL);

        g_set_error(errp, QPP_ERROR, 0,
                    "%s: '%.80s' is no name for a plugin; use up to %d "
                    "letters, digits, '_', '-' and '.'", path, shown,
                    MAX_NAME);
    } else if (!entry->install) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: has nothing to install; define qemu_plugin_install",
                    path);
    } else {
        return true;
    }
    return false;
}

static bool check_unique(const QppEntry *entry, const char *path,
                         GError **errp)
{
    QppPlugin *other = qpp_plugin_by_name(*entry->name);

    if (other) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: a plugin named '%s' is loaded already, from %s; "
                    "load one of them only", path, other->name, other->path);
    }
    return !other;
}

/* ---- Loading ----------------------------------------------------------- */

static bool install(QppPlugin *plugin, int argc, char **argv, GError **errp)
{
    static unsigned int n_installs;
    const char **uses = plugin->entry->uses;
    int rc;

    for (; uses && *uses; uses++) {
        if (!qpp_plugin_require(plugin, *uses, errp)) {
            return false;
        }
    }
    if (!qpp_imports_resolve(plugin, errp)) {
        return false;
    }
    plugin->argc = argc;
    plugin->argv = g_new0(char *, argc + 1);
    for (int i = 0; i < argc; i++) {
        plugin->argv[i] = g_strdup(argv[i]);
    }
    plugin->order = ++n_installs; /* behind those that it needs */
    rc = plugin->entry->install(plugin->id, qpp_host_info(), plugin->argc,
                                plugin->argv);
    if (rc) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: plugin '%s' could not be installed (it returned %d);"
                    " see its own message", plugin->path, plugin->name, rc);
        return false;
    }
    plugin->state = QPP_INSTALLED;
    return true;
}

/* "a -> b -> a": who waits for whom, from @plugin round to itself. */
static char *describe_cycle(const QppPlugin *plugin)
{
    GString *chain = g_string_new(NULL);

    for (guint i = plugin->id - 1; i < plugins->len; i++) {
        const QppPlugin *p = plugins->pdata[i];

        if (p->state == QPP_LOADING) {
            g_string_append_printf(chain, "%s -> ", p->name);
        }
    }
    g_string_append(chain, plugin->name);
    return g_string_free(chain, false);
}

static QppPlugin *load_dependency(QppPlugin *requester, const char *name,
                                  const char *path, GError **errp)
{
    void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    QppEntry *entry;
    QppPlugin *plugin;

    if (!handle) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: needed by %s, but cannot be loaded (%s); rebuild or "
                    "remove it", path, requester->path, dlerror());
        return NULL;
    }
    entry = dlsym(handle, QPP_ENTRY_SYMBOL);
    if (!entry) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: needed by %s, but not a QPP plugin; build it "
                    "against libqpp", path, requester->path);
        return NULL;
    }
    if (!check_entry(entry, path, errp)) {
        return NULL;
    }
    if (strcmp(*entry->name, name) != 0) {
        g_set_error(errp, QPP_ERROR, 0,
                    "%s: holds plugin '%s', not '%s' which %s needs; rename "
                    "one of them", path, *entry->name, name,
                    requester->path);
        return NULL;
    }
    plugin = plugin_add(entry, path, handle);
    plugin->by_core = true;
    return install(plugin, 0, NULL, errp) ? plugin : NULL;
}

QppPlugin *qpp_plugin_require(QppPlugin *requester, const char *name,
                              GError **errp)
{
    QppPlugin *plugin = qpp_plugin_by_name(name);
    g_autofree char *path = NULL;

    if (plugin && plugin->state == QPP_LOADING) {
        g_autofree char *chain = describe_cycle(plugin);

        g_set_error(errp, QPP_ERROR, 0,
                    "%s: plugins need each other in a circle (%s); take one "
                    "out of a qemu_plugin_uses", requester->path, chain);
        return NULL;
    }
    if (plugin) {
        return plugin;
    }
    if (!qpp_name_is_valid(name)) {
        g_autofree char *shown = g_strescape(name, NULL);

        g_set_error(errp, QPP_ERROR, 0,
                    "%s: needs '%.80s', which is no name for a plugin; mend "
                    "its qemu_plugin_uses", requester->path, shown);
        return NULL;
    }
    path = qpp_search_plugin(requester->path, name);
    if (!path) {
        g_autofree char *places = qpp_search_places(requester->path, name);

        g_set_error(errp, QPP_ERROR, 0,
                    "%s: needs plugin '%s', which is in none of %s; put its "
                    "folder into QPP_PLUGIN_PATH", requester->path, name,
                    places);
        return NULL;
    }
    return load_dependency(requester, name, path, errp);
}

/* The file that holds @entry, and a handle of it that stays open. */
static char *file_of_entry(const QppEntry *entry, void **handle)
{
    Dl_info info;

    if (!dladdr(entry, &info) || !info.dli_fname) {
        return NULL;
    }
    *handle = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    return *handle ? g_strdup(info.dli_fname) : NULL;
}

static bool core_install(QppEntry *entry, int argc, char **argv,
                         GError **errp)
{
    QppPlugin *plugin = find(match_entry, entry);
    void *handle = NULL;
    g_autofree char *path = file_of_entry(entry, &handle);

    if (!path) {
        g_set_error(errp, QPP_ERROR, 0, "cannot find a plugin's own file");
        return false;
    }
    if (plugin) {
        if (argc > 0) {
            g_set_error(errp, QPP_ERROR, 0, plugin->by_core ?
                        "%s: was loaded before its arguments were seen, "
                        "since an earlier plugin needs it; put it first on "
                        "the command line" :
                        "%s: is named twice; name it once, with all its "
                        "arguments", path);
        }
        return argc == 0;
    }
    if (!check_entry(entry, path, errp) ||
        !check_unique(entry, path, errp)) {
        return false;
    }
    plugin = plugin_add(entry, path, handle);
    return install(plugin, argc, argv, errp);
}

int qpp_core_install(QppEntry *entry, qemu_plugin_id_t host_id,
                     const qemu_info_t *info, int argc, char **argv)
{
    static bool started;
    g_autoptr(GError) error = NULL;

    if (started) {
        qpp_host_another_id(host_id);
    } else if (qpp_host_start(host_id, info, &error)) {
        started = true;
        qpp_event_start();
        qpp_reader_start(info->target_name);
    }
    if (!started || !core_install(entry, argc, argv, &error)) {
        qpp_error("%s", error->message);
        return -1;
    }
    return 0;
}
