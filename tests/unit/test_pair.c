/*
 * test_pair.c: how system calls end (syscalls/pair.c), by a made-up ABI
 * whose signal frames are three words: pc, sp, result.  The numbers are
 * x86_64's, from the generated table.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <string.h>

#include "catalog.h"
#include "pair.h"
#include "plugin_stub.h"

enum { NR_READ = 0, NR_SIGRETURN = 15, NR_CLONE = 56, NR_EXECVE = 59,
       NR_EXIT = 60, NR_EXIT_GROUP = 231, NR_EXECVEAT = 322,
       NR_UNKNOWN = 99999 };

#define PC 0x401000u
#define SIZE 4u
#define BEHIND (PC + SIZE)
#define HANDLER 0x402000u
#define ELSEWHERE 0x403000u
#define STACK 0x7000u

typedef struct Told {
    char *name;
    SyscallsCall call;
} Told;

static GArray *told;
static uint64_t sp_register;

/* What somebody who knows the page tables would read; NULL: nobody does. */
static const uint64_t *hidden_frame;

static void on_run(const char *name, void *evdata)
{
    Told t;

    if (strcmp(name, "on_user_read") == 0) {
        SyscallsUserRead *wanted = evdata;

        if (hidden_frame && wanted->addr == STACK) {
            memcpy(wanted->buf, hidden_frame, wanted->len);
            wanted->done = true;
        }
        return;
    }
    t = (Told){ g_strdup(name), *(SyscallsCall *)evdata };
    g_array_append_val(told, t);
}

static bool read_frame(AbiReadUser read, unsigned int vcpu, uint64_t sp,
                       AbiFrame *frame)
{
    uint64_t words[3];

    if (!read(vcpu, sp, words, sizeof(words))) {
        return false;
    }
    frame->pc = words[0];
    frame->sp = words[1];
    frame->ret = words[2];
    return true;
}

static const SyscallsAbi fake_abi = {
    .name = "fake",
    .call_size = SIZE,
    .read_signal_frame = read_frame,
    .sigreturn_sp_offset = -8,
};

static bool read_reg(int reg, uint64_t *value)
{
    g_assert_cmpint(reg, ==, ABI_REG_SP);
    *value = sp_register;
    return true;
}

static void put_frame(uint64_t at, uint64_t pc, uint64_t sp, int64_t ret)
{
    const uint64_t words[3] = { pc, sp, (uint64_t)ret };

    stub_map(at, words, sizeof(words));
}

/* ---- Making calls -------------------------------------------------------- */

static SyscallsThread *thread_new_clean(void)
{
    static uint64_t task = 0x1000;

    if (!told) {
        told = g_array_new(FALSE, TRUE, sizeof(Told));
    }
    for (guint i = 0; i < told->len; i++) {
        g_free(g_array_index(told, Told, i).name);
    }
    g_array_set_size(told, 0);
    stub_unmap_all();
    return thread_get(task += 0x1000);
}

static void enter(SyscallsThread *thread, int64_t nr)
{
    thread->call.nr = nr;
    thread->call.info = catalog_lookup(nr);
    thread->call.pc = PC;
    thread->call.vcpu = 1;
    for (int i = 0; i < SYSCALLS_MAX_ARGS; i++) {
        thread->call.args[i] = 100 + i;
    }
    thread->return_pc = BEHIND;
    pair_enter(thread, read_reg);
}

static void leave(SyscallsThread *thread, uint64_t pc, uint64_t sp,
                  int64_t ret)
{
    const AbiExit out = { .to_user = true, .pc = pc, .ret = (uint64_t)ret,
                          .has_sp = true, .sp = sp };

    pair_exit(thread, 2, &out, read_reg);
}

static const SyscallsCall *event(guint i, const char *name)
{
    const Told *t = &g_array_index(told, Told, i);

    g_assert_cmpuint(i, <, told->len);
    g_assert_cmpstr(t->name, ==, name);
    return &t->call;
}

/*
 * Exactly one call has been made, of @name (NULL: not in the table), and it
 * has ended so.
 */
