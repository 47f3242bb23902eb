/* SPDX-License-Identifier: BSD-2-Clause */
#include "changes.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/directory.h"
#include "net/json.h"
#include "net/listing.h"
#include "news.h"
#include "snap/format.h"

#define SETTLED_S  2   /* Okta's stamps are whole seconds: one may come twice */
#define REREAD_MAX 100 /* more than so many at once are taken as the index has them */

void
sync_memory_clear(struct sync_memory *memory)
{
	sync_seen_clear(&memory->users);
	sync_seen_clear(&memory->groups);
}

void
sync_stamp(int64_t s, char ret[SYNC_STAMP_BYTES])
{
	const time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(ret, SYNC_STAMP_BYTES, "%Y-%m-%dT%H:%M:%S.000Z", &tm) == 0)
		(void)snprintf(ret, SYNC_STAMP_BYTES, "1970-01-01T00:00:00.000Z");
}

struct changes {
	const struct sync_asking *ask;
	const struct sync_list *lists;
	struct sync_grouplist groups;
	char reread[REREAD_MAX][OKTA_DIRECTORY_ID_MAX + 1];
	size_t n_hits;
	char settled[SYNC_STAMP_BYTES]; /* what was stamped before it, cannot be so again
					 */
};

static uint64_t
sum(struct okta_view v)
{
	return okta_snap_sum64(v.p, v.len);
}

/* --- people ---------------------------------------------------------------------- */

static uint64_t
sum_of_user(const struct okta_directory_user *u)
{
	const uint64_t parts[] = { sum(u->status), sum(u->login), sum(u->name),
		sum(u->display_name), sum(u->uid), sum(u->shell) };

	return okta_snap_sum64(parts, sizeof(parts));
}

void
sync_memory_newer(struct sync_memory *memory, const struct okta_directory_user *user)
{
	sync_seen_newer(&memory->users, sum(user->id), sum_of_user(user));
}

static enum okta_rc
on_user(void *ctx, const struct okta_directory_user *user)
{
	struct changes *c = ctx;
	bool known = false;
	enum okta_rc r;

	r = sync_seen_add(
	    &c->ask->memory->users, sum(user->id), sum_of_user(user), &known);
	if (r != OKTA_OK || known)
		return r;
	if (c->n_hits < REREAD_MAX && user->id.len <= OKTA_DIRECTORY_ID_MAX)
		(void)snprintf(c->reread[c->n_hits], sizeof(c->reread[0]), "%.*s",
		    (int)user->id.len, user->id.p);
	c->n_hits++;
	return sync_sink_user(c->ask->sink, user);
}

static enum okta_rc
reread(struct changes *c, struct okta_err *err)
{
	struct okta_view ids[REREAD_MAX];
	size_t i;

	if (c->n_hits == 0 || c->n_hits > REREAD_MAX)
		return OKTA_OK;
	for (i = 0; i < c->n_hits; i++)
		ids[i] = okta_view_str(c->reread[i]);
	return sync_reread_users(c->ask, ids, c->n_hits, err);
}

/* --- groups ---------------------------------------------------------------------- */

static struct okta_view
text_of(const struct okta_json_value *object, const char *name)
{
	struct okta_view v;

	return okta_json_str(object, name, &v) == OKTA_OK ? v
							  : (struct okta_view){ "", 0 };
}

/* Stamps compare as texts: they all have one form. */
static bool
is_before(struct okta_view stamp, const char *limit)
{
	size_t n = strlen(limit);

	return stamp.len == n && memcmp(stamp.p, limit, n) < 0;
}

static enum okta_rc
one_group(struct changes *c, const struct okta_json_value *item, struct okta_err *err)
{
	const struct okta_view name = okta_directory_group_name(item),
			       updated = text_of(item, "lastUpdated"),
			       members = text_of(item, "lastMembershipUpdated");
	struct okta_view id;
	uint64_t parts[4];
	bool known = false;
	enum okta_rc r;

	if (okta_json_str(item, "id", &id) != OKTA_OK || id.len == 0 ||
	    id.len > OKTA_DIRECTORY_ID_MAX || name.len == 0)
		return okta_err_set(err, OKTA_E_INPUT,
		    "a page of changed groups cannot be used: a group has no id or name");
	parts[0] = sum(name);
	parts[1] = sum(updated);
	parts[2] = sum(members);
	/* a change in the second that is not over yet would have the same stamp: it is
	 * read again next time */
	parts[3] = is_before(updated, c->settled) && is_before(members, c->settled);
	r = sync_seen_add(&c->ask->memory->groups, sum(id),
	    okta_snap_sum64(parts, sizeof(parts)), &known);
	if (r == OKTA_OK && (!known || parts[3] == 0))
		r = sync_changed_add(c->ask, &c->groups, id, name);
	return r == OKTA_OK ? r : okta_err_set(err, r, "handing over a group failed");
}

