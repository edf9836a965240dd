/*
 * fakehost.c: a program that looks like QEMU to a plugin.  See fakehost.h.
 *
 * What differs between the versions stands between #if and #endif, each as
 * that version's binaries have it; the sum of these is the check on
 * core/host/.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "fakehost.h"

/* Lowest plugin version that a host of this API takes. */
#if FAKE_API == 1
#define FAKE_API_MIN 0
#elif FAKE_API < 7
#define FAKE_API_MIN 2
#else
#define FAKE_API_MIN 7
#endif

/* What a real QEMU keeps for -version; read by libqpp, not by us. */
#ifdef FAKE_VERSION_TEXT
FAKE_EXPORT const char fake_version_text[] =
    "no version 1.2\0the plugin version 3.4\0" FAKE_VERSION_TEXT;
#endif

typedef uint64_t Id;
typedef void (*Fn)(void);

/* As in QEMU: changed under the lock, called without. */
static struct {
    _Atomic(Fn) fn;
    void *userdata;
    unsigned int n;
} events[FAKE_N_EVENTS];
pthread_mutex_t fake_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
bool fake_user_mode;

static Id n_loaded;
static Id events_id; /* whose events they are: one plugin's, libqpp's */

/* ---- The log ----------------------------------------------------------- */

static GString *log_text;

void fake_log(const char *format, ...)
{
    va_list ap;

    if (!log_text) {
        log_text = g_string_new(NULL);
    }
    va_start(ap, format);
    g_string_append_vprintf(log_text, format, ap);
    va_end(ap);
    g_string_append_c(log_text, '\n');
}

char *fake_take_log(void)
{
    char *text = log_text ? g_string_free(log_text, false) : g_strdup("");

    log_text = NULL;
    return text;
}

/* ---- Loading ----------------------------------------------------------- */

char *fake_plugin_path(const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_path_get_dirname(self);

    return g_strdup_printf("%s/%s.so", folder, name);
}

/* As QEMU's qemu_info_t. */
typedef struct Info {
    const char *target_name;
    struct {
        int min;
        int cur;
    } version;
    bool system_emulation;
    struct {
        int smp_vcpus;
        int max_vcpus;
    } system;
} Info;

void *fake_load(const char *path, int argc, char **argv, int *claimed)
{
    Info info = {
        .version = { FAKE_API_MIN, FAKE_API },
        .system_emulation = !fake_user_mode,
        .system = { 2, 4 },
    };
    int (*install)(Id, const Info *, int, char **);
    int *version;
    int rc;
    void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL);

    if (!handle) {
        g_error("%s", dlerror());
    }
    install = dlsym(handle, "qemu_plugin_install");
    version = dlsym(handle, "qemu_plugin_version");
    g_assert_nonnull(install);
    g_assert_nonnull(version);
    *claimed = *version;
    if (*version < FAKE_API_MIN || *version > FAKE_API) {
        return NULL;
    }
    info.target_name = g_strdup("x86_64");
    rc = install(++n_loaded, &info, argc, argv);
    /* QEMU's copy does not live longer than the call. */
    memset((char *)info.target_name, '?', strlen(info.target_name));
    g_free((char *)info.target_name);
    return rc ? NULL : handle;
}

/* ---- Events ------------------------------------------------------------ */

static void ask(FakeEvent event, Id id, Fn fn, void *userdata)
{
    g_assert_nonnull(fn);
    g_assert_true(id >= 1 && id <= n_loaded);
    g_assert_true(events_id == 0 || events_id == id);
    pthread_mutex_lock(&fake_lock);
    events_id = id;
    if (!events[event].userdata) {
        events[event].userdata = userdata; /* it is the same each time */
    }
    events[event].n++;
    events[event].fn = fn;
    pthread_mutex_unlock(&fake_lock);
}

void fake_forget_events(uint64_t id)
{
    for (int event = 0; id == events_id && event < FAKE_N_EVENTS; event++) {
        events[event].fn = NULL;
    }
}

unsigned int fake_n_registered(FakeEvent event)
{
    return events[event].n;
}

#if FAKE_API >= 7
#define REGISTER(name, event)                                                \
    FAKE_EXPORT void name(Id id, Fn fn, void *userdata);                     \
    void name(Id id, Fn fn, void *userdata)                                  \
    {                                                                        \
        ask(event, id, fn, userdata);                                        \
    }
#else
#define REGISTER(name, event)                                                \
    FAKE_EXPORT void name(Id id, Fn fn);                                     \
    void name(Id id, Fn fn)                                                  \
    {                                                                        \
        ask(event, id, fn, NULL);                                            \
    }
#endif

REGISTER(qemu_plugin_register_vcpu_init_cb, FAKE_VCPU_INIT)
REGISTER(qemu_plugin_register_vcpu_exit_cb, FAKE_VCPU_EXIT)
REGISTER(qemu_plugin_register_vcpu_idle_cb, FAKE_VCPU_IDLE)
REGISTER(qemu_plugin_register_vcpu_resume_cb, FAKE_VCPU_RESUME)
REGISTER(qemu_plugin_register_vcpu_tb_trans_cb, FAKE_TB_TRANS)
REGISTER(qemu_plugin_register_flush_cb, FAKE_FLUSH)
REGISTER(qemu_plugin_register_vcpu_syscall_cb, FAKE_SYSCALL)
REGISTER(qemu_plugin_register_vcpu_syscall_ret_cb, FAKE_SYSCALL_RET)

