/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fsize.h"

#include <errno.h>
#include <time.h>

static void
only_xfsz(sigset_t *ret)
{
	(void)sigemptyset(ret);
	(void)sigaddset(ret, SIGXFSZ);
}

void
okta_fsize_hold(struct okta_fsize *ret)
{
	sigset_t xfsz, pending;

	only_xfsz(&xfsz);
	ret->is_held = sigprocmask(SIG_BLOCK, &xfsz, &ret->mask) == 0;
	ret->is_pending = sigpending(&pending) < 0 || sigismember(&pending, SIGXFSZ) == 1;
}

void
okta_fsize_release(const struct okta_fsize *held)
{
	const struct timespec now = { 0, 0 };
	sigset_t xfsz;

	if (!held->is_held)
		return;
	/* the kernel sends it to the thread that writes, blocked or ignored */
	only_xfsz(&xfsz);
	while (!held->is_pending && sigtimedwait(&xfsz, NULL, &now) < 0 && errno == EINTR)
		;
	(void)sigprocmask(SIG_SETMASK, &held->mask, NULL);
}
