/*
 * test_core_life.c: plugins that uninstall and reset themselves while the
 * others go on: each place and moment on its own, on one thread that plays
 * vCPU 0.  All at once, with four vCPU threads, is test_core_life_stress.c.
 *
 * A plugin's file can be installed once in a process only, so the program
 * copies it, and uses one copy up for each case.
 *
 *   test_core_life               the cases, each once
 *   test_core_life --stress N    in one process, N plugins go
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dlfcn.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test_core_life_copies.h"

static char *folder;
Plugin base, stays;
static unsigned int n_made;

Plugin load(const char *name)
{
    g_autofree char *source = fake_plugin_path("life");
    g_autofree char *path = g_strdup_printf("%s/%s.so", folder, name);
    g_autofree char *contents = NULL;
    gsize len;
    int claimed;
    Plugin p;

    g_assert_true(g_file_get_contents(source, &contents, &len, NULL));
    g_assert_true(g_file_set_contents(path, contents, len, NULL));
    p.handle = fake_load(path, 0, NULL, &claimed);
    g_assert_nonnull(p.handle);
    g_unlink(path);
    p.life = dlsym(p.handle, "life");
    p.act = dlsym(p.handle, "life_do");
    p.run = dlsym(p.handle, "life_run");
    g_assert_true(p.life && p.act && p.run);
    return p;
}

Plugin load_next(void)
{
    g_autofree char *name = g_strdup_printf("life_%u", n_made++);

    return load(name);
}

unsigned long count(const Plugin *p, int place)
{
    return atomic_load(&p->life->n[place]);
}

void tell(Plugin *p, int place, int what)
{
    atomic_store(&p->life->command, place * 4 + what);
}

/* ---- One thread, vCPU 0 -------------------------------------------------- */

static FakeCpu *cpu;
/* What others than vCPU 0 reported. */
static unsigned long more_idle, more_syscalls;

/* A round of everything that a vCPU does. */
static void round_of_all(void)
{
    fake_cpu_run(cpu, 0);
    fake_cpu_run(cpu, 1);
    if (fake_user_mode) {
        fake_cpu_syscall(cpu);
    } else {
        fake_cpu_sleep(cpu);
    }
    base.run();
}

static void assert_gone(Plugin *p)
{
    unsigned long before[N_PLACES];
    LifeRun calls_fail = dlsym(p->handle, "life_dead_calls_fail");

    g_assert_true(p->life->dead);
    g_assert_cmpuint(count(p, IN_UNINSTALL_CB), ==, 1);
    for (int i = 0; i < N_PLACES; i++) {
        before[i] = count(p, i);
    }
    round_of_all();
    round_of_all();
    g_assert_true(calls_fail());
    round_of_all();
    for (int i = 0; i < N_PLACES; i++) {
        g_assert_cmpuint(count(p, i), ==, before[i]);
    }
    g_assert_cmpuint(p->life->late, ==, 0);
    g_assert_cmpuint(p->life->wrong, ==, 0);
}

/* Who stays has missed nothing, and been told nothing twice. */
static void assert_others(void)
{
    g_assert_cmpuint(count(&stays, IN_TRANS), ==, cpu->n_trans);
    g_assert_cmpuint(count(&stays, IN_EXEC), ==, cpu->n_exec);
    g_assert_cmpuint(count(&stays, IN_RESUME), ==, cpu->n_resume);
    g_assert_cmpuint(count(&stays, IN_IDLE), ==,
                     cpu->n_resume + more_idle);
    g_assert_cmpuint(count(&stays, IN_SYSCALL), ==,
                     cpu->n_syscall + more_syscalls);
    g_assert_cmpuint(count(&stays, IN_SYSCALL_RET), ==, cpu->n_syscall_ret);
    g_assert_cmpuint(stays.life->late + stays.life->wrong, ==, 0);
}

/* Before there is any vCPU: at once. */
static void test_no_vcpu(void)
{
    Plugin p = load_next();
    unsigned long gone = count(&stays, IN_GONE);

    p.act(UNINSTALL);
    g_assert_true(p.life->dead);
    g_assert_cmpuint(count(&stays, IN_GONE), ==, gone + 1);
    cpu = fake_cpu_start(0);
    assert_gone(&p);
    assert_others();
}

/* @data: the place.  The plugin goes when the guest has gone on a little. */
static void test_place(gconstpointer data)
{
    int place = GPOINTER_TO_INT(data);
    Plugin p = load_next();
    unsigned long gone = count(&stays, IN_GONE);

    /* What is translated already is not seen. */
    base.act(RETRANSLATE);
    round_of_all();
    round_of_all();
    g_assert_cmpuint(count(&p, IN_EXEC), >, 0);
    tell(&p, place, UNINSTALL);
    if (place == IN_FLUSH || place == IN_TRANS) {
        base.act(RETRANSLATE);
    }
    for (int i = 0; i < 3; i++) {
        round_of_all();
    }
    g_assert_cmpuint(count(&stays, IN_GONE), ==, gone + 1);
    assert_gone(&p);
    assert_others();
}

