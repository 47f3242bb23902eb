/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: the helper parses bytes from the network and may be a liar by the time it
 * writes a frame.  MUST: refuse whatever could reach a terminal, a log or a decision in a
 * form the reader does not expect.  MUST NOT: repair a bad field.
 */
#include "model/wire.h"

#include <string.h>

#include "base/frame.h"
#include "base/text.h"

#define ID_MAX_BYTES	   64
#define AMR_ITEM_MAX_BYTES 64
#define DETAIL_MAX_BYTES   1024
#define PATH_MAX_BYTES	   4096
#define TIME_MAX	   UINT64_C(253402300799) /* the year 9999 */
/* What of a prompt comes from outside and is shown, S18. */
#define SHOWN_MAX_BYTES 512

uint8_t
okta_wire_type(struct okta_view bytes)
{
	struct okta_frame_reader r;

	return okta_frame_open(&r, bytes);
}

static enum okta_rc
finish_put(const struct okta_frame_writer *w)
{
	if (w->rc == OKTA_OK && w->out->len > OKTA_FRAME_MAX_BYTES)
		return OKTA_E_TOOBIG;
	return w->rc;
}

enum okta_rc
okta_wire_put_start(struct okta_buf *out, const struct okta_start *m)
{
	struct okta_frame_writer w;

	okta_frame_start(&w, out, OKTA_WIRE_START);
	okta_frame_put_text(&w, m->org_url);
	okta_frame_put_text(&w, m->issuer);
	okta_frame_put_text(&w, m->client_id);
	okta_frame_put_text(&w, m->client_secret);
	okta_frame_put_text(&w, m->ca_file);
	okta_frame_put_text(&w, m->proxy);
	okta_frame_put_text(&w, m->scopes);
	okta_frame_put_text(&w, m->groups_claim);
	okta_frame_put_text(&w, m->nonce);
	okta_frame_put_u64(&w, m->deadline_s);
	okta_frame_put_u64(&w, m->clock_skew_s);
	okta_frame_put_u64(&w, m->qr);
	okta_frame_put_u64(&w, m->poll_s);
	return finish_put(&w);
}

enum okta_rc
okta_wire_put_prompt(struct okta_buf *out, const struct okta_prompt *m)
{
	struct okta_frame_writer w;

	okta_frame_start(&w, out, OKTA_WIRE_PROMPT);
	okta_frame_put_text(&w, m->user_code);
	okta_frame_put_text(&w, m->verification_uri);
	okta_frame_put_text(&w, m->verification_uri_complete);
	okta_frame_put_u64(&w, m->expires_in_s);
	okta_frame_put_u64(&w, m->interval_s);
	okta_frame_put_text(&w, m->qr);
	return finish_put(&w);
}

static void
put_list(struct okta_frame_writer *w, const struct okta_view *item, size_t n, size_t max)
{
	size_t i;

	if (n > max) {
		w->rc = OKTA_E_TOOBIG;
		return;
	}
	okta_frame_put_u64(w, n);
	for (i = 0; i < n; i++)
		okta_frame_put_text(w, item[i]);
}

enum okta_rc
okta_wire_put_claims(struct okta_buf *out, const struct okta_claims *m)
{
	struct okta_frame_writer w;

	okta_frame_start(&w, out, OKTA_WIRE_CLAIMS);
	okta_frame_put_text(&w, m->iss);
	okta_frame_put_text(&w, m->sub);
	okta_frame_put_text(&w, m->preferred_username);
	okta_frame_put_text(&w, m->jti);
	okta_frame_put_u64(&w, m->iat_s);
	okta_frame_put_u64(&w, m->exp_s);
	okta_frame_put_u64(&w, m->auth_time_s);
	okta_frame_put_u64(&w, m->has_groups ? 1 : 0);
	put_list(&w, m->groups, m->n_groups, OKTA_WIRE_GROUPS_MAX);
	put_list(&w, m->amr, m->n_amr, OKTA_WIRE_AMR_MAX);
	return finish_put(&w);
}

