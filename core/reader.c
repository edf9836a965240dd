/*
 * reader.c: registers by name and as numbers, memory into plain buffers,
 * and the small questions that need no emulator.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "host/host.h"

/* A buffer for each thread, so that reading does not allocate. */
static __thread GByteArray *scratch __attribute__((tls_model("initial-exec")));

static void scratch_free(gpointer data)
{
    scratch = NULL; /* other destructors of the thread may read, too */
    g_byte_array_unref(data);
}

static GPrivate scratch_owner = G_PRIVATE_INIT(scratch_free);

static GByteArray *scratch_get(void)
{
    if (G_UNLIKELY(!scratch)) {
        scratch = g_byte_array_sized_new(64);
        g_private_set(&scratch_owner, scratch);
    }
    return scratch;
}

struct qemu_plugin_register *qemu_plugin_find_register(const char *name)
{
    g_autoptr(GArray) all = qemu_plugin_get_registers();

    for (guint i = 0; i < all->len; i++) {
        qemu_plugin_reg_descriptor *d =
            &g_array_index(all, qemu_plugin_reg_descriptor, i);

        if (g_strcmp0(d->name, name) == 0) {
            return d->handle;
        }
    }
    return NULL;
}

static bool big_endian;

void qpp_reader_start(const char *target)
{
    /* QEMU's target names of the big-endian guests. */
    static const char *const names[] = {
        "s390x", "ppc", "ppc64", "mips", "mips64", "mipsn32", "sparc",
        "sparc32plus", "sparc64", "m68k", "hppa", "armeb", "aarch64_be",
        "sh4eb", "xtensaeb", "microblaze", "or1k",
    };

    big_endian = false;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_strcmp0(target, names[i]) == 0) {
            big_endian = true;
        }
    }
}

bool qemu_plugin_target_big_endian(void)
{
    return big_endian;
}

static uint64_t number(const uint8_t *bytes, int size)
{
    uint64_t v = 0;

    if (G_LIKELY(size == 8)) {
        memcpy(&v, bytes, 8);
        return big_endian ? GUINT64_FROM_BE(v) : GUINT64_FROM_LE(v);
    }
    for (int i = 0; i < size; i++) {
        v = v << 8 | bytes[big_endian ? i : size - 1 - i];
    }
    return v;
}

bool qemu_plugin_read_register_u64(struct qemu_plugin_register *handle,
                                   uint64_t *value)
{
    GByteArray *buf;
    int size;

    if (!QPP_GIVEN(value)) {
        return false;
    }
    buf = scratch_get();
    buf->len = 0; /* g_byte_array_set_size is a call, at every register */
    size = qemu_plugin_read_register(handle, buf);
    if (size <= 0 || size > 8 || buf->len < (guint)size) {
        return false;
    }
    *value = number(buf->data, size);
    return true;
}

bool qemu_plugin_read_memory(uint64_t addr, void *buf, size_t len)
{
    GByteArray *data = scratch_get();

    if (!QPP_GIVEN(buf) || !qemu_plugin_read_memory_vaddr(addr, data, len) ||
        data->len < len) {
        return false;
    }
    memcpy(buf, data->data, len);
    return true;
}

bool qemu_plugin_bool_parse(const char *name, const char *value, bool *ret)
{
    static const char *const words[][2] = {
        { "off", "on" }, { "no", "yes" }, { "false", "true" },
        { "n", "y" },
    };

    if (!name || !value || !ret) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        for (int on = 0; on < 2; on++) {
            if (strcmp(value, words[i][on]) == 0) {
                *ret = on;
                return true;
            }
        }
    }
    return false;
}
