/*
 * test_core_life_stress.c: plugins that go, in many places, while four vCPU
 * threads run code and make system calls, others register and unregister,
 * and one begins anew all the time.  Those that stay must have missed
 * nothing, those that are gone have been called no more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dlfcn.h>
#include <stdio.h>

#include "test_core_life_copies.h"

#define N_VCPUS 4
#define N_CHURNERS 2

static Plugin *going, phoenix;
static unsigned int n_going;
static atomic_uint next_going, n_phoenix;
static atomic_ulong n_events;
static atomic_bool done;

static gpointer vcpu_thread(gpointer data)
{
    FakeCpu *me = fake_cpu_start(GPOINTER_TO_INT(data));

    for (unsigned int i = 0; !done || i % 8; i++) {
        fake_cpu_run(me, i % FAKE_N_TBS);
        if (fake_user_mode) {
            fake_cpu_syscall(me);
        } else if (i % 8 == 7) {
            fake_cpu_sleep(me);
        }
        if (i % 4 == 3) {
            base.run();
            n_events++;
        }
    }
    return me;
}

/* Where the plugin that goes as number @i does it. */
static void let_go(unsigned int i)
{
    static const int system[] = { IN_TRANS, IN_EXEC, IN_EVENT, IN_RESUME,
                                  IN_IDLE, IN_GONE, IN_FLUSH, NOTHING };
    static const int user[] = { IN_TRANS, IN_EXEC, IN_EVENT, IN_SYSCALL,
                                IN_SYSCALL_RET, IN_GONE, IN_FLUSH, NOTHING };
    int place = (fake_user_mode ? user : system)[i % G_N_ELEMENTS(user)];

    if (place == NOTHING || place == IN_GONE) {
        going[i].act(UNINSTALL);
    } else {
        tell(&going[i], place, UNINSTALL);
    }
}

static gpointer churner(gpointer data)
{
    LifeRun churn = dlsym((GPOINTER_TO_INT(data) ? base : stays).handle,
                          "life_churn");
    unsigned int i;

    while ((i = next_going++) < n_going) {
        let_go(i);
        for (int j = 0; j < 20; j++) {
            g_assert_true(churn());
            base.run();
            n_events++;
        }
        if (GPOINTER_TO_INT(data) == 0) {
            unsigned long before = count(&phoenix, IN_RESET_CB);

            /* One that comes before the last one's callback is over is none. */
            for (int j = 0; count(&phoenix, IN_RESET_CB) == before; j++) {
                if (j % 50 == 0) {
                    phoenix.act(RESET);
                }
                g_usleep(50);
            }
            n_phoenix++;
        }
    }
    return NULL;
}

static void wait_for_all(void)
{
    for (unsigned int i = 0; i < n_going; i++) {
        for (int turn = 0; !going[i].life->dead; turn++) {
            if (turn % 100 == 99) {
                phoenix.act(RETRANSLATE); /* for those in flush and trans */
            }
            g_assert_cmpint(turn, <, 60000);
            g_usleep(1000);
        }
    }
}

/* What the vCPUs did, in all. */
static void add_up(FakeCpu *sum, const FakeCpu *one)
{
    sum->n_trans += one->n_trans;
    sum->n_exec += one->n_exec;
    sum->n_resume += one->n_resume;
    sum->n_syscall += one->n_syscall;
    sum->n_syscall_ret += one->n_syscall_ret;
}

static void check_stress(const FakeCpu *sum)
{
    for (unsigned int i = 0; i < n_going; i++) {
        g_assert_cmpuint(count(&going[i], IN_UNINSTALL_CB), ==, 1);
        g_assert_cmpuint(going[i].life->late, ==, 0);
        g_assert_cmpuint(going[i].life->wrong, ==, 0);
    }
    g_assert_cmpuint(count(&stays, IN_GONE), ==, n_going);
    g_assert_cmpuint(count(&stays, IN_TRANS), ==, sum->n_trans);
    g_assert_cmpuint(count(&stays, IN_EXEC), ==, sum->n_exec);
    g_assert_cmpuint(count(&stays, IN_EVENT), ==, n_events);
    g_assert_cmpuint(count(&phoenix, IN_RESET_CB), >=, n_phoenix);
    g_assert_cmpuint(count(&stays, IN_RESUME), ==, sum->n_resume);
    g_assert_cmpuint(count(&stays, IN_IDLE), ==, sum->n_resume);
    g_assert_cmpuint(count(&stays, IN_SYSCALL), ==, sum->n_syscall);
    g_assert_cmpuint(count(&stays, IN_SYSCALL_RET), ==, sum->n_syscall_ret);
    g_assert_cmpuint(stays.life->late + stays.life->wrong, ==, 0);
    g_assert_cmpuint(phoenix.life->late + phoenix.life->wrong, ==, 0);
}

void stress(unsigned int n)
{
    GThread *vcpus[N_VCPUS], *churners[N_CHURNERS];
    FakeCpu sum = { 0 };

    phoenix = load("life_phoenix");
    n_going = n;
    going = g_new0(Plugin, n);
    for (unsigned int i = 0; i < n; i++) {
        going[i] = load_next();
    }
    for (int i = 0; i < N_VCPUS; i++) {
        vcpus[i] = g_thread_new("vcpu", vcpu_thread, GINT_TO_POINTER(i));
    }
    for (int i = 0; i < N_CHURNERS; i++) {
        churners[i] = g_thread_new("churner", churner, GINT_TO_POINTER(i));
    }
    for (int i = 0; i < N_CHURNERS; i++) {
        g_thread_join(churners[i]);
    }
    wait_for_all();
    done = true;
    for (int i = 0; i < N_VCPUS; i++) {
        add_up(&sum, g_thread_join(vcpus[i]));
    }
    check_stress(&sum);
    printf("%u went, %u resets, %lu standing still, %lu blocks run, %lu "
           "events\n", n, n_phoenix, fake_n_resets, sum.n_exec, n_events);
}
