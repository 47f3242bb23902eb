/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/role.h - one task in a process of its own.
 *
 * The process is forked, not started anew: it shares what is the same in all of them, and
 * hundreds of logins may wait side by side.
 */
#ifndef OKTA_HELPER_ROLE_H
#define OKTA_HELPER_ROLE_H

#include <sys/types.h>

#include "base/err.h"

struct role {
	pid_t pid; /* -1 when there is none */
	int fd;	   /* our end of its socket; -1 when there is none */
};

#define ROLE_NONE ((struct role){ -1, -1 })

/*
 * Fork; in the child: leave it nothing but its end of a socket as descriptor 0, have it
 * die with us, call FORGET(ctx) (what it must not know), enter a sandbox with MAY, call
 * RUN(0, ctx), exit.  A child that cannot enter its sandbox ends without a word.
 * OKTA_OK or OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc role_start(unsigned may, void (*forget)(void *ctx),
    void (*run)(int fd, void *ctx), void *ctx, struct role *ret, struct okta_err *err);

/* Ends it if it still runs, and reaps it.  The signal it died of by itself, else 0. */
int role_stop(struct role *role);

#endif /* OKTA_HELPER_ROLE_H */
