/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/paths.h"
#include "base/text.h"
#include "ctl.h"
#include "host/local.h"
#include "host/person.h"
#include "host/record.h"
#include "model/names.h"
#include "model/policy.h"
#include "out.h"

#define RULES 6

/* Everything the decision is made of, and the decision. */
struct explain {
	const char *name;
	struct okta_conf *conf;
	struct okta_snap snap;
	struct okta_person person;
	struct okta_record record;
	const struct okta_claims *claims; /* NULL: the snapshot decides alone */
	struct okta_known known;
	struct okta_policy_now now;
	struct okta_effective *effective;
	struct okta_decision decision;
	char claim_note[400];
	struct {
		const char *rule;
		bool passed;
		char why[300];
	} step[RULES];
	size_t n_steps;
};

static void __attribute__((format(printf, 4, 5)))
step(struct explain *e, const char *rule, bool passed, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	if (e->n_steps == RULES)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e->step[e->n_steps].rule = rule;
	e->step[e->n_steps].passed = passed;
	okta_text_sanitize(
	    e->step[e->n_steps].why, sizeof(e->step[0].why), okta_view_str(text));
	e->n_steps++;
}

/* The claims of the last login count while they are younger than the snapshot's data. */
static void
find_claims(struct explain *e)
{
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = okta_record_load(OKTA_RUN_DIR, 0, e->person.uid, &e->record, &err);
	if (r == OKTA_E_NOTFOUND) {
		(void)snprintf(e->claim_note, sizeof(e->claim_note),
		    "no login with a token since boot: the snapshot decides");
		return;
	}
	if (r != OKTA_OK) {
		(void)snprintf(e->claim_note, sizeof(e->claim_note),
		    "not read, so the answer may differ after a login: %s", err.msg);
		return;
	}
	e->now.claims_are_newer = okta_record_counts(&e->record, e->person.policy.okta_id,
	    okta_view_str(e->conf->issuer), e->now.source_s, e->now.now_s);
	if (!e->now.claims_are_newer) {
		(void)snprintf(e->claim_note, sizeof(e->claim_note),
		    "not newer than the snapshot, or of another person: the snapshot "
		    "decides");
		return;
	}
	if (okta_known_init(&e->snap, &e->record.claims, &e->known, &err) != OKTA_OK) {
		(void)snprintf(
		    e->claim_note, sizeof(e->claim_note), "not used: %s", err.msg);
		e->now.claims_are_newer = false;
		return;
	}
	e->claims = &e->record.claims;
	(void)snprintf(e->claim_note, sizeof(e->claim_note),
	    "newer than the snapshot: its %zu groups decide where [login] claim_groups "
	    "says so",
	    e->record.claims.n_groups);
}

static bool
is_local(const char *name, bool *ret, struct okta_err *err)
{
	return okta_local_find_user("/etc/passwd", okta_view_str(name), ret, err) ==
	       OKTA_OK;
}

static void
decide(struct explain *e)
{
	const int64_t age = e->now.now_s - e->now.source_s;
	bool groups_known;
	char text[64];

	step(e, "status", e->person.policy.can_authenticate, "Okta status is %s",
	    e->person.policy.status);
	ctl_duration(age, text, sizeof(text));
	if (age < -OKTA_POLICY_AHEAD_MAX_S)
		step(e, "snapshot age", false,
		    "the data is %s: set this host's clock, then run okta-sync --once",
		    text);
	else
		step(e, "snapshot age", age <= (int64_t)e->conf->snapshot_max_age_s,
		    "the data is %s%s, [login] snapshot_max_age_s is %" PRIu32, text,
		    age < 0 ? "" : " old", e->conf->snapshot_max_age_s);
	groups_known = okta_policy_groups(e->conf, &e->person.policy, e->claims,
	    e->now.claims_are_newer, e->known.groups, e->known.n_groups, e->effective);
	if (!groups_known)
		step(e, "groups", false, "is in more groups than can be looked at");
	step(e, "deny_groups", groups_known && !e->effective->in_denied, "%s%s",
	    e->effective->in_denied ? "is in " : "is in none of them",
	    e->effective->in_denied ? e->effective->via : "");
	if (!e->effective->in_denied)
		step(e, "allow_groups", groups_known && e->effective->in_allowed, "%s%s",
		    e->effective->in_allowed ? "via " : "is in none of them",
		    e->effective->in_allowed ? e->effective->via : "");
	okta_policy_account(e->conf, &e->person.policy, e->claims, e->known.groups,
	    e->known.n_groups, &e->now, &e->decision);
}

