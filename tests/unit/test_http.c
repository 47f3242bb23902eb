/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcurl libcrypto json-c libqrencode */
/* What needs no server; tests/net has the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/wire.h"
#include "net/http.h"
#include "net/qr.h"

static struct okta_http_answer
answer_with(const char *headers)
{
	struct okta_http_answer answer = { .end = OKTA_HTTP_ANSWERED, .status = 200 };

	okta_buf_init(&answer.headers, 65536);
	assert_int_equal(okta_buf_append_str(&answer.headers, headers), OKTA_OK);
	return answer;
}

static void
http_header_finds_lines_by_name_in_any_case(void **state)
{
	struct okta_http_answer a = answer_with(
	    "HTTP/1.1 200 OK\r\nLink: <a>; rel=\"self\"\r\n"
	    "X-Link: no\r\nLINK:<b>\r\nempty:\r\nlinks: no\r\n\r\n");
	struct okta_view v;

	(void)state;
	assert_true(okta_http_header(&a, "link", 0, &v));
	assert_true(okta_view_eq_str(v, "<a>; rel=\"self\""));
	assert_true(okta_http_header(&a, "link", 1, &v));
	assert_true(okta_view_eq_str(v, "<b>"));
	assert_false(okta_http_header(&a, "link", 2, &v));
	assert_true(okta_http_header(&a, "EMPTY", 0, &v));
	assert_int_equal(v.len, 0);
	assert_false(okta_http_header(&a, "lin", 0, &v));
	okta_http_answer_clear(&a);
	assert_false(okta_http_header(&a, "link", 0, &v));
}

static void
retry_after_is(const char *headers, int64_t expected)
{
	struct okta_http_answer a = answer_with(headers);
	int64_t s = -1;

	assert_int_equal(okta_http_retry_after(&a, &s), expected >= 0);
	assert_int_equal(s, expected);
	okta_http_answer_clear(&a);
}

#define DATE "Date: Mon, 29 Sep 2025 06:24:50 GMT\r\n" /* 1759127090 */

static void
http_retry_after_goes_by_the_servers_own_clock(void **state)
{
	(void)state;
	retry_after_is("Retry-After: 7\r\n", 7);
	retry_after_is("Retry-After: 7\r\n" DATE "x-rate-limit-reset: 1759127105\r\n", 7);
	retry_after_is(DATE "x-rate-limit-reset: 1759127105\r\n", 16);
	retry_after_is(DATE "x-rate-limit-reset: 1759127000\r\n", 1);	 /* past */
	retry_after_is(DATE "x-rate-limit-reset: 1859127000\r\n", 3600); /* absurd */
	retry_after_is("Retry-After: 0\r\n", 1);
	retry_after_is("Retry-After: 99999999\r\n", 3600);
	retry_after_is("Retry-After: -5\r\n", -1);
	retry_after_is("x-rate-limit-reset: 1759127105\r\n", -1);
	retry_after_is("Date: yesterday\r\nx-rate-limit-reset: 1759127105\r\n", -1);
	retry_after_is("", -1);
}

static void
http_form_escapes_everything_but_unreserved(void **state)
{
	struct okta_buf out;

	(void)state;
	okta_buf_init(&out, 256);
	assert_int_equal(
	    okta_http_form_add(&out, "a", okta_view_str("x y&=%+/\n\xc3")), OKTA_OK);
	assert_int_equal(
	    okta_http_form_add(&out, "b", okta_view_str("A-Z_a.z~9")), OKTA_OK);
	assert_string_equal(out.data, "a=x%20y%26%3D%25%2B%2F%0A%C3&b=A-Z_a.z~9");
	okta_buf_clear(&out);
}

static struct okta_http *
new_http(int cancel_fd)
{
	struct okta_http_settings settings = { .clock = &okta_clock_system,
		.cancel_fd = cancel_fd };
	struct okta_http *http = NULL;
	struct okta_err err = { 0 };

	assert_int_equal(okta_http_new(&settings, &http, &err), OKTA_OK);
	return http;
}

static void
http_refuses_anything_but_https(void **state)
{
	static const char *const bad[] = { "http://localhost/", "file:///etc/passwd",
		"ftp://x/", "localhost", "", "HTTPS:/x", "//localhost/" };
	struct okta_http *http = new_http(-1);
	struct okta_http_request request = { .max_body_bytes = 10 };
	struct okta_http_answer answer;
	struct okta_err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		request.url = bad[i];
		request.deadline_ms = okta_clock_mono_ms(&okta_clock_system) + 1000;
		assert_int_equal(
		    okta_http_do(http, &request, &answer, &err), OKTA_E_INPUT);
		okta_http_answer_clear(&answer);
	}
	assert_int_equal(okta_http_in_flight(http), 0);
	okta_http_free(&http);
}

