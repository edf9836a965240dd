/*
 * drcov_user.c: drcov's view of a program that user-mode QEMU runs: one
 * process, whose files QEMU has mapped into its own memory, where the
 * host's kernel says what they are.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>

#include "drcov.h"

/* A line of /proc/self/maps. */
typedef struct Mapping {
    uint64_t start, end, offset;
    char path[4096]; /* "": no file */
} Mapping;

static Coverage *the_process;
static char *filename;   /* absolute: the guest may change its folder */
static pid_t first_pid;
static bool guest_base_known;
static uint64_t guest_base; /* where the guest's address 0 is */
static uint64_t unknown;    /* blocks in no mapping */

/* ---- What is mapped where ------------------------------------------------ */

static bool parse_mapping(const char *line, Mapping *m)
{
    int path = 0;

    memset(m, 0, offsetof(Mapping, path));
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %*s %n",
               &m->start, &m->end, &m->offset, &path) < 3 || path == 0 ||
        m->start < guest_base) {
        return false;
    }
    m->start -= guest_base;
    m->end -= guest_base;
    g_strlcpy(m->path, line[path] == '/' ? line + path : "",
              sizeof(m->path));
    return true;
}

/*
 * A module is a file's mappings one after the other, with rising offsets:
 * at a lower one the file has been loaded again.  Memory without a file
 * between them is the loader's.
 */
static void add_module_at(uint64_t addr)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autofree Mapping *module = g_new0(Mapping, 1);
    g_autofree Mapping *m = g_new0(Mapping, 1);
    bool found = false;

    if (!g_file_get_contents("/proc/self/maps", &text, NULL, NULL)) {
        return;
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        bool here;

        if (!parse_mapping(*line, m)) {
            continue;
        }
        here = addr >= m->start && addr < m->end;
        if (!*m->path && !here) {
            continue;
        }
        if (*m->path && strcmp(m->path, module->path) == 0 &&
            m->offset >= module->offset) {
            module->end = m->end;
            module->offset = m->offset;
        } else if (found) {
            break;
        } else {
            *module = *m;
        }
        found = found || here;
    }
    if (found) {
        coverage_add_module(the_process, module->start, module->end,
                            *module->path ? module->path : "[anonymous]");
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, 0);

    if (!guest_base_known && insn && qemu_plugin_insn_haddr(insn)) {
        guest_base = (uintptr_t)qemu_plugin_insn_haddr(insn) -
                     qemu_plugin_insn_vaddr(insn);
        guest_base_known = true;
    }
}

static void on_mapping(void *evdata, void *udata)
{
    drcov_mapping_changed(the_process, evdata);
}

/* ---- The process --------------------------------------------------------- */

static bool wants(uint64_t start)
{
    return true;
}

static void instrument(struct qemu_plugin_tb *tb, const Block *block,
                       qemu_plugin_vcpu_udata_cb_t cb)
{
    qemu_plugin_register_vcpu_tb_exec_cb(tb, cb, QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)block);
}

static Coverage *current(unsigned int vcpu_index, const Block *block)
{
    return the_process;
}

static void executed(unsigned int vcpu_index, Coverage *coverage,
                     const Block *block)
{
    if (!coverage_add(coverage, block->start, block->size)) {
        add_module_at(block->start);
        if (!coverage_add(coverage, block->start, block->size)) {
            __atomic_fetch_add(&unknown, 1, __ATOMIC_RELAXED);
        }
    }
}

/* A forked child's file has its pid behind the name. */
static void write_file(void)
{
    g_autofree char *own = NULL;

    if (getpid() != first_pid) {
        own = g_strdup_printf("%s.%d", filename, (int)getpid());
    }
    coverage_write(the_process, own ? own : filename);
    drcov_report_left_out(unknown, "nothing is known to be mapped there");
}

/* If it succeeds, this QEMU is gone without an end. */
static void on_execve(void *evdata, void *udata)
{
    write_file();
}

static void on_fork_in_child(void)
{
    coverage_reset(the_process);
}

const Source *drcov_user_start(qemu_plugin_id_t id,
                               const DrcovOptions *options)
{
    static const Source source = { wants, instrument, current, executed,
                                   write_file };

    if (!drcov_watch_mappings(on_mapping) ||
        !drcov_watch("execve", "on_execve_enter", on_execve) ||
        !drcov_watch("execveat", "on_execveat_enter", on_execve)) {
        return NULL;
    }
    filename = g_canonicalize_filename(options->filename, NULL);
    first_pid = getpid();
    the_process = coverage_new();
    if (!coverage_write(the_process, filename)) {
        return NULL; /* now, not at the end */
    }
    pthread_atfork(NULL, NULL, on_fork_in_child);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return &source;
}
