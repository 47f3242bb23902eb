/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: libcurl libcrypto json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/ratelimit.h"

static struct okta_rate_headers
read_headers(const char *text)
{
	struct okta_http_answer a = { 0 };
	struct okta_rate_headers h;

	okta_buf_init(&a.headers, 4096);
	assert_int_equal(okta_buf_append_str(&a.headers, text), OKTA_OK);
	h = okta_rate_read(&a);
	okta_buf_clear(&a.headers);
	return h;
}

/* Recorded from Okta, 2025. */
static const char recorded[] =
    "date: Mon, 29 Sep 2025 06:37:47 GMT\r\nx-rate-limit-limit: 50\r\n"
    "x-rate-limit-remaining: 0\r\nX-Rate-Limit-Reset: 1759127905\r\n";

static void
rate_read_takes_oktas_headers_in_any_case(void **state)
{
	struct okta_rate_headers h = read_headers(recorded);

	(void)state;
	assert_true(h.has_limit && h.has_remaining && h.has_reset && h.has_date);
	assert_false(h.has_retry_after);
	assert_int_equal(h.limit, 50);
	assert_int_equal(h.remaining, 0);
	assert_int_equal(h.reset_s, 1759127905);
	assert_int_equal(h.date_s, 1759127867);
}

static void
rate_read_leaves_out_what_is_no_number_or_date(void **state)
{
	struct okta_rate_headers h = read_headers(
	    "date: yesterday\r\nx-rate-limit-limit: -5\r\nx-rate-limit-remaining: 1e9\r\n"
	    "x-rate-limit-reset: 99999999999999999999\r\nretry-after: Mon, 29 Sep "
	    "2025\r\n");

	(void)state;
	assert_false(h.has_limit || h.has_remaining || h.has_reset || h.has_date ||
		     h.has_retry_after);
	assert_false(read_headers("date: Mon, 00 Sep 2025 06:37:47 GMT\r\n").has_date);
	assert_false(read_headers("date: Mon, 29 Sex 2025 06:37:47 GMT\r\n").has_date);
	assert_false(read_headers("date: Mon, 29 Sep 2025 26:37:47 GMT\r\n").has_date);
	assert_int_equal(
	    read_headers("date: Thu, 29 Feb 2024 00:00:00 GMT\r\n").date_s, 1709164800);
}

static struct okta_rate_headers
bucket(int64_t limit, int64_t remaining, int64_t left_s)
{
	struct okta_rate_headers h = { .has_limit = true,
		.has_remaining = true,
		.has_reset = true,
		.has_date = true,
		.limit = limit,
		.remaining = remaining,
		.date_s = 1000000,
		.reset_s = 1000000 + left_s };

	return h;
}

/* Stop before the 429, and until Okta's clock, not ours, says the window is over. */
static void
rate_waits_for_the_reset_once_the_bucket_is_used_up(void **state)
{
	struct okta_rate_headers h = bucket(50, 2, 30);
	struct okta_rate rate = { 0 };

	(void)state;
	okta_rate_learn(&rate, &h, 5000);
	assert_int_equal(okta_rate_wait_ms(&rate, 5000), 0);
	h.remaining = 0;
	okta_rate_learn(&rate, &h, 6000);
	assert_int_equal(okta_rate_wait_ms(&rate, 6000), 30000);
	assert_int_equal(okta_rate_wait_ms(&rate, 36000), 0);
}

/* Somebody else asks meanwhile; of a limit that is hardly one all is taken. */
static void
rate_leaves_a_fiftieth_of_a_window_and_one_request_to_others_where_it_is_shared(
    void **state)
{
	static const struct {
		int64_t limit, left;
	} cases[] = { { 600, 13 }, { 50, 2 }, { 20, 1 }, { 19, 0 } };
	struct okta_rate_headers h;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct okta_rate rate = { .is_shared = true };

		h = bucket(cases[i].limit, cases[i].left + 1, 30);
		okta_rate_learn(&rate, &h, 5000);
		assert_int_equal(okta_rate_wait_ms(&rate, 5000), 0);
		h = bucket(cases[i].limit, cases[i].left, 30);
		okta_rate_learn(&rate, &h, 5000);
		assert_int_equal(okta_rate_wait_ms(&rate, 5000), 31000);
		rate.is_shared = false;
		assert_int_equal(
		    okta_rate_wait_ms(&rate, 5000), cases[i].left > 0 ? 0 : 31000);
	}
}

