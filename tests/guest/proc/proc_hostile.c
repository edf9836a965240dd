/*
 * proc_hostile.c: a plugin that asks osi_linux all it knows of processes
 * while the kernel's memory says nonsense.
 *
 * At a change of process behind the marker of the guest program it writes to
 * one word of a task_struct, or of what one points to, asks, and puts the
 * word back, many times, before the guest goes on: with one vCPU the guest
 * sees nothing of it.  Needs a host that lets plugins write memory (API 5).
 * It must come through, in bounded time, and know all again afterwards.  One
 * JSON object to the file named by the option filename.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#define PROC_PLUGIN
#include "osi.h"
#include "proc.h"
#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "proc_hostile";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls",
                                                      "osi_linux", NULL };

#define ROUNDS 2000
/* A task_struct's members of interest lie in its first bytes. */
#define TASK_WORDS 512
#define OTHER_WORDS 64

static const char *filename;
static bool armed;
static GRand *rand_state;
static GArray *handles; /* while all was well */

static struct {
    unsigned int rounds, not_written, incomplete, unknown, differing;
    gint64 slowest_us;
} result;

/* ---- Asking -------------------------------------------------------------- */

static size_t size_of(const char *text)
{
    return text ? strlen(text) : 0;
}

/* All of one process; what it says is of no interest, but for its bounds. */
static void ask_one(unsigned int vcpu, const OsiProcHandle *handle)
{
    g_autofree OsiTaskInfo *info = get_process_info_qpp(vcpu, handle);
    g_autofree char *exe = get_process_exe_qpp(vcpu, handle);
    g_autofree char *cwd = get_process_cwd_qpp(vcpu, handle);
    g_autofree char *root = get_process_root_qpp(vcpu, handle);
    GByteArray *args = get_process_cmdline_qpp(vcpu, handle);
    GByteArray *env = get_process_environment_qpp(vcpu, handle);
    g_autoptr(GArray) cgroups = get_process_cgroups_qpp(vcpu, handle);
    g_autoptr(GArray) threads = get_process_threads_qpp(vcpu, handle, NULL);
    g_autoptr(GArray) children = get_process_children_qpp(vcpu, handle,
                                                          NULL);

    result.unknown += !info || !cgroups || !threads || !children;
    if ((info && (strlen(info->comm) >= OSI_COMM_LEN ||
                  info->n_ns_pids > OSI_MAX_PID_NS)) ||
        size_of(exe) + size_of(cwd) + size_of(root) > 1 << 20 ||
        (args && args->len > 8 << 20) || (env && env->len > 8 << 20)) {
        g_error("proc_hostile: what is said of a process is impossible");
    }
    g_clear_pointer(&args, g_byte_array_unref);
    g_clear_pointer(&env, g_byte_array_unref);
}

/* How many processes and threads are said to be there. */
static unsigned int ask_all(unsigned int vcpu, bool *complete)
{
    bool all, all_threads;
    g_autoptr(GArray) found = get_process_handles_checked_qpp(vcpu, &all);
    g_autoptr(GArray) threads = get_threads_qpp(vcpu, &all_threads);

    *complete = all && all_threads;
    return (found ? found->len : 0) + (threads ? threads->len : 0);
}

/* ---- Nonsense ------------------------------------------------------------ */

static bool read_word(uint64_t addr, uint64_t *value)
{
    return qemu_plugin_read_memory(addr, value, sizeof(*value));
}

static bool write_word(uint64_t addr, uint64_t value)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *)&value, sizeof(value));
    return qemu_plugin_write_memory_vaddr(addr, bytes);
}

static const OsiProcHandle *any_handle(void)
{
    return &g_array_index(handles, OsiProcHandle,
                          g_rand_int_range(rand_state, 0, handles->len));
}

static bool is_pointer(uint64_t value)
{
    return value >> 47 == 0x1ffff && value % 8 == 0;
}