static void check_one(const SyscallsThread *thread, const char *name,
                      SyscallsOutcome outcome, int64_t ret)
{
    guint each = name ? 2 : 1;
    const SyscallsCall *in = event(0, "on_all_sys_enter");
    const SyscallsCall *out = event(each, "on_all_sys_return");

    g_assert_cmpuint(told->len, ==, 2 * each);
    if (name) {
        g_autofree char *enter_name = g_strdup_printf("on_%s_enter", name);
        g_autofree char *ret_name = g_strdup_printf("on_%s_return", name);

        event(1, enter_name);
        event(3, ret_name);
        g_assert_cmpstr(in->info->name, ==, name);
    } else {
        g_assert_null(in->info);
    }
    g_assert_cmpint(in->outcome, ==, SYSCALLS_PENDING);
    g_assert_cmpint(out->outcome, ==, outcome);
    g_assert_cmpint(out->ret, ==, ret);
    g_assert_cmpuint(in->id, ==, out->id);
    g_assert_cmpuint(in->time_ns, ==, out->time_ns);
    g_assert_cmpuint(in->pc, ==, PC);
    for (unsigned int i = 0; i < SYSCALLS_MAX_ARGS; i++) {
        /* what it does not take is not told */
        g_assert_cmpuint(out->args[i], ==,
                         !out->info || i < out->info->n_args ? 100 + i : 0);
    }
    g_assert_cmpstr(out->abi, ==, "fake");
    g_assert_true(out->thread == thread);
    g_assert_false(thread->in_call);
}

/* ---- Ends ---------------------------------------------------------------- */

static void test_returned(void)
{
    static const int64_t results[] = { 0, 42, -ENOENT, INT64_MIN };

    for (size_t i = 0; i < G_N_ELEMENTS(results); i++) {
        SyscallsThread *t = thread_new_clean();

        enter(t, NR_READ);
        g_assert_true(t->in_call);
        leave(t, BEHIND, STACK, results[i]);
        check_one(t, "read", SYSCALLS_RETURNED, results[i]);
        g_assert_cmpuint(event(0, "on_all_sys_enter")->return_vcpu, ==, 1);
        g_assert_cmpuint(event(2, "on_all_sys_return")->vcpu, ==, 1);
        g_assert_cmpuint(event(2, "on_all_sys_return")->return_vcpu, ==, 2);
    }
}

static void test_ids(void)
{
    SyscallsThread *t = thread_new_clean();
    g_autoptr(GHashTable) ids = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (int i = 0; i < 100; i++) {
        enter(t, NR_READ);
        leave(t, BEHIND, STACK, 0);
    }
    for (guint i = 0; i < told->len; i += 4) {
        Told *one = &g_array_index(told, Told, i);

        g_assert_true(g_hash_table_add(ids, &one->call.id));
    }
    g_assert_cmpuint(g_hash_table_size(ids), ==, 100);
}

static void test_restarted(void)
{
    SyscallsThread *t = thread_new_clean();

    enter(t, NR_READ);
    leave(t, PC, STACK, -512);
    check_one(t, "read", SYSCALLS_RESTARTED, 0);
}

/* Prefixes make the instruction longer than what the kernel goes back. */
static void test_restarted_with_prefix(void)
{
    SyscallsThread *t = thread_new_clean();

    enter(t, NR_READ);
    t->return_pc = BEHIND + 3;
    leave(t, PC + 3, STACK, -512);
    check_one(t, "read", SYSCALLS_RESTARTED, 0);
}

static void test_handler(void)
{
    SyscallsThread *t = thread_new_clean();

    put_frame(STACK, BEHIND, STACK + 0x100, -EINTR);
    enter(t, NR_READ);
    leave(t, HANDLER, STACK, 0);
    check_one(t, "read", SYSCALLS_RETURNED, -EINTR);
}

/* Where the stack pointer is in a register that is only read when needed. */
static void test_handler_by_register(void)
{
    const AbiExit out = { .to_user = true, .pc = HANDLER,
                          .sp_reg = ABI_REG_SP };
    SyscallsThread *t = thread_new_clean();

    sp_register = STACK;
    put_frame(STACK, BEHIND, STACK + 0x100, -EINTR);
    enter(t, NR_READ);
    pair_exit(t, 2, &out, read_reg);
    check_one(t, "read", SYSCALLS_RETURNED, -EINTR);
}

static void test_handler_restart(void)
{
    SyscallsThread *t = thread_new_clean();

    put_frame(STACK, PC, STACK + 0x100, NR_READ);
    enter(t, NR_READ);
    leave(t, HANDLER, STACK, 0);
    check_one(t, "read", SYSCALLS_RESTARTED, 0);
}

