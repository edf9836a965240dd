/*
 * events.c: hostile_events, a plugin that wants to know all events of
 * osi_linux while the memory of the guest's kernel is spoiled, for the guest
 * test hostile-run.
 *
 * Whenever osi_linux is about to be called (front.c), something of the
 * thread that it is about is spoiled; when this plugin, which is installed
 * after osi_linux, is called at the same place, all is put back.  So the
 * guest itself never sees it, if it has one vCPU.  What is told meanwhile may
 * be what the memory says, but nothing impossible, and must not take for ever.
 * Before and afterwards nothing is spoiled for a while, and all that the
 * guest program (busy.c) does must be told, each once.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"
#include "front.h"
#include "guest.h"
#include "hostile.h"
#include "osi.h"
#include "osi_events.h"
#include "osi_kernel.h"
#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "hostile_events";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = {
    "hostile_front", "syscalls", "osi_linux", NULL };

/*
 * At one place osi_linux asks some questions, each of which may read so often
 * (osi_linux/live.h): the path, the arguments, the mappings.
 */
#define MAX_READS (3u * 2 * 1000 * 1000)
#define PID_MAX (4 * 1024 * 1024)

typedef enum Kind {
    PROCESS_START, THREAD_START, EXEC, THREAD_END, PROCESS_END, TASK_CHANGE,
    MAPPING_ADDED, MAPPING_REMOVED, LIBRARY_LOAD, PROCESS_CHANGE, N_KINDS
} Kind;

static const char *const names[N_KINDS] = {
    "on_process_start", "on_thread_start", "on_process_exec", "on_thread_end",
    "on_process_end", "on_task_change", "on_mapping_added",
    "on_mapping_removed", "on_library_load", "on_process_change",
};

static FILE *out;
static uint64_t state = 1; /* of the random numbers */
static qemu_plugin_id_t self;

static uint64_t phase;     /* BUSY_...; 0: not yet */
static bool remaps;        /* a call that changes mappings is being made */
static World *world;       /* what is spoiled now; NULL: nothing */
static GString *said;
static GHashTable *family; /* pids of those that the guest program made */
/* Events of them in this phase; of all while something is spoiled. */
static uint64_t n_calm[N_KINDS], n_spoiled[N_KINDS];
static uint64_t windows[3], spoilings, max_reads, not_restored, bad;

static void tell(bool right, const char *what)
{
    fprintf(out, "%sok - events: %s\n", right ? "" : "not ", what);
    fflush(out);
}

/* ---- Spoiling ------------------------------------------------------------ */

static bool is_worth_it(const HostileEvent *e)
{
    return phase == BUSY_SPOILED &&
           (e->moment != HOSTILE_AT_LEAVING || remaps) && below(&state, 4);
}

static void on_moment(void *evdata, void *udata)
{
    const HostileEvent *e = evdata;

    if (world || !is_worth_it(e)) {
        return;
    }
    remaps = remaps && e->moment != HOSTILE_AT_LEAVING;
    world = world_of_task(e->tasks[e->tasks[1] >> 63 ? below(&state, 2) : 0]);
    windows[e->moment]++;
    g_string_truncate(said, 0);
    if (world->objects->len) {
        for (uint64_t n = 1 + below(&state, 8); n > 0; n--) {
            world_spoil(world, &state, said);
            spoilings++;
        }
    }
    hostile_counts()->reads = 0;
}

/* Osi_linux has been called. */
static void put_back(void)
{
    uint64_t reads = hostile_counts()->reads;

    if (!world) {
        return;
    }
    if (reads > MAX_READS) {
        fprintf(out, "# %" PRIu64 " reads:%s\n", reads, said->str);
    }
    max_reads = MAX(max_reads, reads);
    not_restored += restore_all();
    g_clear_pointer(&world, world_free);
}

static void on_instruction(unsigned int vcpu_index, void *udata)
{
    put_back();
}

static void on_tb_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    hostile_front_instrument_qpp(tb, on_instruction);
}

/* As osi_linux/events.c says, where its events are told. */
static void find_hooks(void)
{
    static const char *const functions[] = {
        "wake_up_new_task", "proc_exec_connector", "acct_collect",
    };
    static bool done;
    uint64_t addresses[G_N_ELEMENTS(functions)];

    for (size_t i = 0; !done && i < G_N_ELEMENTS(functions); i++) {
        if (!osi_kernel_symbol_qpp(functions[i], &addresses[i])) {
            return;
        }
    }
    if (!done) {
        done = true;
        hostile_front_watch_qpp(addresses, G_N_ELEMENTS(addresses));
        qemu_plugin_retranslate(self, NULL);
    }
}

static void on_thread_switch(void *evdata, void *udata)
{
    put_back();
    find_hooks();
}

/* ---- What is told -------------------------------------------------------- */

