/* SPDX-License-Identifier: BSD-2-Clause */
#include "grouplist.h"

#include <stdlib.h>

#include "base/text.h"

void
sync_grouplist_clear(struct sync_grouplist *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		free(list->group[i].id);
		free(list->group[i].name);
	}
	free(list->group);
	*list = (struct sync_grouplist){ 0 };
}

enum okta_rc
sync_grouplist_add(
    struct sync_grouplist *list, struct okta_view id, struct okta_view name)
{
	struct sync_listed_group g = { .number = list->n }, *more;
	size_t max;

	if (list->n == list->max) {
		max = list->max == 0 ? 64 : list->max * 2;
		more = reallocarray(list->group, max, sizeof(*more));
		if (more == NULL)
			return OKTA_E_NOMEM;
		list->group = more;
		list->max = max;
	}
	g.id = okta_view_dup(id);
	g.name = okta_view_dup(name);
	if (g.id == NULL || g.name == NULL) {
		free(g.id);
		free(g.name);
		return OKTA_E_NOMEM;
	}
	list->group[list->n++] = g;
	return OKTA_OK;
}

struct okta_group_in
sync_listed_group_in(const struct sync_listed_group *group)
{
	return (
	    struct okta_group_in){ okta_view_str(group->id), okta_view_str(group->name) };
}

bool
sync_listed_group_is_wanted(
    const struct okta_conf *conf, const struct sync_listed_group *group)
{
	const struct okta_group_in in = sync_listed_group_in(group);
	struct okta_group_rule rule = { .wanted = false };
	/* a refusal is reported by the writer, which asks again */
	enum okta_rc r = okta_group_apply(conf, &in, &rule, NULL);

	return (r == OKTA_OK || r == OKTA_E_REFUSED) && rule.wanted;
}

bool
sync_listed_group_may_go(
    const struct okta_conf *conf, const struct sync_listed_group *group)
{
	const struct okta_group_in in = sync_listed_group_in(group);
	size_t i;

	for (i = 0; i < conf->deny_groups.n; i++)
		if (okta_group_is(okta_view_str(conf->deny_groups.item[i]), &in))
			return false;
	return !group->in_scope;
}
