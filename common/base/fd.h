/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/fd.h - descriptors of ours in a process that is not.
 * Floor 0: libc and base/ only.
 *
 * A host may have closed a number of ours, or put a file of its own there with dup2():
 * then it is not ours to write to, nor to close.
 */
#ifndef OKTA_BASE_FD_H
#define OKTA_BASE_FD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct okta_fd_mark {
	dev_t dev;
	ino_t ino;
};

/*
 * FD, if it is none of 0, 1 and 2, which a host that closed them may open again; else a
 * duplicate above these, close-on-exec, in its place.  -1 with errno, also when FD is -1.
 */
int okta_fd_move_up(int fd);

/* What FD is now.  OKTA_OK or OKTA_E_SYS. */
OKTA_MUST_CHECK enum okta_rc okta_fd_mark(
    int fd, struct okta_fd_mark *ret, struct okta_err *err);

/* Nothing else than MARK is behind FD by now. */
bool okta_fd_is(int fd, const struct okta_fd_mark *mark);

/* Close FD, unless something else than MARK is there by now.  -1 is none. */
void okta_fd_close(int fd, const struct okta_fd_mark *mark);

#endif /* OKTA_BASE_FD_H */
