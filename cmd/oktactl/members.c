/* SPDX-License-Identifier: BSD-2-Clause */
#include "members.h"

#include <stdlib.h>

enum okta_rc
ctl_members(const struct okta_snap_group *group, struct okta_view *ret)
{
	enum okta_rc r;
	char *names;

	names = malloc((size_t)group->members_len + 1);
	if (names == NULL)
		return OKTA_E_NOMEM;
	r = okta_snap_copy_members(group, names, NULL);
	if (r != OKTA_OK) {
		free(names);
		return r;
	}
	ret->p = names;
	ret->len = group->members_len;
	return OKTA_OK;
}

const char *
ctl_group_kind(const struct okta_snap_group *group)
{
	if (group->off == 0)
		return "private";
	switch (group->kind) {
	case OKTA_SNAP_GROUP_SERVED:
		return "served";
	case OKTA_SNAP_GROUP_LOCAL:
		return "local";
	case OKTA_SNAP_GROUP_LOGIN:
		return "login";
	default:
		return "unknown";
	}
}