/* Frames may be anywhere: handlers have stacks of their own. */
static uint64_t frame_at(int i)
{
    return STACK + i * 37 % 71 * 0x100;
}

/* @n handlers are lined up: the first returns to the second, and so on. */
static void line_up(int n, int64_t ret)
{
    for (int i = 0; i < n - 1; i++) {
        put_frame(frame_at(i), HANDLER + 0x10 * (i + 1), frame_at(i + 1), 7);
    }
    put_frame(frame_at(n - 1), BEHIND, frame_at(n), ret);
}

static void test_handlers_nested(void)
{
    static const int depths[] = { 2, 3, 64 };

    for (size_t i = 0; i < G_N_ELEMENTS(depths); i++) {
        SyscallsThread *t = thread_new_clean();

        line_up(depths[i], -EINTR);
        enter(t, NR_READ);
        leave(t, HANDLER, STACK, 0);
        check_one(t, "read", SYSCALLS_RETURNED, -EINTR);
    }
}

/* More than there are signals; and frames that lead back to themselves. */
static void test_frames_without_end(void)
{
    SyscallsThread *t = thread_new_clean();

    line_up(65, -EINTR);
    enter(t, NR_READ);
    leave(t, HANDLER, STACK, 0);
    check_one(t, "read", SYSCALLS_NO_RETURN, 0);

    t = thread_new_clean();
    put_frame(STACK, HANDLER, STACK + 0x100, 0);
    put_frame(STACK + 0x100, HANDLER, STACK, 0);
    stub_reads();
    enter(t, NR_READ);
    leave(t, HANDLER, STACK, 0);
    check_one(t, "read", SYSCALLS_NO_RETURN, 0);
    g_assert_cmpuint(stub_reads(), <=, 64);
}

/* The vCPU does not show the frame, but somebody can read it. */
static void test_handler_hidden(void)
{
    static const uint64_t frame[3] = { BEHIND, STACK + 0x100,
                                       (uint64_t)-EINTR };
    SyscallsThread *t = thread_new_clean();

    hidden_frame = frame;
    enter(t, NR_READ);
    leave(t, HANDLER, STACK, 0);
    check_one(t, "read", SYSCALLS_RETURNED, -EINTR);
    hidden_frame = NULL;
}

/* A call that is over, but how cannot be read from the kernel. */
static SyscallsThread *leave_unreadable(void)
{
    SyscallsThread *t = thread_new_clean();

    enter(t, NR_READ);
    leave(t, HANDLER, STACK, 0);
    g_assert_cmpuint(told->len, ==, 2);
    /* the handler is interrupted, and it pages memory in */
    leave(t, HANDLER, STACK, 3);
    leave(t, HANDLER + 4, STACK, 5);
    g_assert_cmpuint(told->len, ==, 2);
    return t;
}

/* User code can read it: at the thread's next call, on whichever vCPU. */
static void test_handler_later(void)
{
    SyscallsThread *t = leave_unreadable();

    put_frame(STACK, BEHIND, STACK + 0x100, -EINTR);
    pair_make_good(t, 3);
    check_one(t, "read", SYSCALLS_RETURNED, -EINTR);
    g_assert_cmpuint(event(2, "on_all_sys_return")->return_vcpu, ==, 3);

    t = leave_unreadable();
    put_frame(STACK, PC, STACK + 0x100, NR_READ);
    pair_make_good(t, 2);
    check_one(t, "read", SYSCALLS_RESTARTED, 0);

    t = leave_unreadable();
    line_up(64, -EINTR);
    pair_make_good(t, 2);
    check_one(t, "read", SYSCALLS_RETURNED, -EINTR);
    /* the next one is not taken for it */
    enter(t, NR_READ);
    leave(t, BEHIND, STACK, 3);
    g_assert_cmpint(event(6, "on_all_sys_return")->ret, ==, 3);
}

/* The handler has left by longjmp, and another frame is there, or none. */
static void test_handler_gone(void)
{
    SyscallsThread *t = leave_unreadable();

    pair_make_good(t, 2);
    check_one(t, "read", SYSCALLS_NO_RETURN, 0);

    t = leave_unreadable();
    put_frame(STACK, ELSEWHERE, STACK + 0x100, 5);
    pair_make_good(t, 2);
    check_one(t, "read", SYSCALLS_NO_RETURN, 0);

    /* the thread's memory has become another's */
    t = leave_unreadable();
    pair_end(t, 2, SYSCALLS_NO_RETURN, 0);
    check_one(t, "read", SYSCALLS_NO_RETURN, 0);
    g_assert_cmpuint(t->frame_sp, ==, 0);
}

