/* SPDX-License-Identifier: BSD-2-Clause */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of all processes of the account together: some 500 logins at a time, each with a
 * resolver's threads. */
#define PROCESSES 4096
#define FILES	  64

static int
limit(int which, rlim_t most)
{
	struct rlimit now;

	if (getrlimit(which, &now) < 0)
		return -1;
	if (most < now.rlim_max)
		now.rlim_max = most;
	if (now.rlim_cur > now.rlim_max)
		now.rlim_cur = now.rlim_max;
	return setrlimit(which, &now);
}

static enum okta_rc
set_limits(const struct okta_sandbox *sandbox, struct okta_err *err)
{
	rlim_t processes = (sandbox->may & (OKTA_MAY_FORK | OKTA_MAY_NETWORK)) != 0
			       ? PROCESSES
			       : 0;

	if (limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_FSIZE, 0) < 0 ||
	    limit(RLIMIT_NPROC, processes) < 0 || limit(RLIMIT_NOFILE, FILES) < 0)
		return okta_err_sys(err, errno, "sandbox: setrlimit");
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory would count, terabytes of it */
	if (sandbox->data_bytes > 0 && limit(RLIMIT_DATA, sandbox->data_bytes) < 0)
		return okta_err_sys(err, errno, "sandbox: setrlimit");
#endif
	return OKTA_OK;
}

enum okta_rc
okta_sandbox_enter(const struct okta_sandbox *sandbox, struct okta_err *err)
{
	enum okta_rc r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0)
		return okta_err_sys(err, errno, "sandbox: prctl");
	r = set_limits(sandbox, err);
	if (r != OKTA_OK)
		return r;
	r = okta_sandbox_landlock(sandbox->may, err);
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return r;
	return okta_sandbox_seccomp(sandbox->may, err);
}

enum okta_rc
okta_sandbox_die_with(pid_t parent, struct okta_err *err)
{
	if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) < 0)
		return okta_err_sys(err, errno, "sandbox: pdeathsig");
	if (getppid() != parent) /* died before the line above */
		return okta_err_set(err, OKTA_E_UNAVAIL, "sandbox: orphaned");
	return OKTA_OK;
}

enum okta_rc
okta_sandbox_keep_only(int fd, int number, struct okta_err *err)
{
	if (fd != number && dup3(fd, number, O_CLOEXEC) < 0)
		return okta_err_sys(err, errno, "sandbox: dup3");
	if (close_range(number < 3 ? 3 : (unsigned)number + 1, ~0U, 0) < 0)
		return okta_err_sys(err, errno, "sandbox: close_range");
	return OKTA_OK;
}

enum okta_rc
okta_sandbox_silence(int with_0, struct okta_err *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	if (null < 0)
		return okta_err_sys(err, errno, "/dev/null: cannot open");
	for (i = with_0 ? 0 : 1; i < 3; i++) {
		if (null != i && dup2(null, i) < 0)
			return okta_err_sys(err, errno, "sandbox: dup2");
	}
	if (null > 2)
		(void)close(null);
	return OKTA_OK;
}
