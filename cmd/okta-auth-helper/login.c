/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: each process that speaks with Okta may be a liar, by a defect in what
 * parses network bytes.  MUST: keep the one that brings the token apart from the one that
 * brings the keys, or a liar could sign his own token; fork each with nothing but what it
 * needs to know; draw the QR code here, out of an address that was checked.  MUST NOT:
 * pass on a claim that the verifier did not send.
 */
#include "login.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/chan.h"
#include "base/frame.h"
#include "base/wipe.h"
#include "device.h"
#include "fetch.h"
#include "bounds.h"
#include "model/conf.h"
#include "net/http.h"
#include "net/jwk.h"
#include "net/qr.h"
#include "role.h"
#include "sandbox/sandbox.h"
#include "slim.h"
#include "verify.h"
#include "worker.h"

#define LAST_WORD_MS 500 /* kept for the verdict before the peer's deadline */
#define GRACE_MS     200 /* whoever has the deadline says better than we what was amiss */
#define NO_END_MS    INT64_MAX
#define OPTIONAL_MS  5000 /* for what a verdict does without */

#define OF_DEVICE                                                                        \
	(PART_BIT(PART_ID_TOKEN) | PART_BIT(PART_ACCESS_TOKEN) | PART_BIT(PART_PROOFS))
#define OF_FETCH PART_BIT(PART_BODY)

struct login {
	int fd;
	const struct okta_start *start;
	const struct okta_clock *clock;
	int64_t started_s, deadline_ms;

	struct worker device, keys, userinfo;
	bool keys_are_fresh;	 /* fetched after the token came */
	bool userinfo_was_asked; /* or could not be had */

	bool cancelled; /* nobody reads any more */
	enum okta_failure_code failure;
	char detail[OKTA_ERR_MSG_BYTES];
};

/* The last step of a path that does not end with a verdict. */
static enum okta_rc
fail(struct login *l, enum okta_failure_code failure, const char *detail)
{
	l->failure = failure;
	(void)snprintf(l->detail, sizeof(l->detail), "%s", detail);
	return OKTA_E_REFUSED;
}

static enum okta_rc
fail_as(struct login *l, const struct worker *worker)
{
	return fail(l, worker->failure, worker->detail);
}

static enum okta_rc
send_bytes(struct login *l, struct okta_view bytes)
{
	if (okta_chan_send(l->fd, bytes, l->clock,
		okta_clock_mono_ms(l->clock) + SEND_MS) == OKTA_OK)
		return OKTA_OK;
	l->cancelled = true;
	return OKTA_E_UNAVAIL;
}

/* --- what each process must not know --------------------------------------------------
 */

static void
wipe_view(struct okta_view v)
{
	if (v.len > 0)
		okta_wipe((char *)(uintptr_t)v.p, v.len);
}

/*
 * These run in the process just forked: the others are not its children, so nothing is
 * ended, only wiped.  With the nonce it could speak for the verifier.
 */
static void
forget_for_device(void *ctx)
{
	const struct login *l = ctx;

	wipe_view(l->start->nonce);
}

static void
forget_for_keys(void *ctx)
{
	struct login *l = ctx;

	wipe_view(l->start->nonce);
	worker_clear(&l->device);
	worker_clear(&l->userinfo);
}

static void
forget_for_userinfo(void *ctx)
{
	struct login *l = ctx;

	wipe_view(l->start->nonce);
	okta_buf_clear(&l->device.parts[PART_ID_TOKEN]);
	worker_clear(&l->keys);
}

static void
forget_nothing(void *ctx)
{
	(void)ctx;
}

/* --- what each process does --------------------------------------------------------- */

static void
run_device(int fd, void *ctx)
{
	const struct login *l = ctx;
	const struct device_job job = { l->start, l->clock, l->deadline_ms };

	device_run(fd, &job);
}

