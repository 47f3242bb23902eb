/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/fetcher.h - the child that talks to the network.
 *
 * MUST: be unprivileged before the first byte of a library that parses network data runs:
 * account _okta (by /etc/passwd as a file: NSS would ask us), no supplementary group, no
 * new privileges, no core, no descriptor but its socket, no file written, death with its
 * parent. A process that is not root keeps its own identity.
 */
#ifndef OKTA_SYNC_FETCHER_H
#define OKTA_SYNC_FETCHER_H

#include <sys/types.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"

struct sync_fetcher {
	pid_t pid; /* -1 when there is none */
	int fd;	   /* frames of handover.h; -1 when there is none */
};

/* SECRET is the child's copy to wipe; the caller wipes its own.  OKTA_E_CONFIG: there is
 * no account _okta; OKTA_E_SYS. */
OKTA_MUST_CHECK enum okta_rc sync_fetcher_open(const struct okta_conf *conf,
    struct okta_view secret, struct sync_fetcher *ret, struct okta_err *err);
/* Ends the child if it still runs, and reaps it.  Safe on { -1, -1 } and twice. */
void sync_fetcher_close(struct sync_fetcher *fetcher);

#endif /* OKTA_SYNC_FETCHER_H */
