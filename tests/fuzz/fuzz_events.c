/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync apic net host model base; libs: libcurl libcrypto json-c inih */
/*
 * The System Log as a bell: what a page's events name is noted, and nothing else.  What
 * is looked for once more is read out of json-c.  First byte: which people are in scope.
 */
#include "../../cmd/okta-sync/events.h"
#include "base/text.h"
#include "fuzz.h"
#include "net/directory.h"
#include "seen_by_json_c.h"

#define APP "0oaapp"

static struct sync_events events;
static struct okta_conf conf;

static bool
is_id(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (memchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
			   "Z-_",
			v.p[i], 64) == NULL)
			return false;
	return v.len > 0 && v.len <= 64;
}

static bool
begins(struct okta_view v, const char *with)
{
	return v.len >= strlen(with) && memcmp(v.p, with, strlen(with)) == 0;
}

static bool
has(const struct sync_idmap *map, struct okta_view v)
{
	return map->n > 0 && sync_idmap_find(map, v) >= 0;
}

/* Target I of the event, if it is a TYPE with an id that can be used. */
static bool
target(struct json_object *event, size_t i, const char *type, struct okta_view *ret_id,
    struct okta_view *ret_name)
{
	struct json_object *o = json_object_array_get_idx(seen_list(event, "target"), i);

	*ret_id = seen_text(o, "id");
	*ret_name = seen_text(o, "displayName");
	return okta_view_eq_str(seen_text(o, "type"), type) && is_id(*ret_id);
}

static size_t
n_targets(struct json_object *event)
{
	struct json_object *list = seen_list(event, "target");

	return list == NULL ? 0 : json_object_array_length(list);
}

/* Some event names V as a TYPE. */
static bool
is_named(struct json_object *page, const char *type, struct okta_view v)
{
	struct okta_view id, name;
	struct json_object *event;
	size_t i, k;

	for (i = 0; i < json_object_array_length(page); i++) {
		event = json_object_array_get_idx(page, i);
		for (k = 0; k < n_targets(event); k++)
			if (target(event, k, type, &id, &name) && okta_view_eq(id, v))
				return true;
	}
	return false;
}

static void
check_named(struct json_object *page)
{
	struct okta_view user, group;
	size_t i;

	for (i = 0; i < events.users.n; i++)
		FUZZ_CHECK(is_named(page, "User", events.users.text[i]));
	for (i = 0; i < events.deleted.n; i++)
		FUZZ_CHECK(is_named(page, "User", events.deleted.text[i]));
	for (i = 0; i < events.groups.n; i++)
		FUZZ_CHECK(is_named(page, "UserGroup", events.groups.text[i]));
	for (i = 0; i < events.pairs.n; i++) {
		group = events.pairs.text[i];
		user = okta_view_split(&group, '/');
		FUZZ_CHECK(is_named(page, "User", user));
		FUZZ_CHECK(is_named(page, "UserGroup", group));
	}
}

static bool
names_our_app(struct json_object *event)
{
	struct okta_view id, name;
	size_t i;

	for (i = 0; i < n_targets(event); i++)
		if (target(event, i, "AppInstance", &id, &name) &&
		    okta_view_eq_str(id, APP))
			return conf.scope == OKTA_SCOPE_APP;
	return false;
}

/* A group that the rules ask for by this very name has each of its people noted. */
static void
check_pairs(struct json_object *event, struct okta_view user)
{
	struct okta_view id, name, pair;
	char text[160];
	size_t i;

	for (i = 0; i < n_targets(event); i++) {
		if (!target(event, i, "UserGroup", &id, &name) ||
		    !okta_view_eq_str(name, "eng"))
			continue;
		(void)snprintf(text, sizeof(text), "%.*s/%.*s", (int)user.len, user.p,
		    (int)id.len, id.p);
		pair = okta_view_str(text);
		FUZZ_CHECK(has(&events.pairs, pair));
	}
}

