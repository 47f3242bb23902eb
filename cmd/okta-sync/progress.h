/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/progress.h - what a person sees while a sync runs: one line that changes
 * on a terminal, one line a minute elsewhere, and a file for who looks from outside.
 */
#ifndef OKTA_SYNC_PROGRESS_H
#define OKTA_SYNC_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/view.h"

struct sync_counts {
	size_t users, groups, members;
};

struct sync_progress {
	/* set by the caller after init: where the same is written for `oktactl status`;
	 * NULL: nowhere */
	const char *path;
	int fd;
	bool is_tty, shown;
	int64_t started_ms, last_ms, wait_until_ms;
	char why[128]; /* what it waits for; printable */
	size_t lists_done, lists;
	int64_t left_until_ms; /* at Okta's limit; 0: not known */
	int64_t filed_ms;
	size_t filed; /* records, as the file has it */
	bool is_filed;
};

void sync_progress_init(struct sync_progress *p, int fd, int64_t now_ms);
/* Okta makes us wait. */
void sync_progress_wait(
    struct sync_progress *p, struct okta_view why, int64_t ms, int64_t now_ms);
/* How many of Okta's lists are read, and how long it takes at least; -1: not known. */
void sync_progress_pace(struct sync_progress *p, size_t lists_done, size_t lists,
    int64_t left_s, int64_t now_ms);
/* Call as often as you like. */
void sync_progress_show(
    struct sync_progress *p, const struct sync_counts *counts, int64_t now_ms);
/* Removes the line from a terminal, so that what follows begins on a clean one, and the
 * file. */
void sync_progress_end(struct sync_progress *p);

#endif /* OKTA_SYNC_PROGRESS_H */
