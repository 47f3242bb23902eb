/* SPDX-License-Identifier: BSD-2-Clause */
#include "brake.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct loss {
	uint64_t people, people_gone;
	uint64_t memberships, memberships_gone;
};

/* The registry must still say what the old snapshot says of whoever is gone. */
static enum okta_rc
check_registry(const struct sync_build *b, enum okta_registry_kind kind,
    struct okta_view okta_id, uint32_t id, struct okta_view name, struct okta_err *err)
{
	struct okta_registry_row row;
	enum okta_rc r;

	r = okta_registry_find(b->registry, okta_id, &row, err);
	if (r == OKTA_OK && row.id == id && row.kind == kind)
		return OKTA_OK;
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return r;
	return okta_err_set(err, OKTA_E_CONFIG,
	    "registry.db does not know that %s %" PRIu32
	    " was given to %.*s: it is not the one "
	    "directory.snapshot was made with: run `oktactl registry import` on that "
	    "snapshot",
	    kind == OKTA_REGISTRY_USER ? "uid" : "gid", id, (int)name.len, name.p);
}

static bool
has_gid(const struct okta_snap_user *user, uint32_t gid)
{
	uint32_t low = 0, high = user->n_gids, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (okta_snap_gid(user, mid) < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < user->n_gids && okta_snap_gid(user, low) == gid;
}

/* As nearly everybody has. */
static bool
has_same_gids(const struct okta_snap_user *was, const struct okta_snap_user *now)
{
	return was->n_gids == now->n_gids &&
	       memcmp(was->gids, now->gids, (size_t)was->n_gids * 4) == 0;
}

/* References point into different files: compare what they point at. */
static bool
has_login_group(const struct okta_snap *snap, const struct okta_snap_user *user,
    struct okta_view okta_id)
{
	struct okta_snap_group group;
	uint32_t i;

	for (i = 0; i < user->n_refs; i++)
		if (okta_snap_group_at(snap, okta_snap_ref(user, i), &group) == OKTA_OK &&
		    okta_view_eq(group.okta_id, okta_id))
			return true;
	return false;
}

/* NOW is NULL when the person is gone: so are all his memberships. */
static enum okta_rc
count_memberships(const struct okta_snap *old, const struct okta_snap_user *was,
    const struct okta_snap *fresh, const struct okta_snap_user *now, struct loss *loss)
{
	struct okta_snap_group group;
	enum okta_rc r;
	uint32_t i;

	loss->memberships += was->n_gids + was->n_refs;
	if (now == NULL) {
		loss->memberships_gone += was->n_gids + was->n_refs;
		return OKTA_OK;
	}
	if (!has_same_gids(was, now))
		for (i = 0; i < was->n_gids; i++)
			if (!has_gid(now, okta_snap_gid(was, i)))
				loss->memberships_gone++;
	for (i = 0; i < was->n_refs; i++) {
		r = okta_snap_group_at(old, okta_snap_ref(was, i), &group);
		if (r != OKTA_OK)
			return r;
		if (!has_login_group(fresh, now, group.okta_id))
			loss->memberships_gone++;
	}
	return OKTA_OK;
}

static enum okta_rc
compare_user(const struct sync_build *b, const struct okta_snap *old,
    const struct okta_snap_user *was, const struct okta_snap *fresh, struct loss *loss,
    struct okta_err *err)
{
	int64_t number = sync_idmap_find(&b->records->user_ids, was->okta_id);
	struct okta_snap_user now;
	enum okta_rc r;

	if (number < 0 || !b->people[number].served) {
		loss->people_gone++;
		r = check_registry(
		    b, OKTA_REGISTRY_USER, was->okta_id, was->uid, was->name, err);
		if (r == OKTA_OK)
			r = count_memberships(old, was, fresh, NULL, loss);
		return r;
	}
	if (b->people[number].uid != was->uid)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "the uid of %.*s would change from %" PRIu32 " to %" PRIu32
		    ": registry.db is not the one directory.snapshot was made with: run "
		    "`oktactl "
		    "registry import` on that snapshot",
		    (int)was->name.len, was->name.p, was->uid, b->people[number].uid);
	r = okta_snap_user_by_uid(fresh, was->uid, &now);
	if (r != OKTA_OK)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "the new snapshot lacks a user");
	return count_memberships(old, was, fresh, &now, loss);
}

/* Both are in the order of uids: nearly everybody is the next one there as well, and need
 * not be looked for. */
static enum okta_rc
compare_users(const struct sync_build *b, const struct okta_snap *old,
    const struct okta_snap *fresh, struct loss *loss, struct okta_err *err)
{
	struct okta_snap_user was, now = { .uid = 0 };
	uint64_t cursor = 0, fresh_cursor = 0;
	enum okta_rc r, f = OKTA_OK;

	while ((r = okta_snap_next_user(old, &cursor, &was)) == OKTA_OK) {
		while (f == OKTA_OK && now.uid < was.uid)
			f = okta_snap_next_user(fresh, &fresh_cursor, &now);
		if (f != OKTA_OK && f != OKTA_E_NOTFOUND)
			return okta_err_set(
			    err, OKTA_E_INTERNAL, "the new snapshot cannot be read");
		loss->people++;
		r = f == OKTA_OK && now.uid == was.uid &&
			    okta_view_eq(now.okta_id, was.okta_id)
			? count_memberships(old, &was, fresh, &now, loss)
			: compare_user(b, old, &was, fresh, loss, err);
		if (r != OKTA_OK)
			break;
	}
	return r == OKTA_E_NOTFOUND ? OKTA_OK : r;
}