/* What is translated stays until the vCPU has come out. */
static void test_not_at_once(void)
{
    Plugin p = load_next();

    base.act(RETRANSLATE);
    round_of_all();
    p.act(UNINSTALL);
    g_assert_cmpuint(count(&p, IN_UNINSTALL_CB), ==, 0);
    round_of_all();
    assert_gone(&p);
}

static gpointer act_elsewhere(gpointer data)
{
    Plugin *p = data;

    p->act(UNINSTALL);
    p->act(UNINSTALL); /* is none */
    return NULL;
}

static void test_other_thread(void)
{
    Plugin p = load_next();
    unsigned long n_resets = fake_n_resets;

    round_of_all();
    g_thread_join(g_thread_new("other", act_elsewhere, &p));
    /* Not by that thread, which would not wait for the vCPUs. */
    g_assert_cmpuint(fake_n_resets, ==, n_resets);
    g_assert_cmpuint(count(&p, IN_UNINSTALL_CB), ==, 0);
    round_of_all();
    round_of_all();
    g_assert_cmpuint(fake_n_resets, ==, n_resets + 1);
    assert_gone(&p);
    assert_others();
}

/* A vCPU that is idle, or ends, does not come back for what is asked of it. */
static void test_not_asked_when_idle(void)
{
    Plugin p = load_next();
    FakeCpu *second = fake_cpu_start(1);

    tell(&p, fake_user_mode ? IN_SYSCALL : IN_IDLE, UNINSTALL);
    if (fake_user_mode) {
        static const uint64_t none[8];

        fake_syscall(1, 60, none); /* exit: it never returns */
        more_syscalls++;
    } else {
        fake_vcpu(FAKE_VCPU_IDLE, 1); /* it never wakes up */
        more_idle++;
    }
    g_assert_true(g_queue_is_empty(&second->work));
    fake_cpu_end(second);
    fake_cpu_set(cpu);
    for (int i = 0; i < 2; i++) {
        round_of_all();
    }
    assert_gone(&p);
    p = load_next();
    second = fake_cpu_start(1);
    tell(&p, IN_EXIT, UNINSTALL);
    fake_cpu_end(second);
    fake_cpu_set(cpu);
    round_of_all();
    round_of_all();
    assert_gone(&p);
}

static void test_reset(void)
{
    Plugin p = load_next();
    unsigned long n;

    for (int i = 1; i <= 3; i++) {
        p.act(RESET);
        p.act(RESET); /* is none */
        n = count(&p, IN_TRANS);
        base.run();
        g_assert_cmpuint(count(&p, IN_RESET_CB), ==, i - 1);
        round_of_all();
        round_of_all();
        g_assert_cmpuint(count(&p, IN_RESET_CB), ==, i);
        g_assert_cmpuint(count(&p, IN_TRANS), >, n);
    }
    /* Each event once: it is not registered twice. */
    n = count(&p, IN_EVENT);
    base.run();
    g_assert_cmpuint(count(&p, IN_EVENT), ==, n + 1);
    n = count(&p, IN_EXEC);
    fake_cpu_run(cpu, 0);
    g_assert_cmpuint(count(&p, IN_EXEC), ==, n + 1);
    /* One that asks for a reset in its reset's callback. */
    tell(&p, IN_RESET_CB, RESET);
    p.act(RESET);
    round_of_all();
    round_of_all();
    g_assert_cmpuint(count(&p, IN_RESET_CB), ==, 4);
    /* One that goes there. */
    tell(&p, IN_RESET_CB, UNINSTALL);
    p.act(RESET);
    round_of_all();
    assert_gone(&p);
    assert_others();
}

/* Reset, then uninstalled before it is done: the uninstall alone is told. */
static void test_reset_then_uninstall(void)
{
    Plugin p = load_next(), q = load_next();

    p.act(RESET);
    p.act(UNINSTALL);
    /* Another one that goes because the first one does. */
    tell(&q, IN_GONE, UNINSTALL);
    p = load_next();
    p.act(RESET);
    p.act(UNINSTALL);
    round_of_all();
    g_assert_cmpuint(count(&p, IN_RESET_CB), ==, 0);
    assert_gone(&p);
    assert_gone(&q);
    assert_others();
}

static gpointer run_elsewhere(gpointer data)
{
    base.run();
    return NULL;
}

/* A thread that does not stand still is in the plugin: it is waited for. */
static void test_busy_elsewhere(void)
{
    Plugin p = load_next(), q;
    GThread *thread;

    p.life->parks = true;
    thread = g_thread_new("busy", run_elsewhere, NULL);
    while (!p.life->parked) {
        g_usleep(100);
    }
    p.act(UNINSTALL);
    round_of_all();
    round_of_all();
    g_assert_cmpuint(count(&p, IN_UNINSTALL_CB), ==, 0);
    /* The guest and the others go on meanwhile. */
    q = load_next();
    q.act(RESET);
    round_of_all();
    g_assert_cmpuint(count(&q, IN_RESET_CB), ==, 1);
    p.life->parks = false;
    g_thread_join(thread);
    assert_gone(&p);
    q.act(UNINSTALL);
    round_of_all();
    assert_others();
}

