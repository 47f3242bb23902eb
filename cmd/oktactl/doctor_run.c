/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checks of the host read: small files, and what programs print. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "doctor.h"

#define BLOCK_BYTES 8192

/* OUT is full: what does not fit is left out, which is no failure here. */
static bool
append(struct okta_buf *out, const char *p, size_t n)
{
	if (n > out->max - out->len)
		n = out->max - out->len;
	return n == 0 || okta_buf_append(out, p, n) == OKTA_OK;
}

bool
doctor_read(const char *path, bool tail, struct okta_buf *out)
{
	char block[BLOCK_BYTES];
	struct stat st;
	bool ok = false;
	ssize_t n = -1;
	int fd, saved;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0)
		goto out;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		goto out;
	}
	if (tail && st.st_size > (off_t)out->max &&
	    lseek(fd, st.st_size - (off_t)out->max, SEEK_SET) < 0)
		goto out;
	while (out->len < out->max) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (!append(out, block, (size_t)n))
			goto out;
	}
	ok = n >= 0 || out->len == out->max;
out:
	saved = errno;
	(void)close(fd);
	errno = saved;
	return ok;
}

static void __attribute__((noreturn)) become(char *const argv[], int fd)
{
	char *const env[] = { NULL };
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 ||
	    close_range(3, ~0U, 0) < 0 || chdir("/") < 0)
		_exit(127);
	(void)execve(argv[0], argv, env);
	_exit(127);
}

/* True: the program closed its output in time. */
static bool
drain(int fd, int64_t until_ms, struct okta_buf *out)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char block[BLOCK_BYTES];
	int64_t left;
	ssize_t n;

	for (;;) {
		left = until_ms - okta_clock_mono_ms(&okta_clock_system);
		if (left <= 0)
			return false;
		if (poll(&pfd, 1, (int)left) <= 0)
			continue;
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		if (!append(out, block, (size_t)n))
			return false;
	}
}

int
doctor_run(char *const argv[], struct okta_buf *out)
{
	const int64_t until_ms = okta_clock_mono_ms(&okta_clock_system) + DOCTOR_STEP_MS;
	int fds[2], status = 0;
	bool in_time;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		become(argv, fds[1]);
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return -1;
	}
	in_time = drain(fds[0], until_ms, out);
	(void)close(fds[0]);
	if (!in_time)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return in_time && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
