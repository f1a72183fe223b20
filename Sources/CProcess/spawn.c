#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct failure {
    int stage;
    int code;
};

/// The child's side. It may share the memory of its parent, and other threads of that may hold any lock: only async-signal-safe calls are
/// allowed here, and nothing is changed but what belongs to this start.
struct start {
    const struct cprocess_spec *spec;
    char **environment;
    char *listen_pid;             ///< where the digits of LISTEN_PID go; NULL without descriptors
    pid_t parent;
    int report;                   ///< write end of the error pipe
    int *moved;                   ///< room for 4 + descriptor_count numbers
    cpu_set_t *cpus;              ///< NULL leaves the caller's
    size_t cpus_size;
    char *stack;                  ///< of the child while it shares its parent's memory
    int joins;                    ///< the child goes to its cgroup itself
};

/// Many times what the calls of the child need: nothing here recurses, so that no guard page stands below it.
static const size_t stack_size = 64 << 10;

static void write_decimal(char *to, unsigned value) {
    char digits[12];
    int count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0) *to++ = digits[--count];
    *to = '\0';
}

/// Moves every descriptor above the places that are to be filled, then fills them: no order of numbers can then overwrite one
/// that is still needed. The report pipe ends directly above them.
static int arrange_descriptors(struct start *start) {
    const struct cprocess_spec *spec = start->spec;
    const int last = 3 + spec->descriptor_count;
    int *moved = start->moved;
    const int standard[3] = {spec->input, spec->output, spec->error};
    for (int i = 0; i < last; i++) {
        moved[i] = fcntl(i < 3 ? standard[i] : spec->descriptors[i - 3], F_DUPFD_CLOEXEC, last + 1);
        if (moved[i] < 0) return -errno;
    }
    const int report = fcntl(start->report, F_DUPFD_CLOEXEC, last + 1);
    if (report < 0) return -errno;
    start->report = report;
    for (int i = 0; i < last; i++)
        if (dup2(moved[i], i) < 0) return -errno;
    if (dup3(report, last, O_CLOEXEC) < 0) return -errno;
    start->report = last;
    if (syscall(SYS_close_range, (unsigned)last + 1, ~0U, 0) < 0) return -errno;
    return 0;
}

static void reset_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) (void)sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void fail(const struct start *start, int stage, int code) {
    const struct failure failure = {stage, code};
    while (write(start->report, &failure, sizeof failure) < 0 && errno == EINTR) {}
    _exit(127);
}

/// Before the first instruction of the program, so that nothing of it is ever elsewhere.
static void join_cgroup(const struct start *start) {
    const int members = openat(start->spec->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    if (members < 0 || write(members, "0", 1) != 1) fail(start, CPROCESS_STAGE_CGROUP, errno);
    (void)close(members);
}

static _Noreturn void run_child(struct start *start) {
    // Blocked signals stay blocked until the handlers, which are the parent's, have gone.
    const struct cprocess_spec *spec = start->spec;
    if (start->joins) join_cgroup(start);
    if (setsid() < 0) fail(start, CPROCESS_STAGE_SESSION, errno);
    // The parent may have ended before it could be tied to it.
    if (spec->dies_with_parent && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != start->parent)) _exit(127);
    const int arranged = arrange_descriptors(start);
    if (arranged < 0) fail(start, CPROCESS_STAGE_DESCRIPTORS, -arranged);
    if (chdir(spec->directory) < 0) fail(start, CPROCESS_STAGE_DIRECTORY, errno);
    if (start->cpus != NULL && sched_setaffinity(0, start->cpus_size, start->cpus) < 0) fail(start, CPROCESS_STAGE_PROCESSORS, errno);
    if (start->listen_pid != NULL) write_decimal(start->listen_pid, (unsigned)getpid());
    reset_signals();
    execve(spec->program, spec->arguments, start->environment);
    fail(start, CPROCESS_STAGE_EXECUTE, errno);
}

/// The processors as the kernel takes them; NULL where all may be used.
static int prepare_processors(struct start *start) {
    const struct cprocess_spec *spec = start->spec;
    if (spec->cpu_count == 0) return 0;
    int most = 0;
    for (int i = 0; i < spec->cpu_count; i++) {
        if (spec->cpus[i] < 0) return -EINVAL;
        if (spec->cpus[i] > most) most = spec->cpus[i];
    }
    start->cpus = CPU_ALLOC((size_t)most + 1);
    if (start->cpus == NULL) return -ENOMEM;
    start->cpus_size = CPU_ALLOC_SIZE((size_t)most + 1);
    CPU_ZERO_S(start->cpus_size, start->cpus);
    for (int i = 0; i < spec->cpu_count; i++) CPU_SET_S((size_t)spec->cpus[i], start->cpus_size, start->cpus);
    return 0;
}

