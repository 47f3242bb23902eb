/* SPDX-License-Identifier: BSD-2-Clause */
#include "snap/chars.h"
#include "snap/read.h"

/* Fewer than 16 bytes as 16 that are no others, some twice. */
static inline okta_snap_lanes
load_short(const char *p, size_t len)
{
	uint64_t half[2];
	uint32_t quarter[4];
	okta_snap_lanes x;

	if (len >= 8) {
		memcpy(&half[0], p, 8);
		memcpy(&half[1], p + len - 8, 8);
		memcpy(&x, half, sizeof(x));
	} else if (len >= 4) {
		memcpy(&quarter[0], p, 4);
		memcpy(&quarter[1], p + len - 4, 4);
		quarter[2] = quarter[3] = quarter[0];
		memcpy(&x, quarter, sizeof(x));
	} else {
		memset(&x, p[0], sizeof(x));
		x[1] = p[len / 2];
		x[2] = p[len - 1];
	}
	return x;
}

bool
okta_snap_name_is_valid(struct okta_view name)
{
	okta_snap_lanes good;

	if (name.len == 0 || name.len > OKTA_SNAP_NAME_MAX ||
	    !okta_snap_may_begin_name(name.p[0]))
		return false;
	if (name.len < 16)
		good = okta_snap_name_lanes(load_short(name.p, name.len));
	else
		good = okta_snap_name_lanes(okta_snap_lanes_at(name.p)) &
		       okta_snap_name_lanes(okta_snap_lanes_at(name.p + name.len - 16));
	return okta_snap_lane_bits(good) == 0xffff;
}
