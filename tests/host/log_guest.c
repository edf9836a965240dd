/*
 * log_guest.c: the program whose system calls user-mode QEMU logs in the
 * tests of syscalls_logger (log-run).  It makes chosen calls from one place
 * and says of each, in a line of JSON, what the log must say of it; what
 * else its C library calls comes from other places.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define N_ARGS 6
#define N_THREADS 3
#define N_FORKS 5
#define STATUS 7

/* The kernel's result, errors negative; the call instruction is call6_at. */
long call6(long nr, long a0, long a1, long a2, long a3, long a4, long a5);
extern const char call6_at[];

#if defined(__x86_64__)
__asm__(".text\n"
        ".globl call6, call6_at\n"
        ".type call6, @function\n"
        "call6:\n"
        "    mov %rdi, %rax\n"
        "    mov %rsi, %rdi\n"
        "    mov %rdx, %rsi\n"
        "    mov %rcx, %rdx\n"
        "    mov %r8, %r10\n"
        "    mov %r9, %r8\n"
        "    mov 8(%rsp), %r9\n"
        "call6_at:\n"
        "    syscall\n"
        "    ret\n");
#elif defined(__aarch64__)
__asm__(".text\n"
        ".globl call6, call6_at\n"
        ".type call6, %function\n"
        "call6:\n"
        "    mov x8, x0\n"
        "    mov x0, x1\n"
        "    mov x1, x2\n"
        "    mov x2, x3\n"
        "    mov x3, x4\n"
        "    mov x4, x5\n"
        "    mov x5, x6\n"
        "call6_at:\n"
        "    svc #0\n"
        "    ret\n");
#else
#error "call6 is not written for this architecture"
#endif

typedef struct Call {
    long nr;
    unsigned int n_args;
    long args[N_ARGS];
} Call;

/* What the log must call this thread. */
static __thread char own_name[16];
static int out_fd = STDOUT_FILENO;

static void put_hex(char *to, const char *from)
{
    for (; *from; from++, to += 2) {
        sprintf(to, "%02x", (unsigned char)*from);
    }
    *to = 0;
}

/* In one write, so that processes and threads do not mix their lines. */
static void expect(const Call *call, const char *ret, const char *more)
{
    char line[512], name[2 * sizeof(own_name)];
    int n;

    put_hex(name, own_name);
    n = snprintf(line, sizeof(line),
                 "{\"pc\":\"0x%lx\",\"nr\":%ld,\"args\":[", (long)call6_at,
                 call->nr);
    for (unsigned int i = 0; i < call->n_args; i++) {
        n += snprintf(line + n, sizeof(line) - (size_t)n, "%s\"0x%lx\"",
                      i ? "," : "", call->args[i]);
    }
    n += snprintf(line + n, sizeof(line) - (size_t)n,
                  "],\"ret\":%s,\"pid\":%ld,\"tid\":%ld,\"ppid\":%ld,"
                  "\"name_hex\":\"%s\"%s}\n",
                  ret, syscall(SYS_getpid), syscall(SYS_gettid),
                  syscall(SYS_getppid), name, more);
    if (write(out_fd, line, (size_t)n) != n) {
        _exit(99);
    }
}

static long make(const Call *c)
{
    return call6(c->nr, c->args[0], c->args[1], c->args[2], c->args[3],
                 c->args[4], c->args[5]);
}

static long make_and_say(Call call)
{
    long ret = make(&call);
    char text[24];

    snprintf(text, sizeof(text), "%ld", ret);
    expect(&call, text, "");
    return ret;
}

#define CALL(number, count, ...)                                              \
    ((Call) { .nr = (number), .n_args = (count), .args = { __VA_ARGS__ } })

/* The name is changed after the line has been made with the old one. */
static void rename_to(const char *name)
{
    make_and_say(CALL(SYS_prctl, 5, PR_SET_NAME, (long)name));
    snprintf(own_name, sizeof(own_name), "%s", name);
}

static void end(int status)
{
    Call call = CALL(SYS_exit_group, 1, status);

    expect(&call, "null", "");
    make(&call);
}

