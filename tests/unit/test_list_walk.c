/*
 * test_list_walk.c: core/list.c on one thread and with threads that stand
 * still at chosen points: order, changes during a walk, and that what was
 * taken out is freed, and not before.  Its source is included, to see what
 * waits to be freed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "../../core/list.c" /* NOLINT: for what is static in it */

#include <sys/wait.h>
#include <unistd.h>

static GString *calls;

static void walk(QppList *list)
{
    qpp_read_begin();
    const QppItems *items = qpp_list_items(list);

    for (size_t i = 0; items && i < items->n; i++) {
        if (qpp_item_live(items->item[i])) {
            items->item[i]->fn();
        }
    }
    qpp_read_end();
}

static void assert_walk(QppList *list, const char *expected)
{
    calls = g_string_new(NULL);
    walk(list);
    g_assert_cmpstr(calls->str, ==, expected);
    g_string_free(calls, true);
    calls = NULL;
}

static unsigned int n_retired(void)
{
    unsigned int n = 0;

    for (const Retired *r = retired; r; r = r->next) {
        n++;
    }
    return n;
}

static unsigned int n_readers(void)
{
    unsigned int n = 0;

    for (const Reader *r = atomic_load(&readers); r; r = r->next) {
        n++;
    }
    return n;
}

static void a(void)
{
    g_string_append_c(calls, 'a');
}

static void b(void)
{
    g_string_append_c(calls, 'b');
}

static void c(void)
{
    g_string_append_c(calls, 'c');
}

static void test_empty(void)
{
    QppList list = { NULL };

    assert_walk(&list, "");
    g_assert_false(qpp_list_remove(&list, a));
    assert_walk(&list, "");
}

/* By the order of installing, whatever the id, then by that of adding. */
static void test_order(void)
{
    QppPlugin early = { .id = 9, .order = 1 };
    QppPlugin late = { .id = 1, .order = 2 };
    QppList list = { NULL };

    qpp_list_add(&list, c, NULL, &late);
    qpp_list_add(&list, a, NULL, &early);
    qpp_list_add(&list, a, NULL, &late);
    qpp_list_add(&list, b, NULL, &early);
    assert_walk(&list, "abca");
    g_assert_true(qpp_list_remove(&list, a));
    assert_walk(&list, "bca");
    g_assert_true(qpp_list_remove(&list, a));
    g_assert_false(qpp_list_remove(&list, a));
    assert_walk(&list, "bc");
    g_assert_true(qpp_list_remove(&list, b));
    g_assert_true(qpp_list_remove(&list, c));
    assert_walk(&list, "");
    g_assert_null(atomic_load(&list.items));
}

static void test_unique(void)
{
    QppList list = { NULL };

    g_assert_true(qpp_list_add_unique(&list, b, NULL));
    g_assert_true(qpp_list_add_unique(&list, a, NULL));
    g_assert_false(qpp_list_add_unique(&list, b, NULL));
    assert_walk(&list, "ba");
    g_assert_true(qpp_list_remove(&list, b));
    g_assert_true(qpp_list_add_unique(&list, b, NULL));
    assert_walk(&list, "ab");
    qpp_list_remove(&list, a);
    qpp_list_remove(&list, b);
}

/* ---- Changes during a walk --------------------------------------------- */

static QppList changing;

static void remove_self(void)
{
    g_string_append_c(calls, 's');
    g_assert_true(qpp_list_remove(&changing, remove_self));
}

static void remove_b(void)
{
    g_string_append_c(calls, 'r');
    g_assert_true(qpp_list_remove(&changing, b));
    g_assert_true(qpp_list_remove(&changing, remove_b));
}

static void remove_a(void)
{
    g_string_append_c(calls, 'R');
    qpp_list_remove(&changing, a);
}

static void add_c(void)
{
    g_string_append_c(calls, '+');
    g_assert_true(qpp_list_add_unique(&changing, c, NULL));
    g_assert_true(qpp_list_remove(&changing, add_c));
}

static void nest(void)
{
    static int depth;

    g_string_append_c(calls, '(');
    if (depth < 2) {
        depth++;
        walk(&changing);
        depth--;
    }
    g_string_append_c(calls, ')');
}

static void add_all(const QppFn *fns)
{
    for (; *fns; fns++) {
        g_assert_true(qpp_list_add_unique(&changing, *fns, NULL));
    }
}

static void remove_all(void)
{
    const QppItems *items;

    while ((items = qpp_list_items(&changing))) {
        qpp_list_remove(&changing, items->item[0]->fn);
    }
}

static void test_remove_during_walk(void)
{
    add_all((QppFn[]) { a, remove_self, remove_b, b, remove_a, c, NULL });
    assert_walk(&changing, "asrRc"); /* b went before its turn */
    assert_walk(&changing, "Rc");
    remove_all();
}

