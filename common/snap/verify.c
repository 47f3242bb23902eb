/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "snap/le.h"
#include "snap/read.h"

static enum okta_rc
damaged(struct okta_err *err, const char *what, uint64_t off)
{
	return okta_err_set(err, OKTA_E_INPUT,
	    "snapshot is damaged: %s at byte %llu: run okta-sync to write a new one",
	    what, (unsigned long long)off);
}

static bool
text_is_clean(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (v.p[i] == ':' || (unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
			return false;
	return true;
}

static bool
refs_are_login_groups(const struct okta_snap *snap, const struct okta_snap_user *user)
{
	struct okta_snap_group group;
	uint64_t last = 0, ref;
	uint32_t i;

	for (i = 0; i < user->n_refs; i++) {
		ref = okta_snap_ref(user, i);
		if (ref <= last || okta_snap_group_at(snap, ref, &group) != OKTA_OK ||
		    group.kind != OKTA_SNAP_GROUP_LOGIN)
			return false;
		last = ref;
	}
	return true;
}

static bool
user_is_found_again(const struct okta_snap *snap, const struct okta_snap_user *user)
{
	struct okta_snap_passwd found;

	return okta_snap_passwd_by_name(snap, user->name, &found) == OKTA_OK &&
	       found.off == user->off &&
	       okta_snap_passwd_by_uid(snap, user->uid, &found) == OKTA_OK &&
	       found.off == user->off;
}

static enum okta_rc
verify_users(const struct okta_snap *snap, struct okta_err *err)
{
	struct okta_snap_user user;
	uint64_t cursor = 0;
	uint32_t n = 0, last_uid = 0;
	enum okta_rc r;

	while ((r = okta_snap_next_user(snap, &cursor, &user)) == OKTA_OK) {
		if (user.uid <=
		    last_uid) /* uids are never 0, so this holds for the first too */
			return damaged(err, "user out of order", user.off);
		if (user.okta_id.len == 0 || !text_is_clean(user.gecos) ||
		    !text_is_clean(user.home) || !text_is_clean(user.shell) ||
		    !text_is_clean(user.okta_id) || !text_is_clean(user.okta_login))
			return damaged(err, "text of a user", user.off);
		if (!refs_are_login_groups(snap, &user))
			return damaged(err, "group reference of a user", user.off);
		if (!user_is_found_again(snap, &user))
			return damaged(err, "user the index does not lead to", user.off);
		last_uid = user.uid;
		n++;
	}
	if (r != OKTA_E_NOTFOUND)
		return damaged(
		    err, "user record", cursor == 0 ? snap->users_off : cursor);
	if (n != snap->n_users)
		return damaged(err, "number of users", 80);
	return OKTA_OK;
}

/* The name table holds the users' names in their order, and zeros behind them. */
static enum okta_rc
verify_names(const struct okta_snap *snap, struct okta_err *err)
{
	uint64_t at = snap->members_off + snap->members_len, end = at + snap->names_len;
	struct okta_snap_passwd user;
	struct okta_view name;
	uint64_t cursor = 0;

	if (snap->names_len < OKTA_SNAP_NAMES_PAD)
		return damaged(err, "length of the name table", 136);
	while (okta_snap_next_passwd(snap, &cursor, &user) == OKTA_OK) {
		if (end - at < OKTA_SNAP_NAMES_PAD)
			return damaged(err, "name table", at);
		name.p = (const char *)snap->base + at + 1;
		name.len = snap->base[at];
		if (!okta_view_eq(name, user.name))
			return damaged(err, "name table", at);
		at += 1 + name.len;
	}
	if (end - at < OKTA_SNAP_NAMES_PAD || end - at >= OKTA_SNAP_NAMES_PAD + 8)
		return damaged(err, "length of the name table", 136);
	for (; at < end; at++)
		if (snap->base[at] != 0)
			return damaged(err, "bytes behind the name table", at);
	return OKTA_OK;
}

/* The members are well-formed names, each of them once, and those of the table. */
static bool
members_are_names(const struct okta_snap_group *group, char *answer)
{
	struct okta_snap_group from_table = *group;
	const char *p = answer, *end = p + group->members_len;
	struct okta_view name;
	uint32_t i;

	from_table.listed = NULL;
	if (okta_snap_copy_members(&from_table, answer, NULL) != OKTA_OK)
		return false;
	if (group->listed != NULL &&
	    memcmp(group->listed, answer, group->members_len) != 0)
		return false;
	for (i = 0; p < end; p += name.len + 1, i++) {
		name = okta_view_str(p);
		if (!okta_snap_name_is_valid(name))
			return false;
		if (group->lengths != NULL && group->lengths[i] != name.len + 1)
			return false;
	}
	/* the table is in the order of the users, and so is every list */
	for (i = 1; i < group->n_members; i++)
		if (okta_le32(group->list + (size_t)i * 4) <=
		    okta_le32(group->list + (size_t)i * 4 - 4))
			return false;
	return true;
}

static bool
group_is_found_again(const struct okta_snap *snap, const struct okta_snap_group *group)
{
	struct okta_snap_group found;

	if (group->kind != OKTA_SNAP_GROUP_LOGIN &&
	    (okta_snap_group_by_name(snap, group->name, &found) != OKTA_OK ||
		found.off != group->off ||
		okta_snap_group_by_gid(snap, group->gid, &found) != OKTA_OK ||
		found.off != group->off))
		return false;
	if (group->kind != OKTA_SNAP_GROUP_LOCAL &&
	    (okta_snap_group_by_okta_name(snap, group->okta_name, &found) != OKTA_OK ||
		found.off != group->off))
		return false;
	return true;
}

/* (kind, gid, Okta id) ascending. */
static bool
comes_after(const struct okta_snap_group *group, const struct okta_snap_group *last)
{
	if (group->kind != last->kind)
		return group->kind > last->kind;
	if (group->gid != last->gid)
		return group->gid > last->gid;
	return strcmp(group->okta_id.p, last->okta_id.p) > 0;
}

/* A private group is found through its user, so a group record would hide it. */
static bool
hides_private_group(const struct okta_snap *snap, const struct okta_snap_group *group)
{
	struct okta_snap_passwd user;

	if (group->kind == OKTA_SNAP_GROUP_LOGIN)
		return false;
	return (okta_snap_passwd_by_name(snap, group->name, &user) == OKTA_OK &&
		   (user.flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0) ||
	       (okta_snap_passwd_by_uid(snap, group->gid, &user) == OKTA_OK &&
		   (user.flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0);
}

static enum okta_rc
verify_groups(const struct okta_snap *snap, char *answer, struct okta_err *err)
{
	struct okta_snap_group group, last;
	uint64_t cursor = 0;
	uint32_t n = 0;
	enum okta_rc r;

	while ((r = okta_snap_next_group(snap, &cursor, &group)) == OKTA_OK) {
		if (n > 0 && !comes_after(&group, &last))
			return damaged(err, "group out of order", group.off);
		if (!members_are_names(&group, answer))
			return damaged(err, "member names of a group", group.off);
		if (!group_is_found_again(snap, &group))
			return damaged(
			    err, "group the index does not lead to", group.off);
		if (hides_private_group(snap, &group))
			return damaged(
			    err, "group that hides a private group", group.off);
		last = group;
		n++;
	}
	if (r != OKTA_E_NOTFOUND)
		return damaged(
		    err, "group record", cursor == 0 ? snap->groups_off : cursor);
	if (n != snap->n_groups)
		return damaged(err, "number of groups", 84);
	return OKTA_OK;
}

static unsigned
used_slots(const unsigned char *bucket)
{
	unsigned i, n = 0;

	for (i = OKTA_SNAP_BUCKET_SLOTS; i < 2 * OKTA_SNAP_BUCKET_SLOTS; i++)
		n += okta_le32(bucket + (size_t)i * 4) != 0;
	return n;
}

/* As every record is found, equal numbers mean that no slot leads anywhere else. */
static enum okta_rc
verify_slots(const struct okta_snap *snap, struct okta_err *err)
{
	struct okta_snap_group group;
	uint64_t want[OKTA_SNAP_INDEX_COUNT] = { snap->n_users, snap->n_users, 0, 0, 0 };
	uint64_t cursor = 0, used, all, off, j;
	size_t i;

	while (okta_snap_next_group(snap, &cursor, &group) == OKTA_OK) {
		want[OKTA_SNAP_INDEX_GROUP_NAME] += group.kind != OKTA_SNAP_GROUP_LOGIN;
		want[OKTA_SNAP_INDEX_GID] += group.kind != OKTA_SNAP_GROUP_LOGIN;
		want[OKTA_SNAP_INDEX_OKTA_GROUP] += group.kind != OKTA_SNAP_GROUP_LOCAL;
	}
	for (i = 0; i < OKTA_SNAP_INDEX_COUNT; i++) {
		off = snap->index[i].off;
		all = (uint64_t)snap->index[i].buckets + snap->index[i].probe - 1;
		for (j = 0, used = 0; j < all; j++)
			used += used_slots(snap->base + off + j * OKTA_SNAP_BUCKET_BYTES);
		if (used != want[i])
			return damaged(err, "stray index entry", off);
	}
	return OKTA_OK;
}

enum okta_rc
okta_snap_verify(const struct okta_snap *snap, struct okta_err *err)
{
	enum okta_rc r;
	char *answer;

	if (okta_snap_sum64(snap->base + OKTA_SNAP_HEADER_BYTES,
		snap->len - OKTA_SNAP_HEADER_BYTES) != okta_le64(snap->base + 56))
		return damaged(err, "checksum of the whole", 56);
	if (!okta_text_is_printable(snap->org_url) ||
	    snap->org_url.p[snap->org_url.len] != '\0')
		return damaged(err, "org URL", okta_le64(snap->base + 224));
	answer = malloc(OKTA_SNAP_GROUP_ANSWER_MAX);
	if (answer == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "snapshot: out of memory");
	r = verify_users(snap, err);
	if (r == OKTA_OK)
		r = verify_names(snap, err);
	if (r == OKTA_OK)
		r = verify_groups(snap, answer, err);
	if (r == OKTA_OK)
		r = verify_slots(snap, err);
	free(answer);
	return r;
}