FAKE_EXPORT void qemu_plugin_register_atexit_cb(Id id, Fn fn, void *userdata);
void qemu_plugin_register_atexit_cb(Id id, Fn fn, void *userdata)
{
    ask(FAKE_ATEXIT, id, fn, userdata);
}

/*
 * CALL(event, what comes first before API 7, types in the middle, the
 * arguments in the middle): from API 7 on userdata comes last instead.
 */
#define UNWRAP(...) __VA_ARGS__
#if FAKE_API >= 7
#define CALL(event, types, ...)                                              \
    do {                                                                     \
        Fn its = events[event].fn;                                           \
        if (its) {                                                           \
            ((void (*)(UNWRAP types, void *))its)(__VA_ARGS__,               \
                                                  events[event].userdata);   \
        }                                                                    \
    } while (0)
#else
#define CALL(event, types, ...)                                              \
    do {                                                                     \
        Fn its = events[event].fn;                                           \
        if (its) {                                                           \
            ((void (*)(Id, UNWRAP types))its)(events_id, __VA_ARGS__);       \
        }                                                                    \
    } while (0)
#endif

void fake_vcpu(FakeEvent event, unsigned int vcpu_index)
{
    CALL(event, (unsigned int), vcpu_index);
}

void fake_tb_trans(FakeTb *tb)
{
    CALL(FAKE_TB_TRANS, (FakeTb *), tb);
}

