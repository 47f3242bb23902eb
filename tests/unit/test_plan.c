/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../cmd/okta-sync/plan.h"

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* A host whose clock the test moves, and an Okta that answers at once. */
struct host {
	struct sync_plan plan;
	int64_t now;
	uint64_t full, changes, log;
	int64_t last_ask, longest; /* between two errands that see a change */
};

static void
start(struct host *h, bool log, int64_t age_ms)
{
	*h = (struct host){ .plan = { .interval_ms = MINUTE,
				.full_interval_ms = DAY,
				.use_log = log },
		.now = 1000 };
	sync_plan_start(&h->plan, age_ms, h->now, 0);
	h->last_ask = h->now;
}

static uint64_t
price(enum sync_errand errand)
{
	return errand == SYNC_ERRAND_FULL ? 500 : errand == SYNC_ERRAND_CHANGES ? 2 : 1;
}

/* One step: an errand, or the time until the next. */
static enum sync_errand
step(struct host *h, enum sync_end_kind how, int64_t takes_ms)
{
	int64_t until = 0, began = h->now;
	enum sync_errand errand = sync_plan_next(&h->plan, h->now, &until);

	if (errand == SYNC_ERRAND_NONE) {
		assert_true(until > h->now); /* or it would never sleep */
		h->now = until;
		return errand;
	}
	h->full += errand == SYNC_ERRAND_FULL;
	h->changes += errand == SYNC_ERRAND_CHANGES;
	h->log += errand == SYNC_ERRAND_LOG;
	if (began - h->last_ask > h->longest)
		h->longest = began - h->last_ask;
	h->last_ask = began;
	h->now += takes_ms;
	sync_plan_ended(&h->plan, errand, how, began, price(errand), h->now, 0);
	return errand;
}

static void
run(struct host *h, int64_t ms, int64_t takes_ms)
{
	int64_t end = h->now + ms;

	while (h->now < end)
		(void)step(h, SYNC_ENDED_WELL, takes_ms);
}

static enum sync_errand
next(struct host *h, enum sync_end_kind how)
{
	enum sync_errand errand;

	do
		errand = step(h, how, 100);
	while (errand == SYNC_ERRAND_NONE);
	return errand;
}

static void
plan_asks_twice_a_minute_where_nothing_changes_and_sees_a_change_within_60_s(void **state)
{
	struct host h;

	(void)state;
	start(&h, false, 0);
	run(&h, 23 * HOUR, 300);
	assert_int_equal(h.log + h.full, 0);
	assert_in_range(h.changes * 2, 23 * 60 * 2 - 2, 23 * 60 * 2);
	assert_in_range(h.longest, 1, MINUTE);
}

static void
plan_asks_six_times_a_minute_with_the_log_and_sees_a_change_within_10_s(void **state)
{
	struct host h;

	(void)state;
	start(&h, true, 0);
	h.plan.next_changes_ms += MINUTE; /* begin in the steady state */
	h.plan.search_until_ms = h.now;
	run(&h, 23 * HOUR, 300);
	assert_int_equal(h.full, 0);
	assert_in_range(h.log + 2 * h.changes, 23 * 360 - 60, 23 * 360 + 2);
	/* once an hour two requests take the place of two: the one between sees less */
	assert_in_range(h.changes, 22, 24);
	assert_in_range(h.longest, 1, 2 * SYNC_LOG_INTERVAL_MS);
}

static void
plan_reads_everything_once_a_day_at_another_time_on_each_host(void **state)
{
	struct host a, b;
	int64_t until_a = 0, until_b = 0;

	(void)state;
	start(&a, false, 0);
	run(&a, 10 * DAY, 60000);
	assert_in_range(a.full, 9, 10);

	start(&a, true, 0);
	start(&b, true, 0);
	sync_plan_start(&a.plan, 0, a.now, 12345);
	sync_plan_start(&b.plan, 0, b.now, 2345678);
	assert_int_not_equal(a.plan.next_full_ms, b.plan.next_full_ms);
	assert_in_range(a.plan.next_full_ms - a.now, DAY - DAY / 10, DAY);
	(void)sync_plan_next(&a.plan, a.now, &until_a);
	(void)sync_plan_next(&b.plan, b.now, &until_b);
}

