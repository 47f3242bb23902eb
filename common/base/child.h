/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/child.h - start a helper program from a process that is not ours.
 * Floor 0: libc and base/ only.
 *
 * MUST: absolute path, empty environment, one SOCK_SEQPACKET socket on descriptor 0,
 * /dev/null on 1 and 2, every other descriptor closed, default signal dispositions and an
 * empty mask, no core file, no new privileges, the given uid and gid and no supplementary
 * group, death with its parent.
 * MUST NOT: touch the caller's descriptors, signal dispositions, mask or other children.
 */
#ifndef OKTA_BASE_CHILD_H
#define OKTA_BASE_CHILD_H

#include <sys/types.h>

#include "base/err.h"
#include "base/fd.h"

struct okta_child {
	pid_t pid; /* -1 when there is none */
	int fd;	   /* our end of the socket, close-on-exec, above 2; -1: none */
	struct okta_fd_mark mark; /* of fd */
};

#define OKTA_CHILD_NONE ((struct okta_child){ -1, -1, { 0, 0 } })

/*
 * A failed set-up or execve() in the child arrives as a frame of this type with the
 * fields u64 errno and text (the step that failed); nothing else is ever sent by the
 * child before the program runs.
 */
#define OKTA_CHILD_FRAME_FAILED 255

/*
 * Start PATH with argv { basename(PATH), NULL } as UID:GID (no change of identity when
 * UID is the caller's effective uid and it is not root).  OKTA_OK, OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc okta_child_open(
    const char *path, uid_t uid, gid_t gid, struct okta_child *ret, struct okta_err *err);

/*
 * Close the socket, kill the child and reap it if nobody else did; a host that ignores or
 * reaps SIGCHLD itself is fine, and so is one that took the socket's number for a file of
 * its own.  Returns the signal that ended the child; 0: none did, or nobody knows.  Safe
 * on OKTA_CHILD_NONE and twice.
 */
int okta_child_close(struct okta_child *child);

#endif /* OKTA_BASE_CHILD_H */
