/* SPDX-License-Identifier: BSD-2-Clause */
#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/groups.h"
#include "net/directory.h"
#include "net/json.h"
#include "net/listing.h"

void
sync_events_clear(struct sync_events *events)
{
	size_t i;

	for (i = 0; i < events->n_text; i++)
		free(events->text[i]);
	free(events->text);
	sync_idmap_clear(&events->users);
	sync_idmap_clear(&events->deleted);
	sync_idmap_clear(&events->groups);
	sync_idmap_clear(&events->pairs);
	*events = (struct sync_events){ 0 };
}

static enum okta_rc
add(struct sync_events *events, struct sync_idmap *map, struct okta_view v)
{
	size_t max;
	char **more;
	char *copy;

	if (sync_idmap_find(map, v) >= 0)
		return OKTA_OK;
	if (events->n_text == events->max_text) {
		max = events->max_text == 0 ? 64 : events->max_text * 2;
		more = reallocarray(events->text, max, sizeof(*more));
		if (more == NULL)
			return OKTA_E_NOMEM;
		events->text = more;
		events->max_text = max;
	}
	copy = okta_view_dup(v);
	if (copy == NULL)
		return OKTA_E_NOMEM;
	events->text[events->n_text++] = copy;
	v.p = copy;
	return sync_idmap_add(map, v);
}

static bool
starts(struct okta_view v, const char *with)
{
	size_t n = strlen(with);

	return v.len >= n && memcmp(v.p, with, n) == 0;
}

/* What an event is about, by the beginning of its type. */
struct about {
	bool users, groups, pairs, app_users, app_groups, deletion;
};

static struct about
about(struct okta_view type)
{
	struct about a = { .deletion = starts(type, "user.lifecycle.delete.") };

	if (starts(type, "user.lifecycle.") || starts(type, "user.account."))
		a.users = true;
	else if (starts(type, "group.user_membership."))
		a.pairs = true;
	else if (starts(type, "application.user_membership."))
		a.app_users = true;
	else if (starts(type, "group.application_assignment."))
		a.app_groups = true;
	else if (starts(type, "group."))
		a.groups = true;
	return a;
}

/* Ids go into addresses: letters and digits, as Okta's are. */
static bool
is_id(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if ((v.p[i] < '0' || v.p[i] > '9') && (v.p[i] < 'A' || v.p[i] > 'Z') &&
		    (v.p[i] < 'a' || v.p[i] > 'z') && v.p[i] != '_' && v.p[i] != '-')
			return false;
	return v.len > 0 && v.len <= OKTA_DIRECTORY_ID_MAX;
}

/* The order of targets is not promised: each is known by its type. */
static bool
next_target(const struct okta_json_value *targets, const char *type, size_t *at,
    struct okta_group_in *ret)
{
	const struct okta_json_value *t;
	struct okta_view v;

	while (*at < okta_json_count(targets)) {
		t = okta_json_item(targets, (*at)++);
		if (okta_json_str(t, "type", &v) != OKTA_OK ||
		    !okta_view_eq_str(v, type) ||
		    okta_json_str(t, "id", &ret->id) != OKTA_OK || !is_id(ret->id))
			continue;
		if (okta_json_str(t, "displayName", &ret->name) != OKTA_OK)
			ret->name = (struct okta_view){ NULL, 0 };
		return true;
	}
	return false;
}

/* By the name it had at the event: a new name is an event of its own.  An event need not
 * say it. */
static bool
is_wanted(
    const struct okta_conf *conf, const struct okta_group_in *group, bool *ret_in_scope)
{
	struct okta_group_rule rule = { .wanted = false };
	enum okta_rc r;
	size_t i;

	*ret_in_scope = conf->scope == OKTA_SCOPE_GROUPS && group->name.len == 0;
	for (i = 0; conf->scope == OKTA_SCOPE_GROUPS && i < conf->scope_groups.n; i++)
		if (okta_group_is(okta_view_str(conf->scope_groups.item[i]), group))
			*ret_in_scope = true;
	r = okta_group_apply(conf, group, &rule, NULL);
	return *ret_in_scope || group->name.len == 0 ||
	       (r != OKTA_OK && r != OKTA_E_REFUSED) || rule.wanted;
}

