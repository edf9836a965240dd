/*
 * test_core_life_copies.h: copies of the plugin test_core_life_plugin.c, as
 * test_core_life.c loads them, for its cases and for test_core_life_stress.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_TEST_CORE_LIFE_COPIES_H
#define TESTS_UNIT_TEST_CORE_LIFE_COPIES_H

#include "fakehost_life.h"
#include "test_core_life.h"

typedef struct Plugin {
    void *handle;
    Life *life;
    LifeDo act;
    LifeRun run;
} Plugin;

/* The one whose callbacks the others subscribe to, and one that stays. */
extern Plugin base, stays;

Plugin load(const char *name);
/* One of a name of its own. */
Plugin load_next(void);

/* How often it was called there. */
unsigned long count(const Plugin *p, int place);
/* What it is to do, once, when it is next there. */
void tell(Plugin *p, int place, int what);

/* @n plugins go, all at once. */
void stress(unsigned int n);

#endif /* TESTS_UNIT_TEST_CORE_LIFE_COPIES_H */
