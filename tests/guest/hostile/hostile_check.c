/*
 * hostile_check.c: a plugin that spoils the memory of the guest's kernel and
 * asks osi_linux everything, in rounds, for the guest test hostile-run.
 *
 * A round begins when all processes of the guest program make the marker
 * call, each on a vCPU of its own: none of them runs guest code then.  One
 * writes down all answers and spoils something; all ask at the same time; it
 * puts everything back; and so on.  In the end all answers are what they were
 * before, or osi_linux has kept something wild.  The first round is the
 * directed one (directed.c).  What was seen goes to the file of the option
 * filename, as TAP without its plan.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "hostile.h"
#include "osi.h"
#include "syscalls.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = "hostile_check";
QEMU_PLUGIN_EXPORT const char *qemu_plugin_uses[] = { "syscalls",
                                                      "osi_linux", NULL };

#define MAX_VCPUS 16
#define SPOILINGS 10 /* of a round, one after the other */
#define PATIENCE (10 * G_TIME_SPAN_SECOND) /* on a machine that is busy */

static FILE *out;
static uint64_t seed = 1;

static struct {
    GMutex lock;
    GCond cond;
    unsigned int arrived, generation;
    unsigned int n; /* vCPUs in this round */
} meeting;

static World *world;
static GString *said; /* what is spoiled now */
static GString *before; /* all answers, when nothing is */
static Asker askers[MAX_VCPUS];

static struct {
    uint64_t rounds, missed, spoilings, queries, unknown, not_restored,
             changed, bad, objects;
    uint64_t max_reads, max_bytes;
    const char *max_reads_of, *max_bytes_of;
    int64_t leaked;
} total;

static void tell(bool right, const char *what, const char *why)
{
    fprintf(out, "%sok - %s\n", right ? "" : "not ", what);
    if (!right && why) {
        fprintf(out, "# %s\n", why);
    }
    fflush(out);
}

/* ---- Meeting ------------------------------------------------------------- */

/*
 * Waits until @n have come; true for the last.  With @patience not for ever:
 * a vCPU may wait in the kernel for one that stands still here.
 */
static bool meet(unsigned int n, bool patience, bool *missed)
{
    gint64 until = g_get_monotonic_time() + PATIENCE;
    unsigned int generation;
    bool last;

    g_mutex_lock(&meeting.lock);
    generation = meeting.generation;
    last = ++meeting.arrived == n;
    if (last) {
        meeting.arrived = 0;
        meeting.generation++;
        g_cond_broadcast(&meeting.cond);
    }
    while (meeting.generation == generation && !*missed) {
        if (!patience) {
            g_cond_wait(&meeting.cond, &meeting.lock);
        } else if (!g_cond_wait_until(&meeting.cond, &meeting.lock, until)) {
            *missed = meeting.generation == generation;
            meeting.arrived -= *missed;
        }
    }
    g_mutex_unlock(&meeting.lock);
    return last;
}

static void wait_for_all(unsigned int n)
{
    bool missed = false;

    meet(n, false, &missed);
}

/* ---- A round ------------------------------------------------------------- */

static GString *all_answers(unsigned int vcpu)
{
    Asker a;

    asker_init(&a, vcpu, 1);
    a.dump = g_string_new(NULL);
    ask_all(&a, world, false);
    if (a.wrong->len) {
        total.bad++;
        fprintf(out, "# nothing is spoiled, but: %s\n", a.wrong->str);
    }
    asker_clear(&a);
    return a.dump;
}

static void take_asker(Asker *a, uint64_t which)
{
    if (a->wrong->len) {
        total.bad++;
        fprintf(out, "# seed %" PRIu64 ", spoiling %" PRIu64 ", vCPU %u:%s\n"
                "#   %s\n", seed, which, a->vcpu, said->str,
                g_strdelimit(a->wrong->str, "\n", ';'));
        fflush(out);
    }
    total.queries += a->n_queries;
    total.unknown += a->n_unknown;
    total.leaked += a->leaked;
    if (a->max_reads > total.max_reads) {
        total.max_reads = a->max_reads;
        total.max_reads_of = a->max_reads_of;
    }
    if (a->max_bytes > total.max_bytes) {
        total.max_bytes = a->max_bytes;
        total.max_bytes_of = a->max_bytes_of;
    }
    asker_clear(a);
}

static void spoil_some(uint64_t which)
{
    uint64_t state = (seed * 0x9e3779b97f4a7c15ull) ^ (which << 20) ^ 1;

    rnd(&state);
    g_string_truncate(said, 0);
    for (uint64_t n = 1 + below(&state, 8); n > 0; n--) {
        world_spoil(world, &state, said);
    }
    total.spoilings++;
}