static enum okta_rc
groups_page(struct changes *c, struct okta_view body, struct okta_err *err)
{
	const struct okta_json_value *root;
	struct okta_json *doc = NULL;
	enum okta_rc r;
	size_t i;

	sync_stamp(c->ask->source->asked_s - SETTLED_S, c->settled);
	r = okta_json_new(body, OKTA_LISTING_PAGE_MAX, &doc, err);
	if (r != OKTA_OK)
		return r;
	root = okta_json_root(doc);
	if (okta_json_type_of(root) != OKTA_JSON_ARRAY)
		r = okta_err_set(err, OKTA_E_INPUT,
		    "a page of changed groups cannot be used: it is no list");
	for (i = 0; r == OKTA_OK && i < okta_json_count(root); i++)
		r = one_group(c, okta_json_item(root, i), err);
	okta_json_free(&doc);
	return r;
}

/* --- the two questions ----------------------------------------------------------- */

static enum okta_rc
on_page(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	struct changes *c = ctx;
	const struct okta_directory_sink sink = { .user = on_user, .ctx = c };
	enum okta_rc r;

	if (c->lists[i].kind == SYNC_LIST_CHANGED_GROUPS)
		return groups_page(c, body, err);
	r = okta_directory_users(body, c->ask->conf, &sink, err);
	if (r != OKTA_OK && err->rc == OKTA_OK)
		(void)okta_err_set(
		    err, r, "handing over a page failed (%s)", okta_rc_name(r));
	return r;
}

static enum okta_rc
read_lists(
    struct changes *c, const struct sync_list *lists, size_t n, struct okta_err *err)
{
	c->lists = lists;
	err->rc = OKTA_OK;
	return c->ask->source->read(c->ask->source, lists, n, on_page, c, err);
}

static enum okta_rc
ignore_page(void *ctx, size_t i, struct okta_view body, struct okta_err *err)
{
	(void)ctx;
	(void)i;
	(void)body;
	(void)err;
	return OKTA_OK;
}

/*
 * A full sync of scope = groups needs okta.groups.read alone; who changed is a question
 * about users.  *ret_may: Okta answers it.  Who is refused the groups too is refused
 * altogether: that is a failure.
 */
static enum okta_rc
try_search(struct changes *c, const struct sync_list *users,
    const struct sync_list *groups, bool *ret_may, struct okta_err *err)
{
	const struct okta_view none = { NULL, 0 };
	struct okta_err why;
	enum okta_rc r;

	r = read_lists(c, users, 1, err);
	*ret_may = r == OKTA_OK;
	if (r != OKTA_E_CONFIG)
		return r;
	why = *err;
	err->rc = OKTA_OK;
	r = c->ask->source->read(c->ask->source, groups, 1, ignore_page, NULL, err);
	if (r != OKTA_OK)
		return r;
	r = sync_sink_news(
	    c->ask->sink, SYNC_NEWS_NO_SEARCH, 0, okta_view_str(why.msg), none);
	return r == OKTA_OK ? r : okta_err_set(err, r, "handing over failed");
}

enum okta_rc
sync_changes(const struct sync_asking *ask, int64_t since_s, struct okta_err *err)
{
	struct sync_memory *memory = ask->memory;
	struct changes c = { .ask = ask };
	char since[SYNC_STAMP_BYTES];
	struct sync_list lists[2] = { { .kind = SYNC_LIST_CHANGED_GROUPS,
					  .since = since },
		{ .kind = SYNC_LIST_CHANGED_USERS, .since = since } };
	bool is_app = ask->conf->scope == OKTA_SCOPE_APP, may = true;
	enum okta_rc r = OKTA_OK;
	size_t n = is_app ? 1 : 2;
	uint64_t before;

	memory->standing_requests = n;
	sync_stamp(since_s, since);
	if (ask->conf->scope == OKTA_SCOPE_GROUPS && !memory->may_search) {
		r = try_search(&c, &lists[1], &lists[0], &may, err);
		memory->may_search = may;
		n = 1;
	}
	if (r == OKTA_OK && may)
		r = read_lists(&c, lists, n, err);
	if (r == OKTA_OK && may)
		r = reread(&c, err);
	if (r == OKTA_OK && may && is_app) {
		before = ask->source->requests;
		r = sync_changed_app(ask, err);
		memory->standing_requests = 1 + ask->source->requests - before;
	}
	if (r == OKTA_OK && may)
		r = sync_changed_members(ask, &c.groups, err);
	sync_grouplist_clear(&c.groups);
	if (r == OKTA_OK) {
		sync_seen_turn(&memory->users);
		sync_seen_turn(&memory->groups);
	}
	return r;
}
