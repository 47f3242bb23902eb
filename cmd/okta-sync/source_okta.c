/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "net/http.h"
#include "net/listing.h"
#include "net/scopes.h"
#include "net/token.h"
#include "source.h"
#include "source_changes.h"

#define PATH_BYTES 512
/*
 * Okta recommends 200 and takes up to 1000, which is what it gives unasked (FACTS 6.4).
 * Memberships outnumber people ten times, and the limit counts requests: 1000 reads a
 * large directory in a fifth of the time.  Where that is too much for Okta, the pages get
 * smaller by themselves (net/page_size.h).
 */
#define MEMBERS_LIMIT "1000"

#define REST_IN_FLIGHT 3 /* of OKTA_HTTP_IN_FLIGHT, for whoever asks what changed */

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

static void
pace(void *ctx, const struct okta_pace *pace)
{
	sync_sink_pace(ctx, pace);
}

/* --- addresses ---------------------------------------------------------------------- */

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
		    "/api/v1/users?limit=200&fields=status,lastUpdated,profile:(login,"
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

/* Where LIST begins; the caller frees *ret_path, which RET points to. */
static enum okta_rc
describe(const struct source_okta *s, const struct sync_list *list, char **ret_path,
    struct okta_listing *ret)
{
	char path[PATH_BYTES + 128]; /* the longest, and what a change adds to it */

	ret->start = list->start;
	switch (list->kind) {
	case SYNC_LIST_USERS:
		(void)snprintf(path, sizeof(path), "%s", s->users_path);
		ret->bucket = OKTA_API_USERS;
		break;
	case SYNC_LIST_GROUPS:
		(void)snprintf(path, sizeof(path), "/api/v1/groups?limit=200");
		ret->bucket = OKTA_API_GROUPS;
		break;
	case SYNC_LIST_APP:
		(void)snprintf(path, sizeof(path),
		    "/api/v1/apps/%s/users?limit=500&expand=user", list->id);
		ret->bucket = OKTA_API_APPS;
		ret->named_by = "[sync] app_id";
		break;
	case SYNC_LIST_MEMBERS:
		(void)snprintf(path, sizeof(path),
		    "/api/v1/groups/%s/users?limit=" MEMBERS_LIMIT, list->id);
		ret->bucket = OKTA_API_GROUPS;
		ret->may_be_gone = list->may_be_gone;
		break;
	case SYNC_LIST_CHANGED_USERS:
	case SYNC_LIST_CHANGED_GROUPS:
	case SYNC_LIST_USER:
	case SYNC_LIST_GROUP:
	case SYNC_LIST_GROUPS_OF:
	case SYNC_LIST_APP_USER:
	case SYNC_LIST_LOG:
	default:
		sync_describe_change(list, s->users_path, path, sizeof(path), ret);
		break;
	}
	*ret_path = okta_view_dup(okta_view_str(path));
	ret->path = *ret_path;
	return *ret_path == NULL ? OKTA_E_NOMEM : OKTA_OK;
}

struct pages {
	struct source_okta *s;
	enum okta_rc (*page)(
	    void *ctx, size_t i, struct okta_view body, struct okta_err *err);
	void *ctx;
};

static enum okta_rc
on_page(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	const struct pages *p = ctx;

	if (p->s->base.asked_s == 0)
		p->s->base.asked_s = p->s->api.server_s;
	/* what is gone has no page, and none after it */
	p->s->base.next = body.len == 0 ? body : p->s->api.next;
	return p->page(p->ctx, i, body, err);
}

static enum okta_rc
take_links(const struct sync_list *lists, struct okta_listing *listings, size_t n)
{
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; i < n; i++)
		if (listings[i].polling) {
			if (r == OKTA_OK && lists[i].ret_next != NULL)
				r = okta_buf_append(lists[i].ret_next,
				    listings[i].next.data, listings[i].next.len);
			okta_buf_clear(&listings[i].next);
		}
	return r;
}

static void
take_share(struct source_okta *s)
{
	s->api.is_shared = s->base.share == SYNC_SHARE_MOST;
	s->api.in_flight_max = s->base.share == SYNC_SHARE_REST ? REST_IN_FLIGHT
			       : s->base.share == SYNC_SHARE_MOST
				   ? OKTA_HTTP_IN_FLIGHT - REST_IN_FLIGHT
				   : 0;
}

static enum okta_rc
read_lists(struct sync_source *self, const struct sync_list *lists, size_t n,
    enum okta_rc (*page)(
	void *ctx, size_t i, struct okta_view body, struct okta_err *err),
    void *ctx, struct okta_err *err)
{
	struct source_okta *s = (struct source_okta *)self;
	struct pages pages = { s, page, ctx };
	struct okta_listing *listings = calloc(n + 1, sizeof(*listings));
	char **paths = calloc(n + 1, sizeof(*paths));
	enum okta_rc r = listings == NULL || paths == NULL ? OKTA_E_NOMEM : OKTA_OK;
	size_t i;

	for (i = 0; r == OKTA_OK && i < n; i++)
		r = describe(s, &lists[i], &paths[i], &listings[i]);
	if (r != OKTA_OK) {
		(void)okta_err_set(err, r, "out of memory");
	} else {
		take_share(s);
		r = okta_listing_run(&s->api, listings, n, on_page, &pages, err);
		self->requests = s->api.pages;
		if (r == OKTA_OK && take_links(lists, listings, n) != OKTA_OK)
			r = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	}
	for (i = 0; paths != NULL && i < n; i++)
		free(paths[i]);
	free(paths);
	free(listings);
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

static enum okta_rc
make_token(
    struct source_okta *s, bool watch, struct okta_view secret, struct okta_err *err)
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
		.scopes = okta_api_scopes(conf, watch),
		.patience = &s->patience,
	};

	return okta_token_new(&settings, &s->token, err);
}

enum okta_rc
sync_source_okta(const struct okta_conf *conf, bool watch, struct okta_view secret,
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
		r = make_token(s, watch, secret, err);
	}
	if (r != OKTA_OK) {
		source_free(&base);
		return r;
	}
	s->api.org_url = conf->org_url;
	s->api.token = s->token;
	s->api.patience = &s->patience;
	s->api.pace = pace;
	s->api.ctx = sink;
	*ret = base;
	return OKTA_OK;
}
