/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/net/liar.h - what the lying processes have in common.  Linked into an
 * okta-auth-helper in the place of one of its processes, they stand for one that was
 * taken over: they answer what they like, and are sandboxed like the honest one.
 *
 * The test writes the script where it reaches all of them and means nothing to Okta, into
 * groups_claim: the lie's name, then words key=value.
 */
#ifndef TESTS_NET_LIAR_H
#define TESTS_NET_LIAR_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "inner.h"
#include "model/wire.h"
#include "net/http.h"
#include "net/jws.h"

#define FILE_MAX 131072

/* The value of KEY, or the script's first word if KEY is NULL; empty: none. */
static inline struct okta_view
word(const struct okta_start *start, const char *key)
{
	struct okta_view rest = start->groups_claim, w = okta_view_split(&rest, ' ');

	if (key == NULL)
		return w;
	while (rest.len > 0) {
		w = okta_view_split(&rest, ' ');
		if (w.len > strlen(key) && memcmp(w.p, key, strlen(key)) == 0 &&
		    w.p[strlen(key)] == '=')
			return (struct okta_view){ w.p + strlen(key) + 1,
				w.len - strlen(key) - 1 };
	}
	return okta_view_str("");
}

static inline bool
lie_is(const struct okta_start *start, const char *name)
{
	return okta_view_eq_str(word(start, NULL), name);
}

/* A file the test left; reading is all the sandbox allows. */
static inline struct okta_view
file_of(const struct okta_start *start, const char *key, char bytes[FILE_MAX])
{
	char path[256];
	const struct okta_view v = word(start, key);
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%.*s", (int)v.len, v.p);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, bytes, FILE_MAX);
	if (fd >= 0)
		(void)close(fd);
	return (struct okta_view){ bytes, n < 0 ? 0 : (size_t)n };
}

static inline struct okta_jws_key *
key_of(const struct okta_start *start)
{
	static char pem[FILE_MAX];
	struct okta_jws_key *key = NULL;
	struct okta_err err = { 0 };

	if (okta_jws_key_new(file_of(start, "key", pem), "the liar's key", &key, &err) !=
	    OKTA_OK)
		_exit(9);
	return key;
}

/* The liar's public key as a JWK Set under the kid the script names. */
static inline void
put_own_jwks(const struct okta_start *start, struct okta_buf *out)
{
	const struct okta_view kid = word(start, "kid");
	struct okta_jws_key *key = key_of(start);
	struct okta_buf jwk;
	struct okta_err err = { 0 };

	okta_buf_init(&jwk, 4096);
	if (okta_jws_key_public(key, &jwk, &err) != OKTA_OK ||
	    okta_buf_printf(out,
		"{\"keys\":[{\"kid\":\"%.*s\",\"use\":\"sig\",\"alg\":\"ES256\",%s]}",
		(int)kid.len, kid.p, jwk.data + 1) != OKTA_OK)
		_exit(9);
	okta_buf_clear(&jwk);
	okta_jws_key_free(&key);
}

static inline void
say_failed(int fd, const struct okta_clock *clock, const char *detail)
{
	const struct inner_failure f = { OKTA_FAIL_DENIED, 0, okta_view_str(detail) };

	if (inner_send_failed(fd, clock, &f) != OKTA_OK)
		_exit(9);
}

/* What it can see of a text it should not know. */
static inline void
say_bytes(int fd, const struct okta_clock *clock, struct okta_view v)
{
	char hex[200] = "seen:";
	size_t i;

	for (i = 0; i < v.len && i < 64; i++)
		(void)snprintf(hex + 5 + 2 * i, sizeof(hex) - 5 - 2 * i, "%02x",
		    (unsigned char)v.p[i]);
	say_failed(fd, clock, hex);
}

#endif /* TESTS_NET_LIAR_H */
