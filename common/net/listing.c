/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/listing.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/link.h"
#include "net/refusal.h"

#define URL_MAX	 8192
#define HEAD_MAX 32768

/* The lists being read: a window that moves over the caller's array. */
struct run {
	struct okta_api *api;
	struct okta_listing *all;
	size_t n, begun;
	struct okta_listing *active[OKTA_HTTP_IN_FLIGHT];
	size_t n_active;
	enum okta_rc (*page)(
	    void *ctx, size_t i, struct okta_view body, struct okta_err *err);
	void *ctx;
	const char *held_back; /* why nothing starts now */
};

static int64_t
now_ms(const struct run *run)
{
	return okta_clock_mono_ms(run->api->patience->clock);
}

static enum okta_rc
begin(struct run *run, struct okta_listing *l, struct okta_err *err)
{
	okta_buf_init(&l->next, URL_MAX);
	if (okta_buf_printf(&l->next, "%s%s", run->api->org_url, l->path) != OKTA_OK)
		return okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", l->path);
	run->active[run->n_active++] = l;
	return OKTA_OK;
}

static void
finish(struct run *run, const struct okta_listing *l)
{
	size_t i;

	for (i = 0; i < run->n_active; i++)
		if (run->active[i] == l)
			run->active[i] = run->active[--run->n_active];
}

static enum okta_rc
send_request(struct run *run, struct okta_listing *l, struct okta_err *err)
{
	struct okta_http_request request = { .method = OKTA_HTTP_GET };
	struct okta_buf authorization, proof;
	enum okta_rc r;

	okta_buf_init(&authorization, HEAD_MAX);
	okta_buf_init(&proof, HEAD_MAX);
	r = okta_token_headers(
	    run->api->token, okta_buf_view(&l->next), &authorization, &proof, err);
	if (r == OKTA_OK) {
		request.url = l->next.data;
		request.authorization = authorization.data;
		request.dpop = proof.len > 0 ? proof.data : NULL;
		request.max_body_bytes = OKTA_LISTING_PAGE_MAX;
		request.deadline_ms = now_ms(run) + OKTA_HTTP_TOTAL_MS;
		r = okta_http_start(run->api->patience->http, &request, l, err);
	}
	if (r == OKTA_OK) {
		l->in_flight = true;
		okta_rate_started(&run->api->rate[l->bucket]);
	}
	okta_buf_clear(&authorization);
	okta_buf_clear(&proof);
	return r;
}

/* Start what may start; *ret_wait_ms is when the next may, if none did. */
static enum okta_rc
start_some(struct run *run, int64_t *ret_wait_ms, struct okta_err *err)
{
	struct okta_listing *l;
	int64_t wait, now = now_ms(run);
	enum okta_rc r;
	size_t i;

	*ret_wait_ms = OKTA_RATE_WAIT_MAX_MS;
	for (i = 0; i < run->n_active; i++) {
		l = run->active[i];
		if (l->in_flight)
			continue;
		wait = okta_rate_wait_ms(&run->api->rate[l->bucket], now);
		run->held_back = wait > 0 ? "Okta's rate limit is used up"
					  : run->held_back;
		if (wait < l->not_before_ms - now)
			wait = l->not_before_ms - now;
		if (wait <= 0) {
			r = send_request(run, l, err);
			if (r != OKTA_OK)
				return r;
			wait = 0;
		}
		if (wait < *ret_wait_ms)
			*ret_wait_ms = wait;
	}
	return OKTA_OK;
}

static enum okta_rc
good_page(struct run *run, struct okta_listing *l, const struct okta_http_answer *answer,
    struct okta_err *err)
{
	struct okta_buf next;
	enum okta_rc r;

	okta_buf_init(&next, URL_MAX);
	l->tries = 0;
	l->renewed = false;
	l->pages++;
	run->api->pages++;
	r = okta_link_next(answer, okta_view_str(run->api->org_url), &next, err);
	if (r == OKTA_OK)
		r = run->page(
		    run->ctx, (size_t)(l - run->all), okta_buf_view(&answer->body), err);
	if (r != OKTA_OK)
		goto out;
	if (next.len == 0) {
		finish(run, l);
	} else if (l->pages >= OKTA_LISTING_PAGES_MAX ||
		   okta_view_eq(okta_buf_view(&next), okta_buf_view(&l->next))) {
		r = okta_err_set(
		    err, OKTA_E_INPUT, "%s: Okta's next links lead round", l->path);
	} else {
		okta_buf_clear(&l->next);
		r = okta_buf_append(&l->next, next.data, next.len);
	}
out:
	okta_buf_clear(&next);
	return r;
}

