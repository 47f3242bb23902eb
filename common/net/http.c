/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/http.h"

#include <errno.h>
#include <curl/curl.h>
#include <limits.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/wipe.h"

#define POLL_MS	      1000
#define RECEIVE_BYTES 16384
#define URL_MAX	      8192

/* Debian keeps this directory hashed: OpenSSL then reads the one root it needs, not all
 * of the bundle (some 2 MB and 10 ms for each login). */
#define HASHED_ROOTS	    "/etc/ssl/certs"
#define HASHED_ROOTS_MARKER "/etc/ssl/certs/ca-certificates.crt"

struct transfer {
	CURL *easy; /* kept for the next request: it holds the TLS session */
	struct curl_slist *lines;
	struct okta_buf body; /* of the request */
	struct okta_http_answer answer;
	size_t header_bytes;
	size_t usual_bytes; /* of a body: pages of one list are alike */
	int64_t deadline_ms;
	bool active, too_big;
	char where[128]; /* url without its query, for messages */
	char why[CURL_ERROR_SIZE];
};

struct okta_http {
	CURLM *multi;
	char *ca_file, *proxy; /* "": none */
	const struct okta_clock *clock;
	int cancel_fd;
	struct transfer transfer[OKTA_HTTP_IN_FLIGHT];
};

/* libcurl builds requests and reads answers in its own memory: tokens pass through it. */
static void
wiping_free(void *p)
{
	if (p != NULL)
		okta_wipe(p, malloc_usable_size(p));
	free(p);
}

static void *
wiping_realloc(void *p, size_t size)
{
	void *fresh = malloc(size);
	size_t old;

	if (fresh == NULL || p == NULL)
		return fresh;
	old = malloc_usable_size(p);
	memcpy(fresh, p, old < size ? old : size);
	wiping_free(p);
	return fresh;
}

/* The same for what TLS decrypts. */
static void *
tls_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(size);
}

static void *
tls_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return wiping_realloc(p, size);
}

static void
tls_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	wiping_free(p);
}

enum okta_rc
okta_http_crypto_init(struct okta_err *err)
{
	if (clearenv() != 0)
		return okta_err_set(err, OKTA_E_NOMEM, "cannot empty the environment");
	/* both have to come before libcurl's own OPENSSL_init_ssl() */
	if (CRYPTO_set_mem_functions(tls_malloc, tls_realloc, tls_free) != 1)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "OpenSSL was started too early");
	if (OPENSSL_init_crypto(
		OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) != 1)
		return okta_err_set(err, OKTA_E_NOMEM, "cannot start OpenSSL");
	return OKTA_OK;
}

enum okta_rc
okta_http_global_init(struct okta_err *err)
{
	enum okta_rc r = okta_http_crypto_init(err);

	if (r != OKTA_OK)
		return r;
	if (curl_global_init_mem(CURL_GLOBAL_SSL, malloc, wiping_free, wiping_realloc,
		strdup, calloc) != CURLE_OK)
		return okta_err_set(err, OKTA_E_NOMEM, "cannot start libcurl");
	return OKTA_OK;
}

enum okta_rc
okta_http_new(const struct okta_http_settings *settings, struct okta_http **ret,
    struct okta_err *err)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	struct okta_http *http = calloc(1, sizeof(*http));
	const char *proxy = settings->proxy != NULL ? settings->proxy : "";

	if (http == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "HTTP: out of memory");
	http->clock = settings->clock;
	http->cancel_fd = settings->cancel_fd;
	http->ca_file = strdup(settings->ca_file != NULL ? settings->ca_file : "");
	http->proxy = strdup(proxy);
	http->multi = curl_multi_init();
	if (http->ca_file == NULL || http->proxy == NULL || http->multi == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "HTTP: out of memory");
		goto out;
	}
	if (proxy[0] != '\0' && strncmp(proxy, "http://", 7) != 0) {
		rc = okta_err_set(err, OKTA_E_CONFIG, "proxy: must be http://HOST:PORT");
		goto out;
	}
	if (http->ca_file[0] != '\0' && access(http->ca_file, R_OK) != 0) {
		rc = okta_err_set(err, OKTA_E_CONFIG,
		    "ca_file: %s cannot be read: it must be a PEM file everybody may "
		    "read",
		    http->ca_file);
		goto out;
	}
	*ret = http;
	http = NULL;
	rc = OKTA_OK;
