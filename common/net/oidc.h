/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/oidc.h - the device authorization grant (RFC 8628) as Okta answers it.
 * Floor 2: base and model.  No transport and no clock: requests come out, answers go in.
 *
 * MUST: decide on the JSON member `error`, never on the HTTP status alone; keep the
 * interval, add 5 s on slow_down; stop before the code expires or the caller's deadline
 * passes; wait as long as a 429 says, by the server's clock; give up on answers that make
 * no sense.
 *
 * No discovery document is read: Okta derives every endpoint from the issuer by fixed
 * rules, so it could tell nothing new, would cost a request before the prompt, and is one
 * more answer that could send the login to another host.
 */
#ifndef OKTA_NET_OIDC_H
#define OKTA_NET_OIDC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "model/wire.h"
#include "net/http.h"
#include "net/json.h"

#define OKTA_ENDPOINT_MAX    1024
#define OKTA_DEVICE_CODE_MAX 1024

struct okta_endpoints {
	char device[OKTA_ENDPOINT_MAX], token[OKTA_ENDPOINT_MAX];
	char keys[OKTA_ENDPOINT_MAX]; /* with client_id: an app may have a signing key of
					 its own */
	char userinfo[OKTA_ENDPOINT_MAX];
};

/*
 * ISSUER is ORG_URL itself (org authorization server: ORG/oauth2/v1/...) or
 * ORG_URL/oauth2/ID (custom one: ISSUER/v1/...).  OKTA_OK or OKTA_E_CONFIG.
 */
OKTA_MUST_CHECK enum okta_rc okta_oidc_endpoints(struct okta_view org_url,
    struct okta_view issuer, struct okta_view client_id, struct okta_endpoints *ret,
    struct okta_err *err);

/* Who asks: client_id in the form (public client), or HTTP Basic with the secret. */
struct okta_client {
	struct okta_view id, secret; /* secret empty: public */
};
/* Append the value of the Authorization header; nothing for a public client. */
OKTA_MUST_CHECK enum okta_rc okta_oidc_basic(
    const struct okta_client *client, struct okta_buf *out);
OKTA_MUST_CHECK enum okta_rc okta_oidc_device_form(
    const struct okta_client *client, struct okta_view scopes, struct okta_buf *out);
OKTA_MUST_CHECK enum okta_rc okta_oidc_token_form(
    const struct okta_client *client, struct okta_view device_code, struct okta_buf *out);

/* A device authorization; views into the answer's document. */
struct okta_device {
	struct okta_view device_code;
	struct okta_prompt prompt; /* qr is left empty */
};
/*
 * Both URIs must be on ORG_URL's host and port: a code shown with another address would
 * send people to a stranger's sign-in page.  OKTA_OK, or OKTA_E_INPUT naming the member.
 */
OKTA_MUST_CHECK enum okta_rc okta_oidc_device(const struct okta_json_value *root,
    struct okta_view org_url, struct okta_device *ret, struct okta_err *err);

/* What an answer of the device or token endpoint means. */
enum okta_oidc_meaning {
	OKTA_OIDC_SUCCESS, /* 200 and an object; *ret_doc is set */
	OKTA_OIDC_PENDING,
	OKTA_OIDC_SLOW_DOWN,
	OKTA_OIDC_DPOP,	 /* wants a proof, or one with the nonce of this answer */
	OKTA_OIDC_LATER, /* rate limited, or the server's fault: try again */
	OKTA_OIDC_FAILED /* for good */
};
struct okta_oidc_reading {
	enum okta_oidc_meaning meaning;
	enum okta_failure_code failure;	 /* of LATER and FAILED */
	char detail[OKTA_ERR_MSG_BYTES]; /* one line for the log; no secret */
};
/* END and ERR as okta_http_do() left them (ERR is used when there was no answer). */
void okta_oidc_read(const struct okta_http_answer *answer, const struct okta_err *err,
    struct okta_oidc_reading *ret, struct okta_json **ret_doc);

struct okta_tokens {
	struct okta_view id_token, access_token; /* access_token may be empty */
	bool dpop;				 /* token_type is DPoP */
};
OKTA_MUST_CHECK enum okta_rc okta_oidc_tokens(
    const struct okta_json_value *root, struct okta_tokens *ret, struct okta_err *err);

/*
 * When to ask next.  All times are milliseconds of one monotonic clock.  Start with
 * okta_poll_init(); ask at next_ms; feed what the answer meant.
 */
struct okta_poll {
	int64_t interval_ms, next_ms, expires_ms, deadline_ms;
	int64_t spread_ms;   /* okta_poll_spread() */
	unsigned strikes;    /* answers in a row that make no sense */
	unsigned troubles;   /* tries in a row that failed for reasons of the network or
				server */
	unsigned dpop_tries; /* in a row */
	enum okta_failure_code failure;
	char detail[OKTA_ERR_MSG_BYTES];
};

enum okta_poll_step {
	OKTA_POLL_AGAIN, /* ask at next_ms */
	OKTA_POLL_DONE,	 /* the answer holds the tokens */
	OKTA_POLL_FAILED /* failure and detail say why */
};

/* The first time is after the interval, at the latest when the code or the login ends. */
void okta_poll_init(struct okta_poll *p, uint64_t interval_s, uint64_t expires_in_s,
    int64_t now_ms, int64_t deadline_ms);
/*
 * Right after okta_poll_init(): ask at most each SPREAD_S seconds, so that all who wait
 * on this host stay within what Okta allows.  The last question before the end comes
 * early instead of never.
 */
void okta_poll_spread(struct okta_poll *p, uint64_t spread_s);
/*
 * JITTER is any random number.  RETRY_AFTER_S is what okta_http_retry_after() said, 0:
 * nothing. FAILED also when next_ms would come too late, so the caller never sleeps for
 * nothing.
 */
enum okta_poll_step okta_poll_feed(struct okta_poll *p,
    const struct okta_oidc_reading *reading, int64_t retry_after_s, int64_t now_ms,
    uint32_t jitter);

#endif /* OKTA_NET_OIDC_H */
