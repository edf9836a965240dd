/*
 * The log file's buffers, its writer thread, and fork.
 *
 * Two buffers take turns: vCPU threads append to one under the lock while
 * the writer writes the other without it.  The writer is the only thread
 * that writes, with every signal blocked, so that a closed pipe is EPIPE
 * here and never a SIGPIPE that ends the guest, and so that a user-mode
 * guest's signals are not delivered to a thread that is none of the guest's.
 *
 * How bytes get to the file is the business of sink.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <signal.h>

#include "output.h"
#include "sink.h"

/* How long a record may wait for others before it is written. */
#define FLUSH_US (100 * G_TIME_SPAN_MILLISECOND)

typedef struct Buffer {
    char *data;
    size_t len;
    size_t cap;
    uint64_t records;
} Buffer;

struct LogOutput {
    GMutex lock;       /* guards all below but the buffer not `filling` */
    GCond work;        /* for the writer: something to do */
    GCond done;        /* for others: the writer has finished a buffer */
    Buffer buffers[2]; /* one to fill, the other is the writer's */
    Buffer *filling;
    uint64_t appended; /* bytes, all told */
    uint64_t drained;  /* of these, bytes written or lost */
    gint64 due;        /* when `filling` is to be written at the latest */
    bool urgent;       /* write it now */
    bool stopping;
    bool closed;
    bool failed;       /* nothing is written any more */
    uint64_t lost;
    GThread *writer;   /* NULL: not started, or left behind by fork */
    bool shared;       /* with another process, since a fork */
    LogSink sink;      /* the writer's */
};

/* The one that is open: fork handlers have no argument. */
static LogOutput *open_output;
/* The one whose lock a fork holds. */
static LogOutput *forking;

/* ---- The writer ---- */

static bool nothing_to_do(const LogOutput *out)
{
    return !out->stopping && !out->urgent &&
           (out->filling->len == 0 || g_get_monotonic_time() < out->due);
}

static void wait_for_work(LogOutput *out)
{
    while (nothing_to_do(out)) {
        if (out->filling->len) {
            g_cond_wait_until(&out->work, &out->lock, out->due);
        } else {
            g_cond_wait(&out->work, &out->lock);
        }
    }
}

static uint64_t records_in(const char *data, size_t len)
{
    const char *end = data + len;
    uint64_t n = 0;

    while (data < end && (data = memchr(data, '\n', (size_t)(end - data)))) {
        data++;
        n++;
    }
    return n;
}

/* Writes what has been filled; others fill the other buffer meanwhile. */
static void drain(LogOutput *out)
{
    Buffer *full = out->filling;
    uint64_t lost = full->records;
    bool failed = out->failed;
    bool shared = out->shared;

    out->filling = full == &out->buffers[0] ? &out->buffers[1]
                                            : &out->buffers[0];
    out->urgent = false;
    g_cond_broadcast(&out->done);
    g_mutex_unlock(&out->lock);
    if (!failed) {
        size_t kept = log_sink_write(&out->sink, full->data, full->len,
                                     shared);

        failed = kept < full->len;
        lost = records_in(full->data + kept, full->len - kept);
        lost = MIN(lost, full->records); /* a header is no record */
    }
    g_mutex_lock(&out->lock);
    out->failed = failed;
    out->lost += lost;
    out->drained += full->len;
    full->len = 0;
    full->records = 0;
    g_cond_broadcast(&out->done);
}

static gpointer writer_main(gpointer opaque)
{
    LogOutput *out = opaque;

    g_mutex_lock(&out->lock);
    for (;;) {
        wait_for_work(out);
        if (out->filling->len) {
            drain(out);
        } else {
            out->urgent = false;
            g_cond_broadcast(&out->done);
            if (out->stopping) {
                break;
            }
        }
    }
    g_mutex_unlock(&out->lock);
    return NULL;
}

/*
 * Starts the writer if there is none: the first time, and after a fork.
 * A thread inherits its signal mask from the one that starts it.
 */
static void start_writer_locked(LogOutput *out)
{
    g_autoptr(GError) error = NULL;
    sigset_t all, old;

    if (out->writer || out->failed || out->closed) {
        return;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    out->writer = g_thread_try_new("qpp-log", writer_main, out, &error);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!out->writer) {
        g_printerr("syscalls_logger: %s: cannot start the thread that writes "
                   "it, the log ends: %s\n",
                   out->sink.name, error->message);
        out->failed = true;
    }
}

/* ---- Appending ---- */

static void reserve(Buffer *b, size_t len)
{
    if (b->cap - b->len < len) {
        b->cap = b->len + len;
        b->data = g_realloc(b->data, b->cap);
    }
}