out:
	okta_http_free(&http);
	return rc;
}

/* Forget what a request carried; the easy handle stays. */
static void
transfer_reset(struct transfer *t)
{
	struct curl_slist *line;

	for (line = t->lines; line != NULL; line = line->next)
		okta_wipe(line->data, strlen(line->data));
	curl_slist_free_all(t->lines);
	t->lines = NULL;
	okta_buf_clear(&t->body);
	okta_http_answer_clear(&t->answer);
	t->header_bytes = 0;
	t->active = false;
	t->too_big = false;
	if (t->easy != NULL)
		curl_easy_reset(t->easy);
}

void
okta_http_free(struct okta_http **http)
{
	struct transfer *t;
	size_t i;

	if (*http == NULL)
		return;
	for (i = 0; i < OKTA_HTTP_IN_FLIGHT; i++) {
		t = &(*http)->transfer[i];
		if (t->active)
			(void)curl_multi_remove_handle((*http)->multi, t->easy);
		transfer_reset(t);
		curl_easy_cleanup(t->easy);
	}
	(void)curl_multi_cleanup((*http)->multi);
	free((*http)->ca_file);
	free((*http)->proxy);
	free(*http);
	*http = NULL;
}

static size_t
on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	struct okta_buf *body = &t->answer.body;

	if (body->len == 0 && t->usual_bytes > size * n && t->usual_bytes < body->max &&
	    okta_buf_reserve(body, t->usual_bytes) != OKTA_OK)
		t->usual_bytes = 0; /* then piece by piece */
	if (okta_buf_append(body, p, size * n) == OKTA_OK)
		return size * n;
	t->too_big = true;
	return 0;
}

static size_t
on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	t->header_bytes += size * n;
	if (size * n >= 5 && memcmp(p, "HTTP/", 5) == 0)
		okta_buf_clear(&t->answer.headers); /* a final answer after 1xx */
	if (t->header_bytes <= OKTA_HTTP_HEADER_MAX &&
	    okta_buf_append(&t->answer.headers, p, size * n) == OKTA_OK)
		return size * n;
	t->too_big = true;
	return 0;
}

/* A list of settings that all have to take. */
#define SET(option, value)                                                               \
	do {                                                                             \
		if (curl_easy_setopt(easy, option, value) != CURLE_OK)                   \
			return false;                                                    \
	} while (0)

static bool
set_trust(const struct okta_http *http, CURL *easy)
{
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (http->ca_file[0] != '\0') {
		SET(CURLOPT_CAINFO, http->ca_file);
		SET(CURLOPT_CAPATH, NULL);
	} else if (access(HASHED_ROOTS_MARKER, R_OK) == 0) {
		SET(CURLOPT_CAINFO, NULL);
		SET(CURLOPT_CAPATH, HASHED_ROOTS);
	}
	return true;
}

static bool
set_limits(const struct okta_http *http, struct transfer *t)
{
	CURL *easy = t->easy;
	int64_t left = t->deadline_ms - okta_clock_mono_ms(http->clock);

	if (left < 1)
		left = 1; /* 0 would mean no limit at all */
	if (left > OKTA_HTTP_TOTAL_MS)
		left = OKTA_HTTP_TOTAL_MS;
	SET(CURLOPT_TIMEOUT_MS, (long)left);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)OKTA_HTTP_CONNECT_MS);
	SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
	SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)RECEIVE_BYTES);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_ERRORBUFFER, t->why);
	SET(CURLOPT_PRIVATE, t);
	return true;
}

