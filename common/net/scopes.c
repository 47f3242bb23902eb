/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/scopes.h"

#define LOGS " okta.logs.read"

const char *
okta_api_scopes(const struct okta_conf *conf, bool watch)
{
	switch (conf->scope) {
	case OKTA_SCOPE_APP:
		return watch ? "okta.apps.read okta.users.read okta.groups.read" LOGS
			     : "okta.apps.read okta.users.read okta.groups.read";
	case OKTA_SCOPE_ALL:
		return watch ? "okta.users.read okta.groups.read" LOGS
			     : "okta.users.read okta.groups.read";
	case OKTA_SCOPE_GROUPS:
	default:
		/* whose profile changed is a question about users */
		return watch ? "okta.users.read okta.groups.read" LOGS
			     : "okta.groups.read";
	}
}
