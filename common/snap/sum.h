/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/sum.h - what format.h's sums and hashes are made of; inline, so that where
 * a length is known, nothing is left of the loop.  They detect damage, not forgery.
 * Floor 1: base only.  Private to common/snap.
 */
#ifndef OKTA_SNAP_SUM_H
#define OKTA_SNAP_SUM_H

#include <stddef.h>
#include <stdint.h>

#include "snap/format.h"
#include "snap/le.h"

/* Odd constants with about half their bits set; any such would do. */
#define OKTA_SNAP_K0 UINT64_C(0x9ae16a3b2f90404f)
#define OKTA_SNAP_K1 UINT64_C(0xc2b2ae3d27d4eb4f)
#define OKTA_SNAP_K2 UINT64_C(0xd6e8feb86659fd93)
#define OKTA_SNAP_K3 UINT64_C(0xa24baed4963ee407)

/* A sum of 128-bit products. */
struct okta_snap_acc {
	uint64_t low, high;
};

static inline void
okta_snap_add_product(struct okta_snap_acc *acc, uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 sum = (unsigned __int128)acc->high << 64 | acc->low;

	sum += (unsigned __int128)a * b;
	acc->low = (uint64_t)sum;
	acc->high = (uint64_t)(sum >> 64);
#else
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t low = al * bl, mid1 = ah * bl + (low >> 32),
		 mid2 = al * bh + (uint32_t)mid1;

	low = mid2 << 32 | (uint32_t)low;
	acc->low += low;
	acc->high += ah * bh + (mid1 >> 32) + (mid2 >> 32) + (acc->low < low);
#endif
}

/* Both halves of the product, so that every input bit reaches every output bit. */
static inline uint64_t
okta_snap_mix(uint64_t a, uint64_t b)
{
	struct okta_snap_acc acc = { 0, 0 };

	okta_snap_add_product(&acc, a, b);
	return acc.low ^ acc.high;
}

/* At most 16 bytes as two words; they may overlap, the length is mixed in elsewhere. */
static inline void
okta_snap_load_short(const unsigned char *p, size_t len, uint64_t *ret_a, uint64_t *ret_b)
{
	if (len >= 8) {
		*ret_a = okta_le64(p);
		*ret_b = okta_le64(p + len - 8);
	} else if (len >= 4) {
		*ret_a = okta_le32(p);
		*ret_b = okta_le32(p + len - 4);
	} else if (len > 0) {
		*ret_a = (uint64_t)p[0] | (uint64_t)p[len / 2] << 8;
		*ret_b = p[len - 1];
	} else {
		*ret_a = 0;
		*ret_b = 0;
	}
}

static inline uint64_t
okta_snap_finish(struct okta_snap_acc acc, uint64_t s)
{
	return okta_snap_mix(acc.low ^ s, acc.high ^ OKTA_SNAP_K3);
}

/*
 * Every 16 bytes are multiplied with a key of their place and summed up, so that no
 * multiplication waits for the one before.  The last words overlap those before them
 * instead of taking a path of their own for each length.
 */
static inline uint64_t
okta_snap_digest(uint64_t seed, const unsigned char *p, size_t len)
{
	uint64_t a, b, s = seed ^ (uint64_t)len * OKTA_SNAP_K1, key = s;
	struct okta_snap_acc acc = { 0, 0 };

	if (len <= 16) {
		okta_snap_load_short(p, len, &a, &b);
		okta_snap_add_product(&acc, a ^ OKTA_SNAP_K2, b ^ s);
		return okta_snap_finish(acc, s);
	}
#pragma GCC unroll 4
	for (; len > 32; p += 32, len -= 32, key += OKTA_SNAP_K1) {
		okta_snap_add_product(
		    &acc, okta_le64(p) ^ OKTA_SNAP_K2, okta_le64(p + 8) ^ key);
		okta_snap_add_product(&acc, okta_le64(p + 16) ^ OKTA_SNAP_K0,
		    okta_le64(p + 24) ^ key ^ OKTA_SNAP_K3);
	}
	if (len > 16)
		okta_snap_add_product(
		    &acc, okta_le64(p) ^ OKTA_SNAP_K2, okta_le64(p + 8) ^ key);
	p += len;
	okta_snap_add_product(&acc, okta_le64(p - 16) ^ OKTA_SNAP_K0,
	    okta_le64(p - 8) ^ key ^ OKTA_SNAP_K3);
	return okta_snap_finish(acc, s);
}

static inline uint32_t
okta_snap_fold(uint64_t sum)
{
	return (uint32_t)(sum ^ sum >> 32);
}

/* okta_snap_sum32() */
static inline uint32_t
okta_snap_sum32_inline(const unsigned char *p, size_t len)
{
	return okta_snap_fold(okta_snap_digest(OKTA_SNAP_K1, p, len));
}

/* What of okta_snap_hash_id() is the same for all ids of a file. */
static inline uint64_t
okta_snap_id_key(uint64_t seed)
{
	return okta_snap_mix(seed ^ OKTA_SNAP_K0, OKTA_SNAP_K1);
}

/* okta_snap_hash_id() with that KEY. */
static inline uint64_t
okta_snap_hash_id_with(uint64_t key, uint32_t id)
{
	return okta_snap_mix(key ^ id, OKTA_SNAP_K3);
}

#endif /* OKTA_SNAP_SUM_H */
