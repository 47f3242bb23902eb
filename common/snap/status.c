/* SPDX-License-Identifier: BSD-2-Clause */
/* Okta's words for a user's status. */
#include <string.h>

#include "snap/read.h"

static const char *const status_names[OKTA_STATUS_COUNT] = {
	[OKTA_STATUS_NONE] = "",
	[OKTA_STATUS_ACTIVE] = "ACTIVE",
	[OKTA_STATUS_RECOVERY] = "RECOVERY",
	[OKTA_STATUS_PASSWORD_EXPIRED] = "PASSWORD_EXPIRED",
	[OKTA_STATUS_LOCKED_OUT] = "LOCKED_OUT",
	[OKTA_STATUS_SUSPENDED] = "SUSPENDED",
	[OKTA_STATUS_PROVISIONED] = "PROVISIONED",
	[OKTA_STATUS_STAGED] = "STAGED",
	[OKTA_STATUS_DEPROVISIONED] = "DEPROVISIONED",
};

const char *
okta_snap_status_name(enum okta_snap_status status)
{
	return (unsigned)status < OKTA_STATUS_COUNT ? status_names[status] : "";
}

enum okta_snap_status
okta_snap_status_parse(struct okta_view v)
{
	unsigned i;

	for (i = OKTA_STATUS_NONE + 1; i < OKTA_STATUS_COUNT; i++)
		if (strlen(status_names[i]) == v.len &&
		    memcmp(status_names[i], v.p, v.len) == 0)
			return (enum okta_snap_status)i;
	return OKTA_STATUS_NONE;
}