/* Requests sent before anything is known are those that run into a 429. */
static void
rate_sends_one_request_ahead_into_an_unknown_window(void **state)
{
	struct okta_rate_headers h = bucket(50, 49, 30), next = bucket(50, 49, 95);
	struct okta_rate rate = { 0 };

	(void)state;
	assert_int_equal(okta_rate_wait_ms(&rate, 5000), 0);
	okta_rate_started(&rate);
	assert_int_equal(okta_rate_wait_ms(&rate, 5000), OKTA_RATE_FOR_ANSWER);
	okta_rate_ended(&rate);
	okta_rate_learn(&rate, &h, 5000);
	okta_rate_started(&rate);
	assert_int_equal(okta_rate_wait_ms(&rate, 5000), 0);
	/* and into the one behind the reset */
	assert_int_equal(okta_rate_wait_ms(&rate, 36000), OKTA_RATE_FOR_ANSWER);
	okta_rate_ended(&rate);
	assert_int_equal(okta_rate_wait_ms(&rate, 36000), 0);
	okta_rate_learn(&rate, &next, 36000);
	okta_rate_started(&rate);
	assert_int_equal(okta_rate_wait_ms(&rate, 36000), 0);
}

static void
rate_counts_what_is_still_in_flight(void **state)
{
	struct okta_rate_headers h = bucket(50, 3, 30);
	struct okta_rate rate = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		okta_rate_started(&rate);
	okta_rate_learn(&rate, &h, 5000);
	assert_int_equal(okta_rate_wait_ms(&rate, 5000), OKTA_RATE_FOR_ANSWER);
	okta_rate_ended(&rate);
	assert_int_equal(okta_rate_wait_ms(&rate, 5000), 0);
}

/* An answer that was overtaken says more is left than there is. */
static void
rate_believes_the_lowest_count_and_the_earliest_end_of_a_window(void **state)
{
	struct okta_rate_headers later = bucket(50, 1, 30), earlier = bucket(50, 9, 30),
				 of_old = bucket(50, 0, 30);
	struct okta_rate rate = { 0 };

	(void)state;
	okta_rate_learn(&rate, &later, 5000);
	okta_rate_learn(&rate, &earlier, 5000);
	assert_int_equal(rate.remaining, 1);
	/* the Date is in whole seconds: the first answer may have been 0.9 s into one */
	later.remaining = 0;
	okta_rate_learn(&rate, &later, 5900);
	assert_int_equal(okta_rate_wait_ms(&rate, 5900), 36000 - 5900);
	okta_rate_learn(&rate, &later, 4100);
	assert_int_equal(okta_rate_wait_ms(&rate, 5900), 35100 - 5900);
	/* a new window; what the old one says late is no news */
	later.reset_s += 60;
	later.remaining = 49;
	okta_rate_learn(&rate, &later, 36000);
	okta_rate_learn(&rate, &of_old, 36100);
	assert_int_equal(okta_rate_wait_ms(&rate, 36100), 0);
}

/* A clock of Okta's that was set back must not hold us to one request at a time. */
static void
rate_takes_an_earlier_reset_once_the_window_is_over(void **state)
{
	struct okta_rate_headers h = bucket(50, 49, 30);
	struct okta_rate rate = { 0 };

	(void)state;
	okta_rate_learn(&rate, &h, 5000);
	h.reset_s -= 500;
	h.date_s -= 500;
	okta_rate_learn(&rate, &h, 40000);
	okta_rate_started(&rate);
	assert_int_equal(okta_rate_wait_ms(&rate, 40000), 0);
}

