/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The C library's calls that can fail, in front of the C library's own: the nth of one
 * kind fails as the plan says.  Linked into a test program with -rdynamic, or as
 * libfault.so with LD_PRELOAD.  What a sandboxed process may call decides what can be
 * done here: arithmetic.
 */
#include "plan.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXPORT	__attribute__((visibility("default")))
#define CALLER	((uintptr_t)__builtin_return_address(0))
#define NOT_NOW -1

struct fault_plan *fault_plan;
uintptr_t fault_base[4], fault_low[4], fault_high[4];

/* The main program, and what LD_PRELOAD put before everybody is not it. */
static int
main_program(struct dl_phdr_info *info, size_t size, void *ctx)
{
	size_t i;

	(void)size;
	(void)ctx;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			fault_base[0] = info->dlpi_addr;
			fault_low[0] = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			fault_high[0] = fault_low[0] + info->dlpi_phdr[i].p_memsz;
		}
	return 1;
}

static bool has_file; /* the plan is a file's */

/* Not inlined: an array that a sanitizer watches has no place where malloc() comes in
 * before the sanitizer is there. */
__attribute__((noinline)) static void
note_stack(struct fault_plan *p)
{
	void *at[FAULT_DEPTH + 4];
	int i, n, to = 0;

	n = backtrace(at, FAULT_DEPTH + 4);
	for (i = 0; i < n && to < FAULT_DEPTH; i++)
		if ((uintptr_t)at[i] >= fault_low[0] && (uintptr_t)at[i] < fault_high[0])
			p->stack[to++] = (uint32_t)((uintptr_t)at[i] - fault_base[0]);
}

__attribute__((constructor)) static void
take_plan(void)
{
	const char *path = getenv("FAULT_PLAN");
	void *at;
	int fd;

	if (path == NULL)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	at = mmap(NULL, sizeof(*fault_plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (at == MAP_FAILED)
		abort();
	(void)dl_iterate_phdr(main_program, NULL);
	/* it loads a library the first time, which a sandbox will not let it */
	(void)backtrace(&(void *){ NULL }, 1);
	has_file = true;
	fault_plan = at;
}

static int64_t mine = 1; /* our number among the processes of the plan */

/* NOT_NOW, 0: go short, or the error to fail with. */
static int
hit(enum fault_call call, uintptr_t caller)
{
	struct fault_plan *p = fault_plan;
	int64_t n;
	size_t i;

	if (p == NULL || p->armed == 0)
		return NOT_NOW;
	for (i = 0; i < 4 && (caller < fault_low[i] || caller >= fault_high[i]); i++)
		;
	if (i == 4 && p->all == 0)
		return NOT_NOW;
	n = ++p->count[call];
	if (n <= FAULT_SITES) {
		p->at[call][n - 1] = i == 4 ? 0 : (uint32_t)(caller - fault_base[i]);
		p->by[call][n - 1] = (uint8_t)mine;
	}
	if (p->call != (int64_t)call || (p->process != 0 && p->process != mine))
		return NOT_NOW;
	if (p->process != 0)
		n = ++p->met;
	if (n != p->nth && !(p->every != 0 && n > p->nth))
		return NOT_NOW;
	p->fired = (int64_t)getpid();
	p->site = (int64_t)(i == 4 ? 0 : caller - fault_base[i]);
	if (has_file && p->every == 0)
		note_stack(p);
	return (int)p->error;
}

#define FIND(name)                                                                       \
	static __typeof__(&name) real;                                                   \
	if (real == NULL)                                                                \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

#define BODY(name, arguments, bad)                                                       \
	int e = hit(FAULT_##name, CALLER);                                               \
	FIND(name);                                                                      \
	if (e > 0) {                                                                     \
		errno = e;                                                               \
		return bad;                                                              \
	}                                                                                \
	return real arguments;

#define SIMPLE(type, name, parameters, arguments, bad)                                   \
	EXPORT type name parameters                                                      \
	{                                                                                \
		BODY(name, arguments, bad)                                               \
	}

/* LENGTH is the parameter that SHORT halves. */
#define COUNTED(type, name, parameters, arguments, length)                               \
	EXPORT type name parameters                                                      \
	{                                                                                \
		int e = hit(FAULT_##name, CALLER);                                       \
		FIND(name);                                                              \
		if (e > 0) {                                                             \
			errno = e;                                                       \
			return -1;                                                       \
		}                                                                        \
		if (e == 0 && length > 1)                                                \
			length /= 2;                                                     \
		return real arguments;                                                   \
	}

/* --- memory: what dlsym() itself may want, so without it --- */

#ifdef __SANITIZE_ADDRESS__
#define MEMORY(name) __interceptor_##name
#else
#define MEMORY(name) __libc_##name
#endif
extern void *MEMORY(malloc)(size_t n);
extern void *MEMORY(calloc)(size_t n, size_t size);
extern void *MEMORY(realloc)(void *p, size_t n);

static int
no_memory(enum fault_call call, uintptr_t caller)
{
	if (hit(call, caller) <= 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

EXPORT void *
malloc(size_t n)
{
	return no_memory(FAULT_malloc, CALLER) ? NULL : MEMORY(malloc)(n);
}

EXPORT void *
calloc(size_t n, size_t size)
{
	return no_memory(FAULT_calloc, CALLER) ? NULL : MEMORY(calloc)(n, size);
}

EXPORT void *
realloc(void *p, size_t n)
{
	return no_memory(FAULT_realloc, CALLER) ? NULL : MEMORY(realloc)(p, n);
}

EXPORT void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (no_memory(FAULT_reallocarray, CALLER))
		return NULL;
	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return MEMORY(realloc)(p, bytes);
}

#undef strdup
EXPORT char *
strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy;

	if (no_memory(FAULT_strdup, CALLER))
		return NULL;
	copy = MEMORY(malloc)(n);
	return copy == NULL ? NULL : memcpy(copy, s, n);
}

/* --- files --- */

EXPORT int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | __O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	BODY(open, (path, flags, mode), -1)
}

EXPORT int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | __O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	BODY(openat, (dir, path, flags, mode), -1)
}

EXPORT int
fcntl(int fd, int cmd, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	BODY(fcntl, (fd, cmd, arg), -1)
}

COUNTED(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), n)
COUNTED(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), n)
COUNTED(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), n)
COUNTED(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), n)
SIMPLE(ssize_t, writev, (int fd, const struct iovec *parts, int n), (fd, parts, n), -1)
SIMPLE(off_t, lseek, (int fd, off_t at, int from), (fd, at, from), -1)
SIMPLE(int, fsync, (int fd), (fd), -1)
SIMPLE(int, ftruncate, (int fd, off_t n), (fd, n), -1)
SIMPLE(int, fstat, (int fd, struct stat *st), (fd, st), -1)
SIMPLE(int, lstat, (const char *path, struct stat *st), (path, st), -1)
SIMPLE(int, stat, (const char *path, struct stat *st), (path, st), -1)
SIMPLE(int, fstatat, (int dir, const char *path, struct stat *st, int flags),
    (dir, path, st, flags), -1)
