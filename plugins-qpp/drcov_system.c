/*
 * drcov_system.c: drcov's view of a whole guest: a process for each pid and
 * program, with its libraries from osi_linux; and the kernel.
 *
 * The kernel's memory, where it is written what is mapped, can be read for
 * certain only while the kernel runs.  So a block in none of the modules
 * that are known waits, and at the next kernel code on that vCPU, before it
 * can have changed a mapping, the modules are read.
 *
 * The callback on a block is conditional: each vCPU has a word for each
 * block, its slot, which says that the process that runs there needs it no
 * more.  When another process comes, the slots that were used go back to 0.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "drcov.h"
#include "osi_events.h"
#include "osi_kernel.h"
#include "osi_maps.h"
#include "syscalls.h"

/* Kernel blocks at which reading is tried, before a block is waiting anew. */
#define MAX_TRIES 64

/* Where the program counter is at a block's execution; its size. */
typedef struct Place {
    uint64_t start;
    uint32_t size;
} Place;

typedef struct Process {
    GMutex lock;        /* for all but coverage, which goes only at the end */
    Coverage *coverage; /* NULL: not wanted, or written already */
    OsiProc *proc;      /* NULL: the kernel */
    GArray *waiting;    /* Places in no module that is known */
    char *filename;
} Process;

typedef struct Cpu {
    bool known;       /* what runs there; not before the first switch */
    Process *process; /* NULL: to be looked up */
    unsigned int tries;
    GArray *used; /* indices of blocks whose slots are not 0 */
} Cpu;

#define SLOTS 4096 /* of one scoreboard */

static const DrcovOptions *options;
static Cpu *cpus;
static unsigned int n_cpus;
static qemu_plugin_u64 waits; /* non-zero: a block of this vCPU's does */
static struct qemu_plugin_scoreboard *slots[MAX_BLOCKS / SLOTS];
static const char *pc_name; /* of the register */
static Process *kernel;
static GMutex lock;           /* for the tables */
static GHashTable *processes; /* by pid */
static GHashTable *names;     /* of files, in use */
static uint64_t unknown;      /* blocks in no module */
static uint64_t too_many;     /* processes left out */

static bool is_kernel(uint64_t addr)
{
    return addr >> 63;
}

/* ---- Modules ------------------------------------------------------------- */

static bool read_kernel_modules(unsigned int vcpu_index, Coverage *coverage)
{
    OsiKernelModules *modules = osi_kernel_modules_qpp(vcpu_index);
    uint64_t start, end;

    if (!modules || !osi_kernel_symbol_qpp("_text", &start) ||
        !osi_kernel_symbol_qpp("_end", &end)) {
        free_osikernelmodules_qpp(modules);
        return false;
    }
    coverage_add_module(coverage, start, end, "vmlinux");
    for (uint32_t i = 0; i < modules->n; i++) {
        const OsiKernelModule *m = &modules->modules[i];
        g_autofree char *name = g_strconcat(m->name, ".ko", NULL);

        coverage_add_module(coverage, m->base, m->base + m->size, name);
    }
    free_osikernelmodules_qpp(modules);
    return true;
}

static bool read_libraries(unsigned int vcpu_index, const Process *process)
{
    GArray *libraries = get_libraries_qpp(vcpu_index, process->proc);

    for (guint i = 0; libraries && i < libraries->len; i++) {
        const OsiModule *m = &g_array_index(libraries, OsiModule, i);

        coverage_add_module(process->coverage, m->base, m->base + m->size,
                            m->file);
    }
    cleanup_garray_qpp(libraries);
    return libraries != NULL;
}

/* What is mapped at @addr, if it is no ELF file. */
static void read_mapping(unsigned int vcpu_index, const Process *process,
                         uint64_t addr)
{
    OsiModule *m = process->proc ? get_mapping_by_addr_qpp(
                                       vcpu_index, process->proc, addr)
                                 : NULL;

    if (m) {
        const char *path = m->file ? m->file : m->name;

        coverage_add_module(process->coverage, m->base, m->base + m->size,
                            *path ? path : "[anonymous]");
    }
    free_osimodule_qpp(m);
}

