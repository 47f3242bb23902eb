/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: the person proved who he is; here it is decided whether that is enough.
 * MUST: every way out of a decision but the last line denies.
 * MUST: a deny group holds if the snapshot or the claim says so: the filter of Okta's
 * groups claim may leave the deny group out, so a claim is no proof that somebody left
 * it.
 */
#include "model/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/groups.h"

#define GIDS_MAX (sizeof(((struct okta_effective *)NULL)->gids) / sizeof(uint32_t))

static struct okta_group_in
as_group_in(const struct okta_policy_group *group)
{
	return (struct okta_group_in){ group->okta_id, group->okta_name };
}

static bool
list_names(const struct okta_list *list, const struct okta_policy_group *group)
{
	const struct okta_group_in in = as_group_in(group);
	size_t i;

	for (i = 0; i < list->n; i++)
		if (okta_group_is(okta_view_str(list->item[i]), &in))
			return true;
	return false;
}

/* Is GROUP named on LIST by its name, not by its id? */
static bool
list_spells(const struct okta_list *list, const struct okta_policy_group *group)
{
	const struct okta_group_in no_id = { { NULL, 0 }, group->okta_name };
	size_t i;

	for (i = 0; i < list->n; i++)
		if (okta_group_is(okta_view_str(list->item[i]), &no_id))
			return true;
	return false;
}

static bool
allows_everybody(const struct okta_conf *conf)
{
	return conf->allow_groups.n == 1 && strcmp(conf->allow_groups.item[0], "*") == 0;
}

static bool
uses_claim(const struct okta_conf *conf)
{
	return strcmp(conf->groups_claim, "none") != 0;
}

/* Does the filter of the groups claim let this group through? */
static bool
is_covered(const struct okta_conf *conf, const struct okta_policy_group *group)
{
	return okta_list_matches(&conf->claim_groups, group->okta_name) ||
	       list_names(&conf->claim_groups, group);
}

static bool
claim_names(const struct okta_claims *claims, const struct okta_policy_group *group)
{
	size_t i;

	for (i = 0; i < claims->n_groups; i++)
		if (okta_view_eq(claims->groups[i], group->okta_name))
			return true;
	return false;
}

static bool
is_among(const struct okta_policy_group *group, const struct okta_policy_group *groups,
    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (okta_view_eq(groups[i].okta_id, group->okta_id))
			return true;
	return false;
}

