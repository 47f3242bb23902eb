/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/progress.h - how far an okta-sync is that is at work now. */
#ifndef OKTACTL_PROGRESS_H
#define OKTACTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "ctl.h"
#include "out.h"

struct ctl_progress {
	bool is_running;
	int64_t started_s, people, groups, memberships, per_second;
	int64_t lists_done, lists, left_s; /* left_s -1: not known */
	int64_t waiting_s;
	char waiting_for[128];
};

/* Out of the state directory.  A file that nobody renews is not running; neither is one
 * that cannot be read: a sync that is at work makes the next one within seconds. */
void ctl_progress_read(const struct ctl *ctl, int64_t now_s, struct ctl_progress *ret);

/* One line, only while one runs; a member "running", null while none does. */
void ctl_progress_show(const struct ctl_progress *progress, int64_t now_s);
void ctl_progress_json(const struct ctl_progress *progress, struct ctl_json *j);

#endif /* OKTACTL_PROGRESS_H */
