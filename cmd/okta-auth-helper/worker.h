/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/worker.h - the coordinator's side of a process that speaks with Okta:
 * what it brought so far.
 *
 * It reads bytes from the network and may be a liar: here its frames are counted, bounded
 * and put aside, not believed and not understood.
 */
#ifndef OKTA_HELPER_WORKER_H
#define OKTA_HELPER_WORKER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "inner.h"
#include "role.h"

struct worker {
	const char *task; /* for messages: "asks for the token" */
	struct role role;
	unsigned wanted; /* PART_BIT()s it may bring */
	bool finished, succeeded;
	struct okta_buf parts[N_PARTS];
	struct okta_buf prompt; /* the frame, once it came; device only */
	bool may_prompt;
	/* unless it succeeded */
	enum okta_failure_code failure;
	uint64_t status;
	char detail[OKTA_ERR_MSG_BYTES];
};

/* MAX_BYTES: of each part. */
void worker_init(
    struct worker *worker, const char *task, unsigned wanted, size_t max_bytes);
/* Ends the process and wipes what it brought; ready for another start. */
void worker_clear(struct worker *worker);

/* Its socket has something to say: take one frame. */
void worker_hear(struct worker *worker, const struct okta_clock *clock);

/* No process of it runs and nothing came of it. */
void worker_fail(
    struct worker *worker, enum okta_failure_code failure, const char *detail);

#endif /* OKTA_HELPER_WORKER_H */
