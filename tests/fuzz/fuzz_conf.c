/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model base; libs: inih */
/*
 * okta-login.conf.  What is refused is refused in one printable line that names the file
 * and never a value that may be a secret written into the wrong place; what is taken is
 * complete.  First byte: for login, for sync, or for both; a form feed begins a new file.
 */
#include "base/text.h"
#include "fuzz.h"
#include "model/conf.h"

#define CANARY "c4naryS3cret"

/* The one occurrence of the canary is a value: behind the sign that ends a key. */
static bool
canary_is_a_value(struct okta_view text)
{
	const char *p = text.len == 0 ? NULL : memmem(text.p, text.len, CANARY, 12);
	const char *line, *end = text.p + text.len;

	if (p == NULL || memmem(p + 1, (size_t)(end - p - 1), CANARY, 12) != NULL)
		return false;
	for (line = p; line > text.p && line[-1] != '\n'; line--)
		;
	if (*line == '[' || memchr(line, '\0', (size_t)(p - line)) != NULL ||
	    memchr(line, '\r', (size_t)(p - line)) != NULL ||
	    memchr(line, '\f', (size_t)(p - line)) != NULL)
		return false;
	for (; line < p; line++)
		if (*line == '=')
			return true;
	return false;
}

static void
check_text(const char *s, bool must)
{
	FUZZ_CHECK(s != NULL || !must);
	if (s != NULL)
		FUZZ_CHECK(memchr(s, '\n', strlen(s)) == NULL);
}

static void
check_list(const struct okta_list *list)
{
	size_t i;

	FUZZ_CHECK(list->n <= OKTA_CONF_MAX_LIST);
	for (i = 0; i < list->n; i++)
		FUZZ_CHECK(list->item[i][0] != '\0');
}

static void
check_conf(const struct okta_conf *c, unsigned use)
{
	check_text(c->org_url, true);
	check_text(c->issuer, true);
	FUZZ_CHECK(strncmp(c->org_url, "https://", 8) == 0);
	FUZZ_CHECK(
	    strchr(c->org_url + 8, '/') == NULL && strchr(c->org_url, '@') == NULL);
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(c->org_url)));
	FUZZ_CHECK(strncmp(c->issuer, c->org_url, strlen(c->org_url)) == 0);
	FUZZ_CHECK(c->ca_file == NULL || c->ca_file[0] == '/');
	FUZZ_CHECK(c->client_secret_file == NULL || c->client_secret_file[0] == '/');
	FUZZ_CHECK(c->clock_skew_s <= 300 && c->grace_s >= 20 && c->grace_s <= 3600);
	FUZZ_CHECK(
	    c->id_min >= 1000 && c->id_min <= c->id_max && c->id_max <= 2147483646);
	FUZZ_CHECK(c->max_removal_percent <= 100);
	FUZZ_CHECK(c->home[0] == '/' && strstr(c->home, "%u") != NULL);
	FUZZ_CHECK(okta_list_has(&c->shells, okta_view_str(c->shell)));
	check_text(c->home, true);
	check_text(c->name_from, true);
	check_list(&c->scopes);
	check_list(&c->allow_groups);
	check_list(&c->deny_groups);
	check_list(&c->rename);
	check_list(&c->local);
	if ((use & OKTA_CONF_FOR_LOGIN) != 0) {
		check_text(c->client_id, true);
		FUZZ_CHECK(c->allow_groups.n > 0); /* nobody is let in by default */
	}
	if ((use & OKTA_CONF_FOR_SYNC) != 0) {
		FUZZ_CHECK(c->source != OKTA_SOURCE_FILE || c->source_dir != NULL);
		FUZZ_CHECK(c->source != OKTA_SOURCE_OKTA ||
			   c->auth != OKTA_AUTH_PRIVATE_KEY_JWT ||
			   (c->private_key_file != NULL && c->key_id != NULL));
		FUZZ_CHECK(c->scope != OKTA_SCOPE_APP || c->app_id != NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	unsigned use = 1 + fuzz_u8(&in) % 3;
	struct okta_view text = fuzz_take(&in, in.left), rest = text, file;
	struct okta_conf_parser *parser = NULL;
	struct okta_conf *conf = NULL;
	struct okta_err err = { 0 };
	char name[16];
	enum okta_rc r;
	int n = 0;

	r = okta_conf_begin(&parser, &err);
	while (r == OKTA_OK && (rest.len > 0 || n == 0)) {
		file = fuzz_exact(okta_view_split(&rest, '\f'));
		(void)snprintf(name, sizeof(name), "file-%d", ++n);
		r = okta_conf_add(parser, name, file, &err);
		free((void *)(uintptr_t)file.p);
	}
	if (r == OKTA_OK)
		r = okta_conf_end(&parser, use, &conf, &err);
	okta_conf_parser_free(&parser);
	if (r == OKTA_OK) {
		check_conf(conf, use);
	} else {
		FUZZ_CHECK(r == OKTA_E_CONFIG && conf == NULL);
		FUZZ_CHECK(err.msg[0] != '\0');
		FUZZ_CHECK(okta_text_is_printable(okta_view_str(err.msg)));
		if (canary_is_a_value(text))
			FUZZ_CHECK(strstr(err.msg, CANARY) == NULL);
	}
	okta_conf_free(&conf);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = {
		"0[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = 0oa1\n"
		"allow_groups = linux-users, 00g1\n",
		"2# all\n[okta]\norg_url = https://acme.okta.com:8443\n"
		"authorization_server = default\nca_file = /etc/ca.pem\n"
		"proxy = http://proxy:3128\n[login]\nclient_id = 0oa1\n"
		"client_secret_file = /etc/s\nscopes = openid, profile, groups\n"
		"groups_claim = groups\nallow_groups = a,\n b\ndeny_groups = c\n"
		"require_amr = mfa\nmax_auth_age_s = 3600\nclock_skew_s = 60\ngrace_s = "
		"120\n"
		"qr = utf8\nenter_services = sshd\n[sync]\nsource = okta\n"
		"auth = private_key_jwt\nclient_id = 0oa2\nprivate_key_file = /etc/k\n"
		"key_id = k1\nscope = app\napp_id = 0oa3\nmax_removal_percent = 20\n"
		"[users]\nstrip_domains = acme.example\nname_from = login\n"
		"id_range = 100000-200000\nhome = /home/%u\nshell = /bin/sh\n"
		"shells = /bin/sh, /bin/bash\nreserved_names = x\n[groups]\nmatch = "
		"eng*\n"
		"prefix = o-\nrename = Eng:eng\nlocal = Admins:sudo\n",
		"1[okta]\norg_url = https://acme.okta.com\n\f[sync]\nsource = file\n"
		"source_dir = /srv/pages\nscope = groups\nscope_groups = a\n",
		"0[okta]\norg_url = https://acme.okta.com\n[login]\nclient_secret "
		"= " CANARY "\nclient_id = x\n",
		"0[okta]\norg_url = " CANARY "\n",
		"0[okta]\norg_url = https://acme.okta.com\n[login]\nqr = " CANARY "\n"
	};
	size_t len = fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);

	if (len > 0)
		out[0] = (uint8_t)(out[0] - '0');
	return len;
}