static void
show_json(const struct explain *e)
{
	struct ctl_json j = { 0 };
	size_t i;

	ctl_json_open(&j, NULL, '{');
	ctl_json_cstr(&j, "user", e->name);
	ctl_json_bool(&j, "allowed", e->decision.allowed);
	ctl_json_cstr(&j, "reason", e->decision.reason);
	ctl_json_cstr(&j, "claim", e->claim_note);
	ctl_json_open(&j, "rules", '[');
	for (i = 0; i < e->n_steps; i++) {
		ctl_json_open(&j, NULL, '{');
		ctl_json_cstr(&j, "rule", e->step[i].rule);
		ctl_json_bool(&j, "passed", e->step[i].passed);
		ctl_json_cstr(&j, "why", e->step[i].why);
		ctl_json_close(&j, '}');
	}
	ctl_json_close(&j, ']');
	ctl_json_open(&j, "groups", '[');
	for (i = 0; i < e->person.policy.n_groups; i++) {
		ctl_json_open(&j, NULL, '{');
		ctl_json_str(&j, "okta_name", e->person.policy.groups[i].okta_name);
		ctl_json_str(&j, "okta_id", e->person.policy.groups[i].okta_id);
		ctl_json_bool(&j, "served", e->person.policy.groups[i].served);
		ctl_json_num(&j, "gid", e->person.policy.groups[i].gid);
		ctl_json_close(&j, '}');
	}
	ctl_json_close(&j, ']');
	ctl_json_open(&j, "gids", '[');
	for (i = 0; i < e->effective->n_gids; i++)
		ctl_json_num(&j, NULL, e->effective->gids[i]);
	ctl_json_close(&j, ']');
	ctl_json_close(&j, '}');
}

static void
show_text(const struct explain *e)
{
	const struct okta_policy_group *g;
	char name[128];
	size_t i;

	(void)printf("%s: %s: %s\n", e->name,
	    e->decision.allowed ? "may log in" : "may not log in", e->decision.reason);
	for (i = 0; i < e->n_steps; i++)
		(void)printf("  %-14s %-4s %s\n", e->step[i].rule,
		    e->step[i].passed ? "ok" : "NO", e->step[i].why);
	(void)printf("  %-14s      %s\n", "last token", e->claim_note);
	for (i = 0; i < e->person.policy.n_groups; i++) {
		g = &e->person.policy.groups[i];
		okta_text_sanitize(name, sizeof(name), g->okta_name);
		if (g->served)
			(void)printf("  %-14s      %s (gid %" PRIu32 ")\n", "Okta group",
			    name, g->gid);
		else
			(void)printf("  %-14s      %s (for login rules only)\n",
			    "Okta group", name);
	}
	(void)printf("  %-14s     ", "gids");
	for (i = 0; i < e->effective->n_gids; i++)
		(void)printf(" %" PRIu32, e->effective->gids[i]);
	(void)putchar('\n');
}

/* Somebody the snapshot does not have: say the likeliest reason. */
static int
explain_unknown(const struct explain *e)
{
	const char *fault = okta_name_fault(okta_view_str(e->name));

	if (fault != NULL)
		return ctl_fail(1, "may not log in: the name %s", fault);
	if (okta_name_is_reserved(okta_view_str(e->name), e->conf))
		return ctl_fail(1, "may not log in: the name is reserved for the system");
	return ctl_fail(1, "may not log in: not in the snapshot: not in scope, not "
			   "active in Okta, or refused "
			   "(okta-sync --once lists whom it refuses, and why)");
}

static int
explain(const struct ctl *ctl, struct explain *e)
{
	struct okta_err err = { 0 };
	bool local = false;
	enum okta_rc r;
	int status;

	status = ctl_load_conf(ctl, OKTA_CONF_FOR_LOGIN, &e->conf);
	if (status != 0)
		return status;
	if (!is_local(e->name, &local, &err))
		return ctl_fail(1, "%s", err.msg);
	if (local)
		return ctl_fail(1, "a local account: Okta has no say, and would never be "
				   "asked; see /etc/passwd "
				   "and /etc/shadow");
	status = ctl_open_snapshot(ctl, &e->snap);
	if (status != 0)
		return status;
	r = okta_person_init(&e->snap, okta_view_str(e->name), &e->person, &err);
	if (r == OKTA_E_NOTFOUND)
		return explain_unknown(e);
	if (r != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	e->now.now_s = okta_clock_now_s(&okta_clock_system);
	e->now.source_s = e->snap.source_s;
	find_claims(e);
	decide(e);
	if (ctl->json)
		show_json(e);
	else
		show_text(e);
	return e->decision.allowed ? 0 : 1;
}

int
ctl_explain(const struct ctl *ctl, int argc, char **argv)
{
	struct explain *e;
	int status;

	if (argc != 2)
		return ctl_usage("explain NAME");
	e = calloc(1, sizeof(*e));
	if (e != NULL)
		e->effective = calloc(1, sizeof(*e->effective));
	if (e == NULL || e->effective == NULL) {
		free(e);
		return ctl_fail(1, "out of memory");
	}
	e->name = argv[1];
	status = explain(ctl, e);
	okta_known_clear(&e->known);
	okta_record_clear(&e->record);
	okta_person_clear(&e->person);
	okta_snap_close(&e->snap);
	okta_conf_free(&e->conf);
	free(e->effective);
	free(e);
	return status;
}
