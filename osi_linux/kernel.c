/*
 * kernel.c: finding out about the guest's kernel.  See kernel.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdatomic.h>
#include <stdio.h>

#include "btf_find.h"
#include "kallsyms.h"
#include "kernel.h"
#include "plugin-qpp.h"

static _Atomic(const OsiKernel *) known;

const OsiKernel *osi_kernel(void)
{
    return atomic_load_explicit(&known, memory_order_acquire);
}

bool osi_kernel_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return qemu_plugin_read_memory(addr, buf, len);
}

/*
 * BTF is in the kernel's image from its first instruction, so the first
 * thread switch is early enough; the later tries are for a guest that is
 * not a kernel's yet, such as firmware with threads.
 */
static bool is_time_to_try(void)
{
    static atomic_uint switches;
    unsigned int n = atomic_fetch_add(&switches, 1);

    return n == 0 || n == 1000 || n == 100000;
}

static void G_GNUC_PRINTF(1, 2) say(const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list args;

    va_start(args, format);
    line = g_strdup_vprintf(format, args);
    va_end(args);
    qemu_plugin_outs(line);
}

/* Without them only what depends on a symbol is unknown. */
static void add_symbols(OsiTypes *types, uint64_t pc)
{
    g_autoptr(GError) error = NULL;
    Kallsyms *ks = kallsyms_find(osi_kernel_read, NULL, pc, NULL, &error);

    if (!ks) {
        say("osi_linux: the kernel's symbols stay unknown: %s\n",
            error->message);
        return;
    }
    say("osi_linux: %u kernel symbols from kallsyms at 0x%" PRIx64 "%s\n",
        kallsyms_count(ks), kallsyms_where(ks),
        kallsyms_has_data(ks) ? "" : ", functions only");
    osi_types_take_symbols(types, ks);
}

/* NULL with @errp set if the kernel around @pc says nothing of itself. */
static OsiKernel *kernel_new(uint64_t pc, GError **errp)
{
    g_autoptr(OsiTypes) types = NULL;
    OsiKernel *kernel;
    OsiLayout layout;
    uint64_t addr;
    Btf *btf = btf_find(osi_kernel_read, NULL, pc, NULL, &addr, errp);

    if (!btf) {
        return NULL;
    }
    types = osi_types_from_btf(btf);
    if (!osi_layout_from_types(types, &layout, errp)) {
        return NULL;
    }
    say("osi_linux: kernel types from BTF at 0x%" PRIx64 "\n", addr);
    add_symbols(types, pc);
    kernel = g_new0(OsiKernel, 1);
    kernel->types = g_steal_pointer(&types);
    kernel->layout = layout;
    kernel->facts = osi_facts_new(kernel->types, &(OsiReader){
        osi_kernel_read, NULL, osi_types_big_endian(kernel->types) });
    return kernel;
}

void osi_kernel_discover(const char *pc_register)
{
    static GMutex lock;
    g_autoptr(GMutexLocker) locker = NULL;
    g_autoptr(GError) error = NULL;
    OsiKernel *kernel;
    uint64_t pc;
    static bool told;

    if (!is_time_to_try() ||
        !qemu_plugin_read_register_u64(
            qemu_plugin_find_register(pc_register), &pc)) {
        return;
    }
    locker = g_mutex_locker_new(&lock);
    if (osi_kernel()) {
        return;
    }
    kernel = kernel_new(pc, &error);
    if (!kernel && !told) {
        told = true;
        fprintf(stderr, "osi_linux: processes stay unknown: %s; the guest's "
                "kernel needs CONFIG_DEBUG_INFO_BTF\n", error->message);
    } else if (kernel && told) {
        fprintf(stderr, "osi_linux: processes are known from now on\n");
    }
    atomic_store_explicit(&known, kernel, memory_order_release);
}
