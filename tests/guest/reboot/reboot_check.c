/*
 * reboot_check.c: a plugin that writes down what is told of a guest that
 * reboots, for the guest test reboot-run: to the file named by the option
 * filename, one fact a line.
 *
 *   reboot BOOT       on_reboot
 *   stext BOOT ADDR   where osi_linux says that the kernel is, once a boot
 *   start BOOT TID    osi_linux's events of a thread
 *   end BOOT TID
 *   cut BOOT          a call of that boot was ended by a reboot
 *   late BOOT         one had another outcome after its boot
 *   open N            calls that were not ended when QEMU did
 *   extra N           ends of calls that were not under way
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "osi_events.h"
#include "osi_kernel.h"
#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "reboot_check";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls",
                                                      "osi_linux", NULL };

static GMutex lock; /* guards what follows */
static FILE *out;
static GHashTable *open_calls; /* ids */
static unsigned int n_extra;
static unsigned int stext_boot; /* in which _stext was last asked for */

static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    g_mutex_lock(&lock);
    if (!g_hash_table_add(open_calls, g_memdup2(&call->id,
                                                sizeof(call->id)))) {
        n_extra++;
    }
    g_mutex_unlock(&lock);
}

static void on_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    g_mutex_lock(&lock);
    if (!g_hash_table_remove(open_calls, &call->id) &&
        call->outcome != SYSCALLS_CHILD) {
        n_extra++;
    }
    if (call->boot != syscalls_boot_qpp()) {
        fprintf(out, "%s %u\n", call->outcome == SYSCALLS_NO_RETURN
                ? "cut" : "late", call->boot);
    }
    g_mutex_unlock(&lock);
}

static void on_reboot(void *evdata, void *udata)
{
    const SyscallsReboot *reboot = evdata;
    uint64_t address;

    g_mutex_lock(&lock);
    fprintf(out, "reboot %u\n", reboot->boot);
    g_mutex_unlock(&lock);
    /* osi_linux has heard of it before, and knows nothing. */
    if (osi_kernel_symbol_qpp("_stext", &address)) {
        fprintf(stderr, "reboot_check: the old kernel is still known\n");
    }
}

static void on_process_change(void *evdata, void *udata)
{
    uint64_t address;

    g_mutex_lock(&lock);
    if (stext_boot != syscalls_boot_qpp()) {
        stext_boot = syscalls_boot_qpp();
        if (osi_kernel_symbol_qpp("_stext", &address)) {
            fprintf(out, "stext %u %" PRIx64 "\n", stext_boot, address);
        }
    }
    g_mutex_unlock(&lock);
}

static void put(const char *what, int32_t tid)
{
    g_mutex_lock(&lock);
    fprintf(out, "%s %u %d\n", what, syscalls_boot_qpp(), tid);
    g_mutex_unlock(&lock);
}

static void on_start(void *evdata, void *udata)
{
    const OsiStartEvent *event = evdata;

    put("start", event->created.tid);
}

static void on_end(void *evdata, void *udata)
{
    const OsiEndEvent *event = evdata;

    put("end", event->thread.tid);
}

static void on_atexit(qemu_plugin_id_t id, void *udata)
{
    fprintf(out, "open %u\nextra %u\n", g_hash_table_size(open_calls),
            n_extra);
    fclose(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    static const struct {
        const char *plugin, *name;
        cb_func_t function;
    } events[] = {
        { "syscalls", "on_all_sys_enter", on_enter },
        { "syscalls", "on_all_sys_return", on_return },
        { "syscalls", "on_reboot", on_reboot },
        { "osi_linux", "on_process_change", on_process_change },
        { "osi_linux", "on_process_start", on_start },
        { "osi_linux", "on_thread_start", on_start },
        { "osi_linux", "on_thread_end", on_end },
    };

    if (argc != 1 || !g_str_has_prefix(argv[0], "filename=")) {
        fprintf(stderr, "reboot_check: needs filename=FILE\n");
        return -1;
    }
    out = fopen(argv[0] + strlen("filename="), "w");
    if (!out) {
        perror("reboot_check");
        return -1;
    }
    open_calls = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                       NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        if (!qemu_plugin_reg_callback(events[i].plugin, events[i].name,
                                      events[i].function)) {
            return -1;
        }
    }
    qemu_plugin_register_atexit_cb(id, on_atexit, NULL);
    return 0;
}
