/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/sandbox_tries.h - what a process tries: 0 or more, or -1 with errno. */
#ifndef SANDBOX_TRIES_H
#define SANDBOX_TRIES_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char scratch[] = "/tmp/okta-sandbox-XXXXXX";
static char present[64], absent[64];

static inline int
setup(void **state)
{
	int fd;

	(void)state;
	if (mkdtemp(scratch) == NULL || chmod(scratch, 0777) < 0)
		return -1;
	(void)snprintf(present, sizeof(present), "%s/present", scratch);
	(void)snprintf(absent, sizeof(absent), "%s/absent", scratch);
	fd = open(present, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 ? 0 : -1;
}

static inline int
teardown(void **state)
{
	(void)state;
	(void)unlink(absent);
	return unlink(present) == 0 && rmdir(scratch) == 0 ? 0 : -1;
}

static inline long
try_execve(void)
{
	char *const none[] = { NULL };

	return execve("/bin/true", none, none);
}

static inline long
try_execveat(void)
{
	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0);
}

static inline long
try_fork(void)
{
	const pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static inline long
try_vfork(void)
{
	return syscall(SYS_vfork);
}

static inline long
try_new_user_namespace(void)
{
	return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}

static inline long
try_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static inline void *
nothing(void *arg)
{
	return arg;
}

static inline long
try_thread(void)
{
	pthread_t thread;

	errno = pthread_create(&thread, NULL, nothing, NULL);
	return errno == 0 ? pthread_join(thread, NULL) : -1;
}

static inline long
try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static inline long
try_process_vm_writev(void)
{
	return syscall(SYS_process_vm_writev, getppid(), NULL, 0UL, NULL, 0UL, 0UL);
}

static inline long
try_kill_parent(void)
{
	return kill(getppid(), 0);
}

static inline long
try_kill_own_child(void)
{
	return kill(getpid() + 1, SIGKILL) < 0 && errno != ESRCH ? -1 : 0;
}

static inline long
try_open_for_writing(void)
{
	return open(present, O_WRONLY | O_CLOEXEC);
}

static inline long
try_open_for_both(void)
{
	return open(present, O_RDWR | O_CLOEXEC);
}

static inline long
try_create(void)
{
	return open(absent, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
}

static inline long
try_truncate_by_open(void)
{
	return open(present, O_RDONLY | O_TRUNC | O_CLOEXEC);
}

static inline long
try_tmpfile(void)
{
	return open(scratch, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static inline long
try_append(void)
{
	return open(present, O_RDONLY | O_APPEND | O_CLOEXEC);
}

static inline long
try_read_file(void)
{
	const int fd = open(present, O_RDONLY | O_CLOEXEC);
	char c;

	return fd < 0 ? -1 : read(fd, &c, 1) == 1 ? 0 : -1;
}

static inline long
try_openat2(void)
{
	return syscall(SYS_openat2, AT_FDCWD, present, NULL, 0UL);
}

static inline long
try_creat(void)
{
	return syscall(SYS_creat, absent, 0600);
}

static inline long
try_mkdir(void)
{
	return mkdir(absent, 0700);
}

static inline long
try_unlink(void)
{
	return unlink(present);
}

static inline long
try_rename(void)
{
	return rename(present, absent);
}

static inline long
try_link(void)
{
	return link(present, absent);
}

static inline long
try_symlink(void)
{
	return symlink(present, absent);
}

static inline long
try_chmod(void)
{
	return chmod(present, 0666);
}

static inline long
try_truncate(void)
{
	return truncate(present, 0);
}

static inline long
try_mknod(void)
{
	return mknod(absent, S_IFIFO | 0600, 0);
}

static inline long
try_memfd(void)
{
	return memfd_create("x", 0);
}

static inline long
try_mmap_wx(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		   ? -1
		   : 0;
}

static inline long
try_mmap_x(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) == MAP_FAILED
		   ? -1
		   : 0;
}

static inline long
try_mprotect_x(void)
{
	void *p = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? 0 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static inline long
try_inet(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static inline long
try_inet6(void)
{
	return socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static inline long
try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static inline long
try_routes(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static inline long
try_audit(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 9);
}

static inline long
try_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
}

static inline long
try_vsock(void)
{
	return socket(40, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static inline long
try_listen(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? 0 : listen(fd, 1);
}

static inline long
try_resolve(void)
{
	struct addrinfo *list = NULL;
	const int r = getaddrinfo("localhost", "443", NULL, &list);

	if (r == 0)
		freeaddrinfo(list);
	errno = EIO;
	return r == 0 ? 0 : -1;
}

static inline long
try_interface(void)
{
	return if_nametoindex("lo") > 0 ? 0 : -1;
}

static inline long
try_tiocsti(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static inline long
try_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}

static inline long
try_keyctl(void)
{
	return syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}

static inline long
try_io_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}

static inline long
try_mount(void)
{
	return syscall(SYS_mount, NULL, "/", NULL, 0UL, NULL);
}

static inline long
try_setuid(void)
{
	return setuid(0);
}

static inline long
try_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1L, 0L, 0L, 0L);
}

static inline long
try_more_files(void)
{
	const struct rlimit more = { 64, 64 };

	return setrlimit(RLIMIT_NOFILE, &more);
}

static inline long
try_owner(void)
{
	return fcntl(0, F_SETOWN, getppid());
}

static inline long
try_owner_ex(void)
{
	const struct f_owner_ex owner = { F_OWNER_PID, getppid() };

	return fcntl(0, F_SETOWN_EX, &owner);
}

static inline long
try_signal_of_a_descriptor(void)
{
	return fcntl(0, F_SETSIG, SIGKILL);
}

static inline long
try_descriptor(void)
{
	const int copy = fcntl(0, F_DUPFD, 3), other = fcntl(0, F_DUPFD_CLOEXEC, 3);

	return copy < 0 || other < 0 || fcntl(copy, F_SETFD, FD_CLOEXEC) < 0 ||
		       fcntl(copy, F_GETFD) != FD_CLOEXEC ||
		       fcntl(copy, F_SETFL, fcntl(copy, F_GETFL) | O_NONBLOCK) < 0
		   ? -1
		   : 0;
}

static inline long
try_perf(void)
{
	return syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0UL);
}

static inline long
try_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0UL);
}

/* The same number means another call to a 32-bit program, and so would any filter. */
static inline long
try_old_entry(void)
{
#ifdef __x86_64__
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory");
	return r < 0 ? -1 : 0;
#else
	raise(SIGSYS);
	return 0;
#endif
}

#ifdef __x86_64__
static inline long
try_x32(void)
{
	return syscall(0x40000000 | SYS_getpid);
}
#endif

#endif /* SANDBOX_TRIES_H */
