/*
 * The logger's machine formats and classic: exact lines for plain records,
 * and for the awkward ones what a parser that is not ours makes of them.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <json-glib/json-glib.h>

#include "test_logger_common.h"

static const char *const awkward_names[] = {
    "plain", "", "a b", "it's", "say \"hi\"", "back\\slash", "a,b", "new\nline",
    "cr\rlf\n", "tab\t\b\f\v", "\x01\x1f\x7f", "\xc3\xa4\xe2\x82\xac",
    "\xff\xfe", "cut \xe2\x82", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
    "\xf0\x9f\x98\x80", "\xe2\x80\xa8", "\\u0041", "</script>", "=1+1",
    "\"\"\"\"\"\"", "\"", ",", "\\", "\xc3""1", "\x01" "7",
};

/* ---- jsonl ---- */

static char *jsonl(const SyscallsCall *call, const OsiIdentity *who)
{
    return record_text(log_format_jsonl.on_return, call, who, NULL);
}

static void test_jsonl_exact(void)
{
    SyscallsCall call = call_of(&info_close);
    OsiIdentity who = identity_of("init");
    g_autofree char *known = NULL, *unknown = NULL;

    call.args[0] = 3;
    who.tid = 211;
    known = jsonl(&call, &who);
    g_assert_cmpstr(known, ==,
        "{\"time\":123456789012345,\"vcpu\":0,\"pc\":\"0x7f0b815478cd\","
        "\"abi\":\"x86_64\",\"nr\":3,\"name\":\"close\",\"args\":[\"0x3\"],"
        "\"ret\":0,\"pid\":211,\"tid\":211,\"ppid\":1,\"comm\":\"init\"}\n");

    call = call_of(NULL);
    call.nr = -1;
    call.pc = 0;
    call.vcpu = 3;
    call.args[5] = UINT64_MAX;
    call.ret = -38;
    unknown = jsonl(&call, NULL);
    g_assert_cmpstr(unknown, ==,
        "{\"time\":123456789012345,\"vcpu\":3,\"pc\":null,\"abi\":\"x86_64\","
        "\"nr\":-1,\"name\":null,\"args\":[\"0x0\",\"0x0\",\"0x0\",\"0x0\","
        "\"0x0\",\"0xffffffffffffffff\"],\"ret\":-38,\"pid\":null,"
        "\"tid\":null,\"ppid\":null,\"comm\":null}\n");
}

static void test_jsonl_outcomes(void)
{
    static const struct {
        SyscallsOutcome outcome;
        const char *has;
        bool child;
    } cases[] = {
        { SYSCALLS_RETURNED, "\"args\":[],\"ret\":-4,", false },
        { SYSCALLS_CHILD, "\"args\":[],\"ret\":-4,", true },
        { SYSCALLS_RESTARTED, "\"args\":[],\"ret\":null,", false },
        { SYSCALLS_NO_RETURN, "\"args\":[],\"ret\":null,", false },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        SyscallsCall call = call_of(&info_getpid);
        g_autofree char *line = NULL;

        call.ret = -4;
        call.outcome = cases[i].outcome;
        line = jsonl(&call, NULL);
        g_assert_nonnull(strstr(line, cases[i].has));
        g_assert_true(g_str_has_suffix(line, ",\"child\":true}\n") ==
                      cases[i].child);
        g_assert_true((strstr(line, "child") != NULL) == cases[i].child);
        g_assert_null(strstr(line, "boot"));
    }
}

static JsonObject *parse_line(JsonParser *parser, const char *line)
{
    g_autoptr(GError) error = NULL;
    size_t n = strlen(line);

    /* json-glib forgives what JSON does not: raw control bytes. */
    g_assert_true(g_utf8_validate(line, -1, NULL));
    g_assert_cmpint(line[n - 1], ==, '\n');
    for (size_t i = 0; i < n - 1; i++) {
        g_assert_cmpint((unsigned char)line[i], >=, 0x20);
    }
    json_parser_load_from_data(parser, line, (gssize)n, &error);
    g_assert_no_error(error);
    return json_node_get_object(json_parser_get_root(parser));
}

static void check_json_comm(const char *comm)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    SyscallsCall call = call_of(&info_close);
    OsiIdentity who = identity_of(comm);
    g_autofree char *expected = g_utf8_make_valid(who.comm, -1);
    g_autofree char *line = jsonl(&call, &who);
    JsonObject *object = parse_line(parser, line);

    g_assert_cmpstr(json_object_get_string_member(object, "comm"), ==,
                    expected);
    g_assert_cmpint(json_object_get_int_member(object, "tid"), ==, 215);
}

