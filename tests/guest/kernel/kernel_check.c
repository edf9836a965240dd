/*
 * kernel_check.c: a plugin that writes down what osi_linux says of the
 * kernel, for the guest test kernel-run.
 *
 * At changes of process it asks for what is read from the guest, and keeps
 * the last answer; at the end it writes everything to the file named by the
 * option filename, one fact a line.  Which symbols to ask for is in the file
 * `said`, the guest's /proc/kallsyms among other things.  Which members, in
 * the file `members`.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "osi_kernel.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "kernel_check";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "osi_linux", NULL };

static GMutex lock; /* guards what follows */
static OsiKernelModules *modules;
static int64_t boot_time;
static unsigned int n_same; /* as PANDA's lists */
static unsigned int n_changes, n_unknown_modules, n_unknown_times;
static char *filename, *said_file, *members_file;

/* PANDA's list is the same, unless modules come or go at this moment. */
static bool is_as_panda(unsigned int vcpu, const OsiKernelModules *now)
{
    GArray *array = get_modules_qpp(vcpu);
    bool same = array && array->len == now->n &&
                !get_one_module_qpp(array, now->n);

    for (uint32_t i = 0; same && i < now->n; i++) {
        const OsiModule *a = get_one_module_qpp(array, i);
        const OsiKernelModule *b = &now->modules[i];

        same = a->modd == b->module && a->base == b->base &&
               a->size == b->size && g_str_equal(a->name, b->name);
    }
    cleanup_garray_qpp(array);
    return same;
}

static void on_process_change(void *evdata, void *udata)
{
    const OsiProcessChange *change = evdata;
    OsiKernelModules *now = osi_kernel_modules_qpp(change->vcpu);
    int64_t time;
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED =
        g_mutex_locker_new(&lock);

    n_changes++;
    if (now) {
        free_osikernelmodules_qpp(modules);
        modules = now;
        n_same += now->n > 0 && is_as_panda(change->vcpu, now);
    } else {
        n_unknown_modules++;
    }
    if (osi_kernel_boot_time_qpp(change->vcpu, &time)) {
        boot_time = time;
    } else {
        n_unknown_times++;
    }
}

/* A line of kallsyms, "address type name"; modules' symbols have a fourth. */
static void put_symbol(FILE *out, const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t", 4);
    char near[OSI_SYMBOL_LEN];
    uint64_t address, offset;

    if (g_strv_length(words) != 3) {
        return;
    }
    if (osi_kernel_symbol_qpp(words[2], &address)) {
        fprintf(out, "symbol %s %016" PRIx64 "\n", words[2], address);
    } else {
        fprintf(out, "symbol %s -\n", words[2]);
    }
    address = g_ascii_strtoull(words[0], NULL, 16);
    if (osi_kernel_symbol_at_qpp(address, near, &offset)) {
        fprintf(out, "at %s %s %" PRIu64 "\n", words[0], near, offset);
    } else {
        fprintf(out, "at %s -\n", words[0]);
    }
}

static void put_symbols(FILE *out)
{
    g_autofree char *said = NULL;
    bool found = false;

    if (!said_file || !g_file_get_contents(said_file, &said, NULL, NULL)) {
        return;
    }
    for (char *line = said; line && *line;) {
        char *end = strchr(line, '\n');

        if (end) {
            *end++ = '\0';
        }
        if (found) {
            put_symbol(out, line);
        }
        found = found || strcmp(line, "== kallsyms") == 0;
        line = end;
    }
}

/* Lines "type path". */
static void put_members(FILE *out)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!members_file || !g_file_get_contents(members_file, &text, NULL,
                                              NULL)) {
        return;
    }
    lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 2);
        OsiKernelMember m;

        if (osi_kernel_member_qpp(words[0], words[1], &m)) {
            fprintf(out, "member %s %" PRIu64 " %" PRIu64 " %u %u\n", *line,
                    m.offset, m.size, m.bit_size, m.bit_offset);
        } else {
            fprintf(out, "member %s -\n", *line);
        }
    }
}

static void at_end(qemu_plugin_id_t id, void *udata)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED =
        g_mutex_locker_new(&lock);
    FILE *out = fopen(filename, "w");

    if (!out) {
        fprintf(stderr, "kernel_check: cannot write '%s'\n", filename);
        return;
    }
    fprintf(out, "changes %u %u %u %u\n", n_changes, n_unknown_modules,
            n_unknown_times, n_same);
    fprintf(out, "version %s\n", osi_kernel_version_qpp() ?: "-");
    fprintf(out, "release %s\n", osi_kernel_release_qpp() ?: "-");
    fprintf(out, "cmdline %s\n", osi_kernel_command_line_qpp() ?: "-");
    fprintf(out, "boot %" PRId64 "\n", boot_time);
    for (uint32_t i = 0; modules && i < modules->n; i++) {
        const OsiKernelModule *m = &modules->modules[i];

        fprintf(out, "module %s %" PRIu64 " 0x%016" PRIx64 "\n", m->name,
                m->size, m->base);
    }
    put_symbols(out);
    put_members(out);
    fclose(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    for (int i = 0; i < argc; i++) {
        char **const to[] = { &filename, &said_file, &members_file };
        const char *const keys[] = { "filename=", "said=", "members=" };

        for (int k = 0; k < 3; k++) {
            if (g_str_has_prefix(argv[i], keys[k])) {
                *to[k] = g_strdup(argv[i] + strlen(keys[k]));
            }
        }
    }
    if (!filename) {
        fprintf(stderr, "kernel_check: say filename=FILE\n");
        return -1;
    }
    qemu_plugin_register_atexit_cb(id, at_end, NULL);
    return qemu_plugin_reg_callback("osi_linux", "on_process_change",
                                    on_process_change) ? 0 : -1;
}
