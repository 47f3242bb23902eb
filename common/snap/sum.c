/* SPDX-License-Identifier: BSD-2-Clause */
#include "snap/format.h"
#include "snap/le.h"

/* Odd constants with about half their bits set; any such would do. */
#define K0 UINT64_C(0x9ae16a3b2f90404f)
#define K1 UINT64_C(0xc2b2ae3d27d4eb4f)
#define K2 UINT64_C(0xd6e8feb86659fd93)
#define K3 UINT64_C(0xa24baed4963ee407)

/* Both halves of the 128-bit product, so that every input bit reaches every output bit.
 */
static inline uint64_t
mix(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t low = al * bl, mid1 = ah * bl + (low >> 32),
		 mid2 = al * bh + (uint32_t)mid1;

	return (mid2 << 32 | (uint32_t)low) ^ (ah * bh + (mid1 >> 32) + (mid2 >> 32));
#endif
}

/* Fewer than 16 bytes as two words; they may overlap, the length is mixed in elsewhere.
 */
static inline void
load_tail(const unsigned char *p, size_t len, uint64_t *ret_a, uint64_t *ret_b)
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

/* Two lanes of 16 bytes a step: the multiplications of one hide the latency of the other.
 */
static uint64_t
digest(uint64_t seed, const unsigned char *p, size_t len)
{
	uint64_t a, b, h = seed ^ mix((uint64_t)len ^ K0, K1);
	uint64_t g = h ^ K3;

	if (len >= 32) {
		do {
			h = mix(okta_le64(p) ^ K1, okta_le64(p + 8) ^ h);
			g = mix(okta_le64(p + 16) ^ K2, okta_le64(p + 24) ^ g);
			p += 32;
			len -= 32;
		} while (len >= 32);
		h ^= g << 1 | g >> 63;
	}
	if (len >= 16) {
		h = mix(okta_le64(p) ^ K1, okta_le64(p + 8) ^ h);
		p += 16;
		len -= 16;
	}
	load_tail(p, len, &a, &b);
	h = mix(a ^ K2, b ^ h);
	return mix(h ^ K0, K3);
}

uint64_t
okta_snap_sum64(const void *p, size_t len)
{
	return digest(K2, p, len);
}

uint32_t
okta_snap_sum32(const void *p, size_t len)
{
	uint64_t sum = digest(K1, p, len);

	return (uint32_t)(sum ^ sum >> 32);
}

uint64_t
okta_snap_hash_name(uint64_t seed, const char *name, size_t len)
{
	return digest(seed, (const unsigned char *)name, len);
}

uint64_t
okta_snap_hash_id(uint64_t seed, uint32_t id)
{
	return mix(mix(seed ^ K0, K1) ^ id, K3);
}