/* False: try again later. */
static bool resolve_locked(unsigned int vcpu_index, Process *process)
{
    if (!process->coverage || process->waiting->len == 0) {
        return true;
    }
    if (!(process->proc ? read_libraries(vcpu_index, process)
                        : read_kernel_modules(vcpu_index,
                                              process->coverage))) {
        return false;
    }
    for (guint i = 0; i < process->waiting->len; i++) {
        const Place *p = &g_array_index(process->waiting, Place, i);

        if (!coverage_add(process->coverage, p->start, p->size)) {
            read_mapping(vcpu_index, process, p->start);
            if (!coverage_add(process->coverage, p->start, p->size)) {
                __atomic_fetch_add(&unknown, 1, __ATOMIC_RELAXED);
            }
        }
    }
    g_array_set_size(process->waiting, 0);
    return true;
}

static bool resolve(unsigned int vcpu_index, Process *process)
{
    bool done;

    g_mutex_lock(&process->lock);
    done = resolve_locked(vcpu_index, process);
    g_mutex_unlock(&process->lock);
    return done;
}

/* A vCPU with a block that waits is about to execute kernel code. */
static void on_kernel_block(unsigned int vcpu_index, void *userdata)
{
    Cpu *cpu = &cpus[vcpu_index];

    if (cpu->known) {
        bool done = !cpu->process || resolve(vcpu_index, cpu->process);

        done = (!kernel || resolve(vcpu_index, kernel)) && done;
        if (!done && ++cpu->tries < MAX_TRIES) {
            return;
        }
    }
    qemu_plugin_u64_set(waits, vcpu_index, 0);
}

/* ---- Processes ----------------------------------------------------------- */

static Process *process_new(const char *suffix)
{
    Process *process = g_new0(Process, 1);

    g_mutex_init(&process->lock);
    process->coverage = coverage_new();
    process->waiting = g_array_new(FALSE, FALSE, sizeof(Place));
    process->filename = g_strconcat(options->filename, ".", suffix, NULL);
    return process;
}

