/*
 * disas.c: disassembly through Capstone.  See disas.h.
 *
 * Capstone is loaded when it is first needed, and of whichever version is
 * there: one libqpp runs on distributions with different ones.  The library
 * says its version; what differs between 4 and 5 is where the text stands in
 * a cs_insn (its include/capstone/capstone.h: bytes[16] became bytes[24]).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <dlfcn.h>
#include <string.h>

#include "disas.h"

/* Values of Capstone's cs_arch and cs_mode, the same in 4 and 5. */
enum { CS_ARM64 = 1, CS_X86 = 3, CS_PPC = 4, CS_SYSZ = 6 };
enum {
    MODE_32 = 1 << 2,
    MODE_64 = 1 << 3,
    MODE_BIG_ENDIAN = (int)(1u << 31),
};

static const struct {
    const char *target;
    int arch;
    int mode;
    bool user_only; /* in system mode it has several */
} targets[] = {
    { "x86_64", CS_X86, MODE_64, true },
    { "i386", CS_X86, MODE_32, true },
    { "aarch64", CS_ARM64, 0, true },
    { "s390x", CS_SYSZ, MODE_BIG_ENDIAN, false },
    { "ppc64", CS_PPC, MODE_64 | MODE_BIG_ENDIAN, true },
    { "ppc64le", CS_PPC, MODE_64, true },
    { "ppc", CS_PPC, MODE_32 | MODE_BIG_ENDIAN, true },
};

typedef struct Capstone {
    int (*open)(int arch, int mode, size_t *handle);
    size_t (*disasm)(size_t handle, const uint8_t *code, size_t size,
                     uint64_t address, size_t count, void **insn);
    void (*free)(void *insn, size_t count);
    int (*close)(size_t *handle);
    size_t mnemonic; /* offset of a cs_insn's mnemonic[32], before op_str[] */
} Capstone;

static bool load(Capstone *cs)
{
    static const char *const names[] = { "libcapstone.so.5",
                                         "libcapstone.so.4" };
    unsigned int (*version)(int *major, int *minor);
    void *lib = NULL;
    int major, minor;

    for (size_t i = 0; !lib && i < G_N_ELEMENTS(names); i++) {
        lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    }
    if (!lib) {
        return false;
    }
    *(void **)&version = dlsym(lib, "cs_version");
    *(void **)&cs->open = dlsym(lib, "cs_open");
    *(void **)&cs->disasm = dlsym(lib, "cs_disasm");
    *(void **)&cs->free = dlsym(lib, "cs_free");
    *(void **)&cs->close = dlsym(lib, "cs_close");
    if (!version || !cs->open || !cs->disasm || !cs->free || !cs->close) {
        return false;
    }
    version(&major, &minor);
    /* id, address, size, then the bytes */
    cs->mnemonic = 8 + 8 + 2 + (major >= 5 ? 24 : 16);
    return major == 4 || major == 5;
}

static const Capstone *capstone(void)
{
    static gsize once;
    static Capstone cs;
    static bool good;

    if (g_once_init_enter(&once)) {
        good = load(&cs);
        g_once_init_leave(&once, 1);
    }
    return good ? &cs : NULL;
}

/* The target's row, if it is in that row's mode for certain. */
static int find_target(const qemu_info_t *info, uint64_t vaddr)
{
    /* Addresses of the upper half exist in 64-bit mode only. */
    bool upper = vaddr >> 63;

    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        if (strcmp(info->target_name, targets[i].target) == 0) {
            bool sure = !targets[i].user_only || !info->system_emulation ||
                        (upper && (targets[i].mode == MODE_64 ||
                                   targets[i].arch == CS_ARM64));

            return sure ? (int)i : -1;
        }
    }
    return -1;
}

char *qpp_disas(const qemu_info_t *info, const uint8_t *bytes, size_t n,
                uint64_t vaddr)
{
    int target = find_target(info, vaddr);
    const Capstone *cs = target >= 0 && n > 0 ? capstone() : NULL;
    char *text = NULL;
    void *insn = NULL;
    size_t handle;

    if (!cs || cs->open(targets[target].arch, targets[target].mode,
                        &handle)) {
        return NULL;
    }
    if (cs->disasm(handle, bytes, n, vaddr, 1, &insn) == 1) {
        const char *mnemonic = (const char *)insn + cs->mnemonic;

        text = g_strstrip(g_strdup_printf("%s %s", mnemonic, mnemonic + 32));
        cs->free(insn, 1);
    }
    cs->close(&handle);
    return text;
}
