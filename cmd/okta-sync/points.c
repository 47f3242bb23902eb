/* SPDX-License-Identifier: BSD-2-Clause */
#include "points.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/directory.h"
#include "news.h"
#include "source.h"

#define KEY_BYTES (OKTA_DIRECTORY_ID_MAX + 1)

void
sync_points_clear(struct sync_points *points)
{
	size_t i;

	for (i = 0; i < points->lists.n; i++) {
		free((char *)(uintptr_t)points->lists.text[i]
			 .p); /* ours, put there below */
		free(points->link[i]);
	}
	free(points->link);
	sync_idmap_clear(&points->lists);
	*points = (struct sync_points){ 0 };
}

/* False for what no full synchronisation reads. */
static bool
make_key(uint64_t kind, struct okta_view id, char key[KEY_BYTES], struct okta_view *ret)
{
	if (kind > SYNC_LIST_MEMBERS || id.len > OKTA_DIRECTORY_ID_MAX ||
	    !okta_text_is_printable(id))
		return false;
	key[0] = (char)('a' + kind);
	if (id.len > 0)
		memcpy(key + 1, id.p, id.len);
	*ret = (struct okta_view){ key, id.len + 1 };
	return true;
}

static enum okta_rc
add(struct sync_points *points, struct okta_view key, char *link)
{
	char **more, *copy;
	enum okta_rc r;
	size_t max;

	if (points->lists.n == points->max) {
		max = points->max == 0 ? 64 : points->max * 2;
		more = reallocarray(points->link, max, sizeof(*more));
		if (more == NULL)
			return OKTA_E_NOMEM;
		points->link = more;
		points->max = max;
	}
	copy = okta_view_dup(key);
	if (copy == NULL)
		return OKTA_E_NOMEM;
	points->link[points->lists.n] = link;
	r = sync_idmap_add(&points->lists, (struct okta_view){ copy, key.len });
	if (r != OKTA_OK)
		free(copy);
	return r;
}

enum okta_rc
sync_points_put(
    struct sync_points *points, uint64_t kind, struct okta_view id, struct okta_view link)
{
	char bytes[KEY_BYTES], *copy;
	struct okta_view key;
	int64_t number;
	enum okta_rc r;

	if (!make_key(kind, id, bytes, &key) || link.len > SYNC_LINK_MAX ||
	    !okta_text_is_printable(link))
		return OKTA_E_INPUT;
	copy = okta_view_dup(link);
	if (copy == NULL)
		return OKTA_E_NOMEM;
	number = sync_idmap_find(&points->lists, key);
	if (number >= 0) {
		free(points->link[number]);
		points->link[number] = copy;
		return OKTA_OK;
	}
	r = add(points, key, copy);
	if (r != OKTA_OK)
		free(copy);
	return r;
}

const char *
sync_points_find(const struct sync_points *points, uint64_t kind, struct okta_view id)
{
	char bytes[KEY_BYTES];
	struct okta_view key;
	int64_t number;

	if (points->lists.n == 0 || !make_key(kind, id, bytes, &key))
		return NULL;
	number = sync_idmap_find(&points->lists, key);
	return number < 0 ? NULL : points->link[number];
}

void
sync_points_at(const struct sync_points *points, size_t i, uint64_t *ret_kind,
    struct okta_view *ret_id, struct okta_view *ret_link)
{
	const struct okta_view key = points->lists.text[i];

	*ret_kind = (uint64_t)(key.p[0] - 'a');
	*ret_id = (struct okta_view){ key.p + 1, key.len - 1 };
	*ret_link = okta_view_str(points->link[i]);
}