static void test_unrelated(void)
{
    SyscallsThread *t = thread_new_clean();

    /* no frame there, and no stack that one could be on */
    enter(t, NR_READ);
    leave(t, ELSEWHERE, 0, 5);
    check_one(t, "read", SYSCALLS_NO_RETURN, 0);
    /* a frame of another interruption */
    t = thread_new_clean();
    put_frame(STACK, ELSEWHERE, STACK + 0x100, 5);
    enter(t, NR_READ);
    leave(t, HANDLER, STACK, 5);
    check_one(t, "read", SYSCALLS_NO_RETURN, 0);
}

static void test_execve(void)
{
    static const struct {
        int64_t nr;
        const char *name;
    } calls[] = { { NR_EXECVE, "execve" }, { NR_EXECVEAT, "execveat" } };

    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        SyscallsThread *t = thread_new_clean();

        enter(t, calls[i].nr);
        leave(t, ELSEWHERE, STACK, 0);
        check_one(t, calls[i].name, SYSCALLS_RETURNED, 0);
        t = thread_new_clean();
        enter(t, calls[i].nr);
        leave(t, BEHIND, STACK, -ENOENT);
        check_one(t, calls[i].name, SYSCALLS_RETURNED, -ENOENT);
    }
}

/* Its result is what the interrupted code gets back. */
static void test_sigreturn(void)
{
    SyscallsThread *t = thread_new_clean();

    sp_register = STACK + 8;
    put_frame(STACK, ELSEWHERE, STACK + 0x100, 1234);
    enter(t, NR_SIGRETURN);
    leave(t, ELSEWHERE, STACK + 0x100, 1234);
    check_one(t, "rt_sigreturn", SYSCALLS_RETURNED, 1234);
    /* at once into another handler */
    t = thread_new_clean();
    put_frame(STACK, ELSEWHERE, STACK + 0x100, 1234);
    enter(t, NR_SIGRETURN);
    leave(t, HANDLER, STACK, 0);
    check_one(t, "rt_sigreturn", SYSCALLS_RETURNED, 1234);
    /* the next call is not taken for it */
    t->call.nr = NR_READ;
    enter(t, NR_READ);
    leave(t, BEHIND, STACK, 3);
    g_assert_cmpint(event(6, "on_all_sys_return")->ret, ==, 3);
}

/* The kernel cannot read its frame either, answers 0, and sends SIGSEGV. */
static void test_sigreturn_unreadable(void)
{
    SyscallsThread *t = thread_new_clean();

    sp_register = STACK + 8;
    put_frame(STACK + 0x400, ELSEWHERE, STACK, 0);
    enter(t, NR_SIGRETURN);
    leave(t, HANDLER, STACK + 0x400, 11);
    check_one(t, "rt_sigreturn", SYSCALLS_RETURNED, 0);
}

static void test_exit(void)
{
    SyscallsThread *t = thread_new_clean();

    enter(t, NR_EXIT);
    check_one(t, "exit", SYSCALLS_NO_RETURN, 0);
    t = thread_new_clean();
    enter(t, NR_EXIT_GROUP);
    check_one(t, "exit_group", SYSCALLS_NO_RETURN, 0);
}

static void test_unknown(void)
{
    static const int64_t numbers[] = { NR_UNKNOWN, -1, INT32_MIN, 334 };

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        SyscallsThread *t = thread_new_clean();

        if (catalog_lookup(numbers[i])) {
            continue; /* a number in the table's holes that got a call */
        }
        enter(t, numbers[i]);
        leave(t, BEHIND, STACK, -ENOSYS);
        check_one(t, NULL, SYSCALLS_RETURNED, -ENOSYS);
        g_assert_cmpint(event(0, "on_all_sys_enter")->nr, ==, numbers[i]);
    }
}

/* ---- Children and records ------------------------------------------------ */

