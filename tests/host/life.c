/*
 * life.c: test plugins for plugins that go in a real QEMU.  Built as
 * life_go_a to life_go_g, each of which uninstalls (or resets) itself where
 * and when its options say, and as life_stay, which stays, and tells at the
 * end what all of them counted.
 *
 * The guest (life_guest.c) runs marks: an instruction that nobody else has,
 * followed by one that stores.
 *
 * life_go_X,place=PLACE,at=N[,reset=TIMES[,step=M]]: in PLACE, after N marks,
 * and, for a reset, after every M more (500).
 * life_stay,of=XY...: the others; it may reset itself, too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin-qpp.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = LIFE_NAME;

#define N_MARKS 2   /* the threads' and the forked children's */
#define CALL_0 4242 /* system calls that no kernel has */

enum { IN_EXEC, IN_MEM, IN_TRANS, IN_CALL, IN_RET, IN_EVENT, IN_THREAD,
       IN_IDLE, IN_RESUME, N_PLACES };
static const char *const places[] = { "exec", "mem", "trans", "call", "ret",
                                      "event", "thread", "idle", "resume" };

QEMU_PLUGIN_EXPORT void life_report(char *line, size_t len);

static qemu_plugin_id_t self;
static qemu_plugin_callback *mark_event;
static struct qemu_plugin_scoreboard *board;
static qemu_plugin_u64 inlined[N_MARKS];
static atomic_ulong n_exec[N_MARKS], n_mem[N_MARKS], n_call[N_MARKS],
    n_ret[N_MARKS];
static atomic_ulong n_run, n_heard, n_reset, n_late, n_gone, n_imported;
static unsigned long n_inlined[N_MARKS];
static atomic_int inside;
static atomic_bool dead;
static int place = -1;
static unsigned long at;
static unsigned long resets; /* still to do */
static unsigned long step = 500;
static bool stays;
static pid_t installed_by;

static void go(void);

static void enter(int where)
{
    inside++;
    if (dead) {
        n_late++;
    }
    if (where == place && n_exec[0] + n_exec[1] >= at) {
        go();
    }
}

static void leave(void)
{
    inside--;
}

static void on_exec(unsigned int vcpu_index, void *userdata)
{
    enter(IN_EXEC);
    n_exec[GPOINTER_TO_INT(userdata)]++;
    if (qemu_plugin_run_callback_handle(mark_event, NULL, NULL)) {
        n_run++;
    }
    leave();
}

static void on_mem(unsigned int vcpu_index, qemu_plugin_meminfo_t info,
                   uint64_t vaddr, void *userdata)
{
    enter(IN_MEM);
    n_mem[GPOINTER_TO_INT(userdata)]++;
    leave();
}

/* Which mark it is; -1: none. */
static int mark_of(const struct qemu_plugin_insn *insn)
{
    static const uint8_t x86[] = { 0x0f, 0x1f, 0x84, 0x00, 0x50, 0x51, 0x4c };
    uint8_t bytes[8];
    size_t n = qemu_plugin_insn_data(insn, bytes, sizeof(bytes));

    if (n == 8 && memcmp(bytes, x86, sizeof(x86)) == 0) {
        return bytes[7] < N_MARKS ? bytes[7] : -1;
    }
    /* movz x9, #0x514c + N */
    if (n == 4 && bytes[3] == 0xd2 && bytes[2] == 0x8a) {
        uint32_t word = bytes[0] | bytes[1] << 8 | bytes[2] << 16 |
                        (uint32_t)bytes[3] << 24;
        uint32_t n_mark = ((word >> 5) & 0xffff) - 0x514c;

        return (word & 31) == 9 && n_mark < N_MARKS ? (int)n_mark : -1;
    }
    return -1;
}

static void on_trans(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);

    enter(IN_TRANS);
    for (size_t i = 0; i < n && !dead; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        struct qemu_plugin_insn *next = qemu_plugin_tb_get_insn(tb, i + 1);
        int mark = mark_of(insn);

        if (mark < 0) {
            continue;
        }
        qemu_plugin_register_vcpu_insn_exec_cb(
            insn, on_exec, QEMU_PLUGIN_CB_NO_REGS, GINT_TO_POINTER(mark));
        qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
            insn, QEMU_PLUGIN_INLINE_ADD_U64, inlined[mark], 1);
        if (next) {
            qemu_plugin_register_vcpu_mem_cb(
                next, on_mem, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W,
                GINT_TO_POINTER(mark));
        }
    }
    leave();
}

static void on_call(qemu_plugin_id_t id, unsigned int vcpu_index, int64_t num,
                    uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                    uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    enter(IN_CALL);
    if (num >= CALL_0 && num < CALL_0 + N_MARKS) {
        n_call[num - CALL_0]++;
    }
    leave();
}

static void on_ret(qemu_plugin_id_t id, unsigned int vcpu_index, int64_t num,
                   int64_t ret)
{
    enter(IN_RET);
    if (num >= CALL_0 && num < CALL_0 + N_MARKS) {
        n_ret[num - CALL_0]++;
    }
    leave();
}

static void on_idle(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    enter(IN_IDLE);
    leave();
}

