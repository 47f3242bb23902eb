/* SPDX-License-Identifier: BSD-2-Clause */
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/chan.h"
#include "base/frame.h"
#include "base/text.h"

void
worker_init(struct worker *worker, const char *task, unsigned wanted, size_t max_bytes)
{
	size_t i;

	memset(worker, 0, sizeof(*worker));
	worker->task = task;
	worker->role = ROLE_NONE;
	worker->wanted = wanted;
	worker->failure = OKTA_FAIL_INTERNAL;
	okta_buf_init(&worker->prompt, OKTA_FRAME_MAX_BYTES);
	for (i = 0; i < N_PARTS; i++)
		okta_buf_init(&worker->parts[i], max_bytes);
}

void
worker_clear(struct worker *worker)
{
	size_t i;

	(void)role_stop(&worker->role);
	okta_buf_clear(&worker->prompt);
	for (i = 0; i < N_PARTS; i++)
		okta_buf_clear(&worker->parts[i]);
	worker->finished = worker->succeeded = false;
}

void
worker_fail(struct worker *worker, enum okta_failure_code failure, const char *detail)
{
	worker->finished = true;
	worker->failure = failure;
	(void)snprintf(worker->detail, sizeof(worker->detail), "%s", detail);
	(void)role_stop(&worker->role);
}

static void
ended_without_a_word(struct worker *worker)
{
	char detail[OKTA_ERR_MSG_BYTES];
	const int sig = role_stop(&worker->role);

	(void)snprintf(detail, sizeof(detail),
	    "the process that %s ended without a word (signal %d%s)", worker->task, sig,
	    sig == SIGSYS ? ": it made a system call that its sandbox refuses" : "");
	worker_fail(worker, OKTA_FAIL_INTERNAL, detail);
}

static void
talks_nonsense(struct worker *worker)
{
	char detail[OKTA_ERR_MSG_BYTES];

	(void)snprintf(
	    detail, sizeof(detail), "the process that %s talks nonsense", worker->task);
	worker_fail(worker, OKTA_FAIL_INTERNAL, detail);
}

/* Nothing that it did: memory, or a call of ours. */
static void
cannot_be_heard(struct worker *worker, enum okta_rc r)
{
	char detail[OKTA_ERR_MSG_BYTES] = "out of memory";

	if (r != OKTA_E_NOMEM)
		(void)snprintf(detail, sizeof(detail),
		    "the process that %s cannot be heard", worker->task);
	worker_fail(worker, OKTA_FAIL_INTERNAL, detail);
}

static void
take_part(struct worker *worker, struct okta_view frame)
{
	char detail[OKTA_ERR_MSG_BYTES];

	switch (inner_take_part(frame, worker->wanted, worker->parts)) {
	case OKTA_OK:
		return;
	case OKTA_E_TOOBIG:
		(void)snprintf(detail, sizeof(detail),
		    "the process that %s brings more than is allowed", worker->task);
		worker_fail(worker, OKTA_FAIL_ANSWER, detail);
		return;
	case OKTA_E_NOMEM:
		worker_fail(worker, OKTA_FAIL_INTERNAL, "out of memory");
		return;
	default:
		talks_nonsense(worker);
	}
}

static void
take_failed(struct worker *worker, struct okta_view frame)
{
	char detail[OKTA_ERR_MSG_BYTES];
	struct inner_failure failure;

	if (inner_take_failed(frame, &failure) != OKTA_OK) {
		talks_nonsense(worker);
		return;
	}
	okta_text_sanitize(detail, sizeof(detail), failure.detail);
	worker->status = failure.status;
	worker_fail(worker, failure.code, detail);
}

static void
take_prompt(struct worker *worker, struct okta_view frame)
{
	if (!worker->may_prompt) {
		talks_nonsense(worker);
		return;
	}
	worker->may_prompt = false; /* a second one would change what is shown */
	if (okta_buf_append(&worker->prompt, frame.p, frame.len) != OKTA_OK)
		worker_fail(worker, OKTA_FAIL_INTERNAL, "out of memory");
}

void
worker_hear(struct worker *worker, const struct okta_clock *clock)
{
	struct okta_view bytes;
	struct okta_buf frame;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	r = okta_chan_recv(worker->role.fd, &frame, clock, 0);
	bytes = okta_buf_view(&frame);
	if (r == OKTA_E_UNAVAIL) {
		ended_without_a_word(worker);
	} else if (r == OKTA_E_TOOBIG) {
		talks_nonsense(worker);
	} else if (r != OKTA_OK) {
		if (r != OKTA_E_TIMEOUT)
			cannot_be_heard(worker, r);
	} else {
		switch (okta_wire_type(bytes)) {
		case OKTA_WIRE_PROMPT:
			take_prompt(worker, bytes);
			break;
		case INNER_PART:
			take_part(worker, bytes);
			break;
		case INNER_FAILED:
			take_failed(worker, bytes);
			break;
		case INNER_DONE:
			worker->finished = worker->succeeded = inner_is(
			    bytes, INNER_DONE);
			if (!worker->succeeded)
				talks_nonsense(worker);
			(void)role_stop(&worker->role);
			break;
		default:
			talks_nonsense(worker);
		}
	}
	okta_buf_clear(&frame);
}
