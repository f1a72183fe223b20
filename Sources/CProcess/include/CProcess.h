/// The few Linux calls that a supervisor needs and Swift cannot make: starting a process with passed descriptors, pidfds,
/// sealed memory, credentials on datagrams. Mechanism only; every decision is the caller's.
///
/// All functions return 0 or a descriptor where they succeed and a negative errno where they do not.
#pragma once

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/xattr.h>

/// What a process is started with. Nothing of the caller's own environment, signal state or descriptors reaches it otherwise.
struct cprocess_spec {
    const char *program;          ///< absolute path
    char *const *arguments;       ///< NULL-terminated
    char *const *environment;     ///< NULL-terminated; `LISTEN_PID=` is added when there are descriptors
    const char *directory;        ///< working directory
    int input, output, error;     ///< become 0, 1, 2
    const int *descriptors;       ///< become 3, 4, ... in this order
    int descriptor_count;
    int cgroup;                   ///< a cgroup v2 directory to start in, or -1
    const int *cpus;              ///< the processors to run on; all of the caller's where there are none
    int cpu_count;
    int dies_with_parent;         ///< it is killed when the thread that started it ends, and never outlives it
};

/// What can fail between the start and the first instruction of the program.
enum cprocess_stage {
    CPROCESS_STAGE_NONE = 0,
    CPROCESS_STAGE_CLONE,
    CPROCESS_STAGE_CGROUP,
    CPROCESS_STAGE_SESSION,
    CPROCESS_STAGE_DESCRIPTORS,
    CPROCESS_STAGE_DIRECTORY,
    CPROCESS_STAGE_PROCESSORS,
    CPROCESS_STAGE_EXECUTE,
};

struct cprocess_child {
    pid_t pid;
    int pidfd;                    ///< close-on-exec
    int stage;                    ///< where a failure happened
};

/// Starts a process that leads its own session and process group. Returns after its execve has succeeded or failed;
/// a process whose start failed has been reaped.
int cprocess_spawn(const struct cprocess_spec *spec, struct cprocess_child *child);

/// A pidfd for a process that need not be a child.
int cprocess_pidfd_open(pid_t pid);
/// A duplicate of descriptor `number` of the process behind `pidfd` (same user, and allowed to trace it).
int cprocess_pidfd_getfd(int pidfd, int number);
/// Sends a signal to exactly the process behind `pidfd`.
int cprocess_pidfd_signal(int pidfd, int signal);
/// The wait status of a process that has ended and is not a child, where the kernel keeps it (6.15 and later): -ENODATA otherwise.
int cprocess_pidfd_exit_status(int pidfd, int *status);

/// The processors that this process may run on: writes at most `capacity` numbers, ascending. Returns how many there are.
int cprocess_usable_cpus(int *numbers, int capacity);

/// Becomes the parent of orphaned descendants, so that none escapes unseen.
int cprocess_become_subreaper(void);

/// A close-on-exec memfd with these bytes, sealed against any change, at offset 0.
int cprocess_sealed_memory(const char *name, const void *bytes, size_t count);

/// Asks for room for `bytes` in a pipe or FIFO; the user's limit may refuse it.
int cprocess_widen_pipe(int pipe, int bytes);

/// How many bytes are in a pipe or FIFO.
int cprocess_pipe_count(int pipe);
/// Moves what is in a pipe, at most `most` bytes, to a place of a file that is not open for appending, without a moment in which it is in
/// neither: what could not be written is still in the pipe, whatever ends this process. Waits for nothing. Returns how many bytes it moved,
/// 0 where nobody can write to the empty pipe any more, -EAGAIN where it is empty.
ssize_t cprocess_pipe_move(int pipe, int file, off_t place, size_t most);

/// One datagram with its sender's identity; the socket has SO_PASSCRED. Returns its length.
ssize_t cprocess_receive(int socket, void *buffer, size_t capacity, pid_t *pid, uid_t *uid);
/// The user at the other end of a connected Unix socket.
int cprocess_peer(int socket, pid_t *pid, uid_t *uid);
