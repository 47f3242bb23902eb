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
#include "request.h"

#define SYNC_STATUS_PROBLEMS_MAX 200 /* lines kept; the count is of all */
#define SYNC_MESSAGE_BYTES	 400

/* What became of the last run that somebody waited for (request.h).  Other runs follow at
 * once, and it must still be found. */
struct sync_answer {
	char token[SYNC_TOKEN_BYTES]; /* "": nobody asked yet */
	int exit_status;
	char message[SYNC_MESSAGE_BYTES];
};

struct sync_status {
	int64_t started_s, ended_s;
	int exit_status;
	char message[SYNC_MESSAGE_BYTES]; /* one line: done, or why not */
	const char *mode;		  /* "once" or "watch" */
	int64_t full_s, changes_s;	  /* watch: the last of each kind; 0: none yet */
	bool log;			  /* watch: Okta's System Log is used */
	uint64_t generation;		  /* of the published snapshot, 0: none was */
	size_t people, groups, memberships;
	struct sync_answer answer;
};

/* STATUS is the answer to whoever asked by TOKEN; "": nobody did. */
void sync_answer_set(
    struct sync_answer *answer, const char *token, const struct sync_status *status);

OKTA_MUST_CHECK enum okta_rc sync_status_write(const char *path,
    const struct sync_status *status, const struct sync_report *report,
    struct okta_err *err);
/* Okta was asked and nothing had changed: the file's time is when that was last. */
void sync_status_touch(const char *path);

#endif /* OKTA_SYNC_STATUS_H */
