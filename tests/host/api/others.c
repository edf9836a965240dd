/*
 * others.c: other plugins, their coming and going; QEMU's log; time; the
 * user-mode program.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <string.h>

#include "api.h"
#include "other.h"

static const void *time_handle;
static atomic_uint n_reset, n_uninstalled, n_gone, n_told, n_own, blocks_then;
static atomic_uint n_wrong, n_retranslated;
static qemu_plugin_callback *own;

/* ---- Callbacks and imports ---- */

static void on_told(gpointer evdata, gpointer udata)
{
    n_told++;
    n_wrong += evdata != &n_told;
}

static void on_own(gpointer evdata, gpointer udata)
{
    n_own++;
    n_wrong += evdata != &n_own || udata != &own;
}

static void on_gone(qemu_plugin_id_t id, const char *gone)
{
    n_gone++;
    n_wrong += id != api_id || strcmp(gone, "api_other") != 0;
}

static void try_import(void)
{
    int (*product)(int, int);

    *(gpointer *)&product = qemu_plugin_import_function("api_other",
                                                        "api_other_product");
    api_right("import_function",
              product && product(6, 7) == 42 && api_other_product_qpp &&
                  api_other_product_qpp(6, 7) == 42,
              "not 42");
}

static void try_own(void)
{
    bool created;

    own = qemu_plugin_create_callback_handle(api_id, "own");
    created = qemu_plugin_create_callback(api_id, "by_name");
    api_right("create_callback_handle", own != NULL, "NULL");
    api_right("create_callback", created, "false");
    api_right("callback_wanted", !qemu_plugin_callback_wanted(own),
              "with nobody there");
    api_right("reg_callback",
              qemu_plugin_reg_callback("api", "own", on_own) &&
                  qemu_plugin_reg_callback("api", "by_name", on_own),
              "false");
    api_right("callback_wanted", qemu_plugin_callback_wanted(own),
              "not, with somebody there");
    api_right("run_callback_handle",
              qemu_plugin_run_callback_handle(own, &n_own, &own) &&
                  n_own == 1, "%u calls", n_own);
    api_right("run_callback",
              qemu_plugin_run_callback(api_id, "by_name", &n_own, &own) &&
                  qemu_plugin_run_callback(api_id, "own", &n_own, &own) &&
                  n_own == 3, "%u calls", n_own);
    api_right("unreg_callback",
              qemu_plugin_unreg_callback("api", "own", on_own) &&
                  !qemu_plugin_run_callback_handle(own, &n_own, &own) &&
                  n_own == 3, "%u calls", n_own);
}

static void try_other(void)
{
    api_right("reg_callback",
              qemu_plugin_reg_callback("api_other", "told", on_told) &&
                  api_other_tell_qpp(&n_told) && n_told == 1,
              "%u calls", n_told);
    qemu_plugin_register_gone_cb(api_id, on_gone);
}

/* ---- Coming and going ---- */

static void on_reset(qemu_plugin_id_t id)
{
    n_reset++;
    n_wrong += id != api_other_id_qpp();
}

static void on_uninstalled(qemu_plugin_id_t id)
{
    n_uninstalled++;
    n_wrong += id != api_other_id_qpp();
    blocks_then = api_other_blocks_qpp();
}

static void on_retranslated(qemu_plugin_id_t id)
{
    n_retranslated++;
    n_wrong += id != api_id;
}

static void at_write(unsigned int vcpu_index, void *userdata)
{
    api_right("reset", api_other_blocks_qpp() > 10, "%u blocks before",
              api_other_blocks_qpp());
    qemu_plugin_reset(api_other_id_qpp(), on_reset);
    blocks_then = api_other_blocks_qpp();
    /* Its callback stays. */
    api_right("reset", api_other_tell_qpp(&n_told) && n_told == 2,
              "%u calls after", n_told);
}

