/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/http.h"
#include "net/listing.h"
#include "net/token.h"
#include "source.h"

#define PATH_BYTES 512

struct source_okta {
	struct sync_source base;
	const struct okta_conf *conf;
	struct sync_sink *sink;
	struct okta_http *http;
	struct okta_patience patience;
	struct okta_token *token;
	struct okta_api api;
	char users_path[PATH_BYTES];
};

static void
waiting(void *ctx, const char *why, int64_t ms)
{
	sync_sink_wait(ctx, why, ms);
}

/* --- addresses
 * ----------------------------------------------------------------------------- */

static bool
is_plain(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++)
		if ((name[i] < '0' || name[i] > '9') &&
		    (name[i] < 'A' || name[i] > 'Z') &&
		    (name[i] < 'a' || name[i] > 'z') && name[i] != '_')
			return false;
	return i > 0;
}

/*
 * Only the attributes we use: a third of the bytes, and no others of a person's data
 * leave Okta.  An attribute whose name needs quoting means asking for everything.
 */
static void
make_users_path(const struct okta_conf *conf, char ret[PATH_BYTES])
{
	static const char *const fixed[] = { "login", "firstName", "lastName",
		"displayName" };
	const char *const more[] = { conf->name_from, conf->uid_from, conf->shell_from };
	struct okta_buf b;
	bool plain = true, known;
	size_t i, k;

	okta_buf_init(&b, PATH_BYTES - 1);
	plain = okta_buf_append_str(&b,
		    "/api/v1/users?limit=200&fields=status,profile:(login,"
		    "firstName,lastName,displayName") == OKTA_OK;
	for (i = 0; i < 3; i++) {
		if (more[i] == NULL)
			continue;
		known = false;
		for (k = 0; k < 4; k++)
			known = known || strcmp(more[i], fixed[k]) == 0;
		for (k = 0; k < i; k++)
			known = known ||
				(more[k] != NULL && strcmp(more[i], more[k]) == 0);
		if (!known)
			plain = plain && is_plain(more[i]) &&
				okta_buf_printf(&b, ",%s", more[i]) == OKTA_OK;
	}
	plain = plain && okta_buf_append_str(&b, ")") == OKTA_OK;
	(void)snprintf(ret, PATH_BYTES, "%s", plain ? b.data : "/api/v1/users?limit=200");
	okta_buf_clear(&b);
}

static void
describe(const struct source_okta *s, const struct sync_list *list, char path[PATH_BYTES],
    struct okta_listing *ret)
{
	ret->path = path;
	switch (list->kind) {
	case SYNC_LIST_USERS:
		ret->path = s->users_path;
		ret->bucket = OKTA_API_USERS;
		return;
	case SYNC_LIST_GROUPS:
		ret->path = "/api/v1/groups?limit=200";
		ret->bucket = OKTA_API_GROUPS;
		return;
	case SYNC_LIST_APP:
		(void)snprintf(path, PATH_BYTES,
		    "/api/v1/apps/%s/users?limit=500&expand=user", list->id);
		ret->bucket = OKTA_API_APPS;
		ret->named_by = "[sync] app_id";
		return;
	case SYNC_LIST_MEMBERS:
	default:
		(void)snprintf(
		    path, PATH_BYTES, "/api/v1/groups/%s/users?limit=200", list->id);
		ret->bucket = OKTA_API_GROUPS;
		return;
	}
}

static enum okta_rc
read_lists(struct sync_source *self, const struct sync_list *lists, size_t n,
    enum okta_rc (*page)(
	void *ctx, size_t i, struct okta_view body, struct okta_err *err),
    void *ctx, struct okta_err *err)
{
	struct source_okta *s = (struct source_okta *)self;
	struct okta_listing *listings;
	char(*paths)[PATH_BYTES];
	enum okta_rc r = OKTA_E_NOMEM;
	size_t i;

	listings = calloc(n + 1, sizeof(*listings));
	paths = calloc(n + 1, sizeof(*paths));
	if (listings == NULL || paths == NULL) {
		r = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	} else {
		for (i = 0; i < n; i++)
			describe(s, &lists[i], paths[i], &listings[i]);
		r = okta_listing_run(&s->api, listings, n, page, ctx, err);
	}
	free(listings);
	free(paths);
	return r;
}

static void
source_free(struct sync_source **self)
{
	struct source_okta *s = (struct source_okta *)*self;

	if (s == NULL)
		return;
	okta_token_free(&s->token);
	okta_http_free(&s->http);
	free(s);
	*self = NULL;
}

/* Least privilege: only the scopes the lists of this configuration need. */
static const char *
scopes_for(const struct okta_conf *conf)
{
	switch (conf->scope) {
	case OKTA_SCOPE_APP:
		return "okta.apps.read okta.users.read okta.groups.read";
	case OKTA_SCOPE_ALL:
		return "okta.users.read okta.groups.read";
	case OKTA_SCOPE_GROUPS:
	default:
		return "okta.groups.read";
	}
}

static enum okta_rc
make_token(struct source_okta *s, struct okta_view secret, struct okta_err *err)
{
	const struct okta_conf *conf = s->conf;
	const struct okta_token_settings settings = {
		.org_url = conf->org_url,
		.auth = conf->auth,
		.client_id = conf->sync_client_id,
		.key_id = conf->key_id,
		.secret_name = conf->auth == OKTA_AUTH_PRIVATE_KEY_JWT
				   ? conf->private_key_file
			       : conf->auth == OKTA_AUTH_SSWS
				   ? conf->token_file
				   : conf->sync_client_secret_file,
		.secret = secret,
		.scopes = scopes_for(conf),
		.patience = &s->patience,
	};

	return okta_token_new(&settings, &s->token, err);
}

enum okta_rc
sync_source_okta(const struct okta_conf *conf, struct okta_view secret,
    struct sync_sink *sink, struct sync_source **ret, struct okta_err *err)
{
	struct okta_http_settings settings = { .ca_file = conf->ca_file,
		.proxy = conf->proxy,
		.clock = sink->clock,
		.cancel_fd = sink->fd };
	struct source_okta *s = calloc(1, sizeof(*s));
	struct sync_source *base = (struct sync_source *)s;
	enum okta_rc r;

	if (s == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	s->base.read = read_lists;
	s->base.free = source_free;
	s->conf = conf;
	s->sink = sink;
	make_users_path(conf, s->users_path);
	r = okta_http_new(&settings, &s->http, err);
	if (r == OKTA_OK) {
		s->patience = (struct okta_patience){ s->http, sink->clock, waiting,
			sink };
		r = make_token(s, secret, err);
	}
	if (r != OKTA_OK) {
		source_free(&base);
		return r;
	}
	s->api.org_url = conf->org_url;
	s->api.token = s->token;
	s->api.patience = &s->patience;
	*ret = base;
	return OKTA_OK;
}
