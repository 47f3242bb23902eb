/* SPDX-License-Identifier: BSD-2-Clause */
/* The fetch setup leaves to okta-sync. */
#include <stdio.h>

#include "run.h"
#include "setup.h"

#define LIMIT_S 3600 /* a big org under a small rate limit takes its time */

int
setup_run_sync(const char *config, const char *state)
{
	char program[] = OKTA_SBIN_DIR "/okta-sync", once[] = "--once",
	     config_is[] = "--config", state_is[] = "--state";
	char config_path[PATH_MAX], state_path[PATH_MAX];
	char *const argv[] = { program, once, config_is, config_path, state_is,
		state_path, NULL };

	if (snprintf(config_path, sizeof(config_path), "%s", config) >=
		(int)sizeof(config_path) ||
	    snprintf(state_path, sizeof(state_path), "%s", state) >=
		(int)sizeof(state_path))
		return -1;
	return ctl_run(argv, NULL, LIMIT_S);
}