static bool
set_protocol(const struct okta_http *http, struct transfer *t, const char *url)
{
	CURL *easy = t->easy;

#if LIBCURL_VERSION_NUM >= 0x075500
	SET(CURLOPT_PROTOCOLS_STR, "https");
#else
	SET(CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
	SET(CURLOPT_QUICK_EXIT,
	    1L); /* a hanging resolver must not outlive the deadline */
#endif
	SET(CURLOPT_URL, url);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, http->proxy); /* "" also turns the environment's off */
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip");
	SET(CURLOPT_USERAGENT, "okta-login/" OKTA_VERSION);
	return true;
}

#undef SET

static bool
add_line(struct transfer *t, const char *name, const char *value)
{
	struct okta_buf line;
	struct curl_slist *longer = NULL;

	okta_buf_init(&line, OKTA_HTTP_HEADER_MAX);
	/* a line break would let the value speak for other headers */
	if (strpbrk(value, "\r\n") == NULL &&
	    okta_buf_printf(&line, "%s: %s", name, value) == OKTA_OK)
		longer = curl_slist_append(t->lines, line.data);
	okta_buf_clear(&line);
	if (longer == NULL)
		return false;
	t->lines = longer;
	return true;
}

static bool
set_message(struct transfer *t, const struct okta_http_request *request)
{
	CURL *easy = t->easy;

	if (!add_line(t, "Accept", "application/json"))
		return false;
	if (request->authorization != NULL &&
	    !add_line(t, "Authorization", request->authorization))
		return false;
	if (request->dpop != NULL && !add_line(t, "DPoP", request->dpop))
		return false;
	if (request->method == OKTA_HTTP_POST) {
		okta_buf_init(&t->body, request->body.len);
		if (okta_buf_append(&t->body, request->body.p, request->body.len) !=
		    OKTA_OK)
			return false;
		if (!add_line(t, "Content-Type", "application/x-www-form-urlencoded") ||
		    !add_line(t, "Expect", "") ||
		    curl_easy_setopt(easy, CURLOPT_POST, 1L) != CURLE_OK ||
		    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->body.data) !=
			CURLE_OK ||
		    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
			(curl_off_t)t->body.len) != CURLE_OK)
			return false;
	}
	return curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->lines) == CURLE_OK;
}

static struct transfer *
free_transfer(struct okta_http *http)
{
	size_t i;

	for (i = 0; i < OKTA_HTTP_IN_FLIGHT; i++)
		if (!http->transfer[i].active)
			return &http->transfer[i];
	return NULL;
}

/* The query may hold what a log should not. */
static void
remember_where(struct transfer *t, const char *url)
{
	struct okta_view v = { url, strcspn(url, "?#") };

	okta_text_sanitize(t->where, sizeof(t->where), v);
}

enum okta_rc
okta_http_start(struct okta_http *http, const struct okta_http_request *request,
    void *tag, struct okta_err *err)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	struct transfer *t = free_transfer(http);

	if (t == NULL)
		return okta_err_set(err, OKTA_E_CONFLICT, "HTTP: %d requests in flight",
		    OKTA_HTTP_IN_FLIGHT);
	transfer_reset(t);
	remember_where(t, request->url);
	if (strncmp(request->url, "https://", 8) != 0 || strlen(request->url) > URL_MAX) {
		rc = okta_err_set(
		    err, OKTA_E_INPUT, "%s: must be an https:// URL", t->where);
		goto out;
	}
	if (t->easy == NULL)
		t->easy = curl_easy_init();
	t->deadline_ms = request->deadline_ms;
	t->answer.tag = tag;
	okta_buf_init(&t->answer.body, request->max_body_bytes);
	okta_buf_init(&t->answer.headers, OKTA_HTTP_HEADER_MAX);
	t->why[0] = '\0';
	if (t->easy == NULL || !set_trust(http, t->easy) || !set_limits(http, t) ||
	    !set_protocol(http, t, request->url) || !set_message(t, request) ||
	    curl_multi_add_handle(http->multi, t->easy) != CURLM_OK) {
		rc = okta_err_set(
		    err, OKTA_E_NOMEM, "%s: cannot start a request", t->where);
		goto out;
	}
	t->active = true;
	rc = OKTA_OK;
out:
	if (rc != OKTA_OK)
		transfer_reset(t);
	return rc;
}