enum okta_rc
okta_wire_put_failure(struct okta_buf *out, const struct okta_failure *m)
{
	struct okta_frame_writer w;
	char detail[DETAIL_MAX_BYTES + 1];

	okta_text_sanitize(detail, sizeof(detail), m->detail);
	okta_frame_start(&w, out, OKTA_WIRE_FAILURE);
	okta_frame_put_u64(&w, (uint64_t)m->code);
	okta_frame_put_text(&w, okta_view_str(detail));
	return finish_put(&w);
}

enum okta_rc
okta_wire_put_verdict(
    struct okta_buf *out, struct okta_view nonce, const struct okta_claims *m)
{
	struct okta_frame_writer w;
	struct okta_buf claims;
	enum okta_rc r;

	okta_buf_init(&claims, OKTA_FRAME_MAX_BYTES);
	r = okta_wire_put_claims(&claims, m);
	if (r == OKTA_OK) {
		okta_frame_start(&w, out, OKTA_WIRE_VERDICT);
		okta_frame_put_text(&w, nonce);
		okta_frame_put_text(&w, okta_buf_view(&claims));
		r = finish_put(&w);
	}
	okta_buf_clear(&claims);
	return r;
}

/* The first check that fails names the field; later ones must not overwrite it. */
static void
require(bool holds, const char *what, const char **fault)
{
	if (!holds && *fault == NULL)
		*fault = what;
}

static enum okta_rc
finish_get(struct okta_frame_reader *r, const char *message, const char *fault,
    struct okta_err *err)
{
	if (okta_frame_end(r) != OKTA_OK)
		return okta_err_set(err, OKTA_E_INPUT,
		    "%s message: a field is missing, too long or out of range", message);
	if (fault != NULL)
		return okta_err_set(err, OKTA_E_INPUT, "%s message: %s", message, fault);
	return OKTA_OK;
}

static void
open_as(struct okta_frame_reader *r, struct okta_view bytes, uint8_t type)
{
	if (okta_frame_open(r, bytes) != type)
		r->rc = OKTA_E_INPUT;
}

