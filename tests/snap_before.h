/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/snap_before.h - a snapshot as okta-sync of the format before today's wrote it. */
#ifndef TESTS_SNAP_BEFORE_H
#define TESTS_SNAP_BEFORE_H

#include "snap/le.h"
#include "snap/read.h"
#include "snap/record.h"

/* The file at P is changed in place. */
static inline void
snap_make_version_before(unsigned char *p)
{
	size_t off, len, front, covered;

	for (off = OKTA_SNAP_HEADER_BYTES; off < okta_le64(p + 104); off += len) {
		len = okta_le32(p + off + 4);
		front = OKTA_SNAP_USER_HEAD + (size_t)p[off + 18] + p[off + 19] +
			p[off + 20] + p[off + 21] + 6;
		covered = okta_snap_covered((size_t)okta_pad(front, 8), len);
		okta_le32_put(p + off, okta_snap_sum32(p + off + 4, covered - 4));
	}
	len = (size_t)okta_le64(p + 24);
	okta_le32_put(p + 8, OKTA_SNAP_VERSION_BEFORE);
	okta_le64_put(p + 56,
	    okta_snap_sum64(p + OKTA_SNAP_HEADER_BYTES, len - OKTA_SNAP_HEADER_BYTES));
	okta_le32_put(p + 16, okta_snap_header_sum(p));
}

#endif /* TESTS_SNAP_BEFORE_H */