/* The same for the gids of groups. */
static enum okta_rc
compare_groups(
    const struct sync_build *b, const struct okta_snap *old, struct okta_err *err)
{
	struct okta_snap_group was;
	uint64_t cursor = 0;
	int64_t number;
	enum okta_rc r;

	while ((r = okta_snap_next_group(old, &cursor, &was)) == OKTA_OK) {
		if (was.kind != OKTA_SNAP_GROUP_SERVED)
			continue;
		number = sync_idmap_find(&b->records->group_ids, was.okta_id);
		if (number < 0 || !b->groups[number].rule.served) {
			r = check_registry(
			    b, OKTA_REGISTRY_GROUP, was.okta_id, was.gid, was.name, err);
			if (r != OKTA_OK)
				return r;
		} else if (b->groups[number].gid != was.gid) {
			return okta_err_set(err, OKTA_E_CONFIG,
			    "the gid of %.*s would change from %" PRIu32 " to %" PRIu32
			    ": run `oktactl registry import` on directory.snapshot",
			    (int)was.name.len, was.name.p, was.gid,
			    b->groups[number].gid);
		}
	}
	return r == OKTA_E_NOTFOUND ? OKTA_OK : r;
}

static bool
is_too_much(uint64_t gone, uint64_t all, uint32_t percent)
{
	return gone * 100 > all * percent;
}

static enum okta_rc
judge(const struct sync_build *b, const struct loss *loss, struct okta_err *err)
{
	uint32_t limit = b->conf->max_removal_percent;

	if (is_too_much(loss->people_gone, loss->people, limit))
		return okta_err_set(err, OKTA_E_REFUSED,
		    "%" PRIu64 " of %" PRIu64
		    " people would be removed, more than %" PRIu32
		    " %%: the last good snapshot is kept; if this is right, run "
		    "okta-sync --once "
		    "--accept-shrink",
		    loss->people_gone, loss->people, limit);
	if (is_too_much(loss->memberships_gone, loss->memberships, limit))
		return okta_err_set(err, OKTA_E_REFUSED,
		    "%" PRIu64 " of %" PRIu64
		    " group memberships would be removed, more than %" PRIu32
		    " %%: the last good snapshot is kept; if this is right, run "
		    "okta-sync --once "
		    "--accept-shrink",
		    loss->memberships_gone, loss->memberships, limit);
	return OKTA_OK;
}

enum okta_rc
sync_brake(const struct sync_build *b, const struct okta_snap *old,
    struct okta_view bytes, bool accept_shrink, struct okta_err *err)
{
	struct okta_snap fresh = { 0 };
	struct loss loss = { 0 };
	enum okta_rc r;

	if (okta_snap_open_bytes(bytes.p, bytes.len, &fresh) != OKTA_OK)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "the new snapshot cannot be read");
	r = compare_users(b, old, &fresh, &loss, err);
	if (r == OKTA_OK)
		r = compare_groups(b, old, err);
	if (r == OKTA_E_INPUT)
		(void)okta_err_set(err, r, "the present snapshot is damaged");
	if (r == OKTA_OK && !accept_shrink)
		r = judge(b, &loss, err);
	okta_snap_close(&fresh);
	return r;
}

/* A site of ten where two leave on one day must not wait for its administrator before
 * the next suspension reaches the host. */
#define STEPS_MIN 6

static bool
is_below(uint64_t mark, uint64_t now, uint32_t percent)
{
	return now < mark && mark - now >= STEPS_MIN &&
	       is_too_much(mark - now, mark, percent);
}

enum okta_rc
sync_brake_since_full(const struct sync_build *b, const struct sync_brake_marks *marks,
    struct okta_err *err)
{
	uint32_t limit = b->conf->max_removal_percent;

	if (is_below(marks->people, b->n_users, limit))
		return okta_err_set(err, OKTA_E_REFUSED,
		    "%zu of the %" PRIu64
		    " people of the last full synchronisation would be left, more than "
		    "%" PRIu32
		    " %% fewer: the last good snapshot is kept; if this is right, run "
		    "okta-sync --once --accept-shrink",
		    b->n_users, marks->people, limit);
	if (is_below(marks->memberships, b->n_members, limit))
		return okta_err_set(err, OKTA_E_REFUSED,
		    "%zu of the %" PRIu64
		    " group memberships of the last full synchronisation would be left, "
		    "more than %" PRIu32
		    " %% fewer: the last good snapshot is kept; if this is right, run "
		    "okta-sync --once --accept-shrink",
		    b->n_members, marks->memberships, limit);
	return OKTA_OK;
}
