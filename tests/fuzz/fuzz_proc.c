/*
 * libFuzzer target for what walks a kernel's lists: tasks, threads, children,
 * pids, namespaces, cgroups, arguments.  A kernel is made up
 * (tests/unit/fake_kernel.h) and its memory changed as the input says, before
 * it is looked at and while it is.  Without libFuzzer's main it writes the
 * seeds:
 *
 *     fuzz_proc_seeds FOLDER
 *
 * The input: a byte of which bit 0 is the byte order, and then changes of six
 * bytes each: after how many reads (one byte), where (two bytes, in units of
 * four), what: another such place's address if bit 7 of the last byte is
 * set, else a word of three bytes that stands for itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "args.h"
#include "cgroup.h"
#include "fake_kernel.h"
#include "process.h"
#include "tasks.h"

/* osi.h wants it; there is nobody to import from. */
void qpp_entry_add_import(struct qpp_import *import)
{
}

#define CHANGE 6
/* The world that is made takes less. */
#define WORLD 12288

static const uint8_t *changes;
static size_t n_changes;

static void apply(const uint8_t *c)
{
    uint64_t at = FK_BASE + (c[1] | c[2] << 8) * 4 % WORLD;
    uint64_t value = c[3] | c[4] << 8 | (c[5] & 0x7f) << 16;

    if (c[5] & 0x80) {
        fk_put(at, FK_BASE + value * 4 % WORLD, 8);
    } else {
        fk_put(at, value, 4);
    }
}

static void change(uint64_t addr)
{
    while (n_changes > 0 && changes[0] <= fk_reads) {
        apply(changes);
        changes += CHANGE;
        n_changes--;
    }
}

static bool read_user(void *opaque, uint64_t addr, void *buf, size_t len)
{
    g_assert_cmpuint(len, <=, 8u << 20);
    memset(buf, 'u', len);
    return true;
}

/* Two processes, one with two threads, in cgroups of two hierarchies. */
static uint64_t make_world(void)
{
    static const int nested[] = { 3, 1 };
    uint64_t init = fk_process(1, fk_root(), "init");
    uint64_t shell = fk_process(3, init, "shell");
    uint64_t unified = fk_hierarchy(0, 0, ""), cpu = fk_hierarchy(1, 3, "n");
    uint64_t top = fk_get_field(fk_root_cgroup(unified),
                                &fk_proc.cgroup.kn);
    uint64_t cgroups[] = { fk_cgroup(unified, fk_kernfs(top, "a")),
                           fk_root_cgroup(cpu) };
    uint64_t mm = fk_alloc(64);

    fk_thread(shell, 4, "worker");
    fk_put_field(shell, &fk_layout.thread_pid, fk_pid(nested, 2));
    fk_put_field(shell, &fk_layout.mm, mm);
    fk_put_field(mm, &fk_proc.mm.arg_end, 7);
    fk_join(shell, cgroups, 2);
    g_assert_cmpuint(fk_alloc(1), <=, FK_BASE + WORLD);
    return shell;
}

static void look(uint64_t shell)
{
    g_autoptr(GArray) tasks = g_array_new(FALSE, FALSE, sizeof(OsiTask));
    g_autoptr(GArray) cgroups = NULL;
    uint64_t mm = fk_get_field(shell, &fk_layout.mm);
    GByteArray *args, *env;

    osi_tasks_processes(&fk_view, osi_tasks_root(&fk_view, shell), tasks);
    osi_tasks_threads(&fk_view, shell, tasks);
    osi_tasks_children(&fk_view, shell, tasks);
    for (guint i = 0; i < tasks->len; i++) {
        const OsiTask *task = &g_array_index(tasks, OsiTask, i);
        OsiTaskInfo info;

        osi_process_info(&fk_view, task, &info);
        g_assert_cmpuint(info.n_ns_pids, <=, OSI_MAX_PID_NS);
        g_assert_nonnull(strchr("RSDTtXZPI?", info.state));
    }
    cgroups = osi_cgroups_of(&fk_view, shell);
    for (guint i = 0; cgroups && i < cgroups->len; i++) {
        const OsiCgroup *c = &g_array_index(cgroups, OsiCgroup, i);

        g_assert_cmpint(c->path[0], ==, '/');
        g_assert_cmpuint(strlen(c->path), <, 4096);
    }
    args = osi_args_cmdline(&fk_view, mm, read_user, NULL);
    env = osi_args_environment(&fk_view, mm, read_user, NULL);
    g_clear_pointer(&args, g_byte_array_unref);
    g_clear_pointer(&env, g_byte_array_unref);
    /* A question's own bound is far above this. */
    g_assert_cmpuint(fk_reads, <, 1000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t shell;

    if (size < 1) {
        return 0;
    }
    fk_start(data[0] & 1);
    shell = make_world();
    changes = data + 1;
    n_changes = (size - 1) / CHANGE;
    fk_before_read = change;
    look(shell);
    return 0;
}

#ifdef WRITE_SEEDS
int main(int argc, char **argv)
{
    static const uint8_t seeds[][1 + CHANGE] = {
        { 0 }, { 1 }, { 0, 0, 0, 1, 0, 1, 0x80 }, { 1, 9, 0, 1, 0, 1, 0 },
    };

    if (argc != 2) {
        g_printerr("usage: fuzz_proc_seeds FOLDER\n");
        return 2;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(seeds); i++) {
        g_autofree char *path = g_strdup_printf("%s/%zu", argv[1], i);

        if (!g_file_set_contents(path, (const char *)seeds[i],
                                 i < 2 ? 1 : sizeof(seeds[i]), NULL)) {
            g_printerr("%s: cannot be written\n", path);
            return 1;
        }
    }
    return 0;
}
#endif
