/*
 * counts.c: callbacks, conditional callbacks and inline operations on the
 * loop that runs API_LOOPS times, and scoreboards.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "api.h"

/* What a vCPU's element holds; not at the start, to see that offsets count. */
typedef struct Element {
    char other[24];
    uint64_t insn; /* inline adds, at the instruction */
    uint64_t tb;   /* the same, at the block */
    uint64_t store;
    uint64_t tb_store;
    uint64_t stored; /* inline, at accesses */
    uint64_t loaded;
    uint64_t both;
} Element;

static struct qemu_plugin_scoreboard *score;
#define ENTRY(member) qemu_plugin_scoreboard_u64_in_struct(score, Element,    \
                                                           member)

static atomic_uint n_tb, n_insn, n_wrong_vcpu;

static void on_tb(unsigned int vcpu_index, void *userdata)
{
    n_tb++;
    n_wrong_vcpu += vcpu_index != 0 || userdata != &n_tb;
}

static void on_insn(unsigned int vcpu_index, void *userdata)
{
    n_insn++;
    n_wrong_vcpu += vcpu_index != 0 || userdata != &n_insn;
}

/* A condition on the count, which goes from 1 to API_LOOPS; how often it is. */
typedef struct Case {
    enum qemu_plugin_cond cond;
    uint64_t imm;
    unsigned int expected;
    atomic_uint n[2]; /* seen, of a block, an instruction */
} Case;

static Case cases[] = {
    { QEMU_PLUGIN_COND_NEVER, 0, 0 },
    { QEMU_PLUGIN_COND_ALWAYS, 0, API_LOOPS },
    { QEMU_PLUGIN_COND_EQ, 500, 1 },
    { QEMU_PLUGIN_COND_EQ, UINT64_MAX, 0 },
    { QEMU_PLUGIN_COND_NE, 500, API_LOOPS - 1 },
    { QEMU_PLUGIN_COND_LT, 10, 9 },
    { QEMU_PLUGIN_COND_LE, 10, 10 },
    { QEMU_PLUGIN_COND_GT, 990, API_LOOPS - 990 },
    { QEMU_PLUGIN_COND_GE, 990, API_LOOPS - 989 },
    /* unsigned: otherwise all are greater than -1 */
    { QEMU_PLUGIN_COND_GT, UINT64_MAX, 0 },
};

static void on_tb_case(unsigned int vcpu_index, void *userdata)
{
    ((Case *)userdata)->n[0]++;
}

static void on_insn_case(unsigned int vcpu_index, void *userdata)
{
    ((Case *)userdata)->n[1]++;
}

static void block(struct qemu_plugin_tb *tb)
{
    if (qemu_plugin_tb_vaddr(tb) != api_label(L_known_loop)) {
        return;
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_tb, QEMU_PLUGIN_CB_NO_REGS,
                                         &n_tb);
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
        tb, QEMU_PLUGIN_INLINE_ADD_U64, ENTRY(tb), 1);
    qemu_plugin_register_vcpu_tb_exec_inline_per_vcpu(
        tb, QEMU_PLUGIN_INLINE_STORE_U64, ENTRY(tb_store), 77);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        qemu_plugin_register_vcpu_tb_exec_cond_cb(
            tb, on_tb_case, QEMU_PLUGIN_CB_NO_REGS, cases[i].cond, ENTRY(tb),
            cases[i].imm, &cases[i]);
    }
}

static void count_loop(struct qemu_plugin_insn *insn)
{
    qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn,
                                           QEMU_PLUGIN_CB_NO_REGS, &n_insn);
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn, QEMU_PLUGIN_INLINE_ADD_U64, ENTRY(insn), 1);
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn, QEMU_PLUGIN_INLINE_STORE_U64, ENTRY(store), UINT64_MAX);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        qemu_plugin_register_vcpu_insn_exec_cond_cb(
            insn, on_insn_case, QEMU_PLUGIN_CB_NO_REGS, cases[i].cond,
            ENTRY(insn), cases[i].imm, &cases[i]);
    }
}

static void count_accesses(struct qemu_plugin_insn *insn)
{
    qemu_plugin_register_vcpu_mem_inline_per_vcpu(
        insn, QEMU_PLUGIN_MEM_R, QEMU_PLUGIN_INLINE_ADD_U64, ENTRY(loaded),
        1);
    qemu_plugin_register_vcpu_mem_inline_per_vcpu(
        insn, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_INLINE_ADD_U64, ENTRY(stored),
        1000);
    qemu_plugin_register_vcpu_mem_inline_per_vcpu(
        insn, QEMU_PLUGIN_MEM_RW, QEMU_PLUGIN_INLINE_ADD_U64, ENTRY(both),
        UINT64_MAX);
}

