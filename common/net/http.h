/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/http.h - HTTPS requests to one Okta org.
 * Floor 2: base; libcurl underneath.
 *
 * MUST: https only, TLS 1.2 or newer, certificate and host name verified; proxy only as
 * the caller says; body and header caps, also on what a compressed body unpacks to; a
 * deadline for every request. MUST NOT: follow a redirect, keep cookies, read .netrc,
 * remember HSTS or Alt-Svc, accept HTTP/0.9, load OpenSSL's configuration file, obey the
 * environment, print or keep a secret.
 */
#ifndef OKTA_NET_HTTP_H
#define OKTA_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/view.h"

#define OKTA_HTTP_CONNECT_MS 4500 /* so that a message is there within 5 s */
#define OKTA_HTTP_TOTAL_MS                                                               \
	20000 /* one request never takes longer, whatever the deadline */
#define OKTA_HTTP_HEADER_MAX 65536
#define OKTA_HTTP_LOGIN_MAX  1048576 /* body cap for everything a login asks for */
#define OKTA_HTTP_IN_FLIGHT  10

/*
 * Call once at the start of a program that talks to the network, before anything else:
 * empties the environment (proxies, SSLKEYLOGFILE, OPENSSL_CONF... have no say here),
 * keeps OpenSSL from reading its configuration file, and has both libraries wipe what
 * they free.  OKTA_OK, OKTA_E_INTERNAL (called too late) or OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_http_global_init(struct okta_err *err);
/* The same without libcurl and TLS, for a program that only signs or verifies. */
OKTA_MUST_CHECK enum okta_rc okta_http_crypto_init(struct okta_err *err);

struct okta_http; /* settings, connections kept alive, requests in flight */

struct okta_http_settings {
	const char *ca_file; /* PEM bundle; NULL or "": the system's */
	const char *proxy;   /* http://HOST:PORT; NULL or "": none */
	const struct okta_clock *clock;
	int cancel_fd; /* -1; else: hang-up there ends every request at once */
};

/* Texts are copied; CLOCK must live as long.  OKTA_OK, OKTA_E_CONFIG or OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc okta_http_new(const struct okta_http_settings *settings,
    struct okta_http **ret, struct okta_err *err);
void okta_http_free(struct okta_http **http); /* ends what is in flight */

enum okta_http_method { OKTA_HTTP_GET, OKTA_HTTP_POST };

struct okta_http_request {
	enum okta_http_method method;
	const char *url;	   /* https://... */
	const char *authorization; /* whole value, as "Bearer ...", or NULL */
	const char *dpop;	   /* DPoP proof, or NULL */
	struct okta_view body;	   /* POST: application/x-www-form-urlencoded */
	size_t max_body_bytes;	   /* of the answer, after unpacking */
	int64_t deadline_ms;	   /* monotonic */
};

/* How a request ended.  Anything but OKTA_HTTP_ANSWERED has no usable status or body. */
enum okta_http_end {
	OKTA_HTTP_ANSWERED,    /* whole answer there, whatever its status (never 3xx) */
	OKTA_HTTP_UNREACHABLE, /* DNS, connect, connection lost, timeout */
	OKTA_HTTP_TLS,	       /* handshake or certificate */
	OKTA_HTTP_REFUSED,     /* answer refused: redirect, too big, not HTTP */
	OKTA_HTTP_CANCELLED,   /* hang-up on cancel_fd */
	OKTA_HTTP_DEADLINE     /* the caller's deadline passed */
};

struct okta_http_answer {
	enum okta_http_end end;
	long status;
	struct okta_buf body;
	struct okta_buf headers; /* see okta_http_header() */
	void *tag;		 /* as given to okta_http_start() */
};
void okta_http_answer_clear(struct okta_http_answer *answer); /* wipes; fine on { 0 } */

/*
 * The value of the NTH (from 0) header line called NAME (any case): "link" has several
 * lines. False when there is none.
 */
bool okta_http_header(const struct okta_http_answer *answer, const char *name, size_t nth,
    struct okta_view *ret);

/*
 * One request and its answer.  OKTA_OK exactly if the end is OKTA_HTTP_ANSWERED.
 * Otherwise *ret holds the end alone (its buffers are empty), *err one line for the log,
 * and the code is OKTA_E_UNAVAIL (UNREACHABLE, TLS, CANCELLED), OKTA_E_TIMEOUT
 * (DEADLINE), OKTA_E_INPUT or _TOOBIG (REFUSED), OKTA_E_NOMEM.  The caller clears *ret in
 * any case; not with requests in flight.
 */
OKTA_MUST_CHECK enum okta_rc okta_http_do(struct okta_http *http,
    const struct okta_http_request *request, struct okta_http_answer *ret,
    struct okta_err *err);

/*
 * Up to OKTA_HTTP_IN_FLIGHT requests at once.  start() copies the request; TAG comes back
 * with the answer.  OKTA_OK, OKTA_E_CONFLICT (too many in flight), OKTA_E_INPUT (url),
 * _NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_http_start(struct okta_http *http,
    const struct okta_http_request *request, void *tag, struct okta_err *err);
size_t okta_http_in_flight(const struct okta_http *http);
/* Wait for whichever ends first; codes as okta_http_do(), OKTA_E_NOTFOUND: none in
 * flight. */
OKTA_MUST_CHECK enum okta_rc okta_http_next(
    struct okta_http *http, struct okta_http_answer *ret, struct okta_err *err);

/*
 * Sleep until the monotonic clock reaches UNTIL_MS or cancel_fd hangs up.  OKTA_OK, or
 * OKTA_E_UNAVAIL after a hang-up.
 */
OKTA_MUST_CHECK enum okta_rc okta_http_sleep(struct okta_http *http, int64_t until_ms);

/* Append TEXT percent-encoded for a form or a query (RFC 3986 unreserved stay). */
OKTA_MUST_CHECK enum okta_rc okta_http_escape(
    struct okta_view text, struct okta_buf *out);
/* Append "&"(unless OUT is empty) NAME "=" escaped VALUE. */
OKTA_MUST_CHECK enum okta_rc okta_http_form_add(
    struct okta_buf *out, const char *name, struct okta_view value);

/*
 * Seconds a 429 asks to wait, by the server's own clock: Retry-After, else
 * x-rate-limit-reset - Date + 1; 1..3600.  False when the answer says neither.
 */
bool okta_http_retry_after(const struct okta_http_answer *answer, int64_t *ret_s);

#endif /* OKTA_NET_HTTP_H */
