/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/status.h - sync-status.json: how the last sync went, for `oktactl status`
 * and for monitoring.  No secret; readable by everybody, like the snapshot.
 */
#ifndef OKTA_SYNC_STATUS_H
#define OKTA_SYNC_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "report.h"

#define SYNC_STATUS_PROBLEMS_MAX 200 /* lines kept; the count is of all */

struct sync_status {
	int64_t started_s, ended_s;
	int exit_status;
	char message[400];	   /* one line: done, or why not */
	const char *mode;	   /* "once" or "watch" */
	const char *request;	   /* token of who asked for it, request.h; "" */
	int64_t full_s, changes_s; /* watch: the last of each kind; 0: none yet */
	bool log;		   /* watch: Okta's System Log is used */
	uint64_t generation;	   /* of the published snapshot, 0: none was */
	size_t people, groups, memberships;
};

OKTA_MUST_CHECK enum okta_rc sync_status_write(const char *path,
    const struct sync_status *status, const struct sync_report *report,
    struct okta_err *err);
/* Okta was asked and nothing had changed: the file's time is when that was last. */
void sync_status_touch(const char *path);

#endif /* OKTA_SYNC_STATUS_H */