size_t
okta_http_in_flight(const struct okta_http *http)
{
	size_t i, n = 0;

	for (i = 0; i < OKTA_HTTP_IN_FLIGHT; i++)
		n += http->transfer[i].active ? 1 : 0;
	return n;
}

/* The peer went away, or talks out of turn: either way nobody waits for the answer. */
static bool
is_cancelled(const struct okta_http *http, int wait_ms)
{
	struct pollfd pfd = { .fd = http->cancel_fd, .events = POLLIN | POLLRDHUP };
	int n;

	n = poll(&pfd, 1, wait_ms);
	/* who cannot be heard hung up: a wait that fails must not become a busy one */
	return n > 0 || (n < 0 && errno != EINTR);
}

/* The connection broke during the handshake: no word of TLS was wrong.  libcurl has one
 * code for both, only its text tells them apart. */
static bool
handshake_was_cut(const char *why)
{
	return strncmp(why, "OpenSSL SSL_connect:", 20) == 0 ||
	       strncmp(why, "Recv failure:", 13) == 0 ||
	       strncmp(why, "Send failure:", 13) == 0 ||
	       strstr(why, "unexpected eof") != NULL;
}

static enum okta_http_end
end_of(const struct transfer *t, CURLcode code, const struct okta_http *http)
{
	switch (code) {
	case CURLE_OK:
		return t->answer.status >= 300 && t->answer.status <= 399
			   ? OKTA_HTTP_REFUSED
			   : OKTA_HTTP_ANSWERED;
	case CURLE_OPERATION_TIMEDOUT:
		return okta_clock_mono_ms(http->clock) >= t->deadline_ms
			   ? OKTA_HTTP_DEADLINE
			   : OKTA_HTTP_UNREACHABLE;
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_PROXY:
		return OKTA_HTTP_UNREACHABLE;
	case CURLE_SSL_CONNECT_ERROR:
		return handshake_was_cut(t->why) ? OKTA_HTTP_UNREACHABLE : OKTA_HTTP_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_USE_SSL_FAILED:
		return OKTA_HTTP_TLS;
	default:
		return OKTA_HTTP_REFUSED;
	}
}

/* One line and a code for what did not end well. */
static enum okta_rc
explain(
    const struct transfer *t, enum okta_http_end end, CURLcode code, struct okta_err *err)
{
	char why[160];

	okta_text_sanitize(why, sizeof(why),
	    okta_view_str(t->why[0] != '\0' ? t->why : curl_easy_strerror(code)));
	if (code == CURLE_OUT_OF_MEMORY)
		return okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", t->where);
	switch (end) {
	case OKTA_HTTP_ANSWERED:
		return OKTA_OK;
	case OKTA_HTTP_UNREACHABLE:
		return okta_err_set(err, OKTA_E_UNAVAIL,
		    "%s: cannot be reached: %s: check the network, DNS and [okta] proxy",
		    t->where, why);
	case OKTA_HTTP_TLS:
		return okta_err_set(err, OKTA_E_UNAVAIL,
		    "%s: TLS refused: %s: check [okta] ca_file and this host's clock",
		    t->where, why);
	case OKTA_HTTP_DEADLINE:
		return okta_err_set(
		    err, OKTA_E_TIMEOUT, "%s: no answer before the deadline", t->where);
	case OKTA_HTTP_CANCELLED:
		return okta_err_set(err, OKTA_E_UNAVAIL, "%s: cancelled", t->where);
	case OKTA_HTTP_REFUSED:
		break;
	}
	if (code == CURLE_OK)
		return okta_err_set(err, OKTA_E_INPUT,
		    "%s: answered with a redirect (%ld), which is never followed: check "
		    "[okta] "
		    "org_url",
		    t->where, t->answer.status);
	if (t->too_big)
		return okta_err_set(
		    err, OKTA_E_TOOBIG, "%s: answer refused: too large", t->where);
	return okta_err_set(err, OKTA_E_INPUT, "%s: answer refused: %s", t->where, why);
}

/*
 * After a failure the handle may keep its receive buffer, and curl_easy_reset() forgets
 * how large that is; the connections are the multi handle's and stay.
 */