/* Text of the configuration: printable or UTF-8, never with a control byte. */
static bool
is_plain(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if ((unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
			return false;
	return okta_text_is_utf8(v);
}

enum okta_rc
okta_wire_get_start(struct okta_view bytes, struct okta_start *ret, struct okta_err *err)
{
	struct okta_frame_reader r;
	const char *fault = NULL;

	open_as(&r, bytes, OKTA_WIRE_START);
	ret->org_url = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->issuer = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->client_id = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->client_secret = okta_frame_get_text(&r, OKTA_WIRE_SECRET_MAX);
	ret->ca_file = okta_frame_get_text(&r, PATH_MAX_BYTES);
	ret->proxy = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->scopes = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->groups_claim = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->nonce = okta_frame_get_text(&r, OKTA_WIRE_NONCE_BYTES);
	ret->deadline_s = okta_frame_get_u64(&r, 86400);
	ret->clock_skew_s = okta_frame_get_u64(&r, 3600);
	ret->qr = okta_frame_get_u64(&r, 1);
	ret->poll_s = okta_frame_get_u64(&r, 300);

	require(ret->org_url.len > 0 && okta_text_is_printable(ret->org_url),
	    "org_url is empty or not printable", &fault);
	require(ret->issuer.len > 0 && okta_text_is_printable(ret->issuer),
	    "issuer is empty or not printable", &fault);
	require(ret->client_id.len > 0 && okta_text_is_printable(ret->client_id),
	    "client_id is empty or not printable", &fault);
	require(ret->client_secret.len == 0 || okta_text_is_printable(ret->client_secret),
	    "client_secret is not printable", &fault);
	require(is_plain(ret->ca_file), "ca_file has a control byte", &fault);
	require(okta_text_is_printable(ret->proxy), "proxy is not printable", &fault);
	require(ret->scopes.len > 0 && okta_text_is_printable(ret->scopes),
	    "scopes is empty or not printable", &fault);
	require(ret->groups_claim.len > 0 && okta_text_is_printable(ret->groups_claim),
	    "groups_claim is empty or not printable", &fault);
	require(ret->nonce.len == OKTA_WIRE_NONCE_BYTES, "nonce is not 16 bytes", &fault);
	require(ret->deadline_s > 0, "deadline is zero", &fault);
	return finish_get(&r, "start", fault, err);
}

static bool
is_user_code(struct okta_view v)
{
	size_t i;

	if (v.len < 4 || v.len > OKTA_USER_CODE_MAX)
		return false;
	for (i = 0; i < v.len; i++)
		if (!((v.p[i] >= 'A' && v.p[i] <= 'Z') ||
			(v.p[i] >= '0' && v.p[i] <= '9') || v.p[i] == '-'))
			return false;
	return true;
}

/*
 * RFC 3986 characters only, and scheme, host and port exactly the org's: ORG_URL has
 * neither path nor trailing slash, so the byte after it must be the slash that ends the
 * authority.
 */
static bool
is_org_uri(struct okta_view v, struct okta_view org_url)
{
	size_t i;

	if (v.len > OKTA_VERIFICATION_URI_MAX || v.len <= org_url.len || org_url.len == 0)
		return false;
	if (memcmp(v.p, org_url.p, org_url.len) != 0 || v.p[org_url.len] != '/')
		return false;
	for (i = 0; i < v.len; i++)
		if ((unsigned char)v.p[i] <= 0x20 || (unsigned char)v.p[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}", v.p[i]) != NULL)
			return false;
	return true;
}

static bool
is_qr(struct okta_view v)
{
	size_t i = 0;

	while (i < v.len) {
		if (v.p[i] == ' ' || v.p[i] == '\n') {
			i++;
		} else if (v.len - i >= 3 &&
			   (memcmp(v.p + i, "\xe2\x96\x80", 3) == 0 ||
			       memcmp(v.p + i, "\xe2\x96\x84", 3) == 0 ||
			       memcmp(v.p + i, "\xe2\x96\x88", 3) == 0)) {
			i += 3;
		} else {
			return false;
		}
	}
	return true;
}

enum okta_rc
okta_wire_get_prompt(struct okta_view bytes, struct okta_view org_url,
    struct okta_prompt *ret, struct okta_err *err)
{
	struct okta_frame_reader r;
	const char *fault = NULL;

	open_as(&r, bytes, OKTA_WIRE_PROMPT);
	ret->user_code = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->verification_uri = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->verification_uri_complete = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->expires_in_s = okta_frame_get_u64(&r, 86400);
	ret->interval_s = okta_frame_get_u64(&r, 300);
	ret->qr = okta_frame_get_text(&r, OKTA_QR_MAX);

	require(is_user_code(ret->user_code),
	    "user_code is not 4 to 16 of A-Z, 0-9 and -", &fault);
	require(is_org_uri(ret->verification_uri, org_url),
	    "verification_uri is not on the configured org_url", &fault);
	require(ret->verification_uri_complete.len == 0 ||
		    is_org_uri(ret->verification_uri_complete, org_url),
	    "verification_uri_complete is not on the configured org_url", &fault);
	require(ret->user_code.len + ret->verification_uri.len +
			ret->verification_uri_complete.len <=
		    SHOWN_MAX_BYTES,
	    "code and addresses are longer than 512 bytes", &fault);
	require(ret->expires_in_s > 0, "expires_in is zero", &fault);
	require(ret->interval_s > 0, "interval is zero", &fault);
	require(is_qr(ret->qr), "the QR code holds something else than blocks", &fault);
	return finish_get(&r, "prompt", fault, err);
}

bool
okta_wire_is_group_name(struct okta_view v)
{
	return v.len > 0 && v.len <= OKTA_WIRE_GROUP_MAX && v.p[0] != '\x01' &&
	       memchr(v.p, '\0', v.len) == NULL && okta_text_is_utf8(v);
}

bool
okta_wire_is_amr(struct okta_view v)
{
	return v.len > 0 && v.len <= AMR_ITEM_MAX_BYTES && is_plain(v);
}

static size_t
get_list(struct okta_frame_reader *r, struct okta_view *item, size_t max,
    size_t max_bytes, bool (*is_good)(struct okta_view), const char *what,
    const char **fault)
{
	size_t i, n = (size_t)okta_frame_get_u64(r, max);

	for (i = 0; i < n; i++) {
		item[i] = okta_frame_get_text(r, max_bytes);
		require(is_good(item[i]), what, fault);
	}
	return n;
}

enum okta_rc
okta_wire_get_claims(
    struct okta_view bytes, struct okta_claims *ret, struct okta_err *err)
{
	struct okta_frame_reader r;
	const char *fault = NULL;

	open_as(&r, bytes, OKTA_WIRE_CLAIMS);
	ret->iss = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->sub = okta_frame_get_text(&r, ID_MAX_BYTES);
	ret->preferred_username = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->jti = okta_frame_get_text(&r, OKTA_WIRE_TEXT_MAX);
	ret->iat_s = okta_frame_get_u64(&r, TIME_MAX);
	ret->exp_s = okta_frame_get_u64(&r, TIME_MAX);
	ret->auth_time_s = okta_frame_get_u64(&r, TIME_MAX);
	ret->has_groups = okta_frame_get_u64(&r, 1) == 1;
	ret->n_groups = get_list(&r, ret->groups, OKTA_WIRE_GROUPS_MAX,
	    OKTA_WIRE_GROUP_MAX, okta_wire_is_group_name,
	    "a group name is empty or none a claim may carry", &fault);
	ret->n_amr = get_list(&r, ret->amr, OKTA_WIRE_AMR_MAX, AMR_ITEM_MAX_BYTES,
	    okta_wire_is_amr, "an amr value is empty or has a control byte", &fault);

	require(ret->iss.len > 0 && okta_text_is_printable(ret->iss),
	    "iss is empty or not printable", &fault);
	require(ret->sub.len > 0 && okta_text_is_printable(ret->sub),
	    "sub is empty or not printable", &fault);
	require(ret->jti.len > 0 && okta_text_is_printable(ret->jti),
	    "jti is empty or not printable", &fault);
	require(ret->has_groups || ret->n_groups == 0, "groups without a groups claim",
	    &fault);
	return finish_get(&r, "claims", fault, err);
}

enum okta_rc
okta_wire_get_failure(
    struct okta_view bytes, struct okta_failure *ret, struct okta_err *err)
{
	struct okta_frame_reader r;
	const char *fault = NULL;
	uint64_t code;

	open_as(&r, bytes, OKTA_WIRE_FAILURE);
	code = okta_frame_get_u64(&r, OKTA_FAIL_CODE_COUNT - 1);
	ret->detail = okta_frame_get_text(&r, DETAIL_MAX_BYTES);
	ret->code = (enum okta_failure_code)code;

	require(code != 0, "the failure has no code", &fault);
	require(
	    okta_text_is_printable(ret->detail), "the detail is not printable", &fault);
	return finish_get(&r, "failure", fault, err);
}

enum okta_rc
okta_wire_get_verdict(struct okta_view bytes, struct okta_view nonce,
    struct okta_claims *ret, struct okta_err *err)
{
	struct okta_frame_reader r;
	struct okta_view said, claims;

	open_as(&r, bytes, OKTA_WIRE_VERDICT);
	said = okta_frame_get_text(&r, OKTA_WIRE_NONCE_BYTES);
	claims = okta_frame_get_text(&r, OKTA_FRAME_MAX_BYTES);
	if (okta_frame_end(&r) != OKTA_OK)
		return finish_get(&r, "verdict", NULL, err);
	if (nonce.len != OKTA_WIRE_NONCE_BYTES || !okta_view_eq(said, nonce))
		return okta_err_set(
		    err, OKTA_E_INPUT, "verdict message: is of another login");
	return okta_wire_get_claims(claims, ret, err);
}
