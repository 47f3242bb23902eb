/* SPDX-License-Identifier: BSD-2-Clause */
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/id_token.h"
#include "net/jwt.h"

#define SKEW_DEFAULT_S 60
#define SKEW_MAX_S     86400
#define NOW_MAX_S      253402300799 /* the end of year 9999 */
#define READ_BYTES     4096

enum { VERIFIED = 0, REFUSED = 1, UNUSABLE = 2 };

static const char usage[] =
    "usage: oktactl token verify --jwks FILE --issuer URL --client-id ID [--now EPOCH] "
    "[--skew S]\n"
    "       oktactl token verify --jwks FILE --signature-only\n"
    "       the token is read from standard input, without a line break at its end\n";

struct options {
	const char *jwks, *issuer, *client_id;
	uint64_t now_s, skew_s;
	bool signature_only;
};

static bool
number(const char *text, uint64_t max, uint64_t *ret)
{
	return okta_view_u64(okta_view_str(text), max, ret) == OKTA_OK;
}

static bool
parse(int argc, char **argv, struct options *o)
{
	static const struct option known[] = { { "jwks", required_argument, NULL, 'j' },
		{ "issuer", required_argument, NULL, 'i' },
		{ "client-id", required_argument, NULL, 'c' },
		{ "now", required_argument, NULL, 'n' },
		{ "skew", required_argument, NULL, 's' },
		{ "signature-only", no_argument, NULL, 'o' }, { NULL, 0, NULL, 0 } };
	bool good = argc > 0 && strcmp(argv[0], "verify") == 0;
	int c;

	optind = 0; /* the program's own options were read before */
	opterr = 0;
	while (good && (c = getopt_long(argc, argv, "+", known, NULL)) != -1) {
		if (c == 'j')
			o->jwks = optarg;
		else if (c == 'i')
			o->issuer = optarg;
		else if (c == 'c')
			o->client_id = optarg;
		else if (c == 'n')
			good = number(optarg, NOW_MAX_S, &o->now_s);
		else if (c == 's')
			good = number(optarg, SKEW_MAX_S, &o->skew_s);
		else if (c == 'o')
			o->signature_only = true;
		else
			good = false;
	}
	return good && optind == argc && o->jwks != NULL &&
	       (o->signature_only || (o->issuer != NULL && o->client_id != NULL));
}

static enum okta_rc
read_all(int fd, struct okta_buf *out)
{
	char chunk[READ_BYTES];
	enum okta_rc r = OKTA_OK;
	ssize_t n;

	do {
		n = read(fd, chunk, sizeof(chunk));
		if (n > 0)
			r = okta_buf_append(out, chunk, (size_t)n);
	} while (r == OKTA_OK && (n > 0 || (n < 0 && errno == EINTR)));
	if (r != OKTA_OK)
		return r;
	return n < 0 ? OKTA_E_SYS : OKTA_OK;
}

static enum okta_rc
read_keys(const struct options *o, struct okta_jwks **ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	int fd = open(o->jwks, O_RDONLY | O_CLOEXEC);
	struct okta_buf text;

	okta_buf_init(&text, OKTA_JWKS_MAX_BYTES);
	if (fd < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot open", o->jwks);
		goto out;
	}
	r = read_all(fd, &text);
	if (r != OKTA_OK) {
		rc = okta_err_set(err, r, "%s: cannot be read, or too large", o->jwks);
		goto out;
	}
	r = okta_jwks_new(okta_buf_view(&text),
	    o->signature_only ? OKTA_ALGS_CORPUS : OKTA_ALGS_LOGIN, ret, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_buf_clear(&text);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* What is printed for a good token goes to OUT. */
static enum okta_rc
judge(const struct options *o, struct okta_view token, const struct okta_jwks *keys,
    struct okta_buf *out, struct okta_err *err)
{
	struct okta_id_expect expect = { 0 };
	struct okta_id_token *id = NULL;
	struct okta_buf payload;
	enum okta_rc r;

	if (token.len > 0 && token.p[token.len - 1] == '\n')
		return okta_err_set(err, OKTA_E_REFUSED,
		    "token: form: ends with a line break: send it with printf %%s, not "
		    "echo");
	if (o->signature_only) {
		okta_buf_init(&payload, OKTA_JWT_MAX_BYTES);
		r = okta_jwt_verify(token, keys, &payload, err);
		if (r == OKTA_OK)
			r = okta_buf_append_str(out, "{\"signature\":\"good\"}");
		okta_buf_clear(&payload);
		return r;
	}
	expect.issuer = okta_view_str(o->issuer);
	expect.client_id = okta_view_str(o->client_id);
	expect.now_s = (int64_t)o->now_s;
	expect.skew_s = (int64_t)o->skew_s;
	r = okta_id_token_new(token, keys, &expect, &id, err);
	if (r == OKTA_OK)
		r = okta_json_write(okta_id_token_json(id), out);
	okta_id_token_free(&id);
	return r;
}

static int
print_refusal(const struct okta_err *err, bool json)
{
	struct okta_buf line;

	okta_buf_init(&line, 4096);
	if (json && okta_json_write_str(okta_view_str(err->msg), &line) == OKTA_OK)
		(void)printf("{\"refused\":%s}\n", line.data);
	else
		(void)printf("%s\n", err->msg);
	okta_buf_clear(&line);
	return REFUSED;
}

int
ctl_token(int argc, char **argv, bool json)
{
	struct options o = { .skew_s = SKEW_DEFAULT_S };
	struct okta_jwks *keys = NULL;
	struct okta_buf token, out;
	struct okta_err err = { 0 };
	int status = UNUSABLE;
	enum okta_rc r;

	o.now_s = (uint64_t)okta_clock_now_s(&okta_clock_system);
	if (!parse(argc, argv, &o)) {
		(void)fputs(usage, stderr);
		return UNUSABLE;
	}
	okta_buf_init(&token, OKTA_JWT_MAX_BYTES);
	okta_buf_init(&out, 8 * OKTA_JWT_MAX_BYTES); /* \uXXXX for each byte, and more */
	if (read_keys(&o, &keys, &err) != OKTA_OK) {
		(void)fprintf(stderr, "oktactl: %s\n", err.msg);
		goto out;
	}
	r = read_all(STDIN_FILENO, &token);
	if (r != OKTA_OK && r != OKTA_E_TOOBIG) {
		(void)fprintf(stderr, "oktactl: standard input cannot be read\n");
		goto out;
	}
	if (r == OKTA_E_TOOBIG) {
		/* what fitted is not the token: its beginning might even be a good one */
		(void)okta_err_set(&err, OKTA_E_REFUSED,
		    "token: form: more than %d bytes", OKTA_JWT_MAX_BYTES);
		status = print_refusal(&err, json);
	} else if (judge(&o, okta_buf_view(&token), keys, &out, &err) == OKTA_OK) {
		(void)printf("%s\n", out.data);
		status = VERIFIED;
	} else {
		status = print_refusal(&err, json);
	}
out:
	okta_jwks_free(&keys);
	okta_buf_clear(&token);
	okta_buf_clear(&out);
	return status;
}
