/*
 * test_proc_more.c: a task's cgroups (osi_linux/cgroup.c), a program's
 * arguments (args.c), in a kernel made up; and where a kernel's types say
 * that things lie (proc_layout.c).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "args.h"
#include "btf_synth.h"
#include "cgroup.h"
#include "fake_kernel.h"

static void for_both(void (*check)(void))
{
    fk_start(false);
    check();
    fk_start(true);
    check();
}

/* ---- Cgroups ------------------------------------------------------------- */

/* As /proc/PID/cgroup, or "?". */
static char *cgroups_of(uint64_t taskd)
{
    g_autoptr(GArray) cgroups = osi_cgroups_of(&fk_view, taskd);
    GString *text = g_string_new(cgroups ? NULL : "?");

    for (guint i = 0; cgroups && i < cgroups->len; i++) {
        const OsiCgroup *c = &g_array_index(cgroups, OsiCgroup, i);

        g_string_append_printf(text, "%d:%s:%s%s\n", c->hierarchy,
                               c->controllers, c->path,
                               c->deleted ? " (deleted)" : "");
    }
    return g_string_free(text, FALSE);
}

static void check_cgroups(uint64_t taskd, const char *expected)
{
    g_autofree char *text = cgroups_of(taskd);

    g_assert_cmpstr(text, ==, expected);
}

static uint64_t task, unified, named, cpu, deep;

/* One in the unified hierarchy, a named one, and one with controllers. */
static void make_cgroups(void)
{
    uint64_t top, kn;

    task = fk_process(1, fk_root(), "init");
    unified = fk_hierarchy(0, 0x13, "");
    named = fk_hierarchy(1, 0, "systemd");
    cpu = fk_hierarchy(2, 0x06, "");
    top = fk_get_field(fk_root_cgroup(unified), &fk_proc.cgroup.kn);
    kn = fk_kernfs(fk_kernfs(top, "system.slice"), "a b\xff");
    deep = fk_cgroup(unified, kn);
}

static void join(uint64_t one)
{
    uint64_t cgroups[] = { one, fk_root_cgroup(named), fk_root_cgroup(cpu) };

    fk_join(task, cgroups, 3);
}

static void cgroups_once(void)
{
    uint64_t top;
    uint64_t cgroups[3];

    make_cgroups();
    join(deep);
    check_cgroups(task, "2:ctl1,ctl2:/\n1:name=systemd:/\n"
                        "0::/system.slice/a b\xff\n");
    fk_put_field(deep, &fk_proc.cgroup.css_flags, 1);
    check_cgroups(task, "2:ctl1,ctl2:/\n1:name=systemd:/\n"
                        "0::/system.slice/a b\xff (deleted)\n");
    join(fk_root_cgroup(unified));
    check_cgroups(task, "2:ctl1,ctl2:/\n1:name=systemd:/\n0::/\n");
    /* of version 1 an exiting task is in the root, whatever is linked */
    top = fk_get_field(fk_root_cgroup(named), &fk_proc.cgroup.kn);
    cgroups[0] = fk_root_cgroup(unified);
    cgroups[1] = fk_cgroup(named, fk_kernfs(top, "x"));
    fk_join(task, cgroups, 2);
    check_cgroups(task, "1:name=systemd:/x\n0::/\n");
    fk_put_field(task, &fk_proc.task.flags, 4);
    check_cgroups(task, "1:name=systemd:/\n0::/\n");
}

static void test_cgroups(void)
{
    for_both(cgroups_once);
}

