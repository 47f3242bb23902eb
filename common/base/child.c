/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/frame.h"

/*
 * Everything below runs between fork() and execve() in a copy of a possibly threaded
 * host: only async-signal-safe calls, no allocation.
 */

static void __attribute__((noreturn)) child_fail(int fd, const char *step, int errnum)
{
	unsigned char frame[2 + 8 + 4 + 32];
	size_t i, len = strlen(step);

	if (len > 32)
		len = 32;
	memset(frame, 0, sizeof(frame));
	frame[0] = OKTA_FRAME_VERSION;
	frame[1] = OKTA_CHILD_FRAME_FAILED;
	for (i = 0; i < 4; i++)
		frame[2 + i] = (unsigned char)((unsigned)errnum >> (8 * i));
	frame[10] = (unsigned char)len;
	memcpy(frame + 14, step, len);
	(void)send(fd, frame, 14 + len, MSG_NOSIGNAL);
	_exit(127);
}

static void
child_signals(void)
{
	struct sigaction dfl;
	sigset_t none;
	int sig;

	memset(&dfl, 0, sizeof(dfl));
	dfl.sa_handler = SIG_DFL;
	for (sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &dfl, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
child_limits(void)
{
	/* whoever runs su may have set his own; a thread's stack is of RLIMIT_STACK and
	 * counts as data, and processes are counted with all of this user's */
	static const struct {
		__rlimit_resource_t which;
		rlim_t most;
	} limits[] = { { RLIMIT_CORE, 0 }, { RLIMIT_NOFILE, 64 },
		{ RLIMIT_STACK, 8U << 20 }, { RLIMIT_NPROC, 4096 },
		{ RLIMIT_AS, RLIM_INFINITY }, { RLIMIT_DATA, RLIM_INFINITY },
		{ RLIMIT_CPU, RLIM_INFINITY } };
	struct rlimit to;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		to.rlim_cur = to.rlim_max = limits[i].most;
		(void)setrlimit(limits[i].which, &to);
	}
}

/* Our socket to 0, /dev/null to 1 and 2, nothing else.  Returns the socket's new number.
 */
static void
child_descriptors(int fd)
{
	int null;

	/* away from 0..2 first: a host may have closed those */
	fd = fcntl(fd, F_DUPFD, 3);
	if (fd < 0)
		_exit(127);
	if (dup2(fd, 0) < 0)
		child_fail(fd, "dup2", errno);
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		child_fail(0, "open /dev/null", errno);
	if (dup2(null, 1) < 0 || dup2(null, 2) < 0)
		child_fail(0, "dup2 /dev/null", errno);
	if (close_range(3, ~0U, 0) < 0)
		child_fail(0, "close_range", errno);
}

static void
child_identity(uid_t uid, gid_t gid)
{
	if (geteuid() == 0) {
		if (setgroups(0, NULL) < 0)
			child_fail(0, "setgroups", errno);
		if (setresgid(gid, gid, gid) < 0)
			child_fail(0, "setresgid", errno);
		if (setresuid(uid, uid, uid) < 0)
			child_fail(0, "setresuid", errno);
	} else if (geteuid() != uid || getuid() != uid) {
		child_fail(0, "change user", EPERM);
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0)
		child_fail(0, "no_new_privs", errno);
}

static void __attribute__((noreturn))
child_run(const char *path, uid_t uid, gid_t gid, int fd, pid_t parent)
{
	const char *slash = strrchr(path, '/');
	char *argv[2], *envp[1] = { NULL };

	child_signals();
	child_descriptors(fd);
	child_limits();
	child_identity(uid, gid);
	if (chdir("/") < 0)
		child_fail(0, "chdir /", errno);
	/* after the change of identity, which clears it */
	if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) < 0)
		child_fail(0, "pdeathsig", errno);
	if (getppid() != parent)
		_exit(127); /* orphaned in between */
	argv[0] = (char *)(uintptr_t)(slash == NULL ? path : slash + 1);
	argv[1] = NULL;
	(void)execve(path, argv, envp);
	child_fail(0, "execve", errno);
}

enum okta_rc
okta_child_open(
    const char *path, uid_t uid, gid_t gid, struct okta_child *ret, struct okta_err *err)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	struct okta_fd_mark mark;
	int fds[2] = { -1, -1 };
	sigset_t all, old;
	enum okta_rc r;
	pid_t pid, parent = getpid();

	if (path[0] != '/') {
		rc = okta_err_set(err, OKTA_E_INTERNAL, "%s: not an absolute path", path);
		goto out;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		rc = okta_err_sys(err, errno, "socketpair");
		goto out;
	}
	fds[0] = okta_fd_move_up(fds[0]);
	if (fds[0] < 0) {
		rc = okta_err_sys(err, errno, "socketpair");
		goto out;
	}
	r = okta_fd_mark(fds[0], &mark, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	/* no handler of the host's may run in the child: it could act on the host's state
	 */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		child_run(path, uid, gid, fds[1], parent);
	if (pid < 0)
		rc = okta_err_sys(err, errno, "fork");
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (pid < 0)
		goto out;

	*ret = (struct okta_child){ pid, fds[0], mark };
	fds[0] = -1;
	rc = OKTA_OK;
out:
	if (fds[0] >= 0)
		(void)close(fds[0]);
	if (fds[1] >= 0)
		(void)close(fds[1]);
	return rc;
}

int
okta_child_close(struct okta_child *child)
{
	int status = 0;

	okta_fd_close(child->fd, &child->mark);
	child->fd = -1;
	if (child->pid > 0) {
		/* not yet reaped by us, so the number is still our child's, unless the
		 * host reaps behind our back; then ECHILD tells, and no signal is sent */
		if (waitpid(child->pid, &status, WNOHANG) == 0 &&
		    kill(child->pid, SIGKILL) == 0) {
			/* only behind a signal that went out: a host without CAP_KILL
			 * must not wait for as long as the child pleases */
			while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
				;
		}
	}
	child->pid = -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}