static void on_resume(qemu_plugin_id_t id, unsigned int vcpu_index)
{
    enter(IN_RESUME);
    leave();
}

static void on_gone(qemu_plugin_id_t id, const char *gone)
{
    n_gone++;
}

static void on_atexit(qemu_plugin_id_t id, void *userdata);

static void subscribe(void)
{
    qemu_plugin_register_vcpu_tb_trans_cb(self, on_trans);
    qemu_plugin_register_vcpu_syscall_cb(self, on_call);
    qemu_plugin_register_vcpu_syscall_ret_cb(self, on_ret);
    qemu_plugin_register_vcpu_idle_cb(self, on_idle);
    qemu_plugin_register_vcpu_resume_cb(self, on_resume);
    if (stays) {
        qemu_plugin_register_gone_cb(self, on_gone);
        qemu_plugin_register_atexit_cb(self, on_atexit, NULL);
    }
}

static void add_inlined(void)
{
    for (int i = 0; i < N_MARKS; i++) {
        n_inlined[i] = qemu_plugin_u64_sum(inlined[i]);
    }
}

static void on_uninstalled(qemu_plugin_id_t id)
{
    if (inside) {
        n_late++;
    }
    dead = true;
    /* Nothing is in translated code any more. */
    add_inlined();
    qemu_plugin_scoreboard_free(board);
}

static void on_reset(qemu_plugin_id_t id)
{
    n_reset++;
    at += step;
    if (--resets == 0) {
        place = -1;
    }
    subscribe();
}

static void go(void)
{
    if (resets > 0) {
        qemu_plugin_reset(self, on_reset);
    } else {
        place = -1;
        qemu_plugin_uninstall(self, on_uninstalled);
    }
}

/* A thread that is no vCPU's. */
static gpointer own_thread(gpointer data)
{
    while (n_exec[0] + n_exec[1] < at) {
        g_usleep(1000);
    }
    go();
    return NULL;
}

/* What this one counted; those who imported it may ask when it has gone. */
void life_report(char *line, size_t len)
{
    if (!dead) {
        add_inlined();
    }
    g_snprintf(line, len, "%s gone=%d late=%lu exec=%lu inline=%lu mem=%lu "
               "run=%lu resets=%lu", &LIFE_NAME[strlen("life_")], dead,
               n_late, n_exec[0], n_inlined[0], n_mem[0], n_run, n_reset);
}

/* ---- life_stay --------------------------------------------------------- */

typedef void (*Report)(char *line, size_t len);
static Report reports[26];

static void on_mark(gpointer evdata, gpointer udata)
{
    n_heard++;
}

static void on_atexit(qemu_plugin_id_t id, void *userdata)
{
    int m = getpid() == installed_by ? 0 : 1;
    char line[200];

    add_inlined();
    fprintf(stderr, "life: %s exec=%lu inline=%lu mem=%lu call=%lu ret=%lu "
            "heard=%lu gone=%lu resets=%lu\n", m ? "child" : "parent", n_exec[m],
            n_inlined[m], n_mem[m], n_call[m], n_ret[m], n_heard, n_gone,
            n_reset);
    for (size_t i = 0; i < n_imported && m == 0; i++) {
        reports[i](line, sizeof(line));
        fprintf(stderr, "life: %s\n", line);
    }
}

/* Of those who go: their callbacks, and a function of theirs. */
static bool join(const char *of)
{
    for (; *of; of++) {
        g_autofree char *name = g_strdup_printf("life_go_%c", *of);
        gpointer report = qemu_plugin_import_function(name, "life_report");

        if (!report || !qemu_plugin_reg_callback(name, "mark", on_mark)) {
            return false;
        }
        reports[n_imported++] = (Report)report;
    }
    stays = true;
    return true;
}

static bool option(const char *arg)
{
    if (g_str_has_prefix(arg, "at=")) {
        at = strtoul(arg + 3, NULL, 10);
    } else if (g_str_has_prefix(arg, "place=")) {
        for (int i = 0; i < N_PLACES; i++) {
            if (strcmp(arg + 6, places[i]) == 0) {
                place = i;
            }
        }
    } else if (g_str_has_prefix(arg, "step=")) {
        step = strtoul(arg + 5, NULL, 10);
    } else if (g_str_has_prefix(arg, "reset=")) {
        resets = strtoul(arg + 6, NULL, 10);
    } else {
        return g_str_has_prefix(arg, "of=") && join(arg + 3);
    }
    return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    self = id;
    installed_by = getpid();
    mark_event = qemu_plugin_create_callback_handle(id, "mark");
    board = qemu_plugin_scoreboard_new(N_MARKS * sizeof(uint64_t));
    for (int i = 0; i < N_MARKS; i++) {
        inlined[i].score = board;
        inlined[i].offset = i * sizeof(uint64_t);
    }
    for (int i = 0; i < argc; i++) {
        if (!option(argv[i])) {
            fprintf(stderr, "life: what is %s?\n", argv[i]);
            return 1;
        }
    }
    subscribe();
    if (place == IN_THREAD) {
        g_thread_new("life", own_thread, NULL);
    }
    return 0;
}