/* Everything that a path or a name can be wrong in: unknown. */
static void cgroups_bad_once(void)
{
    uint64_t top, kn, cgroups[80], name;
    g_autofree char *long_name = g_strnfill(255, 'n');
    g_autofree char *too_long = g_strnfill(256, 'n');

    make_cgroups();
    top = fk_get_field(fk_root_cgroup(unified), &fk_proc.cgroup.kn);
    /* its own ancestor */
    kn = fk_kernfs(top, "circle");
    fk_put_field(kn, &fk_proc.cgroup.kn_parent, kn);
    join(fk_cgroup(unified, kn));
    fk_reads = 0;
    check_cgroups(task, "?");
    g_assert_cmpuint(fk_reads, <, 2000);
    /* names: as long as can be, longer, empty, with a slash, unreadable */
    join(fk_cgroup(unified, fk_kernfs(top, too_long)));
    check_cgroups(task, "?");
    join(fk_cgroup(unified, fk_kernfs(top, "")));
    check_cgroups(task, "?");
    join(fk_cgroup(unified, fk_kernfs(top, "a/b")));
    check_cgroups(task, "?");
    kn = fk_kernfs(top, long_name);
    join(fk_cgroup(unified, kn));
    {
        g_autofree char *text = cgroups_of(task);

        g_assert_cmpint(text[0], ==, '2');
    }
    name = fk_get_field(kn, &fk_proc.cgroup.kn_name);
    fk_put_field(kn, &fk_proc.cgroup.kn_name, UINT64_MAX - 4);
    check_cgroups(task, "?");
    fk_put_field(kn, &fk_proc.cgroup.kn_name, name);
    /* a path longer than any */
    for (int i = 0; i < 17; i++) {
        kn = fk_kernfs(kn, long_name);
    }
    join(fk_cgroup(unified, kn));
    check_cgroups(task, "?");
    /* a unified hierarchy that is not number 0, and the other way round */
    join(fk_root_cgroup(named));
    check_cgroups(task, "?");
    /* more hierarchies than there can be */
    for (int i = 0; i < 80; i++) {
        cgroups[i] = fk_root_cgroup(i ? named : unified);
    }
    fk_join(task, cgroups, 80);
    check_cgroups(task, "?");
    fk_put_field(task, &fk_proc.task.cgroups, 0);
    check_cgroups(task, "?");
}

static void test_cgroups_bad(void)
{
    for_both(cgroups_bad_once);
}

static void controllers_bad_once(void)
{
    uint64_t css;

    make_cgroups();
    join(deep);
    css = fk_get(fk_root_cgroup(cpu) + fk_proc.cgroup.subsys.offset + 8, 8);
    fk_put_field(css, &fk_proc.cgroup.ss, 0);
    check_cgroups(task, "?");
    /* more controllers than the kernel has room for */
    fk_put_field(cpu, &fk_proc.cgroup.subsys_mask, 0xffffffff);
    check_cgroups(task, "?");
    fk_put_field(cpu, &fk_proc.cgroup.subsys_mask, 0);
    check_cgroups(task, "2::/\n1:name=systemd:/\n"
                        "0::/system.slice/a b\xff\n");
    /* a name without an end is cut */
    memset(fk_bytes() + (cpu - FK_BASE) + fk_proc.cgroup.name.offset, 'x',
           fk_proc.cgroup.name.size);
    {
        g_autofree char *text = cgroups_of(task);

        g_assert_cmpuint(strcspn(text, "\n"), ==,
                         strlen("2:name=:/") + fk_proc.cgroup.name.size - 1);
    }
}

static void test_controllers_bad(void)
{
    for_both(controllers_bad_once);
}

/* ---- Arguments ----------------------------------------------------------- */

#define USER 0x7ffc00000000u

static uint8_t user[3 * 4096];
static uint64_t user_size; /* as much is in memory */
static size_t most_wanted;

static bool read_user(void *opaque, uint64_t addr, void *buf, size_t len)
{
    most_wanted = MAX(most_wanted, len);
    if (addr < USER || addr - USER > user_size ||
        len > user_size - (addr - USER)) {
        return false;
    }
    memcpy(buf, user + (addr - USER), len);
    return true;
}

static uint64_t mm;