/* Anything but 200: to be asked again, or the end. */
static enum okta_rc
bad_page(struct run *run, struct okta_listing *l, const struct okta_http_answer *answer,
    const struct okta_rate_headers *headers, struct okta_err *err)
{
	enum okta_rate_cause cause = okta_rate_cause(
	    answer->end, answer->status, headers);
	int64_t wait_ms;

	if (answer->end == OKTA_HTTP_ANSWERED && answer->status == 401 && !l->renewed) {
		l->renewed = okta_token_drop(run->api->token);
		if (l->renewed)
			return OKTA_OK;
	}
	l->tries++;
	if (okta_rate_again(cause, l->tries, headers, okta_patience_random(), &wait_ms)) {
		l->not_before_ms = now_ms(run) + wait_ms;
		run->held_back = cause == OKTA_RATE_BUCKET
				     ? "Okta's rate limit is used up"
				 : cause == OKTA_RATE_CONCURRENCY
				     ? "too many requests at once for Okta"
				 : cause == OKTA_RATE_SERVER
				     ? "Okta has a failure of its own (5xx)"
				     : "Okta cannot be reached";
		return OKTA_OK;
	}
	if (answer->end != OKTA_HTTP_ANSWERED)
		return err->rc != OKTA_OK ? err->rc : OKTA_E_UNAVAIL; /* http said why */
	return okta_refusal(answer, l->path, l->named_by, err);
}

static enum okta_rc
one_answer(struct run *run, struct okta_err *err)
{
	struct okta_http_answer answer = { 0 };
	struct okta_rate_headers headers;
	struct okta_listing *l;
	enum okta_rc r;

	err->rc = OKTA_OK;
	r = okta_http_next(run->api->patience->http, &answer, err);
	l = answer.tag;
	if (l == NULL) {
		okta_http_answer_clear(&answer);
		return r != OKTA_OK
			   ? r
			   : okta_err_set(err, OKTA_E_INTERNAL, "an answer to nothing");
	}
	l->in_flight = false;
	headers = okta_rate_read(&answer);
	if (answer.end == OKTA_HTTP_ANSWERED)
		okta_rate_learn(&run->api->rate[l->bucket], &headers,
		    okta_http_in_flight(run->api->patience->http), now_ms(run));
	if (r == OKTA_OK && answer.status == 200)
		r = good_page(run, l, &answer, err);
	else
		r = bad_page(run, l, &answer, &headers, err);
	okta_http_answer_clear(&answer);
	return r;
}

static enum okta_rc
one_step(struct run *run, struct okta_err *err)
{
	const struct okta_patience *patience = run->api->patience;
	int64_t wait_ms = 0;
	enum okta_rc r = OKTA_OK;
	bool stale = okta_token_is_stale(run->api->token);

	/* a token is asked for alone: with requests in flight it would be renewed once
	 * each */
	if (stale && okta_http_in_flight(patience->http) == 0) {
		r = okta_token_get(run->api->token, err);
		stale = false;
	}
	if (r == OKTA_OK && !stale)
		r = start_some(run, &wait_ms, err);
	if (r != OKTA_OK)
		return r;
	if (okta_http_in_flight(patience->http) > 0)
		return one_answer(run, err);
	return okta_patience_wait(patience,
	    run->held_back != NULL ? run->held_back : "waiting for Okta", wait_ms, err);
}

enum okta_rc
okta_listing_run(struct okta_api *api, struct okta_listing *listings, size_t n,
    enum okta_rc (*page)(
	void *ctx, size_t i, struct okta_view body, struct okta_err *err),
    void *ctx, struct okta_err *err)
{
	struct run run = {
		.api = api, .all = listings, .n = n, .page = page, .ctx = ctx
	};
	enum okta_rc r = OKTA_OK;
	size_t i;

	while (r == OKTA_OK) {
		while (
		    r == OKTA_OK && run.begun < n && run.n_active < OKTA_HTTP_IN_FLIGHT) {
			r = begin(&run, &listings[run.begun], err);
			run.begun++;
		}
		if (r != OKTA_OK || run.n_active == 0)
			break;
		r = one_step(&run, err);
	}
	for (i = 0; i < run.begun; i++)
		okta_buf_clear(&listings[i].next);
	return r;
}
