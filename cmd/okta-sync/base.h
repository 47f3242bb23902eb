/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/base.h - the file sync-base: what Okta said last, whole and checked, so
 * that a change can be put on top of it.
 *
 * Root only: it holds what the snapshot leaves out.  No secret.  It may be deleted at any
 * time: the next run reads everything.  Little endian:
 *
 *   0    8  "OKTABASE"
 *   8    u64 sum of all that follows       16  u64 version
 *   24   u64 sum of the configuration that chose it
 *   32   u64 sum of the content, in whatever order
 *   40   u64 Okta's clock: what changed before it is in here
 *   48   u64 this host's clock: when everything was read last
 *   56   u64 this host's clock: when a snapshot of it was published
 *   64   u64 sum of the host's account files then
 *   72   u64 generation of that snapshot: on top of another nothing is built
 *   80   u64 people in that snapshot, groups, memberships
 *   104  u64 people, memberships: the brake's marks (marks.h)
 *   120  u64 this host's clock: when these were set
 *   128  u64 Okta's clock: what the log said before it is in here
 *   136  u64 n groups, users, strays (ids of members who are nobody in scope),
 *        memberships of users, of strays
 *   176  text link of the System Log ("" for none)
 *   then groups (text id, name), users (texts id, status, login, name, display name, uid,
 *   shell, u64 lastUpdated), strays (text id); of each user u32 how many groups, and the
 *   number of each as u32; of each membership of a stray u32 his number, u32 that of the
 *   group.
 *   A text is u16 length and its bytes, or 0xffff alone: the same as the text before it.
 *
 * Where no change can be put on what was read, the marks alone are kept: nobody is in it,
 * and the sum of the configuration is its complement, so that nothing is built on it.
 */
#ifndef OKTA_SYNC_BASE_H
#define OKTA_SYNC_BASE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"
#include "news.h"
#include "records.h"

struct sync_base_head {
	uint64_t conf_sum, content_sum, local_sum, generation;
	uint64_t people, groups, memberships, full_people, full_memberships;
	int64_t clock_s, full_s, published_s, marks_s, log_s;
	char link[SYNC_LINK_MAX + 1];
};

/*
 * The head alone, for a file made under CONF_SUM.  OKTA_OK; OKTA_E_NOTFOUND: there is
 * none that can be used.
 */
OKTA_MUST_CHECK enum okta_rc sync_base_look(
    const char *path, uint64_t conf_sum, struct sync_base_head *ret);

/*
 * Of whichever of the two there is: the marks in *HEAD, which stays as it is otherwise.
 * OKTA_OK, also where there is none that can be used; OKTA_E_SYS, _NOMEM: there may be.
 */
OKTA_MUST_CHECK enum okta_rc sync_base_look_marks(const char *path, uint64_t conf_sum,
    struct sync_base_head *head, struct okta_err *err);
/* Replace PATH by HEAD's marks alone. */
OKTA_MUST_CHECK enum okta_rc sync_base_write_marks(const char *path, uint64_t conf_sum,
    const struct sync_base_head *head, struct okta_err *err);

/* { 0 } is empty.  Views point into bytes; each of users may be one of records. */
struct sync_base {
	char *bytes;
	size_t len;
	struct sync_base_head head;
	struct sync_group *groups;
	struct okta_directory_user *users;
	struct okta_view *strays;
	const unsigned char *members, *stray_members;
	size_t n_groups, n_users, n_strays, n_members, n_stray_members;
};
void sync_base_clear(struct sync_base *base);
/* OKTA_OK; OKTA_E_NOTFOUND, _UNTRUSTED, _INPUT (damaged, or made under another
 * configuration), _NOMEM, _SYS. */
OKTA_MUST_CHECK enum okta_rc sync_base_load(
    const char *path, uint64_t conf_sum, struct sync_base *ret, struct okta_err *err);
/* Where a walk over all memberships is; { 0 } is before the first one. */
struct sync_base_walk {
	size_t at;	    /* in members */
	uint32_t user;	    /* + 1: of the one before */
	uint32_t left;	    /* of his */
	size_t strays_done; /* memberships */
};
/* The next one: the number of a user or, from n_users on, of a stray; and of a group.
 * Both are in range.  False: that was the last. */
bool sync_base_next_member(const struct sync_base *base, struct sync_base_walk *walk,
    uint32_t *ret_person, uint32_t *ret_group);

/* Replace PATH by RECORDS, finished and with its strays. */
OKTA_MUST_CHECK enum okta_rc sync_base_write(const char *path,
    const struct sync_base_head *head, const struct sync_records *records,
    struct okta_err *err);

/* What decides what is read and what is published of it, and so whether a base, and the
 * snapshot made with it, still fit: every such key must be in it. */
uint64_t sync_base_conf_sum(const struct okta_conf *conf);
/* People, groups and memberships of RECORDS, finished, whatever their order: equal
 * content, equal sum.  OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_base_content_sum(
    const struct sync_records *records, uint64_t *ret, struct okta_err *err);

#endif /* OKTA_SYNC_BASE_H */
