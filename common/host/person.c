/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/person.h"

#include <stdlib.h>
#include <string.h>

static enum okta_rc
damaged(struct okta_err *err)
{
	return okta_err_set(err, OKTA_E_INPUT,
	    "the directory snapshot is damaged: check it with oktactl snapshot verify, "
	    "renew it "
	    "with okta-sync");
}

static bool
can_authenticate(enum okta_snap_status status)
{
	return status == OKTA_STATUS_ACTIVE || status == OKTA_STATUS_RECOVERY ||
	       status == OKTA_STATUS_PASSWORD_EXPIRED;
}

static void
add_group(struct okta_person *person, const struct okta_snap_group *group)
{
	const size_t n = person->policy.n_groups++;
	uint32_t i;

	for (i = 0; i < group->n_joins && i < OKTA_SNAP_JOIN_MAX; i++)
		person->joins[n][i] = okta_snap_join(group, i);
	person->groups[n] = (struct okta_policy_group){
		.okta_id = group->okta_id,
		.okta_name = group->okta_name,
		.served = group->kind == OKTA_SNAP_GROUP_SERVED,
		.gid = group->gid,
		.joins = person->joins[n],
		.n_joins = i,
	};
}

/* Local groups have no Okta id; they come back through the joins of those that have. */
static enum okta_rc
add_groups(const struct okta_snap *snap, const struct okta_snap_user *user,
    struct okta_person *person, struct okta_err *err)
{
	struct okta_snap_group group;
	uint32_t i;

	for (i = 0; i < user->n_gids; i++) {
		if (okta_snap_group_by_gid(snap, okta_snap_gid(user, i), &group) !=
		    OKTA_OK)
			return damaged(err);
		if (group.okta_id.len > 0)
			add_group(person, &group);
	}
	for (i = 0; i < user->n_refs; i++) {
		if (okta_snap_group_at(snap, okta_snap_ref(user, i), &group) != OKTA_OK)
			return damaged(err);
		if (group.okta_id.len > 0)
			add_group(person, &group);
	}
	return OKTA_OK;
}

enum okta_rc
okta_person_init(const struct okta_snap *snap, struct okta_view name,
    struct okta_person *ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_person person = { 0 };
	struct okta_snap_user user;
	size_t room;

	r = okta_snap_user_by_name(snap, name, &user);
	if (r == OKTA_E_NOTFOUND) {
		rc = okta_err_set(err, r, "not in the directory snapshot");
		goto out;
	}
	if (r != OKTA_OK) {
		rc = damaged(err);
		goto out;
	}
	room = (size_t)user.n_gids + user.n_refs;
	if (room > OKTA_PERSON_GROUPS_MAX) {
		rc = okta_err_set(err, OKTA_E_TOOBIG,
		    "is in more than %d groups of the snapshot", OKTA_PERSON_GROUPS_MAX);
		goto out;
	}
	person.groups = calloc(room + 1, sizeof(*person.groups));
	person.joins = calloc(room + 1, sizeof(*person.joins));
	if (person.groups == NULL || person.joins == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
		goto out;
	}
	r = add_groups(snap, &user, &person, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	person.policy.name = user.name;
	person.policy.okta_id = user.okta_id;
	person.policy.can_authenticate = can_authenticate(user.status);
	person.policy.status = okta_snap_status_name(user.status);
	person.policy.groups = person.groups;
	person.uid = user.uid;
	person.gid = user.gid;
	*ret = person;
	memset(&person, 0, sizeof(person));
	rc = OKTA_OK;
out:
	okta_person_clear(&person);
	return rc;
}

void
okta_person_clear(struct okta_person *person)
{
	free(person->groups);
	free(person->joins);
	memset(person, 0, sizeof(*person));
}

enum okta_rc
okta_known_init(const struct okta_snap *snap, const struct okta_claims *claims,
    struct okta_known *ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_known known = { 0 };
	struct okta_snap_group group;
	size_t i, n = claims == NULL ? 0 : claims->n_groups;

	known.groups = calloc(n + 1, sizeof(*known.groups));
	if (known.groups == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
		goto out;
	}
	for (i = 0; i < n; i++) {
		r = okta_snap_group_by_okta_name(snap, claims->groups[i], &group);
		if (r == OKTA_E_NOTFOUND)
			continue;
		if (r != OKTA_OK) {
			rc = damaged(err);
			goto out;
		}
		known.groups[known.n_groups++] = (struct okta_policy_group){
			.okta_id = group.okta_id,
			.okta_name = group.okta_name,
			.served = group.kind == OKTA_SNAP_GROUP_SERVED,
			.gid = group.gid,
		};
	}
	*ret = known;
	known.groups = NULL;
	rc = OKTA_OK;
out:
	okta_known_clear(&known);
	return rc;
}

void
okta_known_clear(struct okta_known *known)
{
	free(known->groups);
	memset(known, 0, sizeof(*known));
}
