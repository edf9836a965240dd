/*
 * infer.c: member offsets from invariants.  See infer.h; docs/INFERENCE.md
 * lists the invariants.
 *
 * The kernel's first task, address space and credentials are variables, whose
 * addresses kallsyms says, and hold the addresses of other variables.  Its
 * list of tasks gives many more structures of the same form.  A place in them
 * is taken for a member only if all of them agree, and if no other place
 * does: a member of which that cannot be said stays unknown.
 *
 * The guest may be changing what is read, and may lie.  Everything is read
 * once into copies, bounded, and compared there; a wrong answer is the
 * guest's own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "infer.h"

/* So much of each structure is looked at; members of interest come early. */
#define WINDOW 6144u
/* Tasks looked at. */
#define MAX_TASKS 512u
#define MIN_TASKS 8u
/* Tasks walked past to see that the list is a circle. */
#define MAX_WALK 65536u
#define COMM_LEN 16u /* TASK_COMM_LEN, as long as there is Linux */
/* One or two for each task that is walked past; some tenths of a second. */
#define MAX_READS (1u << 18)
#define PID_MAX (4 * 1024 * 1024)
#define SAME_TIME 100000000u /* ns */
#define NOWHERE UINT64_MAX

typedef struct Copy {
    uint64_t addr;
    size_t size;   /* of bytes, as many as could be read */
    uint8_t bytes[WINDOW];
} Copy;

typedef struct Infer {
    const Kallsyms *symbols;
    const OsiReader *reader;
    OsiModel *model;
    unsigned int ptr;
    GPtrArray *tasks;   /* Copy; the first is init_task */
    uint64_t comm, list, pid, family;
} Infer;

/* Whether the structure may have the member at @at, by all that is known. */
typedef bool (*HoldsFn)(const Infer *in, uint64_t at);

G_DEFINE_QUARK(osi-infer-error-quark, osi_infer_error)

/* ---- Reading ------------------------------------------------------------- */

static Copy *copy_new(const Infer *in, uint64_t addr)
{
    Copy *copy = g_new(Copy, 1);

    copy->addr = addr;
    copy->size = 0;
    while (copy->size < WINDOW) {
        size_t part = MIN(WINDOW - copy->size,
                          4096 - ((addr + copy->size) & 4095));

        if (!in->reader->read(in->reader->opaque, addr + copy->size,
                              copy->bytes + copy->size, part)) {
            break;
        }
        copy->size += part;
    }
    return copy;
}

static uint64_t number(const Infer *in, const Copy *c, uint64_t at,
                       unsigned int size)
{
    if (at > c->size || size > c->size - at) {
        return NOWHERE;
    }
    return osi_number(c->bytes + at, size, in->reader->big_endian);
}

static uint64_t pointer(const Infer *in, const Copy *c, uint64_t at)
{
    return number(in, c, at, in->ptr);
}

static bool read_pointer(const Infer *in, uint64_t addr, uint64_t *value)
{
    return osi_read_number(in->reader, addr, in->ptr, value);
}

static const Copy *task(const Infer *in, guint i)
{
    return g_ptr_array_index(in->tasks, i);
}

static bool symbol(const Infer *in, const char *name, uint64_t *address)
{
    return kallsyms_address(in->symbols, name, address);
}

/* In the upper half, where 64-bit kernels are; and aligned. */
static bool is_kernel_pointer(const Infer *in, uint64_t value)
{
    return value != NOWHERE && value % in->ptr == 0 &&
           value >> (in->ptr * 8 - 1) == 1;
}

/* ---- Finding ------------------------------------------------------------- */

/* The only place, of multiples of @step, at which @holds; or NOWHERE. */
static uint64_t only_place(const Infer *in, unsigned int step, HoldsFn holds)
{
    uint64_t found = NOWHERE;

    for (uint64_t at = 0; at + 4 <= WINDOW; at += step) {
        if (holds(in, at)) {
            if (found != NOWHERE) {
                return NOWHERE;
            }
            found = at;
        }
    }
    return found;
}

