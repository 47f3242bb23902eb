/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/front.h - the checksum of what a lookup reads of a user: a weighted sum of
 * 16-bit words, since that is what processors do most of at a time.
 * Floor 1: base only.  Private to common/snap.
 *
 * Weights are odd and all of another size, so that no change of one word and no two
 * flipped bits leave the sum as it was; of other damage about one in 2^32 may.
 */
#ifndef OKTA_SNAP_FRONT_H
#define OKTA_SNAP_FRONT_H

#include "snap/format.h"
#include "snap/lanes.h"
#include "snap/le.h"

/* Of word I, for I below 8192; the first two are the checksum itself. */
#define OKTA_SNAP_WEIGHT(i) ((i) < 2 ? 0 : 16385 + 2 * ((i)*5003 % 8192))

/* Those of the usual front.  Not constants to the compiler, which would take each into a
 * register first. */
extern const int16_t okta_snap_weights[OKTA_SNAP_USER_COVERED / 2]
    __attribute__((aligned(16), visibility("hidden")));

/* okta_snap_front_sum() of OKTA_SNAP_USER_COVERED bytes. */
static inline uint32_t
okta_snap_usual_front_sum(const unsigned char *p)
{
#ifdef __SSE2__
	const __m128i *weights = (const __m128i *)(const void *)okta_snap_weights;
	__m128i sum = _mm_setzero_si128(), odd = sum, a, b;
	size_t i;

	/* two sums, so that no addition waits for the one before */
#pragma GCC unroll 4
	for (i = 0; i < OKTA_SNAP_USER_COVERED; i += 32) {
		a = (__m128i)okta_snap_lanes_at(p + i);
		b = (__m128i)okta_snap_lanes_at(p + i + 16);
		a = _mm_madd_epi16(a, weights[i / 16]);
		b = _mm_madd_epi16(b, weights[i / 16 + 1]);
		sum = _mm_add_epi32(sum, a);
		odd = _mm_add_epi32(odd, b);
	}
	sum = _mm_add_epi32(sum, odd);
	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
	sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
	return (uint32_t)_mm_cvtsi128_si32(sum);
#else
	return okta_snap_front_sum(p, OKTA_SNAP_USER_COVERED);
#endif
}

#endif /* OKTA_SNAP_FRONT_H */
