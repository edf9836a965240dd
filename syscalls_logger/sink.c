/*
 * Writing to a file, a pipe or a terminal, with partial writes, interrupted
 * ones, and descriptors that somebody else made non-blocking (QEMU does so
 * to a terminal that is its console).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink.h"

/*
 * A user-mode guest's descriptors are the emulator's.  The log's is put out
 * of the way, so that the guest gets the numbers it would get without it.
 */
static int move_out_of_the_way(int fd)
{
    struct rlimit limit = { 0 };
    int moved = -1;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 64) {
        moved = fcntl(fd, F_DUPFD_CLOEXEC,
                      (int)MIN(limit.rlim_cur, 1024) - 16);
    }
    if (moved < 0) {
        return fd;
    }
    close(fd);
    return moved;
}

bool log_sink_open(LogSink *sink, const char *filename, GError **error)
{
    bool to_stdout = !filename || strcmp(filename, "-") == 0;
    struct stat st;
    int fd;

    if (to_stdout) {
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    } else {
        fd = open(filename, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
                  0666);
    }
    if (fd < 0) {
        int code = errno;

        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
                    "cannot write to %s: %s",
                    to_stdout ? "standard output" : filename,
                    g_strerror(code));
        return false;
    }
    sink->fd = move_out_of_the_way(fd);
    sink->is_pipe = fstat(sink->fd, &st) == 0 && S_ISFIFO(st.st_mode);
    sink->name = g_strdup(to_stdout ? "standard output" : filename);
    return true;
}

/* How much of @data to give to one write. */
static size_t piece(const LogSink *sink, const char *data, size_t len)
{
    size_t n = PIPE_BUF;

    /*
     * Only writes up to PIPE_BUF are not mixed with those of others: of
     * processes since a fork, of the guest's program on standard output.
     */
    if (!sink->is_pipe || len <= n) {
        return len;
    }
    while (n > 0 && data[n - 1] != '\n') {
        n--;
    }
    if (n == 0) { /* a line that is longer than that */
        while (n < len && data[n++] != '\n') {
        }
    }
    return n;
}

static size_t write_what_goes(LogSink *sink, const char *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(sink->fd, data + done,
                          piece(sink, data + done, len - done));

        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd p = { .fd = sink->fd, .events = POLLOUT };

            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            break;
        }
    }
    return done;
}

/* Takes back the last @partial bytes, if they are at the end of our file. */
static void cut_off(LogSink *sink, size_t partial, bool shared)
{
    struct stat st;
    off_t at = lseek(sink->fd, 0, SEEK_CUR);

    if (shared || partial == 0 || at < (off_t)partial ||
        fstat(sink->fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size != at) {
        return;
    }
    if (ftruncate(sink->fd, at - (off_t)partial) == 0) {
        lseek(sink->fd, at - (off_t)partial, SEEK_SET);
    }
}

size_t log_sink_write(LogSink *sink, const char *data, size_t len, bool shared)
{
    size_t done = write_what_goes(sink, data, len);
    const char *newline;
    size_t kept;

    if (done == len) {
        return len;
    }
    g_printerr("syscalls_logger: %s: %s; the log ends here, the guest goes "
               "on\n",
               sink->name, g_strerror(errno));
    newline = memrchr(data, '\n', done);
    kept = newline ? (size_t)(newline - data) + 1 : 0;
    cut_off(sink, done - kept, shared);
    return kept;
}

void log_sink_close(LogSink *sink)
{
    int fd = sink->fd;

    sink->fd = -1;
    if (close(fd) != 0 && errno != EINTR) {
        g_printerr("syscalls_logger: %s: %s; its end may be missing\n",
                   sink->name, g_strerror(errno));
    }
}

void log_sink_deinit(LogSink *sink)
{
    g_free(sink->name);
    memset(sink, 0, sizeof(*sink));
}