/* No event of those that count is passed over. */
static void
check_event(struct json_object *event)
{
	struct okta_view type = seen_text(event, "eventType"), id, name;
	bool user = begins(type, "user.lifecycle.") || begins(type, "user.account.");
	bool member = begins(type, "group.user_membership.");
	bool app = begins(type, "application.user_membership.") && names_our_app(event);
	bool assignment = begins(type, "group.application_assignment.");
	size_t i;

	for (i = 0; i < n_targets(event); i++) {
		if (target(event, i, "UserGroup", &id, &name) && begins(type, "group.") &&
		    !member && !assignment)
			FUZZ_CHECK(has(&events.groups, id));
		if (!target(event, i, "User", &id, &name))
			continue;
		FUZZ_CHECK((!user && !app) || has(&events.users, id));
		FUZZ_CHECK(
		    !begins(type, "user.lifecycle.delete.") || has(&events.deleted, id));
		FUZZ_CHECK(
		    !member || conf.scope != OKTA_SCOPE_APP || has(&events.users, id));
		if (member)
			check_pairs(event, id);
	}
	if (seen_list(event, "target") != NULL &&
	    ((assignment && names_our_app(event)) ||
		okta_view_eq_str(type, "group.lifecycle.delete")))
		FUZZ_CHECK(events.app);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char eng[] = "eng*", app[] = APP, empty[] = "";
	static char *match[] = { eng };
	struct fuzz_in in = { data, size };
	uint8_t op = fuzz_u8(&in);
	struct okta_view text = fuzz_take(&in, in.left);
	struct okta_err err = { 0 };
	struct json_object *page;
	size_t i;

	conf = (struct okta_conf){ .match = { match, 1 },
		.app_id = app,
		.prefix = empty,
		.groups_claim = empty };
	conf.scope = op % 3 == 0   ? OKTA_SCOPE_ALL
		     : op % 3 == 1 ? OKTA_SCOPE_APP
				   : OKTA_SCOPE_GROUPS;
	if (conf.scope == OKTA_SCOPE_GROUPS)
		conf.scope_groups = conf.match;
	if (sync_events_add(&events, &conf, text, &err) == OKTA_OK) {
		page = seen_new(text);
		FUZZ_CHECK(page != NULL);
		check_named(page);
		for (i = 0; i < json_object_array_length(page); i++)
			check_event(json_object_array_get_idx(page, i));
		json_object_put(page);
	} else {
		FUZZ_CHECK(events.n_text == 0 && err.msg[0] != '\0');
		FUZZ_CHECK(okta_text_is_printable(okta_view_str(err.msg)));
	}
	sync_events_clear(&events);
	return 0;
}

#define TARGET(type, id, name)                                                           \
	"{\"type\":\"" type "\",\"id\":\"" id "\",\"displayName\":\"" name "\"}"
#define EVENT(type, targets)                                                             \
	"{\"eventType\":\"" type "\",\"severity\":\"INFO\",\"target\":[" targets "]}"

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = {
		"1[" EVENT("group.user_membership.add",
		    TARGET("User", "00u1", "A") "," TARGET(
			"UserGroup", "00g1", "eng")) ",{\"eventType\":"
						     "\"group.profile.update\","
						     "\"target\":null}]",
		"0[" EVENT("user.lifecycle.delete.initiated",
		    TARGET("User", "00u2", "B")) "," EVENT("user.account.update_profile",
		    TARGET("User", "00u3", "C")) "]",
		"1[" EVENT("application.user_membership.add",
		    TARGET("AppInstance", APP, "App") "," TARGET(
			"User", "00u3", "C")) "]",
		"1[" EVENT("group.application_assignment.remove",
		    TARGET("UserGroup", "00g1", "eng") "," TARGET(
			"AppInstance", APP, "App")) "]",
		"2[" EVENT("group.user_membership.remove",
		    TARGET("UserGroup", "00g1", "eng") "," TARGET(
			"User", "00u1", "A")) "," EVENT("group.lifecycle.delete",
		    TARGET("UserGroup", "00g1", "eng")) "]",
		"2[" EVENT("group.profile.update",
		    TARGET("UserGroup", "00g/1", "eng")) "," EVENT("user.session.start",
		    TARGET("User", "00u1", "A")) "]",
		"0{}",
	};
	size_t len = fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);

	if (len > 0)
		out[0] = (uint8_t)(out[0] - '0');
	return len;
}
