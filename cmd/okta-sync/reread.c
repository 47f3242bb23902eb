/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "changes.h"
#include "net/directory.h"
#include "net/listing.h"
#include "news.h"

struct rereading {
	const struct sync_asking *ask;
	const struct okta_view *ids;
	const struct sync_list *lists;
	size_t current;
	bool seen; /* the answer is the one that was asked for */
};

static enum okta_rc
on_user(void *ctx, const struct okta_directory_user *user)
{
	struct rereading *rd = ctx;

	if (!okta_view_eq(user->id, rd->ids[rd->current]))
		return OKTA_E_INPUT;
	rd->seen = true;
	sync_memory_newer(rd->ask->memory, user);
	return sync_sink_user(rd->ask->sink, user);
}

/* One object where a list's page is an array. */
static enum okta_rc
as_page(struct okta_view object, struct okta_buf *out)
{
	enum okta_rc r = okta_buf_append_str(out, "[");

	if (r == OKTA_OK)
		r = okta_buf_append(out, object.p, object.len);
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, "]");
	return r;
}

static enum okta_rc
say(const struct rereading *rd, enum sync_news_kind kind, size_t i, struct okta_err *err)
{
	enum okta_rc r = sync_sink_news(
	    rd->ask->sink, kind, 0, rd->ids[i], (struct okta_view){ NULL, 0 });

	return r == OKTA_OK ? r : okta_err_set(err, r, "handing over failed");
}

static enum okta_rc
on_page(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	struct rereading *rd = ctx;
	const struct okta_directory_sink sink = { .user = on_user, .ctx = rd };
	const bool is_app = rd->lists[i].kind == SYNC_LIST_APP_USER;
	struct okta_buf page;
	enum okta_rc r;

	rd->current = i;
	rd->seen = false;
	if (body.len == 0)
		return say(rd, is_app ? SYNC_NEWS_OUT : SYNC_NEWS_GONE_USER, i, err);
	okta_buf_init(&page, OKTA_LISTING_PAGE_MAX);
	r = as_page(body, &page);
	if (r == OKTA_OK)
		r = (is_app ? okta_directory_app_users : okta_directory_users)(
		    okta_buf_view(&page), rd->ask->conf, &sink, err);
	okta_buf_clear(&page);
	if (r == OKTA_OK && !rd->seen)
		r = OKTA_E_INPUT;
	if (r == OKTA_OK && is_app)
		r = say(rd, SYNC_NEWS_IN, i, err);
	if (r != OKTA_OK && err->rc == OKTA_OK)
		(void)okta_err_set(err, r, "Okta answered with another person");
	return r;
}

enum okta_rc
sync_reread_users(const struct sync_asking *ask, const struct okta_view *ids, size_t n,
    struct okta_err *err)
{
	const bool is_app = ask->conf->scope == OKTA_SCOPE_APP;
	struct rereading rd = { .ask = ask, .ids = ids };
	struct sync_list *lists;
	enum okta_rc r = OKTA_OK;
	size_t i;

	if (n == 0)
		return OKTA_OK;
	lists = calloc(n, sizeof(*lists));
	if (lists == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	for (i = 0; i < n; i++) /* each id has a NUL behind it, see the header */
		lists[i] = (struct sync_list){ .kind = is_app ? SYNC_LIST_APP_USER
							      : SYNC_LIST_USER,
			.id = ids[i].p,
			.app = ask->conf->app_id };
	rd.lists = lists;
	err->rc = OKTA_OK;
	r = ask->source->read(ask->source, lists, n, on_page, &rd, err);
	free(lists);
	return r;
}