static void test_jsonl_names(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(awkward_names); i++) {
        check_json_comm(awkward_names[i]);
    }
}

static void test_jsonl_random_names(void)
{
    for (int round = 0; round < 5000; round++) {
        char comm[OSI_COMM_LEN] = { 0 };
        int n = g_test_rand_int_range(0, OSI_COMM_LEN);

        for (int i = 0; i < n; i++) {
            comm[i] = (char)g_test_rand_int_range(1, 256);
        }
        check_json_comm(comm);
    }
}

static void test_jsonl_numbers(void)
{
    static const int64_t results[] = { 0, 9, 10, 99, 100, -1, -4095, INT32_MIN,
                                       INT64_MAX, INT64_MIN };
    static const uint64_t args[] = { 0, 1, 0xf, 0x10, 0xff, 0x100,
                                     0x7fffffffffffffff, 0x8000000000000000,
                                     0x123456789abcdef, UINT64_MAX };

    for (size_t i = 0; i < G_N_ELEMENTS(results); i++) {
        g_autoptr(JsonParser) parser = json_parser_new();
        SyscallsCall call = call_of(&info_close);
        g_autofree char *line = NULL, *hex = NULL;
        JsonObject *object;

        call.ret = results[i];
        call.args[0] = args[i];
        line = jsonl(&call, NULL);
        object = parse_line(parser, line);
        hex = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", args[i]);
        g_assert_cmpstr(json_array_get_string_element(
                            json_object_get_array_member(object, "args"), 0),
                        ==, hex);
        g_assert_cmpint(json_object_get_int_member(object, "ret"), ==,
                        results[i]);
    }
}

/* ---- csv ---- */

#define CSV_COLUMNS 19
#define CSV_COMM 16

/*
 * A strict reader of RFC 4180 (with UTF-8): takes one record from @p, its
 * fields unquoted, and fails on anything that the grammar does not have.
 */
static GPtrArray *csv_record(const char **p)
{
    GPtrArray *fields = g_ptr_array_new_with_free_func(g_free);
    const char *s = *p;

    for (;;) {
        GString *field = g_string_new(NULL);

        if (*s == '"') {
            for (s++; *s != '"' || s[1] == '"'; s++) {
                g_assert_cmpint((unsigned char)*s, >=, 0x20);
                s += *s == '"';
                g_string_append_c(field, *s);
            }
            s++;
        } else {
            for (; *s != ',' && *s != '\r'; s++) {
                g_assert_cmpint((unsigned char)*s, >=, 0x20);
                g_assert_cmpint(*s, !=, '"');
                g_string_append_c(field, *s);
            }
        }
        g_ptr_array_add(fields, g_string_free(field, FALSE));
        if (*s != ',') {
            break;
        }
        s++;
    }
    g_assert_true(g_str_has_prefix(s, "\r\n"));
    *p = s + 2;
    return fields;
}

static char *csv(const SyscallsCall *call, const OsiIdentity *who)
{
    return record_text(log_format_csv.on_return, call, who, NULL);
}

static void test_csv_exact(void)
{
    SyscallsCall call = call_of(&info_close);
    OsiIdentity who = identity_of("a,\"b\"");
    g_autofree char *known = NULL, *child = NULL, *never = NULL;
    const char *header = log_format_csv.header;
    g_autoptr(GPtrArray) names = csv_record(&header);

    g_assert_cmpint(*header, ==, 0);
    g_assert_cmpuint(names->len, ==, CSV_COLUMNS);
    g_assert_cmpstr(names->pdata[CSV_COMM], ==, "comm");

    call.args[0] = 3;
    call.ret = -9;
    known = csv(&call, &who);
    g_assert_cmpstr(known, ==,
        "123456789012345,0,0x7f0b815478cd,x86_64,3,close,0x3,,,,,,-9,"
        "211,215,1,\"a,\"\"b\"\"\",,\r\n");

    call = call_of(NULL);
    call.outcome = SYSCALLS_CHILD;
    child = csv(&call, NULL);
    g_assert_cmpstr(child, ==,
        "123456789012345,0,0x7f0b815478cd,x86_64,1000,,"
        "0x0,0x0,0x0,0x0,0x0,0x0,0,,,,,true,\r\n");

    call = call_of(&info_getpid);
    call.outcome = SYSCALLS_NO_RETURN;
    call.pc = 0;
    never = csv(&call, NULL);
    g_assert_cmpstr(never, ==,
        "123456789012345,0,,x86_64,39,getpid,,,,,,,,,,,,,\r\n");
}

