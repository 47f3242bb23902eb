/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/alloc.h"

/* FNV-1a, then a finaliser: Okta ids differ mostly in a few middle characters. */
static uint64_t
hash(struct okta_view v)
{
	uint64_t h = UINT64_C(14695981039346656037);
	size_t i;

	for (i = 0; i < v.len; i++)
		h = (h ^ (unsigned char)v.p[i]) * UINT64_C(1099511628211);
	h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

uint32_t
okta_alloc_home(struct okta_view okta_id, uint32_t id_min, uint32_t id_max)
{
	uint64_t span = (uint64_t)id_max - id_min + 1;

	return id_min + (uint32_t)(((hash(okta_id) >> 32) * span) >> 32);
}

enum okta_rc
okta_alloc_find(struct okta_view okta_id, uint32_t id_min, uint32_t id_max,
    enum okta_rc (*is_taken)(void *ctx, uint32_t id, bool *ret), void *ctx,
    uint32_t *ret_id)
{
	enum okta_rc r;
	uint32_t home, id;
	bool taken;

	if (id_min > id_max)
		return OKTA_E_NOTFOUND;
	home = id = okta_alloc_home(okta_id, id_min, id_max);
	do {
		taken = true;
		r = is_taken(ctx, id, &taken);
		if (r != OKTA_OK)
			return r;
		if (!taken) {
			*ret_id = id;
			return OKTA_OK;
		}
		id = id == id_max ? id_min : id + 1;
	} while (id != home);
	return OKTA_E_NOTFOUND;
}
