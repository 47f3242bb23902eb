/* SPDX-License-Identifier: BSD-2-Clause */
/* common/model/groups.h - which Okta groups become Unix groups, under which name, and
 * which local groups their members join.  Floor 1: base only, no I/O.
 */
#ifndef OKTA_MODEL_GROUPS_H
#define OKTA_MODEL_GROUPS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"
#include "model/names.h"

/* A group as Okta has it. */
struct okta_group_in {
	struct okta_view id;   /* 00g... */
	struct okta_view name; /* UTF-8, not unique */
};

struct okta_group_rule {
	bool served;			 /* becomes a Unix group */
	char unix_name[OKTA_NAME_BYTES]; /* when served */
	bool wanted; /* served, or named by allow/deny/scope/local/primary rules */
	struct okta_view local[16]; /* local groups it joins; views into CONF */
	size_t n_local;
};

/*
 * What CONF says of one group.  OKTA_OK (also when it says nothing: wanted is false), or
 * OKTA_E_REFUSED when a rule selects the group but its Unix name is impossible or
 * reserved (the reason in *err); *ret then still holds the joins, with served false.
 */
OKTA_MUST_CHECK enum okta_rc okta_group_apply(const struct okta_conf *conf,
    const struct okta_group_in *group, struct okta_group_rule *ret, struct okta_err *err);

/* True if item REF of the configuration (a name or an id) means this group. */
bool okta_group_is(struct okta_view ref, const struct okta_group_in *group);

/* The two sides of "OKTA:UNIX"; the split is at the last ':'.  False if one is empty. */
bool okta_group_pair(
    struct okta_view item, struct okta_view *ret_okta, struct okta_view *ret_unix);

#endif /* OKTA_MODEL_GROUPS_H */
