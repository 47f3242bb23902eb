/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/chars.h - [a-z_][a-z0-9_.-]*, sixteen bytes at a time: every lookup asks.
 * Floor 1: libc only.  Private to common/snap.
 */
#ifndef OKTA_SNAP_CHARS_H
#define OKTA_SNAP_CHARS_H

#include <stdbool.h>

#include "snap/lanes.h"

/* -1 for each byte from FIRST to LAST: those and no others are above when LAST is 127. */
static inline okta_snap_lanes
okta_snap_lanes_from_to(okta_snap_lanes x, int first, int last)
{
	typedef uint8_t wrapping __attribute__((vector_size(16)));

	return (okta_snap_lanes)((wrapping)x + (uint8_t)(127 - last)) >
	       (int8_t)(127 - (last - first) - 1);
}

/* -1 for each byte that a name may begin with. */
static inline okta_snap_lanes
okta_snap_first_lanes(okta_snap_lanes x)
{
	return okta_snap_lanes_from_to(x, 'a', 'z') | (x == '_');
}

/* -1 for each of the others that may stand in a name. */
static inline okta_snap_lanes
okta_snap_other_lanes(okta_snap_lanes x)
{
	/* '-' '.' '/' '0'...'9' stand in a row, and '/' among them must not pass */
	return okta_snap_lanes_from_to(x, '-', '9') ^ (x == '/');
}

static inline okta_snap_lanes
okta_snap_name_lanes(okta_snap_lanes x)
{
	return okta_snap_first_lanes(x) | okta_snap_other_lanes(x);
}

static inline bool
okta_snap_may_begin_name(char c)
{
	return (unsigned char)(c - 'a') <= 'z' - 'a' || c == '_';
}

/* -1 for the first 16 bytes of a name that end LEFT bytes ahead, 0 from there on. */
static inline okta_snap_lanes
okta_snap_lanes_before(size_t left)
{
	static const int8_t edge[48] = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1 };

	return okta_snap_lanes_at(edge + 32 - left);
}

/* Of a name of LEN bytes at P, where 32 can be read.  Of the usual length nothing has to
 * be guessed. */
static inline bool
okta_snap_padded_name_is_valid(const char *p, size_t len)
{
	static const okta_snap_lanes not_first = { 0, -1, -1, -1, -1, -1, -1, -1, -1, -1,
		-1, -1, -1, -1, -1, -1 };
	const okta_snap_lanes x = okta_snap_lanes_at(p);
	okta_snap_lanes bad;

	if (len - 1 > 31)
		return false;
	bad = ~(okta_snap_first_lanes(x) | (okta_snap_other_lanes(x) & not_first)) &
	      okta_snap_lanes_before(len);
	if (len > 16)
		bad |= ~okta_snap_name_lanes(okta_snap_lanes_at(p + 16)) &
		       okta_snap_lanes_before(len - 16);
	return okta_snap_lane_bits(bad) == 0;
}

#endif /* OKTA_SNAP_CHARS_H */
