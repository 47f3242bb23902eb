/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model base */
/*
 * A stand-in for okta-auth-helper that says what a test wants.  The test writes the
 * script into the configuration as the client id, which is the one thing that reaches a
 * helper: ok, or a lie named below; fail-N: FAILURE with code N.  "+wait" before it:
 * first a prompt, and the verdict 300 ms later.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/frame.h"
#include "model/wire.h"

#define ORG "https://acme.okta.com"

static struct okta_buf out;
static struct okta_view nonce; /* of the login */

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static void
say(struct okta_view bytes)
{
	(void)send(0, bytes.p, bytes.len, MSG_NOSIGNAL);
}

static void
say_prompt(const char *script)
{
	const char *origin = strcmp(script, "other-org") == 0 ? "https://evil.example"
							      : ORG;
	char code[24], uri[64], complete[128];
	struct okta_prompt m = { .expires_in_s = strcmp(script, "short") == 0 ? 30 : 600,
		.interval_s = 5,
		.qr = v("") };

	/* the code is this process's number, so that a test can see it die */
	(void)snprintf(code, sizeof(code), "PID-%d", (int)getpid());
	(void)snprintf(uri, sizeof(uri), "%s/activate", origin);
	(void)snprintf(complete, sizeof(complete), "%s?user_code=%s", uri, code);
	m.user_code = v(code);
	m.verification_uri = v(uri);
	m.verification_uri_complete = v(complete);
	if (strcmp(script, "escape") == 0)
		m.user_code = v("AB\x1b[2J");
	if (strcmp(script, "qr") == 0)
		m.qr = v("\xe2\x96\x80 \xe2\x96\x84\n\xe2\x96\x88");
	if (okta_wire_put_prompt(&out, &m) == OKTA_OK)
		say(okta_buf_view(&out));
}

static void
say_claims(const char *script)
{
	static struct okta_claims m;
	char jti[64];
	int64_t now = time(NULL);

	(void)snprintf(jti, sizeof(jti), "ID.%d.%ld", (int)getpid(), (long)now);
	m.iss = v(strcmp(script, "wrong-iss") == 0 ? "https://evil.okta.com" : ORG);
	m.sub = v(strcmp(script, "wrong-sub") == 0 ? "00u2bob" : "00u1ada");
	m.preferred_username = v("ada@acme.example");
	m.jti = v(strcmp(script, "replay") == 0 ? "ID.again" : jti);
	m.iat_s = (uint64_t)(strcmp(script, "stale") == 0    ? now - 1000
			     : strcmp(script, "behind") == 0 ? now - 30
							     : now);
	m.exp_s = (uint64_t)(strcmp(script, "expired") == 0 ? now - 500 : now + 3600);
	m.auth_time_s = (uint64_t)now;
	m.has_groups = strcmp(script, "no-claim") != 0;
	if (m.has_groups && strcmp(script, "no-groups") != 0) {
		m.groups[m.n_groups++] = v("linux-users");
		m.groups[m.n_groups++] = v(
		    "ops"); /* new since the snapshot; eng is gone */
		m.groups[m.n_groups++] = v("docker-people");
	}
	if (strcmp(script, "no-nonce") == 0) {
		if (okta_wire_put_claims(&out, &m) == OKTA_OK)
			say(okta_buf_view(&out));
		return;
	}
	if (okta_wire_put_verdict(&out,
		strcmp(script, "wrong-nonce") == 0 ? v("0123456789abcdef") : nonce,
		&m) == OKTA_OK)
		say(okta_buf_view(&out));
}

static void
say_failure(int code)
{
	struct okta_failure m = { (enum okta_failure_code)code, v("the \"detail\"") };

	if (okta_wire_put_failure(&out, &m) == OKTA_OK)
		say(okta_buf_view(&out));
}

static void
say_raw(size_t len)
{
	char *p = calloc(1, len + 1);

	if (p != NULL)
		say((struct okta_view){ p, len });
	free(p);
}

static void
nap_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

static void
act(const char *script)
{
	if (strcmp(script, "exit") == 0)
		return;
	if (strcmp(script, "silent") == 0)
		nap_ms(60000);
	if (strncmp(script, "fail-", 5) == 0) {
		say_failure((script[5] - '0') * 10 + script[6] - '0');
		return;
	}
	if (strcmp(script, "garbage") == 0) {
		say_raw(100);
		return;
	}
	if (strcmp(script, "huge") == 0) {
		say_raw(100000);
		return;
	}
	if (strcmp(script, "claims-first") == 0) {
		say_claims(script);
		return;
	}
	if (strcmp(script, "child-frame") == 0) {
		say((struct okta_view){ "\x01\xff", 2 });
		return;
	}
	say_prompt(script);
	if (strcmp(script, "prompt-exit") == 0)
		return;
	if (strcmp(script, "prompt-twice") == 0)
		say_prompt(script);
	if (strcmp(script, "prompt-garbage") == 0)
		say_raw(100);
	if (strcmp(script, "prompt-empty") == 0)
		say_raw(0);
	if (strcmp(script, "interrupted") == 0)
		(void)raise(SIGINT);
	if (strcmp(script, "stopped") == 0)
		(void)raise(SIGSTOP);
	if (strcmp(script, "pending") == 0)
		nap_ms(60000);
	if (strncmp(script, "prompt-fail-", 12) == 0)
		say_failure((script[12] - '0') * 10 + script[13] - '0');
	if (strcmp(script, "slow") == 0)
		nap_ms(300);
	say_claims(script);
}

int
main(void)
{
	static char frame[OKTA_FRAME_MAX_BYTES];
	char script[64];
	struct okta_start start;
	struct okta_err err = { 0 };
	ssize_t n;

	okta_buf_init(&out, OKTA_FRAME_MAX_BYTES);
	n = recv(0, frame, sizeof(frame), 0);
	if (n <= 0 || okta_wire_get_start((struct okta_view){ frame, (size_t)n }, &start,
			  &err) != OKTA_OK)
		return 1;
	if (start.client_id.len >= sizeof(script))
		return 1;
	nonce = start.nonce;
	memcpy(script, start.client_id.p, start.client_id.len);
	script[start.client_id.len] = '\0';
	if (strcmp(script, "slowly") == 0 && start.poll_s != 15)
		return 1;
	if (strcmp(script, "secret") == 0 &&
	    !okta_view_eq_str(start.client_secret, "c4nary"))
		return 1;
	act(script);
	return 0;
}
