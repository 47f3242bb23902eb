/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/fsize.h - write in a process that is not ours and may have a limit on the
 * size of files.  Floor 0: libc only.
 *
 * Whoever runs su may have set RLIMIT_FSIZE (ulimit -f), and a write beyond it would end
 * the host by SIGXFSZ.  Between these two it fails with EFBIG instead.  Nothing of the
 * host's may run in between, and its disposition and mask stay as they were.
 */
#ifndef OKTA_BASE_FSIZE_H
#define OKTA_BASE_FSIZE_H

#include <signal.h>
#include <stdbool.h>

struct okta_fsize {
	sigset_t mask;	 /* before */
	bool is_pending; /* the host's own, which stays */
	bool is_held;
};

/* Hold SIGXFSZ back from this thread. */
void okta_fsize_hold(struct okta_fsize *ret);

/* Take one of ours away, and let others through again as before. */
void okta_fsize_release(const struct okta_fsize *held);

#endif /* OKTA_BASE_FSIZE_H */