static void test_boot(void)
{
    SyscallsCall call = call_of(&info_getpid);
    g_autofree char *json = NULL, *json_first = NULL;
    g_autofree char *row = NULL, *row_first = NULL;
    LogBytes text = { 0 };

    call.boot = 1;
    json_first = jsonl(&call, NULL);
    g_assert_null(strstr(json_first, "boot"));
    row_first = csv(&call, NULL);
    g_assert_true(g_str_has_suffix(row_first, ",,,,,\r\n"));
    call.boot = 12;
    json = jsonl(&call, NULL);
    g_assert_true(g_str_has_suffix(json, ",\"comm\":null,\"boot\":12}\n"));
    row = csv(&call, NULL);
    g_assert_true(g_str_has_suffix(row, ",,,,,12\r\n"));
    log_format_text.on_boot(&text, 12);
    g_assert_cmpmem(text.data, text.len,
                    "--- the guest has rebooted: boot 12 ---\n", 40);
    log_bytes_deinit(&text);
}

static void check_csv_comm(const char *comm)
{
    SyscallsCall call = call_of(&info_openat);
    OsiIdentity who = identity_of(comm);
    g_autofree char *line = csv(&call, &who), *bytes = NULL;
    const char *p = line;
    g_autoptr(GPtrArray) fields = csv_record(&p);

    g_assert_cmpint(*p, ==, 0);
    g_assert_cmpuint(fields->len, ==, CSV_COLUMNS);
    g_assert_true(g_utf8_validate(line, -1, NULL));
    g_assert_null(strchr(line, 0x7f));
    /* Nothing of the name is lost. */
    bytes = g_strcompress(fields->pdata[CSV_COMM]);
    g_assert_cmpstr(bytes, ==, who.comm);
}

static void test_csv_names(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(awkward_names); i++) {
        check_csv_comm(awkward_names[i]);
    }
    for (int round = 0; round < 5000; round++) {
        char comm[OSI_COMM_LEN] = { 0 };
        int n = g_test_rand_int_range(0, OSI_COMM_LEN);

        for (int i = 0; i < n; i++) {
            comm[i] = (char)g_test_rand_int_range(1, 256);
        }
        check_csv_comm(comm);
    }
}

/* ---- classic ---- */

static void test_classic(void)
{
    SyscallsCall call = call_of(&info_close);
    OsiIdentity who = identity_of("init");
    OsiIdentity odd = identity_of("it's\n\xff" "1");
    g_autofree char *known = NULL, *awkward = NULL, *unknown = NULL;

    g_assert_null(log_format_classic.on_return);
    known = record_text(log_format_classic.on_enter, &call, &who, NULL);
    g_assert_cmpstr(known, ==, "Syscall at pc 7f0b815478cd: number 3: "
                               "Process 'init', pid 211, ppid 1\n");
    awkward = record_text(log_format_classic.on_enter, &call, &odd, NULL);
    g_assert_cmpstr(awkward, ==,
                    "Syscall at pc 7f0b815478cd: number 3: "
                    "Process 'it\\'s\\n\\3771', pid 211, ppid 1\n");
    call.pc = 0;
    call.nr = -2;
    unknown = record_text(log_format_classic.on_enter, &call, NULL, NULL);
    g_assert_cmpstr(unknown, ==, "Syscall at pc ?: number -2: "
                                 "Process '?', pid ?, ppid ?\n");
}

/* An unterminated name must not be read past its end. */
static void test_unterminated_name(void)
{
    SyscallsCall call = call_of(&info_close);
    g_autofree OsiIdentity *who = g_new0(OsiIdentity, 1);
    g_autofree char *line = NULL;

    memset(who->comm, 'x', sizeof(who->comm));
    line = jsonl(&call, who);
    g_assert_nonnull(strstr(line, "\"comm\":\"xxxxxxxxxxxxxxxx\""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/logger/jsonl/exact", test_jsonl_exact);
    g_test_add_func("/logger/jsonl/outcomes", test_jsonl_outcomes);
    g_test_add_func("/logger/jsonl/names", test_jsonl_names);
    g_test_add_func("/logger/jsonl/random-names", test_jsonl_random_names);
    g_test_add_func("/logger/jsonl/numbers", test_jsonl_numbers);
    g_test_add_func("/logger/csv/exact", test_csv_exact);
    g_test_add_func("/logger/csv/names", test_csv_names);
    g_test_add_func("/logger/boot", test_boot);
    g_test_add_func("/logger/classic", test_classic);
    g_test_add_func("/logger/unterminated-name", test_unterminated_name);
    return g_test_run();
}
