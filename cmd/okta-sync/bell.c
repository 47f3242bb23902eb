/* SPDX-License-Identifier: BSD-2-Clause */
#include "bell.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "events.h"
#include "net/directory.h"
#include "net/json.h"
#include "net/listing.h"

#define USERS_MAX 100 /* more than so many are asked for together */
#define APP_MAX	  20  /* the same where Okta allows fewer requests */
#define PAIRS_MAX 20  /* more new members than so many: the group is listed */

static const struct okta_view none = { NULL, 0 };

struct bell {
	const struct sync_asking *ask;
	struct sync_events events;
	struct sync_grouplist groups;
	const struct okta_view *user; /* by list, for GROUPS_OF */
	size_t current;
	bool *joined;  /* by number of the pair */
	bool searched; /* who changed was searched for */
};

static enum okta_rc
say(const struct bell *b, enum sync_news_kind kind, struct okta_view a,
    struct okta_view other, struct okta_err *err)
{
	enum okta_rc r = sync_sink_news(b->ask->sink, kind, 0, a, other);

	return r == OKTA_OK ? r : okta_err_set(err, r, "handing over failed");
}

static enum okta_rc
say_link(const struct bell *b, struct okta_view link, struct okta_err *err)
{
	enum okta_rc r = sync_sink_news(
	    b->ask->sink, SYNC_NEWS_LINK, b->searched, link, none);

	return r == OKTA_OK ? r : okta_err_set(err, r, "handing over failed");
}

/* --- the log --------------------------------------------------------------------- */

static enum okta_rc
on_events(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	struct bell *b = ctx;

	(void)i;
	return sync_events_add(&b->events, b->ask->conf, body, err);
}

/* *ret_next says where to go on; it stays empty when the log may not be read. */
static enum okta_rc
read_log(struct bell *b, const struct sync_command *command, struct okta_buf *ret_next,
    struct okta_err *err)
{
	char since[SYNC_STAMP_BYTES];
	struct sync_list list = { .kind = SYNC_LIST_LOG,
		.id = command->link[0] != '\0' ? command->link : NULL,
		.since = since,
		.ret_next = ret_next };
	struct sync_source *source = b->ask->source;
	enum okta_rc r;

	sync_stamp(command->since_s, since);
	err->rc = OKTA_OK;
	r = source->read(source, &list, 1, on_events, b, err);
	if ((r == OKTA_E_INPUT || r == OKTA_E_UNAVAIL) && list.id != NULL) {
		/* a link does not live for ever, and what Okta answers then is not said
		 * anywhere: what came since is read again */
		list.id = NULL;
		sync_events_clear(&b->events);
		err->rc = OKTA_OK;
		r = source->read(source, &list, 1, on_events, b, err);
	}
	if (r != OKTA_E_CONFIG)
		return r;
	return say(b, SYNC_NEWS_NO_LOG, okta_view_str(err->msg), none, err);
}

/* --- people ---------------------------------------------------------------------- */

static enum okta_rc
read_people(struct bell *b, int64_t since_s, struct okta_err *err)
{
	const struct sync_events *e = &b->events;
	enum okta_rc r;

	if (b->ask->conf->scope == OKTA_SCOPE_APP && (e->app || e->users.n > APP_MAX))
		return sync_changed_app(b->ask, err);
	if (e->users.n <= USERS_MAX)
		return sync_reread_users(b->ask, e->users.text, e->users.n, err);
	b->searched = true;
	/* who is deleted is in no list */
	r = sync_changes(b->ask, since_s, err);
	if (r == OKTA_OK)
		r = sync_reread_users(b->ask, e->deleted.text, e->deleted.n, err);
	return r;
}

/* --- memberships ----------------------------------------------------------------- */

static struct sync_pair
pair_at(const struct bell *b, size_t i)
{
	struct okta_view group = b->events.pairs.text[i], user;

	user = okta_view_split(&group, '/');
	return (struct sync_pair){ user, group };
}

static enum okta_rc
on_group_of(void *ctx, struct okta_view id, struct okta_view name)
{
	struct bell *b = ctx;
	struct sync_pair pair;
	size_t i;

	(void)name;
	for (i = 0; i < b->events.pairs.n; i++) {
		pair = pair_at(b, i);
		if (okta_view_eq(pair.user, b->user[b->current]) &&
		    okta_view_eq(pair.group, id))
			b->joined[i] = true;
	}
	return OKTA_OK;
}

static enum okta_rc
on_groups_of(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	struct bell *b = ctx;
	const struct okta_directory_sink sink = { .group = on_group_of, .ctx = b };

	b->current = i;
	return body.len == 0 ? OKTA_OK : okta_directory_groups(body, &sink, err);
}

