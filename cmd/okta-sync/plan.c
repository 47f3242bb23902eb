/* SPDX-License-Identifier: BSD-2-Clause */
#include "plan.h"

#define KNOWN_WITHIN_MS 60000
#define NEVER_MS	INT64_MAX

/* A full one is due after nine tenths of its interval up to the whole of it. */
static int64_t
full_after(const struct sync_plan *plan, uint32_t random)
{
	int64_t spread = plan->full_interval_ms / 10;

	/* lists that need more than two requests are read less often: the price a minute
	 * stays the same */
	if (plan->only_full)
		return plan->interval_ms * (plan->full_price > 2 ? plan->full_price : 2) /
		       2;
	return plan->full_interval_ms - (spread > 0 ? (int64_t)random % spread : 0);
}

void
sync_plan_start(
    struct sync_plan *plan, int64_t last_full_age_ms, int64_t now_ms, uint32_t random)
{
	int64_t after = full_after(plan, random);

	plan->failures = plan->full_failures = 0;
	plan->is_stuck = plan->is_reading = false;
	plan->not_before_ms = now_ms;
	plan->has_base = last_full_age_ms >= 0;
	plan->next_changes_ms = plan->next_log_ms = now_ms;
	/* what was asked for before we started may not have come */
	plan->search_until_ms = now_ms + SYNC_SEARCH_MS;
	plan->wants_full = last_full_age_ms < 0 || last_full_age_ms >= after;
	plan->next_full_ms = plan->wants_full ? now_ms
					      : now_ms + after - last_full_age_ms;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool
sync_plan_reads_beside(const struct sync_plan *plan)
{
	return plan->has_base && !plan->only_full && !plan->is_stuck;
}

enum sync_errand
sync_plan_next(const struct sync_plan *plan, int64_t now_ms, int64_t *ret_ms)
{
	int64_t at;

	if (now_ms < plan->not_before_ms) {
		*ret_ms = plan->not_before_ms;
		return SYNC_ERRAND_NONE;
	}
	at = NEVER_MS;
	if (!plan->is_reading) {
		if (plan->wants_full || now_ms >= plan->next_full_ms)
			return SYNC_ERRAND_FULL;
		at = plan->next_full_ms;
	}
	if (!plan->only_full) {
		/* changes first: with the log they are rare, and their turn includes its
		 */
		if (now_ms >= plan->next_changes_ms)
			return SYNC_ERRAND_CHANGES;
		at = earlier(at, plan->next_changes_ms);
		if (plan->use_log || plan->try_log) {
			if (now_ms >= plan->next_log_ms)
				return SYNC_ERRAND_LOG;
			at = earlier(at, plan->next_log_ms);
		}
	}
	*ret_ms = at;
	return SYNC_ERRAND_NONE;
}

/* Twice as long after each failure, up to the maximum; then a random half of it less. */
static int64_t
retry_after(unsigned failures, uint32_t random)
{
	int64_t wait = SYNC_RETRY_MIN_MS;

	while (failures > 1 && wait < SYNC_RETRY_MAX_MS) {
		wait *= 2;
		failures--;
	}
	if (wait > SYNC_RETRY_MAX_MS)
		wait = SYNC_RETRY_MAX_MS;
	return wait - (int64_t)random % (wait / 2);
}

/* The grid of BEGAN keeps its pace whatever an errand takes; what was missed is left
 * out. */
static int64_t
next_on_grid(int64_t began_ms, int64_t step_ms, int64_t now_ms)
{
	int64_t at = began_ms + step_ms;

	return at >= now_ms ? at : now_ms;
}

/*
 * A full one that fails must not keep a suspension from reaching the host: changes go on
 * being asked for on top of the last good state.
 */
static void
ended_badly(struct sync_plan *plan, bool is_full, enum sync_end_kind how, int64_t took_ms,
    int64_t now_ms, uint32_t random)
{
	int64_t wait;

	if (is_full && plan->has_base && !plan->only_full) {
		plan->full_failures++;
		plan->wants_full = false;
		wait = retry_after(plan->full_failures, random);
		/* it takes most of Okta's limits, and will be the same */
		if (how == SYNC_ENDED_REFUSED)
			wait = later(wait, 3 * took_ms);
		plan->next_full_ms = now_ms + wait;
		return;
	}
	plan->failures++;
	plan->not_before_ms = now_ms + retry_after(plan->failures, random);
}

static void
full_ended(struct sync_plan *plan, bool was_beside, int64_t began_ms, uint64_t requests,
    int64_t now_ms, uint32_t random)
{
	int64_t step = plan->use_log ? SYNC_LOG_INTERVAL_MS : plan->interval_ms;

	plan->has_base = true;
	plan->wants_full = plan->is_stuck = false;
	plan->full_failures = 0;
	plan->full_price = (int64_t)requests;
	/* what its first page could not have is waited for from then on; but it must not
	 * go on all the time where it takes longer than its interval */
	plan->next_full_ms = began_ms + full_after(plan, random);
	if (!plan->only_full)
		plan->next_full_ms = later(
		    plan->next_full_ms, now_ms + plan->full_interval_ms / 10);
	/* changes had their turns; what a page had that they did not name is asked once
	 * more */
	if (was_beside) {
		plan->next_changes_ms = now_ms;
		return;
	}
	if (plan->use_log)
		plan->next_log_ms = next_on_grid(began_ms, step, now_ms);
	/* with the log it comes first: it knows what happened meanwhile by one request */
	plan->next_changes_ms = next_on_grid(
	    began_ms, plan->use_log ? SYNC_LOG_CHANGES_MS : step, now_ms);
}

/*
 * An org where something happens all the time must not keep the host busy: an errand is
 * followed by a rest twice as long.  But what happens just behind its question waits for
 * its end, for the rest and for the next errand, and is to be known within a minute:
 * where the two errands leave less of it, that is the rest; half of one at least.
 */
static int64_t
rest_after(int64_t took_ms)
{
	const int64_t rest_ms = earlier(2 * took_ms, KNOWN_WITHIN_MS - 2 * took_ms);

	return later(rest_ms, took_ms / 2);
}

void
sync_plan_ended(struct sync_plan *plan, enum sync_errand errand, enum sync_end_kind how,
    int64_t began_ms, uint64_t requests, int64_t now_ms, uint32_t random)
{
	const bool is_settled = plan->use_log && now_ms >= plan->search_until_ms;
	const bool is_full = errand == SYNC_ERRAND_FULL || errand == SYNC_ERRAND_PUBLISH;
	const bool is_beside = plan->is_reading;
	int64_t step = is_settled ? SYNC_LOG_CHANGES_MS : plan->interval_ms;

	if (how == SYNC_ENDED_NEEDS_FULL && errand != SYNC_ERRAND_FULL)
		plan->is_stuck = true;
	if (is_full || plan->is_stuck)
		plan->is_reading = false;
	if (how == SYNC_ENDED_NEEDS_FULL && is_full) {
		plan->wants_full = true; /* at once, but not for ever */
		if (plan->full_failures == 0 && plan->failures == 0)
			return;
		how = SYNC_ENDED_BADLY;
	}
	if (how == SYNC_ENDED_BADLY || how == SYNC_ENDED_REFUSED) {
		ended_badly(plan, is_full, how, now_ms - began_ms, now_ms, random);
		return;
	}
	plan->failures = 0;
	/* what is read beside has what is missing as little */
	if (how == SYNC_ENDED_NEEDS_FULL && (plan->full_failures == 0 || is_beside))
		plan->wants_full = true;
	if (is_full) {
		full_ended(plan, errand == SYNC_ERRAND_PUBLISH, began_ms, requests,
		    now_ms, random);
		return;
	}
	plan->not_before_ms = now_ms + rest_after(now_ms - began_ms);
	if (plan->use_log)
		plan->next_log_ms = next_on_grid(began_ms, SYNC_LOG_INTERVAL_MS, now_ms);
	else if (errand == SYNC_ERRAND_LOG)
		plan->next_log_ms = now_ms + SYNC_LOG_AGAIN_MS;
	if (errand != SYNC_ERRAND_CHANGES)
		return;
	/* lists that are read also where nothing changed, by more than two requests, are
	 * asked for less often: the price a minute stays the same */
	if (!is_settled && requests > 2)
		step = step * (int64_t)requests / 2;
	if (plan->use_log)
		step = earlier(step, SYNC_LOG_CHANGES_MS);
	plan->next_changes_ms = next_on_grid(began_ms, step, now_ms);
	/* two requests stood for one of the log's */
	if (plan->use_log)
		plan->next_log_ms = next_on_grid(
		    began_ms, 2 * SYNC_LOG_INTERVAL_MS, now_ms);
}

void
sync_plan_after_search(struct sync_plan *plan, int64_t now_ms)
{
	plan->search_until_ms = now_ms + SYNC_SEARCH_MS;
	plan->next_changes_ms = earlier(
	    plan->next_changes_ms, now_ms + plan->interval_ms);
}

void
sync_plan_request(struct sync_plan *plan)
{
	plan->wants_full = true;
	plan->failures = 0;
	plan->not_before_ms = 0;
}

void
sync_plan_without_log(struct sync_plan *plan, int64_t now_ms)
{
	if (plan->use_log)
		plan->next_changes_ms = now_ms;
	plan->use_log = false;
	plan->try_log = true;
	plan->next_log_ms = now_ms + SYNC_LOG_AGAIN_MS;
}

void
sync_plan_with_log(struct sync_plan *plan)
{
	plan->use_log = true;
	plan->try_log = false;
}

void
sync_plan_without_changes(struct sync_plan *plan, int64_t now_ms)
{
	plan->only_full = true;
	plan->next_full_ms = now_ms + plan->interval_ms;
}

void
sync_plan_hurry(struct sync_plan *plan, int64_t now_ms)
{
	if (plan->only_full) {
		sync_plan_request(plan);
		return;
	}
	plan->not_before_ms = now_ms;
	if (plan->use_log)
		plan->next_log_ms = now_ms;
	else
		plan->next_changes_ms = now_ms;
}
