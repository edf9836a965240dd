/*
 * The logger's output against real files, pipes, threads and forks: every
 * record once and whole, or counted as lost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "output.h"

#define CAPACITY 4096

static char *directory;

static char *scratch_file(void)
{
    static int n;

    return g_strdup_printf("%s/log.%d", directory, n++);
}

static LogOutput *open_output(const char *filename, size_t capacity)
{
    g_autoptr(GError) error = NULL;
    LogOutput *out = log_output_open(filename, capacity, &error);

    g_assert_no_error(error);
    return out;
}

static void close_output(LogOutput *out)
{
    log_output_close(out);
    log_output_free(out);
}

static char *contents(const char *filename)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(filename, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static void append(LogOutput *out, const char *record)
{
    log_output_append(out, record, strlen(record), 1);
}

/* Records "<who> <number> <padding of a length that varies>". */
static void append_many(LogOutput *out, char who, int n)
{
    for (int i = 0; i < n; i++) {
        char line[200];
        int len = snprintf(line, sizeof(line), "%c %d %.*s\n", who, i,
                           i * 7 % 120,
                           "........................................"
                           "........................................"
                           "........................................");

        log_output_append(out, line, (size_t)len, 1);
    }
}

/*
 * The lines of @text, which must end with a whole one.  (By hand, because
 * under ASan g_strsplit looks at all of the rest for each line.)
 */
static GPtrArray *lines_of(const char *text)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    const char *end = text + strlen(text);

    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));

        g_assert_nonnull(newline);
        g_ptr_array_add(lines, g_strndup(text, (gsize)(newline - text)));
        text = newline + 1;
    }
    return lines;
}

/* Each writer's records are all there, whole, in its order. */
static void check_many(const char *text, const char *writers, int n)
{
    g_autoptr(GPtrArray) lines = lines_of(text);
    int next[128] = { 0 };

    for (guint i = 0; i < lines->len; i++) {
        const char *line = lines->pdata[i];
        char who;
        int number, length;

        g_assert_cmpint(sscanf(line, "%c %d %n", &who, &number, &length), ==,
                        2);
        g_assert_nonnull(strchr(writers, who));
        g_assert_cmpint(number, ==, next[(int)who]++);
        g_assert_cmpuint(strspn(line + length, "."), ==,
                         (size_t)(number * 7 % 120));
        g_assert_cmpuint(strlen(line + length), ==,
                         (size_t)(number * 7 % 120));
    }
    g_assert_cmpuint(lines->len, ==, strlen(writers) * (size_t)n);
}

/* ---- Files ---- */

static void test_file(void)
{
    g_autofree char *name = scratch_file();
    g_autofree char *text = NULL, *later = NULL;
    LogOutput *out;

    g_assert_true(g_file_set_contents(name, "of an earlier run\n", -1, NULL));
    out = open_output(name, CAPACITY);
    log_output_append(out, "header\n", 7, 0);
    append(out, "one\n");
    log_output_flush(out);
    text = contents(name);
    g_assert_cmpstr(text, ==, "header\none\n");
    append(out, "two\n");
    log_output_close(out);
    append(out, "late\n");
    log_output_close(out);
    later = contents(name);
    g_assert_cmpstr(later, ==, "header\none\ntwo\n");
    g_assert_cmpuint(log_output_lost(out), ==, 0);
    log_output_free(out);
}

/* As a log rotation does it: no hole where the old contents were. */
static void test_truncated_meanwhile(void)
{
    g_autofree char *name = scratch_file();
    g_autofree char *text = NULL;
    LogOutput *out = open_output(name, CAPACITY);

    append(out, "one\n");
    log_output_flush(out);
    g_assert_cmpint(truncate(name, 0), ==, 0);
    append(out, "two\n");
    close_output(out);
    text = contents(name);
    g_assert_cmpstr(text, ==, "two\n");
}