/* A value from outside must not become a header line of its own. */
static void
http_refuses_line_breaks_in_header_values(void **state)
{
	struct okta_http *http = new_http(-1);
	struct okta_http_request request = { .url = "https://localhost:1/",
		.max_body_bytes = 10,
		.authorization = "Bearer x\r\nX-Evil: y" };
	struct okta_http_answer answer;
	struct okta_err err = { 0 };

	(void)state;
	request.deadline_ms = okta_clock_mono_ms(&okta_clock_system) + 1000;
	assert_int_not_equal(okta_http_do(http, &request, &answer, &err), OKTA_OK);
	assert_null(strstr(err.msg, "Evil"));
	request.authorization = NULL;
	request.dpop = "a\nb";
	assert_int_not_equal(okta_http_do(http, &request, &answer, &err), OKTA_OK);
	assert_int_equal(okta_http_in_flight(http), 0);
	okta_http_free(&http);
}

static void
http_message_leaves_the_query_out(void **state)
{
	struct okta_http *http = new_http(-1);
	struct okta_http_request request = { .url = "https://localhost:1/p?code=canary",
		.max_body_bytes = 10 };
	struct okta_http_answer answer;
	struct okta_err err = { 0 };

	(void)state;
	request.deadline_ms = okta_clock_mono_ms(&okta_clock_system) + 2000;
	assert_int_equal(okta_http_do(http, &request, &answer, &err), OKTA_E_UNAVAIL);
	assert_int_equal(answer.end, OKTA_HTTP_UNREACHABLE);
	assert_non_null(strstr(err.msg, "https://localhost:1/p: cannot be reached"));
	assert_null(strstr(err.msg, "canary"));
	okta_http_free(&http);
}

/* libcurl keeps what it had from a name that was not found: the next try must say the
 * same. */
static void
http_says_each_time_that_a_name_is_not_found(void **state)
{
	struct okta_http *http = new_http(-1);
	struct okta_http_request request = {
		.url = "https://a-label-longer-than-any-name-server-takes-it-"
		       "0123456789012345678901234567890123456789.invalid/",
		.max_body_bytes = 10
	};
	struct okta_http_answer answer;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct okta_err err = { 0 };

		request.deadline_ms = okta_clock_mono_ms(&okta_clock_system) + 5000;
		assert_int_equal(
		    okta_http_do(http, &request, &answer, &err), OKTA_E_UNAVAIL);
		assert_int_equal(answer.end, OKTA_HTTP_UNREACHABLE);
		assert_non_null(strstr(err.msg, "cannot be reached"));
	}
	okta_http_free(&http);
}

static void
http_settings_name_what_cannot_be_used(void **state)
{
	struct okta_http_settings settings = { .clock = &okta_clock_system,
		.cancel_fd = -1 };
	struct okta_http *http = NULL;
	struct okta_err err = { 0 };

	(void)state;
	settings.ca_file = "/nonexistent/ca.pem";
	assert_int_equal(okta_http_new(&settings, &http, &err), OKTA_E_CONFIG);
	assert_non_null(strstr(err.msg, "ca_file: /nonexistent/ca.pem"));
	settings.ca_file = "";
	settings.proxy = "socks5://localhost:1";
	assert_int_equal(okta_http_new(&settings, &http, &err), OKTA_E_CONFIG);
	assert_non_null(strstr(err.msg, "proxy: "));
	assert_null(http);
}

static void
http_has_at_most_ten_in_flight(void **state)
{
	struct okta_http *http = new_http(-1);
	struct okta_http_request request = { .url = "https://localhost:1/",
		.max_body_bytes = 10 };
	struct okta_http_answer answer;
	struct okta_err err = { 0 };
	int tag[OKTA_HTTP_IN_FLIGHT], seen[OKTA_HTTP_IN_FLIGHT] = { 0 };
	int i;

	(void)state;
	request.deadline_ms = okta_clock_mono_ms(&okta_clock_system) + 5000;
	for (i = 0; i < OKTA_HTTP_IN_FLIGHT; i++)
		assert_int_equal(okta_http_start(http, &request, &tag[i], &err), OKTA_OK);
	assert_int_equal(okta_http_start(http, &request, NULL, &err), OKTA_E_CONFLICT);
	assert_int_equal(okta_http_do(http, &request, &answer, &err), OKTA_E_CONFLICT);
	for (i = 0; i < OKTA_HTTP_IN_FLIGHT; i++) {
		assert_int_equal(okta_http_next(http, &answer, &err), OKTA_E_UNAVAIL);
		seen[(int *)answer.tag - tag]++;
	}
	for (i = 0; i < OKTA_HTTP_IN_FLIGHT; i++)
		assert_int_equal(seen[i], 1); /* each tag came back once */
	assert_int_equal(okta_http_next(http, &answer, &err), OKTA_E_NOTFOUND);
	assert_int_not_equal(answer.end, OKTA_HTTP_ANSWERED);
	okta_http_free(&http);
}

