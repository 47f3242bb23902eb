/* SPDX-License-Identifier: BSD-2-Clause */
/* common/sandbox/sandbox.h - what is left to a process that reads bytes from outside.
 * Floor 1: base; libseccomp underneath.  Its own archive: nothing that sshd or sudo loads
 * may come near libseccomp.
 *
 * MUST: a system call that is not on the list ends the process; a file can never be
 * opened for writing; no program can be started; memory is never writable and executable;
 * no core, no debugger of the same user, no new privileges.  Once entered there is no way
 * back, for the process and all it forks.
 * MUST NOT: depend on Landlock, which a kernel may lack; do without seccomp.
 */
#ifndef OKTA_SANDBOX_SANDBOX_H
#define OKTA_SANDBOX_SANDBOX_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* What a process may do besides thinking and talking over descriptors it already has. */
enum okta_sandbox_may {
	OKTA_MAY_READ = 1 << 0,	   /* open files for reading, libraries among them */
	OKTA_MAY_NETWORK = 1 << 1, /* connect and resolve names, with threads */
	OKTA_MAY_FORK = 1 << 2	   /* fork, and sandbox what it forked further */
};

struct okta_sandbox {
	unsigned may;	   /* of enum okta_sandbox_may */
	size_t data_bytes; /* RLIMIT_DATA; 0: none */
};

/*
 * Enter, for ever.  OKTA_OK, or OKTA_E_SYS with *err: the process must then end, it may
 * be half shut in.
 */
OKTA_MUST_CHECK enum okta_rc okta_sandbox_enter(
    const struct okta_sandbox *sandbox, struct okta_err *err);

/*
 * Die when PARENT does.  Call after every change of identity, which clears it.  OKTA_OK;
 * OKTA_E_UNAVAIL: PARENT is gone already; OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc okta_sandbox_die_with(pid_t parent, struct okta_err *err);

/*
 * FD becomes descriptor NUMBER (0 or 3) and every other one above 2 is closed.  1 and 2,
 * and 0 unless it is NUMBER, stay as they are.  OKTA_OK or OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc okta_sandbox_keep_only(
    int fd, int number, struct okta_err *err);

/* 1 and 2, and 0 if WITH_0, are /dev/null from now on.  OKTA_OK or OKTA_E_SYS. */
OKTA_MUST_CHECK enum okta_rc okta_sandbox_silence(int with_0, struct okta_err *err);

/* --- the parts of okta_sandbox_enter(), each of which is tested alone ----------------
 */

/* Needs no_new_privs or root.  OKTA_E_NOTFOUND: this kernel has no Landlock. */
OKTA_MUST_CHECK enum okta_rc okta_sandbox_landlock(unsigned may, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_sandbox_seccomp(unsigned may, struct okta_err *err);

#endif /* OKTA_SANDBOX_SANDBOX_H */