/* The only place in @c that holds @value, @n times in a row; or NOWHERE. */
static uint64_t only_value(const Infer *in, const Copy *c, uint64_t value,
                           unsigned int n)
{
    uint64_t found = NOWHERE;
    unsigned int times = 0;

    for (uint64_t at = 0; at + in->ptr <= c->size; at += in->ptr) {
        if (pointer(in, c, at) == value) {
            found = times == 0 ? at : found;
            times++;
            if (at != found + (times - 1) * in->ptr) {
                return NOWHERE;
            }
        }
    }
    return times == n ? found : NOWHERE;
}

static void add(Infer *in, const char *type, const char *name, uint64_t at,
                uint64_t size, const char *struct_type)
{
    osi_model_add(in->model, type, name, &(OsiField){ at, size, 0, 0 },
                  struct_type);
}

static void add_task(Infer *in, const char *name, uint64_t at, uint64_t size)
{
    add(in, "task_struct", name, at, size,
        size == 2 * in->ptr ? "list_head" : NULL);
}

/* ---- comm, and the list of tasks ----------------------------------------- */

static bool comm_is(const Copy *c, uint64_t at, const char *name)
{
    return at + COMM_LEN <= c->size &&
           strncmp((const char *)c->bytes + at, name, COMM_LEN) == 0;
}

static bool is_comm(const Infer *in, uint64_t at)
{
    return comm_is(task(in, 0), at, "swapper") ||
           comm_is(task(in, 0), at, "swapper/0");
}

/* The next task after @node, by a list at @list; checks the way back. */
static bool next_node(const Infer *in, uint64_t node, uint64_t *next)
{
    uint64_t back;

    return read_pointer(in, node, next) && is_kernel_pointer(in, *next) &&
           read_pointer(in, *next + in->ptr, &back) && back == node;
}

/* Whether a list of tasks is at @at: a circle of what all have names. */
static bool is_list(const Infer *in, uint64_t at)
{
    uint64_t head = task(in, 0)->addr + at;
    uint64_t node = head;
    bool has_kthreadd = false;

    for (unsigned int n = 0; n < MAX_WALK; n++) {
        char comm[COMM_LEN];

        if (!next_node(in, node, &node)) {
            return false;
        }
        if (node == head) {
            return has_kthreadd && n + 1 >= MIN_TASKS;
        }
        if (n >= MAX_TASKS) {
            continue;
        }
        if (!osi_read_bytes(in->reader, node - at + in->comm, comm,
                            sizeof(comm)) ||
            comm[0] == '\0' || !memchr(comm, '\0', sizeof(comm))) {
            return false;
        }
        has_kthreadd = has_kthreadd || strcmp(comm, "kthreadd") == 0;
    }
    return false;
}

static void collect_tasks(Infer *in)
{
    uint64_t head = task(in, 0)->addr + in->list;
    uint64_t node = head;

    while (in->tasks->len < MAX_TASKS && next_node(in, node, &node) &&
           node != head) {
        g_ptr_array_add(in->tasks, copy_new(in, node - in->list));
    }
}

/* ---- pid and tgid, relations, credentials -------------------------------- */

/*
 * In the list are leaders only: pid and tgid, next to each other, are equal.
 * The first tasks are 0, 1, and the one that is called kthreadd 2.
 */
static bool is_pid(const Infer *in, uint64_t at)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < in->tasks->len; i++) {
        uint64_t pid = number(in, task(in, i), at, 4);

        if (pid > PID_MAX || (i < 2 && pid != i) ||
            number(in, task(in, i), at + 4, 4) != pid ||
            (pid == 2) != comm_is(task(in, i), in->comm, "kthreadd") ||
            !g_hash_table_add(seen, GUINT_TO_POINTER(pid))) {
            return false;
        }
    }
    return true;
}

static bool is_list_head(const Infer *in, const Copy *c, uint64_t at)
{
    uint64_t next = pointer(in, c, at);
    uint64_t prev = pointer(in, c, at + in->ptr);

    return is_kernel_pointer(in, next) && is_kernel_pointer(in, prev) &&
           (next == c->addr + at) == (prev == c->addr + at);
}

/*
 * real_parent, parent, children, sibling, group_leader: the leader of a
 * leader is itself, whoever is a child has the task for its parent.
 */
