#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result_of(long value) { return value < 0 ? -errno : (int)value; }

int cprocess_pidfd_open(pid_t pid) { return result_of(syscall(SYS_pidfd_open, pid, 0)); }

int cprocess_pidfd_getfd(int pidfd, int number) { return result_of(syscall(SYS_pidfd_getfd, pidfd, number, 0)); }

int cprocess_pidfd_signal(int pidfd, int signal) { return result_of(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0)); }

int cprocess_pidfd_exit_status(int pidfd, int *status) {
    // PIDFD_GET_INFO of Linux 6.13 with PIDFD_INFO_EXIT of 6.15; newer than Debian 12's headers.
    struct information {
        uint64_t mask;
        uint64_t unused[6];
        uint32_t padding;
        int32_t exit_code;
    } information;
    _Static_assert(sizeof information == 64, "struct pidfd_info, first version");
    static const uint64_t exit_bit = 1U << 3;
    memset(&information, 0, sizeof information);
    information.mask = exit_bit;
    if (ioctl(pidfd, _IOWR(0xFF, 11, struct information), &information) < 0) return -ENODATA;
    if ((information.mask & exit_bit) == 0) return -ENODATA;
    *status = information.exit_code;
    return 0;
}

int cprocess_become_subreaper(void) { return result_of(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)); }

int cprocess_sealed_memory(const char *name, const void *bytes, size_t count) {
    const int memory = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0) return -errno;
    size_t done = 0;
    while (done < count) {
        const ssize_t written = write(memory, (const char *)bytes + done, count - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) goto failed;
        done += (size_t)written;
    }
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) goto failed;
    if (lseek(memory, 0, SEEK_SET) < 0) goto failed;
    return memory;
failed:;
    const int code = errno == 0 ? EIO : errno;
    (void)close(memory);
    return -code;
}

int cprocess_widen_pipe(int pipe, int bytes) { return result_of(fcntl(pipe, F_SETPIPE_SZ, bytes)); }

int cprocess_pipe_count(int pipe) {
    int count = 0;
    return ioctl(pipe, FIONREAD, &count) < 0 ? -errno : count;
}

ssize_t cprocess_pipe_move(int pipe, int file, off_t place, size_t most) {
    ssize_t moved;
    do {
        moved = splice(pipe, NULL, file, &place, most, SPLICE_F_NONBLOCK);
    } while (moved < 0 && errno == EINTR);
    return moved < 0 ? -errno : moved;
}

ssize_t cprocess_receive(int socket, void *buffer, size_t capacity, pid_t *pid, uid_t *uid) {
    struct iovec part = {.iov_base = buffer, .iov_len = capacity};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(16 * sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    const ssize_t length = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (length < 0) return -errno;
    *pid = 0;
    *uid = (uid_t)-1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header != NULL; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_CREDENTIALS) {
            struct ucred sender;
            memcpy(&sender, CMSG_DATA(header), sizeof sender);
            *pid = sender.pid;
            *uid = sender.uid;
        } else if (header->cmsg_type == SCM_RIGHTS) {
            // Descriptors are not asked for here: kept open they would be a leak that the sender decides.
            const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (size_t i = 0; i < count; i++) {
                int descriptor;
                memcpy(&descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof descriptor);
                (void)close(descriptor);
            }
        }
    }
    return length;
}

int cprocess_peer(int socket, pid_t *pid, uid_t *uid) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) return -errno;
    *pid = peer.pid;
    *uid = peer.uid;
    return 0;
}

int cprocess_usable_cpus(int *numbers, int capacity) {
    // The kernel refuses a set that is smaller than its own.
    for (size_t most = 1024; most <= 1 << 16; most *= 2) {
        cpu_set_t *set = CPU_ALLOC(most);
        if (set == NULL) return -ENOMEM;
        const size_t size = CPU_ALLOC_SIZE(most);
        const int result = sched_getaffinity(0, size, set) < 0 ? -errno : 0;
        int count = 0;
        for (size_t i = 0; result == 0 && i < most; i++) {
            if (!CPU_ISSET_S(i, size, set)) continue;
            if (count < capacity) numbers[count] = (int)i;
            count++;
        }
        CPU_FREE(set);
        if (result != -EINVAL) return result < 0 ? result : count;
    }
    return -EINVAL;
}
