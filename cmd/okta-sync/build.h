/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/build.h - from what Okta says to a snapshot: the rules of DESIGN 5 in one
 * place each.
 *
 *   groups.c   which groups are served, under which name, joining which local groups
 *   people.c   who is served, under which name
 *   ids.c      uids and gids from the registry
 *   build.c    the order of it all, and the writer
 *
 * MUST: refuse both of two that claim one name or id; let the local files win; report
 * every refusal by name and reason.
 */
#ifndef OKTA_SYNC_BUILD_H
#define OKTA_SYNC_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "host/local.h"
#include "model/conf.h"
#include "model/groups.h"
#include "records.h"
#include "registry/registry.h"
#include "report.h"
#include "snap/write.h"

/* Of a million people at once: what can be worked out again is not kept. */
struct sync_person {
	bool served;
	char name[OKTA_NAME_BYTES];
	uint32_t uid;
	uint32_t status; /* enum okta_snap_status */
	char *home_name; /* what %u stands for in the home; NULL: the name itself */
};

struct sync_unix_group {
	bool is_double;	   /* the same group came twice; the first counts */
	bool is_ambiguous; /* another group has the same Okta name */
	bool is_denied;	   /* [login] deny_groups names it by its name */
	size_t place;	   /* of its record: its own, or of one that is denied with it */
	struct okta_group_rule rule;
	uint32_t gid;
	uint32_t joins[16]; /* gids of local groups that exist */
	size_t n_joins;
	uint32_t number; /* in the snapshot; UINT32_MAX: not in it */
};

struct sync_build {
	const struct okta_conf *conf;
	const struct sync_records *records;
	const struct okta_local *local;
	struct okta_registry *registry;
	struct sync_report *report;
	struct sync_person *people; /* as many as records->users */
	size_t n_people;
	struct sync_unix_group *groups; /* as many as records->groups */
	uint32_t primary_gid;		/* 0: a private group each */
	struct okta_snapw *writer;
	size_t n_users, n_groups, n_members; /* in the snapshot */
};

/* Each sets what it decides and reports what it refuses.  Failures: OKTA_E_NOMEM,
 * OKTA_E_CONFIG and what the registry says. */
OKTA_MUST_CHECK enum okta_rc sync_decide_groups(
    struct sync_build *b, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc sync_decide_people(
    struct sync_build *b, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc sync_assign_ids(struct sync_build *b, struct okta_err *err);

/*
 * Fill B (whose first five members are set) up to the writer, which holds everything but
 * the end; the caller's registry transaction is open.  Clear in any case.
 */
OKTA_MUST_CHECK enum okta_rc sync_build_run(
    struct sync_build *b, const struct okta_snapw_head *head, struct okta_err *err);
void sync_build_clear(struct sync_build *b);

/* Person I is not served, and the report says why. */
void sync_refuse_user(struct sync_build *b, size_t i, const char *why);

#endif /* OKTA_SYNC_BUILD_H */