/* Waits until @len bytes fit, unless the buffer is empty anyhow. */
static void wait_for_room(LogOutput *out, size_t len)
{
    while (out->filling->len && !out->closed && !out->failed &&
           out->filling->cap - out->filling->len < len) {
        out->urgent = true;
        g_cond_signal(&out->work);
        g_cond_wait(&out->done, &out->lock);
    }
}

void log_output_append(LogOutput *out, const char *data, size_t len,
                       unsigned int records)
{
    g_mutex_lock(&out->lock);
    start_writer_locked(out);
    wait_for_room(out, len);
    if (out->closed || out->failed) {
        out->lost += out->closed ? 0 : records;
        g_mutex_unlock(&out->lock);
        return;
    }
    if (out->filling->len == 0) {
        out->due = g_get_monotonic_time() + FLUSH_US;
        g_cond_signal(&out->work);
    }
    reserve(out->filling, len);
    memcpy(out->filling->data + out->filling->len, data, len);
    out->filling->len += len;
    out->appended += len;
    out->filling->records += records;
    g_mutex_unlock(&out->lock);
}

/* What others append meanwhile is not waited for. */
static void flush_locked(LogOutput *out)
{
    uint64_t target = out->appended;

    while (out->writer && out->drained < target) {
        out->urgent = true;
        g_cond_signal(&out->work);
        g_cond_wait(&out->done, &out->lock);
    }
}

void log_output_flush(LogOutput *out)
{
    g_mutex_lock(&out->lock);
    flush_locked(out);
    g_mutex_unlock(&out->lock);
}

uint64_t log_output_lost(LogOutput *out)
{
    uint64_t lost;

    g_mutex_lock(&out->lock);
    lost = out->lost;
    g_mutex_unlock(&out->lock);
    return lost;
}

/* ---- fork ----
 *
 * The child has a copy of what other threads have appended since the flush,
 * which the parent is going to write, and no writer.  The lock is held across
 * the fork, so the child finds the rest as it should be.
 */

static void before_fork(void)
{
    LogOutput *out = open_output;

    if (out) {
        g_mutex_lock(&out->lock);
        out->shared = true;
        /* What led to the child is in the file before the child's own. */
        flush_locked(out);
        forking = out;
    }
}

static void after_fork_in_parent(void)
{
    LogOutput *out = forking;

    if (out) {
        forking = NULL;
        g_mutex_unlock(&out->lock);
    }
}

static void after_fork_in_child(void)
{
    LogOutput *out = forking;

    if (!out) {
        return;
    }
    forking = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(out->buffers); i++) {
        out->buffers[i].len = 0;
        out->buffers[i].records = 0;
    }
    out->drained = out->appended;
    out->urgent = false;
    out->lost = 0;
    out->writer = NULL;
    /* They may hold the parent's waiters, which are no threads here. */
    g_cond_init(&out->work);
    g_cond_init(&out->done);
    g_mutex_unlock(&out->lock);
}

/* ---- Opening and closing ---- */

LogOutput *log_output_open(const char *filename, size_t capacity,
                           GError **error)
{
    static gsize fork_handlers;
    g_autofree LogOutput *out = g_new0(LogOutput, 1);

    g_assert(!open_output);
    if (!log_sink_open(&out->sink, filename, error)) {
        return NULL;
    }
    g_mutex_init(&out->lock);
    g_cond_init(&out->work);
    g_cond_init(&out->done);
    reserve(&out->buffers[0], capacity);
    reserve(&out->buffers[1], capacity);
    out->filling = &out->buffers[0];
    if (g_once_init_enter(&fork_handlers)) {
        pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
        g_once_init_leave(&fork_handlers, 1);
    }
    open_output = out;
    return g_steal_pointer(&out);
}

void log_output_close(LogOutput *out)
{
    GThread *writer;

    g_mutex_lock(&out->lock);
    if (out->closed) {
        g_mutex_unlock(&out->lock);
        return;
    }
    out->closed = true;
    out->stopping = true;
    writer = g_steal_pointer(&out->writer);
    g_cond_signal(&out->work);
    g_cond_broadcast(&out->done);
    g_mutex_unlock(&out->lock);
    if (writer) {
        g_thread_join(writer);
    }
    open_output = NULL;
    log_sink_close(&out->sink);
    if (out->lost) {
        g_printerr("syscalls_logger: %s: %" G_GUINT64_FORMAT
                   " records were lost\n",
                   out->sink.name, out->lost);
    }
}

void log_output_free(LogOutput *out)
{
    g_assert(out->closed);
    log_sink_deinit(&out->sink);
    g_free(out->buffers[0].data);
    g_free(out->buffers[1].data);
    g_cond_clear(&out->work);
    g_cond_clear(&out->done);
    g_mutex_clear(&out->lock);
    g_free(out);
}