static enum okta_rc
add_pairs(struct sync_events *events, const struct okta_conf *conf,
    const struct okta_json_value *targets, struct okta_view user)
{
	char pair[2 * OKTA_DIRECTORY_ID_MAX + 2];
	struct okta_group_in group;
	enum okta_rc r = OKTA_OK;
	bool in_scope;
	size_t at = 0;

	/* a group may bring the app, whether a rule wants it or not */
	if (conf->scope == OKTA_SCOPE_APP)
		r = add(events, &events->users, user);
	while (r == OKTA_OK && next_target(targets, "UserGroup", &at, &group)) {
		if (!is_wanted(conf, &group, &in_scope))
			continue;
		(void)snprintf(pair, sizeof(pair), "%.*s/%.*s", (int)user.len, user.p,
		    (int)group.id.len, group.id.p);
		r = add(events, &events->pairs, okta_view_str(pair));
		if (r == OKTA_OK && in_scope) /* perhaps nobody we know yet */
			r = add(events, &events->users, user);
	}
	return r;
}

static bool
names_our_app(const struct okta_conf *conf, const struct okta_json_value *targets)
{
	struct okta_group_in app;
	size_t at = 0;

	while (conf->scope == OKTA_SCOPE_APP &&
	       next_target(targets, "AppInstance", &at, &app))
		if (okta_view_eq_str(app.id, conf->app_id))
			return true;
	return false;
}

static enum okta_rc
add_users(struct sync_events *events, const struct okta_conf *conf, const struct about *a,
    const struct okta_json_value *targets)
{
	struct okta_group_in user;
	enum okta_rc r = OKTA_OK;
	size_t at = 0;

	while (r == OKTA_OK && next_target(targets, "User", &at, &user)) {
		if (a->pairs)
			r = add_pairs(events, conf, targets, user.id);
		else
			r = add(events, &events->users, user.id);
		if (r == OKTA_OK && a->deletion)
			r = add(events, &events->deleted, user.id);
	}
	return r;
}

static enum okta_rc
one_event(struct sync_events *events, const struct okta_conf *conf,
    const struct okta_json_value *event)
{
	const struct okta_json_value *targets;
	struct okta_group_in group;
	struct okta_view type;
	enum okta_rc r = OKTA_OK;
	struct about a;
	size_t at = 0;

	if (okta_json_str(event, "eventType", &type) != OKTA_OK ||
	    okta_json_array(event, "target", &targets) != OKTA_OK)
		return OKTA_OK; /* target is null where an event has none */
	a = about(type);
	if (a.users || a.pairs || (a.app_users && names_our_app(conf, targets)))
		r = add_users(events, conf, &a, targets);
	if ((a.app_groups && names_our_app(conf, targets)) ||
	    okta_view_eq_str(type, "group.lifecycle.delete"))
		events->app = true;
	while (r == OKTA_OK && a.groups && next_target(targets, "UserGroup", &at, &group))
		r = add(events, &events->groups, group.id);
	return r;
}

enum okta_rc
sync_events_add(struct sync_events *events, const struct okta_conf *conf,
    struct okta_view page, struct okta_err *err)
{
	const struct okta_json_value *root;
	struct okta_json *doc = NULL;
	enum okta_rc r;
	size_t i;

	r = okta_json_new(page, OKTA_LISTING_PAGE_MAX, &doc, err);
	if (r != OKTA_OK)
		return r;
	root = okta_json_root(doc);
	if (okta_json_type_of(root) != OKTA_JSON_ARRAY)
		r = okta_err_set(
		    err, OKTA_E_INPUT, "a page of the System Log is no list");
	for (i = 0; r == OKTA_OK && i < okta_json_count(root); i++) {
		r = one_event(events, conf, okta_json_item(root, i));
		if (r != OKTA_OK)
			(void)okta_err_set(err, r, "System Log: out of memory");
	}
	okta_json_free(&doc);
	return r;
}
