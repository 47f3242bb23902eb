/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/records.h - what the fetcher handed over, checked, in memory. */
#ifndef OKTA_SYNC_RECORDS_H
#define OKTA_SYNC_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/frame.h"
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

/*
 * { 0 } is empty.  People and members may be added in any order: lists that Okta counts
 * separately are read at the same time.
 */
struct sync_records {
	/* After sync_records_finish(): */
	struct okta_directory_user *users; /* texts live in the arena, some are shared */
	size_t n_users, max_users;
	struct sync_idmap user_ids; /* numbers are indexes of users */
	struct sync_group *groups;
	size_t n_groups, max_groups;
	struct sync_idmap group_ids;
	struct sync_member *members; /* of people in scope, sorted by user, each once */
	size_t n_members, max_members;
	/* With keep_strays, members who are no people in scope; unsorted, maybe twice. */
	bool keep_strays;
	struct sync_idmap stray_ids;
	struct sync_member *strays; /* .user is a number of stray_ids */
	size_t n_strays, max_strays;

	/* For records of other kinds than a full sync has; NULL: there must be none. */
	enum okta_rc (*other)(void *ctx, uint64_t kind, struct okta_frame_reader *r);
	void *other_ctx;
	/* Gets each frame behind its records, but the last one and those that only tell
	 * people how far it is.  NULL: nobody wants it. */
	void (*frame)(void *ctx, struct okta_view frame);
	void *frame_ctx;
	size_t seen_users, seen_groups, seen_members; /* records that came, for END */
	size_t seen_any;			      /* all but WAIT and PACE */
	/* Before sync_records_finish(): */
	struct sync_idmap ids; /* of people and members; members[].user is its number */
	uint32_t *user_of;     /* by that number: index + 1 of users, 0: none */
	size_t n_user_of, max_user_of;
	struct sync_chunk *arena;
	size_t arena_used;
};

void sync_records_clear(struct sync_records *records);

/*
 * Each checks what it is given and copies it.  The newer of two users with one id counts,
 * the later if Okta does not say which one that is; a group that comes twice keeps both
 * numbers.  OKTA_E_INPUT, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_records_add_user(
    struct sync_records *records, const struct okta_directory_user *user);
OKTA_MUST_CHECK enum okta_rc sync_records_add_group(
    struct sync_records *records, struct okta_view id, struct okta_view name);
/* GROUP is a number. */
OKTA_MUST_CHECK enum okta_rc sync_records_add_member(
    struct sync_records *records, uint64_t group, struct okta_view user_id);
/* Once, after the last of them; nothing may be added afterwards.  OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_records_finish(struct sync_records *records);

/* True if USER may be one of them: an id, and no text longer than it may be. */
bool sync_records_is_user(const struct okta_directory_user *user);

/* USER is what KNOWN, the same person, was before: Okta's search index lags. */
bool sync_records_is_older(
    const struct okta_directory_user *user, const struct okta_directory_user *known);

/* For whoever puts finished records together (assemble.h): user_ids out of users
 * (OKTA_E_CONFLICT: two have one id), one more of strays, the order of members.  Each
 * OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_records_know_users(struct sync_records *records);
OKTA_MUST_CHECK enum okta_rc sync_records_add_stray(
    struct sync_records *records, struct sync_member stray);
OKTA_MUST_CHECK enum okta_rc sync_records_sort_members(struct sync_records *records);

/* Take the records of a frame that was handed over before.  OKTA_OK; OKTA_E_INPUT: also
 * for an end; OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_records_again(
    struct sync_records *records, struct okta_view frame);
/* That was all of them: END counts what comes from now on. */
void sync_records_count_anew(struct sync_records *records);

/*
 * Read everything from FD until END, and finish.  OKTA_OK; the fetcher's own failure as
 * it says it; OKTA_E_UNAVAIL (it ended too early), OKTA_E_TIMEOUT (nothing came for too
 * long), OKTA_E_INPUT (it talks nonsense), OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_records_read(struct sync_records *records, int fd,
    const struct okta_clock *clock, struct sync_progress *progress, struct okta_err *err);

#endif /* OKTA_SYNC_RECORDS_H */