/* The first line of @now that is not in @was, for a report. */
static void show_difference(const GString *was, const GString *now)
{
    g_auto(GStrv) a = g_strsplit(was->str, "\n", -1);
    g_auto(GStrv) b = g_strsplit(now->str, "\n", -1);

    for (guint i = 0; a[i] && b[i]; i++) {
        if (strcmp(a[i], b[i]) != 0) {
            fprintf(out, "# was: %s\n# now: %s\n# after:%s\n", a[i], b[i],
                    said->str);
            return;
        }
    }
}

static void end_round(unsigned int vcpu)
{
    GString *after = all_answers(vcpu);

    if (!g_string_equal(before, after)) {
        total.changed++;
        show_difference(before, after);
    }
    g_string_free(before, TRUE);
    g_string_free(after, TRUE);
    world_free(world);
}

static void random_round(unsigned int vcpu, uint64_t round, bool leads)
{
    if (leads) {
        before = all_answers(vcpu);
        total.rounds++;
        total.objects += world->objects->len;
    }
    for (uint64_t i = 0; i < SPOILINGS; i++) {
        uint64_t which = round * SPOILINGS + i;

        if (leads) {
            spoil_some(which);
        }
        wait_for_all(meeting.n);
        asker_init(&askers[vcpu], vcpu, seed * 31 + which * 17 + vcpu);
        ask_all(&askers[vcpu], world, true);
        wait_for_all(meeting.n);
        if (leads) {
            total.not_restored += restore_all();
            for (unsigned int v = 0; v < meeting.n; v++) {
                take_asker(&askers[v], which);
            }
        }
    }
    if (leads) {
        end_round(vcpu);
    }
    wait_for_all(meeting.n);
}

/* When QEMU ends, so that no round that is missed leaves it out. */
static void report(qemu_plugin_id_t id, void *udata)
{
    char counts[100];

    fprintf(out, "# seed %" PRIu64 ": %" PRIu64 " rounds, %" PRIu64
            " missed; %" PRIu64 " spoilings of %" PRIu64 " objects\n"
            "# %" PRIu64 " queries of spoiled memory, %" PRIu64
            " answers unknown\n# most reads: %" PRIu64 ", %s\n"
            "# most memory: %" PRIu64 " bytes, %s; %" PRId64 " left\n",
            seed, total.rounds, total.missed, total.spoilings,
            total.rounds ? total.objects / total.rounds : 0, total.queries,
            total.unknown, total.max_reads, total.max_reads_of,
            total.max_bytes, total.max_bytes_of, total.leaked);
    tell(total.rounds > 2 * total.missed, "the vCPUs meet", NULL);
    tell(total.not_restored == 0, "the guest's memory is put back", NULL);
    tell(total.bad == 0, "no answer is impossible, or takes too much",
         NULL);
    tell(total.changed == 0, "put back, everything is known as before",
         NULL);
    snprintf(counts, sizeof(counts), "%" PRIu64 " unknown of %" PRIu64,
             total.unknown, total.queries);
    tell(total.unknown > 0 && total.unknown < total.queries / 2,
         "something is unknown, most is not", counts);
    tell(total.leaked < 1 << 20, "nothing is leaked", NULL);
}

static void on_enter(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    bool missed = false, leads;

    if (call->nr != HOSTILE_MARKER || call->args[0] != HOSTILE_MAGIC ||
        call->vcpu >= MAX_VCPUS) {
        return;
    }
    leads = meet(call->args[1], true, &missed);
    if (missed) {
        __atomic_fetch_add(&total.missed, 1, __ATOMIC_RELAXED);
        return;
    }
    if (leads) {
        meeting.n = call->args[1];
        world = world_new(call->vcpu);
    }
    wait_for_all(call->args[1]);
    if (!world) {
        tell(false, "the processes are known", NULL);
    } else if (call->args[2] == 1) {
        if (leads) {
            directed_run(call->vcpu, world, tell);
        }
    } else {
        random_round(call->vcpu, call->args[2], leads);
    }
    wait_for_all(call->args[1]);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "filename=")) {
            out = fopen(argv[i] + strlen("filename="), "w");
        } else if (g_str_has_prefix(argv[i], "seed=")) {
            seed = strtoull(argv[i] + strlen("seed="), NULL, 0);
        }
    }
    if (!out) {
        fprintf(stderr, "hostile_check: needs filename=FILE\n");
        return -1;
    }
    paging = paging_find(info->target_name);
    if (!paging) {
        fprintf(stderr, "hostile_check: not for %s\n", info->target_name);
        return -1;
    }
    if (!qemu_plugin_available("qemu_plugin_write_memory_vaddr")) {
        fprintf(stderr, "hostile_check: this QEMU's plugins cannot write "
                "memory; use 11.1\n");
        return -1;
    }
    said = g_string_new(NULL);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return qemu_plugin_reg_callback("syscalls", "on_all_sys_enter", on_enter)
               ? 0 : -1;
}
