/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/snap_seal.h - a snapshot as bytes: where its records are, and every checksum
 * made right again, as a forger would.
 */
#ifndef FUZZ_SNAP_SEAL_H
#define FUZZ_SNAP_SEAL_H

#include "../unit/snap_fixture.h"

/* Where record I of the section whose offset is at AT begins; 0: there is none. */
static size_t
raw_record(const uint8_t *p, size_t size, size_t at, unsigned i, size_t *ret_len)
{
	size_t off = size >= OKTA_SNAP_HEADER_BYTES ? (size_t)okta_le64(p + at) : size;
	size_t len;

	for (;; i--, off += len) {
		if (off < OKTA_SNAP_HEADER_BYTES || off >= size || size - off < 48)
			return 0;
		len = okta_le32(p + off + 4);
		if (len < 48 || len > size - off)
			len = 48;
		if (i == 0)
			break;
	}
	*ret_len = len;
	return off;
}

#define USERS_AT  88
#define GROUPS_AT 104

/* The group's members as they would be answered, for their sum. */
static void
seal_members(uint8_t *p, size_t size, uint8_t *group)
{
	static uint8_t names[65536];
	size_t table = (size_t)(okta_le64(p + 120) + okta_le64(p + 128)), len = 0, at, i;
	uint64_t list = okta_le64(group + 16), n = okta_le32(group + 12);

	if (n == 0 || list > size || n > (size - list) / 4)
		return;
	if ((group[38] & OKTA_SNAP_GROUP_NAMES_LISTED) != 0) {
		at = list + okta_pad(n * 4, 8) + n;
		len = okta_le32(group + 24);
		if (at <= size && len <= size - at)
			okta_le32_put(group + 28, okta_snap_sum32(p + at, len));
		return;
	}
	for (i = 0; i < n; i++) {
		at = table + okta_le32(p + list + i * 4);
		if (at >= size || p[at] > 32 || p[at] > size - at - 1 ||
		    len + 34 > sizeof(names))
			return;
		memcpy(names + len, p + at + 1, p[at]);
		len += p[at];
		names[len++] = '\0';
	}
	okta_le32_put(group + 24, (uint32_t)len);
	okta_le32_put(group + 28, okta_snap_sum32(names, len));
}

static void
seal_user(const uint8_t *p, uint8_t *r, size_t len)
{
	size_t front = okta_pad(32 + (size_t)r[18] + r[19] + r[20] + r[21] + 6, 8);
	size_t covered = front > OKTA_SNAP_USER_COVERED ? front : OKTA_SNAP_USER_COVERED;

	if (covered > len)
		covered = len;
	okta_le32_put(r + 28, okta_snap_sum32(r + covered, len - covered));
	okta_le32_put(r, okta_le32(p + 8) == OKTA_SNAP_VERSION
			     ? okta_snap_front_sum(r, covered)
			     : okta_snap_sum32(r + 4, covered - 4));
}

static void
seal(uint8_t *p, size_t size, bool members)
{
	size_t off, len;
	unsigned i;

	for (i = 0; (off = raw_record(p, size, USERS_AT, i, &len)) != 0; i++) {
		if (off >= okta_le64(p + GROUPS_AT))
			break;
		seal_user(p, p + off, len);
	}
	for (i = 0; (off = raw_record(p, size, GROUPS_AT, i, &len)) != 0; i++) {
		if (off >= okta_le64(p + 120))
			break;
		if (members)
			seal_members(p, size, p + off);
		okta_le32_put(p + off, okta_snap_sum32(p + off + 4, len - 4));
	}
	memcpy(p, OKTA_SNAP_MAGIC, 8);
	okta_le64_put(p + 24, size);
	fx_seal_body(p, size);
}

#endif /* FUZZ_SNAP_SEAL_H */
