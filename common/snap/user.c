/* SPDX-License-Identifier: BSD-2-Clause */
/* User records and the ways to find them. */
#include "snap/passwd.h"

uint32_t
okta_snap_unusual_front_sum(
    const struct okta_snap *snap, const unsigned char *p, size_t front, uint32_t len)
{
	size_t covered = okta_snap_covered(front, len);

	return snap->version == OKTA_SNAP_VERSION ? okta_snap_front_sum(p, covered)
						  : okta_snap_sum32(p + 4, covered - 4);
}

bool
okta_snap_gid_fits(const struct okta_snap *snap, unsigned flags, uint32_t gid)
{
	return (flags & OKTA_SNAP_USER_PRIVATE_GROUP) == 0 &&
	       (okta_snap_id_in_range(snap, gid) || okta_snap_gid_is_allowed(snap, gid));
}

/* What lies behind the front: status, lists and the texts only we ask for. */
static enum okta_rc
complete(const struct okta_snap *snap, const struct okta_snap_passwd *pw,
    struct okta_snap_user *user)
{
	const unsigned char *p = snap->base + pw->off;
	const char *block = pw->name.p;
	size_t at;
	unsigned status = p[16];

	if (okta_snap_sum32(p + pw->covered, pw->record_len - pw->covered) !=
		okta_le32(p + 28) ||
	    status == OKTA_STATUS_NONE || status >= OKTA_STATUS_COUNT)
		return OKTA_E_INPUT;
	user->uid = pw->uid;
	user->gid = pw->gid;
	user->status = (enum okta_snap_status)status;
	user->flags = pw->flags;
	user->off = pw->off;
	user->name = pw->name;
	user->gecos = (struct okta_view){ block + pw->gecos_at,
		pw->home_at - pw->gecos_at - 1 };
	user->home = (struct okta_view){ block + pw->home_at,
		pw->shell_at - pw->home_at - 1 };
	user->shell = (struct okta_view){ block + pw->shell_at,
		pw->block_len - pw->shell_at - 1 };
	user->n_gids = okta_le16(p + 24);
	user->n_refs = okta_le16(p + 26);
	user->gids = p + pw->front_len;
	user->refs = user->gids + (size_t)user->n_gids * 4;
	at = pw->front_len + ((size_t)user->n_gids + user->n_refs) * 4;
	/* padded to 16, or as in version 3 to 8 */
	if (!okta_snap_take_text(
		p, pw->record_len, p[22], OKTA_SNAP_OKTA_ID_MAX, &at, &user->okta_id) ||
	    !okta_snap_take_text(
		p, pw->record_len, p[23], OKTA_SNAP_LOGIN_MAX, &at, &user->okta_login) ||
	    (okta_pad(at, 16) != pw->record_len && okta_pad(at, 8) != pw->record_len) ||
	    !okta_snap_gids_are_allowed(snap, user->gids, user->n_gids))
		return OKTA_E_INPUT;
	return OKTA_OK;
}

enum okta_rc
okta_snap_passwd_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_passwd *ret)
{
	return okta_snap_find_passwd_by_name(snap, name, ret);
}

enum okta_rc
okta_snap_passwd_by_uid(
    const struct okta_snap *snap, uint32_t uid, struct okta_snap_passwd *ret)
{
	return okta_snap_find_passwd_by_uid(snap, uid, ret);
}

/* All of the user found with R; *ret is written only on OKTA_OK. */
static enum okta_rc
whole_user(const struct okta_snap *snap, enum okta_rc r,
    const struct okta_snap_passwd *pw, struct okta_snap_user *ret)
{
	struct okta_snap_user user;

	if (r != OKTA_OK)
		return r;
	r = complete(snap, pw, &user);
	if (r == OKTA_OK)
		*ret = user;
	return r;
}

enum okta_rc
okta_snap_user_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_user *ret)
{
	struct okta_snap_passwd pw;
	enum okta_rc r;

	if (name.len > OKTA_SNAP_NAME_MAX)
		return OKTA_E_NOTFOUND;
	r = okta_snap_passwd_by_name(snap, name, &pw);
	return whole_user(snap, r, &pw, ret);
}

enum okta_rc
okta_snap_user_by_uid(
    const struct okta_snap *snap, uint32_t uid, struct okta_snap_user *ret)
{
	struct okta_snap_passwd pw;
	enum okta_rc r = okta_snap_passwd_by_uid(snap, uid, &pw);

	return whole_user(snap, r, &pw, ret);
}

enum okta_rc
okta_snap_next_passwd(
    const struct okta_snap *snap, uint64_t *cursor, struct okta_snap_passwd *ret)
{
	uint64_t off = *cursor == 0 ? snap->users_off : *cursor;

	if (off == snap->users_off + snap->users_len)
		return OKTA_E_NOTFOUND;
	if (okta_snap_front_at(snap, off, ret) != OKTA_OK || ret->record_len % 8 != 0)
		return OKTA_E_INPUT;
	*cursor = off + ret->record_len;
	return OKTA_OK;
}

enum okta_rc
okta_snap_next_user(
    const struct okta_snap *snap, uint64_t *cursor, struct okta_snap_user *ret)
{
	struct okta_snap_passwd pw;
	uint64_t next = *cursor;
	enum okta_rc r = okta_snap_next_passwd(snap, &next, &pw);

	r = whole_user(snap, r, &pw, ret);
	if (r == OKTA_OK)
		*cursor = next;
	return r;
}

uint32_t
okta_snap_gid(const struct okta_snap_user *user, uint32_t i)
{
	return i < user->n_gids ? okta_le32(user->gids + (size_t)i * 4) : UINT32_MAX;
}

uint64_t
okta_snap_ref(const struct okta_snap_user *user, uint32_t i)
{
	return i < user->n_refs ? (uint64_t)okta_le32(user->refs + (size_t)i * 4) * 8 : 0;
}
