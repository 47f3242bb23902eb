/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/lanes.h - sixteen bytes at a time, and which of them.
 * Floor 1: libc only.  Private to common/snap.
 */
#ifndef OKTA_SNAP_LANES_H
#define OKTA_SNAP_LANES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef int8_t okta_snap_lanes __attribute__((vector_size(16)));

static inline okta_snap_lanes
okta_snap_lanes_at(const void *p)
{
	okta_snap_lanes x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/* The bits of eight bytes that are each 0 or -1, the first byte's lowest. */
static inline unsigned
okta_snap_bits_of_8(const void *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	/* each bit is moved to one of its own in the highest byte */
	return (unsigned)((le64toh(x) & UINT64_C(0x0101010101010101)) *
			      UINT64_C(0x0102040810204080) >>
			  56);
}

/* One bit for each byte, which are all 0 or -1. */
static inline unsigned
okta_snap_lane_bits_plain(okta_snap_lanes x)
{
	int8_t bytes[16];

	memcpy(bytes, &x, sizeof(bytes));
	return okta_snap_bits_of_8(bytes) | okta_snap_bits_of_8(bytes + 8) << 8;
}

static inline unsigned
okta_snap_lane_bits(okta_snap_lanes x)
{
#ifdef __SSE2__
	return (unsigned)_mm_movemask_epi8((__m128i)x);
#else
	return okta_snap_lane_bits_plain(x);
#endif
}

#endif /* OKTA_SNAP_LANES_H */