static void
run_keys(int fd, void *ctx)
{
	const struct login *l = ctx;
	const struct fetch_job job = { .start = l->start,
		.clock = l->clock,
		.deadline_ms = l->deadline_ms,
		.tries = l->keys_are_fresh ? TRIES : 1 };

	fetch_run(fd, &job);
}

static void
run_userinfo(int fd, void *ctx)
{
	const struct login *l = ctx;
	const struct fetch_job job = { .start = l->start,
		.clock = l->clock,
		.deadline_ms = l->deadline_ms,
		.tries = TRIES,
		.access_token = okta_buf_view(&l->device.parts[PART_ACCESS_TOKEN]),
		.proofs = okta_buf_view(&l->device.parts[PART_PROOFS]) };

	fetch_run(fd, &job);
}

static void
run_verify(int fd, void *ctx)
{
	const struct login *l = ctx;
	const struct verify_job job = { .start = l->start,
		.clock = l->clock,
		.started_s = l->started_s,
		.id_token = okta_buf_view(&l->device.parts[PART_ID_TOKEN]),
		.access_token = okta_buf_view(&l->device.parts[PART_ACCESS_TOKEN]),
		.jwks = okta_buf_view(&l->keys.parts[PART_BODY]),
		.jwks_is_fresh = l->keys_are_fresh,
		.userinfo = okta_buf_view(&l->userinfo.parts[PART_BODY]),
		.userinfo_was_asked = l->userinfo_was_asked };

	verify_run(fd, &job);
}

static void
start_worker(struct login *l, struct worker *worker, void (*forget)(void *ctx),
    void (*run)(int fd, void *ctx))
{
	struct okta_err err = { 0 };

	if (role_start(OKTA_MAY_READ | OKTA_MAY_NETWORK, forget, run, l, &worker->role,
		&err) != OKTA_OK)
		worker_fail(worker, OKTA_FAIL_INTERNAL, err.msg);
}

/* --- listening ---------------------------------------------------------------------- */

/*
 * Wait for the next word of a worker, not past UNTIL_MS, and take it.  OKTA_OK, also
 * without a word; OKTA_E_UNAVAIL: the module is gone, or talks out of turn;
 * OKTA_E_REFUSED: too late.
 */
static enum okta_rc
hear(struct login *l, int64_t until_ms)
{
	struct worker *const worker[] = { &l->device, &l->keys, &l->userinfo };
	struct pollfd pfd[4] = { { .fd = l->fd, .events = POLLIN | POLLRDHUP } };
	int64_t left = l->deadline_ms + GRACE_MS - okta_clock_mono_ms(l->clock);
	const int64_t soon = until_ms - okta_clock_mono_ms(l->clock);
	size_t i;

	if (left <= 0)
		return fail(
		    l, OKTA_FAIL_DEADLINE, "no verdict before the login's time was up");
	if (left > soon)
		left = soon < 0 ? 0 : soon;
	for (i = 0; i < 3; i++) /* poll() passes over -1 */
		pfd[i + 1] = (struct pollfd){ .fd = worker[i]->role.fd,
			.events = POLLIN };
	if (poll(pfd, 4, left > INT_MAX ? INT_MAX : (int)left) < 0)
		return errno == EINTR
			   ? OKTA_OK
			   : fail(l, OKTA_FAIL_INTERNAL, "cannot wait for an answer");
	if (pfd[0].revents != 0) {
		l->cancelled = true;
		return OKTA_E_UNAVAIL;
	}
	for (i = 0; i < 3; i++)
		if (pfd[i + 1].revents != 0)
			worker_hear(worker[i], l->clock);
	return OKTA_OK;
}

/* Whoever has no more to say at UNTIL_MS has failed. */
static enum okta_rc
wait_until(struct login *l, struct worker *worker, int64_t until_ms)
{
	enum okta_rc r = OKTA_OK;

	while (r == OKTA_OK && !worker->finished) {
		if (okta_clock_mono_ms(l->clock) >= until_ms)
			worker_fail(worker, OKTA_FAIL_UNREACHABLE, "no answer in time");
		else
			r = hear(l, until_ms);
	}
	return r;
}

