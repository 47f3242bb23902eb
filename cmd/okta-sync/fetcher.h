/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/fetcher.h - the child that talks to the network.
 *
 * MUST: be unprivileged before the first byte of a library that parses network data runs:
 * account _okta (by /etc/passwd as a file: NSS would ask us), no supplementary group, no
 * descriptor but its socket, death with its parent, and the sandbox (sandbox/sandbox.h).
 * A process that is not root keeps its own identity.
 */
#ifndef OKTA_SYNC_FETCHER_H
#define OKTA_SYNC_FETCHER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"

struct sync_fetcher {
	pid_t pid; /* -1 when there is none */
	int fd;	   /* frames of handover.h; -1 when there is none */
	uid_t uid; /* it runs as */
};

#define SYNC_FETCHER_NONE ((struct sync_fetcher){ -1, -1, 0 })

/* One full sync, or (STAY) what it is asked for, errand.h.  SECRET is the child's copy to
 * wipe; the caller wipes its own.  OKTA_E_CONFIG: there is no account _okta; OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc sync_fetcher_open(const struct okta_conf *conf, bool stay,
    struct okta_view secret, struct sync_fetcher *ret, struct okta_err *err);
/* Ends the child if it still runs, and reaps it.  Safe on SYNC_FETCHER_NONE and twice. */
void sync_fetcher_close(struct sync_fetcher *fetcher);

#endif /* OKTA_SYNC_FETCHER_H */