static void
rate_learns_nothing_of_a_bucket_from_a_concurrency_limit(void **state)
{
	struct okta_rate_headers h = bucket(50, 5, 30), zero = bucket(0, 0, 600);
	struct okta_rate rate = { 0 };

	(void)state;
	okta_rate_learn(&rate, &h, 5000);
	okta_rate_learn(&rate, &zero, 5000);
	assert_int_equal(okta_rate_wait_ms(&rate, 5000), 0);
}

/* Without the headers there is nothing to go by but the 429 itself. */
static void
rate_holds_nothing_back_when_okta_names_no_limit(void **state)
{
	struct okta_rate_headers none = { 0 };
	struct okta_rate rate = { 0 };

	(void)state;
	okta_rate_started(&rate);
	okta_rate_learn(&rate, &none, 5000);
	assert_int_equal(okta_rate_wait_ms(&rate, 5000), 0);
}

/* FACTS 9: 500 and 504 on a large page, or none in time. */
static void
rate_tells_a_page_that_was_too_much(void **state)
{
	(void)state;
	assert_true(okta_rate_is_too_much(OKTA_HTTP_ANSWERED, 500));
	assert_true(okta_rate_is_too_much(OKTA_HTTP_ANSWERED, 504));
	assert_true(okta_rate_is_too_much(OKTA_HTTP_DEADLINE, 0));
	assert_true(okta_rate_is_too_much(OKTA_HTTP_UNREACHABLE, 0));
	assert_false(okta_rate_is_too_much(OKTA_HTTP_ANSWERED, 503));
	assert_false(okta_rate_is_too_much(OKTA_HTTP_ANSWERED, 429));
	assert_false(okta_rate_is_too_much(OKTA_HTTP_TLS, 0));
}

static void
rate_cause_tells_the_kinds_of_failure_apart(void **state)
{
	struct okta_rate_headers h = bucket(50, 0, 30), zero = bucket(0, 0, 30),
				 none = { 0 };

	(void)state;
	assert_int_equal(okta_rate_cause(OKTA_HTTP_ANSWERED, 429, &h), OKTA_RATE_BUCKET);
	assert_int_equal(
	    okta_rate_cause(OKTA_HTTP_ANSWERED, 429, &none), OKTA_RATE_BUCKET);
	assert_int_equal(
	    okta_rate_cause(OKTA_HTTP_ANSWERED, 429, &zero), OKTA_RATE_CONCURRENCY);
	assert_int_equal(
	    okta_rate_cause(OKTA_HTTP_ANSWERED, 503, &none), OKTA_RATE_SERVER);
	assert_int_equal(
	    okta_rate_cause(OKTA_HTTP_UNREACHABLE, 0, &none), OKTA_RATE_TRANSPORT);
	assert_int_equal(
	    okta_rate_cause(OKTA_HTTP_DEADLINE, 0, &none), OKTA_RATE_TRANSPORT);
	assert_int_equal(okta_rate_cause(OKTA_HTTP_TLS, 0, &none), OKTA_RATE_FINAL);
	assert_int_equal(okta_rate_cause(OKTA_HTTP_ANSWERED, 403, &h), OKTA_RATE_FINAL);
	assert_int_equal(okta_rate_cause(OKTA_HTTP_ANSWERED, 200, &h), OKTA_RATE_FINAL);
}

/* R17: a 4xx gives the same answer again. */
static void
rate_again_never_repeats_a_final_failure(void **state)
{
	struct okta_rate_headers none = { 0 };
	int64_t ms = 7;

	(void)state;
	assert_false(okta_rate_again(OKTA_RATE_FINAL, 1, &none, 0, &ms));
	assert_int_equal(ms, 7);
}