/* Arguments and environment, as execve leaves them. */
static void put_args(const char *args, size_t n_args, const char *env,
                     size_t n_env)
{
    if (!mm) {
        mm = fk_alloc(64);
    }
    memset(user, 0, sizeof(user));
    memcpy(user, args, n_args);
    memcpy(user + n_args, env, n_env);
    user_size = sizeof(user);
    fk_put_field(mm, &fk_proc.mm.arg_start, USER);
    fk_put_field(mm, &fk_proc.mm.arg_end, USER + n_args);
    fk_put_field(mm, &fk_proc.mm.env_start, USER + n_args);
    fk_put_field(mm, &fk_proc.mm.env_end, USER + n_args + n_env);
}

static void check_bytes(GByteArray *bytes, const char *expected, size_t len)
{
    g_assert_nonnull(bytes);
    g_assert_cmpmem(bytes->data, bytes->len, expected, len);
    g_byte_array_unref(bytes);
}

static void check_cmdline(const char *expected, size_t len)
{
    check_bytes(osi_args_cmdline(&fk_view, mm, read_user, NULL), expected,
                len);
}

#define ARGS(text) (text), sizeof(text) /* with the last NUL */

static void args_once(void)
{
    mm = 0;
    put_args(ARGS("cat\0\0a b\n\xff"), ARGS("A=1\0B="));
    check_cmdline(ARGS("cat\0\0a b\n\xff"));
    check_bytes(osi_args_environment(&fk_view, mm, read_user, NULL),
                ARGS("A=1\0B="));
    /* a title within the arguments, and one that goes on behind them */
    put_args("abcdef", 6, ARGS("ENV=x"));
    check_cmdline("abcdefENV=x", 12);
    put_args("abcdef", 6, ARGS("\0ENV=x"));
    check_cmdline("abcdef", 7);
    memset(user, 't', sizeof(user));
    fk_put_field(mm, &fk_proc.mm.env_end, USER + sizeof(user));
    check_cmdline((const char *)user, 4096);
    /* not into what is not the environment */
    put_args("abcdef", 6, ARGS("ENV=x"));
    fk_put_field(mm, &fk_proc.mm.env_start, USER + 7);
    check_cmdline("abcdef", 6);
    /* none */
    put_args("", 0, "", 0);
    check_cmdline("", 0);
    check_bytes(osi_args_environment(&fk_view, mm, read_user, NULL), "", 0);
}

static void test_args(void)
{
    for_both(args_once);
}

static void args_bad_once(void)
{
    mm = 0;
    put_args(ARGS("a\0b"), ARGS("A=1"));
    user_size = 2;
    g_assert_null(osi_args_cmdline(&fk_view, mm, read_user, NULL));
    g_assert_null(osi_args_environment(&fk_view, mm, read_user, NULL));
    put_args(ARGS("a\0b"), ARGS("A=1"));
    fk_put_field(mm, &fk_proc.mm.arg_end, USER + (9u << 20));
    g_assert_null(osi_args_cmdline(&fk_view, mm, read_user, NULL));
    fk_put_field(mm, &fk_proc.mm.env_end, USER + (9u << 20));
    g_assert_null(osi_args_environment(&fk_view, mm, read_user, NULL));
    fk_put_field(mm, &fk_proc.mm.env_end, UINT64_MAX);
    g_assert_null(osi_args_environment(&fk_view, mm, read_user, NULL));
    fk_put_field(mm, &fk_proc.mm.arg_end, 0);
    check_cmdline("", 0);
    fk_put_field(mm, &fk_proc.mm.arg_start, 0);
    fk_put_field(mm, &fk_proc.mm.arg_end, 1u << 30);
    g_assert_null(osi_args_cmdline(&fk_view, mm, read_user, NULL));
    fk_put_field(mm, &fk_proc.mm.arg_end, UINT64_MAX);
    g_assert_null(osi_args_cmdline(&fk_view, mm, read_user, NULL));
    g_assert_cmpuint(most_wanted, <=, 8u << 20);
    g_assert_null(osi_args_cmdline(&fk_view, 0, read_user, NULL));
    fk_proc.mm.arg_end.size = 0;
    g_assert_null(osi_args_cmdline(&fk_view, mm, read_user, NULL));
}

