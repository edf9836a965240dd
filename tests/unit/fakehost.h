/*
 * fakehost.h: a program that looks like QEMU to a plugin: it exports what a
 * QEMU of plugin API FAKE_API exports, with that version's signatures, loads
 * plugins as QEMU does, and reports events to them when a test says so.
 *
 * FAKE_API (1 to 7) is set when fakehost.c is compiled; which functions the
 * program exports cannot be a matter of run time, since libqpp looks.
 * FAKE_VERSION_TEXT is what the program holds as its --version text;
 * FAKE_WHOLE_API leaves to fakehost_api.c what is there, too;
 * FAKE_LACKS_TB_VADDR leaves out a function that every QEMU has.
 *
 * It does not include qemu-plugin.h: that one renames what is defined here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_UNIT_FAKEHOST_H
#define TESTS_UNIT_FAKEHOST_H

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_EXPORT __attribute__((visibility("default")))

typedef enum FakeEvent {
    FAKE_VCPU_INIT,
    FAKE_VCPU_EXIT,
    FAKE_VCPU_IDLE,
    FAKE_VCPU_RESUME,
    FAKE_TB_TRANS,
    FAKE_FLUSH,
    FAKE_ATEXIT,
    FAKE_SYSCALL,
    FAKE_SYSCALL_RET,
    FAKE_N_EVENTS
} FakeEvent;

typedef void (*FakeExecFn)(unsigned int vcpu_index, void *userdata);

/* QEMU's handles are these to the plugin. */
typedef struct qemu_plugin_insn {
    uint64_t vaddr;
    size_t size;
    const uint8_t *bytes;
    FakeExecFn exec;
    void *userdata;
} FakeInsn;

typedef struct FakeExec {
    FakeExecFn fn;
    void *userdata;
} FakeExec;

typedef struct qemu_plugin_tb {
    size_t n;
    FakeInsn *insns;
    FakeExecFn exec; /* the last one asked for */
    void *userdata;
    GArray *all;     /* of FakeExec, all that were, instead; NULL: not */
} FakeTb;

/* Whether the next plugin is told of user mode. */
extern bool fake_user_mode;
/* QEMU's lock of its plugins: recursive, held while it loads and resets. */
extern pthread_mutex_t fake_lock;

/*
 * Loads a plugin as QEMU does: NULL if its version is out of range or its
 * install fails, otherwise dlopen's handle.  @claimed is the version that
 * the plugin said before install.
 */
void *fake_load(const char *path, int argc, char **argv, int *claimed);

/* The file of plugin @name beside this program; the caller frees it. */
char *fake_plugin_path(const char *name);

/* How often an event was asked for: QEMU would keep the last only. */
unsigned int fake_n_registered(FakeEvent event);

/* As if nothing had been asked for, if @id did; under fake_lock. */
void fake_forget_events(uint64_t id);

/* An event happens, if anybody asked for it. */
void fake_vcpu(FakeEvent event, unsigned int vcpu_index);
void fake_tb_trans(FakeTb *tb);
void fake_exec(FakeTb *tb, unsigned int vcpu_index);
void fake_flush(void);
void fake_atexit(void);
void fake_syscall(unsigned int vcpu_index, int64_t num,
                  const uint64_t args[8]);
void fake_syscall_ret(unsigned int vcpu_index, int64_t num, int64_t ret);

/* For plugins under test: adds a line to the log. */
FAKE_EXPORT void fake_log(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* What was logged since the last time; the caller frees it. */
char *fake_take_log(void);

#endif /* TESTS_UNIT_FAKEHOST_H */
