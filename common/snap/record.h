/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/record.h - what user records and group records have in common.
 * Floor 1: base only.  Private to common/snap.
 */
#ifndef OKTA_SNAP_RECORD_H
#define OKTA_SNAP_RECORD_H

#include <stdbool.h>
#include <string.h>

#include "snap/le.h"
#include "snap/read.h"

#define OKTA_SNAP_USER_HEAD  32
#define OKTA_SNAP_GROUP_HEAD 40
#define OKTA_SNAP_INDEXES_AT 144 /* in the header */

static inline bool
okta_snap_id_in_range(const struct okta_snap *snap, uint32_t id)
{
	return id >= snap->id_min && id <= snap->id_max;
}

static inline bool
okta_snap_same(struct okta_view a, struct okta_view b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

/* How much of a user record of LEN bytes the first checksum covers. */
static inline size_t
okta_snap_covered(size_t front, size_t len)
{
	size_t covered = front > OKTA_SNAP_USER_COVERED ? front : OKTA_SNAP_USER_COVERED;

	return covered < len ? covered : len;
}

/*
 * One text of LEN bytes and its NUL at *at of record P, which is RECORD_LEN long; *at
 * moves behind it.
 */
static inline bool
okta_snap_take_text(const unsigned char *p, uint32_t record_len, size_t len, size_t max,
    size_t *at, struct okta_view *ret)
{
	if (len > max || *at + len >= record_len || p[*at + len] != '\0')
		return false;
	ret->p = (const char *)p + *at;
	ret->len = len;
	*at += len + 1;
	return true;
}

/* A gid of ours, or that of a local group this very file says people of ours join. */
bool okta_snap_gid_is_allowed(const struct okta_snap *snap, uint32_t gid);

/* N of those, ascending. */
bool okta_snap_gids_are_allowed(
    const struct okta_snap *snap, const unsigned char *gids, uint32_t n);

#endif /* OKTA_SNAP_RECORD_H */
