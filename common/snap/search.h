/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/search.h - walk the index slots that may hold one hash.
 * Floor 1: base only.  Private to common/snap.
 *
 * MUST NOT: look beyond the longest probe the header allows, so never beyond the index,
 * whose bounds okta_snap_open_bytes() has checked.
 */
#ifndef OKTA_SNAP_SEARCH_H
#define OKTA_SNAP_SEARCH_H

#include "snap/lanes.h"
#include "snap/le.h"
#include "snap/read.h"

#define OKTA_SNAP_BUCKET_OFFS (OKTA_SNAP_BUCKET_SLOTS * 4)

struct okta_snap_search {
	const unsigned char *bucket;
	uint32_t left; /* buckets, this one too */
	uint32_t tag;
	unsigned hits; /* slots of this bucket with the tag, not yet given out */
};

/*
 * All slots are compared: which one it is cannot be guessed, so a branch would cost more.
 * Bit 2 * i for slot i.
 */
static inline unsigned
okta_snap_bucket_hits(const unsigned char *bucket, uint32_t tag)
{
#ifdef __SSE2__
	const __m128i want = _mm_set1_epi32((int)tag);
	__m128i a = (__m128i)okta_snap_lanes_at(bucket),
		b = (__m128i)okta_snap_lanes_at(bucket + 16);

	a = _mm_packs_epi32(_mm_cmpeq_epi32(a, want), _mm_cmpeq_epi32(b, want));
	return (unsigned)_mm_movemask_epi8(a) & 0x5555;
#else
	unsigned hits = 0, i;

	for (i = 0; i < OKTA_SNAP_BUCKET_SLOTS; i++)
		hits |= (unsigned)(okta_le32(bucket + (size_t)i * 4) == tag) << 2 * i;
	return hits;
#endif
}

static inline struct okta_snap_search
okta_snap_search_start(
    const struct okta_snap *snap, enum okta_snap_index index, uint64_t hash)
{
	struct okta_snap_search s;
	uint64_t home;

	s.tag = (uint32_t)(hash >> 32);
	s.left = snap->index[index].probe;
	home = (uint64_t)s.tag * snap->index[index].buckets >> 32;
	s.bucket = snap->base + snap->index[index].off + home * OKTA_SNAP_BUCKET_BYTES;
	s.hits = okta_snap_bucket_hits(s.bucket, s.tag);
	return s;
}

/* Offset of the next record whose key may be the one looked for; 0 when there is none. */
static inline uint64_t
okta_snap_search_next(struct okta_snap_search *s)
{
	const unsigned char *last;
	uint32_t off;

	for (;;) {
		while (s->hits != 0) {
			off = okta_le32(s->bucket + OKTA_SNAP_BUCKET_OFFS +
					(size_t)(unsigned)__builtin_ctz(s->hits) * 2);
			s->hits &= s->hits - 1;
			if (off != 0)
				return (uint64_t)off * 8;
		}
		last = s->bucket + (OKTA_SNAP_BUCKET_SLOTS - 1) * 4;
		if (okta_le32(last + OKTA_SNAP_BUCKET_OFFS) == 0 ||
		    okta_le32(last) > s->tag || --s->left == 0)
			return 0;
		s->bucket += OKTA_SNAP_BUCKET_BYTES;
		s->hits = okta_snap_bucket_hits(s->bucket, s->tag);
	}
}

#endif /* OKTA_SNAP_SEARCH_H */