static void must(bool condition, Kind kind, const char *what)
{
    if (!condition) {
        bad++;
        fprintf(out, "# %s: %s; spoiled:%s\n", names[kind], what,
                world ? said->str : " nothing");
        fflush(out);
    }
}

static void check_identity(Kind kind, const OsiIdentity *id)
{
    must(id->pid >= 0 && id->pid <= PID_MAX, kind, "pid");
    must(id->tid >= 0 && id->tid <= PID_MAX, kind, "tid");
    must(id->ppid >= 0 && id->ppid <= PID_MAX, kind, "ppid");
    must(memchr(id->comm, '\0', OSI_COMM_LEN), kind, "comm");
}

/* What has just been read is what the memory says, spoiled or not. */
static void check_now(Kind kind, const OsiIdentity *id)
{
    uint64_t cred = get(id->taskd, "task_struct", "real_cred");

    check_identity(kind, id);
    if (!id->taskd) {
        must(id->tid == 0 && id->pid == 0, kind, "nobody");
        return;
    }
    must(get(id->taskd, "task_struct", "pid") == (uint64_t)id->tid, kind,
         "tid is not what the memory says");
    must(get(id->taskd, "task_struct", "tgid") == (uint64_t)id->pid, kind,
         "pid is not what the memory says");
    must(id->uid == UINT32_MAX || get(cred, "cred", "uid") == id->uid, kind,
         "uid is not what the memory says");
}

/* By thread @id; @counts: it is to be counted if it is the program's. */
static void count(Kind kind, const OsiIdentity *id, bool counts)
{
    check_identity(kind, id);
    if (world) {
        n_spoiled[kind]++;
    } else if (counts &&
               g_hash_table_contains(family, GINT_TO_POINTER(id->pid))) {
        n_calm[kind]++;
    }
}

static void on_start(Kind kind, const OsiStartEvent *e)
{
    count(kind, &e->creator, true);
    check_now(kind, &e->creator);
    check_now(kind, &e->created);
    if (!world && g_hash_table_contains(family,
                                        GINT_TO_POINTER(e->creator.pid))) {
        g_hash_table_add(family, GINT_TO_POINTER(e->created.pid));
    }
}

static void on_exec(Kind kind, const OsiExecEvent *e)
{
    bool right = e->args && e->args_len == strlen("busy") + 1 +
                                strlen("child") + 1 +
                                strlen("of several words") + 1 &&
                 memcmp(e->args, "busy\0child", 11) == 0 && e->path &&
                 strcmp(e->path, "/qpp/busy") == 0;

    must(e->args_len <= OSI_EXEC_ARGS_MAX, kind, "args_len");
    must(!e->args_len == !e->args, kind, "args");
    must(!e->args || e->args[e->args_len - 1] == '\0', kind, "args' end");
    must(!e->path || strlen(e->path) <= 4 * 4096 + 32, kind, "path");
    count(kind, &e->thread, right);
    check_now(kind, &e->thread);
}

static void on_end(Kind kind, const OsiEndEvent *e)
{
    count(kind, &e->thread, kind == THREAD_END || e->code == 7 << 8);
    check_now(kind, &e->thread);
}

static void on_change(Kind kind, const OsiTaskChange *e)
{
    count(kind, &e->to, true);
    check_now(kind, &e->from);
    check_now(kind, &e->to);
}

static void on_process(Kind kind, const OsiProcessChange *e)
{
    check_identity(kind, &e->from);
    count(kind, &e->to, true);
}

static void on_mapping(Kind kind, const OsiMappingEvent *e)
{
    const OsiModule *m = e->mapping;

    must(m->size > 0 && m->base + m->size > m->base, kind, "size");
    must(((m->base | m->size) & 0xfff) == 0, kind, "pages");
    must(m->name && memchr(m->perms, '\0', sizeof(m->perms)), kind, "name");
    must(m->kind <= OSI_MAPPING_SPECIAL, kind, "kind");
    /* What is removed is so no more. */
    must(kind == MAPPING_REMOVED ||
         get(m->modd, "vm_area_struct", "vm_start") == m->base, kind,
         "base is not what the memory says");
    must(!m->file || strlen(m->file) <= 4 * 4096 + 32, kind, "file");
    count(kind, &e->thread, kind == LIBRARY_LOAD
              ? g_strcmp0(m->file, "/qpp/busy") == 0
              : m->base == BUSY_ADDRESS && m->size == 8192);
}

/* ---- Phases -------------------------------------------------------------- */

static void compare(Kind kind, uint64_t n)
{
    g_autofree char *what = g_strdup_printf(
        "unspoiled, each %s is told: %" PRIu64 " of %" PRIu64, names[kind],
        n_calm[kind], n);

    tell(n_calm[kind] == n, what);
}

