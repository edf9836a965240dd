/*
 * import.c: functions of one plugin called by another, found by name.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dlfcn.h>

#include "core.h"

/*
 * What @plugin itself exports under @name.  dlsym alone would also find
 * functions of the libraries that the plugin is linked with.
 */
static gpointer exported(const QppPlugin *plugin, const char *name)
{
    gpointer address = name ? dlsym(plugin->handle, name) : NULL;

    return address && qpp_plugin_by_address(address) == plugin ? address
                                                               : NULL;
}

gpointer qemu_plugin_import_function(const char *plugin_name,
                                     const char *function)
{
    QppPlugin *plugin = plugin_name ? qpp_plugin_by_name(plugin_name) : NULL;
    g_autofree char *shown = qpp_shown(function);
    g_autofree char *shown_plugin = qpp_shown(plugin_name);
    gpointer address;

    if (!plugin) {
        qpp_error("cannot import '%s': plugin '%s' %s",
                  shown, shown_plugin,
                  qpp_plugin_absence(plugin_name ? plugin_name : ""));
        return NULL;
    }
    address = exported(plugin, function);
    if (!address) {
        qpp_error("cannot import '%s': plugin '%s' (%s) does not export it",
                  shown, plugin_name, plugin->path);
    }
    return address;
}

bool qpp_imports_resolve(QppPlugin *plugin, GError **errp)
{
    for (struct qpp_import *i = plugin->entry->imports; i; i = i->next) {
        QppPlugin *provider = plugin;

        if (g_strcmp0(i->plugin, plugin->name) != 0) {
            provider = qpp_plugin_require(plugin, i->plugin, errp);
        }
        if (!provider) {
            return false;
        }
        *i->address = exported(provider, i->function);
        if (!*i->address) {
            g_set_error(errp, QPP_ERROR, 0,
                        "%s: imports '%s' from plugin '%s', but %s does not "
                        "export it; use versions that fit each other",
                        plugin->path, i->function, i->plugin, provider->path);
            return false;
        }
    }
    return true;
}
