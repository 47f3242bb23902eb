/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/listing.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "net/json_pull.h"
#include "net/link.h"
#include "net/refusal.h"

#define URL_MAX	 8192
#define HEAD_MAX 32768
#define PACE_MS	 1000
#define WINDOW_S 60 /* of Okta's rate limits (FACTS 6.9) */

/* The lists being read: a window that moves over the caller's array. */
struct run {
	struct okta_api *api;
	struct okta_listing *all;
	size_t n, begun, done;
	size_t pages[OKTA_API_BUCKETS], ended[OKTA_API_BUCKETS], left[OKTA_API_BUCKETS];
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
	const struct okta_view org = okta_view_str(run->api->org_url);
	const char *fault;
	enum okta_rc r;

	okta_buf_init(&l->next, URL_MAX);
	if (l->start != NULL) {
		fault = okta_link_fault(okta_view_str(l->start), org);
		if (fault != NULL)
			return okta_err_set(err, OKTA_E_INPUT,
			    "%s: the saved next link %s", l->path, fault);
		r = okta_buf_append_str(&l->next, l->start);
	} else {
		r = okta_buf_printf(&l->next, "%s%s", run->api->org_url, l->path);
	}
	if (r != OKTA_OK)
		return okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", l->path);
	run->active[run->n_active++] = l;
	return OKTA_OK;
}

static void
finish(struct run *run, struct okta_listing *l)
{
	size_t i;

	for (i = 0; i < run->n_active; i++)
		if (run->active[i] == l)
			run->active[i] = run->active[--run->n_active];
	if (!l->polling)
		okta_buf_clear(&l->next);
	run->done++;
	run->ended[l->bucket]++;
	run->left[l->bucket]--;
}

/* --- asking ------------------------------------------------------------------------- */

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
		if (wait == OKTA_RATE_FOR_ANSWER)
			continue;
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

/* --- how long it takes -------------------------------------------------------------- */

/* Lists that are not done yet are taken to be as long as those that are. */
static int64_t
left_s(const struct run *run)
{
	const struct okta_rate *rate;
	int64_t s, most = -1;
	size_t i, requests;

	for (i = 0; i < OKTA_API_BUCKETS; i++) {
		rate = &run->api->rate[i];
		if (run->ended[i] == 0 || rate->state != OKTA_RATE_KNOWN ||
		    rate->limit <= 0)
			continue;
		requests = run->left[i] * run->pages[i] / run->ended[i];
		s = (int64_t)requests * WINDOW_S / rate->limit;
		most = s > most ? s : most;
	}
	return most;
}

static void
tell_pace(struct run *run)
{
	const struct okta_pace pace = { run->n, run->done, run->api->pages, left_s(run) };
	int64_t now = now_ms(run);

	if (run->api->pace == NULL || now - run->api->paced_at_ms < PACE_MS)
		return;
	run->api->paced_at_ms = now;
	run->api->pace(run->api->ctx, &pace);
}

/* --- answers ------------------------------------------------------------------------ */

/* Of a page that was taken, so it is a list. */
static size_t
items_of(struct okta_view body)
{
	struct okta_pull pull;
	size_t n = 0;

	okta_pull_init(&pull, body);
	if (okta_pull_array(&pull))
		while (okta_pull_item(&pull) && okta_pull_skip(&pull))
			n++;
	return n;
}

/* Where something happens all the time there would be a next page for ever. */
static bool
is_rest_of_poll(const struct okta_listing *l, const struct okta_buf *next, size_t n_items)
{
	return n_items == 0 || n_items < okta_page_size_of(okta_buf_view(next)) ||
	       l->pages >= OKTA_LISTING_POLL_MAX;
}

/* Where the list goes on, or its end. */
static enum okta_rc
go_on(struct run *run, struct okta_listing *l, struct okta_buf *next,
    struct okta_view body, struct okta_err *err)
{
	bool is_round = okta_view_eq(okta_buf_view(next), okta_buf_view(&l->next));
	size_t n_items = l->polling ? items_of(body) : 0;
	bool is_rest = l->polling && is_rest_of_poll(l, next, n_items);
	enum okta_rc r;

	if (next->len == 0) {
		if (l->polling)
			okta_buf_clear(&l->next); /* no place to go on from */
		finish(run, l);
		return OKTA_OK;
	}
	/* the log's link may stay as it is while nothing happens */
	if (l->pages >= OKTA_LISTING_PAGES_MAX ||
	    (is_round && (!l->polling || n_items > 0)))
		return okta_err_set(
		    err, OKTA_E_INPUT, "%s: Okta's next links lead round", l->path);
	okta_page_size_grow(&l->size);
	if (l->size.now != 0) {
		r = okta_page_size_put(next, l->size.now);
		if (r != OKTA_OK)
			return okta_err_set(err, r, "%s: out of memory", l->path);
		if (l->size.now == l->size.full)
			l->size = (struct okta_page_size){ 0 };
	}
	okta_buf_clear(&l->next);
	r = okta_buf_append(&l->next, next->data, next->len);
	if (r == OKTA_OK && is_rest)
		finish(run, l);
	return r;
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
	run->pages[l->bucket]++;
	run->api->pages++;
	r = okta_link_next(answer, okta_view_str(run->api->org_url), &next, err);
	run->api->next = okta_buf_view(&next);
	if (r == OKTA_OK)
		r = run->page(
		    run->ctx, (size_t)(l - run->all), okta_buf_view(&answer->body), err);
	run->api->next = (struct okta_view){ NULL, 0 };
	if (r == OKTA_OK)
		r = go_on(run, l, &next, okta_buf_view(&answer->body), err);
	if (r == OKTA_OK)
		tell_pace(run);
	okta_buf_clear(&next);
	return r;
}