static int prepare(struct start *start, char **listen_pid_entry) {
    size_t count = 0;
    while (start->spec->environment[count] != NULL) count++;
    start->environment = calloc(count + 2, sizeof(char *));
    start->moved = calloc((size_t)start->spec->descriptor_count + 4, sizeof(int));
    start->stack = malloc(stack_size);
    if (start->environment == NULL || start->moved == NULL || start->stack == NULL) return -ENOMEM;
    memcpy(start->environment, start->spec->environment, count * sizeof(char *));
    if (start->spec->descriptor_count > 0) {
        static const char name[] = "LISTEN_PID=";
        *listen_pid_entry = calloc(1, sizeof name + 12);
        if (*listen_pid_entry == NULL) return -ENOMEM;
        memcpy(*listen_pid_entry, name, sizeof name);
        start->listen_pid = *listen_pid_entry + sizeof name - 1;
        start->environment[count] = *listen_pid_entry;
    }
    return prepare_processors(start);
}

static int child_entry(void *start) { run_child(start); }

#if defined(__x86_64__)
/// As `clone` below, and in the cgroup from the first instant on: to move a process later waits for all processors. The C library has no
/// wrapper for clone3(2), and a child that shares its parent's memory must not return on its parent's stack.
static pid_t clone_into_cgroup(struct start *start, int *pidfd) {
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_INTO_CGROUP;
    arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    arguments.exit_signal = SIGCHLD;
    arguments.stack = (uint64_t)(uintptr_t)start->stack;
    arguments.stack_size = stack_size;
    arguments.cgroup = (uint64_t)start->spec->cgroup;
    register int (*entry)(void *) __asm__("r12") = child_entry;
    register void *argument __asm__("r13") = start;
    long result;
    __asm__ volatile(
        "syscall\n\t"
        "testq %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xorl %%ebp, %%ebp\n\t"
        "movq %[argument], %%rdi\n\t"
        "callq *%[entry]\n\t"
        "ud2\n"
        "1:"
        : "=a"(result)
        : "0"((long)SYS_clone3), "D"(&arguments), "S"(sizeof arguments), [entry] "r"(entry), [argument] "r"(argument)
        : "rcx", "r11", "memory");
    if (result < 0) {
        errno = (int)-result;
        return -1;
    }
    return (pid_t)result;
}
#else
static pid_t clone_into_cgroup(struct start *start, int *pidfd) {
    (void)start;
    (void)pidfd;
    errno = ENOSYS;
    return -1;
}
#endif

/// Not `fork`: the pidfd is given in the same instant, and no handler of a library runs in the child. It shares the memory until its execve, as
/// after vfork: to copy the tables of it, and to drop the copy again, took most of the time of a start. Under systemd's RestrictNamespaces=
/// `clone3` fails, since a filter cannot see its flags: the child then goes to its cgroup itself.
static pid_t clone_child(struct start *start, int *pidfd) {
    if (start->spec->cgroup >= 0) {
        const pid_t pid = clone_into_cgroup(start, pidfd);
        if (pid >= 0 || (errno != ENOSYS && errno != EPERM)) return pid;
        start->joins = 1;
    }
    return clone(child_entry, start->stack + stack_size, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, start, pidfd, NULL, NULL);
}

static int start_and_wait(struct start *start, struct cprocess_child *child) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -errno;
    // Blocked until the child has its own state: a signal between the two must not run a handler of the parent's there.
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int pidfd = -1;
    start->parent = getpid();
    start->report = report[1];
    const pid_t pid = clone_child(start, &pidfd);
    const int code = errno;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)close(report[1]);
    if (pid < 0) {
        (void)close(report[0]);
        child->stage = CPROCESS_STAGE_CLONE;
        return -code;
    }
    struct failure failure;
    ssize_t length;
    do {
        length = read(report[0], &failure, sizeof failure);
    } while (length < 0 && errno == EINTR);
    (void)close(report[0]);
    if (length == sizeof failure) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        (void)close(pidfd);
        child->stage = failure.stage;
        return -failure.code;
    }
    child->pid = pid;
    child->pidfd = pidfd;
    return 0;
}

int cprocess_spawn(const struct cprocess_spec *spec, struct cprocess_child *child) {
    *child = (struct cprocess_child){.pid = -1, .pidfd = -1, .stage = CPROCESS_STAGE_NONE};
    struct start start = {.spec = spec, .environment = NULL, .listen_pid = NULL, .report = -1, .moved = NULL, .cpus = NULL, .cpus_size = 0, .stack = NULL, .joins = 0};
    char *listen_pid = NULL;
    int result = prepare(&start, &listen_pid);
    if (result == 0) result = start_and_wait(&start, child);
    free(listen_pid);
    free(start.environment);
    free(start.moved);
    free(start.stack);
    CPU_FREE(start.cpus);
    return result;
}
