/* SPDX-License-Identifier: BSD-2-Clause */
#include "stale.h"

#include <string.h>
#include <sys/stat.h>

#include "snap/format.h"

uint64_t
sync_local_sum(void)
{
	static const char *const files[] = { "/etc/passwd", "/etc/group", "/etc/subuid",
		"/etc/subgid" };
	uint64_t parts[5][4];
	struct stat st;
	size_t i;

	memset(parts, 0, sizeof(parts));
	for (i = 0; i < 4; i++)
		if (stat(files[i], &st) == 0) {
			parts[i][0] = (uint64_t)st.st_ino;
			parts[i][1] = (uint64_t)st.st_size;
			parts[i][2] = (uint64_t)st.st_mtim.tv_sec;
			parts[i][3] = (uint64_t)st.st_mtim.tv_nsec;
		}
	parts[4][0] = okta_snap_sum64(OKTA_VERSION, sizeof(OKTA_VERSION) - 1);
	return okta_snap_sum64(parts, sizeof(parts));
}

bool
sync_is_stale(const struct sync_base_head *head, const struct okta_conf *conf,
    uint64_t local_sum, int64_t now_s)
{
	/* a clock that was set back makes it the future's: then too */
	return head->local_sum != local_sum || now_s < head->published_s ||
	       now_s - head->published_s > (int64_t)conf->snapshot_max_age_s / 4;
}