static void
drop_handle(struct transfer *t)
{
	transfer_reset(t);
	curl_easy_cleanup(t->easy);
	t->easy = NULL;
}

static enum okta_rc
finish(struct okta_http *http, struct transfer *t, CURLcode code,
    struct okta_http_answer *ret, struct okta_err *err)
{
	enum okta_http_end end;
	enum okta_rc rc;

	(void)curl_multi_remove_handle(http->multi, t->easy);
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->answer.status);
	end = end_of(t, code, http);
	rc = explain(t, end, code, err);
	if (rc == OKTA_OK)
		t->usual_bytes = t->answer.body.len;
	if (rc == OKTA_OK) {
		*ret = t->answer; /* the buffers move */
		memset(&t->answer, 0, sizeof(t->answer));
	} else {
		memset(ret, 0, sizeof(*ret));
		ret->tag = t->answer.tag;
	}
	ret->end = end;
	if (code == CURLE_OK)
		transfer_reset(t);
	else
		drop_handle(t);
	return rc;
}

static enum okta_rc
cancel_all(struct okta_http *http, struct okta_http_answer *ret, struct okta_err *err)
{
	struct transfer *t;
	size_t i;

	for (i = 0; i < OKTA_HTTP_IN_FLIGHT; i++) {
		t = &http->transfer[i];
		if (!t->active)
			continue;
		(void)curl_multi_remove_handle(http->multi, t->easy);
		drop_handle(t);
	}
	memset(ret, 0, sizeof(*ret));
	ret->end = OKTA_HTTP_CANCELLED;
	return okta_err_set(err, OKTA_E_UNAVAIL, "HTTP: cancelled");
}

enum okta_rc
okta_http_next(struct okta_http *http, struct okta_http_answer *ret, struct okta_err *err)
{
	struct curl_waitfd extra = { .fd = http->cancel_fd, .events = CURL_WAIT_POLLIN };
	struct transfer *t;
	CURLMsg *msg;
	int running, left;

	memset(ret, 0, sizeof(*ret));
	ret->end = OKTA_HTTP_REFUSED; /* 0 would say that there is an answer */
	if (okta_http_in_flight(http) == 0)
		return okta_err_set(err, OKTA_E_NOTFOUND, "HTTP: nothing in flight");
	for (;;) {
		if (curl_multi_perform(http->multi, &running) != CURLM_OK)
			return okta_err_set(err, OKTA_E_NOMEM, "HTTP: libcurl gave up");
		while ((msg = curl_multi_info_read(http->multi, &left)) != NULL) {
			if (msg->msg != CURLMSG_DONE)
				continue;
			t = NULL;
			(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
			return finish(http, t, msg->data.result, ret, err);
		}
		if (http->cancel_fd >= 0 && is_cancelled(http, 0))
			return cancel_all(http, ret, err);
		(void)curl_multi_poll(
		    http->multi, &extra, http->cancel_fd >= 0 ? 1 : 0, POLL_MS, NULL);
	}
}

enum okta_rc
okta_http_do(struct okta_http *http, const struct okta_http_request *request,
    struct okta_http_answer *ret, struct okta_err *err)
{
	enum okta_rc r;

	memset(ret, 0, sizeof(*ret));
	ret->end = OKTA_HTTP_REFUSED;
	if (okta_http_in_flight(http) != 0)
		return okta_err_set(
		    err, OKTA_E_CONFLICT, "HTTP: other requests in flight");
	r = okta_http_start(http, request, NULL, err);
	if (r != OKTA_OK)
		return r;
	return okta_http_next(http, ret, err);
}

enum okta_rc
okta_http_sleep(struct okta_http *http, int64_t until_ms)
{
	int64_t left;

	for (;;) {
		left = until_ms - okta_clock_mono_ms(http->clock);
		if (left <= 0)
			return OKTA_OK;
		if (left > INT_MAX)
			left = INT_MAX;
		if (is_cancelled(http, (int)left)) /* poll() ignores descriptor -1 */
			return OKTA_E_UNAVAIL;
	}
}