static void test_add_during_walk(void)
{
    add_all((QppFn[]) { a, add_c, b, NULL });
    assert_walk(&changing, "a+b");
    assert_walk(&changing, "abc");
    remove_all();
}

static void test_nested(void)
{
    add_all((QppFn[]) { a, nest, b, NULL });
    assert_walk(&changing, "a(a(a()b)b)b");
    remove_all();
    /* The innermost walk removes what the outer ones still stand on. */
    add_all((QppFn[]) { nest, remove_self, remove_b, b, c, NULL });
    assert_walk(&changing, "((()src)c)c");
    remove_all();
}

/* ---- Reclaiming -------------------------------------------------------- */

/* Two changes that leave the list as it was. */
static void change(QppList *list)
{
    g_assert_true(qpp_list_add_unique(list, c, NULL));
    g_assert_true(qpp_list_remove(list, c));
}

static void test_reclaim(void)
{
    QppList list = { NULL };

    for (int i = 0; i < 10000; i++) {
        change(&list);
        g_assert_cmpuint(n_retired(), ==, 0);
    }
}

/* A thread that stays in a walk until it is told to end. */
typedef struct Stander {
    GThread *thread;
    GAsyncQueue *to, *from;
    bool ends_inside;
} Stander;

static gpointer stand(gpointer data)
{
    Stander *s = data;

    qpp_read_begin();
    qpp_read_begin();
    qpp_read_end(); /* the outer one goes on */
    g_async_queue_push(s->from, s);
    g_async_queue_pop(s->to);
    if (!s->ends_inside) {
        qpp_read_end();
    }
    return NULL;
}

static void stander_start(Stander *s)
{
    s->to = g_async_queue_new();
    s->from = g_async_queue_new();
    s->thread = g_thread_new("stander", stand, s);
    g_async_queue_pop(s->from);
}

static void stander_end(Stander *s)
{
    g_async_queue_push(s->to, s);
    g_thread_join(s->thread);
    g_async_queue_unref(s->to);
    g_async_queue_unref(s->from);
}

static void test_kept_for_reader(void)
{
    QppList list = { NULL };
    Stander s = { NULL };

    change(&list);
    g_assert_cmpuint(n_retired(), ==, 0);
    stander_start(&s);
    for (int i = 1; i <= 100; i++) {
        change(&list);
        /* Two changes take out an array and an item. */
        g_assert_cmpuint(n_retired(), ==, 2 * i);
    }
    stander_end(&s);
    change(&list);
    g_assert_cmpuint(n_retired(), ==, 0);
}

/* A thread that is ended within a walk does not stop reclaiming. */
static void test_thread_ends_inside(void)
{
    QppList list = { NULL };
    Stander s = { .ends_inside = true };

    stander_start(&s);
    stander_end(&s);
    change(&list);
    g_assert_cmpuint(n_retired(), ==, 0);
}

static gpointer one_walk(gpointer list)
{
    walk(list);
    return NULL;
}

/* Threads come and go (user mode): their records are used again. */
static void test_records_reused(void)
{
    QppList list = { NULL };
    unsigned int before;

    g_thread_join(g_thread_new("walker", one_walk, &list));
    before = n_readers();
    for (int i = 0; i < 1000; i++) {
        g_thread_join(g_thread_new("walker", one_walk, &list));
    }
    g_assert_cmpuint(n_readers(), ==, before);
}

/* The child of a fork has no other threads, thus no other readers. */
static void test_fork(void)
{
    QppList list = { NULL };
    Stander s = { NULL };
    int status;
    pid_t child;

    stander_start(&s);
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        change(&list);
        _exit(n_retired() == 0 ? 0 : 1);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    change(&list);
    g_assert_cmpuint(n_retired(), ==, 2); /* the parent's still reads */
    stander_end(&s);
    change(&list);
    g_assert_cmpuint(n_retired(), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/list/empty", test_empty);
    g_test_add_func("/core/list/order", test_order);
    g_test_add_func("/core/list/unique", test_unique);
    g_test_add_func("/core/list/remove-during-walk", test_remove_during_walk);
    g_test_add_func("/core/list/add-during-walk", test_add_during_walk);
    g_test_add_func("/core/list/nested", test_nested);
    g_test_add_func("/core/list/reclaim", test_reclaim);
    g_test_add_func("/core/list/kept-for-reader", test_kept_for_reader);
    g_test_add_func("/core/list/thread-ends-inside", test_thread_ends_inside);
    g_test_add_func("/core/list/records-reused", test_records_reused);
    g_test_add_func("/core/list/fork", test_fork);
    return g_test_run();
}
