/*
 * The plugin: takes the events of `syscalls`, asks `osi_linux` who made the
 * call, and hands both to the format and the result to the output.
 *
 * Who makes a call is asked when it is made, because that is who made it:
 * execve renames the process, and a thread that is gone has no identity.
 * It is kept in the guest thread's slot, together with the buffers that the
 * thread's records are made in, so that a call allocates nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>

#include "format.h"
#include "options.h"
#include "output.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "syscalls_logger";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls", "osi_linux",
                                                      NULL };

/* Large enough that writing is rare, small enough to stay in the cache. */
#define BUFFER_SIZE (256 * 1024)

/* What is kept of a guest thread and the call it is in. */
typedef struct ThreadState {
    uint64_t call_id;
    bool known;
    OsiIdentity who;
    LogStrings strings;
    LogBytes line;
} ThreadState;

/* Set at install, constant afterwards. */
static LogOptions options;
static LogOutput *output;
static int slot;
static bool system_mode;

static atomic_uint last_boot = 1; /* of which a call was seen */

static void thread_state_free(void *opaque)
{
    ThreadState *state = opaque;

    if (state) {
        log_strings_deinit(&state->strings);
        log_bytes_deinit(&state->line);
        g_free(state);
    }
}

static ThreadState *state_of(SyscallsThread *thread)
{
    void **place = syscalls_slot_qpp(thread, slot);

    if (!*place) {
        *place = g_new0(ThreadState, 1);
    }
    return *place;
}

static LogRecord record_of(const SyscallsCall *call, const ThreadState *state)
{
    return (LogRecord) {
        .call = call,
        .who = state->known ? &state->who : NULL,
        .strings = options.format->wants_strings ? &state->strings : NULL,
    };
}

static void write_line(ThreadState *state)
{
    log_output_append(output, state->line.data, state->line.len, 1);
    state->line.len = 0;
}

/*
 * In user mode an execve that succeeds replaces the emulator with all that
 * it holds in memory.
 */
static bool replaces_emulator(const SyscallsCall *call)
{
    return !system_mode && call->info &&
           g_str_has_prefix(call->info->name, "execve");
}

/* Calls of the boot before may still end: their records come later, then. */
static void begin_boot(const SyscallsCall *call, ThreadState *state)
{
    unsigned int before = atomic_load(&last_boot);

    if (before < call->boot && options.format->on_boot &&
        atomic_compare_exchange_strong(&last_boot, &before, call->boot)) {
        options.format->on_boot(&state->line, call->boot);
        log_output_append(output, state->line.data, state->line.len, 0);
        state->line.len = 0;
    }
}

static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    ThreadState *state = state_of(call->thread);

    if (G_UNLIKELY(call->boot > atomic_load_explicit(&last_boot,
                                                     memory_order_relaxed))) {
        begin_boot(call, state);
    }
    state->call_id = call->id;
    state->known = osi_current_identity_qpp(call->vcpu, &state->who);
    if (options.format->wants_strings) {
        log_strings_read(&state->strings, call, options.string_size,
                         qemu_plugin_read_memory);
    }
    if (options.format->on_enter) {
        LogRecord rec = record_of(call, state);

        options.format->on_enter(&state->line, &rec);
        write_line(state);
    }
    if (replaces_emulator(call)) {
        log_output_flush(output);
    }
}

/* A page that was not there when the call was made is there afterwards. */
static bool strings_may_have_come(const SyscallsCall *call)
{
    /* After an execve the memory is another program's. */
    return call->outcome == SYSCALLS_RETURNED && call->info &&
           !g_str_has_prefix(call->info->name, "execve");
}

/* A child has made no call: it is asked for when it appears. */
static void child_appears(const SyscallsCall *call, ThreadState *state)
{
    state->call_id = call->id;
    state->known = osi_current_identity_qpp(call->return_vcpu, &state->who);
    if (options.format->wants_strings) {
        log_strings_read(&state->strings, call, options.string_size,
                         qemu_plugin_read_memory);
    }
}

static void on_return(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    ThreadState *state = state_of(call->thread);
    LogRecord rec;

    if (call->outcome == SYSCALLS_CHILD) {
        child_appears(call, state);
    } else if (state->call_id != call->id) {
        /* Its enter was not seen, so nothing is known of who made it. */
        state->call_id = call->id;
        state->known = false;
        memset(&state->strings.arg, 0, sizeof(state->strings.arg));
    } else if (options.format->wants_strings && strings_may_have_come(call)) {
        log_strings_retry(&state->strings, call, options.string_size,
                          qemu_plugin_read_memory);
    }
    rec = record_of(call, state);
    options.format->on_return(&state->line, &rec);
    write_line(state);
}

static void at_exit(qemu_plugin_id_t id, void *userdata)
{
    log_output_close(output);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    g_autoptr(GError) error = NULL;

    if (!log_options_parse(&options, argc, argv, &error)) {
        g_printerr("syscalls_logger: %s\n", error->message);
        return -1;
    }
    slot = syscalls_slot_new_qpp(thread_state_free);
    if (slot < 0) {
        g_printerr("syscalls_logger: no slot left in syscalls; load fewer "
                   "plugins that keep something for each guest thread\n");
        return -1;
    }
    system_mode = syscalls_system_mode_qpp();
    output = log_output_open(options.filename, BUFFER_SIZE, &error);
    if (!output) {
        g_printerr("syscalls_logger: %s\n", error->message);
        return -1;
    }
    if (options.format->header) {
        log_output_append(output, options.format->header,
                          strlen(options.format->header), 0);
    }
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    /* Without a return to show, only strings and a name would be kept. */
    if (!qemu_plugin_reg_callback("syscalls", "on_all_sys_enter", on_enter) ||
        (options.format->on_return &&
         !qemu_plugin_reg_callback("syscalls", "on_all_sys_return",
                                   on_return))) {
        return -1;
    }
    return 0;
}