SIMPLE(int, access, (const char *path, int mode), (path, mode), -1)
SIMPLE(int, rename, (const char *from, const char *to), (from, to), -1)
SIMPLE(int, renameat, (int from_dir, const char *from, int to_dir, const char *to),
    (from_dir, from, to_dir, to), -1)
SIMPLE(int, linkat,
    (int from_dir, const char *from, int to_dir, const char *to, int flags),
    (from_dir, from, to_dir, to, flags), -1)
SIMPLE(int, unlink, (const char *path), (path), -1)
SIMPLE(int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), -1)
SIMPLE(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
SIMPLE(int, chmod, (const char *path, mode_t mode), (path, mode), -1)
SIMPLE(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
SIMPLE(int, utimensat,
    (int dir, const char *path, const struct timespec times[2], int flags),
    (dir, path, times, flags), -1)
SIMPLE(int, flock, (int fd, int how), (fd, how), -1)
SIMPLE(int, dup2, (int from, int to), (from, to), -1)
SIMPLE(int, dup3, (int from, int to, int flags), (from, to, flags), -1)
SIMPLE(int, close_range, (unsigned first, unsigned last, int flags), (first, last, flags),
    -1)
SIMPLE(DIR *, opendir, (const char *path), (path), NULL)
SIMPLE(DIR *, fdopendir, (int fd), (fd), NULL)
SIMPLE(struct dirent *, readdir, (DIR * dir), (dir), NULL)
SIMPLE(int, scandir,
    (const char *dir, struct dirent ***list, int (*filter)(const struct dirent *),
	int (*order)(const struct dirent **, const struct dirent **)),
    (dir, list, filter, order), -1)
SIMPLE(
    size_t, fwrite, (const void *p, size_t size, size_t n, FILE *f), (p, size, n, f), 0)
SIMPLE(int, fflush, (FILE * f), (f), EOF)
SIMPLE(int, puts, (const char *s), (s), EOF)

/* As Linux does it: the number is free, whatever was lost. */
EXPORT int
close(int fd)
{
	int e = hit(FAULT_close, CALLER), r;
	FIND(close);

	r = real(fd);
	if (e <= 0)
		return r;
	errno = e;
	return -1;
}

/* --- memory maps --- */

SIMPLE(void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t offset),
    (at, n, prot, flags, fd, offset), MAP_FAILED)
SIMPLE(int, munmap, (void *at, size_t n), (at, n), -1)
SIMPLE(int, madvise, (void *at, size_t n, int advice), (at, n, advice), -1)

/* --- processes --- */

EXPORT pid_t
fork(void)
{
	int e = hit(FAULT_fork, CALLER);
	/* before there are two: who runs first must not matter */
	int64_t number = fault_plan == NULL ? 1 : ++fault_plan->born + 1;
	pid_t pid;
	FIND(fork);

	if (e > 0) {
		errno = e;
		return -1;
	}
	pid = real();
	if (pid == 0)
		mine = number;
	return pid;
}

SIMPLE(int, execve, (const char *path, char *const argv[], char *const envp[]),
    (path, argv, envp), -1)
SIMPLE(pid_t, waitpid, (pid_t pid, int *status, int flags), (pid, status, flags), -1)
SIMPLE(int, kill, (pid_t pid, int sig), (pid, sig), -1)
SIMPLE(int, setgroups, (size_t n, const gid_t *list), (n, list), -1)
SIMPLE(int, getgroups, (int n, gid_t list[]), (n, list), -1)
SIMPLE(int, setresuid, (uid_t r, uid_t f, uid_t s), (r, f, s), -1)
SIMPLE(int, setresgid, (gid_t r, gid_t f, gid_t s), (r, f, s), -1)
SIMPLE(int, setrlimit, (__rlimit_resource_t what, const struct rlimit *limit),
    (what, limit), -1)
SIMPLE(
    int, getrlimit, (__rlimit_resource_t what, struct rlimit *limit), (what, limit), -1)
SIMPLE(int, chdir, (const char *path), (path), -1)
SIMPLE(int, sigaction, (int sig, const struct sigaction *new, struct sigaction *old),
    (sig, new, old), -1)
SIMPLE(
    int, sigprocmask, (int how, const sigset_t *set, sigset_t *old), (how, set, old), -1)
SIMPLE(int, signalfd, (int fd, const sigset_t *set, int flags), (fd, set, flags), -1)

EXPORT int
prctl(int option, ...)
{
	unsigned long a[4];
	va_list ap;
	int i;

	va_start(ap, option);
	for (i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	BODY(prctl, (option, a[0], a[1], a[2], a[3]), -1)
}

EXPORT long
syscall(long number, ...)
{
	long a[6];
	va_list ap;
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	BODY(syscall, (number, a[0], a[1], a[2], a[3], a[4], a[5]), -1)
}

/* --- sockets, time, and the rest --- */

SIMPLE(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
SIMPLE(int, socketpair, (int domain, int type, int protocol, int fds[2]),
    (domain, type, protocol, fds), -1)
SIMPLE(int, getsockopt, (int fd, int level, int what, void *value, socklen_t *n),
    (fd, level, what, value, n), -1)
SIMPLE(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags), -1)
SIMPLE(ssize_t, sendto,
    (int fd, const void *p, size_t n, int flags, const struct sockaddr *to,
	socklen_t len),
    (fd, p, n, flags, to, len), -1)
SIMPLE(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags), -1)
SIMPLE(int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms), -1)
SIMPLE(int, clock_gettime, (clockid_t id, struct timespec *ts), (id, ts), -1)
SIMPLE(int, nanosleep, (const struct timespec *t, struct timespec *left), (t, left), -1)
COUNTED(ssize_t, getrandom, (void *p, size_t n, unsigned flags), (p, n, flags), n)
SIMPLE(int, gethostname, (char *name, size_t n), (name, n), -1)
SIMPLE(int, inotify_init1, (int flags), (flags), -1)
SIMPLE(int, inotify_add_watch, (int fd, const char *path, uint32_t mask),
    (fd, path, mask), -1)
SIMPLE(long, sysconf, (int name), (name), -1)
SIMPLE(int, sched_getcpu, (void), (), -1)
SIMPLE(struct tm *, gmtime_r, (const time_t *t, struct tm *tm), (t, tm), NULL)
