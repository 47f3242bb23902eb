/* SPDX-License-Identifier: BSD-2-Clause */
#include "fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grouplist.h"
#include "net/directory.h"
#include "news.h"
#include "page.h"

struct fetch {
	const struct okta_conf *conf;
	struct sync_source *source;
	struct sync_sink *sink;
	const struct sync_resume *resume; /* NULL: nobody keeps the pages */
	bool said_clock;
	struct sync_grouplist groups;
	const struct sync_list *lists; /* being read now */
};

/* --- what a page becomes ------------------------------------------------------------ */

static enum okta_rc
on_group(void *ctx, struct okta_view id, struct okta_view name)
{
	struct fetch *f = ctx;
	enum okta_rc r = sync_grouplist_add(&f->groups, id, name);

	return r == OKTA_OK ? sync_sink_group(f->sink, id, name) : r;
}

static struct okta_view
id_of(const struct sync_list *list)
{
	return okta_view_str(list->id == NULL ? "" : list->id);
}

/* Behind a page: whoever keeps it must know where its list goes on, and what is older
 * than the first of them. */
static enum okta_rc
say_page(struct fetch *f, const struct sync_list *list)
{
	const struct okta_view none = { NULL, 0 };
	const int64_t clock_s = f->source->asked_s;
	enum okta_rc r = OKTA_OK;

	if (f->resume == NULL)
		return OKTA_OK;
	if (!f->said_clock && clock_s > 0)
		r = sync_sink_news(
		    f->sink, SYNC_NEWS_CLOCK, (uint64_t)clock_s, none, none);
	f->said_clock = f->said_clock || clock_s > 0;
	if (r == OKTA_OK)
		r = sync_sink_news(f->sink, SYNC_NEWS_PAGE, (uint64_t)list->kind,
		    f->source->next, id_of(list));
	return r == OKTA_OK ? sync_sink_flush(f->sink) : r;
}

static enum okta_rc
on_page(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	struct fetch *f = ctx;
	const struct okta_directory_sink sink = { .group = on_group, .ctx = f };
	const struct sync_list *list = &f->lists[i];
	enum okta_rc r;

	r = list->kind == SYNC_LIST_GROUPS
		? okta_directory_groups(body, &sink, err)
		: sync_page_people(f->conf, f->sink, list, body, err);
	if (r == OKTA_OK)
		r = say_page(f, list);
	sync_page_blame(r, err);
	return r;
}

/* False if LIST was read to its end before; else it goes on where it was. */
static bool
is_left(const struct fetch *f, struct sync_list *list)
{
	if (f->resume != NULL)
		list->start = sync_points_find(
		    &f->resume->points, (uint64_t)list->kind, id_of(list));
	return list->start == NULL || list->start[0] != '\0';
}

static enum okta_rc
read_lists(struct fetch *f, struct sync_list *lists, size_t n, struct okta_err *err)
{
	size_t i, left = 0;

	for (i = 0; i < n; i++)
		if (is_left(f, &lists[i]))
			lists[left++] = lists[i];
	f->lists = lists;
	return left == 0 ? OKTA_OK
			 : f->source->read(f->source, lists, left, on_page, f, err);
}

/* --- which groups ------------------------------------------------------------------- */

/* One item of [sync] scope_groups: exactly one group. */
static enum okta_rc
resolve(struct fetch *f, const char *ref, struct okta_err *err)
{
	struct sync_listed_group *found = NULL;
	struct okta_group_in in;
	char shown[80];
	size_t i;

	okta_text_sanitize(shown, sizeof(shown), okta_view_str(ref));
	for (i = 0; i < f->groups.n; i++) {
		in = sync_listed_group_in(&f->groups.group[i]);
		if (!okta_group_is(okta_view_str(ref), &in))
			continue;
		if (found != NULL && strcmp(found->id, f->groups.group[i].id) == 0)
			continue; /* pages that moved while they were read */
		if (found != NULL)
			return okta_err_set(err, OKTA_E_CONFIG,
			    "[sync] scope_groups: two groups are called \"%s\": %s and "
			    "%s: "
			    "name the one "
			    "you mean by its id",
			    shown, found->id, f->groups.group[i].id);
		found = &f->groups.group[i];
	}
	if (found == NULL)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "[sync] scope_groups: Okta has no group \"%s\" that this credential "
		    "may "
		    "read: "
		    "correct the name or id, or the admin role's resource set",
		    shown);
	found->in_scope = true;
	return OKTA_OK;
}

static enum okta_rc
choose_groups(struct fetch *f, struct okta_err *err)
{
	enum okta_rc r;
	size_t i;

	for (i = 0; i < f->groups.n; i++)
		f->groups.group[i].wanted = sync_listed_group_is_wanted(
		    f->conf, &f->groups.group[i]);
	if (f->conf->scope != OKTA_SCOPE_GROUPS)
		return OKTA_OK;
	for (i = 0; i < f->conf->scope_groups.n; i++) {
		r = resolve(f, f->conf->scope_groups.item[i], err);
		if (r != OKTA_OK)
			return r;
	}
	return OKTA_OK;
}

/*
 * People and memberships at the same time: Okta counts most of these lists separately, so
 * one does not wait for the other.  The people's list is long and begins first.
 */
static enum okta_rc
read_people(struct fetch *f, struct okta_err *err)
{
	struct sync_list *lists;
	enum okta_rc r;
	size_t i, n = 0;
	int pass;

	lists = calloc(f->groups.n + 2, sizeof(*lists));
	if (lists == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	if (f->conf->scope == OKTA_SCOPE_ALL)
		lists[n++] = (struct sync_list){ .kind = SYNC_LIST_USERS };
	if (f->conf->scope == OKTA_SCOPE_APP)
		lists[n++] = (struct sync_list){ .kind = SYNC_LIST_APP,
			.id = f->conf->app_id };
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < f->groups.n; i++)
			if (pass == 0 ? f->groups.group[i].in_scope
				      : f->groups.group[i].wanted &&
					    !f->groups.group[i].in_scope)
				lists[n++] = (struct sync_list){
					.kind = SYNC_LIST_MEMBERS,
					.id = f->groups.group[i].id,
					.group = f->groups.group[i].number,
					.with_persons = pass == 0,
					.may_be_gone = sync_listed_group_may_go(
					    f->conf, &f->groups.group[i])
				};
	r = read_lists(f, lists, n, err);
	free(lists);
	return r;
}

static enum okta_rc
take_groups(struct fetch *f, struct okta_err *err)
{
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; f->resume != NULL && r == OKTA_OK && i < f->resume->groups.n; i++)
		r = sync_grouplist_add(&f->groups,
		    okta_view_str(f->resume->groups.group[i].id),
		    okta_view_str(f->resume->groups.group[i].name));
	return r == OKTA_OK ? r : okta_err_set(err, r, "out of memory");
}

enum okta_rc
sync_fetch(const struct okta_conf *conf, struct sync_source *source,
    const struct sync_resume *resume, struct sync_sink *sink, struct okta_err *err)
{
	struct fetch f = {
		.conf = conf, .source = source, .sink = sink, .resume = resume
	};
	struct sync_list groups = { .kind = SYNC_LIST_GROUPS };
	enum okta_rc r;

	r = take_groups(&f, err);
	if (r == OKTA_OK)
		r = read_lists(&f, &groups, 1, err);
	if (r == OKTA_OK)
		r = choose_groups(&f, err);
	if (r == OKTA_OK)
		r = read_people(&f, err);
	sync_grouplist_clear(&f.groups);
	return r;
}
