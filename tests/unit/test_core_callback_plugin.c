/*
 * test_core_callback_plugin.c: the tests of QPP callbacks: by name and by
 * handle, changes while they run, and many threads at once.  Loaded by
 * test_core_callback.c.  Meant to be run under ThreadSanitizer too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>

#include "plugin-qpp.h"

#define PLUGIN "callback_tests"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
QEMU_PLUGIN_EXPORT const char *qemu_plugin_name = PLUGIN;

static qemu_plugin_id_t self;
static qemu_plugin_callback *event; /* "event", whose functions change */
static GString *calls;

static void a(gpointer evdata, gpointer udata)
{
    g_string_append_c(calls, 'a');
}

static void b(gpointer evdata, gpointer udata)
{
    g_string_append_c(calls, 'b');
}

static void say(gpointer evdata, gpointer udata)
{
    g_string_append_printf(calls, "[%s %s]", (char *)evdata, (char *)udata);
}

static void reg(cb_func_t fn)
{
    g_assert_true(qemu_plugin_reg_callback(PLUGIN, "event", fn));
}

static void unreg(cb_func_t fn)
{
    g_assert_true(qemu_plugin_unreg_callback(PLUGIN, "event", fn));
}

/* Runs "event" by handle; "" means that nobody was called. */
static void assert_run(const char *expected)
{
    bool called;

    calls = g_string_new(NULL);
    called = qemu_plugin_run_callback_handle(event, (void *)"ev",
                                             (void *)"u");
    g_assert_cmpstr(calls->str, ==, expected);
    g_assert_true(called == (*expected != '\0'));
    g_string_free(calls, true);
    calls = NULL;
}

static void test_order(void)
{
    g_assert_false(qemu_plugin_callback_wanted(event));
    assert_run("");
    reg(b);
    reg(say);
    reg(a);
    g_assert_true(qemu_plugin_callback_wanted(event));
    assert_run("b[ev u]a");
    unreg(b);
    reg(b);
    assert_run("[ev u]ab");
    unreg(a);
    unreg(b);
    unreg(say);
    g_assert_false(qemu_plugin_callback_wanted(event));
    assert_run("");
}

static void test_names(void)
{
    g_assert_true(qemu_plugin_create_callback(self, "one"));
    g_assert_true(qemu_plugin_create_callback(self, "two"));
    g_assert_true(qemu_plugin_reg_callback(PLUGIN, "one", a));
    g_assert_true(qemu_plugin_reg_callback(PLUGIN, "two", a));
    g_assert_true(qemu_plugin_reg_callback(PLUGIN, "two", say));
    calls = g_string_new(NULL);
    g_assert_true(qemu_plugin_run_callback(self, "one", NULL, NULL));
    g_assert_true(qemu_plugin_run_callback(self, "two", (void *)"x",
                                           (void *)"y"));
    g_assert_true(qemu_plugin_unreg_callback(PLUGIN, "one", a));
    g_assert_false(qemu_plugin_run_callback(self, "one", NULL, NULL));
    g_assert_cmpstr(calls->str, ==, "aa[x y]");
    g_string_free(calls, true);
}

/* ---- Changes during a run ---------------------------------------------- */

static void remove_self(gpointer evdata, gpointer udata)
{
    g_string_append_c(calls, 's');
    unreg(remove_self);
}

static void remove_a_and_b(gpointer evdata, gpointer udata)
{
    g_string_append_c(calls, 'r');
    unreg(a); /* has been called */
    unreg(b); /* has not */
    unreg(remove_a_and_b);
}

static void add_b(gpointer evdata, gpointer udata)
{
    g_string_append_c(calls, '+');
    reg(b);
    unreg(add_b);
}

static void again(gpointer evdata, gpointer udata)
{
    static int depth;

    g_string_append_c(calls, '(');
    if (depth++ < 2) {
        qemu_plugin_run_callback(self, "event", evdata, udata);
    }
    depth--;
    g_string_append_c(calls, ')');
}

static void test_changes_during_run(void)
{
    reg(a);
    reg(remove_self);
    reg(remove_a_and_b);
    reg(b);
    assert_run("asr");
    assert_run("");
    reg(a);
    reg(add_b);
    assert_run("a+");
    assert_run("ab");
    unreg(a);
    unreg(b);
}

static void test_nested(void)
{
    reg(a);
    reg(again);
    reg(remove_self);
    assert_run("a(a(a()s))");
    unreg(a);
    unreg(again);
}

/* ---- Many threads ------------------------------------------------------ */

#define N_THREADS 4
#define N_ROUNDS 10000

typedef struct Run {
    unsigned int first, last; /* how often the lasting ones were called */
} Run;

static atomic_bool done;
static atomic_ulong n_runs, n_passing;

static void lasting_first(gpointer evdata, gpointer udata)
{
    Run *run = evdata;

    g_assert_true(udata == &done);
    g_assert_cmpuint(run->last, ==, 0);
    run->first++;
}

