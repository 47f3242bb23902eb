/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/text.h"
#include "changes.h"
#include "model/groups.h"
#include "net/directory.h"
#include "news.h"

void
sync_changed_clear(struct sync_changed_groups *groups)
{
	size_t i;

	for (i = 0; i < groups->n; i++) {
		free(groups->group[i].id);
		free(groups->group[i].name);
	}
	free(groups->group);
	*groups = (struct sync_changed_groups){ 0 };
}

static void
ask_the_rules(const struct okta_conf *conf, struct sync_changed_group *g)
{
	const struct okta_group_in in = { okta_view_str(g->id), okta_view_str(g->name) };
	struct okta_group_rule rule = { .wanted = false };
	enum okta_rc r;
	size_t i;

	/* a refusal is reported by the writer, which asks again */
	r = okta_group_apply(conf, &in, &rule, NULL);
	g->wanted = (r == OKTA_OK || r == OKTA_E_REFUSED) && rule.wanted;
	for (i = 0; conf->scope == OKTA_SCOPE_GROUPS && i < conf->scope_groups.n; i++)
		if (okta_group_is(okta_view_str(conf->scope_groups.item[i]), &in))
			g->in_scope = true;
}

enum okta_rc
sync_changed_add(const struct sync_asking *ask, struct sync_changed_groups *groups,
    struct okta_view id, struct okta_view name)
{
	struct sync_changed_group g = { .number = (size_t)ask->sink->n_groups }, *more;
	size_t max;

	if (groups->n == groups->max) {
		max = groups->max == 0 ? 16 : groups->max * 2;
		more = reallocarray(groups->group, max, sizeof(*more));
		if (more == NULL)
			return OKTA_E_NOMEM;
		groups->group = more;
		groups->max = max;
	}
	g.id = okta_view_dup(id);
	g.name = okta_view_dup(name);
	if (g.id == NULL || g.name == NULL) {
		free(g.id);
		free(g.name);
		return OKTA_E_NOMEM;
	}
	ask_the_rules(ask->conf, &g);
	groups->group[groups->n++] = g;
	return sync_sink_group(ask->sink, id, name);
}

/* --- members --------------------------------------------------------------------- */

struct reading {
	const struct sync_asking *ask;
	const struct sync_list *lists;
	size_t current;
};

static enum okta_rc
on_person(void *ctx, const struct okta_directory_user *user)
{
	const struct reading *rd = ctx;
	enum okta_rc r = sync_sink_user(rd->ask->sink, user);

	if (r == OKTA_OK && rd->lists[rd->current].kind == SYNC_LIST_MEMBERS)
		r = sync_sink_member(
		    rd->ask->sink, rd->lists[rd->current].group, user->id);
	return r;
}

static enum okta_rc
on_member(void *ctx, struct okta_view user_id)
{
	const struct reading *rd = ctx;

	return sync_sink_member(rd->ask->sink, rd->lists[rd->current].group, user_id);
}

static enum okta_rc
on_page(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	struct reading *rd = ctx;
	const struct okta_directory_sink sink = {
		.user = on_person, .member = on_member, .ctx = rd
	};
	enum okta_rc r;

	rd->current = i;
	if (rd->lists[i].kind == SYNC_LIST_APP)
		r = okta_directory_app_users(body, rd->ask->conf, &sink, err);
	else if (rd->lists[i].with_persons)
		r = okta_directory_users(body, rd->ask->conf, &sink, err);
	else
		r = okta_directory_members(body, &sink, err);
	if (r != OKTA_OK && err->rc == OKTA_OK)
		(void)okta_err_set(
		    err, r, "handing over a page failed (%s)", okta_rc_name(r));
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
sync_changed_members(const struct sync_asking *ask,
    const struct sync_changed_groups *groups, struct okta_err *err)
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
				.with_persons = groups->group[i].in_scope };
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