/* A port whose server takes a connection and never says a word. */
static int
silent_server(char *url, size_t size)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	(void)snprintf(url, size, "https://127.0.0.1:%u/", (unsigned)ntohs(at.sin_port));
	return fd;
}

static void
http_sleep_and_requests_end_with_a_hang_up(void **state)
{
	char url[64];
	struct okta_http_request request = { .url = url, .max_body_bytes = 10 };
	int64_t began = okta_clock_mono_ms(&okta_clock_system);
	struct okta_http_answer answer;
	struct okta_err err = { 0 };
	struct okta_http *http;
	int pair[2], server = silent_server(url, sizeof(url));

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	http = new_http(pair[0]);
	assert_int_equal(okta_http_sleep(http, began + 50), OKTA_OK);
	assert_true(okta_clock_mono_ms(&okta_clock_system) >= began + 50);
	(void)close(pair[1]);
	assert_int_equal(okta_http_sleep(http, began + 20000), OKTA_E_UNAVAIL);
	request.deadline_ms = began + 20000;
	assert_int_equal(okta_http_do(http, &request, &answer, &err), OKTA_E_UNAVAIL);
	assert_true(okta_clock_mono_ms(&okta_clock_system) < began + 2000);
	okta_http_free(&http);
	(void)close(pair[0]);
	(void)close(server);
}

static void
http_global_init_empties_the_environment(void **state)
{
	(void)state;
	assert_null(getenv("https_proxy"));
	assert_null(getenv("SSLKEYLOGFILE"));
}

static void
qr_is_made_of_half_blocks_with_a_quiet_zone(void **state)
{
	struct okta_buf out;
	struct okta_view rest, line;
	size_t lines = 0;

	(void)state;
	okta_buf_init(&out, OKTA_QR_MAX);
	assert_int_equal(
	    okta_qr_write(
		okta_view_str("https://acme.okta.com/activate?user_code=MHXTFRPK"), &out),
	    OKTA_OK);
	rest = okta_buf_view(&out);
	while (rest.len > 0) {
		line = okta_view_split(&rest, '\n');
		/* the two light modules left and right of every line; the lowest row is a
		 * half */
		assert_memory_equal(
		    line.p, rest.len > 0 ? "\xe2\x96\x88" : "\xe2\x96\x80", 3);
		lines++;
	}
	assert_int_equal(lines, (29 + 4 + 1) / 2); /* version 3, and the zone */
	okta_buf_clear(&out);
}

static void
qr_refuses_what_would_not_fit(void **state)
{
	char uri[2000];
	struct okta_buf out;

	(void)state;
	memset(uri, 'a', sizeof(uri));
	uri[sizeof(uri) - 1] = '\0';
	okta_buf_init(&out, OKTA_QR_MAX);
	assert_int_equal(okta_qr_write(okta_view_str(uri), &out), OKTA_E_TOOBIG);
	assert_int_equal(out.len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_header_finds_lines_by_name_in_any_case),
		cmocka_unit_test(http_retry_after_goes_by_the_servers_own_clock),
		cmocka_unit_test(http_form_escapes_everything_but_unreserved),
		cmocka_unit_test(http_refuses_anything_but_https),
		cmocka_unit_test(http_refuses_line_breaks_in_header_values),
		cmocka_unit_test(http_message_leaves_the_query_out),
		cmocka_unit_test(http_says_each_time_that_a_name_is_not_found),
		cmocka_unit_test(http_settings_name_what_cannot_be_used),
		cmocka_unit_test(http_has_at_most_ten_in_flight),
		cmocka_unit_test(http_sleep_and_requests_end_with_a_hang_up),
		cmocka_unit_test(http_global_init_empties_the_environment),
		cmocka_unit_test(qr_is_made_of_half_blocks_with_a_quiet_zone),
		cmocka_unit_test(qr_refuses_what_would_not_fit),
	};
	char output[16];
	struct okta_err err = { 0 };
	const char *format = getenv("CMOCKA_MESSAGE_OUTPUT");

	(void)snprintf(output, sizeof(output), "%s", format != NULL ? format : "STDOUT");
	if (setenv("https_proxy", "http://localhost:1", 1) != 0 ||
	    setenv("SSLKEYLOGFILE", "/nonexistent", 1) != 0 ||
	    okta_http_global_init(&err) != OKTA_OK)
		return 1;
	/* cmocka reads it when it starts to run; all the rest stays empty */
	if (setenv("CMOCKA_MESSAGE_OUTPUT", output, 1) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
