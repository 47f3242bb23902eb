/* SPDX-License-Identifier: BSD-2-Clause */
/* [a-z_][a-z0-9_.-]{0,31}, sixteen bytes at a time: every lookup asks. */
#include "snap/read.h"

#include <string.h>

/* Signed, so that a byte from 0x80 on is below every other. */
typedef int8_t bytes16 __attribute__((vector_size(16)));

static inline bool
are_name_bytes(bytes16 x)
{
	/* '-' '.' '/' '0'...'9' stand in a row; '/' must not pass */
	bytes16 good = ((x > 'a' - 1) & (x < 'z' + 1)) |
		       (((x > '-' - 1) & (x < '9' + 1)) & ~(x == '/')) | (x == '_');
	uint64_t half[2];

	memcpy(half, &good, sizeof(half));
	return (half[0] & half[1]) == UINT64_MAX;
}

/* Fewer than 16 bytes as 16 that are no others, some twice. */
static inline bytes16
load_short(const char *p, size_t len)
{
	uint64_t half[2];
	uint32_t quarter[4];
	bytes16 x;

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
	bytes16 first, last;

	if (name.len == 0 || name.len > OKTA_SNAP_NAME_MAX ||
	    ((name.p[0] < 'a' || name.p[0] > 'z') && name.p[0] != '_'))
		return false;
	if (name.len < 16)
		return are_name_bytes(load_short(name.p, name.len));
	memcpy(&first, name.p, sizeof(first));
	memcpy(&last, name.p + name.len - sizeof(last), sizeof(last));
	return are_name_bytes(first) && are_name_bytes(last);
}