/*
 * A word of the task at @taskd, a pointer mostly, or a word of what that
 * points to.
 */
static uint64_t choose_word(uint64_t taskd)
{
    uint64_t addr, value;

    for (int i = 0; i < 20; i++) {
        addr = taskd + 8 * g_rand_int_range(rand_state, 0, TASK_WORDS);
        if (read_word(addr, &value) && is_pointer(value)) {
            return g_rand_boolean(rand_state)
                       ? addr
                       : value + 8 * g_rand_int_range(rand_state, 0,
                                                      OTHER_WORDS);
        }
    }
    return addr;
}

static uint64_t choose_value(uint64_t addr)
{
    switch (g_rand_int_range(rand_state, 0, 6)) {
    case 0: return addr;
    case 1: return any_handle()->taskd +
                   8 * g_rand_int_range(rand_state, 0, TASK_WORDS);
    case 2: return 0;
    case 3: return UINT64_MAX - g_rand_int_range(rand_state, 0, 100);
    case 4: return 0xffff800000000000 | g_rand_int(rand_state);
    default: return (uint64_t)g_rand_int(rand_state) << 32 |
                    g_rand_int(rand_state);
    }
}

static void one_round(unsigned int vcpu)
{
    const OsiProcHandle *handle = any_handle();
    uint64_t addr = choose_word(handle->taskd), old;
    gint64 start = g_get_monotonic_time();
    bool complete;

    if (!read_word(addr, &old) || !write_word(addr, choose_value(addr))) {
        result.not_written++;
        return;
    }
    ask_all(vcpu, &complete);
    result.incomplete += !complete;
    ask_one(vcpu, handle);
    ask_one(vcpu, any_handle());
    if (!write_word(addr, old)) {
        g_error("proc_hostile: a word cannot be put back");
    }
    result.slowest_us = MAX(result.slowest_us,
                            g_get_monotonic_time() - start);
    result.rounds++;
}

static void be_hostile(unsigned int vcpu)
{
    unsigned int n_before, n_after;
    bool complete;
    FILE *out;

    handles = get_process_handles_checked_qpp(vcpu, &complete);
    if (!handles || !handles->len || !complete) {
        return;
    }
    rand_state = g_rand_new_with_seed(4711);
    n_before = ask_all(vcpu, &complete);
    for (int i = 0; i < ROUNDS; i++) {
        one_round(vcpu);
    }
    n_after = ask_all(vcpu, &complete);
    result.differing = n_before != n_after || !complete;
    out = fopen(filename, "w");
    if (!out) {
        perror("proc_hostile: its file");
        return;
    }
    fprintf(out, "{\"rounds\":%u,\"not_written\":%u,\"incomplete\":%u,"
            "\"unknown\":%u,\"differing\":%u,\"slowest_us\":%" PRId64 "}\n",
            result.rounds, result.not_written, result.incomplete,
            result.unknown, result.differing, (int64_t)result.slowest_us);
    fclose(out);
}

/* ---- Events -------------------------------------------------------------- */

static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;

    if (call->nr == PROC_MARKER && call->args[0] == PROC_MAGIC &&
        call->args[1] == 0) {
        armed = true;
    }
}

static void on_process_change(void *evdata, void *udata)
{
    const OsiProcessChange *change = evdata;

    if (armed) {
        armed = false;
        be_hostile(change->vcpu);
    }
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    if (argc != 1 || !g_str_has_prefix(argv[0], "filename=")) {
        fprintf(stderr, "proc_hostile: needs one option, filename=FILE\n");
        return -1;
    }
    filename = g_strdup(strchr(argv[0], '=') + 1);
    return qemu_plugin_reg_callback("syscalls", "on_all_sys_enter",
                                    on_enter) &&
                   qemu_plugin_reg_callback("osi_linux", "on_process_change",
                                            on_process_change)
               ? 0 : -1;
}
