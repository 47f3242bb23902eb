/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup_answers.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "setup_conf.h"

#define VALUE_MAX 16384

const struct setup_key_info setup_keys[SETUP_KEYS] = {
	[SETUP_ORG_URL] = { "okta", "org_url", "org-url", "Okta org",
	    "The address people sign in at, like https://acme.okta.com, or your custom "
	    "domain.\nNot the one with \"-admin\".",
	    false },
	[SETUP_AUTHORIZATION_SERVER] = { "okta", "authorization_server",
	    "authorization-server", NULL, NULL, false },
	[SETUP_CA_FILE] = { "okta", "ca_file", "ca-file", NULL, NULL, true },
	[SETUP_PROXY] = { "okta", "proxy", "proxy", NULL, NULL, true },
	[SETUP_CLIENT_ID] = { "login", "client_id", "client-id",
	    "Client id of the native app (for logins)",
	    "Okta: Applications > Create App Integration > OIDC, Native Application, "
	    "grant "
	    "type\nDevice Authorization, assigned to who may log in.  Client ID: its tab "
	    "General.",
	    false },
	[SETUP_SYNC_CLIENT_ID] = { "sync", "client_id", "sync-client-id",
	    "Client id of the service app (for okta-sync)",
	    "Okta: Applications > Create App Integration > API Services.  Client ID: its "
	    "tab General.\nIts key is made here, in a moment.",
	    false },
	[SETUP_PRIVATE_KEY_FILE] = { "sync", "private_key_file", "private-key-file", NULL,
	    NULL, false },
	[SETUP_KEY_ID] = { "sync", "key_id", "key-id", "Name (kid) of this host's key",
	    "Okta knows the key by it: one for each host that has a key of its own.",
	    false },
	[SETUP_SCOPE] = { "sync", "scope", "scope", "Whom to know: all, groups or app",
	    "all: everybody in the org; groups: members of some groups; app: who is "
	    "assigned to\nan app.",
	    false },
	[SETUP_SCOPE_GROUPS] = { "sync", "scope_groups", "scope-groups",
	    "Groups whose members are known",
	    "Okta: Directory > Groups.  Names or, better, ids (00g..., in the group's "
	    "address),\nseparated by commas.",
	    false },
	[SETUP_APP_ID] = { "sync", "app_id", "app-id", "App whose people are known",
	    "Okta: Applications > the app: the id (0oa...) in its address.", false },
	[SETUP_STRIP_DOMAINS] = { "users", "strip_domains", "strip-domains",
	    "Domains to cut off Okta logins",
	    "With acme.example, ada@acme.example is \"ada\" here; logins on other "
	    "domains "
	    "are left\nout.  - for none.",
	    true },
	[SETUP_ALLOW_GROUPS] = { "login", "allow_groups", "allow-groups",
	    "Groups that may log in here",
	    "Okta: Directory > Groups.  Ids (00g...) cannot be imitated by a group of "
	    "the "
	    "same name.\n* lets in everybody who is known.",
	    false },
	[SETUP_CLAIM_GROUPS] = { "login", "claim_groups", "claim-groups",
	    "Groups the native app's claim lets through",
	    "The same as in Okta: the native app > Sign On > OpenID Connect ID Token > "
	    "Groups claim\nfilter, like linux-*.",
	    false },
	[SETUP_MATCH] = { "groups", "match", "match",
	    "Okta groups to have as Unix groups",
	    "Names, with * and ?, or ids.  - for none.", true },
	[SETUP_LOCAL] = { "groups", "local", "local",
	    "Okta groups that join a local group",
	    "OKTA-GROUP:LOCAL-GROUP, like 00gexampleadmins0001:sudo.  - for none.",
	    true },
};

void
setup_answers_clear(struct setup_answers *a)
{
	size_t i;

	for (i = 0; i < SETUP_KEYS; i++)
		free(a->value[i]);
	*a = (struct setup_answers){ 0 };
}

bool
setup_answers_set(struct setup_answers *a, enum setup_key key, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return false;
	free(a->value[key]);
	a->value[key] = copy;
	return true;
}