static void
plan_begins_with_everything_when_there_is_nothing_to_build_on_or_it_is_old(void **state)
{
	struct host h;

	(void)state;
	start(&h, true, -1);
	assert_int_equal(next(&h, SYNC_ENDED_WELL), SYNC_ERRAND_FULL);
	assert_int_equal(next(&h, SYNC_ENDED_WELL), SYNC_ERRAND_LOG);
	start(&h, true, DAY);
	assert_int_equal(next(&h, SYNC_ENDED_WELL), SYNC_ERRAND_FULL);
	start(&h, true, DAY / 2);
	assert_int_equal(next(&h, SYNC_ENDED_WELL), SYNC_ERRAND_CHANGES);
}

static void
plan_waits_longer_after_each_failure_up_to_a_quarter_of_an_hour(void **state)
{
	int64_t until = 0, last = 0, wait;
	struct host h;
	int i;

	(void)state;
	start(&h, false, 0);
	for (i = 0; i < 12; i++) {
		assert_int_equal(next(&h, SYNC_ENDED_BADLY), SYNC_ERRAND_CHANGES);
		assert_int_equal(
		    sync_plan_next(&h.plan, h.now, &until), SYNC_ERRAND_NONE);
		wait = until - h.now;
		assert_true(wait >= last && wait <= SYNC_RETRY_MAX_MS);
		last = wait;
	}
	assert_int_equal(last, SYNC_RETRY_MAX_MS);
	assert_int_equal(next(&h, SYNC_ENDED_WELL), SYNC_ERRAND_CHANGES);
	assert_int_equal(h.plan.failures, 0);
}

static void
plan_spreads_a_fleet_that_failed_at_once(void **state)
{
	struct host a, b;

	(void)state;
	start(&a, false, 0);
	start(&b, false, 0);
	sync_plan_ended(&a.plan, SYNC_ERRAND_CHANGES, SYNC_ENDED_BADLY, 0, 2, 1000, 1);
	sync_plan_ended(&b.plan, SYNC_ERRAND_CHANGES, SYNC_ENDED_BADLY, 0, 2, 1000, 5000);
	assert_int_not_equal(a.plan.not_before_ms, b.plan.not_before_ms);
	assert_true(b.plan.not_before_ms - 1000 >= SYNC_RETRY_MIN_MS / 2);
}

/* A brake that holds the daily one must not keep a suspension from the host. */
static void
plan_goes_on_asking_for_changes_while_reading_everything_fails(void **state)
{
	int64_t until = 0;
	struct host h;
	int i;

	(void)state;
	start(&h, false, 0);
	sync_plan_request(&h.plan);
	assert_int_equal(next(&h, SYNC_ENDED_BADLY), SYNC_ERRAND_FULL);
	h.full = h.changes = 0;
	for (i = 0; i < 800; i++)
		(void)step(&h,
		    sync_plan_next(&h.plan, h.now, &until) == SYNC_ERRAND_FULL
			? SYNC_ENDED_BADLY
			: SYNC_ENDED_WELL,
		    100);
	assert_true(h.changes > 5 * h.full && h.full > 1);
}

/* What takes three quarters of an hour to read would be the same a quarter later. */
static void
plan_leaves_changes_most_of_the_time_where_everything_is_read_and_braked(void **state)
{
	const int64_t took = 45 * MINUTE;
	int64_t until = 0, full_ms = 0, began;
	struct host h;

	(void)state;
	start(&h, false, 0);
	sync_plan_request(&h.plan);
	began = h.now;
	while (h.now < began + DAY) {
		if (sync_plan_next(&h.plan, h.now, &until) == SYNC_ERRAND_FULL) {
			full_ms += took;
			(void)step(&h, SYNC_ENDED_REFUSED, took);
		} else {
			(void)step(&h, SYNC_ENDED_WELL, 100);
		}
	}
	assert_in_range(full_ms, 2 * took, DAY / 4 + took);
	/* what takes no time is tried as soon as anything else that fails */
	start(&h, false, 0);
	sync_plan_request(&h.plan);
	assert_int_equal(step(&h, SYNC_ENDED_REFUSED, 100), SYNC_ERRAND_FULL);
	assert_in_range(h.plan.next_full_ms - h.now, 1, SYNC_RETRY_MIN_MS);
}

static void
plan_reads_everything_when_changes_cannot_say_it_but_not_without_end(void **state)
{
	struct host h;
	int i;

	(void)state;
	start(&h, false, 0);
	assert_int_equal(next(&h, SYNC_ENDED_NEEDS_FULL), SYNC_ERRAND_CHANGES);
	assert_int_equal(next(&h, SYNC_ENDED_BADLY), SYNC_ERRAND_FULL);
	h.full = 0;
	for (i = 0; i < 60; i++) { /* an hour and more */
		(void)next(&h, h.plan.full_failures > 0 && h.now < h.plan.next_full_ms
				   ? SYNC_ENDED_NEEDS_FULL
				   : SYNC_ENDED_BADLY);
		h.plan.not_before_ms = h.now;
	}
	assert_in_range(h.full, 1, 12);
}

