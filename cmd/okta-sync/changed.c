/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "changes.h"
#include "model/groups.h"
#include "news.h"
#include "page.h"

static bool
is_in_scope(const struct okta_conf *conf, const struct sync_listed_group *g)
{
	const struct okta_group_in in = sync_listed_group_in(g);
	size_t i;

	for (i = 0; conf->scope == OKTA_SCOPE_GROUPS && i < conf->scope_groups.n; i++)
		if (okta_group_is(okta_view_str(conf->scope_groups.item[i]), &in))
			return true;
	return false;
}

enum okta_rc
sync_changed_add(const struct sync_asking *ask, struct sync_grouplist *groups,
    struct okta_view id, struct okta_view name)
{
	enum okta_rc r = sync_grouplist_add(groups, id, name);
	struct sync_listed_group *g;

	if (r != OKTA_OK)
		return r;
	g = &groups->group[groups->n - 1];
	g->number = (size_t)ask->sink->n_groups;
	g->wanted = sync_listed_group_is_wanted(ask->conf, g);
	g->in_scope = is_in_scope(ask->conf, g);
	return sync_sink_group(ask->sink, id, name);
}

/* --- members --------------------------------------------------------------------- */

struct reading {
	const struct sync_asking *ask;
	const struct sync_list *lists;
};

static enum okta_rc
on_page(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	const struct reading *rd = ctx;
	enum okta_rc r = sync_page_people(
	    rd->ask->conf, rd->ask->sink, &rd->lists[i], body, err);

	sync_page_blame(r, err);
	return r;
}

static enum okta_rc
say_listed(const struct sync_asking *ask, const char *id, struct okta_err *err)
{
	enum okta_rc r = sync_sink_news(ask->sink, SYNC_NEWS_LISTED, 0, okta_view_str(id),
	    (struct okta_view){ NULL, 0 });

	return r == OKTA_OK ? r : okta_err_set(err, r, "handing over failed");
}

enum okta_rc
sync_changed_members(const struct sync_asking *ask, const struct sync_grouplist *groups,
    struct okta_err *err)
{
	struct reading rd = { .ask = ask };
	struct sync_list *lists;
	enum okta_rc r = OKTA_OK;
	size_t i, n = 0;

	lists = calloc(groups->n + 1, sizeof(*lists));
	if (lists == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	for (i = 0; i < groups->n; i++)
		if (groups->group[i].wanted || groups->group[i].in_scope)
			lists[n++] = (struct sync_list){ .kind = SYNC_LIST_MEMBERS,
				.id = groups->group[i].id,
				.group = groups->group[i].number,
				.with_persons = groups->group[i].in_scope,
				.may_be_gone = sync_listed_group_may_go(
				    ask->conf, &groups->group[i]) };
	rd.lists = lists;
	err->rc = OKTA_OK;
	if (n > 0)
		r = ask->source->read(ask->source, lists, n, on_page, &rd, err);
	for (i = 0; r == OKTA_OK && i < n; i++)
		r = say_listed(ask, lists[i].id, err);
	free(lists);
	return r;
}

enum okta_rc
sync_changed_app(const struct sync_asking *ask, struct okta_err *err)
{
	const struct sync_list list = { .kind = SYNC_LIST_APP, .id = ask->conf->app_id };
	struct reading rd = { .ask = ask, .lists = &list };
	enum okta_rc r;

	err->rc = OKTA_OK;
	r = ask->source->read(ask->source, &list, 1, on_page, &rd, err);
	if (r != OKTA_OK)
		return r;
	r = sync_sink_news(ask->sink, SYNC_NEWS_SCOPE, 0, (struct okta_view){ NULL, 0 },
	    (struct okta_view){ NULL, 0 });
	return r == OKTA_OK ? r : okta_err_set(err, r, "handing over failed");
}
