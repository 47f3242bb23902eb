/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "build.h"
#include "idmap.h"
#include "model/names.h"
#include "snap/read.h"

/* What to call somebody in a report. */
static struct okta_view
shown_name(const struct okta_directory_user *user)
{
	return user->login.len > 0 ? user->login : user->name;
}

void
sync_refuse_user(struct sync_build *b, size_t i, const char *why)
{
	const struct okta_directory_user *u = &b->records->users[i];

	b->people[i].served = false;
	sync_report_refused(b->report, "user", shown_name(u), u->id, why);
}

/* Whom Okta has switched off, or not yet on, is nobody here; every other status is
 * served, so that their files keep an owner's name: whether they may log in is the
 * policy's business. */
static bool
is_present(struct sync_build *b, size_t i)
{
	enum okta_snap_status status = okta_snap_status_parse(
	    b->records->users[i].status);

	b->people[i].status = (uint32_t)status;
	switch (status) {
	case OKTA_STATUS_STAGED:
	case OKTA_STATUS_DEPROVISIONED:
		b->report->left_out++;
		return false;
	case OKTA_STATUS_ACTIVE:
	case OKTA_STATUS_RECOVERY:
	case OKTA_STATUS_PASSWORD_EXPIRED:
	case OKTA_STATUS_LOCKED_OUT:
	case OKTA_STATUS_SUSPENDED:
	case OKTA_STATUS_PROVISIONED:
		return true;
	case OKTA_STATUS_NONE:
	case OKTA_STATUS_COUNT:
	default:
		sync_refuse_user(
		    b, i, "has a status this release does not know: update okta-login");
		return false;
	}
}

/* The name alone; clashes come later, over everybody who has one. */
static void
decide_name(struct sync_build *b, size_t i)
{
	const struct okta_directory_user *u = &b->records->users[i];
	struct sync_person *p = &b->people[i];
	struct okta_err why = { 0 };

	p->served = false;
	if (!is_present(b, i))
		return;
	if (u->name.len == 0)
		sync_refuse_user(
		    b, i, "has no value in the attribute of [users] name_from");
	else if (okta_name_of_user(b->conf, u->name, p->name, &why) != OKTA_OK)
		sync_refuse_user(b, i, why.msg);
	else
		p->served = true;
}

static void
check_taken(struct sync_build *b, size_t i)
{
	struct okta_view name = okta_view_str(b->people[i].name);

	if (!b->people[i].served)
		return;
	if (okta_local_has_user(b->local, name))
		sync_refuse_user(b, i,
		    "a local user has this name, and local accounts win: rename one of "
		    "the two");
	else if (okta_local_has_group(b->local, name, NULL))
		sync_refuse_user(b, i,
		    "a local group has this name, and the local files win: rename one of "
		    "the two");
}

struct clash {
	struct sync_idmap names;
	uint32_t *first; /* person by number of the name */
	bool *is;	 /* by person */
};

static void
warm(const struct sync_build *b, const struct clash *c, size_t first)
{
	struct okta_view name[SYNC_IDMAP_WARM_MAX];
	size_t i, n = 0;

	for (i = first; i < b->records->n_users && n < SYNC_IDMAP_WARM_MAX; i++)
		name[n++] = okta_view_str(b->people[i].name);
	sync_idmap_warm(&c->names, name, n);
}

static enum okta_rc
find_clashes(struct sync_build *b, struct clash *c)
{
	enum okta_rc r = OKTA_OK;
	struct okta_view name;
	int64_t other;
	size_t i;

	r = sync_idmap_reserve(&c->names, b->records->n_users);
	for (i = 0; r == OKTA_OK && i < b->records->n_users; i++) {
		if (i % SYNC_IDMAP_WARM_MAX == 0)
			warm(b, c, i);
		if (!b->people[i].served)
			continue;
		name = okta_view_str(b->people[i].name);
		other = sync_idmap_find(&c->names, name);
		if (other >= 0) {
			c->is[i] = c->is[c->first[other]] = true;
			continue;
		}
		c->first[c->names.n] = (uint32_t)i;
		r = sync_idmap_add(&c->names, name);
	}
	return r;
}

/* With private groups a user's name is a group's name too. */
static void
check_groups(struct sync_build *b, const struct clash *c)
{
	struct sync_unix_group *g;
	int64_t other;
	size_t i;

	if (b->conf->primary_group != NULL)
		return;
	for (i = 0; i < b->records->n_groups; i++) {
		g = &b->groups[i];
		if (!g->rule.served)
			continue;
		other = sync_idmap_find(&c->names, okta_view_str(g->rule.unix_name));
		if (other < 0 || !b->people[c->first[other]].served)
			continue;
		g->rule.served = false;
		sync_report_refused(b->report, "group", b->records->groups[i].name,
		    b->records->groups[i].id,
		    "a user has the same name as this group, and so his private group: "
		    "neither is "
		    "served: give the group another name with [groups] rename");
		sync_refuse_user(b, c->first[other],
		    "a served group has the same name as his private group: neither is "
		    "served: "
		    "give the group another name with [groups] rename");
	}
}

enum okta_rc
sync_decide_people(struct sync_build *b, struct okta_err *err)
{
	struct clash c = { 0 };
	size_t i, n = b->records->n_users;
	enum okta_rc r = OKTA_E_NOMEM;

	c.first = calloc(n + 1, sizeof(*c.first));
	c.is = calloc(n + 1, sizeof(*c.is));
	if (c.first == NULL || c.is == NULL)
		goto out;
	for (i = 0; i < n; i++)
		decide_name(b, i);
	r = find_clashes(b, &c);
	if (r != OKTA_OK)
		goto out;
	for (i = 0; i < n; i++)
		if (c.is[i])
			sync_refuse_user(b, i,
			    "another user maps to the same Unix name: neither is served: "
			    "rename "
			    "one of them in Okta");
		else
			check_taken(b, i);
	check_groups(b, &c);
out:
	sync_idmap_clear(&c.names);
	free(c.first);
	free(c.is);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "people: out of memory");
	return OKTA_OK;
}
