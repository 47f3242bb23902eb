/* SPDX-License-Identifier: BSD-2-Clause */
/* device.c taken over: it brings whatever token it likes. */
#include "device.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/chan.h"
#include "base/frame.h"
#include "liar.h"

struct liar {
	int fd;
	const struct device_job *job;
};

static void
say(const struct liar *l, struct okta_view bytes)
{
	if (okta_chan_send(l->fd, bytes, l->job->clock,
		okta_clock_mono_ms(l->job->clock) + 5000) != OKTA_OK)
		_exit(0);
}

static void
part(const struct liar *l, enum inner_part which, struct okta_view bytes)
{
	if (inner_send_part(l->fd, l->job->clock, which, bytes) != OKTA_OK)
		_exit(0);
}

static void
done(const struct liar *l)
{
	if (inner_send(l->fd, l->job->clock, INNER_DONE) != OKTA_OK)
		_exit(0);
}

static void
prompt(const struct liar *l, const char *code)
{
	const struct okta_view org = lie_is(l->job->start, "prompt-elsewhere")
					 ? okta_view_str("https://evil.example")
					 : l->job->start->org_url;
	struct okta_prompt m = { .expires_in_s = 600, .interval_s = 5 };
	struct okta_buf uri, frame;

	okta_buf_init(&uri, 1024);
	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	if (okta_buf_printf(&uri, "%.*s/activate", (int)org.len, org.p) != OKTA_OK)
		_exit(9);
	m.user_code = okta_view_str(code);
	m.verification_uri = okta_buf_view(&uri);
	m.verification_uri_complete = okta_buf_view(&uri);
	/* a QR code of its own, which would lead to another page than the text */
	m.qr = okta_view_str(lie_is(l->job->start, "own-qr") ? "\xe2\x96\x88" : "");
	if (okta_wire_put_prompt(&frame, &m) != OKTA_OK)
		_exit(9);
	say(l, okta_buf_view(&frame));
}

/* Claims as Okta writes them, for the person the script names. */
static void
put_payload(const struct liar *l, struct okta_buf *out)
{
	const struct okta_start *s = l->job->start;
	const struct okta_view sub = word(s, "sub");
	const long long now = okta_clock_now_s(l->job->clock);

	if (okta_buf_printf(out,
		"{\"sub\":\"%.*s\",\"iss\":\"%.*s\",\"aud\":\"%.*s\",\"iat\":%lld,"
		"\"exp\":%lld,\"jti\":\"ID.lie\",\"preferred_username\":\"ada\","
		"\"ver\":1,\"groups\":[\"linux-users\"]}",
		(int)sub.len, sub.p, (int)s->issuer.len, s->issuer.p,
		(int)s->client_id.len, s->client_id.p, now, now + 3600) != OKTA_OK)
		_exit(9);
}

static void
own_token(const struct liar *l)
{
	const struct okta_start *s = l->job->start;
	const struct okta_view kid = word(s, "kid");
	struct okta_jws_key *key = key_of(s);
	struct okta_buf header, payload, token, jwk;
	struct okta_err err = { 0 };

	okta_buf_init(&header, 4096);
	okta_buf_init(&payload, 4096);
	okta_buf_init(&token, 16384);
	okta_buf_init(&jwk, 4096);
	put_payload(l, &payload);
	if (okta_jws_key_public(key, &jwk, &err) != OKTA_OK ||
	    okta_buf_printf(&header, "{\"alg\":\"ES256\",\"kid\":\"%.*s\"%s%s}",
		(int)kid.len, kid.p, lie_is(s, "own-token-own-jwk") ? ",\"jwk\":" : "",
		lie_is(s, "own-token-own-jwk") ? jwk.data : "") != OKTA_OK ||
	    okta_jws_sign(key, okta_buf_view(&header), okta_buf_view(&payload), &token,
		&err) != OKTA_OK)
		_exit(9);
	part(l, PART_ID_TOKEN, okta_buf_view(&token));
}

static void
a_verdict_of_its_own(const struct liar *l)
{
	static struct okta_claims claims;
	const struct okta_start *s = l->job->start;
	struct okta_buf frame;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	claims.iss = s->issuer;
	claims.sub = word(s, "sub");
	claims.iat_s = (uint64_t)okta_clock_now_s(l->job->clock);
	claims.exp_s = claims.iat_s + 3600;
	if ((lie_is(s, "claims")
		    ? okta_wire_put_claims(&frame, &claims)
		    : okta_wire_put_verdict(&frame, s->nonce, &claims)) != OKTA_OK)
		_exit(9);
	say(l, okta_buf_view(&frame));
}

static void
flood(const struct liar *l)
{
	static char much[65536];
	int i;

	memset(much, 'a', sizeof(much));
	for (i = 0; i < 100; i++)
		part(l, PART_ID_TOKEN, (struct okta_view){ much, sizeof(much) });
	done(l);
}

static bool
tell_what_is_known(const struct liar *l)
{
	const struct okta_start *s = l->job->start;

	if (lie_is(s, "see-nonce"))
		say_bytes(l->fd, l->job->clock, s->nonce);
	else
		return false;
	return true;
}

static void
after_the_prompt(const struct liar *l)
{
	static char bytes[FILE_MAX];
	const struct okta_start *s = l->job->start;
	struct okta_buf jwks;

	if (lie_is(s, "claims") || lie_is(s, "verdict")) {
		a_verdict_of_its_own(l);
	} else if (lie_is(s, "prompt-twice")) {
		prompt(l, "EVIL-CODE");
	} else if (lie_is(s, "garbage")) {
		memset(bytes, 0xa5, 1000);
		say(l, (struct okta_view){ bytes, 1000 });
	} else if (lie_is(s, "flood")) {
		flood(l);
	} else if (lie_is(s, "exit")) {
		_exit(0);
	} else if (lie_is(s, "shell")) {
		char *const none[] = { NULL };

		(void)execve("/bin/sh", none, none);
	} else if (lie_is(s, "escape")) {
		say_failed(l->fd, l->job->clock, "\x1b[2J\r\nroot logged in");
	} else if (lie_is(s, "given-token")) { /* somebody else's, or an old one */
		part(l, PART_ID_TOKEN, file_of(s, "token", bytes));
		done(l);
	} else if (lie_is(s, "no-token")) {
		done(l);
	} else {
		own_token(l);
		if (lie_is(s, "own-token-and-keys")) {
			okta_buf_init(&jwks, 4096);
			put_own_jwks(s, &jwks);
			part(l, PART_BODY, okta_buf_view(&jwks));
		}
		done(l);
	}
}

void
device_run(int fd, const struct device_job *job)
{
	const struct liar l = { fd, job };
	struct okta_err err = { 0 };

	if (okta_http_global_init(&err) != OKTA_OK || tell_what_is_known(&l))
		return;
	if (lie_is(job->start, "token-without-prompt")) {
		own_token(&l);
		done(&l);
		return;
	}
	prompt(&l, "LIAR-CODE");
	after_the_prompt(&l);
}
