/* SPDX-License-Identifier: BSD-2-Clause */
#include "seen.h"

#include <stdlib.h>

void
sync_seen_clear(struct sync_seen *seen)
{
	free(seen->last);
	free(seen->next);
	*seen = (struct sync_seen){ 0 };
}

static int
by_object(const void *a, const void *b)
{
	const struct sync_seen_item *x = a, *y = b;

	if (x->object != y->object)
		return x->object < y->object ? -1 : 1;
	return x->content < y->content ? -1 : x->content > y->content;
}

enum okta_rc
sync_seen_add(struct sync_seen *seen, uint64_t object, uint64_t content, bool *ret_known)
{
	const struct sync_seen_item item = { object, content };
	struct sync_seen_item *more;
	size_t max;

	if (seen->n_next == seen->max_next) {
		max = seen->max_next == 0 ? 64 : seen->max_next * 2;
		more = reallocarray(seen->next, max, sizeof(*more));
		if (more == NULL)
			return OKTA_E_NOMEM;
		seen->next = more;
		seen->max_next = max;
	}
	seen->next[seen->n_next++] = item;
	*ret_known = seen->n_last > 0 && bsearch(&item, seen->last, seen->n_last,
					     sizeof(item), by_object) != NULL;
	return OKTA_OK;
}

/* Items of one object become equal: LAST stays in order. */
static void
renew(struct sync_seen_item *item, size_t n, uint64_t object, uint64_t content)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (item[i].object == object)
			item[i].content = content;
}

void
sync_seen_newer(struct sync_seen *seen, uint64_t object, uint64_t content)
{
	renew(seen->last, seen->n_last, object, content);
	renew(seen->next, seen->n_next, object, content);
}

void
sync_seen_turn(struct sync_seen *seen)
{
	free(seen->last);
	if (seen->n_next > 0)
		qsort(seen->next, seen->n_next, sizeof(*seen->next), by_object);
	seen->last = seen->next;
	seen->n_last = seen->n_next;
	seen->next = NULL;
	seen->n_next = seen->max_next = 0;
}