static void test_not_writable(void)
{
    g_autofree char *name = g_strdup_printf("%s/no/such/folder", directory);
    g_autoptr(GError) error = NULL;

    g_assert_null(log_output_open(name, CAPACITY, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    g_assert_nonnull(strstr(error->message, name));
    g_assert_null(strchr(error->message, '\n'));
}

/* Nobody flushes, and yet the record does not stay in memory. */
static void test_written_in_time(void)
{
    g_autofree char *name = scratch_file();
    LogOutput *out = open_output(name, CAPACITY);
    gint64 start = g_get_monotonic_time();

    append(out, "one\n");
    for (;;) {
        g_autofree char *text = contents(name);

        if (*text) {
            break;
        }
        g_assert_cmpint(g_get_monotonic_time() - start, <,
                        10 * G_TIME_SPAN_SECOND);
        g_usleep(5000);
    }
    close_output(out);
}

static void test_longer_than_buffer(void)
{
    g_autofree char *name = scratch_file();
    g_autofree char *record = g_strnfill(100000, 'x');
    g_autofree char *text = NULL;
    LogOutput *out = open_output(name, CAPACITY);

    record[99999] = '\n';
    append(out, "before\n");
    append(out, record);
    append(out, "after\n");
    close_output(out);
    text = contents(name);
    g_assert_cmpuint(strlen(text), ==, 7 + 100000 + 6);
    g_assert_true(g_str_has_prefix(text, "before\nx"));
    g_assert_true(g_str_has_suffix(text, "x\nafter\n"));
}

/* A guest in user mode gets the descriptors it would get without us. */
static void test_descriptor_out_of_the_way(void)
{
    g_autofree char *name = scratch_file();
    int before = open("/dev/null", O_RDONLY);
    LogOutput *out;
    int after;

    close(before);
    out = open_output(name, CAPACITY);
    after = open("/dev/null", O_RDONLY);
    close(after);
    g_assert_cmpint(after, ==, before);
    close_output(out);
}

/* ---- Errors ---- */

static void test_disk_full(void)
{
    if (g_test_subprocess()) {
        LogOutput *out = open_output("/dev/full", CAPACITY);

        log_output_append(out, "header\n", 7, 0);
        append_many(out, 'a', 1000);
        log_output_flush(out);
        append_many(out, 'a', 5);
        log_output_close(out);
        g_assert_cmpuint(log_output_lost(out), ==, 1005);
        log_output_free(out);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "syscalls_logger: /dev/full: No space left on device; the log ends "
        "here, the guest goes on\n"
        "syscalls_logger: /dev/full: 1005 records were lost\n");
}

/* A file that may not grow: what fits stays, up to a whole record. */
static void test_file_ends_whole(void)
{
    g_autofree char *text = NULL;
    g_autofree char *name = g_strdup_printf("%s/limited", directory);
    g_autoptr(GPtrArray) lines = NULL;
    LogOutput *out;
    struct rlimit limit;
    size_t records;

    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    out = open_output(name, CAPACITY);
    limit.rlim_cur = 10000;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    append_many(out, 'a', 1000);
    log_output_close(out);
    text = contents(name);
    lines = lines_of(text);
    records = lines->len;
    g_assert_cmpuint(strlen(text), <=, 10000);
    g_assert_cmpuint(strlen(text), >, 10000 - 200);
    check_many(text, "a", (int)records);
    g_assert_cmpuint(records + log_output_lost(out), ==, 1000);
    log_output_free(out);
}

static void test_closed_pipe(void)
{
    if (g_test_subprocess()) {
        LogOutput *out;
        int fds[2];

        /* As QEMU has it: the signal would end the process. */
        signal(SIGPIPE, SIG_DFL);
        g_assert_cmpint(pipe(fds), ==, 0);
        g_assert_cmpint(dup2(fds[1], STDOUT_FILENO), ==, STDOUT_FILENO);
        close(fds[1]);
        close(fds[0]);
        out = open_output("-", CAPACITY);
        append(out, "one\n");
        log_output_flush(out);
        append(out, "two\n");
        log_output_close(out);
        g_assert_cmpuint(log_output_lost(out), ==, 2);
        log_output_free(out);
        _exit(0); /* the test's own output has nowhere to go */
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "syscalls_logger: standard output: Broken pipe; the log ends here, "
        "the guest goes on\n"
        "syscalls_logger: standard output: 2 records were lost\n");
}

/* ---- Pipes ---- */

typedef struct Reader {
    int fd;
    int reading; /* atomic: the thread runs */
    GString *got;
} Reader;

/* Slowly at first, so that the pipe is full. */
static gpointer reader_main(gpointer opaque)
{
    Reader *r = opaque;
    char buf[5000];
    ssize_t n;
    int pauses = 20;

    g_atomic_int_set(&r->reading, 1);
    while ((n = read(r->fd, buf, sizeof(buf))) > 0) {
        g_string_append_len(r->got, buf, n);
        if (pauses-- > 0) {
            g_usleep(2000);
        }
    }
    g_assert_cmpint(n, ==, 0);
    return NULL;
}

static LogOutput *open_pipe(Reader *r, int flags, size_t capacity)
{
    g_autofree char *name = NULL;
    LogOutput *out;
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    name = g_strdup_printf("/proc/self/fd/%d", fds[1]);
    if (flags) {
        /* The output's own descriptor comes from another open: a dup of
         * this one is what standard output would be. */
        int saved = dup(STDOUT_FILENO);

        g_assert_cmpint(fcntl(fds[1], F_SETFL, flags), ==, 0);
        dup2(fds[1], STDOUT_FILENO);
        out = open_output("-", capacity);
        dup2(saved, STDOUT_FILENO);
        close(saved);
    } else {
        out = open_output(name, capacity);
    }
    close(fds[1]);
    r->fd = fds[0];
    r->reading = 0;
    r->got = g_string_sized_new(4 << 20); /* more than is ever written */
    return out;
}

static void test_nonblocking_pipe(void)
{
    Reader r;
    LogOutput *out = open_pipe(&r, O_NONBLOCK, CAPACITY);
    GThread *reader = g_thread_new("reader", reader_main, &r);

    append_many(out, 'a', 20000);
    close_output(out);
    g_thread_join(reader);
    check_many(r.got->str, "a", 20000);
    g_string_free(r.got, TRUE);
    close(r.fd);
}

/* ---- Threads ---- */

typedef struct Job {
    LogOutput *out;
    char who;
} Job;

static gpointer job_main(gpointer opaque)
{
    Job *job = opaque;

    append_many(job->out, job->who, 20000);
    return NULL;
}

static void test_threads(void)
{
    g_autofree char *name = scratch_file();
    g_autofree char *text = NULL;
    LogOutput *out = open_output(name, CAPACITY);
    Job jobs[4];
    GThread *threads[4];

    for (int i = 0; i < 4; i++) {
        jobs[i] = (Job) { out, (char)('a' + i) };
        threads[i] = g_thread_new("job", job_main, &jobs[i]);
    }
    for (int i = 0; i < 4; i++) {
        g_thread_join(threads[i]);
    }
    close_output(out);
    text = contents(name);
    check_many(text, "abcd", 20000);
}

/* ---- fork ---- */

static void wait_for(pid_t child)
{
    int status;

    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

/* What each of two processes writes before, while and after they part. */
static void fork_and_write(LogOutput *out, int n)
{
    pid_t child;

    append_many(out, 'a', 7); /* in the buffer when the fork comes */
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        append_many(out, 'c', n);
        log_output_close(out);
        _exit(log_output_lost(out) == 0 ? 0 : 1);
    }
    append_many(out, 'p', n);
    wait_for(child);
}

static void check_forked(const char *text, int n)
{
    g_autoptr(GPtrArray) lines = lines_of(text);
    g_autoptr(GString) before = g_string_new(NULL);
    g_autoptr(GString) after = g_string_new(NULL);

    for (guint i = 0; i < lines->len; i++) {
        const char *line = lines->pdata[i];

        g_string_append_printf(*line == 'a' ? before : after, "%s\n", line);
    }
    /* What came before the fork comes first. */
    g_assert_true(g_str_has_prefix(text, before->str));
    check_many(before->str, "a", 7);
    check_many(after->str, "cp", n);
}

static void test_fork_file(void)
{
    g_autofree char *name = scratch_file();
    g_autofree char *text = NULL;
    LogOutput *out = open_output(name, CAPACITY);

    fork_and_write(out, 5000);
    close_output(out);
    text = contents(name);
    check_forked(text, 5000);
}

/*
 * With a buffer larger than what a pipe takes in one piece.  The reader does
 * not allocate while this thread forks, see main.
 */
static void test_fork_pipe(void)
{
    Reader r;
    LogOutput *out = open_pipe(&r, 0, 16 * PIPE_BUF);
    GThread *reader = g_thread_new("reader", reader_main, &r);

    while (!g_atomic_int_get(&r.reading)) {
        g_thread_yield();
    }
    fork_and_write(out, 5000);
    close_output(out);
    g_thread_join(reader);
    check_forked(r.got->str, 5000);
    g_string_free(r.got, TRUE);
    close(r.fd);
}

/* fork in the middle of another thread's appending and of a write. */
G_GNUC_UNUSED static void test_fork_while_busy(void)
{
    g_autofree char *name = scratch_file();
    g_autofree char *text = NULL;
    LogOutput *out = open_output(name, CAPACITY);
    Job job = { out, 'p' };
    GThread *thread = g_thread_new("job", job_main, &job);
    g_autoptr(GString) writers = g_string_new("p");

    for (int i = 0; i < 10; i++) {
        pid_t child = fork();

        g_assert_cmpint(child, >=, 0);
        if (child == 0) {
            append_many(out, (char)('A' + i), 20000);
            log_output_close(out);
            _exit(0);
        }
        g_string_append_c(writers, (char)('A' + i));
        wait_for(child);
    }
    g_thread_join(thread);
    close_output(out);
    text = contents(name);
    check_many(text, writers->str, 20000);
}

int main(int argc, char **argv)
{
    int status;
    g_autofree char *pattern = g_strdup("/tmp/qpp-logger-XXXXXX");

    g_test_init(&argc, &argv, NULL);
    directory = mkdtemp(pattern);
    g_test_add_func("/logger/output/file", test_file);
    g_test_add_func("/logger/output/truncated", test_truncated_meanwhile);
    g_test_add_func("/logger/output/not-writable", test_not_writable);
    g_test_add_func("/logger/output/in-time", test_written_in_time);
    g_test_add_func("/logger/output/long-record", test_longer_than_buffer);
    g_test_add_func("/logger/output/descriptor",
                    test_descriptor_out_of_the_way);
    g_test_add_func("/logger/output/disk-full", test_disk_full);
    g_test_add_func("/logger/output/closed-pipe", test_closed_pipe);
    g_test_add_func("/logger/output/nonblocking", test_nonblocking_pipe);
    g_test_add_func("/logger/output/threads", test_threads);
    g_test_add_func("/logger/output/fork-file", test_fork_file);
    g_test_add_func("/logger/output/fork-pipe", test_fork_pipe);
#ifndef __SANITIZE_ADDRESS__
    /*
     * AddressSanitizer's allocator (GCC 12) does not let go of its locks in
     * fork's child: one that another thread holds then is held for ever.
     */
    g_test_add_func("/logger/output/fork-busy", test_fork_while_busy);
#endif
    /* Last, because it limits this process. */
    g_test_add_func("/logger/output/file-ends-whole", test_file_ends_whole);
    status = g_test_run();
    if (!g_test_subprocess()) {
        g_autofree char *command = g_strdup_printf("rm -rf '%s'", directory);

        g_assert_cmpint(system(command), ==, 0);
    } else {
        rmdir(directory);
    }
    return status;
}
