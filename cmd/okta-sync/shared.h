/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/shared.h - memory that --watch shares with the processes of its turns:
 * what was said already, and how each ended.
 */
#ifndef OKTA_SYNC_SHARED_H
#define OKTA_SYNC_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base.h"
#include "base/err.h"
#include "plan.h"
#include "registry/registry.h"
#include "status.h"

#define SYNC_SAID_MAX 4096 /* lines whose like is not said again */

/* How a turn ended; all zero before. */
struct sync_outcome {
	bool done; /* false: the process was killed, or fell */
	enum sync_end_kind how;
	bool no_log, no_search; /* Okta refuses what only changes need */
	bool searched;		/* the log's people were: ask again soon */
	char why[320];
	uint64_t requests;
	bool applied; /* what changed could be put on what is there */
	/* of a turn that only reads, and failed: for the watcher to say */
	enum okta_rc rc;
	char message[SYNC_MESSAGE_BYTES];
};

struct sync_shared {
	struct sync_outcome turn, reading; /* of whoever publishes; who only reads */
	/* kept from turn to turn */
	bool has_base;
	struct sync_base_head
	    head;	     /* of the base, but for the clock and the link newer */
	bool log;	     /* is used, as far as is known */
	int64_t full_said_s; /* its full_s as the status file has it */
	bool failed;	     /* the status file says that the last run failed */
	char message[SYNC_MESSAGE_BYTES]; /* its line; "": nothing to say yet */
	struct sync_answer answer;
	int64_t changes_s;   /* host's clock: when changes came last; 0: never */
	uint64_t generation; /* of the snapshot, and what is in it */
	size_t people, groups, memberships, left_out;
	struct okta_registry_look registry; /* as the last snapshot's turn left it */
	uint64_t said[SYNC_SAID_MAX];
	size_t n_said;
};

/* Zeroed.  OKTA_OK or OKTA_E_NOMEM.  Never given back: it lives as long as the program.
 */
OKTA_MUST_CHECK enum okta_rc sync_shared_new(
    struct sync_shared **ret, struct okta_err *err);

#endif /* OKTA_SYNC_SHARED_H */
