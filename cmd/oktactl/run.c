/* SPDX-License-Identifier: BSD-2-Clause */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define BLOCK_BYTES 8192

struct program {
	char *const *argv;
	int out; /* -1: ours */
};

/* pam-auth-update is perl and debconf: it needs a path, and nobody to talk to. */
static char path_is[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
	    frontend_is[] = "DEBIAN_FRONTEND=noninteractive", locale_is[] = "LC_ALL=C";

static void __attribute__((noreturn)) become(const struct program *p, pid_t parent)
{
	char *const env[] = { path_is, frontend_is, locale_is, NULL };
	int null = open("/dev/null", O_RDWR);

	if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) < 0 ||
	    getppid() != parent || null < 0 || dup2(null, 0) < 0)
		_exit(127);
	if (p->out >= 0 && (dup2(p->out, 1) < 0 || dup2(p->out, 2) < 0))
		_exit(127);
	if (close_range(3, ~0U, 0) < 0 || chdir("/") < 0)
		_exit(127);
	(void)umask(022); /* what a distribution's tool writes, everybody may read */
	(void)execve(p->argv[0], p->argv, env);
	_exit(127);
}

/* What fits of it; the rest is read and forgotten, or the program would hang. */
static bool
take(int fd, struct okta_buf *out)
{
	char block[BLOCK_BYTES];
	ssize_t n = read(fd, block, sizeof(block));
	size_t room = out->max - out->len;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	return okta_buf_append(out, block, (size_t)n < room ? (size_t)n : room) ==
	       OKTA_OK;
}

/* True: it has ended in time. */
static bool
watch(int pidfd, int fd, struct okta_buf *out, int64_t until_ms)
{
	struct pollfd pfd[2] = { { .fd = pidfd, .events = POLLIN },
		{ .fd = fd, .events = POLLIN } };
	int64_t left;

	for (;;) {
		left = until_ms - okta_clock_mono_ms(&okta_clock_system);
		if (left <= 0)
			return false;
		if (poll(pfd, 2, (int)left) <= 0)
			continue;
		if (pfd[1].revents != 0 && !take(fd, out))
			pfd[1].fd = -1;
		else if (pfd[1].revents == 0 && pfd[0].revents != 0)
			return true;
	}
}

static int
run(const struct program *p, int from, struct okta_buf *out, int limit_s)
{
	const int64_t until_ms = okta_clock_mono_ms(&okta_clock_system) +
				 (int64_t)limit_s * 1000;
	pid_t pid, parent = getpid();
	bool in_time = false;
	int status = 0, pidfd;

	pid = fork();
	if (pid == 0)
		become(p, parent);
	if (p->out >= 0)
		(void)close(p->out);
	if (pid < 0)
		return -1;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0U); /* glibc has it from 2.36 on */
	if (pidfd >= 0) {
		in_time = watch(pidfd, from, out, until_ms);
		(void)close(pidfd);
	}
	if (!in_time)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return in_time && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int
ctl_run(char *const argv[], struct okta_buf *out, int limit_s)
{
	struct program p = { argv, -1 };
	int fds[2] = { -1, -1 }, status;

	/* what we said comes first; a doctor's check has another's words in its buffer,
	 * but never leaves a program to the terminal */
	if (out == NULL)
		(void)fflush(NULL);
	else if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	p.out = fds[1];
	status = run(&p, fds[0], out, limit_s);
	if (fds[0] >= 0)
		(void)close(fds[0]);
	return status;
}
