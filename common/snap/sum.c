/* SPDX-License-Identifier: BSD-2-Clause */
#include "snap/sum.h"

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

uint64_t
okta_snap_hash_name(uint64_t seed, const char *name, size_t len)
{
	const unsigned char *p = (const unsigned char *)name;

	return len >= 8 && len <= OKTA_SNAP_NAME_MAX ? okta_snap_digest_name(seed, p, len)
						     : okta_snap_digest(seed, p, len);
}

uint64_t
okta_snap_hash_id(uint64_t seed, uint32_t id)
{
	return okta_snap_mix(
	    okta_snap_mix(seed ^ OKTA_SNAP_K0, OKTA_SNAP_K1) ^ id, OKTA_SNAP_K3);
}
