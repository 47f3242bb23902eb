/* SPDX-License-Identifier: BSD-2-Clause */
/* User records and the ways to find them. */
#include "snap/record.h"
#include "snap/search.h"
#include "snap/sum.h"

#define HEAD OKTA_SNAP_USER_HEAD

/* The checksum of a record's covered bytes, nearly always of the same length. */
static inline uint32_t
front_sum(const unsigned char *p, size_t covered)
{
	if (covered == OKTA_SNAP_USER_COVERED)
		return okta_snap_sum32_inline(p + 4, OKTA_SNAP_USER_COVERED - 4);
	return okta_snap_sum32(p + 4, covered - 4);
}

/*
 * The front of the record at OFF: within the section, its checksum right, its texts
 * ended, its ids allowed.  The lines behind the first are on their way while that comes.
 */
static inline enum okta_rc
front_at(const struct okta_snap *snap, uint64_t off, struct okta_snap_passwd *ret)
{
	const unsigned char *p;
	const char *block;
	uint64_t left;
	size_t name_end, gecos_end, home_end, end, front, covered;
	uint32_t len;

	if (off % 8 != 0 || off < snap->users_off ||
	    off - snap->users_off >= snap->users_len)
		return OKTA_E_INPUT;
	left = snap->users_len - (off - snap->users_off);
	if (left < HEAD)
		return OKTA_E_INPUT;
	p = snap->base + off;
	__builtin_prefetch(p + 64);
	__builtin_prefetch(p + 128);
	len = okta_le32(p + 4);
	name_end = p[18];
	gecos_end = name_end + 3 + p[19];
	home_end = gecos_end + 1 + p[20];
	end = home_end + 1 + p[21];
	front = (size_t)okta_pad(HEAD + end + 1, 8);
	covered = okta_snap_covered(front, len);
	if (len > left || front > len || len % 8 != 0 ||
	    front_sum(p, covered) != okta_le32(p))
		return OKTA_E_INPUT;

	block = (const char *)p + HEAD;
	ret->name.p = block;
	ret->name.len = name_end;
	ret->gecos_at = (unsigned)name_end + 3;
	ret->home_at = (unsigned)gecos_end + 1;
	ret->shell_at = (unsigned)home_end + 1;
	ret->block_len = (unsigned)end + 1;
	if ((block[name_end] | block[name_end + 2] | block[gecos_end] | block[home_end] |
		block[end]) != '\0' ||
	    block[name_end + 1] != '*' || !okta_snap_name_is_valid(ret->name))
		return OKTA_E_INPUT;
	ret->uid = okta_le32(p + 8);
	ret->gid = okta_le32(p + 12);
	ret->flags = p[17];
	ret->off = off;
	ret->front_len = (uint32_t)front;
	ret->covered = (uint32_t)covered;
	ret->record_len = len;
	if (!okta_snap_id_in_range(snap, ret->uid) ||
	    (ret->flags & ~(unsigned)OKTA_SNAP_USER_PRIVATE_GROUP) != 0)
		return OKTA_E_INPUT;
	if (ret->gid == ret->uid)
		return OKTA_OK;
	return (ret->flags & OKTA_SNAP_USER_PRIVATE_GROUP) == 0 &&
		       (okta_snap_id_in_range(snap, ret->gid) ||
			   okta_snap_gid_is_allowed(snap, ret->gid))
		   ? OKTA_OK
		   : OKTA_E_INPUT;
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
	if (!okta_snap_take_text(
		p, pw->record_len, p[22], OKTA_SNAP_OKTA_ID_MAX, &at, &user->okta_id) ||
	    !okta_snap_take_text(
		p, pw->record_len, p[23], OKTA_SNAP_LOGIN_MAX, &at, &user->okta_login) ||
	    okta_pad(at, 8) != pw->record_len ||
	    !okta_snap_gids_are_allowed(snap, user->gids, user->n_gids))
		return OKTA_E_INPUT;
	return OKTA_OK;
}

/* The user of that name or, when NAME is NULL, of that uid. */
static inline enum okta_rc
find(const struct okta_snap *snap, struct okta_snap_search s,
    const struct okta_view *name, uint32_t uid, struct okta_snap_passwd *ret)
{
	uint64_t off;

	while ((off = okta_snap_search_next(&s)) != 0) {
		if (front_at(snap, off, ret) != OKTA_OK)
			return OKTA_E_INPUT;
		if (name != NULL ? okta_snap_same(ret->name, *name) : ret->uid == uid)
			return OKTA_OK;
	}
	return OKTA_E_NOTFOUND;
}

enum okta_rc
okta_snap_passwd_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_passwd *ret)
{
	uint64_t hash = okta_snap_hash_name(snap->seed, name.p, name.len);

	return find(snap, okta_snap_search_start(snap, OKTA_SNAP_INDEX_USER_NAME, hash),
	    &name, 0, ret);
}

enum okta_rc
okta_snap_passwd_by_uid(
    const struct okta_snap *snap, uint32_t uid, struct okta_snap_passwd *ret)
{
	uint64_t hash;

	if (!okta_snap_id_in_range(snap, uid))
		return OKTA_E_NOTFOUND;
	hash = okta_snap_hash_id(snap->seed, uid);
	return find(snap, okta_snap_search_start(snap, OKTA_SNAP_INDEX_UID, hash), NULL,
	    uid, ret);
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
	if (front_at(snap, off, ret) != OKTA_OK)
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
