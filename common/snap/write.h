/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/write.h - build a snapshot and put it in place of the old one.
 * Floor 1: base only.
 */
#ifndef OKTA_SNAP_WRITE_H
#define OKTA_SNAP_WRITE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/view.h"
#include "snap/format.h"

struct okta_snapw;

struct okta_snapw_head {
	struct okta_view org_url;
	uint64_t generation;
	int64_t published_s, source_s;
	uint64_t seed;
	uint32_t id_min, id_max;
};

/* Views are copied before the call returns. */
struct okta_snapw_group {
	enum okta_snap_group_kind kind;
	uint32_t gid;			     /* 0 for LOGIN */
	struct okta_view name;		     /* empty for LOGIN */
	struct okta_view okta_id, okta_name; /* empty for LOCAL */
	const uint32_t *joins; /* gids of LOCAL groups, which must be added too */
	size_t n_joins;
};

struct okta_snapw_user {
	uint32_t uid, gid;
	enum okta_snap_status status;
	unsigned flags;
	struct okta_view name, gecos, home, shell, okta_id, okta_login;
	const uint32_t
	    *groups; /* numbers returned by okta_snapw_add_group(), any order */
	size_t n_groups;
};

OKTA_MUST_CHECK enum okta_rc okta_snapw_new(
    const struct okta_snapw_head *head, struct okta_snapw **ret, struct okta_err *err);
void okta_snapw_free(struct okta_snapw **w);

/*
 * Every text is checked against format.h's maxima and for NUL, ':' and control bytes; ids
 * against the head's range (LOCAL gids against > 0).  OKTA_OK, OKTA_E_INPUT,
 * OKTA_E_NOMEM. *ret_number names the group in okta_snapw_user.groups.  Add all groups
 * before any user.
 */
OKTA_MUST_CHECK enum okta_rc okta_snapw_add_group(struct okta_snapw *w,
    const struct okta_snapw_group *group, uint32_t *ret_number, struct okta_err *err);

/*
 * The writer works out the gid list (own gids of SERVED groups, gids of joined LOCAL
 * groups), the references to LOGIN groups and the member lists of SERVED and LOCAL
 * groups.
 */
OKTA_MUST_CHECK enum okta_rc okta_snapw_add_user(
    struct okta_snapw *w, const struct okta_snapw_user *user, struct okta_err *err);

/*
 * Lay the file out in memory.  Two users or two groups with one name or id are
 * OKTA_E_CONFLICT: the caller decides who is left out, never this code.  The bytes stay
 * w's and are valid until it is freed.  Deterministic: the same input in any order gives
 * the same bytes.
 */
OKTA_MUST_CHECK enum okta_rc okta_snapw_finish(
    struct okta_snapw *w, struct okta_view *ret_bytes, struct okta_err *err);

/*
 * Check BYTES with okta_snap_verify(), write them to a temporary file beside PATH (mode
 * 0644), fsync, read it back byte by byte and through okta_snap_open(), rename over PATH,
 * fsync the directory, then set the superseded word of the file that was there. Temporary
 * files of writers that died are removed on the way.  On failure PATH is untouched and no
 * temporary file stays; only when the last fsync fails, which the message says, is the
 * new file in place already.  OKTA_OK, OKTA_E_SYS or OKTA_E_INPUT.
 */
OKTA_MUST_CHECK enum okta_rc okta_snapw_publish(
    const char *path, uid_t owner, struct okta_view bytes, struct okta_err *err);

/* Names of groups that were written without their member list, one after the other, each
 * followed by a NUL; valid after finish, until w is freed. */
struct okta_view okta_snapw_omitted(const struct okta_snapw *w);

#endif /* OKTA_SNAP_WRITE_H */