static bool is_family(const Infer *in, uint64_t at)
{
    unsigned int p = in->ptr;
    bool has_children = false;

    for (guint i = 0; i < in->tasks->len; i++) {
        const Copy *c = task(in, i);
        uint64_t parent = pointer(in, c, at);
        uint64_t child = pointer(in, c, at + 2 * p);

        if (!is_kernel_pointer(in, parent) ||
            !is_kernel_pointer(in, pointer(in, c, at + p)) ||
            (i < 2 && parent != task(in, 0)->addr) ||
            !is_list_head(in, c, at + 2 * p) ||
            !is_list_head(in, c, at + 4 * p) ||
            pointer(in, c, at + 6 * p) != c->addr) {
            return false;
        }
        if (child != c->addr + at + 2 * p) {
            /* The child is linked by its sibling member. */
            if (!read_pointer(in, child - 4 * p, &parent) ||
                parent != c->addr) {
                return false;
            }
            has_children = true;
        }
    }
    return has_children;
}

static void find_relations(Infer *in)
{
    unsigned int p = in->ptr;

    in->family = only_place(in, p, is_family);
    if (in->family != NOWHERE) {
        add_task(in, "real_parent", in->family, p);
        add_task(in, "parent", in->family + p, p);
        add_task(in, "children", in->family + 2 * p, 2 * p);
        add_task(in, "sibling", in->family + 4 * p, 2 * p);
        add_task(in, "group_leader", in->family + 6 * p, p);
    }
}

/*
 * What all of struct cred's ids are in init_cred, 0, many other things are.
 * But behind them come five sets of capabilities, of which the 2nd, 3rd and
 * 4th are full.  In front of the ids there is the use count only, 4 or (since
 * 6.7) 8 bytes; sets are aligned to 4 or (since 6.3) 8 bytes.  So the place
 * of the full ones tells which.
 */
static void find_ids(Infer *in, uint64_t init_cred)
{
    static const char *const names[] = {
        "uid", "gid", "suid", "sgid", "euid", "egid", "fsuid", "fsgid",
    };
    g_autofree Copy *c = copy_new(in, init_cred);
    uint64_t at, start, full;

    for (at = 40; at < 64 && number(in, c, at, 4) == 0; at += 4) {
    }
    full = number(in, c, at, 8);
    start = at == 48 ? 4 : at == 52 || at == 56 ? 8 : 0;
    /* All bits of one half, and some of the other. */
    if (!start || full == NOWHERE ||
        ((uint32_t)full != UINT32_MAX && full >> 32 != UINT32_MAX) ||
        number(in, c, at + 8, 8) != full ||
        number(in, c, at + 16, 8) != full) {
        return;
    }
    for (uint64_t i = start; i < at; i += 4) {
        if (number(in, c, i, 4) != 0) {
            return;
        }
    }
    for (unsigned int i = 0; i < G_N_ELEMENTS(names); i++) {
        bool is_uid = i % 2 == 0;

        add(in, "cred", names[i], start + 4 * i, 4,
            is_uid ? "kuid_t" : "kgid_t");
    }
    add(in, "kuid_t", "val", 0, 4, NULL);
    add(in, "kgid_t", "val", 0, 4, NULL);
}

static void find_credentials(Infer *in)
{
    uint64_t init_cred, at;

    if (!symbol(in, "init_cred", &init_cred)) {
        return;
    }
    at = only_value(in, task(in, 0), init_cred, 2);
    for (guint i = 0; at != NOWHERE && i < in->tasks->len; i++) {
        if (!is_kernel_pointer(in, pointer(in, task(in, i), at)) ||
            !is_kernel_pointer(in, pointer(in, task(in, i), at + in->ptr))) {
            return;
        }
    }
    if (at != NOWHERE) {
        add_task(in, "real_cred", at, in->ptr);
        add_task(in, "cred", at + in->ptr, in->ptr);
        find_ids(in, init_cred);
    }
}

/* ---- Members that point to variables ------------------------------------- */