static void at_uninstall(unsigned int vcpu_index, void *userdata)
{
    api_right("reset", n_reset == 1 && blocks_then == api_other_blocks_qpp(),
              "called %u times, blocks %u, then %u", n_reset, blocks_then,
              api_other_blocks_qpp());
    qemu_plugin_uninstall(api_other_id_qpp(), on_uninstalled);
    api_right("register_gone_cb", n_gone == 1, "%u calls", n_gone);
    api_right("uninstall",
              !api_other_tell_qpp(&n_told) && n_told == 2 &&
                  api_other_product_qpp(6, 7) == 42,
              "%u calls after", n_told);
}

static void at_regs(unsigned int vcpu_index, void *userdata)
{
    qemu_plugin_retranslate(api_id, on_retranslated);
}

/* ---- Time, the log, switches ---- */

static void at_time(unsigned int vcpu_index, void *userdata)
{
    /* The guest looks at its clock, and tells. */
    qemu_plugin_update_ns(time_handle, INT64_C(8000000000));
    api_either("update_ns", time_handle != NULL, !time_handle);
}

static void try_bool(const char *value, int expected)
{
    bool got = !expected;
    bool ok = qemu_plugin_bool_parse("switch", value, &got);

    api_right("bool_parse",
              expected < 0 ? !ok : ok && got == (bool)expected,
              "'%s' is %d, %d", value, ok, got);
}

static void try_bools(void)
{
    static const char *const on[] = { "on", "yes", "true", "y" };
    static const char *const off[] = { "off", "no", "false", "n" };
    static const char *const none[] = { "", "1", "ON", "onn", "maybe", NULL };

    for (size_t i = 0; i < 4; i++) {
        try_bool(on[i], 1);
        try_bool(off[i], 0);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        try_bool(none[i], -1);
    }
}

static void install(void)
{
    try_import();
    try_own();
    try_other();
    try_bools();
    time_handle = qemu_plugin_request_time_control();
    api_either("request_time_control",
               time_handle && !qemu_plugin_request_time_control(),
               !time_handle);
    qemu_plugin_outs("api: into the log\n"); /* the runner looks there */
    api_right("outs", true, "-");
}

/* ---- The user-mode program ---- */

static uint64_t hex_arg(const char *name)
{
    const char *value = api_arg(name);

    return value ? g_ascii_strtoull(value, NULL, 16) : 0;
}

static void at_program(unsigned int vcpu_index, void *userdata)
{
    g_autofree char *path = (char *)qemu_plugin_path_to_binary();
    uint64_t start = qemu_plugin_start_code();
    uint64_t end = qemu_plugin_end_code();
    uint64_t entry = qemu_plugin_entry_code();

    api_either("path_to_binary", g_strcmp0(path, api_arg("program")) == 0,
               !path);
    /* The segment that holds the code, as the ELF file says. */
    api_either("start_code", start == hex_arg("code_start"), start == 0);
    api_either("end_code", end == hex_arg("code_end"), end == 0);
    api_either("entry_code", entry == hex_arg("entry"), entry == 0);
}

static void at(Label label, struct qemu_plugin_tb *tb,
               struct qemu_plugin_insn *insn)
{
    static const struct {
        Label label;
        qemu_plugin_vcpu_udata_cb_t cb;
    } places[] = {
        { L_at_regs, at_program }, { L_at_regs, at_regs },
        { L_at_write, at_write },
        { L_at_time, at_uninstall }, { L_at_time, at_time },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (places[i].label == label) {
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, places[i].cb, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

static void end(void)
{
    api_right("retranslate", n_retranslated == 1, "called %u times",
              n_retranslated);
    api_right("uninstall",
              n_uninstalled == 1 && blocks_then == api_other_blocks_qpp(),
              "called %u times, blocks %u, then %u", n_uninstalled,
              blocks_then, api_other_blocks_qpp());
    api_right("register_gone_cb", n_gone == 1 && n_wrong == 0,
              "%u calls, %u wrong", n_gone, n_wrong);
    api_right("available",
              !qemu_plugin_available(NULL) && !qemu_plugin_available("") &&
                  !qemu_plugin_available("qemu_plugin_") &&
                  !qemu_plugin_available("available") &&
                  qemu_plugin_available("qemu_plugin_available"),
              "of a name that is none");
}

const ApiPart api_others = { install, NULL, at, end };
