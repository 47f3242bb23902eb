/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * NSS gives a session the groups of the snapshot.  A login that came after the snapshot
 * may know better.  MUST: change only what differs between the two, so that groups from
 * elsewhere (pam_group, local files) stay; MUST NOT: add a local group by claim (S6,
 * model/policy).
 */
#include "cred.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fresh.h"
#include "model/policy.h"
#include "txn.h"
#include "who.h"

static bool
has_gid(const struct okta_effective *e, gid_t gid)
{
	size_t low = 0, high = e->n_gids, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (e->gids[mid] == gid)
			return true;
		if (e->gids[mid] < gid)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

static bool
is_listed(const gid_t *list, size_t n, gid_t gid)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i] == gid)
			return true;
	return false;
}

/*
 * LIST, with room for all of NEW's, becomes: what is there, less what only OLD has, plus
 * what only NEW has.  KEEP is the primary group.  Returns whether anything changed.
 */
static bool
adjust(gid_t *list, size_t *n, const struct okta_effective *old,
    const struct okta_effective *new, gid_t keep)
{
	size_t i, kept = 0;
	bool changed = false;

	for (i = 0; i < *n; i++) {
		if (list[i] != keep && has_gid(old, list[i]) && !has_gid(new, list[i]))
			changed = true;
		else
			list[kept++] = list[i];
	}
	for (i = 0; i < new->n_gids; i++)
		if (!has_gid(old, new->gids[i]) && !is_listed(list, kept, new->gids[i])) {
			list[kept++] = new->gids[i];
			changed = true;
		}
	*n = kept;
	return changed;
}

static enum po_reason
apply(const struct okta_effective *old, const struct okta_effective *new, gid_t keep,
    struct okta_err *err)
{
	enum po_reason reason = PO_INTERNAL;
	gid_t *list = NULL;
	size_t n;
	int have;

	have = getgroups(0, NULL);
	if (have < 0) {
		(void)okta_err_sys(err, errno, "getgroups");
		return PO_GROUPS;
	}
	list = calloc((size_t)have + new->n_gids + 1, sizeof(*list));
	if (list == NULL)
		return PO_NOMEM;
	have = getgroups(have, list);
	if (have < 0) {
		(void)okta_err_sys(err, errno, "getgroups");
		reason = PO_GROUPS;
		goto out;
	}
	n = (size_t)have;
	if (adjust(list, &n, old, new, keep) && setgroups(n, list) < 0) {
		(void)okta_err_sys(err, errno, "setgroups");
		reason = PO_GROUPS;
		goto out;
	}
	reason = PO_ALLOWED;
out:
	free(list);
	return reason;
}

static enum po_reason
follow_claims(const struct po_txn *t, const struct po_who *who, struct okta_err *err)
{
	enum po_reason reason = PO_INTERNAL;
	struct po_fresh fresh = { 0 };
	struct okta_effective *both;

	both = malloc(2 * sizeof(*both));
	if (both == NULL)
		return PO_NOMEM;
	reason = po_fresh_find(t, who, &fresh, err);
	if (reason == PO_ALLOWED && fresh.claims != NULL) {
		if (!okta_policy_groups(
			who->conf, &who->person.policy, NULL, false, NULL, 0, &both[0]) ||
		    !okta_policy_groups(who->conf, &who->person.policy, fresh.claims,
			true, fresh.known.groups, fresh.known.n_groups, &both[1])) {
			(void)okta_err_set(
			    err, OKTA_E_TOOBIG, "more groups than a session has");
			reason = PO_GROUPS;
		} else {
			reason = apply(&both[0], &both[1], who->person.gid, err);
		}
	}
	po_fresh_clear(&fresh);
	free(both);
	return reason;
}

int
po_setcred(pam_handle_t *pamh, const struct po_host *host, int flags, int argc,
    const char **argv)
{
	const bool sets = ((unsigned)flags &
			      (PAM_ESTABLISH_CRED | PAM_REINITIALIZE_CRED)) != 0;
	struct po_txn t;
	struct po_who who = { 0 };
	struct okta_err err = { 0 };
	enum po_reason reason;

	reason = po_txn_init(&t, pamh, host, argc, argv, false);
	if (reason == PO_ALLOWED)
		reason = po_who_find(&t, &who, &err);
	if (reason == PO_ALLOWED && sets)
		reason = follow_claims(&t, &who, &err);
	if (reason == PO_ALLOWED || reason == PO_NOT_OURS)
		po_debug(&t, "setcred: %s", po_answer(reason)->word);
	else
		po_log(&t, reason, err.msg);
	po_who_clear(&who);
	return po_answer(reason)->cred_code;
}