static void find_variables(Infer *in)
{
    static const struct {
        const char *member;
        const char *variable;
    } all[] = {
        { "thread_pid", "init_struct_pid" },
        { "fs", "init_fs" },
        { "files", "init_files" },
        { "nsproxy", "init_nsproxy" },
        { "signal", "init_signals" },
        { "sighand", "init_sighand" },
        { "stack", "init_stack" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        uint64_t address, at;

        if (symbol(in, all[i].variable, &address) &&
            (at = only_value(in, task(in, 0), address, 1)) != NOWHERE) {
            add_task(in, all[i].member, at, in->ptr);
        }
    }
}

/* ---- Address spaces ------------------------------------------------------ */

/* The page tables that init_mm has are a variable, too. */
static uint64_t find_pgd(const Infer *in)
{
    static const char *const tables[] = { "swapper_pg_dir", "init_top_pgt",
                                          "init_level4_pgt" };
    g_autofree Copy *c = NULL;
    uint64_t init_mm, address;

    if (!symbol(in, "init_mm", &init_mm)) {
        return NOWHERE;
    }
    c = copy_new(in, init_mm);
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (symbol(in, tables[i], &address)) {
            return only_value(in, c, address, 1);
        }
    }
    return NOWHERE;
}

/*
 * mm and active_mm: no mm for kernel threads, whose parent is kthreadd; the
 * same twice for processes, of which the first is 1.
 */
static bool is_mm(const Infer *in, uint64_t at)
{
    uint64_t kthreadd = 0, mm = pointer(in, task(in, 1), at);

    if (!is_kernel_pointer(in, mm) ||
        pointer(in, task(in, 1), at + in->ptr) != mm) {
        return false;
    }
    for (guint i = 0; i < in->tasks->len; i++) {
        const Copy *c = task(in, i);
        uint64_t active = pointer(in, c, at + in->ptr);

        mm = pointer(in, c, at);
        if (comm_is(c, in->comm, "kthreadd") &&
            number(in, c, in->pid, 4) == 2) {
            kthreadd = c->addr;
        }
        if (i == 0 || c->addr == kthreadd ||
            (kthreadd && pointer(in, c, in->family) == kthreadd)) {
            if (mm != 0 || (active && !is_kernel_pointer(in, active))) {
                return false;
            }
        } else if (mm != 0 && (!is_kernel_pointer(in, mm) || active != mm)) {
            return false; /* 0: it is at its end */
        }
    }
    return kthreadd != 0;
}

/* False: nothing has an address space yet. */
static bool find_mm(Infer *in)
{
    uint64_t pgd = find_pgd(in), table = 0;
    uint64_t at = in->family == NOWHERE ? NOWHERE
                                        : only_place(in, in->ptr, is_mm);

    if (at == NOWHERE) {
        return false;
    }
    add_task(in, "mm", at, in->ptr);
    add_task(in, "active_mm", at + in->ptr, in->ptr);
    if (pgd != NOWHERE &&
        read_pointer(in, pointer(in, task(in, 1), at) + pgd, &table) &&
        is_kernel_pointer(in, table)) {
        add(in, "mm_struct", "pgd", pgd, in->ptr, NULL);
    }
    return true;
}

/* ---- Start times --------------------------------------------------------- */

/*
 * start_time and start_boottime: nanoseconds, read one after the other, and
 * nearly the same as long as the guest has not slept; tasks are listed in the
 * order of their creation, but for those that were made at the same time.
 * The first were before there was a clock.
 */
static bool is_start_time(const Infer *in, uint64_t at)
{
    unsigned int n_later = 0;
    uint64_t last = 0;

    for (guint i = 0; i < in->tasks->len; i++) {
        uint64_t time = number(in, task(in, i), at, 8);

        if (number(in, task(in, i), at + 8, 8) - time > SAME_TIME ||
            time + SAME_TIME < last ||
            (i == 0 && time != 0) || time >> 62) {
            return false;
        }
        n_later += time > last;
        last = MAX(last, time);
    }
    /* More than a number that a few tasks have. */
    return n_later >= in->tasks->len / 2 && last > 1000000;
}

/* ---- Files --------------------------------------------------------------- */

