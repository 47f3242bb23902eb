/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of a group's members, out of the name table or all in a row. */
#include "snap/member.h"

#include <string.h>

#include "snap/le.h"

#define AHEAD 24 /* so many names are on their way from memory at once */

/* What is copied for any name: its two halves are one move each. */
#define PIECE (OKTA_SNAP_NAME_MAX / 2)

bool
okta_snap_resolve(const struct okta_snap_members *m, char *dst, char **ret_names)
{
	uint32_t i, ref;
	size_t left = m->len, len;
	const unsigned char *p;

	if (m->table_len < OKTA_SNAP_NAMES_PAD)
		return false;
	for (i = 0; i < m->n; i++) {
		if (i + AHEAD < m->n) {
			ref = okta_le32(m->list + (size_t)(i + AHEAD) * 4);
			if (ref < m->table_len)
				__builtin_prefetch(m->table + ref);
		}
		ref = okta_le32(m->list + (size_t)i * 4);
		if (ref > m->table_len - OKTA_SNAP_NAMES_PAD)
			return false;
		p = m->table + ref;
		len = p[0];
		if (len == 0 || len > OKTA_SNAP_NAME_MAX || len + 1 > left)
			return false;
		if (left >= OKTA_SNAP_NAME_MAX) {
			memcpy(dst, p + 1, PIECE);
			if (len > PIECE)
				memcpy(dst + PIECE, p + 1 + PIECE, PIECE);
		} else {
			memcpy(dst, p + 1, len);
		}
		dst[len] = '\0';
		if (ret_names != NULL)
			ret_names[i] = dst;
		dst += len + 1;
		left -= len + 1;
	}
	return left == 0;
}

bool
okta_snap_point_at(
    char *p, size_t len, const unsigned char *lengths, uint32_t n, char **ret_names)
{
	size_t at = 0, one;
	uint32_t i;

	for (i = 0; i < n; i++) {
		one = lengths[i];
		if (one - 2 >= OKTA_SNAP_NAME_MAX || one > len - at)
			return false;
		ret_names[i] = p + at;
		at += one;
		if (p[at - 1] != '\0')
			return false;
	}
	return at == len;
}

enum okta_rc
okta_snap_copy_members(const struct okta_snap_group *group, char *dst, char **ret_names)
{
	const struct okta_snap_members m = { group->list, group->n_members, group->names,
		group->names_len, group->members_len };

	if (group->n_members == 0)
		return OKTA_OK;
	if (group->listed == NULL) {
		if (!okta_snap_resolve(&m, dst, ret_names))
			return OKTA_E_INPUT;
	} else {
		memcpy(dst, group->listed, m.len);
		if (ret_names != NULL &&
		    !okta_snap_point_at(dst, m.len, group->lengths, m.n, ret_names))
			return OKTA_E_INPUT;
	}
	return okta_snap_sum32(dst, m.len) == group->members_sum ? OKTA_OK : OKTA_E_INPUT;
}
