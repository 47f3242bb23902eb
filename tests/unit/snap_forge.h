/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/snap_forge.h - a sound snapshot, and a copy of it to forge. */
#ifndef SNAP_FORGE_H
#define SNAP_FORGE_H

#include "snap_fixture.h"

struct fixture {
	unsigned char *p; /* pristine */
	size_t len;
	struct okta_snap snap;
	unsigned char *q; /* a copy to damage */
};

static inline int
forge_setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	fx->p = fx_bytes(&fx->len);
	fx->q = fx_copy(fx->p, fx->len);
	assert_int_equal(okta_snap_open_bytes(fx->p, fx->len, &fx->snap), OKTA_OK);
	*state = fx;
	return 0;
}

static inline int
forge_teardown(void **state)
{
	struct fixture *fx = *state;

	okta_snap_close(&fx->snap);
	free(fx->p);
	free(fx->q);
	free(fx);
	return 0;
}

#define assert_view(v, s)                                                                \
	do {                                                                             \
		assert_int_equal((v).len, strlen(s));                                    \
		assert_memory_equal((v).p, (s), strlen(s) + 1); /* and a NUL */          \
	} while (0)

static inline size_t
index_bytes(const struct okta_snap *snap, size_t i)
{
	return ((size_t)snap->index[i].buckets + snap->index[i].probe - 1) *
	       OKTA_SNAP_BUCKET_BYTES;
}

struct mutation {
	const char *what;
	uint32_t at, width;
	uint64_t value;
};

static inline void
put(unsigned char *p, uint32_t width, uint64_t value)
{
	if (width == 8)
		okta_le64_put(p, value);
	else if (width == 4)
		okta_le32_put(p, (uint32_t)value);
	else if (width == 2)
		okta_le16_put(p, (uint16_t)value);
	else
		*p = (unsigned char)value;
}

/* N users u0... without groups but for GROUP, in memory the caller frees. */
static inline unsigned char *
many_users(unsigned n, const char *first_name, const struct okta_snapw_group *group,
    size_t *ret_len)
{
	struct okta_snapw *w = fx_new(42);
	struct okta_snapw_user user = fx_user(FX_CY);
	char name[32], id[32];
	uint32_t number;
	unsigned i;

	if (group != NULL)
		assert_int_equal(okta_snapw_add_group(w, group, &number, NULL), OKTA_OK);
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "u%u", i);
		(void)snprintf(id, sizeof(id), "00u%u", i);
		user.name = i == 0 ? V(first_name) : V(name);
		user.okta_id = V(id);
		user.uid = user.gid = ID_MIN + i;
		assert_int_equal(okta_snapw_add_user(w, &user, NULL), OKTA_OK);
	}
	return fx_finish(w, ret_len);
}

#endif /* SNAP_FORGE_H */
