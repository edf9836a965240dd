/*
 * version.c: which plugin API the running QEMU speaks, before it says so.
 *
 * QEMU compares the plugin's version with its range before it calls install,
 * so the version must be right beforehand.  Most versions show in what the
 * program exports (QEMU's include/plugins/qemu-plugin.h lists what each
 * version added): n_vcpus went with version 2, read_memory_vaddr came with
 * 4, translate_vaddr with 5, set_pc with 6.  Versions 2 and 3, and 6 and 7,
 * export the same names; there QEMU's own version decides, which stands in
 * the program's read-only data as part of its --version text.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>

#include "host.h"

/* First QEMU (major * 100 + minor) of a version that exports do not tell. */
#define QEMU_OF_API_3 901
#define QEMU_OF_API_7 1101

gpointer qpp_host_symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

/*
 * The search reads across whatever the program holds, also what lies between
 * its variables.  A QEMU built with AddressSanitizer would take that for an
 * error, in memmem and memcmp too: hence none of them, and this mark.
 */
#define READS_ALL __attribute__((no_sanitize("address")))

/* Whether @word stands at @p, with at most @size bytes to look at. */
READS_ALL static bool is_at(const char *p, size_t size, const char *word)
{
    for (; *word && size > 0 && *p == *word; p++, word++, size--) {
        /* on */
    }
    return *word == '\0';
}

/* Reads "X.Y" at @p; 0 if that is not what stands there. */
READS_ALL static int parse_version(const char *p, const char *end)
{
    int part[2] = { 0, 0 };

    for (int i = 0; i < 2; i++) {
        const char *start = p;

        while (p < end && g_ascii_isdigit(*p) && p - start < 3) {
            part[i] = part[i] * 10 + (*p++ - '0');
        }
        if (p == start || p >= end || (i == 0 && *p++ != '.')) {
            return 0;
        }
    }
    return part[0] * 100 + part[1];
}

/*
 * Whether the text before @p, " version ", is the one of QEMU's --version:
 * "QEMU emulator version" of a system emulator, "qemu-x86_64 version" of a
 * user-mode one.
 */
READS_ALL static bool is_qemu_text(const char *start, const char *p)
{
    const char *word = p;

    while (word > start && word[-1] != '\0' && word[-1] != ' ' &&
           p - word < 64) {
        word--;
    }
    return (p - word == 8 && is_at(word, 8, "emulator")) ||
           (p - word > 5 && is_at(word, 5, "qemu-"));
}

READS_ALL static int search(const char *start, size_t size)
{
    static const char text[] = " version ";
    const char *end = start + size;

    for (const char *p = start; p < end; p++) {
        int version = *p == ' ' && is_at(p, end - p, text)
                          ? parse_version(p + sizeof(text) - 1, end) : 0;

        if (version && is_qemu_text(start, p)) {
            return version;
        }
    }
    return 0;
}

static int search_program(struct dl_phdr_info *info, size_t size, void *data)
{
    int *version = data;

    for (int i = 0; i < info->dlpi_phnum && !*version; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

        if (ph->p_type == PT_LOAD && (ph->p_flags & PF_R) &&
            !(ph->p_flags & PF_W)) {
            *version = search((const char *)(info->dlpi_addr + ph->p_vaddr),
                              ph->p_filesz);
        }
    }
    return 1; /* the main program comes first; the others do not matter */
}

static int qemu_version(void)
{
    int version = 0;

    dl_iterate_phdr(search_program, &version);
    return version;
}

int qpp_host_detect_api(void)
{
    const char *env = getenv("QPP_HOST_API");
    int wanted = env ? atoi(env) : 0;

    if (wanted > 0) {
        return wanted;
    }
    if (qpp_host_symbol("qemu_plugin_set_pc")) {
        int version = qemu_version();

        return version && version < QEMU_OF_API_7 ? 6 : QPP_HOST_API_MAX;
    }
    if (qpp_host_symbol("qemu_plugin_translate_vaddr")) {
        return 5;
    }
    if (qpp_host_symbol("qemu_plugin_read_memory_vaddr")) {
        return 4;
    }
    if (qpp_host_symbol("qemu_plugin_n_vcpus")) {
        return 1;
    }
    return qemu_version() >= QEMU_OF_API_3 ? 3 : 2;
}

int qpp_host_version(void)
{
    static gsize version;

    if (g_once_init_enter(&version)) {
        g_once_init_leave(&version, (gsize)qpp_host_detect_api());
    }
    return (int)version;
}