static enum okta_rc
read_pairs(struct bell *b, struct sync_idmap *users, struct okta_err *err)
{
	struct sync_list *lists;
	char(*ids)[OKTA_DIRECTORY_ID_MAX + 1];
	enum okta_rc r = OKTA_E_NOMEM;
	struct sync_pair pair;
	size_t i;

	lists = calloc(users->n, sizeof(*lists));
	ids = calloc(users->n, sizeof(*ids));
	b->joined = calloc(b->events.pairs.n, sizeof(*b->joined));
	if (lists == NULL || ids == NULL || b->joined == NULL) {
		(void)okta_err_set(err, r, "out of memory");
		goto out;
	}
	for (i = 0; i < users->n; i++) {
		memcpy(ids[i], users->text[i].p, users->text[i].len);
		lists[i] = (struct sync_list){ .kind = SYNC_LIST_GROUPS_OF,
			.id = ids[i] };
	}
	b->user = users->text;
	err->rc = OKTA_OK;
	r = b->ask->source->read(b->ask->source, lists, users->n, on_groups_of, b, err);
	for (i = 0; r == OKTA_OK && i < b->events.pairs.n; i++) {
		pair = pair_at(b, i);
		r = say(b, b->joined[i] ? SYNC_NEWS_JOINED : SYNC_NEWS_LEFT, pair.user,
		    pair.group, err);
	}
out:
	free(lists);
	free(ids);
	free(b->joined);
	return r;
}

/* One person's groups, or, when there are many to ask for, one group's people. */
static enum okta_rc
read_memberships(struct bell *b, struct okta_err *err)
{
	struct sync_events *e = &b->events;
	struct sync_idmap users = { 0 };
	enum okta_rc r = OKTA_OK;
	struct sync_pair pair;
	size_t i;

	if (e->pairs.n == 0)
		return OKTA_OK;
	for (i = 0; r == OKTA_OK && i < e->pairs.n; i++) {
		pair = pair_at(b, i);
		if (e->pairs.n > PAIRS_MAX) {
			if (sync_idmap_find(&e->groups, pair.group) < 0)
				r = sync_idmap_add(&e->groups, pair.group);
		} else if (sync_idmap_find(&users, pair.user) < 0) {
			r = sync_idmap_add(&users, pair.user);
		}
	}
	if (r != OKTA_OK)
		(void)okta_err_set(err, r, "out of memory");
	else if (users.n > 0)
		r = read_pairs(b, &users, err);
	sync_idmap_clear(&users);
	return r;
}

/* --- groups ---------------------------------------------------------------------- */

static enum okta_rc
on_group(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	struct bell *b = ctx;
	struct okta_json *doc = NULL;
	struct okta_view id, name;
	enum okta_rc r;

	if (body.len == 0)
		return say(b, SYNC_NEWS_GONE_GROUP, b->events.groups.text[i], none, err);
	r = okta_json_new(body, OKTA_LISTING_PAGE_MAX, &doc, err);
	if (r != OKTA_OK)
		return r;
	name = okta_directory_group_name(okta_json_root(doc));
	if (okta_json_str(okta_json_root(doc), "id", &id) != OKTA_OK ||
	    !okta_view_eq(id, b->events.groups.text[i]) || name.len == 0) {
		r = okta_err_set(
		    err, OKTA_E_INPUT, "Okta answered with another group, or no name");
	} else {
		r = sync_changed_add(b->ask, &b->groups, id, name);
		if (r != OKTA_OK)
			(void)okta_err_set(err, r, "handing over a group failed");
	}
	okta_json_free(&doc);
	return r;
}

static enum okta_rc
read_groups(struct bell *b, struct okta_err *err)
{
	const struct sync_idmap *groups = &b->events.groups;
	struct sync_list *lists;
	enum okta_rc r;
	size_t i;

	if (groups->n == 0)
		return OKTA_OK;
	lists = calloc(groups->n, sizeof(*lists));
	if (lists == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	for (i = 0; i < groups->n; i++) /* each id has a NUL behind it */
		lists[i] = (struct sync_list){ .kind = SYNC_LIST_GROUP,
			.id = groups->text[i].p };
	err->rc = OKTA_OK;
	r = b->ask->source->read(b->ask->source, lists, groups->n, on_group, b, err);
	free(lists);
	if (r == OKTA_OK)
		r = sync_changed_members(b->ask, &b->groups, err);
	return r;
}

/* --------------------------------------------------------------------------------- */

enum okta_rc
sync_bell(const struct sync_asking *ask, const struct sync_command *command,
    struct okta_err *err)
{
	struct bell b = { .ask = ask };
	struct okta_buf next;
	enum okta_rc r;

	okta_buf_init(&next, SYNC_LINK_MAX);
	r = read_log(&b, command, &next, err);
	if (r == OKTA_OK && next.len > 0) {
		r = read_people(&b, command->since_s, err);
		if (r == OKTA_OK)
			r = read_memberships(&b, err);
		if (r == OKTA_OK)
			r = read_groups(&b, err);
		if (r == OKTA_OK)
			r = say_link(&b, okta_buf_view(&next), err);
	}
	okta_buf_clear(&next);
	sync_grouplist_clear(&b.groups);
	sync_events_clear(&b.events);
	return r;
}