/* What it went on from was of no use: it is read from the first page, but not in a loop.
 */
static void
plan_begins_a_full_one_anew_at_once_but_only_once(void **state)
{
	struct host h;

	(void)state;
	start(&h, false, -1);
	assert_int_equal(next(&h, SYNC_ENDED_NEEDS_FULL), SYNC_ERRAND_FULL);
	assert_true(h.plan.not_before_ms <= h.now);
	assert_int_equal(next(&h, SYNC_ENDED_BADLY), SYNC_ERRAND_FULL);
	assert_int_equal(next(&h, SYNC_ENDED_NEEDS_FULL), SYNC_ERRAND_FULL);
	assert_true(h.plan.not_before_ms > h.now);
}

static void
plan_asks_less_often_for_lists_that_cost_more(void **state)
{
	struct host h;

	(void)state;
	start(&h, false, 0);
	sync_plan_ended(
	    &h.plan, SYNC_ERRAND_CHANGES, SYNC_ENDED_WELL, h.now, 11, h.now, 0);
	assert_int_equal(h.plan.next_changes_ms, h.now + 11 * MINUTE / 2);

	sync_plan_without_changes(&h.plan, h.now);
	sync_plan_ended(&h.plan, SYNC_ERRAND_FULL, SYNC_ENDED_WELL, h.now, 40, h.now, 0);
	assert_int_equal(h.plan.next_full_ms, h.now + 20 * MINUTE);
	h.now = h.plan.next_full_ms - 1;
	assert_int_equal(next(&h, SYNC_ENDED_WELL), SYNC_ERRAND_FULL);
}

/* Its first page is as old as that: what no change says is found a day after it. */
static void
plan_counts_from_the_first_page_of_a_full_one_that_was_interrupted(void **state)
{
	struct host h;

	(void)state;
	start(&h, true, 0);
	h.now += DAY;
	sync_plan_ended(
	    &h.plan, SYNC_ERRAND_FULL, SYNC_ENDED_WELL, h.now - 6 * HOUR, 500, h.now, 0);
	assert_int_equal(h.plan.next_full_ms, h.now + 18 * HOUR);
	/* and what changed since is asked for at once */
	assert_int_equal(step(&h, SYNC_ENDED_WELL, 0), SYNC_ERRAND_CHANGES);
}

static void
plan_asks_for_changes_between_full_ones_that_take_longer_than_their_interval(void **state)
{
	struct host h;

	(void)state;
	start(&h, false, 0);
	sync_plan_request(&h.plan);
	assert_int_equal(step(&h, SYNC_ENDED_WELL, 2 * DAY), SYNC_ERRAND_FULL);
	assert_int_equal(h.plan.next_full_ms, h.now + DAY / 10);
	assert_int_equal(step(&h, SYNC_ENDED_WELL, 0), SYNC_ERRAND_CHANGES);
}

static void
plan_goes_over_to_changes_at_once_when_the_log_is_refused(void **state)
{
	struct host h;

	(void)state;
	start(&h, true, 0);
	(void)next(&h, SYNC_ENDED_WELL);
	sync_plan_without_log(&h.plan, h.now);
	assert_int_equal(next(&h, SYNC_ENDED_WELL), SYNC_ERRAND_CHANGES);
	h.log = h.changes = 0;
	run(&h, SYNC_LOG_AGAIN_MS - MINUTE, 100);
	assert_int_equal(h.log, 0);
	assert_in_range(h.changes, 57, 60);
	/* a grant may come later, and a refusal may have been a passing one */
	run(&h, 2 * MINUTE, 100);
	assert_in_range(h.log, 1, 2);
	sync_plan_with_log(&h.plan);
	h.log = 0;
	run(&h, HOUR, 100);
	assert_in_range(h.log, 350, 360);
}