static bool
add_gid(struct okta_effective *e, uint32_t gid)
{
	if (e->n_gids == GIDS_MAX)
		return false;
	e->gids[e->n_gids++] = gid;
	return true;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
sort_gids(struct okta_effective *e)
{
	size_t i, n = 0;

	qsort(e->gids, e->n_gids, sizeof(e->gids[0]), by_number);
	for (i = 0; i < e->n_gids; i++)
		if (n == 0 || e->gids[n - 1] != e->gids[i])
			e->gids[n++] = e->gids[i];
	e->n_gids = n;
}

/*
 * A group that counts: its gid, its joins, and what it means for the login.  One that
 * only a claim names is known by name alone: it joins nothing, and a rule that names a
 * group by id does not mean it.
 */
static bool
add_group(const struct okta_conf *conf, const struct okta_policy_group *group,
    bool by_claim, struct okta_effective *e)
{
	size_t i;

	if (group->served && !add_gid(e, group->gid))
		return false;
	for (i = 0; !by_claim && i < group->n_joins; i++)
		if (!add_gid(e, group->joins[i]))
			return false;
	if (!e->in_allowed && (by_claim ? list_spells(&conf->allow_groups, group)
					: list_names(&conf->allow_groups, group))) {
		e->in_allowed = true;
		if (!e->in_denied)
			okta_text_sanitize(e->via, sizeof(e->via), group->okta_name);
	}
	return true;
}

static void
note_denied(const struct okta_conf *conf, const struct okta_policy_group *group,
    struct okta_effective *e)
{
	if (!e->in_denied && list_names(&conf->deny_groups, group)) {
		e->in_denied = true;
		okta_text_sanitize(e->via, sizeof(e->via), group->okta_name);
	}
}

bool
okta_policy_groups(const struct okta_conf *conf, const struct okta_policy_person *person,
    const struct okta_claims *claims, bool claims_are_newer,
    const struct okta_policy_group *known, size_t n_known, struct okta_effective *ret)
{
	const bool decides = claims != NULL && claims_are_newer && claims->has_groups &&
			     uses_claim(conf);
	const struct okta_policy_group *group;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	if (allows_everybody(conf)) {
		ret->in_allowed = true;
		(void)snprintf(ret->via, sizeof(ret->via), "*");
	}
	for (i = 0; i < person->n_groups; i++) {
		group = &person->groups[i];
		note_denied(conf, group, ret);
		if (decides && is_covered(conf, group) && !claim_names(claims, group))
			continue;
		if (!add_group(conf, group, false, ret))
			return false;
	}
	for (i = 0; decides && i < n_known; i++) {
		group = &known[i];
		if (!claim_names(claims, group))
			continue;
		note_denied(conf, group, ret);
		if (!is_covered(conf, group) ||
		    is_among(group, person->groups, person->n_groups))
			continue;
		if (!add_group(conf, group, true, ret))
			return false;
	}
	/* one that was made, or got its name, after the last sync: the snapshot cannot
	 * know it, and a denial must not wait */
	for (i = 0; decides && i < claims->n_groups; i++)
		note_denied(conf,
		    &(struct okta_policy_group){ .okta_name = claims->groups[i] }, ret);
	sort_gids(ret);
	return true;
}

static void __attribute__((format(printf, 3, 4)))
deny(struct okta_decision *ret, enum okta_policy_rule rule, const char *fmt, ...)
{
	char text[sizeof(ret->reason)];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ret->allowed = false;
	ret->rule = rule;
	okta_text_sanitize(ret->reason, sizeof(ret->reason), okta_view_str(text));
}

/* True if it denied. */
static bool
deny_by_status(const struct okta_policy_person *person, struct okta_decision *ret)
{
	if (person->can_authenticate)
		return false;
	deny(ret, OKTA_RULE_STATUS, "Okta status is %s", person->status);
	return true;
}

static bool
deny_by_age(const struct okta_conf *conf, const struct okta_policy_now *now,
    struct okta_decision *ret)
{
	const int64_t age = now->now_s - now->source_s;

	if (age < -OKTA_POLICY_AHEAD_MAX_S) {
		deny(ret, OKTA_RULE_SNAPSHOT_AGE,
		    "the snapshot is %lld s from the future: set this host's clock",
		    (long long)-age);
		return true;
	}
	if (age > (int64_t)conf->snapshot_max_age_s) {
		deny(ret, OKTA_RULE_SNAPSHOT_AGE,
		    "the snapshot is %lld s old, [login] snapshot_max_age_s is %lu: see "
		    "why "
		    "okta-sync does not run",
		    (long long)age, (unsigned long)conf->snapshot_max_age_s);
		return true;
	}
	return false;
}

static bool
deny_by_amr(const struct okta_conf *conf, const struct okta_claims *claims,
    struct okta_decision *ret)
{
	size_t i, j;

	for (i = 0; i < conf->require_amr.n; i++) {
		for (j = 0; j < claims->n_amr; j++)
			if (okta_view_eq_str(claims->amr[j], conf->require_amr.item[i]))
				break;
		if (j == claims->n_amr) {
			deny(ret, OKTA_RULE_AMR,
			    "the token's amr lacks %.64s, which [login] require_amr "
			    "wants: check "
			    "the app's sign-on policy",
			    conf->require_amr.item[i]);
			return true;
		}
	}
	return false;
}

static bool
deny_by_auth_age(const struct okta_conf *conf, const struct okta_claims *claims,
    const struct okta_policy_now *now, struct okta_decision *ret)
{
	const int64_t skew = conf->clock_skew_s, at = (int64_t)claims->auth_time_s;

	if (conf->max_auth_age_s == 0)
		return false;
	if (at == 0) {
		deny(ret, OKTA_RULE_AUTH_AGE,
		    "the token has no auth_time, which [login] max_auth_age_s needs");
		return true;
	}
	if (at > now->now_s + skew ||
	    now->now_s - at > (int64_t)conf->max_auth_age_s + skew) {
		deny(ret, OKTA_RULE_AUTH_AGE,
		    "the sign-in at Okta is %lld s old, [login] max_auth_age_s is %lu",
		    (long long)(now->now_s - at), (unsigned long)conf->max_auth_age_s);
		return true;
	}
	return false;
}

/* The last rules, shared by both ways in; the one place that allows. */
static void
decide_by_groups(const struct okta_conf *conf, const struct okta_policy_person *person,
    const struct okta_claims *claims, const struct okta_policy_group *known,
    size_t n_known, const struct okta_policy_now *now, struct okta_decision *ret)
{
	struct okta_effective e;

	if (!okta_policy_groups(
		conf, person, claims, now->claims_are_newer, known, n_known, &e)) {
		deny(ret, OKTA_RULE_NOT_ALLOWED, "the person is in more than %zu groups",
		    GIDS_MAX);
		return;
	}
	if (e.in_denied) {
		deny(ret, OKTA_RULE_DENY_GROUP,
		    "is in %s, which [login] deny_groups names", e.via);
		return;
	}
	if (!e.in_allowed) {
		deny(ret, OKTA_RULE_NOT_ALLOWED,
		    "is in no group that [login] allow_groups names");
		return;
	}
	ret->rule = allows_everybody(conf) ? OKTA_RULE_ALLOW_ALL : OKTA_RULE_ALLOW_GROUP;
	(void)snprintf(ret->reason, sizeof(ret->reason), "allowed via %s", e.via);
	ret->allowed = true;
}

void
okta_policy_login(const struct okta_conf *conf, const struct okta_policy_person *person,
    const struct okta_claims *claims, const struct okta_policy_group *known,
    size_t n_known, const struct okta_policy_now *now, struct okta_decision *ret)
{
	char who[80];

	memset(ret, 0, sizeof(*ret));
	if (conf->issuer == NULL || !okta_view_eq_str(claims->iss, conf->issuer)) {
		deny(ret, OKTA_RULE_ISSUER,
		    "the token is from another issuer than configured");
		return;
	}
	if (person->okta_id.len == 0 || !okta_view_eq(claims->sub, person->okta_id)) {
		okta_text_sanitize(who, sizeof(who),
		    claims->preferred_username.len > 0 ? claims->preferred_username
						       : claims->sub);
		deny(ret, OKTA_RULE_OTHER_PERSON, "somebody else approved the code: %s",
		    who);
		return;
	}
	if (deny_by_status(person, ret) || deny_by_age(conf, now, ret) ||
	    deny_by_amr(conf, claims, ret) || deny_by_auth_age(conf, claims, now, ret))
		return;
	/* an absent claim may be an empty one: whoever left his last group looks like
	 * this */
	if (uses_claim(conf) && !claims->has_groups && !allows_everybody(conf)) {
		deny(ret, OKTA_RULE_NO_GROUPS_CLAIM,
		    "Okta sent no groups claim: the person is in no group it lets "
		    "through, or "
		    "the app has none: add it there, or set [login] groups_claim = none");
		return;
	}
	decide_by_groups(conf, person, claims, known, n_known, now, ret);
}

void
okta_policy_account(const struct okta_conf *conf, const struct okta_policy_person *person,
    const struct okta_claims *claims, const struct okta_policy_group *known,
    size_t n_known, const struct okta_policy_now *now, struct okta_decision *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (deny_by_status(person, ret) || deny_by_age(conf, now, ret))
		return;
	decide_by_groups(conf, person, claims, known, n_known, now, ret);
}