/* What others have of a plugin that has gone. */
static void test_what_is_left(void)
{
    Plugin p = load_next();

    round_of_all();
    g_assert_false(p.run()); /* nobody is on it */
    p.act(UNINSTALL);
    round_of_all();
    g_assert_false(p.run());
    assert_gone(&p);
}

static gpointer ask_elsewhere(gpointer data)
{
    Plugin *p = data;
    FakeCpu *second = fake_cpu_start(1);

    fake_cpu_run(second, 0);
    /* In its block: asked, and not done. */
    p->act(UNINSTALL);
    return second;
}

/* The child of a fork has not the thread that was asked. */
static void test_fork(void)
{
    Plugin p = load_next();
    FakeCpu *second;
    int status;
    pid_t child;

    round_of_all();
    second = g_thread_join(g_thread_new("second", ask_elsewhere, &p));
    fake_cpu_set(cpu);
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        round_of_all();
        round_of_all();
        _exit(p.life->dead ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    g_assert_false(p.life->dead);
    fake_cpu_set(second);
    fake_cpu_work(second);
    fake_cpu_end(second);
    fake_cpu_set(cpu);
    assert_gone(&p);
}

static gpointer run_and_end(gpointer data)
{
    FakeCpu *me = fake_cpu_start(2);

    fake_cpu_run(me, 0);
    fake_cpu_end(me);
    return NULL;
}

static gpointer end_again_and_again(gpointer data)
{
    atomic_bool *over = data;

    for (int i = 0; i < 200; i++) {
        g_thread_join(g_thread_new("short", run_and_end, NULL));
    }
    *over = true;
    return NULL;
}

/* Standing still while threads end: the fake host looks at what it frees. */
static void test_threads_end(void)
{
    Plugin p = load_next();
    atomic_bool over = false;
    unsigned long n_resets = fake_n_resets;
    gint64 began = g_get_monotonic_time();
    GThread *thread = g_thread_new("ends", end_again_and_again, &over);

    while (!over) {
        p.act(RESET);
        g_usleep(100);
        round_of_all();
    }
    g_thread_join(thread);
    g_assert_cmpuint(fake_n_resets - n_resets, >, 20);
    g_assert_cmpuint(count(&p, IN_RESET_CB), ==, fake_n_resets - n_resets);
    /* Nobody has waited in vain, which takes a second each time. */
    g_assert_cmpint(g_get_monotonic_time() - began, <, 20 * G_USEC_PER_SEC);
    p.act(UNINSTALL);
    round_of_all();
    assert_gone(&p);
}

/* ---- The program --------------------------------------------------------- */

static void add_tests(void)
{
    static const struct {
        const char *name;
        int place, only; /* 1: system mode, 2: user mode */
    } places[] = {
        { "/core/life/in-trans", IN_TRANS, 0 },
        { "/core/life/in-exec", IN_EXEC, 0 },
        { "/core/life/in-flush", IN_FLUSH, 0 },
        { "/core/life/in-event", IN_EVENT, 0 },
        { "/core/life/in-idle", IN_IDLE, 1 },
        { "/core/life/in-resume", IN_RESUME, 1 },
        { "/core/life/in-syscall", IN_SYSCALL, 2 },
        { "/core/life/in-syscall-ret", IN_SYSCALL_RET, 2 },
    };

    g_test_add_func("/core/life/no-vcpu", test_no_vcpu); /* first */
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (places[i].only != (fake_user_mode ? 1 : 2)) {
            g_test_add_data_func(places[i].name,
                                 GINT_TO_POINTER(places[i].place),
                                 test_place);
        }
    }
    g_test_add_func("/core/life/not-at-once", test_not_at_once);
    g_test_add_func("/core/life/other-thread", test_other_thread);
    g_test_add_func("/core/life/not-when-idle", test_not_asked_when_idle);
    g_test_add_func("/core/life/reset", test_reset);
    g_test_add_func("/core/life/reset-uninstall", test_reset_then_uninstall);
    g_test_add_func("/core/life/busy-elsewhere", test_busy_elsewhere);
    g_test_add_func("/core/life/what-is-left", test_what_is_left);
    g_test_add_func("/core/life/fork", test_fork);
    if (fake_user_mode) {
        g_test_add_func("/core/life/threads-end", test_threads_end); /* last */
    }
}

int main(int argc, char **argv)
{
    g_autofree char *original = NULL;
    int status = 0;

    fake_user_mode = FAKE_API == 1;
    folder = g_dir_make_tmp("qpp-life-XXXXXX", NULL);
    if (argc < 3) {
        g_test_init(&argc, &argv, NULL);
    }
    /* The copies have no path to libqpp; it is there already. */
    original = fake_plugin_path("life");
    g_assert_nonnull(dlopen(original, RTLD_LAZY | RTLD_LOCAL));
    base = load("life_base");
    stays = load("life_stays");
    if (argc == 3 && strcmp(argv[1], "--stress") == 0) {
        stress(atoi(argv[2]));
    } else {
        add_tests();
        status = g_test_run();
    }
    g_rmdir(folder);
    g_free(folder);
    return status;
}