static void test_child(void)
{
    const AbiChild child = { BEHIND, NR_CLONE, { 1, 2, 3, 4, 5, 6 } };
    SyscallsThread *t = thread_new_clean();
    const SyscallsCall *call;

    pair_child(t, &child);
    g_assert_cmpuint(told->len, ==, 0);
    g_assert_true(t->is_child);
    leave(t, HANDLER, STACK, 99);
    g_assert_cmpuint(told->len, ==, 2);
    call = event(0, "on_all_sys_return");
    event(1, "on_clone_return");
    g_assert_cmpint(call->outcome, ==, SYSCALLS_CHILD);
    g_assert_cmpint(call->ret, ==, 0);
    g_assert_cmpuint(call->pc, ==, PC);
    g_assert_cmpint(call->nr, ==, NR_CLONE);
    g_assert_cmpuint(call->args[4], ==, 5);
    g_assert_cmpuint(call->args[5], ==, 0); /* it takes five */
    g_assert_cmpuint(call->vcpu, ==, 2);
    g_assert_cmpuint(call->return_vcpu, ==, 2);
    g_assert_true(call->thread == t);
    g_assert_cmpuint(call->id, !=, 0);
    g_assert_false(t->is_child);
    g_assert_false(t->in_call);
}

/* It was not seen to leave the kernel, and calls already. */
static void test_child_calls(void)
{
    const AbiChild child = { BEHIND, NR_CLONE, { 0 } };
    SyscallsThread *t = thread_new_clean();

    pair_child(t, &child);
    enter(t, NR_READ);
    g_assert_false(t->is_child);
    leave(t, BEHIND, STACK, 1);
    check_one(t, "read", SYSCALLS_RETURNED, 1);
}

static int destroyed;

static void destroy(void *value)
{
    g_assert_true(value == &destroyed);
    destroyed++;
}

static void test_slots(void)
{
    SyscallsThread *t = thread_new_clean();
    int slot = syscalls_slot_new(destroy);
    int plain = syscalls_slot_new(NULL);

    g_assert_cmpint(slot, >=, 0);
    g_assert_cmpint(plain, >, slot);
    g_assert_null(*syscalls_slot(t, slot));
    *syscalls_slot(t, slot) = &destroyed;
    *syscalls_slot(t, plain) = t;
    thread_reset(t);
    g_assert_cmpint(destroyed, ==, 1);
    g_assert_null(*syscalls_slot(t, slot));
    g_assert_null(*syscalls_slot(t, plain));
    thread_reset(t);
    g_assert_cmpint(destroyed, ==, 1);
    while (plain < SYSCALLS_MAX_SLOTS - 1) {
        plain = syscalls_slot_new(NULL);
        g_assert_cmpint(plain, >=, 0);
    }
    g_assert_cmpint(syscalls_slot_new(NULL), ==, -1);
}

static void test_records(void)
{
    SyscallsThread *t = thread_get(0xffff888000001000);

    g_assert_true(thread_get(0xffff888000001000) == t);
    g_assert_true(thread_get(0xffff888000002000) != t);
    g_assert_cmpuint(syscalls_thread_task(t), ==, 0xffff888000001000);
    g_assert_true(t->call.thread == t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    stub_on_run = on_run;
    g_assert_true(catalog_init(1, syscalls_table_find("x86_64")));
    g_assert_true(pair_init(1, &fake_abi));
    g_test_add_func("/pair/returned", test_returned);
    g_test_add_func("/pair/ids", test_ids);
    g_test_add_func("/pair/restarted", test_restarted);
    g_test_add_func("/pair/restarted-with-prefix",
                    test_restarted_with_prefix);
    g_test_add_func("/pair/handler", test_handler);
    g_test_add_func("/pair/handler-by-register", test_handler_by_register);
    g_test_add_func("/pair/handler-restart", test_handler_restart);
    g_test_add_func("/pair/handlers-nested", test_handlers_nested);
    g_test_add_func("/pair/frames-without-end", test_frames_without_end);
    g_test_add_func("/pair/handler-hidden", test_handler_hidden);
    g_test_add_func("/pair/handler-later", test_handler_later);
    g_test_add_func("/pair/handler-gone", test_handler_gone);
    g_test_add_func("/pair/unrelated", test_unrelated);
    g_test_add_func("/pair/execve", test_execve);
    g_test_add_func("/pair/sigreturn", test_sigreturn);
    g_test_add_func("/pair/sigreturn-unreadable", test_sigreturn_unreadable);
    g_test_add_func("/pair/exit", test_exit);
    g_test_add_func("/pair/unknown", test_unknown);
    g_test_add_func("/pair/child", test_child);
    g_test_add_func("/pair/child-calls", test_child_calls);
    g_test_add_func("/pair/slots", test_slots);
    g_test_add_func("/pair/records", test_records);
    return g_test_run();
}
