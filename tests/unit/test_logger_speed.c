/*
 * What a record costs, as a meson benchmark: making it, and making and
 * appending it to a file.  Prints nanoseconds; judges nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>

#include "output.h"
#include "test_logger_common.h"

#define ROUNDS 2000000

static const SyscallsInfo info_read = {
    0, "read", 3, { A(FD, "fd"), A(POINTER, "buf"), A(ULONG, "count") }
};
static const SyscallsInfo info_mmap = {
    9, "mmap", 6,
    { A(ULONG, "addr"), A(ULONG, "len"), A(ULONG, "prot"), A(ULONG, "flags"),
      A(FD, "fd"), A(ULONG, "off") }
};

static double measure(const LogFormat *format, const SyscallsInfo *info,
                      LogOutput *out)
{
    SyscallsCall call = call_of(info);
    OsiIdentity who = identity_of("dd");
    LogStrings strings = { 0 };
    LogRecord rec = { &call, &who, &strings };
    LogBytes line = { 0 };
    gint64 start = g_get_monotonic_time();
    double ns;

    call.args[1] = 0x7ffd1234a010;
    call.args[2] = 4096;
    call.ret = 4096;
    for (int i = 0; i < ROUNDS; i++) {
        call.time_ns += 7531;
        line.len = 0;
        (format->on_return ? format->on_return : format->on_enter)(&line,
                                                                   &rec);
        if (out) {
            log_output_append(out, line.data, line.len, 1);
        }
    }
    ns = (double)(g_get_monotonic_time() - start) * 1000 / ROUNDS;
    log_bytes_deinit(&line);
    return ns;
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "jsonl", "csv", "text", "classic" };
    const char *filename = argc > 1 ? argv[1] : "/dev/null";
    g_autoptr(GError) error = NULL;
    LogOutput *out = log_output_open(filename, 256 * 1024, &error);

    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const LogFormat *format = log_format_find(names[i]);

        printf("%-8s read: %.0f ns, mmap: %.0f ns, read to %s: %.0f ns\n",
               names[i], measure(format, &info_read, NULL),
               measure(format, &info_mmap, NULL), filename,
               measure(format, &info_read, out));
    }
    log_output_close(out);
    log_output_free(out);
    return 0;
}