void fake_syscall(unsigned int vcpu_index, int64_t num, const uint64_t a[8])
{
    CALL(FAKE_SYSCALL,
         (unsigned int, int64_t, uint64_t, uint64_t, uint64_t, uint64_t,
          uint64_t, uint64_t, uint64_t, uint64_t),
         vcpu_index, num, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

void fake_syscall_ret(unsigned int vcpu_index, int64_t num, int64_t ret)
{
    CALL(FAKE_SYSCALL_RET, (unsigned int, int64_t, int64_t), vcpu_index, num,
         ret);
}

void fake_flush(void)
{
    if (events[FAKE_FLUSH].fn) {
#if FAKE_API >= 7
        ((void (*)(void *))events[FAKE_FLUSH].fn)(
            events[FAKE_FLUSH].userdata);
#else
        ((void (*)(Id))events[FAKE_FLUSH].fn)(events_id);
#endif
    }
}

void fake_atexit(void)
{
    if (events[FAKE_ATEXIT].fn) {
#if FAKE_API >= 7
        ((void (*)(void *))events[FAKE_ATEXIT].fn)(
            events[FAKE_ATEXIT].userdata);
#else
        ((void (*)(Id, void *))events[FAKE_ATEXIT].fn)(
            events_id, events[FAKE_ATEXIT].userdata);
#endif
    }
}

/* ---- Translation ------------------------------------------------------- */

FAKE_EXPORT size_t qemu_plugin_tb_n_insns(const FakeTb *tb);
size_t qemu_plugin_tb_n_insns(const FakeTb *tb)
{
    return tb->n;
}

#ifndef FAKE_LACKS_TB_VADDR
FAKE_EXPORT uint64_t qemu_plugin_tb_vaddr(const FakeTb *tb);
uint64_t qemu_plugin_tb_vaddr(const FakeTb *tb)
{
    return tb->insns[0].vaddr;
}
#endif

FAKE_EXPORT FakeInsn *qemu_plugin_tb_get_insn(const FakeTb *tb, size_t idx);
FakeInsn *qemu_plugin_tb_get_insn(const FakeTb *tb, size_t idx)
{
    return idx < tb->n ? &tb->insns[idx] : NULL;
}

#if FAKE_API >= 3
FAKE_EXPORT size_t qemu_plugin_insn_data(const FakeInsn *insn, void *dest,
                                         size_t len);
size_t qemu_plugin_insn_data(const FakeInsn *insn, void *dest, size_t len)
{
    len = MIN(len, insn->size);
    memcpy(dest, insn->bytes, len);
    return len;
}
#else
FAKE_EXPORT const void *qemu_plugin_insn_data(const FakeInsn *insn);
const void *qemu_plugin_insn_data(const FakeInsn *insn)
{
    return insn->bytes;
}
#endif

FAKE_EXPORT size_t qemu_plugin_insn_size(const FakeInsn *insn);
size_t qemu_plugin_insn_size(const FakeInsn *insn)
{
    return insn->size;
}

FAKE_EXPORT uint64_t qemu_plugin_insn_vaddr(const FakeInsn *insn);
uint64_t qemu_plugin_insn_vaddr(const FakeInsn *insn)
{
    return insn->vaddr;
}

#ifndef FAKE_WHOLE_API
FAKE_EXPORT void qemu_plugin_register_vcpu_tb_exec_cb(FakeTb *tb,
                                                      FakeExecFn fn,
                                                      int flags, void *udata);
void qemu_plugin_register_vcpu_tb_exec_cb(FakeTb *tb, FakeExecFn fn,
                                          int flags, void *udata)
{
    if (tb->all) {
        FakeExec exec = { fn, udata };

        g_array_append_val(tb->all, exec);
        return;
    }
    tb->exec = fn;
    tb->userdata = udata;
}

FAKE_EXPORT void qemu_plugin_register_vcpu_insn_exec_cb(FakeInsn *insn,
                                                        FakeExecFn fn,
                                                        int flags,
                                                        void *udata);
void qemu_plugin_register_vcpu_insn_exec_cb(FakeInsn *insn, FakeExecFn fn,
                                            int flags, void *udata)
{
    insn->exec = fn;
    insn->userdata = udata;
}
#endif

void fake_exec(FakeTb *tb, unsigned int vcpu_index)
{
    if (tb->exec) {
        tb->exec(vcpu_index, tb->userdata);
    }
    for (guint i = 0; tb->all && i < tb->all->len; i++) {
        FakeExec *exec = &g_array_index(tb->all, FakeExec, i);

        exec->fn(vcpu_index, exec->userdata);
    }
    for (size_t i = 0; i < tb->n; i++) {
        if (tb->insns[i].exec) {
            tb->insns[i].exec(vcpu_index, tb->insns[i].userdata);
        }
    }
}

/* ---- Registers and memory ---------------------------------------------- */

#if FAKE_API >= 3
typedef struct Descriptor {
    void *handle;
    const char *name;
    const char *feature;
#if FAKE_API >= 6
    bool is_readonly;
#endif
} Descriptor;

/* Handles are QEMU's business: small numbers here, as there. */
static const char *const registers[] = { "rax", "eflags", "wide", "broken" };

FAKE_EXPORT GArray *qemu_plugin_get_registers(void);
GArray *qemu_plugin_get_registers(void)
{
    GArray *all = g_array_new(false, false, sizeof(Descriptor));

    for (size_t i = 0; i < G_N_ELEMENTS(registers); i++) {
        Descriptor d = { GSIZE_TO_POINTER(i + 1), registers[i],
                         i ? "org.fake" : NULL };

#if FAKE_API >= 6
        d.is_readonly = i == 1; /* eflags */
#endif
        g_array_append_val(all, d);
    }
    return all;
}

static int read_register(void *handle, GByteArray *buf)
{
    static const uint8_t bytes[16] = { 0x88, 0x77, 0x66, 0x55, 0x44, 0x33,
                                       0x22, 0x11 };
    static const int sizes[] = { 8, 4, 16, 0 };
    int size = sizes[GPOINTER_TO_SIZE(handle) - 1];

    g_byte_array_append(buf, bytes, size);
    return size;
}

#if FAKE_API >= 6
FAKE_EXPORT bool qemu_plugin_read_register(void *handle, GByteArray *buf);
bool qemu_plugin_read_register(void *handle, GByteArray *buf)
{
    return read_register(handle, buf) > 0;
}
#else
FAKE_EXPORT int qemu_plugin_read_register(void *handle, GByteArray *buf);
int qemu_plugin_read_register(void *handle, GByteArray *buf)
{
    return read_register(handle, buf);
}
#endif
#endif

#if FAKE_API >= 4
/* One readable page at 0x1000; each byte is its address's low eight bits. */
FAKE_EXPORT bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data,
                                               size_t len);
bool qemu_plugin_read_memory_vaddr(uint64_t addr, GByteArray *data, size_t len)
{
    if (len == 0) {
        return false;
    }
    g_byte_array_set_size(data, len);
    if (addr < 0x1000 || addr + data->len > 0x2000) {
        return false;
    }
    for (size_t i = 0; i < data->len; i++) {
        data->data[i] = (uint8_t)(addr + i);
    }
    return true;
}
#endif

/* ---- Other ------------------------------------------------------------- */

#if FAKE_API == 1
FAKE_EXPORT int qemu_plugin_n_vcpus(void);
int qemu_plugin_n_vcpus(void)
{
    return -1; /* as in user mode */
}
#endif

FAKE_EXPORT void qemu_plugin_outs(const char *string);
void qemu_plugin_outs(const char *string)
{
    fake_log("outs %s", string);
}

/* QEMU 10.0's user-mode programs, API 4, lack this one. */
#if FAKE_API != 4
FAKE_EXPORT const char *qemu_plugin_path_to_binary(void);
const char *qemu_plugin_path_to_binary(void)
{
    return g_strdup("/bin/fake");
}
#endif

/* Only their presence counts: they are called by nothing here. */
#define PRESENT(name)                                                        \
    FAKE_EXPORT void name(void);                                             \
    void name(void)                                                          \
    {                                                                        \
        g_assert_not_reached();                                              \
    }
#if FAKE_API >= 5 && !defined(FAKE_WHOLE_API)
PRESENT(qemu_plugin_translate_vaddr)
#endif
#if FAKE_API >= 6 && !defined(FAKE_WHOLE_API)
PRESENT(qemu_plugin_set_pc)
#endif