static const char *
text_of(const struct okta_conf *conf, enum setup_key key)
{
	static const char *const scopes[] = { [OKTA_SCOPE_ALL] = "all",
		[OKTA_SCOPE_GROUPS] = "groups",
		[OKTA_SCOPE_APP] = "app" };

	switch (key) {
	case SETUP_ORG_URL:
		return conf->org_url;
	case SETUP_AUTHORIZATION_SERVER:
		return conf->authorization_server;
	case SETUP_CA_FILE:
		return conf->ca_file;
	case SETUP_PROXY:
		return conf->proxy;
	case SETUP_CLIENT_ID:
		return conf->client_id;
	case SETUP_SYNC_CLIENT_ID:
		return conf->sync_client_id;
	case SETUP_PRIVATE_KEY_FILE:
		return conf->private_key_file;
	case SETUP_KEY_ID:
		return conf->key_id;
	case SETUP_SCOPE:
		return scopes[conf->scope];
	case SETUP_APP_ID:
		return conf->app_id;
	default:
		return NULL;
	}
}

static const struct okta_list *
list_of(const struct okta_conf *conf, enum setup_key key)
{
	switch (key) {
	case SETUP_SCOPE_GROUPS:
		return &conf->scope_groups;
	case SETUP_STRIP_DOMAINS:
		return &conf->strip_domains;
	case SETUP_ALLOW_GROUPS:
		return &conf->allow_groups;
	case SETUP_CLAIM_GROUPS:
		return &conf->claim_groups;
	case SETUP_MATCH:
		return &conf->match;
	case SETUP_LOCAL:
		return &conf->local;
	default:
		return NULL;
	}
}

char *
setup_answers_of_conf(const struct okta_conf *conf, enum setup_key key)
{
	const struct okta_list *list = list_of(conf, key);
	const char *text = text_of(conf, key);
	enum okta_rc r = OKTA_OK;
	struct okta_buf b;
	char *ret = NULL;
	size_t i, len;

	if (list == NULL)
		return strdup(text == NULL ? "" : text);
	okta_buf_init(&b, OKTA_CONF_MAX_BYTES);
	for (i = 0; i < list->n && r == OKTA_OK; i++)
		r = okta_buf_printf(&b, "%s%s", i == 0 ? "" : ", ", list->item[i]);
	if (r == OKTA_OK)
		r = okta_buf_take(&b, &ret, &len);
	okta_buf_clear(&b);
	return r == OKTA_OK ? ret : NULL;
}

enum okta_rc
setup_answers_check(enum setup_key key, const char *value, struct okta_err *err)
{
	const struct setup_key_info *info = &setup_keys[key];
	struct okta_conf_parser *parser = NULL;
	struct okta_conf *conf = NULL;
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf text;
	char *stored = NULL;
	const char *what;

	okta_buf_init(&text, VALUE_MAX);
	if (value[0] == '\0') {
		rc = info->may_be_empty
			 ? OKTA_OK
			 : okta_err_set(err, OKTA_E_CONFIG, "must not be empty");
		goto out;
	}
	if (strlen(value) >= VALUE_MAX / 2 || strpbrk(value, "\r\n") != NULL) {
		rc = okta_err_set(
		    err, OKTA_E_CONFIG, "must be one line of at most 8000 bytes");
		goto out;
	}
	r = okta_conf_begin(&parser, err);
	if (r == OKTA_OK)
		r = okta_buf_printf(&text, "[%s]\n", info->section);
	if (r == OKTA_OK)
		r = setup_conf_assign(info->key, value, &text);
	if (r == OKTA_OK)
		r = okta_conf_add(parser, "answer", okta_buf_view(&text), err);
	if (r == OKTA_OK)
		r = okta_conf_end(&parser, 0, &conf, err);
	if (r == OKTA_OK && (stored = setup_answers_of_conf(conf, key)) == NULL)
		r = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	if (r != OKTA_OK) {
		/* "answer: line 2: [okta] org_url: WHAT": the admin sees the question */
		what = err == NULL ? NULL : strstr(err->msg, info->key);
		if (what != NULL && strncmp(err->msg, "answer:", 7) == 0 &&
		    strncmp(what + strlen(info->key), ": ", 2) == 0)
			memmove(err->msg, what + strlen(info->key) + 2,
			    strlen(what + strlen(info->key) + 2) + 1);
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	free(stored);
	okta_conf_free(&conf);
	okta_conf_parser_free(&parser);
	okta_buf_clear(&text);
	return rc;
}

bool
setup_answers_matters(const struct setup_answers *a, enum setup_key key)
{
	const char *scope = a->value[SETUP_SCOPE];

	if (key == SETUP_SCOPE_GROUPS)
		return scope != NULL && strcmp(scope, "groups") == 0;
	if (key == SETUP_APP_ID)
		return scope != NULL && strcmp(scope, "app") == 0;
	if (key == SETUP_SYNC_CLIENT_ID || key == SETUP_PRIVATE_KEY_FILE ||
	    key == SETUP_KEY_ID)
		return !a->needs_no_key || a->by_flag[key];
	return true;
}