/* Who is searched for may not be found yet. */
static void
plan_asks_for_changes_each_minute_for_five_after_the_log_named_too_many(void **state)
{
	struct host h;

	(void)state;
	start(&h, true, 0);
	run(&h, 10 * MINUTE, 100);
	h.changes = h.log = 0;
	sync_plan_after_search(&h.plan, h.now);
	run(&h, MINUTE + 1000, 100);
	assert_int_equal(h.changes, 1);
	run(&h, 5 * MINUTE, 100);
	assert_in_range(h.changes, 5, 6);
	assert_in_range(h.log + 2 * h.changes, 6 * 5, 6 * 6 + 2);
	run(&h, 30 * MINUTE, 100);
	assert_in_range(h.changes, 5, 6);
	/* a long list of those assigned to an app is read each hour as ever */
	sync_plan_after_search(&h.plan, h.now);
	sync_plan_ended(
	    &h.plan, SYNC_ERRAND_CHANGES, SYNC_ENDED_WELL, h.now, 2000, h.now, 0);
	assert_int_equal(h.plan.next_changes_ms, h.now + SYNC_LOG_CHANGES_MS);
	/* one that is due earlier stays so */
	sync_plan_without_log(&h.plan, h.now);
	sync_plan_after_search(&h.plan, h.now);
	assert_int_equal(h.plan.next_changes_ms, h.now);
}

static int64_t
rest_after(int64_t took_ms)
{
	int64_t until = 0;
	struct host h;

	start(&h, true, 0);
	sync_plan_ended(
	    &h.plan, SYNC_ERRAND_LOG, SYNC_ENDED_WELL, h.now, 1, h.now + took_ms, 0);
	h.now += took_ms;
	assert_int_equal(sync_plan_next(&h.plan, h.now, &until), SYNC_ERRAND_NONE);
	return until - h.now;
}

/* A million people, of whom somebody changes all the time. */
static void
plan_rests_twice_as_long_as_a_change_took_but_knows_the_next_within_a_minute(void **state)
{
	int64_t took;

	(void)state;
	assert_int_equal(rest_after(7000), 14000);
	assert_int_equal(rest_after(15000), 30000);
	assert_int_equal(rest_after(20000), 20000);
	for (took = 4000; took <= 24000; took += 500)
		assert_true(took + rest_after(took) + took <= MINUTE);
	/* a host that cannot keep that has a third of its time for others */
	assert_int_equal(rest_after(40000), 20000);
}

static void
plan_does_what_is_asked_for_at_once_even_after_a_failure(void **state)
{
	struct host h;

	(void)state;
	start(&h, true, 0);
	assert_int_equal(next(&h, SYNC_ENDED_BADLY), SYNC_ERRAND_CHANGES);
	sync_plan_hurry(&h.plan, h.now);
	assert_int_not_equal(step(&h, SYNC_ENDED_BADLY, 0), SYNC_ERRAND_NONE);
	sync_plan_request(&h.plan);
	assert_int_equal(step(&h, SYNC_ENDED_WELL, 0), SYNC_ERRAND_FULL);
	h.plan.only_full = true;
	sync_plan_hurry(&h.plan, h.now);
	assert_int_equal(step(&h, SYNC_ENDED_WELL, 0), SYNC_ERRAND_FULL);
}

/* Three quarters of an hour, as a million people take. */
static void
plan_asks_what_changed_as_ever_while_everything_is_read_beside(void **state)
{
	struct host h;
	int64_t began;
	int log;

	(void)state;
	for (log = 0; log < 2; log++) {
		start(&h, log == 1, HOUR);
		run(&h, 30 * MINUTE, 100); /* the index is settled */
		assert_true(sync_plan_reads_beside(&h.plan));
		h.plan.wants_full = h.plan.is_reading = true;
		began = h.now;
		h.longest = 0;
		run(&h, 45 * MINUTE, 100);
		assert_int_equal(h.full, 0);
		assert_true(h.longest <= (log == 1 ? 20000 : MINUTE + 100));
		sync_plan_ended(
		    &h.plan, SYNC_ERRAND_PUBLISH, SYNC_ENDED_WELL, began, 500, h.now, 0);
		assert_false(h.plan.is_reading || h.plan.wants_full);
		h.changes = 0;
		run(&h, 30 * MINUTE, 100);
		assert_int_equal(h.full, 0);
		/* nor are they asked for twice afterwards */
		assert_true(h.changes <= (log == 1 ? 1 : 31));
		assert_true(h.longest <= (log == 1 ? 20000 : MINUTE + 100));
	}
}

static void
plan_reads_nothing_beside_where_there_is_nothing_that_changes_can_be_put_on(void **state)
{
	struct host h;

	(void)state;
	start(&h, true, -1);
	assert_false(sync_plan_reads_beside(&h.plan));
	assert_int_equal(next(&h, SYNC_ENDED_WELL), SYNC_ERRAND_FULL);
	assert_true(sync_plan_reads_beside(&h.plan));
	sync_plan_without_changes(&h.plan, h.now);
	assert_false(sync_plan_reads_beside(&h.plan));
}

