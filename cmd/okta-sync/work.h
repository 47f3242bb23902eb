/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/work.h - what --watch has at work at a time: a turn, and beside it one
 * that reads everything.  Each is a process, with a fetcher that outlives it.
 */
#ifndef OKTA_SYNC_WORK_H
#define OKTA_SYNC_WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "fetcher.h"
#include "model/conf.h"
#include "plan.h"
#include "request.h"
#include "shared.h"
#include "state.h"

struct sync_work {
	pid_t pid; /* -1: no process */
	enum sync_errand errand;
	struct sync_fetcher fetcher;
	struct sync_request serving; /* whoever asked for it */
	int64_t began_ms;
	struct sync_outcome *outcome; /* of shared */
};
#define SYNC_WORK_NONE ((struct sync_work){ .pid = -1, .fetcher = SYNC_FETCHER_NONE })

/* What a turn has to do with. */
struct sync_place {
	const struct okta_conf *conf;
	const struct sync_state *state;
	struct sync_shared *shared;
};

/* With a fetcher, new if there is none, where ERRAND needs one.  OTHER may be at work. */
OKTA_MUST_CHECK enum okta_rc sync_work_start(struct sync_work *work,
    const struct sync_work *other, const struct sync_place *place,
    enum sync_errand errand, struct okta_err *err);
/* Kill it and its fetcher. */
void sync_work_stop(struct sync_work *work);

/* Its process is gone: how it ended.  *ret_killed: it could not say so itself; what is to
 * be said then is in outcome. */
enum sync_end_kind sync_work_ended(struct sync_work *work, bool *ret_killed);
/* PID is gone: if it was the fetcher, that is known now. */
void sync_work_lost(struct sync_work *work, pid_t pid);
/* After a failure a fetcher is of no more use, or has told what was not written. */
bool sync_work_is_spent(const struct sync_work *work, enum sync_end_kind how);

#endif /* OKTA_SYNC_WORK_H */
