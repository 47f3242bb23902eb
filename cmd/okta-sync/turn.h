/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/turn.h - one errand of --watch, in a process of its own.
 *
 * MUST: be safe to kill at any instant; give its memory back; leave the watcher free to
 * answer signals and the service manager while it reads, builds and writes.
 */
#ifndef OKTA_SYNC_TURN_H
#define OKTA_SYNC_TURN_H

#include <sys/types.h>

#include "base/err.h"
#include "fetcher.h"
#include "model/conf.h"
#include "plan.h"
#include "request.h"
#include "shared.h"
#include "state.h"

/*
 * SYNC_ERRAND_FULL beside others only reads, into state->read; SYNC_ERRAND_PUBLISH
 * publishes that, with what changed meanwhile.
 */
struct sync_turn {
	enum sync_errand errand;
	bool is_beside; /* another turn is at work */
	const struct okta_conf *conf;
	const struct sync_state *state;
	const struct sync_request *request;
	struct sync_fetcher *fetcher; /* open, but for PUBLISH */
	int other_fd;		      /* of another turn's fetcher, or -1 */
	struct sync_shared *shared;
	struct sync_outcome *outcome; /* of shared */
};

/* Fork it; how it ends is in shared.  OKTA_OK or OKTA_E_SYS. */
OKTA_MUST_CHECK enum okta_rc sync_turn_start(
    const struct sync_turn *turn, pid_t *ret, struct okta_err *err);

/* Of the snapshot that is there; 0: there is none. */
uint64_t sync_present_generation(const struct sync_state *state);

/* 0, 75 or 78. */
int sync_exit_status(enum okta_rc rc);

#endif /* OKTA_SYNC_TURN_H */