static void
plan_reads_everything_alone_after_a_change_that_could_not_be_put_on_what_is_there(
    void **state)
{
	static const enum sync_errand errands[] = { SYNC_ERRAND_CHANGES, SYNC_ERRAND_LOG,
		SYNC_ERRAND_PUBLISH };
	struct host h;
	int64_t until;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(errands) / sizeof(errands[0]); i++) {
		start(&h, true, HOUR);
		h.plan.is_reading = true;
		/* also where it was tried again after a failure */
		h.plan.full_failures = errands[i] == SYNC_ERRAND_PUBLISH ? 0 : 1;
		sync_plan_ended(
		    &h.plan, errands[i], SYNC_ENDED_NEEDS_FULL, h.now, 1, h.now, 0);
		assert_false(h.plan.is_reading);
		assert_false(sync_plan_reads_beside(&h.plan));
		h.now += HOUR;
		assert_int_equal(
		    sync_plan_next(&h.plan, h.now, &until), SYNC_ERRAND_FULL);
		assert_int_equal(step(&h, SYNC_ENDED_WELL, 100), SYNC_ERRAND_FULL);
		assert_true(sync_plan_reads_beside(&h.plan));
	}
}

static void
plan_tries_again_later_what_failed_beside_and_goes_on_asking_what_changed(void **state)
{
	struct host h;

	(void)state;
	start(&h, false, HOUR);
	run(&h, 10 * MINUTE, 100);
	h.plan.is_reading = true;
	sync_plan_ended(&h.plan, SYNC_ERRAND_FULL, SYNC_ENDED_BADLY, h.now, 0, h.now, 0);
	assert_false(h.plan.is_reading);
	assert_true(sync_plan_reads_beside(&h.plan));
	h.longest = 0;
	run(&h, 5 * MINUTE, 100);
	assert_int_equal(h.full, 1);
	assert_true(h.longest <= MINUTE + 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    plan_asks_twice_a_minute_where_nothing_changes_and_sees_a_change_within_60_s),
		cmocka_unit_test(
		    plan_asks_six_times_a_minute_with_the_log_and_sees_a_change_within_10_s),
		cmocka_unit_test(
		    plan_reads_everything_once_a_day_at_another_time_on_each_host),
		cmocka_unit_test(
		    plan_begins_with_everything_when_there_is_nothing_to_build_on_or_it_is_old),
		cmocka_unit_test(
		    plan_waits_longer_after_each_failure_up_to_a_quarter_of_an_hour),
		cmocka_unit_test(plan_spreads_a_fleet_that_failed_at_once),
		cmocka_unit_test(
		    plan_goes_on_asking_for_changes_while_reading_everything_fails),
		cmocka_unit_test(
		    plan_leaves_changes_most_of_the_time_where_everything_is_read_and_braked),
		cmocka_unit_test(
		    plan_reads_everything_when_changes_cannot_say_it_but_not_without_end),
		cmocka_unit_test(plan_begins_a_full_one_anew_at_once_but_only_once),
		cmocka_unit_test(plan_asks_less_often_for_lists_that_cost_more),
		cmocka_unit_test(
		    plan_counts_from_the_first_page_of_a_full_one_that_was_interrupted),
		cmocka_unit_test(
		    plan_asks_for_changes_between_full_ones_that_take_longer_than_their_interval),
		cmocka_unit_test(
		    plan_goes_over_to_changes_at_once_when_the_log_is_refused),
		cmocka_unit_test(
		    plan_asks_for_changes_each_minute_for_five_after_the_log_named_too_many),
		cmocka_unit_test(
		    plan_rests_twice_as_long_as_a_change_took_but_knows_the_next_within_a_minute),
		cmocka_unit_test(
		    plan_does_what_is_asked_for_at_once_even_after_a_failure),
		cmocka_unit_test(
		    plan_asks_what_changed_as_ever_while_everything_is_read_beside),
		cmocka_unit_test(
		    plan_reads_nothing_beside_where_there_is_nothing_that_changes_can_be_put_on),
		cmocka_unit_test(
		    plan_reads_everything_alone_after_a_change_that_could_not_be_put_on_what_is_there),
		cmocka_unit_test(
		    plan_tries_again_later_what_failed_beside_and_goes_on_asking_what_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
