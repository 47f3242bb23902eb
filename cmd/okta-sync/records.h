/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/records.h - what the fetcher handed over, checked, in memory. */
#ifndef OKTA_SYNC_RECORDS_H
#define OKTA_SYNC_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/view.h"
#include "idmap.h"
#include "net/directory.h"
#include "progress.h"

struct sync_group {
	struct okta_view id, name;
};

struct sync_member {
	uint32_t user, group; /* numbers */
};

struct sync_records {
	struct okta_directory_user *users; /* texts live in the arena */
	size_t n_users, max_users;
	struct sync_idmap user_ids; /* numbers are indexes of users */
	struct sync_group *groups;
	size_t n_groups, max_groups;
	struct sync_idmap group_ids;
	struct sync_member *members; /* of people in scope, sorted by user, each once */
	size_t n_members, max_members;
	size_t seen_users, seen_groups, seen_members; /* records that came, for END */
	struct sync_chunk *arena;
	size_t arena_used;
};

void sync_records_clear(struct sync_records *records);

/*
 * Read everything from FD until END.  OKTA_OK; the fetcher's own failure as it says it;
 * OKTA_E_UNAVAIL (it ended too early), OKTA_E_TIMEOUT (nothing came for too long),
 * OKTA_E_INPUT (it talks nonsense), OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_records_read(struct sync_records *records, int fd,
    const struct okta_clock *clock, struct sync_progress *progress, struct okta_err *err);

#endif /* OKTA_SYNC_RECORDS_H */
