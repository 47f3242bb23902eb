/* SPDX-License-Identifier: BSD-2-Clause */
/* The service app's key pair: the private half never leaves this host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wipe.h"
#include "host/config.h"
#include "net/jws.h"
#include "net/json.h"
#include "net/keygen.h"
#include "setup.h"

#define PEM_MAX 16384
#define JWK_MAX 16384

static bool
uses_key(const struct okta_conf *conf)
{
	return conf->source == OKTA_SOURCE_OKTA &&
	       conf->auth == OKTA_AUTH_PRIVATE_KEY_JWT;
}

/* Written apart and linked, so that a key that is there is never replaced. */
static enum okta_rc
put_key(const char *path, const struct okta_buf *pem, struct okta_err *err)
{
	enum okta_rc r;
	char tmp[PATH_MAX];

	/* beside it: a link cannot cross file systems */
	if (snprintf(tmp, sizeof(tmp), "%s.0.tmp", path) >= (int)sizeof(tmp))
		return okta_err_set(err, OKTA_E_TOOBIG, "%s: path is too long", path);
	r = okta_file_replace(tmp, 0600, pem->data, pem->len, err);
	if (r == OKTA_OK && link(tmp, path) < 0)
		r = okta_err_sys(err, errno, "%s: cannot create", path);
	(void)unlink(tmp);
	return r;
}

/*
 * OpenSSL is used in a process of its own: the checks that talk to Okta are forked off
 * this one, and must find it fresh (okta_http_global_init()).
 */
static int
apart(int (*work)(const struct setup *s), const struct setup *s)
{
	int status = 0;
	pid_t pid;

	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		status = work(s);
		(void)fflush(NULL);
		_exit(status);
	}
	if (pid < 0)
		return ctl_fail(1, "fork: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return ctl_fail(1, "waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : ctl_fail(1, "the process that makes keys broke off");
}

static int
make(const struct setup *s)
{
	struct okta_err err = { 0 };
	struct okta_buf pem;
	enum okta_rc r;

	okta_buf_init(&pem, PEM_MAX);
	r = okta_keygen_rsa_pem(&pem, &err);
	if (r == OKTA_OK)
		r = put_key(s->conf->private_key_file, &pem, &err);
	okta_buf_clear(&pem);
	return r == OKTA_OK ? 0 : ctl_fail(1, "[sync] private_key_file: %s", err.msg);
}

int
setup_key_make(struct setup *s)
{
	const char *path = s->conf->private_key_file;
	const char *const paths[] = { path };
	struct okta_err err = { 0 };
	struct stat st;
	int status;

	if (!uses_key(s->conf) || lstat(path, &st) == 0)
		return 0;
	if (errno != ENOENT)
		return ctl_fail(
		    1, "[sync] private_key_file: %s: %s", path, strerror(errno));
	if (setup_journal_save(&s->journal, paths, 1, &err) != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	status = apart(make, s);
	if (status != 0)
		return status;
	if (setup_journal_left(&s->journal, paths, 1, &err) != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	(void)printf(
	    "\nMade the service app's private key: %s (0600, root's; it stays on "
	    "this host)\n",
	    path);
	return 0;
}

/* {"kty":...,"use":"sig",...}: jws_key_public gives the members RFC 7638 wants. */
static enum okta_rc
put_jwk(const struct okta_jws_key *key, const char *kid, struct okta_buf *out,
    struct okta_err *err)
{
	struct okta_buf public;
	enum okta_rc r;

	okta_buf_init(&public, JWK_MAX);
	r = okta_jws_key_public(key, &public, err);
	if (r == OKTA_OK)
		r = okta_buf_printf(out,
		    "{\"use\":\"sig\",\"alg\":\"%s\",\"kid\":", okta_jws_key_alg(key));
	if (r == OKTA_OK)
		r = okta_json_write_str(okta_view_str(kid), out);
	if (r == OKTA_OK)
		r = okta_buf_printf(out, ",%s", public.data + 1);
	okta_buf_clear(&public);
	return r;
}

static void
show_clicks(const struct okta_conf *conf, const char *jwk)
{
	(void)printf(
	    "\nThe service app in Okta's Admin Console (Applications > Applications > "
	    "the "
	    "API Services\napp with the client id %s):\n"
	    "  1. General > Client Credentials > Edit: Public key / Private key > Add "
	    "key, "
	    "paste this\n     line and save (its kid must stay \"%s\"):\n\n%s\n\n"
	    "  2. General > General Settings: leave Require Demonstrating Proof of "
	    "Possession (DPoP) on.\n"
	    "  3. Okta API Scopes: grant okta.groups.read%s%s.\n     Optional: "
	    "okta.logs.read%s, for changes within seconds.\n"
	    "  4. Admin roles > Edit assignments: Read-Only Administrator.  Scopes alone "
	    "are not enough.\n",
	    conf->sync_client_id, conf->key_id, jwk,
	    conf->scope != OKTA_SCOPE_GROUPS ? ", okta.users.read" : "",
	    conf->scope == OKTA_SCOPE_APP ? ", okta.apps.read" : "",
	    conf->scope == OKTA_SCOPE_GROUPS ? ", okta.users.read" : "");
	(void)fflush(stdout);
}

static int
show(const struct setup *s)
{
	struct okta_jws_key *key = NULL;
	struct okta_err err = { 0 };
	struct okta_buf jwk;
	char *pem = NULL;
	size_t len = 0;
	enum okta_rc r;

	okta_buf_init(&jwk, JWK_MAX);
	r = okta_config_secret(
	    "[sync] private_key_file", s->conf->private_key_file, 0, &pem, &len, &err);
	if (r == OKTA_OK)
		r = okta_jws_key_new((struct okta_view){ pem, len },
		    s->conf->private_key_file, &key, &err);
	if (r == OKTA_OK)
		r = put_jwk(key, s->conf->key_id, &jwk, &err);
	if (r == OKTA_OK)
		show_clicks(s->conf, jwk.data);
	okta_jws_key_free(&key);
	okta_free_wiped(pem, len);
	okta_buf_clear(&jwk);
	return r == OKTA_OK ? 0 : ctl_fail(EX_CONFIG, "%s", err.msg);
}

int
setup_key_show(const struct setup *s)
{
	return uses_key(s->conf) ? apart(show, s) : 0;
}