static const char *
reason(enum okta_rate_cause cause)
{
	switch (cause) {
	case OKTA_RATE_BUCKET:
		return "Okta's rate limit is used up";
	case OKTA_RATE_CONCURRENCY:
		return "too many requests at once for Okta";
	case OKTA_RATE_SERVER:
		return "Okta has a failure of its own (5xx)";
	case OKTA_RATE_TRANSPORT:
	case OKTA_RATE_FINAL:
	default:
		return "Okta cannot be reached";
	}
}

/* A page that was too much is asked for again with fewer items. */
static enum okta_rc
try_smaller(struct okta_listing *l, const struct okta_http_answer *answer)
{
	if (!okta_rate_is_too_much(answer->end, answer->status))
		return OKTA_OK;
	okta_page_size_shrink(&l->size, okta_buf_view(&l->next));
	if (l->size.now == 0)
		return OKTA_OK;
	return okta_page_size_put(&l->next, l->size.now);
}

/*
 * What Okta answers to a link that has become old is not said anywhere; some servers fail
 * of themselves then.  502, 503 and 504 are other machines'.
 */
static bool
is_lost_place(const struct okta_listing *l, const struct okta_http_answer *answer)
{
	return l->start != NULL && l->pages == 0 && answer->status == 500;
}

/* Anything but 200: to be asked again, or the end. */
static enum okta_rc
bad_page(struct run *run, struct okta_listing *l, const struct okta_http_answer *answer,
    const struct okta_rate_headers *headers, struct okta_err *err)
{
	enum okta_rate_cause cause = okta_rate_cause(
	    answer->end, answer->status, headers);
	int64_t wait_ms;
	enum okta_rc r;

	if (answer->end == OKTA_HTTP_ANSWERED && answer->status == 401 && !l->renewed) {
		l->renewed = okta_token_drop(run->api->token);
		if (l->renewed)
			return OKTA_OK;
	}
	if (answer->end == OKTA_HTTP_ANSWERED && answer->status == 404 &&
	    l->may_be_gone && l->start == NULL && l->pages == 0) {
		r = run->page(
		    run->ctx, (size_t)(l - run->all), (struct okta_view){ NULL, 0 }, err);
		if (r == OKTA_OK)
			finish(run, l);
		return r;
	}
	l->tries++;
	if (okta_rate_again(cause, l->tries, headers, okta_patience_random(), &wait_ms)) {
		l->not_before_ms = now_ms(run) + wait_ms;
		run->held_back = reason(cause);
		r = try_smaller(l, answer);
		return r == OKTA_OK ? r
				    : okta_err_set(err, r, "%s: out of memory", l->path);
	}
	if (answer->end != OKTA_HTTP_ANSWERED)
		return err->rc != OKTA_OK ? err->rc : OKTA_E_UNAVAIL; /* http said why */
	r = okta_refusal(answer, l->path, l->named_by, err);
	if (is_lost_place(l, answer))
		r = err->rc = OKTA_E_INPUT;
	return r;
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
	okta_rate_ended(&run->api->rate[l->bucket]);
	headers = okta_rate_read(&answer);
	if (answer.end == OKTA_HTTP_ANSWERED)
		okta_rate_learn(&run->api->rate[l->bucket], &headers, now_ms(run));
	if (headers.has_date)
		run->api->server_s = headers.date_s;
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
	const size_t most = api->in_flight_max > 0 ? api->in_flight_max
						   : OKTA_HTTP_IN_FLIGHT;
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; i < n; i++)
		run.left[listings[i].bucket]++;
	for (i = 0; i < OKTA_API_BUCKETS; i++) {
		api->rate[i].in_flight = 0; /* of a run that failed */
		api->rate[i].is_shared = api->is_shared;
	}
	while (r == OKTA_OK) {
		while (r == OKTA_OK && run.begun < n && run.n_active < most) {
			r = begin(&run, &listings[run.begun], err);
			run.begun++;
		}
		if (r != OKTA_OK || run.n_active == 0)
			break;
		r = one_step(&run, err);
	}
	for (i = 0; i < run.begun; i++)
		if (r != OKTA_OK || !listings[i].polling)
			okta_buf_clear(&listings[i].next);
	return r;
}
