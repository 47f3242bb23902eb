/* SPDX-License-Identifier: BSD-2-Clause */
/* common/model/policy.h - may this person log in here, and with which groups?
 * Floor 1: base only, no I/O, no clock: everything comes in, a decision goes out.
 *
 * MUST: deny unless each rule below allows.  MUST: compare (iss, sub) byte by byte with
 * what the snapshot stores.  MUST NOT: decide by e-mail, preferred_username or display
 * name.
 */
#ifndef OKTA_MODEL_POLICY_H
#define OKTA_MODEL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/view.h"
#include "model/conf.h"
#include "model/wire.h"

/* A group of the snapshot, as far as a decision needs it. */
struct okta_policy_group {
	struct okta_view okta_id, okta_name;
	bool served;
	uint32_t gid;	       /* when served */
	const uint32_t *joins; /* gids of local groups */
	size_t n_joins;
};

/* A person of the snapshot with the groups the snapshot knows him in. */
struct okta_policy_person {
	struct okta_view name, okta_id;
	bool can_authenticate; /* Okta status ACTIVE, PASSWORD_EXPIRED or RECOVERY */
	const char *status;    /* its name, for the reason */
	const struct okta_policy_group *groups;
	size_t n_groups;
};

/* A snapshot of later than this tells that a clock is or was wrong; then no age means
 * anything, and everybody is denied. */
#define OKTA_POLICY_AHEAD_MAX_S 300

/* Facts about the moment. */
struct okta_policy_now {
	int64_t now_s;
	int64_t source_s;      /* the snapshot's data is as of then */
	bool claims_are_newer; /* the claims below are of after source_s */
};

enum okta_policy_rule {
	OKTA_RULE_NONE, /* never in a decision that is returned */
	OKTA_RULE_ALLOW_ALL,
	OKTA_RULE_ALLOW_GROUP,
	OKTA_RULE_STATUS,
	OKTA_RULE_SNAPSHOT_AGE,
	OKTA_RULE_DENY_GROUP,
	OKTA_RULE_NOT_ALLOWED,
	OKTA_RULE_OTHER_PERSON, /* somebody else approved */
	OKTA_RULE_ISSUER,
	OKTA_RULE_AMR,
	OKTA_RULE_AUTH_AGE,
	OKTA_RULE_NO_GROUPS_CLAIM
};

struct okta_decision {
	bool allowed;
	enum okta_policy_rule rule;
	char reason[256]; /* for the log, printable ASCII: rule, group, remedy */
};

/*
 * The effective groups of a person: for each group of the snapshot that CONF's
 * claim_groups covers, the claim decides when there is one and it is newer; every other
 * group is as the snapshot has it.  KNOWN are all groups of the snapshot the claim names
 * (the caller looks them up by Okta name).  A claim may take anything away but a denied
 * group, and denies by a name on deny_groups that the snapshot does not know.  It may add
 * an ordinary group, never a local one, and never one that allow_groups names by id:
 * those take the snapshot, which knows groups by id (S6).
 */
struct okta_effective {
	uint32_t gids[1024]; /* ascending, no doubles: served and joined local gids */
	size_t n_gids;
	bool in_allowed, in_denied;
	char via[64]; /* sanitised name of the group that decided */
};
/* False if there were more than fits: the caller denies. */
bool okta_policy_groups(const struct okta_conf *conf,
    const struct okta_policy_person *person, const struct okta_claims *claims,
    bool claims_are_newer, const struct okta_policy_group *known, size_t n_known,
    struct okta_effective *ret);

/* At login, with verified claims.  Never fails: a failure is a denial. */
void okta_policy_login(const struct okta_conf *conf,
    const struct okta_policy_person *person, const struct okta_claims *claims,
    const struct okta_policy_group *known, size_t n_known,
    const struct okta_policy_now *now, struct okta_decision *ret);

/* Account phase, for every way in.  CLAIMS may be NULL (no login of late). */
void okta_policy_account(const struct okta_conf *conf,
    const struct okta_policy_person *person, const struct okta_claims *claims,
    const struct okta_policy_group *known, size_t n_known,
    const struct okta_policy_now *now, struct okta_decision *ret);

#endif /* OKTA_MODEL_POLICY_H */
