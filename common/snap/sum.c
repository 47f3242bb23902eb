/* SPDX-License-Identifier: BSD-2-Clause */
#include "snap/front.h"
#include "snap/key.h"

#define W(i)  OKTA_SNAP_WEIGHT(i)
#define W8(i) W(i), W(i + 1), W(i + 2), W(i + 3), W(i + 4), W(i + 5), W(i + 6), W(i + 7)
const int16_t okta_snap_weights[OKTA_SNAP_USER_COVERED / 2] = { W8(0), W8(8), W8(16),
	W8(24), W8(32), W8(40), W8(48), W8(56) };

uint64_t
okta_snap_sum64(const void *p, size_t len)
{
	return okta_snap_digest(OKTA_SNAP_K2, p, len);
}

uint32_t
okta_snap_sum32(const void *p, size_t len)
{
	return okta_snap_sum32_inline(p, len);
}

uint32_t
okta_snap_header_sum(const unsigned char header[OKTA_SNAP_HEADER_BYTES])
{
	/* the version too: a flipped bit does not make one of another */
	return okta_snap_sum32_inline(header + 24, OKTA_SNAP_HEADER_BYTES - 24) ^
	       okta_le32(header + 8);
}

uint32_t
okta_snap_front_sum(const unsigned char *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len / 2; i++)
		sum += (uint32_t)((int16_t)okta_le16(p + 2 * i) *
				  OKTA_SNAP_WEIGHT((int)i));
	return sum;
}

uint64_t
okta_snap_hash_name(uint64_t seed, const char *name, size_t len)
{
	const unsigned char *p = (const unsigned char *)name;
	struct okta_snap_words words;

	if (len > OKTA_SNAP_NAME_MAX)
		return okta_snap_digest(seed, p, len);
	words = okta_snap_words_of(p, len);
	return okta_snap_hash_words(seed, &words, len);
}

uint64_t
okta_snap_hash_id(uint64_t seed, uint32_t id)
{
	return okta_snap_hash_id_with(okta_snap_id_key(seed), id);
}
