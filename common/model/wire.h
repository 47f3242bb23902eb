/* SPDX-License-Identifier: BSD-2-Clause */
/* common/model/wire.h - what pam_okta and okta-auth-helper say to each other.
 * Floor 1: base only, no I/O.  Each message is one frame (base/frame.h).
 *
 *   pam_okta -> helper   START, once
 *   helper -> pam_okta   PROMPT, once; then exactly one of VERDICT or FAILURE, and exit
 *                        (or FAILURE at once)
 * Closing the socket is the only way to cancel.  Everything the helper sends is checked
 * again by the decoder: it parsed network bytes and may be a liar.
 *
 * VERDICT is CLAIMS with the nonce of START.  Of the helper's processes only the verifier
 * has it, and no helper of another login: a descriptor that a host mixed up lets nobody
 * in.  CLAIMS alone is what is kept of a login on disk.
 */
#ifndef OKTA_MODEL_WIRE_H
#define OKTA_MODEL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

enum okta_wire_type {
	OKTA_WIRE_START = 1,
	OKTA_WIRE_PROMPT = 2,
	OKTA_WIRE_CLAIMS = 3,
	OKTA_WIRE_FAILURE = 4,
	OKTA_WIRE_VERDICT = 5
	/* OKTA_CHILD_FRAME_FAILED (255) comes from base/child.c */
};

#define OKTA_WIRE_NONCE_BYTES	  16
#define OKTA_WIRE_SECRET_MAX	  4096
#define OKTA_WIRE_TEXT_MAX	  2048
#define OKTA_WIRE_GROUPS_MAX	  1024
#define OKTA_WIRE_GROUP_MAX	  1020
#define OKTA_WIRE_AMR_MAX	  16
#define OKTA_USER_CODE_MAX	  16
#define OKTA_VERIFICATION_URI_MAX 256
#define OKTA_QR_MAX		  8192

struct okta_start {
	struct okta_view org_url, issuer, client_id,
	    client_secret;		 /* secret may be empty */
	struct okta_view ca_file, proxy; /* may be empty */
	struct okta_view scopes;	 /* space separated */
	struct okta_view groups_claim;	 /* "none": do not look for one */
	struct okta_view nonce;		 /* OKTA_WIRE_NONCE_BYTES random bytes */
	uint64_t deadline_s; /* seconds from now until the helper must have ended */
	uint64_t clock_skew_s;
	uint64_t qr;	 /* enum okta_qr */
	uint64_t poll_s; /* at least so many seconds between two polls; 0: as Okta says */
};

/* Checked by the decoder: user_code ^[A-Z0-9-]{4,16}$; both URIs printable ASCII without
 * blanks, https, host and port equal to org_url's (given to the decoder). */
struct okta_prompt {
	struct okta_view user_code, verification_uri, verification_uri_complete;
	uint64_t expires_in_s; /* 1..86400 */
	uint64_t interval_s;   /* 1..300 */
	struct okta_view qr;   /* lines of UTF-8 half blocks or empty; only ' ', U+2580,
				  U+2584,   U+2588 and '\n' pass the decoder */
};

/* Verified: signature, iss, aud, exp, iat, nbf, azp, typ. */
struct okta_claims {
	struct okta_view iss, sub;
	struct okta_view preferred_username; /* for the log only; may be empty */
	struct okta_view jti; /* by it a token is known again: never empty */
	uint64_t iat_s, exp_s;
	uint64_t auth_time_s; /* 0: absent */
	bool has_groups;      /* the claim was present (it may be empty) */
	struct okta_view groups[OKTA_WIRE_GROUPS_MAX];
	size_t n_groups;
	struct okta_view amr[OKTA_WIRE_AMR_MAX];
	size_t n_amr;
};

enum okta_failure_code {
	OKTA_FAIL_INTERNAL = 1,
	OKTA_FAIL_DENIED,	/* access_denied */
	OKTA_FAIL_EXPIRED,	/* expired_token, or the code ran out here */
	OKTA_FAIL_DEADLINE,	/* the login grace ran out before an approval */
	OKTA_FAIL_NOT_ASSIGNED, /* user is not assigned to the app */
	OKTA_FAIL_POLICY,	/* a sign-on or access policy refused */
	OKTA_FAIL_TOO_MANY_GROUPS,
	OKTA_FAIL_CLIENT, /* invalid_client, unauthorized_client, invalid_scope: ours to
			     fix */
	OKTA_FAIL_RATE_LIMITED,
	OKTA_FAIL_UNREACHABLE, /* DNS, connect, timeout */
	OKTA_FAIL_TLS,
	OKTA_FAIL_SERVER, /* 5xx */
	OKTA_FAIL_ANSWER, /* an answer that makes no sense */
	OKTA_FAIL_TOKEN,  /* the ID token did not verify */
	OKTA_FAIL_CODE_COUNT
};

struct okta_failure {
	enum okta_failure_code code;
	struct okta_view
	    detail; /* for the log; printable ASCII after decoding; no secret */
};

/*
 * A group's name as a claim carries it: every name the snapshot can hold (UTF-8 without
 * NUL, control bytes and all), since one that were lost on the way could be the one
 * deny_groups means by its id.  It is compared, never shown.  Not one that begins with
 * \x01: okta-sync writes that in front of names no claim may match.
 */
bool okta_wire_is_group_name(struct okta_view v);
/* An authentication method as CLAIMS takes it: 1 to 64 bytes, UTF-8, no control byte. */
bool okta_wire_is_amr(struct okta_view v);

/* OUT is emptied first.  OKTA_OK, OKTA_E_TOOBIG or OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc okta_wire_put_start(
    struct okta_buf *out, const struct okta_start *m);
OKTA_MUST_CHECK enum okta_rc okta_wire_put_prompt(
    struct okta_buf *out, const struct okta_prompt *m);
OKTA_MUST_CHECK enum okta_rc okta_wire_put_claims(
    struct okta_buf *out, const struct okta_claims *m);
OKTA_MUST_CHECK enum okta_rc okta_wire_put_failure(
    struct okta_buf *out, const struct okta_failure *m);
OKTA_MUST_CHECK enum okta_rc okta_wire_put_verdict(
    struct okta_buf *out, struct okta_view nonce, const struct okta_claims *m);

/* Views point into BYTES.  OKTA_OK, or OKTA_E_INPUT with *ret undefined and what was
 * wrong in *err. */
OKTA_MUST_CHECK enum okta_rc okta_wire_get_start(
    struct okta_view bytes, struct okta_start *ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_wire_get_prompt(struct okta_view bytes,
    struct okta_view org_url, struct okta_prompt *ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_wire_get_claims(
    struct okta_view bytes, struct okta_claims *ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_wire_get_failure(
    struct okta_view bytes, struct okta_failure *ret, struct okta_err *err);
/* OKTA_E_INPUT also when it is not NONCE that it bears. */
OKTA_MUST_CHECK enum okta_rc okta_wire_get_verdict(struct okta_view bytes,
    struct okta_view nonce, struct okta_claims *ret, struct okta_err *err);

/* The frame's type, 0 if BYTES is no frame. */
uint8_t okta_wire_type(struct okta_view bytes);

#endif /* OKTA_MODEL_WIRE_H */
