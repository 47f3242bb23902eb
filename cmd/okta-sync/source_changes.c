/* SPDX-License-Identifier: BSD-2-Clause */
#include "source_changes.h"

#include <stdio.h>

/* Blanks and quotes of Okta's expressions, percent-encoded. */
#define SINCE "%%20gt%%20%%22%s%%22"

void
sync_describe_change(const struct sync_list *list, const char *users_path, char *path,
    size_t size, struct okta_listing *ret)
{
	ret->may_be_gone = true;
	switch (list->kind) {
	case SYNC_LIST_CHANGED_USERS:
		(void)snprintf(
		    path, size, "%s&search=lastUpdated" SINCE, users_path, list->since);
		ret->bucket = OKTA_API_USERS;
		ret->may_be_gone = false;
		return;
	case SYNC_LIST_CHANGED_GROUPS:
		(void)snprintf(path, size,
		    "/api/v1/groups?limit=200&filter=lastUpdated" SINCE
		    "%%20or%%20lastMembershipUpdated" SINCE,
		    list->since, list->since);
		ret->bucket = OKTA_API_GROUPS;
		ret->may_be_gone = false;
		return;
	case SYNC_LIST_USER:
		(void)snprintf(path, size, "/api/v1/users/%s", list->id);
		ret->bucket = OKTA_API_USER;
		return;
	case SYNC_LIST_GROUP:
		(void)snprintf(path, size, "/api/v1/groups/%s", list->id);
		ret->bucket = OKTA_API_GROUP;
		return;
	case SYNC_LIST_GROUPS_OF:
		(void)snprintf(path, size, "/api/v1/users/%s/groups?limit=200", list->id);
		ret->bucket = OKTA_API_USER;
		return;
	case SYNC_LIST_APP_USER:
		(void)snprintf(path, size, "/api/v1/apps/%s/users/%s?expand=user",
		    list->app, list->id);
		ret->bucket = OKTA_API_APPS;
		return;
	case SYNC_LIST_LOG:
		(void)snprintf(
		    path, size, "/api/v1/logs?limit=1000&since=%s", list->since);
		ret->start = list->id;
		ret->bucket = OKTA_API_LOGS;
		ret->polling = true;
		ret->may_be_gone = false;
		return;
	case SYNC_LIST_USERS:
	case SYNC_LIST_GROUPS:
	case SYNC_LIST_APP:
	case SYNC_LIST_MEMBERS:
	default:
		/* never reached; an address Okta does not know is an error, not a list */
		(void)snprintf(path, size, "/api/v1/none");
		ret->may_be_gone = false;
	}
}
