/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl.h"

int
ctl_sync(const struct ctl *ctl, int argc, char **argv)
{
	char program[] = "okta-sync", once[] = "--once", config[] = "--config",
	     state[] = "--state";
	char *args[8] = { program, once, config, NULL, state, NULL, NULL, NULL };
	char *const env[] = { NULL };
	char config_path[PATH_MAX], state_path[PATH_MAX];

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--accept-shrink") != 0))
		return ctl_usage("sync [--accept-shrink]");
	if (strlen(ctl->config) >= PATH_MAX || strlen(ctl->state) >= PATH_MAX)
		return ctl_usage("--config, --state: path is too long");
	memcpy(config_path, ctl->config, strlen(ctl->config) + 1);
	memcpy(state_path, ctl->state, strlen(ctl->state) + 1);
	args[3] = config_path;
	args[5] = state_path;
	if (argc == 2)
		args[6] = argv[1];
	(void)execve(OKTA_SBIN_DIR "/okta-sync", args, env);
	return ctl_fail(EX_UNAVAILABLE, "%s: %s: install okta-login",
	    OKTA_SBIN_DIR "/okta-sync", strerror(errno));
}