static void at(Label label, struct qemu_plugin_tb *tb,
               struct qemu_plugin_insn *insn)
{
    if (label == L_known_loop) {
        count_loop(insn);
    } else if (label == L_do_load || label == L_do_store ||
               label == L_do_signed) {
        count_accesses(insn);
    }
}

static void install(void)
{
    score = qemu_plugin_scoreboard_new(sizeof(Element));
    api_right("scoreboard_new", score != NULL, "no scoreboard");
    /* No vCPU yet. */
    api_right("scoreboard_find", !qemu_plugin_scoreboard_find(score, 0),
              "an element of no vCPU");
    api_right("u64_get", qemu_plugin_u64_get(ENTRY(tb), 0) == 0,
              "a value of no vCPU");
    api_right("u64_sum", qemu_plugin_u64_sum(ENTRY(tb)) == 0, "not 0");
}

static void end_scoreboard(void)
{
    int n = qemu_plugin_num_vcpus();
    struct qemu_plugin_scoreboard *bytes = qemu_plugin_scoreboard_new(1);
    Element *first = qemu_plugin_scoreboard_find(score, 0);
    qemu_plugin_u64 entry = ENTRY(other);

    api_right("scoreboard_find",
              first && first->tb == API_LOOPS &&
                  !qemu_plugin_scoreboard_find(score, n),
              "not the element that was counted in, or one too many");
    for (int i = 0; i < n; i++) {
        char *byte = qemu_plugin_scoreboard_find(bytes, i);

        api_right("scoreboard_new", byte && *byte == 0, "not zero");
        qemu_plugin_u64_set(entry, i, 10 + i);
        qemu_plugin_u64_add(entry, i, UINT64_MAX);
        api_right("u64_set", *(uint64_t *)(void *)((Element *)
                  qemu_plugin_scoreboard_find(score, i))->other ==
                  9u + i, "not set");
    }
    api_right("u64_get", qemu_plugin_u64_get(entry, 0) == 9, "%" PRIu64,
              qemu_plugin_u64_get(entry, 0));
    api_right("u64_add", qemu_plugin_u64_get(entry, n - 1) == 8u + n,
              "%" PRIu64, qemu_plugin_u64_get(entry, n - 1));
    api_right("u64_sum", qemu_plugin_u64_sum(entry) == (n > 1 ? 19u : 9u),
              "%" PRIu64, qemu_plugin_u64_sum(entry));
    qemu_plugin_scoreboard_free(bytes);
    qemu_plugin_scoreboard_free(NULL);
    api_right("scoreboard_free", true, "-");
}

static void end_cases(void)
{
    static const char *const names[] = {
        "register_vcpu_tb_exec_cond_cb", "register_vcpu_insn_exec_cond_cb",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (int of = 0; of < 2; of++) {
            api_right(names[of], cases[i].n[of] == cases[i].expected,
                      "condition %d with %" PRIu64 ": %u calls, not %u",
                      cases[i].cond, cases[i].imm, cases[i].n[of],
                      cases[i].expected);
        }
    }
}

static void end(void)
{
    uint64_t insn = qemu_plugin_u64_sum(ENTRY(insn));
    uint64_t tb = qemu_plugin_u64_sum(ENTRY(tb));

    api_right("register_vcpu_tb_exec_cb",
              n_tb == API_LOOPS && n_wrong_vcpu == 0, "%u runs", n_tb);
    api_right("register_vcpu_insn_exec_cb",
              n_insn == API_LOOPS && n_wrong_vcpu == 0, "%u runs", n_insn);
    api_right("register_vcpu_tb_exec_inline_per_vcpu",
              tb == API_LOOPS && qemu_plugin_u64_sum(ENTRY(tb_store)) == 77,
              "%" PRIu64, tb);
    api_right("register_vcpu_insn_exec_inline_per_vcpu",
              insn == API_LOOPS &&
                  qemu_plugin_u64_sum(ENTRY(store)) == UINT64_MAX,
              "%" PRIu64, insn);
    /* Two loads, one store. */
    api_right("register_vcpu_mem_inline_per_vcpu",
              qemu_plugin_u64_sum(ENTRY(loaded)) == 2 &&
                  qemu_plugin_u64_sum(ENTRY(stored)) == 1000 &&
                  qemu_plugin_u64_sum(ENTRY(both)) == (uint64_t)-3,
              "%" PRIu64 " %" PRIu64 " %" PRIu64,
              qemu_plugin_u64_sum(ENTRY(loaded)),
              qemu_plugin_u64_sum(ENTRY(stored)),
              qemu_plugin_u64_sum(ENTRY(both)));
    end_cases();
    end_scoreboard();
}

const ApiPart api_counts = { install, block, at, end };
