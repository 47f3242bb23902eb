/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include "base/paths.h"

const struct po_host po_host_system = {
	.config_file = OKTA_CONF_FILE,
	.snapshot_file = OKTA_SNAPSHOT_PATH,
	.passwd_file = "/etc/passwd",
	.group_file = "/etc/group",
	.run_dir = OKTA_RUN_DIR,
	.helper = OKTA_HELPER_PATH,
	.helper_user = OKTA_SYSTEM_USER,
	.owner = 0,
	.clock = &okta_clock_system,
};
