/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/key.h - a name as a few words, to hash and to compare.
 * Floor 1: base only.  Private to common/snap.
 */
#ifndef OKTA_SNAP_KEY_H
#define OKTA_SNAP_KEY_H

#include <stdbool.h>

#include "snap/sum.h"

/* All bytes of a name of up to 32, some twice; two of one length are equal when these
 * are.
 */
struct okta_snap_words {
	uint64_t w[4];
};

/* LEN is at most OKTA_SNAP_NAME_MAX.  From 8 on nothing has to be guessed about it. */
static inline struct okta_snap_words
okta_snap_words_of(const unsigned char *p, size_t len)
{
	struct okta_snap_words words = { { 0, 0, 0, 0 } };
	size_t last = len - 8;

	if (len < 8) {
		okta_snap_load_short(p, len, &words.w[0], &words.w[1]);
		return words;
	}
	words.w[0] = okta_le64(p);
	words.w[1] = okta_le64(p + (last < 8 ? last : 8));
	words.w[2] = okta_le64(p + (last < 8 ? 0 : last - 8));
	words.w[3] = okta_le64(p + last);
	return words;
}

/* The LEN bytes at P are those WORDS were made of, which were as many. */
static inline bool
okta_snap_words_are_at(
    const struct okta_snap_words *words, const unsigned char *p, size_t len)
{
	const struct okta_snap_words at = okta_snap_words_of(p, len);
	uint64_t other = (at.w[0] ^ words->w[0]) | (at.w[1] ^ words->w[1]);

	if (len > 16) /* otherwise these are the same ones again */
		other |= (at.w[2] ^ words->w[2]) | (at.w[3] ^ words->w[3]);
	return other == 0;
}

/* okta_snap_hash_name() of such a name. */
static inline uint64_t
okta_snap_hash_words(uint64_t seed, const struct okta_snap_words *words, size_t len)
{
	uint64_t s = seed ^ (uint64_t)len * OKTA_SNAP_K1;
	struct okta_snap_acc acc = { 0, 0 };

	okta_snap_add_product(&acc, words->w[0] ^ OKTA_SNAP_K2, words->w[1] ^ s);
	if (len >= 8)
		okta_snap_add_product(
		    &acc, words->w[2] ^ OKTA_SNAP_K0, words->w[3] ^ s ^ OKTA_SNAP_K3);
	return okta_snap_finish(acc, s);
}

#endif /* OKTA_SNAP_KEY_H */