/* Strings, errors, an unknown number, a name that needs escapes. */
static void run_calls(void)
{
    static const char odd_name[] = "a,\"b'\\\n\xff\xc3\xa9";
    static const char forty[] = "0123456789012345678901234567890123456789";
    long fd;

    make_and_say(CALL(SYS_openat, 4, AT_FDCWD, (long)"/nonexistent/\"q\"\n\001",
                      O_CLOEXEC));
    fd = make_and_say(CALL(SYS_openat, 4, AT_FDCWD, (long)"/dev/null",
                           O_WRONLY));
    make_and_say(CALL(SYS_write, 3, fd, (long)forty, 2));
    make_and_say(CALL(SYS_close, 1, fd));
    make_and_say(CALL(SYS_close, 1, -1));
    make_and_say(CALL(SYS_mkdirat, 3, AT_FDCWD, 0x10, 0755));
    make_and_say(CALL(9999, 6, 1, 2, 3, 4, 5, 6));
    make_and_say(CALL(SYS_mmap, 6, 0, 8192, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1));
    make_and_say(CALL(SYS_memfd_create, 2, (long)forty, 1));
    make_and_say(CALL(SYS_umask, 1, 022));
    rename_to(odd_name);
    make_and_say(CALL(SYS_getsid, 1, 0));
    end(STATUS);
}

static int blocked[2];

static void *wait_in_read(void *name)
{
    static char bytes[N_THREADS];

    snprintf(own_name, sizeof(own_name), "%s", (const char *)name);
    make_and_say(CALL(SYS_read, 3, blocked[0], (long)bytes, 1));
    return NULL;
}

static void fork_once(void)
{
    Call call = CALL(SYS_clone, 5, SIGCHLD);
    int status;
    char text[24];
    long pid = make(&call);

    if (pid == 0) {
        expect(&call, "0", ",\"child\":true");
        for (int i = 0; i < 3; i++) {
            make_and_say(CALL(SYS_getsid, 1, 0));
        }
        end(STATUS);
    }
    snprintf(text, sizeof(text), "%ld", pid);
    expect(&call, text, "");
    make_and_say(CALL(SYS_getsid, 1, 0));
    if (waitpid((pid_t)pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != STATUS) {
        _exit(98);
    }
}

static atomic_bool stop;

static void *call_on_and_on(void *name)
{
    snprintf(own_name, sizeof(own_name), "%s", (const char *)name);
    while (!stop) {
        make_and_say(CALL(SYS_getsid, 1, 0));
    }
    return NULL;
}

/* Forks while other threads are in a call, or make calls all the time. */
static void run_forks(bool busy)
{
    pthread_t threads[N_THREADS];

    if (pipe(blocked) != 0) {
        _exit(97);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_create(&threads[i], NULL,
                       busy ? call_on_and_on : wait_in_read, own_name);
    }
    usleep(200 * 1000); /* they are in read by then; if not, no harm */
    for (int i = 0; i < N_FORKS; i++) {
        make_and_say(CALL(SYS_getsid, 1, 0));
        fork_once();
    }
    stop = true;
    if (write(blocked[1], "123", N_THREADS) != N_THREADS) {
        _exit(96);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    end(STATUS);
}

static void run_exec(const char *program)
{
    char *argv[] = { (char *)program, NULL };
    char *none[] = { NULL };
    Call call = CALL(SYS_execve, 3, (long)"/nonexistent", (long)argv,
                     (long)none);

    make_and_say(CALL(SYS_getsid, 1, 0));
    make_and_say(call);
    make_and_say(CALL(SYS_getsid, 1, 0));
    call.args[0] = (long)program;
    expect(&call, "null", ",\"enter_only\":true");
    make(&call);
}

/* Many calls, for logs that fail; then perhaps a write to a closed pipe. */
static void run_many(int count, bool write_at_end)
{
    for (int i = 0; i < count; i++) {
        call6(SYS_getsid, 0, 0, 0, 0, 0, 0);
    }
    if (write_at_end) {
        expect(&CALL(0, 0), "0", "");
    }
    _exit(STATUS);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    const char *slash = strrchr(argv[0], '/');

    snprintf(own_name, sizeof(own_name), "%.15s", slash ? slash + 1 : argv[0]);
    if (strcmp(what, "calls") == 0) {
        run_calls();
    } else if (strcmp(what, "forks") == 0) {
        run_forks(false);
    } else if (strcmp(what, "busy") == 0) {
        run_forks(true);
    } else if (strcmp(what, "exec") == 0 && argc > 2) {
        run_exec(argv[2]);
    } else if (strcmp(what, "many") == 0 && argc > 2) {
        run_many(atoi(argv[2]), argc > 3);
    }
    fprintf(stderr, "log_guest: say calls, forks, busy, exec PROGRAM or "
                    "many N [x]\n");
    return 95;
}
