/*
 * plugin_stub.h: in place of libqpp and QEMU, for tests that link parts of
 * a plugin: guest memory made of pieces, registers by name, callbacks that
 * tell the test, and blocks of instructions to be translated and run.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_PLUGIN_STUB_H
#define TESTS_PLUGIN_STUB_H

#include "plugin-qpp.h"

/* Guest memory: copies of @data; where several are, the newest. */
void stub_map(uint64_t addr, const void *data, size_t len);
void stub_unmap_all(void);
/* How often memory was read since the last call of this. */
unsigned int stub_reads(void);
/* The same memory for parsers that take an OsiReadFn. */
bool stub_read(void *opaque, uint64_t addr, void *buf, size_t len);

/* Registers, the same for every vCPU. */
void stub_set_reg(const char *name, uint64_t value);
void stub_break_regs(void); /* from now on none can be read ... */
void stub_mend_regs(void);  /* ... and now again */

/* Everywhere in the program, <function>_qpp is @address from now on. */
void stub_import(const char *function, gpointer address);

/* Gets every callback that is run: its name, and its data. */
extern void (*stub_on_run)(const char *name, void *evdata);

/* From now on this event is wanted, and no other; NULL: none. */
void stub_want(const char *event);

/* How often the plugin has asked for all code to be translated anew. */
unsigned int stub_retranslations(void);

/* What the plugin registered. */
extern qemu_plugin_vcpu_simple_cb_t stub_vcpu_init;
extern qemu_plugin_udata_cb_t stub_atexit;

/*
 * Translates an instruction of these bytes at @vaddr; NULL if nothing was
 * registered on it.  stub_exec() runs what was.
 */
typedef struct StubExec {
    qemu_plugin_vcpu_udata_cb_t cb;
    void *udata;
} StubExec;
StubExec *stub_translate(uint64_t vaddr, const void *bytes, size_t size);
void stub_exec(const StubExec *exec, unsigned int vcpu);

#endif /* TESTS_PLUGIN_STUB_H */
