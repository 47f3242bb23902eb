/* SPDX-License-Identifier: BSD-2-Clause */
/* common/host/person.h - a person of the snapshot with his groups, as policy.h wants him.
 * Floor 2: base, snap and model.
 */
#ifndef OKTA_HOST_PERSON_H
#define OKTA_HOST_PERSON_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "model/policy.h"
#include "snap/read.h"

#define OKTA_PERSON_GROUPS_MAX 4096 /* more is refused: no decision on half a list */

/* Caller holds it; views point into the snapshot, which must stay open. */
struct okta_person {
	struct okta_policy_person policy;
	uint32_t uid, gid;
	struct okta_policy_group *groups; /* policy.groups; freed by clear */
	uint32_t (*joins)[OKTA_SNAP_JOIN_MAX];
};

/*
 * Look NAME up.  OKTA_OK, OKTA_E_NOTFOUND, OKTA_E_INPUT (the snapshot is damaged),
 * OKTA_E_TOOBIG (too many groups) or OKTA_E_NOMEM; on failure *ret is untouched.
 */
OKTA_MUST_CHECK enum okta_rc okta_person_init(const struct okta_snap *snap,
    struct okta_view name, struct okta_person *ret, struct okta_err *err);
/* Safe on a zeroed struct and twice. */
void okta_person_clear(struct okta_person *person);

/* The groups of the snapshot that a claim names, for policy.h's KNOWN. */
struct okta_known {
	struct okta_policy_group
	    *groups; /* without joins: a claim never adds local groups */
	size_t n_groups;
};

/* CLAIMS may be NULL: none.  OKTA_OK, OKTA_E_INPUT or OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc okta_known_init(const struct okta_snap *snap,
    const struct okta_claims *claims, struct okta_known *ret, struct okta_err *err);
void okta_known_clear(struct okta_known *known);

#endif /* OKTA_HOST_PERSON_H */
