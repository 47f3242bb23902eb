/* SPDX-License-Identifier: BSD-2-Clause */
#include "role.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bounds.h"
#include "sandbox/sandbox.h"

static void __attribute__((noreturn)) child(unsigned may, void (*forget)(void *ctx),
    void (*run)(int fd, void *ctx), void *ctx, int fd, pid_t parent)
{
	const struct okta_sandbox sandbox = { may, DATA_BYTES };
	struct okta_err err = { 0 };

	if (okta_sandbox_die_with(parent, &err) != OKTA_OK ||
	    okta_sandbox_keep_only(fd, 0, &err) != OKTA_OK)
		_exit(EXIT_FAILURE);
	forget(ctx);
	if (okta_sandbox_enter(&sandbox, &err) != OKTA_OK)
		_exit(EXIT_FAILURE);
	run(0, ctx);
	_exit(EXIT_SUCCESS);
}

enum okta_rc
role_start(unsigned may, void (*forget)(void *ctx), void (*run)(int fd, void *ctx),
    void *ctx, struct role *ret, struct okta_err *err)
{
	const pid_t parent = getpid();
	int fds[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return okta_err_sys(err, errno, "socketpair");
	pid = fork();
	if (pid == 0)
		child(may, forget, run, ctx, fds[1], parent);
	(void)close(fds[1]);
	if (pid < 0) {
		(void)okta_err_sys(err, errno, "fork");
		(void)close(fds[0]);
		return OKTA_E_SYS;
	}
	*ret = (struct role){ pid, fds[0] };
	return OKTA_OK;
}

int
role_stop(struct role *role)
{
	bool killed = false;
	int status = 0;
	pid_t done = -1;

	if (role->fd >= 0)
		(void)close(role->fd);
	if (role->pid > 0) {
		done = waitpid(role->pid, &status, WNOHANG);
		if (done == 0) {
			(void)kill(role->pid, SIGKILL);
			do
				done = waitpid(role->pid, &status, 0);
			while (done < 0 && errno == EINTR);
			killed = true;
		}
	}
	*role = ROLE_NONE;
	if (done <= 0 || !WIFSIGNALED(status))
		return 0;
	/* its socket closes a moment before it can be waited for: then it is another
	 * signal than ours that it died of */
	return killed && WTERMSIG(status) == SIGKILL ? 0 : WTERMSIG(status);
}