static enum okta_rc
wait_for(struct login *l, struct worker *worker)
{
	return wait_until(l, worker, NO_END_MS);
}

/* --- the steps ---------------------------------------------------------------------- */

/* What the person sees: the address is checked before a QR code is made of it. */
static enum okta_rc
show_prompt(struct login *l)
{
	struct okta_prompt prompt;
	struct okta_err err = { 0 };
	struct okta_buf frame, qr;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	okta_buf_init(&qr, OKTA_QR_MAX);
	r = okta_wire_get_prompt(
	    okta_buf_view(&l->device.prompt), l->start->org_url, &prompt, &err);
	if (r == OKTA_OK) {
		prompt.qr = okta_view_str("");
		/* without it the address is still there to be typed */
		if (l->start->qr == OKTA_QR_UTF8 &&
		    prompt.verification_uri_complete.len > 0 &&
		    okta_qr_write(prompt.verification_uri_complete, &qr) == OKTA_OK)
			prompt.qr = okta_buf_view(&qr);
		r = okta_wire_put_prompt(&frame, &prompt);
	}
	r = r == OKTA_OK ? send_bytes(l, okta_buf_view(&frame))
			 : fail(l, OKTA_FAIL_ANSWER, err.msg);
	okta_buf_clear(&frame);
	okta_buf_clear(&qr);
	return r;
}

static enum okta_rc
get_tokens(struct login *l)
{
	enum okta_rc r = OKTA_OK;

	okta_slim_before_fork();
	start_worker(l, &l->device, forget_for_device, run_device);
	wipe_view(l->start->client_secret); /* nobody else needs it */
	while (r == OKTA_OK && !l->device.finished && l->device.prompt.len == 0)
		r = hear(l, NO_END_MS);
	if (r == OKTA_OK && !l->device.finished)
		r = show_prompt(l);
	if (r == OKTA_OK && !l->device.finished) /* while the person reads */
		start_worker(l, &l->keys, forget_for_keys, run_keys);
	okta_slim_down();
	while (r == OKTA_OK && !l->device.finished) {
		r = hear(l, NO_END_MS);
		if (l->keys.finished && l->device.parts[PART_ID_TOKEN].len == 0)
			okta_slim_down();
	}
	if (r == OKTA_OK && !l->device.succeeded)
		r = fail_as(l, &l->device);
	else if (r == OKTA_OK && l->device.prompt.len == 0)
		r = fail(l, OKTA_FAIL_INTERNAL, "a token came before the code");
	return r;
}

static enum okta_rc
get_fresh_keys(struct login *l)
{
	enum okta_rc r;

	if (l->keys_are_fresh)
		return fail(l, OKTA_FAIL_INTERNAL, "the verifier asks for keys again");
	worker_clear(&l->keys);
	l->keys_are_fresh = true;
	start_worker(l, &l->keys, forget_for_keys, run_keys);
	r = wait_for(l, &l->keys);
	if (r == OKTA_OK && !l->keys.succeeded)
		r = fail_as(l, &l->keys);
	return r;
}

/* Until when to wait for what a verdict does without: there must be time to give one. */
static int64_t
end_of_optional(const struct login *l)
{
	const int64_t now_ms = okta_clock_mono_ms(l->clock);
	const int64_t half_ms = (l->deadline_ms - now_ms) / 2;

	if (half_ms < 0)
		return l->deadline_ms;
	return now_ms + (half_ms < OPTIONAL_MS ? half_ms : OPTIONAL_MS);
}

/* MUST: there is no verdict without it.  But a refusal of the token, which Okta gives
 * where /userinfo is not for this client, says that there are no groups to be had: the
 * policy knows what that means. */