/* The program has done what it does @n times. */
static void end_calm(uint64_t n)
{
    compare(PROCESS_START, n * BUSY_PROCESSES);
    compare(THREAD_START, n * BUSY_THREADS);
    compare(EXEC, n * BUSY_PROGRAMS);
    compare(THREAD_END, n * (BUSY_PROCESSES + BUSY_THREADS));
    compare(PROCESS_END, n * BUSY_PROCESSES);
    compare(MAPPING_ADDED, n * BUSY_MAPPED);
    compare(MAPPING_REMOVED, n * BUSY_UNMAPPED);
    compare(LIBRARY_LOAD, n * BUSY_PROGRAMS);
    tell(n_calm[TASK_CHANGE] > 0 && n_calm[PROCESS_CHANGE] > 0,
         "unspoiled, changes are told");
}

static void report(void)
{
    uint64_t all = 0;

    fprintf(out, "# %" PRIu64 " spoilings when something was about to be "
            "told: %" PRIu64 " at switches, %" PRIu64 " at functions, %" PRIu64
            " on the way out\n#", spoilings, windows[HOSTILE_AT_SWITCH],
            windows[HOSTILE_AT_HOOK], windows[HOSTILE_AT_LEAVING]);
    for (int i = 0; i < N_KINDS; i++) {
        fprintf(out, " %s %" PRIu64, names[i], n_spoiled[i]);
        all += n_spoiled[i] > 0;
    }
    fprintf(out, "\n# most reads: %" PRIu64 "\n", max_reads);
    tell(windows[0] && windows[1] && windows[2] && all == N_KINDS,
         "all are told of spoiled memory");
    tell(not_restored == 0, "the guest's memory is put back");
    tell(bad == 0, "nothing impossible is told");
    tell(max_reads <= MAX_READS, "nothing takes too much");
}

static void on_enter(void *evdata, void *udata)
{
    static const char *const remapping[] = { "mmap", "munmap", "mprotect",
                                             "brk", NULL };
    static uint64_t repetitions;
    const SyscallsCall *call = evdata;

    if (call->info && g_strv_contains(remapping, call->info->name)) {
        remaps = true;
    }
    if (call->nr != HOSTILE_MARKER || call->args[0] != HOSTILE_BUSY) {
        return;
    }
    if (phase == BUSY_CALM) {
        end_calm(repetitions);
    }
    phase = call->args[1];
    repetitions = call->args[2];
    g_hash_table_remove_all(family);
    g_hash_table_add(family, GINT_TO_POINTER(call->args[3]));
    memset(n_calm, 0, sizeof(n_calm));
    if (phase == BUSY_END) {
        report();
    }
}

/* ---- Beginning ----------------------------------------------------------- */

#define HANDLER(kind, function)                                              \
    static void told_##kind(void *evdata, void *udata)                       \
    {                                                                        \
        function(kind, evdata);                                              \
    }                                                                        \
    typedef int hostile_semicolon_##kind G_GNUC_UNUSED

HANDLER(PROCESS_START, on_start);
HANDLER(THREAD_START, on_start);
HANDLER(EXEC, on_exec);
HANDLER(THREAD_END, on_end);
HANDLER(PROCESS_END, on_end);
HANDLER(TASK_CHANGE, on_change);
HANDLER(MAPPING_ADDED, on_mapping);
HANDLER(MAPPING_REMOVED, on_mapping);
HANDLER(LIBRARY_LOAD, on_mapping);
HANDLER(PROCESS_CHANGE, on_process);

static bool subscribe(void)
{
    static const cb_func_t functions[N_KINDS] = {
        told_PROCESS_START, told_THREAD_START, told_EXEC, told_THREAD_END,
        told_PROCESS_END, told_TASK_CHANGE, told_MAPPING_ADDED,
        told_MAPPING_REMOVED, told_LIBRARY_LOAD, told_PROCESS_CHANGE,
    };

    for (int i = 0; i < N_KINDS; i++) {
        if (!qemu_plugin_reg_callback("osi_linux", names[i], functions[i])) {
            return false;
        }
    }
    return qemu_plugin_reg_callback("hostile_front", "on_moment",
                                    on_moment) &&
           qemu_plugin_reg_callback("syscalls", "on_thread_switch",
                                    on_thread_switch) &&
           qemu_plugin_reg_callback("syscalls", "on_all_sys_enter",
                                    on_enter);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "filename=")) {
            out = fopen(argv[i] + strlen("filename="), "w");
        } else if (g_str_has_prefix(argv[i], "seed=")) {
            state = strtoull(argv[i] + strlen("seed="), NULL, 0) *
                        0x9e3779b97f4a7c15ull + 1;
        }
    }
    paging = paging_find(info->target_name);
    if (!out || !paging || info->system.smp_vcpus != 1) {
        fprintf(stderr, "hostile_events: needs filename=FILE and a guest "
                "with one CPU, x86_64 or aarch64\n");
        return -1;
    }
    self = id;
    said = g_string_new(NULL);
    family = g_hash_table_new(NULL, NULL);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_tb_trans);
    return subscribe() ? 0 : -1;
}
