/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/passwd.h - the lookups behind passwd(5), inline for the module that does
 * nothing else: what it does not use of the answer costs nothing.  Others call read.h's.
 * Floor 1: base only.
 *
 * MUST NOT: read beyond the front of a record, give or take 32 bytes (five indexes lie
 * behind the users, so those are always there), or go on a byte its sum does not cover.
 */
#ifndef OKTA_SNAP_PASSWD_H
#define OKTA_SNAP_PASSWD_H

#include "snap/chars.h"
#include "snap/front.h"
#include "snap/key.h"
#include "snap/record.h"
#include "snap/search.h"

/* The first checksum of the record at P, for any front that is no longer than its record
 * of LEN bytes. */
__attribute__((cold)) uint32_t okta_snap_unusual_front_sum(
    const struct okta_snap *snap, const unsigned char *p, size_t front, uint32_t len);

/* The front of FRONT bytes of a record of LEN is what its checksum says. */
static inline bool
okta_snap_front_is_sound(
    const struct okta_snap *snap, const unsigned char *p, size_t front, uint32_t len)
{
	if (front <= snap->usual_front && len >= OKTA_SNAP_USER_COVERED)
		return okta_snap_usual_front_sum(p) == okta_le32(p);
	return front <= len &&
	       okta_snap_unusual_front_sum(snap, p, front, len) == okta_le32(p);
}

/* The flags are known, and the gid is one that a user may have who is not in a group of
 * his own. */
__attribute__((cold)) bool okta_snap_gid_fits(
    const struct okta_snap *snap, unsigned flags, uint32_t gid);

/*
 * The front of the record at OFF: within the section, its checksum right, its texts
 * ended, its ids allowed.  OFF is a multiple of 8.  How far a processor looks ahead for
 * the next lookup's memory is counted in instructions: each one here costs far from it.
 */
__attribute__((always_inline)) static inline enum okta_rc
okta_snap_front_at(
    const struct okta_snap *snap, uint64_t off, struct okta_snap_passwd *ret)
{
	const unsigned char *p = snap->base + off;
	const char *block = (const char *)p + OKTA_SNAP_USER_HEAD;
	uint64_t at = off - snap->users_off;
	size_t gecos_end, home_end, end, front;
	uint32_t len;

	if (at >= snap->users_room)
		return OKTA_E_INPUT;
	len = okta_le32(p + 4);
	ret->name.p = block;
	ret->name.len = p[18];
	gecos_end = ret->name.len + 3 + p[19];
	home_end = gecos_end + 1 + p[20];
	end = home_end + 1 + p[21];
	front = (size_t)okta_pad(OKTA_SNAP_USER_HEAD + end + 1, 8);
	if (len > snap->users_len - at || !okta_snap_front_is_sound(snap, p, front, len))
		return OKTA_E_INPUT;

	ret->gecos_at = (unsigned)ret->name.len + 3;
	ret->home_at = (unsigned)gecos_end + 1;
	ret->shell_at = (unsigned)home_end + 1;
	ret->block_len = (unsigned)end + 1;
	ret->uid = okta_le32(p + 8);
	ret->gid = okta_le32(p + 12);
	ret->flags = p[17];
	ret->off = off;
	ret->front_len = (uint32_t)front;
	ret->covered = (uint32_t)okta_snap_covered(front, len);
	ret->record_len = len;
	/* the name's NUL, "*" and its NUL at once */
	if ((okta_le32((const unsigned char *)block + ret->name.len) & 0xffffff) !=
		'*' << 8 ||
	    (block[gecos_end] | block[home_end] | block[end]) != '\0' ||
	    !okta_snap_padded_name_is_valid(block, ret->name.len) ||
	    !okta_snap_id_in_range(snap, ret->uid) ||
	    (ret->flags & ~(unsigned)OKTA_SNAP_USER_PRIVATE_GROUP) != 0 ||
	    (ret->gid != ret->uid && !okta_snap_gid_fits(snap, ret->flags, ret->gid)))
		return OKTA_E_INPUT;
	return OKTA_OK;
}

/* okta_snap_passwd_by_name() */
static inline enum okta_rc
okta_snap_find_passwd_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_passwd *ret)
{
	struct okta_snap_words key;
	struct okta_snap_search s;
	uint64_t off;

	key = okta_snap_words_of((const unsigned char *)name.p, name.len);
	s = okta_snap_search_start(snap, OKTA_SNAP_INDEX_USER_NAME,
	    okta_snap_hash_words(snap->seed, &key, name.len));
	while ((off = okta_snap_search_next(&s)) != 0) {
		if (okta_snap_front_at(snap, off, ret) != OKTA_OK)
			return OKTA_E_INPUT;
		if (ret->name.len == name.len &&
		    okta_snap_words_are_at(
			&key, (const unsigned char *)ret->name.p, name.len))
			return OKTA_OK;
	}
	return OKTA_E_NOTFOUND;
}

/* okta_snap_passwd_by_uid() */
static inline enum okta_rc
okta_snap_find_passwd_by_uid(
    const struct okta_snap *snap, uint32_t uid, struct okta_snap_passwd *ret)
{
	struct okta_snap_search s;
	uint64_t off;

	if (!okta_snap_id_in_range(snap, uid))
		return OKTA_E_NOTFOUND;
	s = okta_snap_search_start(
	    snap, OKTA_SNAP_INDEX_UID, okta_snap_hash_id_with(snap->id_key, uid));
	while ((off = okta_snap_search_next(&s)) != 0) {
		if (okta_snap_front_at(snap, off, ret) != OKTA_OK)
			return OKTA_E_INPUT;
		if (ret->uid == uid)
			return OKTA_OK;
	}
	return OKTA_E_NOTFOUND;
}

#endif /* OKTA_SNAP_PASSWD_H */