static void test_args_bad(void)
{
    for_both(args_bad_once);
}

/* ---- Where things lie ---------------------------------------------------- */

/* A structure with one member of @type at @offset. */
static void one_member(BtfSynth *s, const char *name, uint32_t size,
                       const char *member, uint32_t type, uint32_t offset)
{
    bs_type(s, name, BS_STRUCT, 1, size);
    bs_named2(s, member, type, 8 * offset);
}

static void layout_of(BtfSynth *s, OsiProcLayout *out)
{
    g_autoptr(GByteArray) blob = bs_blob(s);
    g_autoptr(GError) error = NULL;
    g_autoptr(OsiTypes) types = NULL;
    Btf *btf = btf_new(blob->data, blob->len, &error);

    g_assert_no_error(error);
    types = osi_types_from_btf(btf);
    osi_proc_layout_from_types(types, out);
}

/*
 * The same facts under the names of older and of newer kernels, and members
 * that are not what they should be.
 */
static void test_layout(void)
{
    for (int newer = 0; newer <= 1; newer++) {
        g_autoptr(BtfSynth) s = bs_new(newer);
        OsiProcLayout layout;
        uint32_t u32 = bs_int(s, "unsigned int", 4, false);
        uint32_t u64 = bs_int(s, "unsigned long", 8, false);
        uint32_t upid, numbers;

        one_member(s, "task_struct", 100, newer ? "__state" : "state",
                   newer ? u32 : u64, 24);
        one_member(s, "kernfs_node", 64, newer ? "__parent" : "parent", u64,
                   16);
        upid = bs_type(s, "upid", BS_STRUCT, 2, 16);
        bs_named2(s, "nr", u32, 0);
        bs_named2(s, "ns", u64, 64);
        numbers = bs_array(s, upid, newer ? 0 : 1);
        one_member(s, "pid", newer ? 112 : 128, "numbers", numbers, 112);
        one_member(s, "cred", 100, "euid", u64, 8); /* too large */
        bs_type(s, "pid_type", BS_ENUM, 4, 4);
        bs_named(s, "PIDTYPE_PID", 0);
        bs_named(s, "PIDTYPE_TGID", 1);
        bs_named(s, "PIDTYPE_PGID", 2);
        bs_named(s, "PIDTYPE_SID", newer ? 3 : 99); /* 99: impossible */
        layout_of(s, &layout);
        g_assert_cmpuint(layout.task.state.offset, ==, 24);
        g_assert_cmpuint(layout.task.state.size, ==, newer ? 4 : 8);
        g_assert_cmpuint(layout.cgroup.kn_parent.offset, ==, 16);
        g_assert_cmpuint(layout.pid.numbers.offset, ==, 112);
        g_assert_cmpuint(layout.pid.numbers.size, ==, 16);
        g_assert_cmpuint(layout.pid.upid_size, ==, 16);
        g_assert_cmpint(layout.pid.pgid, ==, 2);
        g_assert_cmpint(layout.pid.sid, ==, newer ? 3 : -1);
        g_assert_cmpuint(layout.cred.euid.size, ==, 0);
        g_assert_cmpuint(layout.task.signal.size, ==, 0);
        g_assert_cmpint(layout.cgroup.online, ==, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/proc_more/cgroups", test_cgroups);
    g_test_add_func("/proc_more/cgroups-bad", test_cgroups_bad);
    g_test_add_func("/proc_more/controllers-bad", test_controllers_bad);
    g_test_add_func("/proc_more/args", test_args);
    g_test_add_func("/proc_more/args-bad", test_args_bad);
    g_test_add_func("/proc_more/layout", test_layout);
    return g_test_run();
}
