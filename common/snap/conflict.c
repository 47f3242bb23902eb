/* SPDX-License-Identifier: BSD-2-Clause */
/* What must be there once only and has no index of its own. */
#include "snap/layout.h"

#include "base/text.h"

static struct okta_view
okta_id_of(const struct okta_snapw_layout *l, bool users, size_t i)
{
	const struct okta_snapw_draft_user *user;
	struct okta_view v;

	if (!users)
		return okta_snapw_group_okta_id(&l->w->groups[i]);
	user = &l->w->users[i];
	v.p = user->texts + user->len[0] + 3 + user->len[1] + 1 + user->len[2] + 1 +
	      user->len[3] + 1;
	v.len = user->len[4];
	return v;
}

/* One Okta id twice is one person, or one group, twice. */
enum okta_rc
okta_snapw_check_okta_ids(struct okta_snapw_layout *l, bool users, struct okta_err *err)
{
	size_t i, j, n = users ? l->w->n_users : l->w->n_groups;
	struct okta_view a, b;
	char shown[OKTA_SNAP_OKTA_ID_MAX + 1];

	for (i = 0; i < n; i++) {
		a = okta_id_of(l, users, i);
		l->keys[i] = okta_snap_hash_name(0, a.p, a.len) >> 32 << 32 | i;
	}
	okta_snapw_sort(l->keys, l->spare, n);
	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n && l->keys[j] >> 32 == l->keys[i] >> 32; j++) {
			a = okta_id_of(l, users, l->keys[i] & UINT32_MAX);
			b = okta_id_of(l, users, l->keys[j] & UINT32_MAX);
			if (a.len == 0 ||
			    !okta_view_eq(a, b)) /* local groups have none */
				continue;
			okta_text_sanitize(shown, sizeof(shown), a);
			return okta_err_set(err, OKTA_E_CONFLICT,
			    "snapshot: two %s have the Okta id \"%s\"",
			    users ? "users" : "groups", shown);
		}
	}
	return OKTA_OK;
}

/* A private group is found through its user, so it clashes with a group record unseen. */
enum okta_rc
okta_snapw_check_private_groups(const struct okta_snap *snap, struct okta_err *err)
{
	struct okta_snap_group group;
	struct okta_snap_passwd user;
	uint64_t cursor = 0;
	enum okta_rc r;

	while ((r = okta_snap_next_group(snap, &cursor, &group)) == OKTA_OK) {
		if (group.kind == OKTA_SNAP_GROUP_LOGIN)
			continue;
		if ((okta_snap_passwd_by_name(snap, group.name, &user) == OKTA_OK &&
			(user.flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0) ||
		    (okta_snap_passwd_by_uid(snap, group.gid, &user) == OKTA_OK &&
			(user.flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0))
			return okta_err_set(err, OKTA_E_CONFLICT,
			    "snapshot: group \"%s\" has the name or gid of the private "
			    "group of "
			    "user \"%s\"",
			    group.name.p, user.name.p);
	}
	if (r != OKTA_E_NOTFOUND)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "snapshot: cannot be read back");
	return OKTA_OK;
}