/* PID.NAME, with .2, .3 ... behind it the next times. */
static char *suffix_new_locked(const OsiIdentity *who)
{
    g_autofree char *comm = g_strdup(*who->comm ? who->comm : "_");
    char *suffix;

    g_strcanon(comm, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-+", '_');
    suffix = g_strdup_printf("%d.%s", who->pid, comm);
    for (int i = 2; !g_hash_table_add(names, g_strdup(suffix)); i++) {
        g_free(suffix);
        suffix = g_strdup_printf("%d.%s.%d", who->pid, comm, i);
    }
    return suffix;
}

static bool is_wanted(const OsiIdentity *who)
{
    return options->user &&
           (!options->comm || strcmp(options->comm, who->comm) == 0) &&
           (!options->pid || options->pid == who->pid);
}

/* The same pid is the same process only if its leader is the same. */
static bool is_same(const Process *process, const OsiProc *proc)
{
    return process->proc->taskd == proc->taskd &&
           process->proc->create_time == proc->create_time;
}

static void write_locked(Process *process)
{
    if (process->coverage) {
        if (!coverage_empty(process->coverage)) {
            coverage_write(process->coverage, process->filename);
        }
        __atomic_fetch_add(&unknown, process->waiting->len, __ATOMIC_RELAXED);
    }
    g_array_set_size(process->waiting, 0);
}

/* Its file is written, and its pid may be another's. */
static void retire(Process *process)
{
    g_mutex_lock(&process->lock);
    write_locked(process);
    g_clear_pointer(&process->coverage, coverage_free);
    g_mutex_unlock(&process->lock);
}

/* At QEMU's end nothing is freed: other vCPUs may still be executing. */
static void write_last(Process *process)
{
    g_mutex_lock(&process->lock);
    write_locked(process);
    g_mutex_unlock(&process->lock);
}

static Process *process_make_locked(const OsiIdentity *who, OsiProc *proc)
{
    static Process nobody; /* not wanted */
    g_autofree char *suffix = NULL;
    Process *process;

    if (!is_wanted(who)) {
        return &nobody;
    }
    if (g_hash_table_size(names) >= options->max) {
        too_many++;
        return &nobody;
    }
    suffix = suffix_new_locked(who);
    process = process_new(suffix);
    process->proc = proc;
    return process;
}

static Process *process_find(unsigned int vcpu_index)
{
    OsiProc *proc = get_current_process_qpp(vcpu_index);
    Process *process, *old = NULL;
    OsiIdentity who;

    if (!proc || !osi_current_identity_qpp(vcpu_index, &who)) {
        free_osiproc_qpp(proc);
        return NULL;
    }
    g_mutex_lock(&lock);
    process = g_hash_table_lookup(processes, GINT_TO_POINTER(who.pid));
    if (process && process->proc && !is_same(process, proc)) {
        old = process;
        process = NULL;
    }
    if (!process) {
        process = process_make_locked(&who, proc);
        if (process->proc) {
            g_hash_table_insert(processes, GINT_TO_POINTER(who.pid), process);
            proc = NULL;
        }
    }
    g_mutex_unlock(&lock);
    free_osiproc_qpp(proc);
    if (old) {
        retire(old);
    }
    return process;
}

/* NULL: unknown. */
static Process *current_process(unsigned int vcpu_index)
{
    Cpu *cpu = &cpus[vcpu_index];

    if (!cpu->process && cpu->known) {
        cpu->process = process_find(vcpu_index);
    }
    return cpu->process;
}

/* ---- Slots --------------------------------------------------------------- */

static qemu_plugin_u64 slot_of(uint32_t index)
{
    return (qemu_plugin_u64){ slots[index / SLOTS],
                              index % SLOTS * sizeof(uint64_t) };
}

/* No callback for @block on this vCPU until another process runs there. */
static void use_slot(unsigned int vcpu_index, const Block *block)
{
    qemu_plugin_u64_set(slot_of(block->index), vcpu_index, 1);
    if (!is_kernel(block->start)) {
        g_array_append_val(cpus[vcpu_index].used, block->index);
    }
}

static void free_slots(unsigned int vcpu_index)
{
    GArray *used = cpus[vcpu_index].used;

    for (guint i = 0; i < used->len; i++) {
        qemu_plugin_u64_set(slot_of(g_array_index(used, uint32_t, i)),
                            vcpu_index, 0);
    }
    g_array_set_size(used, 0);
}

/* ---- Events -------------------------------------------------------------- */

static void forget_current(unsigned int vcpu_index)
{
    Cpu *cpu = &cpus[vcpu_index];

    if (cpu->process) {
        resolve(vcpu_index, cpu->process);
    }
    cpu->known = true;
    cpu->process = NULL;
    cpu->tries = 0;
    free_slots(vcpu_index);
}

static void on_process_change(void *evdata, void *udata)
{
    forget_current(((const OsiProcessChange *)evdata)->vcpu);
}

/* What @pid has executed until now is all: it is another program, or ends. */
static void end_of(unsigned int vcpu_index, int32_t pid)
{
    Process *process;

    forget_current(vcpu_index);
    g_mutex_lock(&lock);
    process = g_hash_table_lookup(processes, GINT_TO_POINTER(pid));
    g_hash_table_remove(processes, GINT_TO_POINTER(pid));
    g_mutex_unlock(&lock);
    if (process) {
        retire(process);
    }
}

static void on_process_exec(void *evdata, void *udata)
{
    const OsiExecEvent *exec = evdata;

    end_of(exec->vcpu, exec->thread.pid);
}

static void on_process_end(void *evdata, void *udata)
{
    const OsiEndEvent *end = evdata;

    end_of(end->vcpu, end->thread.pid);
}

/* mmap, munmap, mremap: what was there is no more. */
static void on_mapping(void *evdata, void *udata)
{
    const SyscallsCall *call = evdata;
    Process *process = current_process(call->return_vcpu);

    if (process && process->coverage) {
        drcov_mapping_changed(process->coverage, call);
        free_slots(call->return_vcpu);
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    if (is_kernel(qemu_plugin_tb_vaddr(tb))) {
        qemu_plugin_register_vcpu_tb_exec_cond_cb(
            tb, on_kernel_block, QEMU_PLUGIN_CB_R_REGS, QEMU_PLUGIN_COND_NE,
            waits, 0, NULL);
    }
}

/* ---- Source -------------------------------------------------------------- */

static bool wants(uint64_t start)
{
    return is_kernel(start) ? options->kernel : options->user;
}

static void instrument(struct qemu_plugin_tb *tb, const Block *block,
                       qemu_plugin_vcpu_udata_cb_t cb)
{
    g_mutex_lock(&lock);
    if (!slots[block->index / SLOTS]) {
        slots[block->index / SLOTS] = qemu_plugin_scoreboard_new(
            SLOTS * sizeof(uint64_t));
    }
    g_mutex_unlock(&lock);
    qemu_plugin_register_vcpu_tb_exec_cond_cb(
        tb, cb, QEMU_PLUGIN_CB_R_REGS, QEMU_PLUGIN_COND_EQ,
        slot_of(block->index), 0, (void *)block);
}

static Process *owner(unsigned int vcpu_index, const Block *block)
{
    return is_kernel(block->start) ? kernel : current_process(vcpu_index);
}

static Coverage *current(unsigned int vcpu_index, const Block *block)
{
    Process *process = owner(vcpu_index, block);

    if (!process && cpus[vcpu_index].known) {
        return NULL; /* not known yet who this is */
    }
    use_slot(vcpu_index, block);
    return process ? process->coverage : NULL;
}

/*
 * QEMU executes one translation at all addresses that its page is mapped at
 * (CF_PCREL in its sources), so the address then may be another one.
 */
static uint64_t actual_start(const Block *block)
{
    struct qemu_plugin_register *pc = qemu_plugin_find_register(pc_name);
    uint64_t start;

    return pc && qemu_plugin_read_register_u64(pc, &start) ? start
                                                           : block->start;
}

static void executed(unsigned int vcpu_index, Coverage *coverage,
                     const Block *block)
{
    Process *process = owner(vcpu_index, block);
    Place place = { actual_start(block), block->size };

    if (!coverage_add(coverage, place.start, place.size)) {
        g_mutex_lock(&process->lock);
        g_array_append_val(process->waiting, place);
        g_mutex_unlock(&process->lock);
        cpus[vcpu_index].tries = 0;
        qemu_plugin_u64_set(waits, vcpu_index, 1);
    }
}

static void write_files(void)
{
    GHashTableIter iter;
    gpointer process;

    g_hash_table_iter_init(&iter, processes);
    while (g_hash_table_iter_next(&iter, NULL, &process)) {
        write_last(process);
    }
    if (kernel) {
        write_last(kernel);
    }
    drcov_report_left_out(unknown, "nothing is known to be mapped there");
    if (too_many) {
        fprintf(stderr, "drcov: processes left out after the first %u; choose "
                "with comm= or pid=, or raise max=\n", options->max);
    }
}

const Source *drcov_system_start(qemu_plugin_id_t id, const qemu_info_t *info,
                                 const DrcovOptions *the_options)
{
    static const Source source = { wants, instrument, current, executed,
                                   write_files };

    options = the_options;
    n_cpus = MAX(info->system.max_vcpus, 1);
    pc_name = strcmp(info->target_name, "x86_64") == 0 ? "rip" : "pc";
    cpus = g_new0(Cpu, n_cpus);
    for (unsigned int i = 0; i < n_cpus; i++) {
        cpus[i].used = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    }
    waits = qemu_plugin_scoreboard_u64(
        qemu_plugin_scoreboard_new(sizeof(uint64_t)));
    processes = g_hash_table_new(NULL, NULL);
    names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (options->kernel) {
        kernel = process_new("kernel");
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    return qemu_plugin_reg_callback("osi_linux", "on_process_change",
                                    on_process_change) &&
           qemu_plugin_reg_callback("osi_linux", "on_process_exec",
                                    on_process_exec) &&
           qemu_plugin_reg_callback("osi_linux", "on_process_end",
                                    on_process_end) &&
           drcov_watch_mappings(on_mapping) ? &source : NULL;
}