/*
 * init_files.fdt points to init_files.fdtab, which says how many descriptors
 * there are, one for each bit of a long, and points to fd_array in turn.
 */
static void find_files(Infer *in)
{
    g_autofree Copy *c = NULL;
    uint64_t files, found = NOWHERE, table = 0;

    if (!symbol(in, "init_files", &files)) {
        return;
    }
    c = copy_new(in, files);
    for (uint64_t at = 0; at < 512; at += in->ptr) {
        uint64_t to = pointer(in, c, at) - files;

        if (to > at && to < 1024 && to % in->ptr == 0 &&
            number(in, c, to, 4) == 8 * in->ptr &&
            pointer(in, c, to + in->ptr) - files < 4096 &&
            pointer(in, c, to + in->ptr) > files + to) {
            if (found != NOWHERE) {
                return;
            }
            found = at;
            table = to;
        }
    }
    if (found != NOWHERE) {
        add(in, "files_struct", "fdt", found, in->ptr, NULL);
        add(in, "files_struct", "fdtab", table, 7 * in->ptr, "fdtable");
        add(in, "fdtable", "max_fds", 0, 4, NULL);
        add(in, "fdtable", "fd", in->ptr, in->ptr, NULL);
    }
}

/* ---- All of it ----------------------------------------------------------- */

static bool fail(GError **errp, OsiInferError code, const char *what)
{
    g_set_error(errp, OSI_INFER_ERROR, code, "inference: %s", what);
    return false;
}

static bool find_tasks(Infer *in, GError **errp)
{
    uint64_t init_task;

    if (!symbol(in, "init_task", &init_task)) {
        return fail(errp, OSI_INFER_ERROR_FAILED,
                    "kallsyms have no init_task (CONFIG_KALLSYMS_ALL)");
    }
    g_ptr_array_add(in->tasks, copy_new(in, init_task));
    in->comm = only_place(in, 1, is_comm);
    if (in->comm == NOWHERE) {
        return fail(errp, OSI_INFER_ERROR_FAILED,
                    "init_task is not called swapper, or more than once");
    }
    in->list = only_place(in, in->ptr, is_list);
    if (in->list == NOWHERE) {
        return fail(errp, OSI_INFER_ERROR_NOT_YET,
                    "there is no list of tasks");
    }
    collect_tasks(in);
    in->pid = only_place(in, 4, is_pid);
    if (in->pid == NOWHERE) {
        return fail(errp, OSI_INFER_ERROR_NOT_YET, "tasks have no pids");
    }
    add_task(in, "comm", in->comm, COMM_LEN);
    add(in, "task_struct", "tasks", in->list, 2 * in->ptr, "list_head");
    add_task(in, "pid", in->pid, 4);
    add_task(in, "tgid", in->pid + 4, 4);
    return true;
}

static bool find_all(Infer *in, GError **errp)
{
    uint64_t at;

    if (!find_tasks(in, errp)) {
        return false;
    }
    find_relations(in);
    if (!find_mm(in)) {
        return fail(errp, OSI_INFER_ERROR_NOT_YET, "there is no process");
    }
    find_credentials(in);
    find_variables(in);
    find_files(in);
    at = only_place(in, 8, is_start_time);
    if (at != NOWHERE) {
        add_task(in, "start_time", at, 8);
        add_task(in, "start_boottime", at + 8, 8);
    }
    add(in, "list_head", "next", 0, in->ptr, NULL);
    add(in, "list_head", "prev", in->ptr, in->ptr, NULL);
    return true;
}

OsiModel *osi_infer(const Kallsyms *symbols, const OsiReader *reader,
                    GError **errp)
{
    OsiBudget budget = { *reader, MAX_READS };
    const OsiReader bounded = osi_budget_reader(&budget);
    Infer in = {
        .symbols = symbols,
        .reader = &bounded,
        .ptr = kallsyms_pointer_size(symbols),
        .tasks = g_ptr_array_new_with_free_func(g_free),
    };

    in.model = osi_model_new(reader->big_endian, in.ptr);
    if (!find_all(&in, errp)) {
        g_clear_pointer(&in.model, osi_model_free);
    }
    g_ptr_array_unref(in.tasks);
    return in.model;
}