static void lasting_last(gpointer evdata, gpointer udata)
{
    ((Run *)evdata)->last++;
}

/* Those that come and go. */
#define PASSING(name)                                                        \
    static void name(gpointer evdata, gpointer udata)                        \
    {                                                                        \
        g_assert_true(udata == &done);                                       \
        g_assert_cmpuint(((Run *)evdata)->first, ==, 1);                     \
        atomic_fetch_add_explicit(&n_passing, 1, memory_order_relaxed);      \
    }
PASSING(passing_0)
PASSING(passing_1)

/* Comes and goes by its own doing, while others do the same to it. */
static void passing_self(gpointer evdata, gpointer udata)
{
    static atomic_flag busy = ATOMIC_FLAG_INIT;

    g_assert_cmpuint(((Run *)evdata)->first, ==, 1);
    if (!atomic_flag_test_and_set(&busy)) {
        unreg(passing_self);
        reg(passing_self);
        atomic_flag_clear(&busy);
    }
}

static gpointer runner(gpointer data)
{
    bool by_name = GPOINTER_TO_INT(data);

    while (!atomic_load(&done)) {
        Run run = { 0, 0 };

        if (by_name) {
            g_assert_true(qemu_plugin_run_callback(self, "event", &run,
                                                   &done));
        } else {
            g_assert_true(qemu_plugin_run_callback_handle(event, &run,
                                                          &done));
        }
        g_assert_cmpuint(run.first, ==, 1);
        g_assert_cmpuint(run.last, ==, 1);
        atomic_fetch_add(&n_runs, 1);
    }
    return NULL;
}

static gpointer changer(gpointer data)
{
    cb_func_t fn = (cb_func_t)data;

    for (int i = 0; i < N_ROUNDS; i++) {
        reg(fn);
        unreg(fn);
    }
    return NULL;
}

/* New callbacks appear while others are looked up. */
static gpointer creator(gpointer data)
{
    for (int i = 0; i < 1000; i++) {
        g_autofree char *name = g_strdup_printf("made_%d", i);

        g_assert_true(qemu_plugin_create_callback(self, name));
        g_assert_true(qemu_plugin_reg_callback(PLUGIN, name, a));
        g_assert_true(qemu_plugin_unreg_callback(PLUGIN, name, a));
    }
    return NULL;
}

static void test_stress(void)
{
    GThread *runners[N_THREADS];
    GThread *changers[3];

    reg(lasting_first);
    reg(passing_self);
    /* Last for good: passing_self puts itself behind, which is no matter. */
    reg(lasting_last);
    for (int i = 0; i < N_THREADS; i++) {
        runners[i] = g_thread_new("runner", runner, GINT_TO_POINTER(i % 2));
    }
    changers[0] = g_thread_new("changer", changer, (gpointer)passing_0);
    changers[1] = g_thread_new("changer", changer, (gpointer)passing_1);
    changers[2] = g_thread_new("creator", creator, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(changers); i++) {
        g_thread_join(changers[i]);
    }
    atomic_store(&done, true);
    for (int i = 0; i < N_THREADS; i++) {
        g_thread_join(runners[i]);
    }
    g_test_message("%lu runs, %lu calls of functions that come and go",
                   atomic_load(&n_runs), atomic_load(&n_passing));
    g_assert_cmpuint(atomic_load(&n_runs), >, 0);
    unreg(lasting_first);
    unreg(lasting_last);
    unreg(passing_self);
    assert_run("");
}

/* The same names from several threads at once: each is made once. */
static gpointer race(gpointer data)
{
    gsize made = 0;

    for (int i = 0; i < 50; i++) {
        g_autofree char *name = g_strdup_printf("raced_%d", i);

        made += qemu_plugin_create_callback(self, name);
    }
    return GSIZE_TO_POINTER(made);
}

static void test_create_race(void)
{
    GThread *threads[N_THREADS];
    gsize made = 0;

    for (int i = 0; i < N_THREADS; i++) {
        threads[i] = g_thread_new("race", race, NULL);
    }
    for (int i = 0; i < N_THREADS; i++) {
        made += GPOINTER_TO_SIZE(g_thread_join(threads[i]));
    }
    g_assert_cmpuint(made, ==, 50);
}

QEMU_PLUGIN_EXPORT void add_tests(void);
QEMU_PLUGIN_EXPORT void add_tests(void)
{
    g_test_add_func("/core/callback/order", test_order);
    g_test_add_func("/core/callback/names", test_names);
    g_test_add_func("/core/callback/changes-during-run",
                    test_changes_during_run);
    g_test_add_func("/core/callback/nested", test_nested);
    g_test_add_func("/core/callback/stress", test_stress);
    g_test_add_func("/core/callback/create-race", test_create_race);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info, int argc,
                                           char **argv)
{
    self = id;
    event = qemu_plugin_create_callback_handle(id, "event");
    return !event;
}