static void
rate_again_waits_reset_minus_date_and_a_second_with_jitter(void **state)
{
	struct okta_rate_headers h = bucket(50, 0, 30);
	int64_t ms = 0;

	(void)state;
	assert_true(okta_rate_again(OKTA_RATE_BUCKET, 1, &h, 0, &ms));
	assert_int_equal(ms, 31000);
	assert_true(okta_rate_again(OKTA_RATE_BUCKET, 1, &h, 999, &ms));
	assert_int_equal(ms, 31999);
	h.has_retry_after = true;
	h.retry_after_s = 7;
	assert_true(okta_rate_again(OKTA_RATE_BUCKET, 1, &h, 0, &ms));
	assert_int_equal(ms, 7000);
	h.retry_after_s = INT64_MAX / 4096;
	assert_true(okta_rate_again(OKTA_RATE_BUCKET, 1, &h, 0, &ms));
	assert_int_equal(ms, OKTA_RATE_WAIT_MAX_MS);
	assert_false(okta_rate_again(OKTA_RATE_BUCKET, OKTA_RATE_TRIES_429, &h, 0, &ms));
}

/* A reset that lies in the past, or none at all, must not make a busy loop. */
static void
rate_again_never_waits_less_than_a_second_after_a_429(void **state)
{
	struct okta_rate_headers past = bucket(50, 0, -500), none = { 0 };
	int64_t ms = 0;

	(void)state;
	assert_true(okta_rate_again(OKTA_RATE_BUCKET, 1, &past, 0, &ms));
	assert_int_equal(ms, 1000);
	assert_true(okta_rate_again(OKTA_RATE_BUCKET, 3, &none, 0, &ms));
	assert_int_equal(ms, 4000);
}

static void
rate_again_backs_off_exponentially_from_concurrency_and_5xx(void **state)
{
	struct okta_rate_headers h = bucket(0, 0, 3000);
	int64_t ms = 0;

	(void)state;
	assert_true(okta_rate_again(OKTA_RATE_CONCURRENCY, 1, &h, 0, &ms));
	assert_int_equal(ms, 500);
	assert_true(okta_rate_again(OKTA_RATE_CONCURRENCY, 4, &h, 0, &ms));
	assert_int_equal(ms, 4000);
	assert_true(okta_rate_again(OKTA_RATE_CONCURRENCY, 19, &h, 999, &ms));
	assert_in_range(ms, 60000, 120000);
	assert_true(okta_rate_again(OKTA_RATE_SERVER, 2, &h, 0, &ms));
	assert_int_equal(ms, 1000);
	assert_false(
	    okta_rate_again(OKTA_RATE_SERVER, OKTA_RATE_TRIES_OTHER, &h, 0, &ms));
	assert_false(
	    okta_rate_again(OKTA_RATE_TRANSPORT, OKTA_RATE_TRIES_OTHER, &h, 0, &ms));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_read_takes_oktas_headers_in_any_case),
		cmocka_unit_test(rate_read_leaves_out_what_is_no_number_or_date),
		cmocka_unit_test(rate_waits_for_the_reset_once_the_bucket_is_used_up),
		cmocka_unit_test(
		    rate_leaves_a_fiftieth_of_a_window_and_one_request_to_others_where_it_is_shared),
		cmocka_unit_test(rate_sends_one_request_ahead_into_an_unknown_window),
		cmocka_unit_test(rate_counts_what_is_still_in_flight),
		cmocka_unit_test(
		    rate_believes_the_lowest_count_and_the_earliest_end_of_a_window),
		cmocka_unit_test(rate_takes_an_earlier_reset_once_the_window_is_over),
		cmocka_unit_test(rate_holds_nothing_back_when_okta_names_no_limit),
		cmocka_unit_test(rate_tells_a_page_that_was_too_much),
		cmocka_unit_test(
		    rate_learns_nothing_of_a_bucket_from_a_concurrency_limit),
		cmocka_unit_test(rate_cause_tells_the_kinds_of_failure_apart),
		cmocka_unit_test(rate_again_never_repeats_a_final_failure),
		cmocka_unit_test(
		    rate_again_waits_reset_minus_date_and_a_second_with_jitter),
		cmocka_unit_test(rate_again_never_waits_less_than_a_second_after_a_429),
		cmocka_unit_test(
		    rate_again_backs_off_exponentially_from_concurrency_and_5xx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