static enum okta_rc
get_userinfo(struct login *l, bool must)
{
	struct worker *const w = &l->userinfo;
	enum okta_rc r;

	if (l->userinfo_was_asked)
		return fail(l, OKTA_FAIL_INTERNAL, "the verifier asks userinfo again");
	l->userinfo_was_asked = true;
	start_worker(l, &l->userinfo, forget_for_userinfo, run_userinfo);
	r = wait_until(l, w, must ? NO_END_MS : end_of_optional(l));
	if (r == OKTA_OK && !w->succeeded && must && w->status != 401 && w->status != 403)
		r = fail_as(l, w);
	if (r == OKTA_OK && !w->succeeded)
		okta_buf_clear(&l->userinfo.parts[PART_BODY]); /* half of it */
	return r;
}

/* One run of the verifier; its frame goes to *ret. */
static enum okta_rc
ask_verifier(struct login *l, struct okta_buf *ret)
{
	struct role role = ROLE_NONE;
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = role_start(0, forget_nothing, run_verify, l, &role, &err);
	if (r != OKTA_OK)
		return fail(l, OKTA_FAIL_INTERNAL, err.msg);
	r = okta_chan_recv(role.fd, ret, l->clock, l->deadline_ms + GRACE_MS);
	if (r != OKTA_OK) {
		(void)snprintf(err.msg, sizeof(err.msg),
		    "the process that verifies ended without a word (signal %d)",
		    role_stop(&role));
		return fail(l, OKTA_FAIL_INTERNAL, err.msg);
	}
	(void)role_stop(&role);
	return OKTA_OK;
}

static enum okta_rc
verify(struct login *l)
{
	struct okta_buf frame;
	struct okta_view said;
	bool must, done = false;
	enum okta_rc r;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	r = wait_for(l, &l->keys);
	while (r == OKTA_OK && !done) {
		r = ask_verifier(l, &frame);
		said = okta_buf_view(&frame);
		if (r != OKTA_OK)
			break;
		if (inner_is(said, INNER_NEED_KEYS)) {
			r = get_fresh_keys(l);
		} else if (inner_take_need_userinfo(said, &must) == OKTA_OK) {
			r = get_userinfo(l, must);
		} else {
			r = send_bytes(l, said);
			done = true;
		}
	}
	okta_buf_clear(&frame);
	return r;
}

static void
send_failure(struct login *l)
{
	struct okta_failure failure = { .code = l->failure };
	struct okta_buf frame;

	failure.detail = okta_view_str(l->detail);
	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	if (okta_wire_put_failure(&frame, &failure) == OKTA_OK)
		(void)send_bytes(l, okta_buf_view(&frame));
	okta_buf_clear(&frame);
}

void
login_run(int fd, const struct okta_start *start, const struct okta_clock *clock,
    int64_t start_ms)
{
	struct login l = {
		.fd = fd, .start = start, .clock = clock, .failure = OKTA_FAIL_INTERNAL
	};
	enum okta_rc r;

	l.started_s = okta_clock_now_s(clock);
	l.deadline_ms = start_ms + (int64_t)start->deadline_s * 1000 - LAST_WORD_MS;
	worker_init(&l.device, "asks for the token", OF_DEVICE, OKTA_HTTP_LOGIN_MAX);
	worker_init(&l.keys, "fetches the keys", OF_FETCH, OKTA_JWKS_MAX_BYTES);
	worker_init(&l.userinfo, "asks userinfo", OF_FETCH, OKTA_HTTP_LOGIN_MAX);
	l.device.may_prompt = true;
	/* without a time there is no end to wait for, and no token is too old */
	if (l.started_s == OKTA_CLOCK_FAILED_S || start_ms == OKTA_CLOCK_FAILED_MS)
		r = fail(&l, OKTA_FAIL_INTERNAL, "the clock cannot be read");
	else
		r = get_tokens(&l);
	if (r == OKTA_OK)
		r = verify(&l);
	if (r != OKTA_OK && !l.cancelled)
		send_failure(&l);
	worker_clear(&l.device);
	worker_clear(&l.keys);
	worker_clear(&l.userinfo);
}
